"""Tables are brought up to date once, together or not at all, and never by an older program."""

import asyncio
import logging
import re
from pathlib import Path

import pytest

from service.db import migrate, queries
from service.db.connect import open_database
from service.db.database import Database, Transaction
from service.visits.repository import get_visit
from tests.support.row_factories import a_visit, plan, uid

NOT_PORTABLE = re.compile(r"(?i)\b(now\(|true|false|boolean|serial|autoincrement|random\(|blob\b)|->")


async def steps(database: Database) -> list[int]:
    return [number for (number,) in await database.read(lambda tx: tx.fetch_all("applied"))]


async def test_starting_again_changes_nothing(database: Database, address: str) -> None:
    before = await steps(database)
    await plan(database)
    again = open_database(address)
    await again.start()
    assert await steps(again) == before == [step.number for step in migrate.migrations(database.engine)]
    assert await again.read(lambda tx: get_visit(tx, uid(1))) == a_visit()
    await again.close()


async def test_many_that_start_together_take_turns(bare_address: str) -> None:
    databases = [open_database(bare_address) for _ in range(5)]
    await asyncio.gather(*(database.start() for database in databases))
    assert len(await steps(databases[0])) == len(migrate.migrations(databases[0].engine))
    for database in databases:
        await database.close()


async def test_a_database_from_a_newer_program_is_refused(database: Database, address: str) -> None:
    async def newer(tx: Transaction) -> None:
        await tx.execute("note_migration", number=9999, name="9999_future")

    await database.write(newer)
    again = open_database(address)
    with pytest.raises(migrate.DatabaseTooNew, match=r"newer than this program .it has step 9999"):
        await again.start()
    await again.close()


async def test_a_step_that_fails_leaves_nothing_of_any_step(
    bare_address: str, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = migrate.migrations(engine)
    broken = migrate.Migration(9000, "9000_broken", "CREATE TABLE half (a BIGINT);\nCREATE TABLE people (a BIGINT);\n")
    monkeypatch.setattr(migrate, "migrations", lambda engine: (*whole, broken))
    database = open_database(bare_address)
    with pytest.raises(Exception, match="already exists"):
        await database.start()
    await database.close()
    monkeypatch.undo()
    database = open_database(bare_address)
    await database.start()
    assert await steps(database) == [step.number for step in whole]
    await database.close()


async def test_an_upgrade_tells_how_far_it_is(
    database: Database, address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "doorstep")
    whole = migrate.migrations(database.engine)
    more = [
        migrate.Migration(number, f"{number}_more", f"CREATE TABLE t{number} (a BIGINT);\n") for number in (9001, 9002)
    ]
    monkeypatch.setattr(migrate, "migrations", lambda engine: (*whole, *more))
    again = open_database(address)
    await again.start()
    await again.close()
    assert [re.sub(r"\d+\.\d s", "N s", line) for line in caplog.messages] == [
        "upgrading the database: step 9001_more, 1 of 2",
        "upgrading the database: step 9002_more, 2 of 2",
        "upgraded the database in N s",
    ]


async def test_what_was_never_there_is_not_said_to_be_upgraded(
    bare_address: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "doorstep")
    database = open_database(bare_address)
    await database.start()
    await database.close()
    assert caplog.messages == []


@pytest.mark.parametrize("engine", queries.ENGINES)
def test_both_engines_have_the_same_steps_and_statements(engine: str) -> None:
    first, other = migrate.migrations(queries.ENGINES[0]), migrate.migrations(engine)
    assert [(step.number, step.name) for step in first] == [(step.number, step.name) for step in other]
    others = set(queries.load_queries("sqlite")) ^ set(queries.load_queries(engine))
    # groups of works take locks together, and SQLite has no locks of rows; nor has it a server with settings
    assert others <= {"lock_feeds", "connection_encrypted", "server_settings"}


def test_every_statement_is_used_and_every_use_has_its_statement() -> None:
    folder = Path(queries.__file__).parent.parent
    code = "\n".join(path.read_text("utf-8") for path in folder.rglob("*.py"))
    names = {name for engine in queries.ENGINES for name in queries.load_queries(engine)}
    suffixes = "|".join(re.findall(r'f"{table}(_\w+)"', code))
    used = set(re.findall(r'"(\w+)"', code))
    by_table = {name for name in names if (table := re.fullmatch(rf"(\w+?)(?:{suffixes})", name)) and table[1] in used}
    assert names - used - by_table == set()
    assert set(re.findall(r'tx\.(?:fetch_one|fetch_all|execute|execute_many)\(\s*"(\w+)"', code)) <= names


def test_portable_sql_stays_portable() -> None:
    for folder in ("*/*.sql", "db/migrations/*.sql"):
        for file in queries.sql_files(folder, "sqlite"):
            if file.name.count(".") == 1:  # no suffix: both engines read it
                text = re.sub(r"--.*", "", file.read_text("utf-8"))
                assert not NOT_PORTABLE.search(text), file
