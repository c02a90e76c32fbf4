"""Reads the `.sql` files of all packages with aiosql: one text for both engines, engine-only files by suffix."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

import aiosql

from .database import BatchStatement, ResultOf

ENGINES = ("sqlite", "postgres")
_DRIVER = {"sqlite": "sqlite3", "postgres": "asyncpg"}


class Query(NamedTuple):
    """SQL as the engine takes it. `names` is the order of its `$n` (PostgreSQL only)."""

    sql: str
    names: tuple[str, ...]


def sql_files(pattern: str, engine: str) -> Iterator[Path]:
    """The `.sql` files that an engine reads, by name: first those without a suffix, then its own."""
    others = tuple(f".{other}.sql" for other in ENGINES if other != engine)
    files = Path(__file__).parents[1].glob(pattern)
    for file in sorted(files, key=lambda file: (file.name.split(".")[0], file.name.count("."), file.name)):
        if not file.name.endswith(others):
            yield file


@cache
def load_queries(engine: str) -> dict[str, Query]:
    """All statements by name. ValueError when a name is given twice."""
    found: dict[str, Query] = {}
    for file in sql_files("*/*.sql", engine):
        queries = cast("Any", aiosql).from_str(file.read_text("utf-8"), _DRIVER[engine], mandatory_parameters=False)
        order = getattr(queries.driver_adapter, "var_sorted", {})
        for name in queries.available_queries:
            if name.endswith("_cursor"):  # aiosql adds one to each select
                continue
            if name in found:
                raise ValueError(f"{file.name}: a statement named {name} exists already")
            found[name] = Query(getattr(queries, name).sql, tuple(order.get(name, ())))
    return found


BatchPart = tuple[str, tuple[tuple[str, ResultOf], ...]]
"""The name of a statement, and which of its parameters are results of earlier ones."""


def batch_parts(changes: Sequence[BatchStatement]) -> tuple[tuple[BatchPart, ...], list[Any]]:
    """The arguments of `as_single_statement` for a batch, and its parameters in order."""
    known = load_queries("postgres")
    parts: list[BatchPart] = []
    values: list[Any] = []
    for query, params in changes:
        wanted = [(name, params[name]) for name in known[query].names]
        parts.append((query, tuple((name, value) for name, value in wanted if type(value) is ResultOf)))
        values += [value for _, value in wanted if type(value) is not ResultOf]
    return tuple(parts), values


def joined(queries: tuple[str, ...]) -> tuple[str, list[str]]:
    """One statement, or several as one, to run for many rows; and the names of its parameters in order."""
    known = load_queries("postgres")
    text = known[queries[0]].sql if len(queries) == 1 else as_single_statement(*((query, ()) for query in queries))
    return text, [name for query in queries for name in known[query].names]


@cache
def numbered(query: str) -> str:
    """A statement with one more parameter, a number that begins each row: of many sent at once, whose row it is."""
    sql, names = load_queries("postgres")[query]
    text, number = sql.strip().rstrip(";"), f"${len(names) + 1}::int"
    if only_reads(sql):
        return f"SELECT {number}, found.* FROM ({text}) AS found"  # noqa: S608 - our own text
    return f"WITH found AS ({text}) SELECT {number}, found.* FROM found"  # noqa: S608


def only_reads(sql: str) -> bool:
    """Whether a statement changes nothing."""
    return sql.lstrip().upper().startswith("SELECT")


@cache
def as_single_statement(*parts: BatchPart) -> str:
    """Several changes as one statement of PostgreSQL, which returns how many rows each of them changed."""
    known, sources = load_queries("postgres"), {of.query for _, ofs in parts for _, of in ofs}
    texts: list[str] = []
    count = 0
    for query, ofs in parts:
        places = {name: f"(SELECT value FROM {of.query})" for name, of in ofs}  # noqa: S608
        numbers: list[str] = []
        for name in known[query].names:
            count += name not in places
            numbers.append(places.get(name, f"${count}"))
        text = re.sub(r"\$(\d+)", lambda found, numbers=numbers: numbers[int(found[1]) - 1], known[query].sql)
        returning = "" if query in sources else " RETURNING 1"
        texts.append(f"{query} (value) AS ({text.strip().rstrip(';')}{returning})")
    counted = ", ".join(f"(SELECT count(*) FROM {query})" for query, _ in parts)  # noqa: S608 - our own names
    return f"WITH {', '.join(texts)} SELECT {counted}"
