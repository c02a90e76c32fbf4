"""Opens the database at an address. Only the engine in use is imported: less memory and a faster start."""

from .database import Database


def open_database(address: str, *, only_read: bool = False) -> Database:
    """The database at `sqlite:///relative/file`, `sqlite:////absolute/file` or `postgresql://…`.

    With `only_read` nothing is created or changed: `start` raises NoDatabase where there is none, OlderDatabase or
    DatabaseTooNew where its version differs, and `write` must not be called.
    """
    scheme, _, rest = address.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        if only_read:
            from .sqlite_reader import SqliteReader  # noqa: PLC0415

            return SqliteReader(rest[1:])
        from .sqlite import Sqlite  # noqa: PLC0415

        return Sqlite(rest[1:])
    if scheme in ("postgresql", "postgres"):
        from .postgres import Postgres  # noqa: PLC0415

        return Postgres(address, only_read=only_read)
    raise ValueError("the database address must look like sqlite:///folder/file.db or postgresql://user@host/name")
