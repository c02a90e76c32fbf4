"""Servers to measure side by side: Doorstep, Doorstep that stores nothing, and one transaction per request.

    python -m tests.load.server KIND DATABASE SYNC_MS [FOLDER]

prints the port it listens on. KIND: `doorstep`, `nothing` (decodes, judges, answers), `each` (aiosqlite, every
request its own transaction, the way most services are written). SYNC_MS is added to every sync of SQLite. FOLDER is
for photos and the file of checkpoints, which is about one database; by default a new one.
"""

import asyncio
import contextlib
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import aiosqlite
import uvicorn
import uvloop

from service.accounts.authentication import token_digest
from service.app import create_app
from service.background import run_background_work
from service.blobs.evidence_storage import open_evidence_storage
from service.config.settings import Settings
from service.context import AppContext
from service.db.connect import open_database
from service.db.database import Database, Transaction
from service.db.queries import Query, load_queries
from service.db.sqlite import PRAGMAS, Sqlite
from service.db.sqlite_transaction import SqliteTransaction, run_without_event_loop
from service.lifecycle import current_millis, freeze_gc, uuid7
from service.rate_limit import TokenBucket
from service.server import configured
from service.web import access_log
from tests.load.keys import LOAD_KEYS
from tests.load.town import token_of


class SlowDisk(Sqlite):
    """SQLite on a disk whose sync takes longer."""

    def __init__(self, path: str, sync_ms: float) -> None:
        super().__init__(path)
        self.sync_ms = sync_ms

    def commit(self, connection: Any) -> None:
        super().commit(connection)
        time.sleep(self.sync_ms / 1000)


class AioTx:
    """A `Tx` over aiosqlite: every statement goes to the connection's thread and back."""

    def __init__(self, connection: aiosqlite.Connection, sql: dict[str, Any]) -> None:
        self.connection, self.sql = connection, sql

    async def fetch_one(self, query: str, /, **params: Any) -> Any:
        async with self.connection.execute(self.sql[query].sql, params) as cursor:
            return await cursor.fetchone()

    async def fetch_all(self, query: str, /, **params: Any) -> Any:
        return list(await self.connection.execute_fetchall(self.sql[query].sql, params))

    async def execute(self, query: str, /, **params: Any) -> int:
        async with self.connection.execute(self.sql[query].sql, params) as cursor:
            return cursor.rowcount

    execute_many, execute_batch = SqliteTransaction.execute_many, SqliteTransaction.execute_batch


class Each(SlowDisk):
    """One transaction per request, one after the other, as SQLite has one writer."""

    async def start(self) -> None:
        await super().start()
        self.lock = asyncio.Lock()
        self.connection = await aiosqlite.connect(self.path, isolation_level=None)
        for pragma in PRAGMAS:
            await self.connection.execute_fetchall(f"PRAGMA {pragma}")

    async def write(self, work: Any, *, about: bytes | None = None) -> Any:
        if not hasattr(self, "connection"):
            return await super().write(work, about=about)
        async with self.lock:
            await self.connection.execute("BEGIN IMMEDIATE")
            try:
                result = await work(AioTx(self.connection, load_queries("sqlite")))
            except BaseException:
                await self.connection.execute("ROLLBACK")
                raise
            await self.connection.execute("COMMIT")
            if self.sync_ms:
                await asyncio.sleep(self.sync_ms / 1000)
            return result

    async def close(self) -> None:
        await self.connection.close()
        await super().close()


class Nothing(Sqlite):
    """Answers a record's way from memory and stores nothing: what is left is to decode, to judge and to answer."""

    rows: dict[str, Any]

    async def start(self) -> None:
        await super().start()
        self.rows = {}

        async def remember(tx: Transaction) -> None:
            one = await tx.fetch_one("any_visit")
            self.rows["locked_visit"] = one
            self.rows["next_sync_number"] = (1,)
            token = token_digest(token_of(UUID(bytes=one[0]))) if one else b""
            self.rows["person_of_token"] = await tx.fetch_one("person_of_token", digest=token)
            self.rows["checklist"] = await tx.fetch_one("checklist", id="onsite", version="1")

        self._sql["any_visit"] = Query(self._sql["visit"].sql.replace("WHERE v.id = :id", "LIMIT 1"), ())
        await self.read(remember)

    async def write(self, work: Any, *, about: bytes | None = None) -> Any:
        return run_without_event_loop(work(self))

    async def fetch_one(self, query: str, /, **params: Any) -> Any:
        row = self.rows.get(query)
        return (params["id"], *row[1:]) if query == "locked_visit" else row

    async def fetch_all(self, query: str, /, **params: Any) -> list[Any]:
        return []

    async def execute(self, query: str, /, **params: Any) -> int:
        return 1

    async def execute_many(self, queries: Any, rows: Any, /) -> None:
        return None

    async def execute_batch(self, *changes: Any) -> list[int]:
        return [1] * len(changes)


def database_of(kind: str, address: str, sync_ms: float) -> Database:
    """The engine of a kind of server."""
    path = address.removeprefix("sqlite:///")
    if kind == "nothing":
        return Nothing(path)
    if kind == "each":
        return Each(path, sync_ms)
    return SlowDisk(path, sync_ms) if sync_ms else open_database(address)


async def main(kind: str, address: str, sync_ms: float, folder: Path) -> None:
    """Serve until SIGTERM."""
    access_log.configure_logging("json", "warning")
    ctx = AppContext(
        db=database_of(kind, address, sync_ms),
        clock=current_millis,
        new_id=uuid7,
        zone=ZoneInfo("Asia/Shanghai"),
        rules_cache={},
        keys=LOAD_KEYS,
        evidence_storage=open_evidence_storage(folder),
        token_rate_limit=TokenBucket(10**9),  # counted as in service, but never too many: one token sends all the load
    )
    async with contextlib.AsyncExitStack() as stack:
        if kind == "doorstep":
            await stack.enter_async_context(run_background_work(ctx))
        else:
            await ctx.db.start()
            stack.push_async_callback(ctx.db.close)
        listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
        print(listening.getsockname()[1], flush=True)
        config = configured(create_app(ctx, 2**21), Settings())
        freeze_gc()
        await uvicorn.Server(config).serve(sockets=[listening])


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn raises it again when it has finished
    with tempfile.TemporaryDirectory(prefix="doorstep-load-") as new:
        uvloop.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]), Path(sys.argv[4] if sys.argv[4:] else new)))
