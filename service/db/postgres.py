"""PostgreSQL: a pool of connections; each function has its own transaction, or shares one with others (`groups`)."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, cast
from urllib.parse import urlsplit

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from service import errors
from service.measurements import COMMIT_SECONDS, COMMITTED

from .database import BatchStatement, Row, T, TransactionFn
from .groups import Groups
from .migrate import NoDatabase, migrate_postgres, require_current
from .postgres_failures import cannot_open, cannot_read
from .queries import Query, as_single_statement, batch_parts, joined, load_queries
from .side_by_side import GroupFailed, Outcome, run_side_by_side

MAX_ATTEMPTS = 5
RETRYABLE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
CONNECTION_LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # the server shuts down
    asyncpg.InsufficientResourcesError,
    asyncpg.InternalClientError,  # the driver, when the connection breaks in the middle of an answer
    asyncpg.ReadOnlySQLTransactionError,  # after a failover
)
SETTINGS = {"synchronous_commit": "on", "application_name": "doorstep"}
FAILED = (asyncpg.DataCorruptedError, asyncpg.IndexCorruptedError, asyncpg.PostgresIOError)
_log = logging.getLogger("doorstep.storage")
LOCK_TIMEOUT_MS = 500  # less than PostgreSQL's deadlock_timeout (1 s), so that it is the group that gives way
STATEMENTS = 1000
"""More than there are, so that a connection prepares each statement only once."""


class PostgresTransaction:
    """A `Transaction` on a connection."""

    def __init__(self, connection: Any, sql: dict[str, Query]) -> None:
        self._connection, self._sql = connection, sql

    async def fetch_one(self, query: str, /, **params: Any) -> Row | None:
        sql, names = self._sql[query]
        row = await self._connection.fetchrow(sql, *[params[name] for name in names])
        return None if row is None else tuple(row)

    async def fetch_all(self, query: str, /, **params: Any) -> list[Row]:
        sql, names = self._sql[query]
        return [tuple(row) for row in await self._connection.fetch(sql, *[params[name] for name in names])]

    async def execute(self, query: str, /, **params: Any) -> int:
        sql, names = self._sql[query]
        status = await self._connection.execute(sql, *[params[name] for name in names])
        return int(status.rpartition(" ")[2])  # "INSERT 0 1", "UPDATE 3"

    async def execute_many(self, queries: str | tuple[str, ...], rows: Sequence[dict[str, Any]], /) -> None:
        sql, names = joined((queries,) if isinstance(queries, str) else queries)
        await self._connection.executemany(sql, [[row[name] for name in names] for row in rows])

    async def execute_batch(self, *changes: BatchStatement) -> list[int]:
        parts, values = batch_parts(changes)
        return list(await self._connection.fetchrow(as_single_statement(*parts), *values))


class Postgres:
    """A PostgreSQL database. Unknown parameters of its address are server settings (`search_path=…`).

    With `snapshot`, the id of an exported one, all reads are of that snapshot.
    """

    engine = "postgres"
    failures = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)

    def __init__(
        self,
        address: str,
        *,
        connections: int = 10,
        timeout: float = 10.0,
        only_read: bool = False,
        snapshot: str = "",
    ) -> None:
        self._snapshot = snapshot
        self._address, self._connections, self._timeout = address, connections, timeout
        self._only_read = only_read
        self._sql = load_queries(self.engine)
        self._pool: Any = None
        self._groups = Groups(self._write, self._write_together, timeout=timeout)
        self._is_open = False
        self._running = 0  # functions accepted and not yet ended
        self._one_ended = asyncio.Event()

    @property
    def name(self) -> str:
        parts = urlsplit(self._address)
        user, at, host = parts.netloc.rpartition("@")
        options = [option for option in parts.query.split("&") if "password" not in option.partition("=")[0].lower()]
        return parts._replace(netloc=f"{user.partition(':')[0]}{at}{host}", query="&".join(options)).geturl()

    @property
    def waiting(self) -> int:
        return self._groups.waiting

    async def start(self) -> None:
        if not self._only_read:
            try:
                await self._connect(SETTINGS, migrate_postgres)
            except Exception as error:
                if said := cannot_open(self.name, error):
                    raise said from error
                raise
            return
        try:
            await self._connect(SETTINGS | {"default_transaction_read_only": "on"}, self._require_current)
        except asyncpg.InvalidCatalogNameError as error:
            raise NoDatabase(self.name, "服务器上没有这个数据库 / the server has no such database") from error
        except self.failures as error:
            raise cannot_read(self.name, error) from error

    async def _require_current(self, connection: Any) -> None:
        has_tables, empty = await connection.fetchrow(self._sql["tables_there"].sql)
        if not has_tables:
            what = "空数据库 / an empty database" if empty else "没有 Doorstep 的表 / it has none of its tables"
            raise NoDatabase(self.name, what, fresh=empty)
        require_current(self.engine, [number for (number,) in await connection.fetch(self._sql["applied"].sql)])

    async def _connect(self, settings: dict[str, str], prepare: Callable[[Any], Awaitable[None]]) -> None:
        self._pool = await cast("Any", asyncpg).create_pool(
            self._address,
            min_size=1,
            max_size=self._connections,
            statement_cache_size=STATEMENTS,
            reset=_skip_reset,
            server_settings=settings,
        )
        try:
            async with self._pool.acquire() as connection:
                await prepare(connection)
        except BaseException:
            await self.close()
            raise
        self._is_open = True

    async def purge(self) -> bool:
        """See `Database.purge`: dead rows are removed. (The WAL of PostgreSQL keeps them until it is recycled.)"""
        async with self._pool.acquire() as connection:
            await connection.execute("VACUUM")
        return True

    async def close(self) -> None:
        pool, self._is_open = self._pool, False
        if pool is None:
            return
        try:
            async with asyncio.timeout(4):  # a stop takes at most five seconds
                while self._running:
                    self._one_ended.clear()
                    await self._one_ended.wait()
                await pool.close()
        except TimeoutError:
            pool.terminate()
        self._pool = None

    async def write(self, work: TransactionFn[T], *, about: bytes | None = None) -> T:
        with self._counted():
            return await (self._write(work) if about is None else self._groups.write(work, about))

    async def read(self, work: TransactionFn[T]) -> T:
        with self._counted():
            return await self._transact(work, isolation="repeatable_read", readonly=True)

    @contextmanager
    def _counted(self) -> Generator[None]:
        if not self._is_open:
            raise errors.ServiceUnavailable
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._one_ended.set()

    async def _write(self, work: TransactionFn[T]) -> T:
        with _measured(1):
            return await self._transact(work, isolation="read_committed", readonly=False)

    async def _transact(self, work: TransactionFn[T], **kind: Any) -> T:
        for _ in range(MAX_ATTEMPTS):
            with suppress(*RETRYABLE):
                async with self._transaction(**kind) as connection:
                    return await work(PostgresTransaction(connection, self._sql))
        raise errors.ServiceUnavailable

    async def _write_together(self, works: Sequence[TransactionFn[Any]]) -> list[Outcome]:
        """Run functions side by side in one transaction; GroupFailed names those that have to run alone."""
        try:
            with _measured(len(works)):
                async with self._transaction(isolation="read_committed", readonly=False) as connection:
                    await connection.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
                    return await run_side_by_side(connection, works)
        except (GroupFailed, errors.Problem):
            raise
        except Exception as error:  # it does not say whose statement failed
            raise GroupFailed(set(range(len(works)))) from error

    @asynccontextmanager
    async def _transaction(self, **kind: Any) -> AsyncGenerator[Any]:
        """A transaction on a connection of the pool."""
        pool = self._pool
        try:
            connection = await pool.acquire(timeout=self._timeout)
        except Exception as error:
            raise errors.ServiceUnavailable from error  # down, starting, or every connection in use
        try:
            async with connection.transaction(**kind):
                if self._snapshot:
                    await connection.execute(f"SET TRANSACTION SNAPSHOT '{self._snapshot}'")
                yield connection
        except asyncpg.DiskFullError as error:
            raise errors.StorageFull from error
        except FAILED as error:
            _log.critical("the database failed (%s)", error.sqlstate)
            raise errors.StorageFailed(str(error.sqlstate)) from error
        except Exception as error:
            wrote = kind["readonly"] and isinstance(error, asyncpg.ReadOnlySQLTransactionError)
            if wrote or (not _is_connection_lost(error) and not _is_closed(connection)):
                raise  # a mistake in the program
            _terminate(connection)  # the server's goodbye may come before the connection ends
            raise errors.ServiceUnavailable from error  # whether it was stored is unknown: the caller may try again
        finally:
            try:
                await pool.release(connection)
            except Exception:  # noqa: BLE001 - the connection broke after the transaction ended, which changes nothing
                _terminate(connection)


@contextmanager
def _measured(functions: int) -> Generator[None]:
    """Measure a transaction that writes, if it is committed."""
    begun = time.perf_counter()
    yield
    COMMIT_SECONDS.observe(time.perf_counter() - begun)
    COMMITTED.inc(functions)


def _terminate(connection: Any) -> None:
    with suppress(Exception):  # the pool may have released it already
        connection.terminate()


def _is_closed(connection: Any) -> bool:
    """Whether the connection is closed, whatever the error is called: the event loop raises its own."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True


def _is_connection_lost(error: BaseException | None) -> bool:
    """Whether the error, or one that it was raised from, says that the connection broke."""
    while error is not None:
        # a mistake in the arguments is a subclass of InterfaceError
        if isinstance(error, CONNECTION_LOST) or type(error) is asyncpg.InterfaceError:
            return True
        error = error.__context__
    return False


async def _skip_reset(_: Any) -> None:
    """Saves the driver's round trip when a connection is released: all settings end with their transaction."""
