"""Copies of a database with all tables: faster than creating the tables for each test."""

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
    """The address of a new database on this server, dropped afterwards."""
    if server not in originals:
        await run_alone(server, "CREATE DATABASE original")
        await _original(server, _named(server, "original"))
    name = f"test_{next(numbers)}"
    await run_alone(server, f"CREATE DATABASE {name} TEMPLATE original STRATEGY FILE_COPY")
    yield _named(server, name)
    await run_alone(server, f"DROP DATABASE {name} WITH (FORCE)")


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
