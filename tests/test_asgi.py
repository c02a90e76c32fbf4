"""Any ASGI server can run `service.asgi:app`: its lifespan opens and closes all, also when a signal ends it."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.support.proxies import free_port
from tests.support.running import environment, hired

SERVERS = {
    "uvicorn": ("uvicorn", "--no-access-log"),
    "granian": ("granian", "--interface", "asgi", "--workers", "1"),
}


def wait_until_open(client: httpx.Client) -> None:
    for _ in range(600):
        try:
            client.get("/health")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_of_others_opens_serves_and_closes(tmp_path: Path, name: str) -> None:
    who, port, wal = hired(tmp_path, "li", "technician"), free_port(), tmp_path / "doorstep.sqlite-wal"
    command = [sys.executable, "-m", *SERVERS[name], "--host", "127.0.0.1", "--port", str(port), "service.asgi:app"]
    process = subprocess.Popen(command, env=environment(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            wait_until_open(client)
            answers = [client.get("/v1/me", headers=who) for _ in range(3)]
            assert [answer.status_code for answer in answers] == [200] * 3
            assert len({answer.headers["x-request-id"] for answer in answers}) == 3
            assert answers[0].json()["login"] == "li"
            assert client.get("/v1/nothing").status_code == 404
        assert wal.exists()
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode in (0, -signal.SIGTERM), log
    assert not wal.exists()
    assert b'"error"' not in log, log
