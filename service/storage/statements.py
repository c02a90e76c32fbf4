"""Reads `queries/*.sql` with aiosql: the same text for both engines, engine-only files by suffix."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple

import aiosql

ENGINES = ("sqlite", "postgres")
_DRIVER = {"sqlite": "sqlite3", "postgres": "asyncpg"}


class Statement(NamedTuple):
    """SQL as the engine takes it. `names` is the order of its `$n` (PostgreSQL only)."""

    sql: str
    names: tuple[str, ...]


def sql_files(folder: str, engine: str) -> Iterator[Traversable]:
    """The `.sql` files of a folder that an engine reads, by name: first those without suffix, then its own."""
    others = tuple(f".{other}.sql" for other in ENGINES if other != engine)
    folder_files = files("service.storage").joinpath(folder).iterdir()
    for file in sorted(folder_files, key=lambda file: (file.name.split(".")[0], file.name.count("."), file.name)):
        if file.name.endswith(".sql") and not file.name.endswith(others):
            yield file


@cache
def statements(engine: str) -> dict[str, Statement]:
    """All statements by name. A name given twice is a mistake and refused."""
    found: dict[str, Statement] = {}
    for file in sql_files("queries", engine):
        queries: Any = aiosql.from_str(file.read_text("utf-8"), _DRIVER[engine], mandatory_parameters=False)
        order = getattr(queries.driver_adapter, "var_sorted", {})
        for name in queries.available_queries:
            if name.endswith("_cursor"):  # aiosql makes one beside each select
                continue
            if name in found:
                raise ValueError(f"{file.name}: a statement named {name} exists already")
            found[name] = Statement(getattr(queries, name).sql, tuple(order.get(name, ())))
    return found
