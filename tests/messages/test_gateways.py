"""Ways out against real servers: an HTTP gateway, a mail server, a file."""

import asyncio
import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from service.context import OutgoingMessage
from service.messages import gateways
from service.messages.gateways import PermanentFailure, TemporaryFailure

LETTER = OutgoingMessage(
    id="0190",
    channel="sms",
    to="13800000000",
    subject="上门服务预约",
    text="您好：明天上门。",
    about="appointment",
    template="SMS_1",
    variables={"time": "明天"},
    at=msgspec.convert("2026-03-02T08:00:00+08:00", datetime),
)


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    """A server in a thread; its port."""
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]  # type: ignore[index]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def gateway(status: int, got: list[Any]) -> HTTPServer:
    """An HTTP gateway that answers with a status."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append((self.path, dict(self.headers), json.loads(body)))
            self.send_response(status)
            self.send_header("location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    return HTTPServer(("127.0.0.1", 0), Handler)


def mail_server(got: list[str], refusal: str) -> socketserver.TCPServer:
    """Just enough of SMTP; RCPT is answered with the refusal, if any."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            reading = False
            for raw in self.rfile:
                line = raw.decode().rstrip("\r\n")
                got.append(line)
                if reading:
                    reading = line != "."
                    answer = "" if reading else "250 taken"
                elif line.upper().startswith("RCPT") and refusal:
                    answer = refusal
                elif line.upper() == "DATA":
                    reading, answer = True, "354 go on"
                else:
                    answer = "221 bye" if line.upper() == "QUIT" else "250 ok"
                if answer:
                    self.wfile.write(answer.encode() + b"\r\n")
                if answer.startswith("221"):
                    return

    return socketserver.TCPServer(("127.0.0.1", 0), Handler)


async def test_the_gateway_gets_json_with_a_token_and_the_same_id_every_time() -> None:
    got: list[Any] = []
    with serving(gateway(202, got)) as port:
        send = gateways.http(f"http://127.0.0.1:{port}/send?v=1", "secret")
        assert [await send(LETTER), await send(LETTER)] == ["HTTP 202", "HTTP 202"]
    path, headers, body = got[0]
    assert path == "/send?v=1"
    assert headers["Authorization"] == "Bearer secret"
    assert headers["Idempotency-Key"] == "0190"
    assert body == {
        "id": "0190",
        "channel": "sms",
        "to": "13800000000",
        "text": "您好：明天上门。",
        "about": "appointment",
        "template": "SMS_1",
        "variables": {"time": "明天"},
    }


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (422, PermanentFailure),
        (400, PermanentFailure),
        (503, TemporaryFailure),
        (401, TemporaryFailure),
        (302, TemporaryFailure),
    ],
)
async def test_statuses_say_whether_to_try_again_and_redirects_are_not_followed(
    status: int, kind: type[Exception]
) -> None:
    with serving(gateway(status, [])) as port, pytest.raises(kind, match=f"HTTP {status}"):
        await gateways.http(f"http://127.0.0.1:{port}", "")(LETTER)


async def test_a_gateway_that_is_away_raises() -> None:
    with pytest.raises(TemporaryFailure, match="ConnectError"):
        await gateways.http("http://127.0.0.1:1/", "")(LETTER)


async def test_mail_goes_out_with_a_message_id_that_stays() -> None:
    got: list[str] = []
    with serving(mail_server(got, "")) as port:
        await gateways.smtp(f"smtp://127.0.0.1:{port}", "doorstep@utility.example")(LETTER)
    assert "Message-ID: <0190@utility.example>" in got
    assert "To: 13800000000" in got


@pytest.mark.parametrize(("refusal", "kind"), [("550 nobody", PermanentFailure), ("450 later", TemporaryFailure)])
async def test_a_mail_server_that_knows_nobody_is_final_and_one_that_is_busy_is_not(
    refusal: str, kind: type[Exception]
) -> None:
    with serving(mail_server([], refusal)) as port, pytest.raises(kind, match=refusal[:3]):
        await gateways.smtp(f"smtp://127.0.0.1:{port}", "a@b.example")(LETTER)


async def test_a_mail_goes_to_no_server_that_does_not_encrypt_where_that_is_demanded() -> None:
    got: list[str] = []
    with serving(mail_server(got, "")) as port:
        outcome = await asyncio.gather(
            gateways.smtp(f"smtp+starttls://127.0.0.1:{port}", "a@b.example")(LETTER), return_exceptions=True
        )
    assert "STARTTLS" in str(outcome[0])
    assert not any(LETTER.text in line for line in got)


@contextmanager
def stuck(greeting: bytes) -> Iterator[int]:
    """A server that sends this and nothing after it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        links: list[socket.socket] = []

        def run() -> None:
            link, _ = listening.accept()
            links.append(link)
            link.sendall(greeting)

        thread = threading.Thread(target=run)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()
        links[0].close()


async def test_a_mail_server_that_hangs_is_left_at_once_when_sending_is_cancelled() -> None:
    with stuck(b"220 here\r\n250 ok\r\n") as port:
        sending = asyncio.create_task(gateways.smtp(f"smtp://127.0.0.1:{port}", "a@b.example")(LETTER))
        await asyncio.sleep(1)
        sending.cancel()
        done, _ = await asyncio.wait([sending], timeout=gateways.TIMEOUT_SECONDS / 2)
        assert done
        assert sending.cancelled()


async def test_what_a_gateway_answers_is_not_read() -> None:
    with stuck(b"HTTP/1.1 202 Accepted\r\ncontent-length: 9999999999\r\n\r\n") as port:
        sending = gateways.http(f"http://127.0.0.1:{port}", "")(LETTER)
        assert await asyncio.wait_for(sending, gateways.TIMEOUT_SECONDS / 2) == "HTTP 202"


async def test_the_file_has_a_line_for_each_message_and_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "data" / "outbox.jsonl"
    send = gateways.build_gateways(tmp_path / "data", "", "", "", "")["sms"]
    await send(LETTER)
    await send(LETTER)
    assert [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()] == [LETTER.text] * 2
    assert path.stat().st_mode & 0o077 == 0
