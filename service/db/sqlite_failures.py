"""Why a SQLite file cannot be opened, and what to do, in Chinese and English."""

import sqlite3
from pathlib import Path

from .damage import CORRUPT
from .sqlite_transaction import FULL_CODES

PERMISSION = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_AUTH}


def cannot_open(path: Path, error: BaseException) -> OSError | None:
    """The error for people; None for a full disk, a lasting lock, and what they cannot mend."""
    cause = error.__cause__ if error.__cause__ is not None else error
    code = getattr(cause, "sqlite_errorcode", 0)
    if code & 0xFF == sqlite3.SQLITE_NOTADB:
        zh, en = (
            "不是 SQLite 数据库：请核对 DOORSTEP_DATABASE；如果是损坏了，请恢复备份（docs/backup.md）",
            "it is no SQLite database: check DOORSTEP_DATABASE; if it is damaged, restore a backup (docs/backup.en.md)",
        )
    elif code & 0xFF in CORRUPT:
        zh, en = (
            "数据库已损坏：请检查磁盘，恢复备份（docs/backup.md）",
            "the database is damaged: look at the disk, and restore a backup (docs/backup.en.md)",
        )
    elif code in FULL_CODES or code & 0xFF not in PERMISSION:
        return None
    elif path.is_dir():
        zh, en = (
            "这是文件夹：DOORSTEP_DATABASE 要写到文件",
            "it is a folder: DOORSTEP_DATABASE must name a file",
        )
    else:
        zh, en = (
            "没有权限打开数据库：请让运行它的账号能读写这个文件和它所在的文件夹",
            "no permission to open the database: let the account that runs this read and write the file and its folder",
        )
    return OSError(f"{path.absolute()}: {zh} / {en} ({getattr(cause, 'sqlite_errorname', '')})")
