"""A client that sends records over many connections and measures each answer."""

import asyncio
import re
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec

from service.lifecycle import uuid7
from tests.load.town import record_of, record_parts, token_of

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


class Sent(msgspec.Struct):
    """A record, whose phone sends it, and its answer (0: not sent yet, -1: sent, no answer) after how many seconds."""

    id: UUID
    body: bytes
    token: str
    status: int = 0
    seconds: float = 0.0


class Load(msgspec.Struct):
    """What a run gave."""

    sent: list[Sent]
    seconds: float

    @property
    def rate(self) -> float:
        """Acknowledged records per second."""
        return sum(one.status == 201 for one in self.sent) / self.seconds

    def quantile(self, part: float) -> float:
        """Milliseconds within which this part of the answers came."""
        times = sorted(one.seconds for one in self.sent)
        return 1000 * times[min(len(times) - 1, int(part * len(times)))]


def records_for(visits: list[UUID]) -> list[Sent]:
    """One record for each visit."""
    parts = record_parts()
    found: list[Sent] = []
    for visit in visits:
        record = uuid7()
        found.append(Sent(record, record_of(visit, record, parts), token_of(visit)))
    return found


class _Client(asyncio.Protocol):
    """One connection: sends the next record when the last one was answered. (Streams would cost the server's cores.)"""

    def __init__(self, waiting: Iterator[Sent]) -> None:
        self.waiting, self.buffer = waiting, b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.send_next()

    def send_next(self) -> None:
        self.sent = next(self.waiting, None)
        if self.sent is None:
            self.transport.close()
            return
        self.begun, self.sent.status = time.perf_counter(), -1
        self.transport.write(_request(self.sent))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, _, body = self.buffer.partition(b"\r\n\r\n")
        if not _ or self.sent is None or len(body) < _length(head):
            return
        self.sent.status, self.sent.seconds = int(head[9:12]), time.perf_counter() - self.begun
        self.buffer = b""
        self.send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)  # what was on its way has no answer


async def send_all(port: int, records: list[Sent], clients: int) -> Load:
    """Send every record once, over as many connections as there are clients."""
    waiting = iter(records)
    begun = time.perf_counter()
    await asyncio.gather(*(_client(port, waiting) for _ in range(clients)))
    return Load(records, time.perf_counter() - begun)


async def _client(port: int, waiting: Iterator[Sent]) -> None:
    try:
        _, protocol = await asyncio.get_running_loop().create_connection(lambda: _Client(waiting), "127.0.0.1", port)
    except OSError:
        return
    await protocol.done


def _request(one: Sent) -> bytes:
    return (
        b"PUT /v1/records/%s HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer %s\r\n"
        b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
        % (str(one.id).encode(), one.token.encode(), len(one.body), one.body)
    )


def _length(head: bytes) -> int:
    found = _LENGTH.search(head)
    return int(found[1]) if found else 0
