"""Copies of a database with all tables: faster than creating the tables for each test.

On PostgreSQL a copy is emptied and used again, because making and dropping one takes ten times the work of a test.
"""

import atexit
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import asyncpg

from service.db.connect import open_database

numbers = count(1)
originals: dict[str, str] = {}  # by server ("" is SQLite): the database to copy
empty: dict[str, list[str]] = {}  # by server: the names of copies that no test uses
shapes: dict[str, str] = {}  # by server: what `SHAPE` finds in a new copy

SHAPE = """
SELECT md5(concat_ws(E'\\n',
    (SELECT string_agg(row(oid, relname, relnamespace, relowner, relkind, relpersistence, reltoastrelid, relnatts,
        relchecks, relhasrules, relhastriggers, relrowsecurity, relreplident, relacl, reloptions)::text, ''
        ORDER BY oid) FROM pg_class WHERE oid >= 16384),
    (SELECT string_agg(a::text, '' ORDER BY attrelid, attnum) FROM pg_attribute a WHERE attrelid >= 16384),
    (SELECT string_agg(d::text, '' ORDER BY oid) FROM pg_attrdef d),
    (SELECT string_agg(i::text, '' ORDER BY indexrelid) FROM pg_index i WHERE indexrelid >= 16384),
    (SELECT string_agg(c::text, '' ORDER BY oid) FROM pg_constraint c WHERE oid >= 16384),
    (SELECT string_agg(t::text, '' ORDER BY oid) FROM pg_trigger t),
    (SELECT string_agg(p::text, '' ORDER BY oid) FROM pg_proc p WHERE oid >= 16384),
    (SELECT string_agg(n::text, '' ORDER BY oid) FROM pg_namespace n),
    (SELECT count(*) FROM pg_statistic WHERE starelid >= 16384),
    (SELECT string_agg(s::text, '') FROM pg_sequences s),
    (SELECT string_agg(s::text, '') FROM pg_db_role_setting s),
    (SELECT string_agg(m::text, '' ORDER BY m::text) FROM migrations m)
))
"""
USED = """
SELECT string_agg(oid::regclass::text, ', ') FROM pg_class
WHERE relkind = 'r' AND oid >= 16384 AND relname != 'migrations' AND pg_relation_size(oid) > 0
"""
OTHERS = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1 AND pid != pg_backend_pid()"


async def _original(server: str, address: str) -> str:
    """The database to copy; its tables are created on first use."""
    if server not in originals:
        db = open_database(address)
        await db.start()
        await db.close()
        originals[server] = address
    return originals[server]


async def copy_sqlite(path: Path) -> str:
    """Copy the database to a new file; returns its address."""
    if "" not in originals:
        folder = mkdtemp(prefix="doorstep-original-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        await _original("", f"sqlite:///{folder}/original.db")
    shutil.copyfile(originals[""].removeprefix("sqlite:///"), path)
    return f"sqlite:///{path}"


@asynccontextmanager
async def copied_postgres(server: str) -> AsyncIterator[str]:
    """The address of a database of this server with empty tables."""
    if server not in originals:
        await run_alone(server, "CREATE DATABASE original")
        await _original(server, _named(server, "original"))
        empty[server], shapes[server] = [], await _shape(_named(server, "original"))
    if empty[server]:
        name = empty[server].pop()
    else:
        name = f"test_{next(numbers)}"
        await run_alone(server, f"CREATE DATABASE {name} TEMPLATE original STRATEGY FILE_COPY")
    yield _named(server, name)
    if await _emptied(_named(server, name), name, shapes[server]):
        empty[server].append(name)
    else:
        await run_alone(server, f"DROP DATABASE {name} WITH (FORCE)")


async def _shape(address: str) -> str:
    connection = await asyncpg.connect(address)
    try:
        return await connection.fetchval(SHAPE)
    finally:
        await connection.close()


async def _emptied(address: str, name: str, shape: str) -> bool:
    """Empty a database; False if a test has changed more than the rows of its tables."""
    connection = await asyncpg.connect(address)
    try:
        await connection.fetch(OTHERS, name)
        if await connection.fetchval(SHAPE) != shape:
            return False
        if used := await connection.fetchval(USED):
            await connection.execute("SET session_replication_role = replica")  # without triggers
            await connection.execute(f"TRUNCATE {used} CASCADE")
        return True
    finally:
        await connection.close()


@asynccontextmanager
async def empty_schema(server: str) -> AsyncIterator[str]:
    """The address of a new schema without tables, dropped afterwards."""
    name = f"test_{next(numbers)}"
    await run_alone(server, f"CREATE SCHEMA {name}")
    yield f"{server}&search_path={name}"
    await run_alone(server, f"DROP SCHEMA {name} CASCADE")


def _named(server: str, database: str) -> str:
    return server.replace("/postgres?", f"/{database}?")


async def run_alone(server: str, sql: str) -> None:
    """Run one statement on a new connection."""
    connection = await asyncpg.connect(server)
    await connection.execute(sql)
    await connection.close()
