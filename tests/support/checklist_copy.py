"""A copy of the bundled checklist to break, and the messages of lint about it."""

import shutil
from pathlib import Path

from service.checklists.lint import lint
from service.checklists.loader import bundled_checklists_dir
from service.checklists.source import LintMessage

BORROWING = "4.3.4-borrowing.toml"
ENTRY = "4.3.5-entry-and-cleanup.toml"
METER = "4.3.7-meter-damage.toml"
THANKED = 'id = "borrow_thanked"'


def copied(to: Path) -> Path:
    """A copy of the bundled folder, as its next version."""
    folder = to / "checklists"
    shutil.copytree(bundled_checklists_dir(), folder)
    change(folder, "checklist.toml", "\nversion = 1\n", "\nversion = 2\n")
    return folder


def change(folder: Path, file: str, old: str, new: str, after: str = "") -> None:
    """Replace the first `old` that follows `after`; it has to be there."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    at = text.index(old, text.index(after))
    path.write_text(text[:at] + new + text[at + len(old) :], encoding="utf-8")


def said(folder: Path, key: str, words: str) -> LintMessage:
    """The only message about `key` that contains the words."""
    messages = lint(folder)
    (found,) = [message for message in messages if message.key == key and words in str(message)] or [None]
    assert found, "\n".join(str(message) for message in messages)
    return found
