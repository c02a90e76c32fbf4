"""A small utility on a data folder, and settings for its backups and for places to restore them to."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest

from service.blobs.evidence_storage import open_evidence_storage
from service.config.loading import load_settings
from service.config.settings import Settings
from tests.support.api_client import World, opened_world
from tests.support.databases import copied_postgres, copy_sqlite, run_alone
from tests.support.pgserver import WHEEL

_numbers = count(1)


def settings_of(data: Path, database: str = "", **more: str) -> Settings:
    given = {"data": str(data), "database": database, **more}
    return load_settings({f"DOORSTEP_{name.upper()}": value for name, value in given.items()})


@asynccontextmanager
async def utility(data: Path, server: str = "", **more: str) -> AsyncIterator[tuple[World, Settings]]:
    """A utility whose files are in a folder; `server`: its database is on this PostgreSQL server."""
    os.makedirs(data)  # noqa: PTH103
    if not server:
        await copy_sqlite(data / "doorstep.sqlite")
        yielded = settings_of(data, **more)
        async with opened_world(yielded.database_address) as world:
            world.ctx.evidence_storage = open_evidence_storage(data, yielded.blobs)
            yield world, yielded
        return
    async with copied_postgres(server) as address:
        yielded = settings_of(data, address, **more)
        async with opened_world(address) as world:
            world.ctx.evidence_storage = open_evidence_storage(data, yielded.blobs)
            yield world, yielded


@asynccontextmanager
async def empty_place(data: Path, server: str = "", **more: str) -> AsyncIterator[Settings]:
    """Settings of an empty place to restore to."""
    if not server:
        yield settings_of(data, **more)
        return
    name = f"restored_{next(_numbers)}"
    await run_alone(server, f"CREATE DATABASE {name}")
    yield settings_of(data, server.replace("/postgres?", f"/{name}?"), **more)
    await run_alone(server, f"DROP DATABASE {name} WITH (FORCE)")


def use_programs_of_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the programs of the tests' PostgreSQL server first in PATH."""
    assert WHEEL is not None
    assert WHEEL.origin is not None
    programs = Path(WHEEL.origin).parent / "pginstall18" / "bin"
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
