"""Files that only the service may read: it stores names, addresses, photos and keys of people."""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

FOLDER, FILE = 0o700, 0o600
_OTHERS = 0o077


def create_privately() -> None:
    """Whatever this process creates from now on, only its own user may open."""
    os.umask(_OTHERS)


def close_to_others(folder: Path, files: Iterable[Path] = ()) -> list[str]:
    """Take the rights of other users from a folder, what lies directly in it and further files.

    Returns what was open to others until now, and what is not ours to change. Nobody gets past a closed folder, so what
    lies deeper is not looked at: there may be a million photos. A folder that everybody may use, such as /tmp, stays.
    """
    changed: list[str] = []
    with suppress(FileNotFoundError):
        if folder.stat().st_mode & stat.S_ISVTX:
            return [*_closed(files), f"{folder} (shared)"]
        with os.scandir(folder) as entries:
            inside = [Path(entry.path) for entry in entries if not entry.is_symlink()]
        changed += _closed((folder, *inside))
    return changed + _closed(files)


def _closed(paths: Iterable[Path]) -> list[str]:
    changed: list[str] = []
    for path in paths:
        with suppress(FileNotFoundError):
            mode = path.stat().st_mode
            if not mode & _OTHERS:
                continue
            try:
                path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
            except PermissionError:
                changed.append(f"{path} (not ours)")
                continue
            changed.append(str(path))
    return changed
