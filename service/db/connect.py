"""Opens the database that an address names."""

from .database import Database


def open_database(address: str, *, only_read: bool = False) -> Database:
    """The database of an address: `sqlite:///relative/file`, `sqlite:////absolute/file` or `postgresql://…`.

    `only_read`: it is read as it is, and nothing of it is made or changed. Its `start` raises `NoDatabase` when there
    is none, `OlderDatabase` or `NewerDatabase` when it is one of another version; `write` is not for it.
    """
    scheme, _, rest = address.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        if only_read:
            from .sqlite_reader import SqliteReader  # noqa: PLC0415

            return SqliteReader(rest[1:])
        from .sqlite import Sqlite  # noqa: PLC0415 - only the engine in use: less memory, a faster start

        return Sqlite(rest[1:])
    if scheme in ("postgresql", "postgres"):
        from .postgres import Postgres  # noqa: PLC0415

        return Postgres(address, only_read=only_read)
    raise ValueError("the database address must look like sqlite:///folder/file.db or postgresql://user@host/name")
