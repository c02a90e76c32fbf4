"""The service as a separate process, as an operator runs it."""

import asyncio
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from service.accounts.validation import NewPerson
from service.audit_log import checkpoints
from service.config.loading import load_settings
from service.lifecycle import build_context, open_context
from service.staff import people
from tests.support.factories import a_plan, encode

COMMAND = [sys.executable, "-m", "service"]


class Running:
    """A started server: its address, its process and its log."""

    def __init__(self, folder: Path, files: int = 0, **variables: str) -> None:
        self.environment = environment(folder, **variables)
        limit: Callable[[], None] | None = None
        if files:
            limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))  # noqa: E731
        self.process = subprocess.Popen(
            [*COMMAND, "serve"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=limit,  # noqa: PLW1509 - no threads yet
        )
        self.lines: list[str] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        assert self.process.stdout is not None
        first = self.process.stdout.readline().decode().rstrip()
        if not first:
            self.process.wait(10)
            self.close()
            raise RuntimeError("\n".join(self.lines))
        self.address = first.split()[-1]
        self.port = int(self.address.rpartition(":")[2])
        self.client = httpx.Client(base_url=self.address, timeout=30)

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.decode("utf-8", "replace").rstrip())

    def connect(self, source: str = "", timeout: float = 60.0) -> socket.socket:
        """A connection, from one of this machine's own addresses."""
        return socket.create_connection(("127.0.0.1", self.port), timeout, (source, 0) if source else None)

    def memory(self, kind: str = "VmRSS") -> float:
        """In MB; VmHWM is the peak."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("utf-8")
        return int(status.split(f"{kind}:")[1].split()[0]) / 1024

    def work(self) -> float:
        """CPU time in seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def log(self) -> list[dict[str, Any]]:
        """The log so far."""
        return [json.loads(line) for line in list(self.lines) if line.startswith("{")]

    def kill(self) -> None:
        """Kill the process."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        self._reading.join(5)

    def close(self) -> None:
        """Make sure that it has ended."""
        if hasattr(self, "client"):
            self.client.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self._reading.join(5)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def stop(self, seconds: float = 20.0) -> int:
        """Stop it like an operator; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(seconds)
        self._reading.join(5)
        return status


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """The settings of a server in a folder; `max_body="1"` is DOORSTEP_MAX_BODY."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
    given = {
        "data": str(folder),
        "port": "0",
        "log": "json",
        "requests": "0",
        "strangers": "0",
        "quiet": "none",
        **variables,
    }
    return kept | {f"DOORSTEP_{name.upper()}": value for name, value in given.items()}


@contextmanager
def running(folder: Path, files: int = 0, **variables: str) -> Iterator[Running]:
    """A server that is stopped afterwards."""
    server = Running(folder, files, **variables)
    try:
        yield server
    finally:
        server.close()


def hired(folder: Path, login: str, role: str, **variables: str) -> dict[str, str]:
    """Add a person like `doorstep person add --token`, without starting it; returns headers for requests."""
    settings = load_settings(environment(folder, **variables))

    async def add() -> str | None:
        async with open_context(build_context(settings)) as ctx:
            added = await people.create_person(ctx, NewPerson(login, login, (role,), ("城东",)), with_token=True)
            await checkpoints.settle(ctx)
            return added.token

    return {"authorization": f"Bearer {asyncio.run(add())}", "content-type": "application/json"}


def plan(server: Running, who: dict[str, str], visit: object, **more: Any) -> httpx.Response:
    """Plan a visit for 李."""
    content = encode(a_plan(**more))
    return server.client.put(f"/v1/visits/{visit}", content=content, headers=who)


def until(true: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Wait until the condition is true; returns whether it was in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.2)
    return False


def answers(link: socket.socket) -> bytes:
    """Read until the other side closes the connection."""
    found = b""
    try:
        while part := link.recv(65536):
            found += part
    except ConnectionError:
        pass
    return found
