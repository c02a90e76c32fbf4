"""Many processes that start at once on one fresh file take turns."""

import os
import sqlite3
import subprocess
import time
from pathlib import Path

from tests.support.running import COMMAND, environment

TOGETHER, TIMES = 5, 2


def starting(folder: Path, login: str) -> "subprocess.Popen[bytes]":
    command = [*COMMAND, "person", "add", login, "--name", "x", "--role", "technician", "--create"]
    return subprocess.Popen(command, env=environment(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ended(process: "subprocess.Popen[bytes]") -> tuple[str, int]:
    """What it complained of, and its exit status."""
    return process.communicate(timeout=120)[1].decode(), process.returncode


def has_open(process: "subprocess.Popen[bytes]", file: Path) -> bool:
    return any(
        os.path.realpath(one) == str(file) for one in Path(f"/proc/{process.pid}/fd").iterdir() if one.is_symlink()
    )


def test_processes_that_start_together_on_a_fresh_file_all_start(tmp_path: Path) -> None:
    for attempt in range(TIMES):
        started = [starting(tmp_path / str(attempt), f"p{number}") for number in range(TOGETHER)]
        assert [ended(process) for process in started] == [("", os.EX_OK)] * TOGETHER


def test_a_start_waits_for_another_that_just_makes_the_file(tmp_path: Path) -> None:
    """The same at the worst moment: the other one has the lock that SQLite does not wait for by itself."""
    file = tmp_path / "doorstep.sqlite"
    file.touch(0o600)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE migrations (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)")
    process = starting(tmp_path, "li")
    while not has_open(process, file) and process.poll() is None:
        time.sleep(0.01)
    time.sleep(0.5)
    assert process.poll() is None, ended(process)
    other.execute("COMMIT")
    other.close()
    assert ended(process) == ("", os.EX_OK)
