"""A database file that is damaged, deleted or replaced under a running server: nothing more is acknowledged."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from tests.support.factories import a_record, said, uid
from tests.support.running import Running, hired, plan, running

People = tuple[dict[str, str], dict[str, str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, People]:
    folder = tmp_path_factory.mktemp("made")
    return folder, (hired(folder, "zhao", "dispatcher"), hired(folder, "li", "technician"))


@pytest.fixture
def people(made: tuple[Path, People]) -> People:
    """赵 and 李, as headers of requests."""
    return made[1]


@pytest.fixture
def folder(made: tuple[Path, People], tmp_path: Path) -> Path:
    """A data folder of its own, where both are known."""
    return shutil.copytree(made[0], tmp_path / "data")


def submit(server: Running, who: dict[str, str], visit: UUID, number: int) -> int:
    """The status of a new record."""
    raw = a_record(f"{visit} {number}", visit, said("09:05", "arrived"))
    path = f"/v1/records/{uid(f'{visit} {number}')}"
    answer = server.client.put(path, content=raw, headers=who)
    if answer.status_code >= 500:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "storage-failed"
    return answer.status_code


def kept(server: Running, who: dict[str, str], visit: UUID, numbers: list[int]) -> list[int]:
    """Which of these records are there: sent again, the answer is 200."""
    return [number for number in numbers if submit(server, who, visit, number) == 200]


def grave(server: Running) -> list[str]:
    return [line["event"] for line in server.log() if line["level"] == "critical"]


def removed(path: Path) -> None:
    path.unlink()


def replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.replace(path)


@pytest.mark.parametrize("file", ["-wal", "-shm", ""])
@pytest.mark.parametrize("harm", [removed, replaced])
def test_nothing_is_acknowledged_into_a_file_without_a_name(
    folder: Path, people: People, file: str, harm: Callable[[Path], None]
) -> None:
    dispatcher, technician = people
    database = folder / "doorstep.sqlite"
    visit = uid("v")
    with running(folder) as server:
        assert plan(server, dispatcher, visit).status_code == 201
        assert [submit(server, technician, visit, number) for number in range(30)] == [201] * 30
        harm(database.with_name(database.name + file))
        afterwards = [submit(server, technician, visit, number) for number in range(30, 60)]
        assert server.client.get("/health/ready").status_code == 503
        assert server.client.get("/health/live").status_code == 200
        assert len(grave(server)) == 1
        assert "deleted or replaced" in grave(server)[0]
        server.kill()
    assert set(afterwards) == {503}
    if (file, harm) == ("-wal", removed):  # what was acknowledged before is not lost either
        with running(folder) as server:
            assert kept(server, technician, visit, list(range(30))) == list(range(30))


def spoiled(database: Path, table: str) -> None:
    """A page of a table with nonsense in it."""
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)


def test_a_page_that_makes_no_sense_ends_acknowledging_for_good(folder: Path, people: People) -> None:
    dispatcher, technician = people
    with running(folder) as server:
        assert plan(server, dispatcher, uid("v")).status_code == 201
        assert submit(server, technician, uid("v"), 0) == 201
        spoiled(folder / "doorstep.sqlite", "batches")
        # a change of the same file by another process makes the server read its pages anew
        with sqlite3.connect(folder / "doorstep.sqlite") as other:
            other.execute("UPDATE attempts SET tries = tries")
            other.execute("INSERT INTO attempts VALUES ('another process', 0, 0)")
        assert submit(server, technician, uid("v"), 1) == 503
        assert len(grave(server)) == 1
        assert "SQLITE_CORRUPT" in grave(server)[0]
        plan_again = plan(server, dispatcher, uid("w"))  # of other pages, all of them sound
        assert (plan_again.status_code, plan_again.json()["code"]) == (503, "storage-failed")
        ready = server.client.get("/health/ready")
        assert ready.status_code == 503
        assert "数据库" in ready.json()["detail"]


@pytest.mark.parametrize("table", ["batches", "visits", "log_leaves"])
def test_a_damaged_file_is_not_served(folder: Path, table: str) -> None:
    spoiled(folder / "doorstep.sqlite", table)
    with pytest.raises(RuntimeError, match=r"(?s)damaged.*doorstep: "), running(folder):
        pass


def test_what_is_no_database_is_a_plain_message(folder: Path) -> None:
    (folder / "doorstep.sqlite").write_bytes(b"no database " * 1000)
    with pytest.raises(RuntimeError, match="NOTADB") as raised, running(folder):
        pass
    assert "Traceback" not in str(raised.value)
