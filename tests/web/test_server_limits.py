"""What one connection, one address and all connections may cost a running server."""

import json
import select
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from tests.support.factories import uid
from tests.support.running import Running, answers, running, until

MB = 2**20
GET = b"GET /health/live HTTP/1.1\r\nhost: x\r\n"


def told(raw: bytes) -> tuple[int, str]:
    """Status and code of the problem in an answer as it came."""
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head, raw
    assert b"connection: close" in head
    content = json.loads(body)
    assert content["title"]
    return int(head.split()[1]), content["code"]


def pushed(link: socket.socket, part: bytes, most: int) -> int:
    """How many bytes the other side takes, up to `most`."""
    sent = 0
    with suppress(OSError):
        while sent < most:
            sent += link.send(part)
    return sent


def lives(server: Running) -> bool:
    return server.client.get("/health/live").status_code == 200


def lets_in(server: Running) -> bool:
    with suppress(httpx.TransportError):  # turned away at the door
        return lives(server)
    return False


@pytest.mark.parametrize("kind", ["value", "name", "many", "path", "trailer", "extension"])
def test_a_head_without_end_is_ended(server: Running, kind: str) -> None:
    begin, part = {
        "value": (GET + b"x: ", b"x" * 4096),
        "name": (GET, b"x" * 4096),
        "many": (GET, b"a: b\r\n" * 700),
        "path": (b"GET /", b"x" * 4096),
        "trailer": (
            b"POST /v1/session HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
            b"a: b\r\n" * 700,
        ),
        "extension": (b"POST /v1/session HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1;", b"x" * 4096),
    }[kind]
    before = server.memory()
    with server.connect() as link:
        link.sendall(begin)
        pushed(link, part, 64 * MB)
    assert server.memory("VmHWM") - before < 16
    assert lives(server)


def test_who_sends_too_large_a_head_is_told(server: Running) -> None:
    with server.connect() as link:
        link.sendall(GET + b"accept-language: en\r\nx: " + b"x" * 40_000)
        assert told(answers(link)) == (431, "headers-too-large")
    with server.connect() as link:  # what ordinary clients send, with a few cookies too many, goes through
        link.sendall(GET + b"x: " + b"x" * 20_000 + b"\r\nconnection: close\r\n\r\n")
        assert answers(link).startswith(b"HTTP/1.1 200")


def test_answers_that_nobody_reads_cost_no_memory(server: Running) -> None:
    ask = b"GET /web/shared/page.js HTTP/1.1\r\nhost: x\r\n\r\n"
    before = server.memory("VmHWM")
    with server.connect(timeout=3) as link:
        sent = pushed(link, ask * 1000, 64 * MB)
        assert sent < 16 * MB, "the server goes on reading"
    assert server.memory("VmHWM") - before < 24
    assert lives(server)


@pytest.mark.parametrize("together", [1, 40, 2000])
def test_requests_sent_ahead_are_all_answered_in_order(server: Running, together: int) -> None:
    asks = [
        b"GET /v1/nothing/%d HTTP/1.1\r\nhost: x\r\nx-request-id: number-%05d\r\n\r\n" % (n, n) for n in range(2000)
    ]
    asks += [b"GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"]
    got = b""
    with server.connect() as link:
        for start in range(0, len(asks), together):
            link.sendall(b"".join(asks[start : start + together]))
            if together < 2000:
                link.setblocking(False)
                with suppress(BlockingIOError):
                    got += link.recv(MB)
                link.settimeout(20)
        got += answers(link)
    numbers = [int(part[:5]) for part in got.split(b"x-request-id: number-")[1:]]
    assert numbers == list(range(2000))
    assert b'{"status":"ok"}' in got


def test_bodies_sent_ahead_reach_their_own_request(server: Running) -> None:
    big = b"x" * 300_000
    ask = b"POST /v1/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%s\r\n"
    sent = (ask % (len(big), b"") + big) * 3 + GET + b"\r\n" + ask % (2, b"connection: close\r\n") + b"{}"
    with server.connect() as link:
        link.sendall(sent)
        got = answers(link)
    assert got.count(b"HTTP/1.1 ") == 5
    assert got.count(b"HTTP/1.1 4") == 4


def test_what_is_no_http_is_told_so_after_the_answers_before_it(server: Running) -> None:
    with server.connect() as link:
        link.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
        assert told(answers(link)) == (400, "invalid-header")
    with server.connect() as link:
        link.sendall(GET + b"\r\n" + b"\x16\x03\x01")
        assert answers(link).startswith(b"HTTP/1.1 200")


def test_an_upgrade_that_is_not_known_is_an_ordinary_request(server: Running) -> None:
    with server.connect() as link:
        link.sendall(GET + b"connection: upgrade\r\nupgrade: h2c\r\n\r\n" + GET + b"connection: close\r\n\r\n")
        assert answers(link).count(b"HTTP/1.1 200") == 2


def test_slow_heads_and_bodies_end_and_steady_ones_do_not(server: Running, technician: str) -> None:
    """All at once, because it takes half a minute: no bound from above is tight."""
    size, rate = 60_000, 1500
    post = (
        f"PUT /v1/records/{uid('r')} HTTP/1.1\r\nhost: x\r\nauthorization: {technician}\r\n"
        f"content-type: application/json\r\ncontent-length: {size}\r\n\r\n"
    ).encode()
    with ExitStack() as stack:
        links = {name: stack.enter_context(server.connect()) for name in ("head", "trickled", "silent", "slow")}
        steady, idle = stack.enter_context(server.connect()), stack.enter_context(server.connect())
        begins = {"head": GET, "trickled": GET, "silent": post, "slow": post}
        for name, link in links.items():
            link.sendall(begins[name])
        steady.sendall(post)
        begun = time.monotonic()
        ended: dict[str, tuple[float, bytes]] = {}
        sent = second = 0
        while second < 70 and (sent < size or len(ended) < len(links)):
            second += 1
            time.sleep(max(0.0, begun + second - time.monotonic()))
            for name in links.keys() - ended.keys():
                answer = trickle(links[name], name in ("trickled", "slow"))
                if answer is not None:
                    ended[name] = time.monotonic() - begun, answer
            steady.sendall(b" " * min(rate, size - sent))
            sent += min(rate, size - sent)
        assert {name: told(answer) for name, (_, answer) in ended.items()} == dict.fromkeys(links, (408, "too-slow"))
        assert all(ended[name][0] > 9 for name in ("head", "trickled"))
        assert all(ended[name][0] > 29 for name in ("silent", "slow"))
        assert steady.recv(65536).startswith(b"HTTP/1.1 400")  # all of it came, and it is no JSON
        idle.sendall(GET + b"connection: close\r\n\r\n")
        assert answers(idle).startswith(b"HTTP/1.1 200")


def trickle(link: socket.socket, more: bool) -> bytes | None:
    """Another byte, if `more`; what was answered, if anything."""
    with suppress(ConnectionError):
        if more:
            link.send(b"x")
    readable, _, _ = select.select([link], [], [], 0)
    return answers(link) if readable else None


@pytest.mark.parametrize(
    "path", ["/v1%2fme", "/v1%2Fme", "/v1%5cme", "/%76%31/me", "/v1/%6de", "/v1/%2e/me", "/v1//me", "//v1/me"]
)
def test_a_path_is_written_as_it_is_routed(server: Running, path: str) -> None:
    assert server.client.get("/v1/me").status_code == 401
    with server.connect() as link:
        link.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
        assert answers(link).startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize(
    ("version", "hosts", "status"),
    [("1.1", ("x",), 200), ("1.1", ("x", "y"), 400), ("1.1", ("x", "x"), 400), ("1.1", (), 400), ("1.0", (), 200)],
)
def test_a_request_names_one_host(server: Running, version: str, hosts: tuple[str, ...], status: int) -> None:
    lines = [f"GET /health/live HTTP/{version}", *(f"host: {host}" for host in hosts), "connection: close", "", ""]
    with server.connect() as link:
        link.sendall("\r\n".join(lines).encode())
        answer = answers(link)
    assert int(answer.split()[1]) == status
    assert status == 200 or told(answer) == (400, "invalid-header")


def greeted(stack: ExitStack, server: Running, source: str) -> socket.socket:
    """A connection that has had an answer; one that sends nothing for ten seconds is ended."""
    link = stack.enter_context(server.connect(source))
    link.sendall(GET + b"\r\n")
    assert link.recv(65536).startswith(b"HTTP/1.1 200")
    return link


def test_one_address_has_so_many_connections(tmp_path: Path) -> None:
    with running(tmp_path, proxies="127.0.0.9", connections_each="20") as server, ExitStack() as stack:
        links = [greeted(stack, server, "127.0.0.1") for _ in range(20)]
        with server.connect("127.0.0.1") as link:
            assert told(answers(link)) == (429, "too-many-requests")
        with server.connect("127.0.0.2") as link:
            link.sendall(GET + b"connection: close\r\n\r\n")
            assert answers(link).startswith(b"HTTP/1.1 200")
        for _ in range(40):
            greeted(stack, server, "127.0.0.9")
        links.pop().close()

        def taken() -> bool:
            with server.connect("127.0.0.1") as link:
                link.sendall(GET + b"connection: close\r\n\r\n")
                return answers(link).startswith(b"HTTP/1.1 200")

        assert until(taken), "the place of who went was not free again"


def test_who_does_not_fit_is_told_and_who_lets_wait_makes_room(tmp_path: Path) -> None:
    with running(tmp_path, connections="20") as server, ExitStack() as stack:
        links = [stack.enter_context(server.connect()) for _ in range(20)]
        with server.connect() as link:
            answer = answers(link)
            assert told(answer) == (503, "busy")
            assert b"retry-after: " in answer
        for link in links:
            link.sendall(GET)
        assert until(lambda: lets_in(server))  # when it is long since they said anything
        assert any(one["event"] == "connections ended" for one in server.log())


def test_a_thousand_slow_bodies_keep_nobody_out(tmp_path: Path) -> None:
    post = b"POST /v1/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"
    with running(tmp_path, files=1024) as server, ExitStack() as stack:
        before = server.memory()
        for _ in range(1000):
            with suppress(OSError):
                stack.enter_context(server.connect()).sendall(post)
        assert until(lambda: lets_in(server))
        good = sum(lives(server) for _ in range(50))
        assert good == 50
        assert server.memory() - before < 100
