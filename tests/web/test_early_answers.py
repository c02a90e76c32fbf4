"""Who is answered while they still send a body can send the rest and read the answer; it costs us little."""

import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from service import protocol
from tests.support.factories import uid
from tests.support.running import Running, answers, running, until

MB = 2**20
PART = 64 * 1024


def head(path: str, size: int | None, *more: str, method: str = "PUT") -> bytes:
    """A request's head. Without a size the body comes in chunks."""
    length = "transfer-encoding: chunked" if size is None else f"content-length: {size}"
    lines = (f"{method} {path} HTTP/1.1", "host: x", "content-type: application/json", length, *more)
    return "\r\n".join((*lines, "", "")).encode()


def slowly(link: socket.socket, sent: bytes, pause: float = 0.01) -> None:
    """Send something in parts. ConnectionError if the other side does not take it."""
    for start in range(0, len(sent), PART):
        link.sendall(sent[start : start + PART])
        time.sleep(pause)


KINDS = {
    413: (f"/v1/records/{uid('r')}", "PUT"),
    404: (f"/v1/nothing/{uid('r')}", "PUT"),
    405: ("/v1/me", "PUT"),
    401: (f"/v1/records/{uid('r')}", "PUT"),
}


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
@pytest.mark.parametrize("status", KINDS)
def test_all_of_a_body_is_taken_after_the_answer(
    server: Running, technician: str, status: int, connection: str
) -> None:
    path, method = KINDS[status]
    more = [f"connection: {connection}", *([f"authorization: {technician}"] if status != 401 else [])]
    with server.connect() as link:
        link.sendall(head(path, 4 * MB, *more, method=method))
        assert until(lambda: bool(link.recv(1, socket.MSG_PEEK)))  # it is answered before the body comes
        slowly(link, bytes(4 * MB))  # nobody resets the connection
        if connection == "keep-alive":
            link.sendall(b"GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        got = answers(link)
    first, *others = got.split(b"HTTP/1.1 ")[1:]
    assert int(first[:3]) == status
    assert first.endswith(b"}")  # a whole problem
    assert [int(one[:3]) for one in others] == ([200] if connection == "keep-alive" else [])


def test_a_body_in_chunks_that_becomes_too_large_is_taken_too(server: Running, technician: str) -> None:
    chunk = b"%x\r\n%s\r\n" % (PART, bytes(PART))
    with server.connect() as link:
        link.sendall(head(f"/v1/records/{uid('r')}", None, "connection: close", f"authorization: {technician}"))
        for _ in range(64):
            slowly(link, chunk)
        slowly(link, b"0\r\n\r\n")
        assert answers(link).startswith(b"HTTP/1.1 413")


def test_over_a_slow_link_the_rest_may_take_its_time_and_who_trickles_is_cut_off(server: Running) -> None:
    """All at once, because it takes some seconds more than the ten in which nothing is asked of a client."""
    with ExitStack() as stack:
        links = {
            (kind, connection): stack.enter_context(server.connect())
            for kind in ("slow", "trickle")
            for connection in ("close", "keep-alive")
        }
        for (_, connection), link in links.items():
            link.sendall(head("/v1/records/x", 14 * PART, f"connection: {connection}"))
        begun, ended = time.monotonic(), dict[tuple[str, str], float]()
        for _ in range(14):  # four times the least pace
            time.sleep(1.0)
            for name in links.keys() - ended.keys():
                try:
                    links[name].sendall(bytes(PART) if name[0] == "slow" else b"x")
                except ConnectionError:
                    ended[name] = time.monotonic() - begun
        assert {kind for kind, _ in ended} == {"trickle"}
        assert len(ended) == 2
        assert all(9 < after < 15 for after in ended.values())
        for (kind, _), link in links.items():
            if kind == "slow":
                link.shutdown(socket.SHUT_WR)
                assert answers(link).count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
def test_a_rest_without_end_is_cut_off(server: Running, connection: str) -> None:
    with server.connect() as link:
        link.sendall(head("/v1/records/x", 10**12, f"connection: {connection}"))
        sent = 0
        with suppress(OSError):
            while sent < 256 * MB:
                sent += link.send(bytes(MB))
        assert sent < protocol.MAX_REST_BYTES + 16 * MB  # what lies in buffers between us


def test_who_was_answered_makes_room_at_once(tmp_path: Path) -> None:
    with running(tmp_path, connections="20") as server:
        links = [server.connect() for _ in range(20)]
        try:
            for link in links:
                link.sendall(head("/v1/records/x", 10 * MB, "connection: close") + bytes(PART))
                assert link.recv(PART).startswith(b"HTTP/1.1 401")
            for link in links:
                link.sendall(b"x")  # active, and so not to be cut off, if they were not answered
            assert server.client.get("/health/live").status_code == 200
        finally:
            for link in links:
                link.close()
