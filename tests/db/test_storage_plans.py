"""No statement that somebody waits for reads a whole table, however many visits there are.

Every statement of the service is looked at as the engine would run it: by name, so that a new one is looked at too.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from service.db.connect import open_database
from service.db.queries import load_queries, sql_files
from tests.support.databases import copied_postgres

FEW = {
    "all_checklists": "a utility has few versions of a checklist",
    "checklist_names": "the same",
    "checklist_of_leaf": "the same",
    "applied": "steps of the database",
    "tables_there": "tables",
    "people_after": "all people, by the administrator's command",
    "active_technicians": "people, on the day board and when a visit is planned",
    "login_alike": "people, when one is hired",
    "areas_in_use": "people, when areas are given to one",
    "devices_after": "all devices, by the administrator's command",
    "devices_page": "devices, on the administrator's page",
    "all_logins": "all people, once, when the log begins to cover them",
    "rows_without_leaf": "one-time codes, once, when the log begins to cover them",
    "secrets": "the keys of the installation, at a start",
    "totp_secrets": "the second factors of all people, at a start",
    "end_unlimited_scripts": "tokens, at a start",
}
"""Statements that read a whole table which stays small."""
FEW |= {
    "erase_link_attempts": "counters of a day",
    "counts_of_visit": "mails about duties, which are kept for some months",
    "erase_duty_mails": "the same",
    "files_of_visit_alone": "people, by the photo on their card",
    "due_uploads": "the same",
    "photo_elsewhere": "the same",
    "last_retention_runs": "one row a night",
    "positions_reduced_until": "the same",
    "retention_run": "the same",
    "account_held": "legal holds of accounts, which are few: whether there is any",
    "all_holds": "the same",
}
BY_COMMAND = {
    "erase_search_tokens": "for a visit that cannot be read",
    "quarantined_mentions": "the whole quarantine, before an erasure, while nobody waits for it",
    "visits_past_term": "a count for the administrator's command",
}
"""Statements of erasures, for which nobody else waits."""
LIMITED = {
    "backlog": "each from an index of what waits, and the last checkpoint from the end of its key",
    "people_who_work": "people, for `doorstep check`",
    "messages_due": "walks along the due ones of its index until it has enough",
}


def wholly() -> set[str]:
    """What `doorstep verify` asks: it reads everything."""
    text = next(file for file in sql_files("verify/*.sql", "sqlite") if file.name == "verify.sql").read_text("utf-8")
    return set(re.findall(r"-- name: (\w+)", text))


def sqlite_scans(path: Path) -> Iterator[tuple[str, str]]:
    """Statements, and what each of them reads wholly. A partial index is as long as there are rows in it."""
    connection = sqlite3.connect(path)
    partial = {
        name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE%INDEX%WHERE%'")
    }
    known = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    known.add("sqlite_master")
    for name, (sql, _) in load_queries("sqlite").items():
        given = dict.fromkeys(re.findall(r"(?<!:):(\w+)", sql))
        rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", given)
        steps = [words for *_, step in rows if len(words := step.split()) > 1]
        made = {step[1] for step in steps if step[0] in ("CO-ROUTINE", "MATERIALIZE")} | {"CONSTANT"}
        aliases = {alias: table for table, alias in re.findall(r"(?:FROM|JOIN) (\w+) (?:AS )?(\w+)", sql)}
        for step in steps:
            by_index = "USING" in step  # SEARCH without it is a max() of all rows
            whole = step[0] == "SCAN" or (step[0] == "SEARCH" and not by_index)
            table = aliases.get(step[1], step[1])
            if whole and step[1] not in made and table in known and not partial & set(step):
                yield name, " ".join(step)
    connection.close()


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


async def postgres_scans(connection: Any) -> list[tuple[str, str]]:
    """The same. With sequential scans forbidden, one that is left has no index that it could use."""
    # a database that other tests had may have been vacuumed, and a table known to be empty is read by any index
    await connection.execute("DELETE FROM pg_statistic")
    await connection.execute(
        "UPDATE pg_class SET reltuples = -1 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    await connection.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
    rows = await connection.fetch("SELECT indexrelid::regclass::text AS name FROM pg_index WHERE indpred IS NOT NULL")
    partial = {row["name"] for row in rows}
    found: list[tuple[str, str]] = []
    for name, (sql, params) in load_queries("postgres").items():
        await connection.execute(f"PREPARE looked_at AS {sql}")
        nulls = f"({', '.join(['NULL'] * len(params))})" if params else ""
        ((explained,),) = await connection.fetch(f"EXPLAIN (FORMAT JSON) EXECUTE looked_at{nulls}")
        await connection.execute("DEALLOCATE looked_at")
        for node in nodes(json.loads(explained)[0]["Plan"]):
            kind, index = node["Node Type"], node.get("Index Name")
            if kind == "Seq Scan" or (index and "Index Cond" not in node and index not in partial):
                found.append((name, f"{kind} {node.get('Relation Name')} {index}"))
    return found


async def scans(engine: str, tmp_path: Path, request: pytest.FixtureRequest, *more: str) -> dict[str, str]:
    if engine == "sqlite":
        database = open_database(f"sqlite:///{tmp_path / 'plans.db'}")
        await database.start()
        await database.close()
        with sqlite3.connect(tmp_path / "plans.db") as connection:
            for sql in more:
                connection.execute(sql)
        return dict(sqlite_scans(tmp_path / "plans.db"))
    async with copied_postgres(request.getfixturevalue("postgres")) as address:
        connection = await asyncpg.connect(address, statement_cache_size=0)
        for sql in more:
            await connection.execute(sql)
        found = await postgres_scans(connection)
        await connection.close()
    return dict(found)


async def test_no_statement_reads_a_whole_table(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    found = await scans(engine, tmp_path, request)
    allowed = wholly() | FEW.keys() | LIMITED.keys() | BY_COMMAND.keys()
    assert {name: step for name, step in found.items() if name not in allowed} == {}
    assert found.keys() & wholly(), "nothing was seen"


@pytest.mark.parametrize(
    ("index", "statement"),
    [("log_leaves_number", "last_leaf_number"), ("batches_visit", "batches_of")],
)
async def test_a_missing_index_is_seen(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest, index: str, statement: str
) -> None:
    found = await scans(engine, tmp_path, request, f"DROP INDEX {index}")
    assert statement in found


QUEUES = {"messages_due", "visits_with_news"}
"""Statements that take the first few of what waits: an index has them in that order."""


async def sorts(engine: str, tmp_path: Path, request: pytest.FixtureRequest, *more: str) -> set[str]:
    """Those of them that sort all that waits to find the first."""
    if engine == "sqlite":
        database = open_database(f"sqlite:///{tmp_path / 'queues.db'}")
        await database.start()
        await database.close()
        with sqlite3.connect(tmp_path / "queues.db") as connection:
            for sql in more:
                connection.execute(sql)
            found: set[str] = set()
            for name in QUEUES:
                sql = load_queries("sqlite")[name].sql
                given = dict.fromkeys(re.findall(r"(?<!:):(\w+)", sql))
                steps = [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {sql}", given)]
                found |= {name for step in steps if "TEMP B-TREE" in step}
        connection.close()
        return found
    async with copied_postgres(request.getfixturevalue("postgres")) as address:
        connection = await asyncpg.connect(address, statement_cache_size=0)
        for sql in (*more, "SET enable_seqscan = off", "SET enable_sort = off"):
            await connection.execute(sql)
        found = set()
        for name in QUEUES:
            sql, params = load_queries("postgres")[name]
            await connection.execute("SET plan_cache_mode = force_generic_plan")
            await connection.execute(f"PREPARE looked_at AS {sql}")
            nulls = ", ".join(["NULL"] * len(params))
            ((explained,),) = await connection.fetch(f"EXPLAIN (FORMAT JSON) EXECUTE looked_at({nulls})")
            await connection.execute("DEALLOCATE looked_at")
            plan = json.loads(explained)[0]["Plan"]
            found |= {name for node in nodes(plan) if "Sort" in node["Node Type"]}
        await connection.close()
    return found


async def test_the_first_of_a_queue_are_found_without_sorting_it(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    assert await sorts(engine, tmp_path, request) == set()


async def test_a_queue_that_is_sorted_is_seen(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    without = (
        "DROP INDEX messages_next",
        "CREATE INDEX messages_next ON messages (channel, next_at, id) WHERE next_at IS NOT NULL",
        "DROP INDEX visit_summaries_news",
        "DROP INDEX visit_summaries_planned",
    )
    assert await sorts(engine, tmp_path, request, *without) == QUEUES


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("due_visits", "visit_summaries_ended"),
        ("due_looks", "access_log_at"),
        ("events_called", "events_what"),
        ("last_erased_day", "erased_visits_day"),
        ("erased_between", "erased_visits_day"),
    ],
)
async def test_few_of_many_rows_are_found_by_the_index_that_has_no_others(
    address: str, statement: str, index: str
) -> None:
    """The test above takes any index, also one by which every row is read."""
    assert index in await explained(address, statement)


async def explained(address: str, statement: str) -> str:
    if address.startswith("sqlite"):
        sql = load_queries("sqlite")[statement].sql
        with sqlite3.connect(address.removeprefix("sqlite:///")) as connection:
            rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", dict.fromkeys(re.findall(r"(?<!:):(\w+)", sql)))
            return "\n".join(step for *_, step in rows)
    sql, params = load_queries("postgres")[statement]
    connection = await asyncpg.connect(address)
    await connection.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
    await connection.execute(f"PREPARE looked_at AS {sql}")
    rows = await connection.fetch(f"EXPLAIN EXECUTE looked_at({', '.join(['NULL'] * len(params))})")
    await connection.close()
    return "\n".join(row[0] for row in rows)


async def test_whatever_refers_to_rows_that_are_deleted_has_an_index(address: str) -> None:
    """Or each deletion would read the whole table that refers to them: erasing a visit took seconds."""
    never_deleted = {"erasures"}
    without = {one for one in await references_without_index(address) if one[2] not in never_deleted}
    assert without == set()


async def references_without_index(address: str) -> set[tuple[str, str, str]]:
    """Table, column, and the table that it refers to."""
    if address.startswith("postgres"):
        connection = await asyncpg.connect(address)
        rows = await connection.fetch(
            "SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text FROM pg_constraint c "
            "JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] "
            "WHERE c.contype = 'f' AND NOT EXISTS (SELECT 1 FROM pg_index i "
            "WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1] AND i.indpred IS NULL)"
        )
        await connection.close()
        return {(row[0], row[1], row[2]) for row in rows}
    with sqlite3.connect(address.removeprefix("sqlite:///")) as connection:
        return {
            (row[0], row[1], row[2])
            for row in connection.execute(
                'SELECT t.name, r."from", r."table" FROM sqlite_schema t, pragma_foreign_key_list(t.name) r '
                "WHERE t.type = 'table' AND NOT EXISTS (SELECT 1 FROM pragma_index_list(t.name) i, "
                'pragma_index_info(i.name) c WHERE c.seqno = 0 AND c.name = r."from" AND NOT i.partial)'
            )
        }
