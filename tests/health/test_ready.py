"""`/health/ready` says whether what is sent can be kept, by keeping something."""

import os
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.support.factories import uid
from tests.support.running import Running, hired, plan, running


def ready(server: Running) -> httpx.Response:
    return server.client.get("/health/ready")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of twenty megabytes, if we may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "doorstep-test", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let us mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_it_is_ready_and_many_who_ask_cost_one_write(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        assert ready(server).json() == {"status": "ok"}
        wal = tmp_path / "doorstep.sqlite-wal"
        before = wal.stat().st_size
        with ThreadPoolExecutor(8) as threads:
            assert {one.status_code for one in threads.map(lambda _: ready(server), range(200))} == {200}
        assert wal.stat().st_size - before < 100 * 4096


def test_a_full_disk_is_not_ready_until_there_is_room(small_disk: Path) -> None:
    dispatcher, _ = hired(small_disk, "zhao", "dispatcher"), hired(small_disk, "li", "technician")
    ballast = small_disk / "ballast"
    with running(small_disk) as server:
        assert ready(server).status_code == 200
        with ballast.open("wb") as file:
            while True:
                try:
                    os.write(file.fileno(), bytes(4096))
                except OSError:
                    break
        statuses = {plan(server, dispatcher, uid(str(number))).status_code for number in range(600)}
        assert 507 in statuses
        time.sleep(1.1)  # what was found counts for a second
        answer = ready(server)
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        assert "磁盘已满" in answer.json()["detail"]
        ballast.unlink()
        time.sleep(1.1)
        assert ready(server).status_code == 200
