"""Brings the tables up to date: numbered `.sql` files, each applied once under a lock and recorded."""

import logging
import sqlite3
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

from .queries import load_queries, sql_files

_log = logging.getLogger("doorstep.db")
CREATE = "CREATE TABLE IF NOT EXISTS migrations (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)"


class DatabaseTooNew(Exception):
    """A newer version of the service wrote the database."""


class OlderDatabase(Exception):
    """An older version of the service wrote the database, and it was not upgraded."""


class NoDatabase(Exception):
    """There is no database of the service. `fresh`: its place exists and is empty."""

    def __init__(self, where: str, what: str, *, fresh: bool = False) -> None:
        super().__init__(f"这里没有 Doorstep 数据库 / there is no Doorstep database: {where} ({what})")
        self.fresh = fresh


class Migration(NamedTuple):
    """One numbered step, from one file for both engines, one with an engine's suffix, or both."""

    number: int
    name: str
    sql: str


@cache
def migrations(engine: str) -> tuple[Migration, ...]:
    """All steps of an engine, in order."""
    steps: dict[int, Migration] = {}
    for file in sql_files("db/migrations/*.sql", engine):
        number, name = int(file.name[:4]), file.name.split(".")[0]
        before = steps[number].sql if number in steps else ""
        steps[number] = Migration(number, name, before + file.read_text("utf-8"))
    return tuple(steps[number] for number in sorted(steps))


def pending_migrations(engine: str, applied: list[int]) -> list[Migration]:
    """The steps that a database lacks. Raises DatabaseTooNew."""
    known = migrations(engine)
    if newer := [number for number in applied if number > known[-1].number]:
        raise DatabaseTooNew(
            f"数据库比这个程序新，没有动它：请装回新版本，或恢复升级前的备份 / the database is newer than this program "
            f"(it has step {max(newer)}, the program knows {known[-1].number}), and was not touched: install the newer "
            "version again, or restore a backup made before the upgrade"
        )
    return [step for step in known if step.number not in applied]


def require_current(engine: str, applied: list[int]) -> None:
    """Raises OlderDatabase or DatabaseTooNew when the tables are not those of this version."""
    if steps := pending_migrations(engine, applied):
        raise OlderDatabase(
            f"数据库是旧版本的，请先用本版本启动一次 doorstep serve / the database is older than this program "
            f"(it lacks step {steps[0].number}, {steps[0].name}); start `doorstep serve` of this version once"
        )


def split_statements(script: str) -> Iterator[str]:
    """The statements of a script: SQLite runs only one at a time inside a transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""
    if any(line and not line.startswith("--") for line in map(str.strip, statement.splitlines())):
        raise ValueError(f"a statement has no end: {statement.strip()[:60]}")


@contextmanager
def _logged(applied: Sequence[int], steps: Sequence[Migration]) -> Generator[Iterator[Migration]]:
    """The steps, each logged as it begins, and then how long they took: a large database takes minutes, and meanwhile
    nothing listens. A new database has nothing to tell."""
    begun = time.monotonic()

    def each() -> Iterator[Migration]:
        for at, step in enumerate(steps, 1):
            if applied:
                _log.info("upgrading the database: step %s, %d of %d", step.name, at, len(steps))
            yield step

    yield each()
    if applied and steps:
        _log.info("upgraded the database in %.1f s", time.monotonic() - begun)


def migrate_sqlite(connection: Any) -> None:
    """Bring a SQLite file up to date, all steps or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(CREATE)
        sql = load_queries("sqlite")
        applied = [number for (number,) in connection.execute(sql["applied"].sql).fetchall()]
        with _logged(applied, pending_migrations("sqlite", applied)) as steps:
            for step in steps:
                for statement in split_statements(step.sql):
                    connection.execute(statement)
                connection.execute(sql["note_migration"].sql, {"number": step.number, "name": step.name})
            connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


async def migrate_postgres(connection: Any) -> None:
    """Bring a PostgreSQL schema up to date, all steps or none. Servers that start together wait for each other."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('doorstep migrations', 0))")
        await connection.execute(CREATE)
        sql = load_queries("postgres")
        applied = [number for (number,) in await connection.fetch(sql["applied"].sql)]
        with _logged(applied, pending_migrations("postgres", applied)) as steps:
            for step in steps:
                await connection.execute(step.sql)
                await connection.execute(sql["note_migration"].sql, step.number, step.name)
