"""The power fails at every moment, and no acknowledged record is lost.

The service's own writer stores records on a recorded disk, with its own checkpoints. Then every moment is rebuilt with
what could be left on the disk, opened, and searched for what had been acknowledged by then. The control does the same
with synchronous=NORMAL and must lose some: otherwise this test would not see anything.
"""

import asyncio
import os
import random
import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from service.audit_log import log
from service.db.database import Transaction
from service.db.sqlite import Sqlite
from service.visits import repository as visits_repository
from tests.support import leaves
from tests.support.recording_vfs import Disk, Event, Recorder
from tests.support.row_factories import NOON, a_batch, a_visit, add_batch, plan

RECORDS, CLIENTS, IMAGES = 300, 6, int(os.environ.get("IMAGES", "600"))
IMAGES_OF_CONTROL = 600
WAYS = ("nothing", "all", "writes", "sectors", "one file")


def body(number: int) -> bytes:
    """The bytes of a record: of all sizes from one byte to some pages."""
    return random.Random(number).randbytes(1 + number * 37 % 6000)


class Acknowledging(Sqlite):
    """Notes which records a commit made durable, at the first moment somebody could be told."""

    def __init__(self, path: Path, recorder: Recorder) -> None:
        super().__init__(path, recorder.connect, checkpoint_pages=40)
        self._events, self.done = recorder.events, list[UUID]()

    def commit(self, connection: Any) -> None:
        super().commit(connection)
        self._events.append(Event("ack", data=tuple(self.done)))
        self.done.clear()


async def store(folder: Path, recorder: Recorder) -> None:
    """Many clients store records, some works raise, the sequencer numbers, the service stops."""
    database = Acknowledging(folder / "doorstep.db", recorder)
    await database.start()
    await plan(database)
    numbers = iter(range(2, 2 + RECORDS))

    async def client() -> None:
        for number in numbers:

            async def work(tx: Transaction, number: int = number) -> None:
                row = a_batch(number, body=body(number))
                await add_batch(tx, row)
                await leaves.insert_leaf(tx, row.id, row.sha256, NOON + number)
                if number % 11 == 0:
                    raise LookupError
                database.done.append(row.id)

            await asyncio.gather(database.write(work), return_exceptions=True)
            if number % 40 == 0:
                await log.assign_sequence_numbers(database)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    await database.close()


def moments(events: list[Event], images: int) -> Iterator[tuple[int, list[str]]]:
    """After which events the power fails, and in which ways: after each commit, and evenly all the way."""
    rng = random.Random(4303)
    acks = [number for number, event in enumerate(events) if event.kind == "ack"]
    chosen = {number: ["nothing"] for number in acks}
    while sum(map(len, chosen.values())) < images:
        chosen.setdefault(rng.randrange(len(events)), []).append(rng.choice(WAYS))
    yield from sorted(chosen.items())


def look(folder: Path, acknowledged: set[bytes]) -> str:
    """Open what is left: `` when all is well, else what is wrong."""
    connection = sqlite3.connect(folder / "doorstep.db", isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous=OFF")  # this copy need not last
        if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            return "corrupt"
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'log_leaves'").fetchone() is None:
            return "lost" if acknowledged else ""
        rows = connection.execute("SELECT id, sha256, body FROM batches").fetchall()
        leaves = connection.execute("SELECT id, number FROM log_leaves").fetchall()
    except sqlite3.DatabaseError as error:
        return f"corrupt: {error}"
    finally:
        connection.close()
    kept = {row[0] for row in rows}
    if not acknowledged <= kept:
        return "lost"
    if any(sha256(row[2]).digest() != row[1] or row[2] != body(int.from_bytes(row[0])) for row in rows):
        return "changed"
    if kept != {row[0] for row in leaves}:
        return "a record without its leaf, or a leaf without its record"
    numbers = sorted(row[1] for row in leaves if row[1] is not None)
    return "" if numbers == list(range(len(numbers))) else "numbers with gaps"


def serve_again(folder: Path) -> None:
    """The service starts on what is left, and stores."""

    async def go() -> None:
        database = Sqlite(folder / "doorstep.db")
        await database.start()
        await database.write(lambda tx: visits_repository.add_visit(tx, a_visit(9999)))
        assert await database.write(lambda tx: add_batch(tx, a_batch(9999, visit=9999)))
        await log.assign_sequence_numbers(database)
        await database.close()

    asyncio.run(go())


def cut(folder: Path, events: list[Event], images: int) -> dict[str, int]:
    """Cut the power at all chosen moments; how often all was well, and how often what was wrong."""
    folder.mkdir()
    disk, acknowledged, seen = Disk(), set[bytes](), dict[str, int]()
    rng, next_event = random.Random(2026), 0
    for moment, ways in moments(events, images):
        for number in range(next_event, moment + 1):
            disk.play(number, events[number])
            if events[number].kind == "ack":
                acknowledged.update(record_id.bytes for record_id in events[number].data)
        next_event = moment + 1
        for way in ways:
            for path in folder.iterdir():
                path.unlink()
            for name, content in disk.image(way, rng):
                (folder / name).write_bytes(content)
            found = look(folder, acknowledged)
            seen[found] = seen.get(found, 0) + 1
            if sum(seen.values()) % 100 == 0:
                serve_again(folder)
    assert len(acknowledged) == RECORDS - len([n for n in range(2, 2 + RECORDS) if n % 11 == 0])
    return seen


def record(folder: Path, replaced: dict[str, str]) -> list[Event]:
    """Run the service on a recorded disk."""
    recorder = Recorder("recorder", replaced)
    asyncio.run(store(folder, recorder))
    recorder.unregister()
    return recorder.events


def test_no_acknowledged_record_is_lost_when_the_power_fails(tmp_path: Path) -> None:
    events = record(tmp_path, {})
    assert sum(event.kind == "sync" and event.file == "doorstep.db" for event in events) > 5  # checkpoints
    assert cut(tmp_path / "image", events, IMAGES) == {"": IMAGES}


def test_the_control_with_synchronous_normal_loses_some(tmp_path: Path) -> None:
    events = record(tmp_path, {"PRAGMA synchronous=FULL": "PRAGMA synchronous=NORMAL"})
    seen = cut(tmp_path / "image", events, IMAGES_OF_CONTROL)
    assert seen["lost"] > IMAGES_OF_CONTROL / 20, seen
    assert seen.keys() <= {"", "lost"}, seen
