"""A disk with simulated power failures: records what SQLite does, and reconstructs what could be left at any moment.

`Recorder` is a SQLite VFS on top of the real one that records every write, truncation, deletion and sync. `Disk`
replays them up to a moment. What was synced by then remains. Of the rest anything may remain: all, nothing, some of the
writes in any order, or some of their sectors.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import apsw

SECTOR = 512
JOURNALS = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_WAL


class Event(NamedTuple):
    """One operation on a file. A sync covers what was recorded before `at`, where it began."""

    kind: str  # write, truncate, delete, sync, sync folder, ack
    file: str = ""
    at: int = 0  # the offset of a write, the size of a truncation
    data: Any = b""  # the bytes of a write, the ids of an ack


class RecordedFile(apsw.VFSFile):
    """A file whose changes are recorded after they are made to the real file."""

    def __init__(self, events: list[Event], name: Any, flags: list[int]) -> None:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._events, self._name = events, Path(path).name
        # on Unix, SQLite also syncs the folder when it first syncs a journal or WAL that it may have created
        self._new = bool(flags[0] & apsw.SQLITE_OPEN_CREATE and flags[0] & JOURNALS)
        super().__init__("", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802 - SQLite's name
        super().xWrite(data, offset)
        self._events.append(Event("write", self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        self._events.append(Event("truncate", self._name, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802
        """Writes by other threads in the meantime are not covered."""
        began = len(self._events)
        super().xSync(flags)
        self._events.append(Event("sync", self._name, began))
        if self._new:
            self._new = False
            self._events.append(Event("sync folder", at=began))


class Recorder(apsw.VFS):
    """The VFS. `events`: recorded operations; `replaced`: statements to run instead of others."""

    def __init__(self, name: str, replaced: dict[str, str]) -> None:
        self.name, self.replaced, self.events = name, replaced, list[Event]()
        super().__init__(name, "", maxpathname=0)

    def xOpen(self, name: Any, flags: list[int]) -> Any:  # noqa: N802
        """A file without a name is temporary, and lost on a power failure."""
        if name is None:
            return super().xOpen(name, flags)
        return RecordedFile(self.events, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        """Only durable at once if the folder is synced."""
        super().xDelete(filename, syncdir)
        name = Path(filename).name
        self.events.append(Event("delete", name))
        if syncdir:
            self.events.append(Event("sync folder", at=len(self.events)))

    def connect(self, path: str) -> "Connection":
        """A connection for `Sqlite`."""
        return Connection(self, path)


class Cursor:
    """The part of a cursor that `Sqlite` uses, on top of APSW's."""

    def __init__(self, cursor: apsw.Cursor, rowcount: int) -> None:
        self.fetchone, self.fetchall, self.rowcount = cursor.fetchone, cursor.fetchall, rowcount


class Connection:
    """The part of a connection that `Sqlite` uses, on top of APSW's."""

    def __init__(self, recorder: Recorder, path: str) -> None:
        self._apsw, self._replaced = apsw.Connection(path, vfs=recorder.name), recorder.replaced
        self.close, self.interrupt = self._apsw.close, self._apsw.interrupt

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._apsw.in_transaction

    @property
    def total_changes(self) -> int:
        """The number of rows changed so far."""
        return self._apsw.total_changes()

    def execute(self, sql: str, params: dict[str, Any] | None = None) -> Cursor:
        """Run one statement."""
        cursor = self._apsw.execute(self._replaced.get(sql, sql), params)
        return Cursor(cursor, self._apsw.changes())


class Disk:
    """The files at a moment: what is durable, and what was done since and may be lost."""

    def __init__(self) -> None:
        self._lasting: dict[str, bytearray | None] = {}  # None: deleted
        self._named: set[str] = set()  # a synced file may still be lost if its folder was not synced
        self._open: dict[str, list[tuple[int, Event]]] = {}

    def play(self, number: int, event: Event) -> None:
        """Apply the next event."""
        if event.kind == "sync":
            self._settle(event.file, event.at)
        elif event.kind == "sync folder":
            for name, waiting in self._open.items():
                if deleted := [done for done, change in waiting if change.kind == "delete" and done < event.at]:
                    self._settle(name, deleted[-1] + 1)
                    self._named.discard(name)
                if self._lasting.get(name) is not None or (self._open[name] and self._open[name][0][0] < event.at):
                    self._named.add(name)
        elif event.kind != "ack":
            self._open.setdefault(event.file, []).append((number, event))

    def _settle(self, name: str, before: int) -> None:
        """Make all changes to a file before an event durable."""
        waiting, content = self._open.get(name, []), self._lasting.get(name)
        for number, event in waiting:
            if number < before:
                content = apply(content, event, None)
        self._lasting[name] = content
        self._open[name] = [(number, event) for number, event in waiting if number >= before]

    def image(self, way: str, rng: random.Random) -> Iterator[tuple[str, bytes]]:
        """What remains of each file if the power fails now. `way`: what happens to unsynced changes."""
        names = sorted(self._lasting.keys() | self._open.keys())
        lucky = rng.choice(names) if names else ""
        share = rng.choice((0.1, 0.5, 0.9))
        for name in names:
            content = self._lasting.get(name) if name in self._named or way == "all" else None
            content = None if content is None else bytearray(content)
            for _, event in self._open.get(name, []):
                survives = way in ("all", "sectors") or (way == "one file" and name == lucky)
                if way == "writes":
                    survives = rng.random() < share
                if survives:
                    content = apply(content, event, (rng, share) if way == "sectors" else None)
                elif event.kind == "delete":
                    break  # the old file is still there: later changes were made to another one
            if content is not None:
                yield name, bytes(content)


def apply(content: bytearray | None, event: Event, torn: tuple[random.Random, float] | None) -> bytearray | None:
    """The content after an event; of a torn write only some sectors arrive."""
    if event.kind == "delete":
        return None
    content = bytearray() if content is None else content
    if event.kind == "truncate":
        del content[event.at :]
        return content
    start, end = event.at, event.at + len(event.data)
    while start < end:
        stop = min(end, (start // SECTOR + 1) * SECTOR) if torn else end
        if torn is None or torn[0].random() < torn[1]:
            if len(content) < stop:
                content.extend(bytes(stop - len(content)))
            content[start:stop] = event.data[start - event.at : stop - event.at]
        start = stop
    return content
