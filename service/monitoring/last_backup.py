"""When the last backup was made: `doorstep backup` leaves it in the data folder, for `doorstep check` and monitors."""

from datetime import datetime
from pathlib import Path

import msgspec

LAST_BACKUP = "last-backup.json"


class LastBackup(msgspec.Struct, frozen=True):
    """The last backup: where it is, when it ended, and whether nothing was wrong with it."""

    backup: str
    ended_at: datetime
    sound: bool


def read_last_backup(data: Path) -> LastBackup | None:
    """The last backup of a data folder; None if there was none. DecodeError if the file is damaged."""
    try:
        raw = (data / LAST_BACKUP).read_bytes()
    except FileNotFoundError:
        return None
    return msgspec.json.decode(raw, type=LastBackup)
