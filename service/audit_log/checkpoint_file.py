"""The file of checkpoints in the data folder: signed notes, an empty line after each. It is only appended to, and is
evidence against a database that was rolled back or rewritten."""

import os
import re
from pathlib import Path

from service.durable_files import append_durably, fsync_path

NAME = "checkpoints"
TAIL_BYTES = 65536  # some hundred checkpoints
_NOTE = re.compile(
    rb"(?m)^[^\n]+\n\d+\n[A-Za-z0-9+/]{43}=\n(?:[^\n]+\n){0,16}\n"
    rb"(?:\xe2\x80\x94 [^\s+]+ [A-Za-z0-9+/]+={0,2}(?:\n|\Z))+"
)
_END, _CUT_OFF = b"\n\n", "…\n\n".encode()
"""What follows a note, and what follows one that a crash cut off, so that it is none."""


def find_notes(content: bytes) -> list[bytes]:
    """The signed checkpoints in a text, such as the file of checkpoints or a mail."""
    notes = _NOTE.findall(content.replace(b"\r\n", b"\n"))
    return [note if note.endswith(b"\n") else note + b"\n" for note in notes]


def find_own_notes(content: bytes) -> list[bytes]:
    """The checkpoints in the file of checkpoints, without what may still be being written."""
    return find_notes(content[: content.rfind(_END) + len(_END)])


def last_notes(path: Path) -> list[bytes]:
    """The last checkpoints in the file, oldest first."""
    return find_own_notes(_tail(path))


def _tail(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            return file.read()
    except FileNotFoundError:
        return b""


def append(path: Path, note: bytes) -> None:
    """Append a note durably. What a crash left of one before it stays, apart from it."""
    before = _tail(path)
    separator = b"" if not before or before.endswith(_END) else _CUT_OFF
    append_durably(path, separator + note + b"\n")
    if not before:
        fsync_path(path.parent)
