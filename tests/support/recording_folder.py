"""Folders with simulated power failures: records file operations, and reconstructs what could be left.

`Recorder` wraps and records the calls of `os`. `Folders` replays them up to a moment. Bytes are durable once their file
was synced, names once their folder was; of the rest anything may remain: all, nothing, some. (A rename between two
folders may be visible in either, both, or none.)
"""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest


class Event(NamedTuple):
    """One operation. A sync covers what was recorded before `at`, where it began."""

    kind: str  # create, write, cut, sync, folder, name, rename, unlink; rows, part
    path: str = ""
    other: Any = None
    at: int = 0


class Recorder:
    """Records operations below a folder. `deaf` selects paths whose syncs do nothing, for controls."""

    def __init__(self, root: Path, deaf: Callable[[Path], bool] = lambda _: False) -> None:
        self.root, self.events, self.open = str(root), list[Event](), dict[int, str]()
        self.deaf = deaf

    def ours(self, path: Any) -> bool:
        return str(path).startswith(self.root)

    def note(self, kind: str, path: Any = "", other: Any = None, at: int = 0) -> None:
        self.events.append(Event(kind, str(path), other, at))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Record operations in the meantime."""
        calls = ("open", "write", "fsync", "ftruncate", "mkdir", "replace", "link", "unlink")
        real = {name: getattr(os, name) for name in calls}

        def opened(path: Any, flags: int, *rest: Any, **more: Any) -> int:
            new = self.ours(path) and flags & os.O_CREAT and not Path(path).exists()
            number = real["open"](path, flags, *rest, **more)
            if self.ours(path):
                self.open[number] = str(path)
                if new:
                    self.note("create", path)
                elif flags & os.O_TRUNC:
                    self.note("cut", path, 0)
            else:
                self.open.pop(number, None)
            return number

        def write(number: int, data: Any) -> int:
            done = real["write"](number, data)
            if number in self.open:
                self.note("write", self.open[number], bytes(data)[:done])
            return done

        def fsync(number: int) -> None:
            began = len(self.events)
            real["fsync"](number)
            if number in self.open and not self.deaf(Path(self.open[number])):
                self.note("sync", self.open[number], at=began)

        def ftruncate(number: int, size: int) -> None:
            real["ftruncate"](number, size)
            self.note("cut", self.open[number], size)

        def mkdir(path: Any, *rest: Any, **more: Any) -> None:
            real["mkdir"](path, *rest, **more)
            if self.ours(path):
                self.note("folder", path)

        def pair(kind: str) -> Any:
            def done(source: Any, target: Any, **more: Any) -> None:
                real[kind](source, target, **more)
                if self.ours(target):
                    self.note("rename" if kind == "replace" else "name", source, str(target))

            return done

        def unlink(path: Any, **more: Any) -> None:
            real["unlink"](path, **more)
            if self.ours(path):
                self.note("unlink", path)

        doubles = {"open": opened, "write": write, "fsync": fsync, "ftruncate": ftruncate, "mkdir": mkdir}
        doubles |= {"replace": pair("replace"), "link": pair("link"), "unlink": unlink}
        with pytest.MonkeyPatch.context() as patched:
            for name, double in doubles.items():
                patched.setattr(os, name, double)
            yield


class Folders:
    """Files and folders at a moment: what is durable, and what was done since."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.seen: dict[str, int] = {}  # path -> its file, as programs see it now
        self.lasting: dict[str, dict[str, int]] = {}  # folder -> its durable names
        self.waiting: dict[str, list[tuple[int, dict[str, int | None]]]] = {}  # folder -> changes of names since
        self.content: dict[int, bytearray] = {}
        self.synced: dict[int, bytes] = {}

    def play(self, number: int, event: Event) -> None:
        """Apply the next event."""
        kind, path = event.kind, event.path
        if kind in ("create", "folder"):
            self.seen[path] = number
            self.content[number] = bytearray()
            self._names(number, path, number)
        elif kind == "write":
            self.content[self.seen[path]] += event.other
        elif kind == "cut":
            del self.content[self.seen[path]][event.other :]
        elif kind == "name":
            self.seen[event.other] = self.seen[path]
            self._names(number, event.other, self.seen[path])
        elif kind == "rename":
            file = self.seen[event.other] = self.seen.pop(path)
            if Path(path).parent == Path(event.other).parent:  # one change of one folder
                folder = self.waiting.setdefault(str(Path(path).parent), [])
                folder.append((number, {path: None, event.other: file}))
            else:
                self._names(number, path, None)
                self._names(number, event.other, file)
        elif kind == "unlink":
            self.seen.pop(path, None)
            self._names(number, path, None)
        elif kind == "sync" and path in self.waiting:
            names = self.lasting.setdefault(path, {})
            for done, change in self.waiting[path]:
                if done < event.at:
                    _apply(names, change)
            self.waiting[path] = [one for one in self.waiting[path] if one[0] >= event.at]
        elif kind == "sync" and path in self.seen:
            self.synced[self.seen[path]] = bytes(self.content[self.seen[path]])

    def _names(self, number: int, path: str, file: int | None) -> None:
        self.waiting.setdefault(str(Path(path).parent), []).append((number, {path: file}))

    def image(self, way: str, rng: random.Random) -> dict[str, bytes]:
        """The files that remain if the power fails now. `way`: what happens to unsynced changes."""
        names: dict[str, int] = {}
        for folder in self.lasting.keys() | self.waiting.keys():
            found = dict(self.lasting.get(folder, {}))
            waiting = self.waiting.get(folder, [])
            until = rng.randrange(len(waiting) + 1)
            for place, (_, change) in enumerate(waiting):
                if way == "all" or (way == "first" and place < until) or (way == "some" and rng.random() < 0.5):
                    _apply(found, change)
            names |= found
        return {path: self._bytes(file, way, rng) for path, file in names.items() if self._reached(path, names)}

    def _reached(self, path: str, names: dict[str, int]) -> bool:
        parent = str(Path(path).parent)
        return parent == str(Path(self.root).parent) or (path in names and self._reached(parent, names))

    def _bytes(self, file: int, way: str, rng: random.Random) -> bytes:
        now, lasts = bytes(self.content[file]), self.synced.get(file, b"")
        if way == "all" or now == lasts:
            return now
        if way == "nothing":
            return lasts
        return (
            now[: rng.randrange(len(now) + 1)] if now[: len(lasts)] != lasts else lasts + bytes(len(now) - len(lasts))
        )


def _apply(names: dict[str, int], change: dict[str, int | None]) -> None:
    for path, file in change.items():
        if file is None:
            names.pop(path, None)
        else:
            names[path] = file
