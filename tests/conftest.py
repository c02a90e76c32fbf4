"""Shared fixtures: `engine` (tests run on both), the `address` of a fresh database, `database` started there."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import httpx
import pytest
from argon2 import PasswordHasher

from service.accounts import passwords
from service.blobs.evidence_storage import open_evidence_storage
from service.db.connect import open_database
from service.db.database import Database
from service.db.postgres import Postgres
from service.web import access_log
from tests.support.api_client import World, opened_world
from tests.support.databases import copied_postgres, copy_sqlite, empty_schema
from tests.support.factories import Town
from tests.support.pgserver import postgres_server

if TYPE_CHECKING:
    from tests.support.bucket import Bucket
    from tests.support.chromium import Shared


LONG = {  # more than ten seconds of CPU time each
    "test_checklists_lint",
    "test_clock_steps",
    "test_demo",
    "test_evidence_hostile",
    "test_golden_pages",
    "test_hostile_links",
    "test_imports",
    "test_judge_properties",
    "test_verify",
    "test_whatever_is_taken",
    "test_work_bounds",
    "test_worst_bodies",
}
FLEETING = ("fsync=off", "synchronous_commit=off", "autovacuum=off", "jit=off")
"""What a test writes need not be durable, nor is there ever enough of it to vacuum."""
POSTGRES = {"postgres", "postgres_database", "bucket"}
BROWSERS = {
    f"tests.support.{name}" for name in ("chromium", "customer_chromium", "desk_chromium", "phone", "phone_app")
}
STARTERS = BROWSERS | {  # tests that import one of these start programs or simulate power failures
    "subprocess",
    "uvicorn",
    "tests.load",
    "tests.support.bucket",
    "tests.support.command_line",
    "tests.support.javascript_judge",
    "tests.support.pgserver",
    "tests.support.proxies",
    "tests.support.recording_folder",
    "tests.support.recording_vfs",
    "tests.support.running",
    "tests.support.serving",
}


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Mark tests as `fast` that are short and need neither PostgreSQL nor another process (`scripts/test --fast`)."""
    for item in items:
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
        needed = POSTGRES & {*item.fixturenames} or STARTERS & _used(item.module) or item.path.stem in LONG
        if "postgres" not in parameters and not needed:
            item.add_marker("fast")
    if workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
        items[:] = _longest_first(items, workers)


def pytest_collection_finish() -> None:
    """Keep what lasts for the whole run, modules and tests, out of each search for garbage."""
    gc.collect()
    gc.freeze()


def _longest_first(items: list[pytest.Function], workers: int) -> list[pytest.Function]:
    """Let each worker begin with long tests, so that what is left to share at the end is short.

    A worker gets one part of the list, and those that are done early take over tests from the ends of other parts.
    """
    long = [item for item in items if BROWSERS & _used(item.module) or item.path.stem in LONG]
    names = list(dict.fromkeys(item.path for item in long))
    rest = [item for item in items if item.path not in names]
    parts: list[list[pytest.Function]] = [[] for _ in range(workers)]
    for item in long:  # tests of one file share fixtures
        parts[names.index(item.path) % workers].append(item)
    size = -(-len(items) // workers)
    for part in parts:
        free = max(0, size - len(part))
        part.extend(rest[:free])
        del rest[:free]
    return [item for part in parts for item in part]


@cache
def _used(module: ModuleType) -> set[str]:
    """The modules that a test module imports, or imports from, and their packages."""
    named = {
        getattr(one, "__name__" if isinstance(one, ModuleType) else "__module__", None) for one in vars(module).values()
    }
    return {name for one in named if isinstance(one, str) for name in (one, one.rpartition(".")[0])}


CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
CHEAP_HASH = CHEAP.hash("nobody's")


@pytest.fixture(scope="session")
def browser_loop() -> "Iterator[Shared]":
    """The loop of tests in a browser, which share one driver."""
    from tests.support.chromium import shared_loop  # noqa: PLC0415 - Playwright is slow to import

    with shared_loop() as shared:
        yield shared


@pytest.fixture
def _function_scoped_runner(request: pytest.FixtureRequest) -> Iterator[asyncio.Runner]:
    """The one of pytest-asyncio, which runs a test and its fixtures; in a browser, the one whose loop they share."""
    if not BROWSERS & _used(request.module):
        yield request.getfixturevalue("_function_scoped_runner")
        return
    shared = request.getfixturevalue("browser_loop")
    yield shared.runner
    shared.runner.run(shared.tidy())


@pytest.fixture(autouse=True)
def quiet_log():
    """Each test starts with a log of errors only."""
    access_log.configure_logging("human", "error")


@pytest.fixture(autouse=True)
def cheap_passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make hashing passwords cheap, except for tests that use `costly_passwords`."""
    if "costly_passwords" not in request.fixturenames:
        monkeypatch.setattr(passwords, "_hasher", CHEAP)
        monkeypatch.setattr(passwords, "DUMMY_HASH", CHEAP_HASH)


@pytest.fixture
def costly_passwords() -> None:
    """Hash passwords at the cost of production."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server, started by the first test that needs it."""
    with postgres_server(*FLEETING) as address:
        yield address


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    """Tests that use this (or `address`, or `database`) run once per engine."""
    return request.param


@pytest.fixture
async def address(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The address of a new database with empty tables."""
    if engine == "sqlite":
        yield await copy_sqlite(tmp_path / "doorstep.db")
        return
    async with copied_postgres(request.getfixturevalue("postgres")) as given:
        yield given


@pytest.fixture
async def bare_address(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The same without tables, for tests of creating them."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path / 'doorstep.db'}"
        return
    async with empty_schema(request.getfixturevalue("postgres")) as given:
        yield given


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    """A started database with empty tables."""
    db = open_database(address)
    await db.start()
    yield db
    await db.close()


@pytest.fixture
async def postgres_database(postgres: str) -> AsyncIterator[Postgres]:
    """A started PostgreSQL database, for its special features."""
    async with copied_postgres(postgres) as address:
        db = Postgres(address)
        await db.start()
        yield db
        await db.close()


@pytest.fixture
async def town(database: Database, tmp_path: Path) -> Town:
    """A utility with people and the bundled checklist, on both engines."""
    town = await Town(database).open()
    town.ctx.evidence_storage = open_evidence_storage(tmp_path / "files")
    return town


@pytest.fixture
async def world(address: str) -> AsyncIterator[World]:
    """A small utility behind HTTP, on both engines."""
    async with opened_world(address) as opened:
        yield opened


@pytest.fixture
async def small_world(tmp_path: Path) -> AsyncIterator[World]:
    """The same on SQLite only, with low limits, for tests that do not depend on the engine."""
    async with opened_world(await copy_sqlite(tmp_path / "doorstep.db"), max_body=4000, max_entries=5) as opened:
        yield opened


@pytest.fixture
async def sqlite_world(tmp_path: Path) -> AsyncIterator[World]:
    """The same on SQLite only, with the usual limits."""
    async with opened_world(await copy_sqlite(tmp_path / "doorstep.db")) as opened:
        yield opened


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator["Bucket"]:
    """An empty bucket of an S3 API."""
    from tests.support.bucket import Bucket  # noqa: PLC0415 - slow to import, and few tests need it

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "invented")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "invented")
    bucket = Bucket()
    httpx.post(f"{bucket.endpoint}/moto-api/reset")
    httpx.put(f"{bucket.endpoint}/photos")
    yield bucket
    bucket.stop()
