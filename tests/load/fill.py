"""Fills an empty database with an invented utility, past the service's own ways: a million visits in some minutes.

Rows go in without their indexes, which are made afterwards; grams go in last, in the order of their key.
"""

import sqlite3
from array import array
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import islice
from typing import Any, Protocol, Self

import asyncpg
import msgspec

from service.text import search_key
from service.visits.search_index import whole
from service.visits.search_tokens import tokenize
from service.visits.status import search_texts
from tests.load.utility import Past, visits

Rows = Iterable[tuple[Any, ...]]
SOME = 20_000
TABLES = {
    "visits": "id sha256 body type technician crew area checklist checklist_version window_from window_to planned_at "
    "created_at created_by salt",
    "visit_summaries": "visit type technician crew area planned_at state flags verdict valid_until revision plan",
    "sync_feed": "login visit planned_at is_assigned active number",
    "sync_counters": "login last",
    "search_texts": "visit area text",
    "search_tokens": "token visit",
}
INDEXED = ("visits", "visit_summaries", "sync_feed")


class Bulk(Protocol):
    """An engine's way to take many rows."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *_: object) -> None: ...
    async def put(self, table: str, rows: Rows) -> None:
        """Add rows, in the order of `TABLES`."""
        ...


class SqliteBulk:
    """A file, written without a journal."""

    def __init__(self, path: str) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        self._indexes: list[str] = []

    async def __aenter__(self) -> Self:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-200000", "locking_mode=EXCLUSIVE"):
            self._file.execute(f"PRAGMA {pragma}").fetchall()
        found = self._file.execute("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index'").fetchall()
        for table, name, sql in found:
            if sql and table in INDEXED:
                self._file.execute(f"DROP INDEX {name}")
                self._indexes.append(sql)
        return self

    async def __aexit__(self, *_: object) -> None:
        for sql in self._indexes:
            self._file.execute(sql)
        self._file.close()

    async def put(self, table: str, rows: Rows) -> None:
        names = TABLES[table].split()
        self._file.execute("BEGIN")
        self._file.executemany(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",  # noqa: S608
            rows,
        )
        self._file.execute("COMMIT")


class PostgresBulk:
    """A connection that copies."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._indexes: list[str] = []

    async def __aenter__(self) -> Self:
        self._connection: Any = await asyncpg.connect(self._address)
        await self._connection.execute("SET session_replication_role = replica")  # no foreign keys to look at
        await self._connection.execute("SET maintenance_work_mem = '512MB'")
        found = await self._connection.fetch(
            "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i "
            "WHERE NOT i.indisprimary AND i.indrelid::regclass::text = ANY($1)",
            list(INDEXED),
        )
        for name, sql in found:
            await self._connection.execute(f"DROP INDEX {name}")
            self._indexes.append(sql)
        return self

    async def __aexit__(self, *_: object) -> None:
        for sql in self._indexes:
            await self._connection.execute(sql)
        await self._connection.execute("VACUUM ANALYZE")
        await self._connection.close()

    async def put(self, table: str, rows: Rows) -> None:
        async def lines() -> AsyncIterator[bytes]:
            for some in _chunks(rows):
                yield b"".join(map(_line, some))

        await self._connection.copy_to_table(table, source=lines(), columns=TABLES[table].split())


def _line(row: Sequence[Any]) -> bytes:
    """A row as COPY reads it."""
    return "\t".join([_text(value) for value in row]).encode() + b"\n"


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    if value is None:
        return "\\N"
    return str(value).replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def _chunks(rows: Rows) -> Iterator[list[tuple[Any, ...]]]:
    rest = iter(rows)
    while some := list(islice(rest, SOME)):
        yield some


async def fill(engine: str, place: str, count: int, now: int) -> None:
    """Visits into the tables at a place (a file, or an address)."""
    postings: dict[str, array[int]] = {}
    ids: list[bytes] = []
    feeds: dict[str, int] = {}
    known: dict[str, tuple[tuple[str, ...], set[str]]] = {}  # a customer's texts and grams by his account
    bulk: Bulk = SqliteBulk(place) if engine == "sqlite" else PostgresBulk(place)
    async with bulk:
        for past in _several(visits(count, now)):
            bodies = [msgspec.json.encode(one.plan) for one in past]
            await bulk.put("visits", [_visit(one, body) for one, body in zip(past, bodies, strict=True)])
            await bulk.put("visit_summaries", [_board(one, body) for one, body in zip(past, bodies, strict=True)])
            await bulk.put("sync_feed", [row for one in past for row in _feed(one, feeds)])
            found: list[tuple[Any, ...]] = []
            for one in past:
                account = one.plan.customer.account
                if account not in known:
                    texts = search_texts(msgspec.structs.replace(one.plan, external_ref=None))[:-1]
                    parts = tuple(map(search_key, texts))
                    known[account] = parts, tokenize(parts)
                reference = one.plan.external_ref or ""
                order = search_key(reference)
                for gram in known[account][1] | tokenize([order]) | {whole(reference)}:
                    postings.setdefault(gram, array("I")).append(len(ids))
                found.append((one.id.bytes, one.area, "\n".join((*known[account][0], order))))
                ids.append(one.id.bytes)
            await bulk.put("search_texts", found)
        await bulk.put("sync_counters", feeds.items())
        await bulk.put("search_tokens", ((gram, ids[number]) for gram in sorted(postings) for number in postings[gram]))


def _several(all_of_them: Iterator[Past]) -> Iterator[list[Past]]:
    while some := list(islice(all_of_them, SOME)):
        yield some


def _visit(one: Past, body: bytes) -> tuple[Any, ...]:
    plan, digest = one.plan, sha256(body).digest()
    window = one.planned_at, one.planned_at + 7_200_000
    who = plan.type, plan.technician, "\n".join(plan.crew), one.area, "onsite", "1"
    return (one.id.bytes, digest, body, *who, *window, one.planned_at, one.created_at, "zhao", digest)


def _board(one: Past, body: bytes) -> tuple[Any, ...]:
    plan = one.plan
    who = plan.type, plan.technician, "\n".join(plan.crew), one.area, one.planned_at
    until = one.planned_at + 10**12 if one.flags else None
    return (one.id.bytes, *who, one.state, one.flags, one.verdict, until, 0, body)


def _feed(one: Past, feeds: dict[str, int]) -> Iterator[tuple[Any, ...]]:
    live = int(one.state in ("planned", "under_way", "returned") or "open_duties" in one.flags)
    for login in (one.plan.technician, *one.plan.crew):
        feeds[login] = feeds.get(login, 0) + 1
        yield login, one.id.bytes, one.planned_at, 1, live, feeds[login]
