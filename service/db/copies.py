"""Consistent copies of a database, taken while servers write to it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from .database import Database


class CopyDamaged(Exception):
    """The copy of a database cannot be read."""


@asynccontextmanager
async def copied(address: str, file: Path) -> AsyncGenerator[Database]:
    """Copy the database at an address into a new file, durably; yields the database exactly as it was copied.

    The file is a SQLite database, or what pg_dump writes in its custom format. NoDatabase, OlderDatabase or
    DatabaseTooNew as `open_database`; `postgres_tools.ToolFailed`; CopyDamaged.
    """
    if address.startswith("sqlite:"):
        from .sqlite_reader import SqliteReader  # noqa: PLC0415 - only the engine in use is imported

        source = SqliteReader(address.partition("://")[2][1:])
        try:
            await source.start()
            await source.copy_to(file)
        finally:
            await source.close()
        copy = SqliteReader(file)
        await copy.start()
        try:
            if wrong := await copy.check_pages():
                raise CopyDamaged(f"{file.name}: {wrong}")
            yield copy
        finally:
            await copy.close()
        return
    from . import postgres_tools  # noqa: PLC0415

    async with postgres_tools.dumped(address, file) as database:
        await postgres_tools.read_dump(file)
        await database.start()
        try:
            yield database
        finally:
            await database.close()
