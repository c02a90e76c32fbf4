"""A stop ends soon, also while others let us wait; what was on its way then goes out after the start."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.factories import encode, uid
from tests.support.running import Running, hired, plan, running, until

SECONDS = 10.0  # a stop takes at most 5 when nobody else needs the machine; waiting for the gateway would take 15


class Hanging:
    """A gateway that takes what it is sent and answers when it is told to, or never."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.connected, self.asked, self.answers = threading.Event(), threading.Event(), False
        self.got: list[dict[str, Any]] = []
        self._links: list[socket.socket] = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                link, _ = self.listening.accept()
            except OSError:
                return
            self._links.append(link)
            self.connected.set()
            raw = b""
            while not raw.endswith(b"}"):
                part = link.recv(65536)
                if not part:
                    break
                raw += part
            self.asked.set()
            if raw and self.answers:
                self.got.append(json.loads(raw.partition(b"\r\n\r\n")[2]))
                link.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

    def close(self) -> None:
        for link in (self.listening, *self._links):
            link.close()


@contextmanager
def hanging() -> Iterator[Hanging]:
    gateway = Hanging()
    try:
        yield gateway
    finally:
        gateway.close()


def noticed(server: Running, dispatcher: dict[str, str], name: str, channel: str = "sms") -> str:
    """A visit whose customer is written to; the path of its messages."""
    visit = uid(name)
    assert plan(server, dispatcher, visit).status_code == 201
    path = f"/v1/visits/{visit}/notice"
    to = "a@b.example" if channel == "email" else "13800000000"
    given = {"channel": channel, "to": to, "text": "请核对并签认：{link}"}  # the window is over
    answer = server.client.post(path, content=encode(given), headers=dispatcher)
    assert answer.status_code in (200, 201, 202), answer.text
    return path


def stopped_in(server: Running) -> float:
    begun = time.monotonic()
    assert server.stop(60) == 0
    return time.monotonic() - begun


@pytest.mark.parametrize("setting", ["sms_url", "smtp"])
def test_a_stop_does_not_wait_for_a_gateway_that_hangs(tmp_path: Path, setting: str) -> None:
    dispatcher, _ = hired(tmp_path, "zhao", "dispatcher"), hired(tmp_path, "li", "technician")
    with hanging() as gateway:
        channel, scheme = ("sms", "http") if setting == "sms_url" else ("email", "smtp")
        address = {setting: f"{scheme}://127.0.0.1:{gateway.port}"}
        with running(tmp_path, **address) as server:
            path = noticed(server, dispatcher, "v", channel)
            assert (gateway.asked if channel == "sms" else gateway.connected).wait(60)
            assert server.client.get(path, headers=dispatcher).status_code == 200  # nobody else waits
            assert stopped_in(server) < SECONDS
            assert not [line for line in server.log() if line["level"] in ("error", "critical")]
        if channel == "email":
            return
        gateway.answers = True
        with running(tmp_path, **address) as server:
            assert until(lambda: len(gateway.got) == 1)
            assert until(lambda: "delivered" in server.client.get(path, headers=dispatcher).text)


def test_a_gateway_that_hangs_keeps_neither_pictures_nor_records_waiting(tmp_path: Path) -> None:
    dispatcher, _ = hired(tmp_path, "zhao", "dispatcher"), hired(tmp_path, "li", "technician")
    with hanging() as gateway, running(tmp_path, sms_url=f"http://127.0.0.1:{gateway.port}") as server:
        for number in range(12):
            noticed(server, dispatcher, str(number))
        assert gateway.asked.wait(60)
        table = (
            "工单号,类型,开始,结束,技术员,姓名,工作内容\nA1,repair_leak,2026-03-02 09:00,2026-03-02 10:00,li,陶,检修\n"
        )
        answer = server.client.post(
            "/v1/imports?dry_run=1",
            content=table.encode(),
            headers={**dispatcher, "content-type": "text/csv"},
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        assert stopped_in(server) < SECONDS
