"""`doorstep lint`: read a folder and say what is wrong with it."""

from pathlib import Path

from .lint import lint as lint_source
from .loader import read_floor, read_folder, shipped
from .source import Message, Unreadable


def lint(folder: Path) -> list[Message]:
    """Everything wrong with the checklist in `folder`, measured against the norm that travels with the package."""
    try:
        return lint_source(read_folder(folder), read_floor(shipped()))
    except Unreadable as unreadable:
        return unreadable.messages
