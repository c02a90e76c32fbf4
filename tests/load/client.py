"""A client that sends records over many connections and measures each answer."""

import asyncio
import time
from collections.abc import Iterator
from uuid import UUID

import msgspec

from service.app import new_id

from .town import TOKEN, record_of, record_parts


class Sent(msgspec.Struct):
    """A record: its id, its bytes, and its answer (0: not sent yet, -1: sent, no answer) after how many seconds."""

    id: UUID
    body: bytes
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
        record = new_id()
        found.append(Sent(record, record_of(visit, record, parts)))
    return found


async def send_all(port: int, records: list[Sent], clients: int) -> Load:
    """Send every record once, over as many connections as there are clients."""
    waiting = iter(records)
    begun = time.perf_counter()
    await asyncio.gather(*(_client(port, waiting) for _ in range(clients)))
    return Load(records, time.perf_counter() - begun)


async def _client(port: int, waiting: Iterator[Sent]) -> None:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return
    try:
        for one in waiting:
            begun = time.perf_counter()
            one.status = -1
            writer.write(_request(one))
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(head))
            one.status, one.seconds = int(head[9:12]), time.perf_counter() - begun
    except (OSError, asyncio.IncompleteReadError):
        return  # the server went away: what was on its way has no answer
    finally:
        writer.close()


def _request(one: Sent) -> bytes:
    return (
        b"PUT /v1/records/%s HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer %s\r\n"
        b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
        % (str(one.id).encode(), TOKEN.encode(), len(one.body), one.body)
    )


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line[15:])
    return 0
