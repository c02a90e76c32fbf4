"""What the service stores is only for its own user, whatever the umask, and also what an older version left open."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.config.settings import Settings
from service.lifecycle import build_context, open_context
from service.private_files import close_to_others
from service.web import access_log


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o7777)


def modes(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder.parent)): mode(path) for path in [folder, *folder.rglob("*")]}


async def test_everything_that_is_created_is_for_its_own_user(tmp_path: Path):
    folder = tmp_path / "data"
    async with open_context(build_context(Settings(data=folder))):
        found = modes(folder)
    assert {"data/doorstep.sqlite", "data/doorstep.sqlite-wal", "data/doorstep.sqlite-shm", "data/keys/sealing"} < {
        *found
    }
    folders = {name for name in found if name in ("data", "data/keys")}
    assert {found[name] for name in folders} == {"0o700"}
    assert {found[name] for name in found.keys() - folders} == {"0o600"}


async def test_what_was_open_is_closed_at_the_start_with_a_line_in_the_log(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
):
    folder, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    settings = Settings(data=folder, database=f"sqlite:///{elsewhere / 'water.sqlite'}")
    async with open_context(build_context(settings)):
        pass
    (folder / "outbox.jsonl").write_bytes(b"")
    for path, given in ((folder, 0o755), (folder / "outbox.jsonl", 0o644), (elsewhere / "water.sqlite", 0o664)):
        path.chmod(given)
    elsewhere.chmod(0o755)
    access_log.configure_logging("human", "warning")
    async with open_context(build_context(settings)):
        pass
    assert [mode(folder), mode(folder / "outbox.jsonl"), mode(elsewhere / "water.sqlite")] == [
        "0o700",
        "0o600",
        "0o600",
    ]
    assert mode(elsewhere) == "0o755"  # others may keep files there
    written = capfdbinary.readouterr().err.decode()
    assert written.count("file_open_to_others") == 3
    async with open_context(build_context(settings)):
        pass
    assert capfdbinary.readouterr().err == b""


def test_a_folder_that_everybody_may_use_stays_open(tmp_path: Path):
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "other").write_bytes(b"")
    shared.chmod(0o1777)
    assert close_to_others(shared, [shared / "missing"]) == [f"{shared} (shared)"]
    assert mode(shared) == "0o1777"
    assert close_to_others(tmp_path / "missing") == []
