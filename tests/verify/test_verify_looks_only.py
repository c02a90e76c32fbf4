"""`doorstep verify` looks and touches nothing; no command takes a mistyped address for a new database."""

import asyncio
import ctypes
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from service.audit_log import checkpoints
from service.config.settings import Settings
from service.demo import seed, town
from service.lifecycle import build_context, open_context
from tests.support.command_line import bearer_headers, run_command
from tests.support.factories import a_plan, a_record, said, uid
from tests.support.pgserver import postgres_server
from tests.support.running import COMMAND

ADD = ("person", "add", "li", "--name", "李", "--role", "technician", "--area", "城东片区", "--token")
KINDS = {
    "account_holds",
    "records",
    "office_batches",
    "link_answers",
    "scans",
    "visits",
    "changes",
    "departures",
    "checklists",
    "events",
    "people",
    "devices",
    "files",
    "lost_files",
    "quarantine",
    "looks",
    "messages",
    "links",
    "board",
    "erasures",
    "erased_rows",
    "holds",
    "agenda",
    "leaves_numbered",
    "leaves_waiting",
}


def seen(folder: Path) -> dict[str, tuple[Any, ...]]:
    """All that is in a folder: names, bytes, modes, and when it was written. But a `-shm`, which is memory."""
    found: dict[str, tuple[Any, ...]] = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        now = path.stat()
        content = path.read_bytes() if path.is_file() and not path.name.endswith("-shm") else b""
        found[str(path)] = (now.st_mode, now.st_mtime_ns, now.st_ino, content)
    return found


def bound_by_modes() -> None:
    """In the child: root, too, may do only what the modes of files allow (without CAP_DAC_OVERRIDE and its like)."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (1, 2):
        libc.prctl(24, capability, 0, 0, 0)


def verified(data: Path, setup: Callable[[], None] | None = None, **variables: str) -> tuple[int, dict[str, Any]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
    environment |= {"DOORSTEP_DATA": str(data), **variables}
    done = subprocess.run(
        [*COMMAND, "verify"], capture_output=True, env=environment, preexec_fn=setup, timeout=120, check=False
    )
    assert b"Traceback" not in done.stderr, done.stderr
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def begun(data: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A started server: its process and its address."""
    environment = os.environ | {"DOORSTEP_DATA": str(data), "DOORSTEP_PORT": "0", "DOORSTEP_LOG_LEVEL": "error"}
    process = subprocess.Popen([*COMMAND, "serve"], stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    first = process.stdout.readline().decode()
    assert first.startswith("Doorstep")
    return process, first.split()[-1]


@pytest.fixture(scope="module")
def demonstrated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A data folder with the scenes of the demonstration, and the tokens of its people; it is copied for each test."""
    data = tmp_path_factory.mktemp("demonstration")

    async def seeded() -> dict[str, str]:
        async with open_context(build_context(Settings(data=data))) as ctx:
            tokens = (await seed.seed(ctx)).tokens
            await checkpoints.settle(ctx)
            return tokens

    (data / "outbox.jsonl").touch()  # a server writes it when it has time, also while somebody looks
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(town.Town, "ordinary_visits", lambda *_: ())
        return data, asyncio.run(seeded())


@contextmanager
def served(demonstrated: tuple[Path, dict[str, str]], data: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a new folder with the demonstration's people and a record beside it."""
    shutil.copytree(demonstrated[0], data)
    tokens = demonstrated[1]
    process, address = begun(data)
    with httpx.Client(base_url=address, timeout=60) as client:
        plan = a_plan(area="城东片区")
        planned = client.put(f"/v1/visits/{uid('v')}", json=plan, headers=bearer_headers(tokens["zhao"]))
        raw = a_record("r", uid("v"), said("09:05", "arrived"))
        taken = client.put(f"/v1/records/{uid('r')}", content=raw, headers=bearer_headers(tokens["li"]))
        refused = client.put(f"/v1/records/{uid('q')}", content=b"{", headers=bearer_headers(tokens["li"]))
        assert [one.status_code for one in (planned, taken, refused)] == [201, 201, 400]
    yield process
    process.kill()
    process.communicate()


@pytest.fixture(scope="module")
def left_in_order(demonstrated: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a server leaves that was stopped in order."""
    data = tmp_path_factory.mktemp("in order") / "data"
    with served(demonstrated, data) as process:
        stopped(process)
    return data


@pytest.fixture(scope="module")
def left_when_killed(demonstrated: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a server leaves that was killed."""
    data = tmp_path_factory.mktemp("killed") / "data"
    with served(demonstrated, data) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return data


@pytest.fixture
def data(left_in_order: Path, tmp_path: Path) -> Path:
    """A copy of what a server has left."""
    return shutil.copytree(left_in_order, tmp_path / "data")


def stopped(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_it_says_which_database_and_how_many_rows_of_each_kind(data: Path) -> None:
    before = seen(data)
    status, found = verified(data)
    assert (status, found["faults"]) == (0, [])
    assert found["database"] == str(data / "doorstep.sqlite")
    rows = found["rows"]
    assert set(rows) == KINDS
    with sqlite3.connect(f"file:{data / 'doorstep.sqlite'}?immutable=1", uri=True) as connection:
        for kind, table in (("visits", "visits"), ("people", "people"), ("files", "blobs"), ("events", "events")):
            assert rows[kind] == connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0  # noqa: S608
        (leaves,) = connection.execute("SELECT count(*) FROM log_leaves").fetchone()
    assert rows["records"] >= 2
    assert rows["quarantine"] >= 1
    assert rows["leaves_numbered"] == found["leaves"]
    assert rows["leaves_numbered"] + rows["leaves_waiting"] == leaves
    assert seen(data) == before


def test_it_runs_beside_a_server_and_touches_nothing(demonstrated, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with served(demonstrated, data):
        before = seen(data)
        status, found = verified(data)
        after = seen(data)
    assert (status, found["faults"]) == (0, [])
    assert found["rows"]["records"] >= 2  # also what is only in the -wal
    assert set(after) == set(before)
    assert not (data / "copies").exists()


@pytest.mark.parametrize("beside", ["all", "without -shm"])
@pytest.mark.parametrize("modes", ["writable", "read only"])
def test_a_copy_of_a_database_in_use_is_read_as_it_is(
    left_when_killed: Path, tmp_path: Path, beside: str, modes: str
) -> None:
    data = left_when_killed
    assert (data / "doorstep.sqlite-wal").stat().st_size > 0
    copy = tmp_path / "copy"
    shutil.copytree(data, copy)
    if beside == "without -shm":
        (copy / "doorstep.sqlite-shm").unlink()
    if modes == "read only":
        for path in [*copy.rglob("*"), copy]:
            path.chmod(0o555 if path.is_dir() else 0o444)
    before = seen(copy)
    status, found = verified(copy, bound_by_modes)
    assert seen(copy) == before
    assert (status, found["faults"]) == (0, [])
    assert found["rows"]["quarantine"] >= 1
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o755)


def test_a_read_only_folder_is_read_as_it_is(data: Path) -> None:
    for path in [*data.rglob("*"), data]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = seen(data)
    status, found = verified(data, bound_by_modes)
    assert seen(data) == before
    assert (status, found["faults"]) == (0, [])
    for path in [data, *data.rglob("*")]:
        path.chmod(0o755)


def test_an_emptied_board_is_told_and_not_mended(data: Path) -> None:
    with sqlite3.connect(data / "doorstep.sqlite") as connection:
        connection.execute("UPDATE visit_summaries SET state = '', flags = '', verdict = ''")
    for _ in range(2):
        status, found = verified(data)
        assert status == 1
        told = [fault for fault in found["faults"] if "its status was never computed" in fault]
        assert len(told) == found["rows"]["visits"]
    with sqlite3.connect(data / "doorstep.sqlite") as connection:
        connection.execute("DELETE FROM visit_summaries")
    told = [fault for fault in verified(data)[1]["faults"] if "it is not on the board" in fault]
    assert len(told) == found["rows"]["visits"]


def test_leaves_without_a_number_are_looked_at_too_and_are_a_fault_when_they_wait_for_long(data: Path) -> None:
    newest = "(SELECT max(number) FROM log_leaves)"
    with sqlite3.connect(data / "doorstep.sqlite") as connection:
        connection.execute("DROP TRIGGER log_leaves_no_update")
        connection.execute(f"UPDATE log_leaves SET number = NULL WHERE number = {newest}")  # noqa: S608
    _, found = verified(data)
    assert [fault for fault in found["faults"] if "signed" not in fault and "tiles" not in fault] == []
    assert found["rows"]["leaves_waiting"] >= 1
    with sqlite3.connect(data / "doorstep.sqlite") as connection:
        connection.execute("UPDATE log_leaves SET leaf = replace(leaf, '1', '2') WHERE number IS NULL")
    status, found = verified(data)
    assert status == 1
    assert any(fault.startswith("leaf without a number, ") for fault in found["faults"])
    with sqlite3.connect(data / "doorstep.sqlite") as connection:
        connection.execute("UPDATE log_leaves SET at = at - 3600000 WHERE number IS NULL")
    assert any("waited for a number since" in fault for fault in verified(data)[1]["faults"])


@pytest.mark.parametrize(
    "command", [ADD, ("person", "invite", "li"), ("publish", "--who", "王", "--why", "x"), ["verify"]]
)
def test_where_there_is_no_database_commands_refuse_and_make_none(tmp_path: Path, command) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("x")
    sqlite3.connect(tmp_path / "strange.db").execute("CREATE TABLE t (a)").connection.close()
    (tmp_path / "text.db").write_text("no database " * 100)
    before = seen(tmp_path)
    for data, database, looked_at in (
        ("dorstep", "", "dorstep/doorstep.sqlite"),
        ("other", "", "other/doorstep.sqlite"),
        ("other", f"sqlite:///{tmp_path / 'strange.db'}", "strange.db"),
        ("other", f"sqlite:///{tmp_path / 'text.db'}", "text.db"),
    ):
        done = run_command(*command, data=tmp_path / data, DOORSTEP_DATABASE=database)
        assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (1, "", False), done.stderr
        assert str(tmp_path / looked_at) in done.stderr
        assert "DOORSTEP_DATA" in done.stderr
        assert "doorstep serve" in done.stderr
    assert seen(tmp_path) == before


@pytest.mark.parametrize("command", [("person", "invite", "li"), ["verify"]])
def test_an_empty_folder_is_no_database_to_look_at(tmp_path: Path, command) -> None:
    before = seen(tmp_path)
    assert run_command(*command, data=tmp_path).returncode == 1
    assert seen(tmp_path) == before


@pytest.mark.parametrize("command", [ADD, ("publish", "--who", "王", "--why", "x")])
def test_a_new_database_is_made_in_an_empty_folder_or_where_it_is_said(tmp_path: Path, command) -> None:
    (tmp_path / "empty").mkdir()
    for data, more in (("empty", ()), ("new/folder", ("--create",))):
        done = run_command(*command, *more, data=tmp_path / data)
        assert done.returncode == 0, done.stderr
        json.loads(done.stdout)
        status, found = verified(tmp_path / data)
        assert (status, found["faults"], found["rows"]["leaves_waiting"]) == (0, [], 0)
        assert found["leaves"] > 0  # a command numbers its leaves before it ends


def test_a_database_of_another_version_is_told_in_plain_words(tmp_path: Path) -> None:
    assert run_command(*ADD, data=tmp_path).returncode == 0
    file = tmp_path / "doorstep.sqlite"
    for change, words in (
        ("INSERT INTO migrations (number, name) VALUES (9000, 'later')", "newer"),
        ("DELETE FROM migrations WHERE number = 9000", ""),
        ("DELETE FROM migrations WHERE number = (SELECT max(number) FROM migrations)", "older"),
    ):
        with sqlite3.connect(file) as connection:
            connection.execute(change)
        before = seen(tmp_path)
        done = run_command("verify", data=tmp_path)
        assert done.returncode == (1 if words else 0), done.stderr
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        assert seen(tmp_path) == before


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL server of one's own."""
    with postgres_server("fsync=off") as address:
        yield address


async def made(server: str, name: str) -> str:
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return server.replace("/postgres?", f"/{name}?")


async def everything(connection: Any) -> dict[str, list[str]]:
    """Every row of every table, and which transaction wrote it."""
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    found = {}
    for (table,) in map(tuple, tables):
        rows = await connection.fetch(f"SELECT t.xmin::text || t::text FROM {table} t ORDER BY 1")  # noqa: S608
        found[table] = [row[0] for row in rows]
    return found


async def test_a_postgres_database_is_only_read(server: str, tmp_path: Path) -> None:
    address = await made(server, "one")
    secret = address.replace("postgres@", "postgres:hunter2@")
    mistyped = secret.replace("/one?", "/oen?")
    data = tmp_path / "data"
    data.mkdir()
    for command in (ADD, ("verify",)):
        done = run_command(*command, data=data, DOORSTEP_DATABASE=mistyped)
        assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (1, "", False), done.stderr
        assert "/oen" in done.stderr
        assert "hunter2" not in done.stderr
    refused = run_command("verify", data=data, DOORSTEP_DATABASE=secret)
    assert refused.returncode == 1
    connection = await asyncpg.connect(address)
    assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    assert run_command(*ADD, data=data, DOORSTEP_DATABASE=secret).returncode == 0  # an empty database is a fresh one
    await connection.execute("DROP TRIGGER log_leaves_no_update ON log_leaves")
    await connection.execute("UPDATE log_leaves SET number = NULL")
    before, there = await everything(connection), sorted(data.iterdir())
    _, found = verified(data, DOORSTEP_DATABASE=secret)
    assert [fault for fault in found["faults"] if "signed" not in fault and "tiles" not in fault] == []
    assert found["database"] == address
    assert found["rows"]["leaves_waiting"] >= 2
    assert found["rows"]["people"] == 1
    assert await connection.fetchval("SELECT count(*) FROM log_leaves WHERE number IS NOT NULL") == 0
    assert await everything(connection) == before
    await connection.execute("INSERT INTO migrations VALUES (9000, 'later')")
    newer = run_command("verify", data=data, DOORSTEP_DATABASE=secret)
    assert (newer.returncode, "newer" in newer.stderr) == (1, True)
    await connection.execute("CREATE SCHEMA others")
    await connection.execute("CREATE TABLE others.something (a int)")
    await connection.close()
    elsewhere = run_command(*ADD, data=data, DOORSTEP_DATABASE=f"{secret}&search_path=others")
    assert (elsewhere.returncode, "Traceback" in elsewhere.stderr) == (1, False)
    assert sorted(data.iterdir()) == there


def test_an_address_that_nobody_answers_is_told_without_its_password(tmp_path: Path) -> None:
    address = "postgresql://u:hunter2@127.0.0.1:1/x?password=hunter3"
    for command in (ADD, ("verify",)):
        done = run_command(*command, data=tmp_path, DOORSTEP_DATABASE=address)
        assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (1, "", False)
        assert "127.0.0.1:1/x" in done.stderr
        assert "hunter" not in done.stderr


def test_a_server_that_starts_meanwhile_does_not_confuse_it(tmp_path: Path) -> None:
    """The file is read as if nobody had it open. When somebody opens it and writes, what was read is read again."""
    assert run_command(*ADD, data=tmp_path).returncode == 0
    code = """
import asyncio, sqlite3, sys
from service.db.connect import open_database
async def look():
    db = open_database(f"sqlite:///{sys.argv[1]}", only_read=True)
    await db.start()
    counts = []
    async def count(tx):
        rows = dict(await tx.fetch_all("rows_of_kinds"))
        counts.append(rows["people"])
        return rows["people"]
    print(await db.read(count))
    other = sqlite3.connect(sys.argv[1], isolation_level=None)
    other.execute("INSERT INTO people (login, name, roles, areas, created_at) VALUES ('x', 'x', 'admin', '', 1)")
    print(await db.read(count))
    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.execute("INSERT INTO people (login, name, roles, areas, created_at) VALUES ('y', 'y', 'admin', '', 1)")
    print(await db.read(count))
    other.close()
    await db.close()
asyncio.run(look())
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "doorstep.sqlite")], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["1", "2", "3"], done.stderr
