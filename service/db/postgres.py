"""PostgreSQL: a pool of connections; a transaction for each work, or for several that wait (`groups`)."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from service import errors

from .database import BatchStatement, Row, T, TransactionFn
from .groups import Groups
from .migrate import NoDatabase, current, migrate_postgres
from .queries import Query, as_single_statement, load_queries, many_text, parts_of
from .side_by_side import Outcome, Spoiled, run_side_by_side

MAX_ATTEMPTS = 5
RETRYABLE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
CONNECTION_LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # it is told to stop, or stops itself
    asyncpg.InsufficientResourcesError,
    asyncpg.InternalClientError,  # the driver, when the end comes in the middle of an answer
    asyncpg.ReadOnlySQLTransactionError,  # another server took its place
)
SETTINGS = {"synchronous_commit": "on", "application_name": "doorstep"}
ONLY_READ = {"default_transaction_read_only": "on"}
FAILED = (asyncpg.DataCorruptedError, asyncpg.IndexCorruptedError, asyncpg.PostgresIOError)
_log = logging.getLogger("doorstep.storage")
LOCK_PATIENCE = 500  # ms: before PostgreSQL looks for a deadlock (1 s), so that it is a group that gives way
STATEMENTS = 500
"""More than there are: what a connection has prepared it need not prepare again."""


class PostgresTransaction:
    """A `Tx` on a connection."""

    def __init__(self, connection: Any, sql: dict[str, Query]) -> None:
        self._connection, self._sql = connection, sql

    async def fetch_one(self, query: str, /, **params: Any) -> Row | None:
        """See `Tx`."""
        sql, names = self._sql[query]
        row = await self._connection.fetchrow(sql, *[params[name] for name in names])
        return None if row is None else tuple(row)

    async def fetch_all(self, query: str, /, **params: Any) -> list[Row]:
        """See `Tx`."""
        sql, names = self._sql[query]
        return [tuple(row) for row in await self._connection.fetch(sql, *[params[name] for name in names])]

    async def execute(self, query: str, /, **params: Any) -> int:
        """See `Tx`."""
        sql, names = self._sql[query]
        status = await self._connection.execute(sql, *[params[name] for name in names])
        return int(status.rpartition(" ")[2])  # "INSERT 0 1", "UPDATE 3"

    async def execute_many(self, queries: str | tuple[str, ...], rows: Sequence[dict[str, Any]], /) -> None:
        """See `Tx`."""
        sql, names = many_text((queries,) if isinstance(queries, str) else queries)
        await self._connection.executemany(sql, [[row[name] for name in names] for row in rows])

    async def execute_batch(self, *changes: BatchStatement) -> list[int]:
        """See `Tx`."""
        parts, given = parts_of(changes)
        return list(await self._connection.fetchrow(as_single_statement(*parts), *given))


class Postgres:
    """A PostgreSQL database. Query parameters that are not the driver's are server settings (`search_path=…`)."""

    engine = "postgres"
    failures = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)

    def __init__(self, address: str, *, connections: int = 10, patience: float = 10.0, only_read: bool = False) -> None:
        self._address, self._connections, self._patience = address, connections, patience
        self._only_read = only_read
        self._sql = load_queries(self.engine)
        self._pool: Any = None
        self._groups = Groups(self._write, self._write_together, patience=patience)
        self._taking = False
        self._running = 0  # works taken and not yet ended
        self._quiet = asyncio.Event()

    @property
    def name(self) -> str:
        """See `Database`."""
        return without_password(self._address)

    async def start(self) -> None:
        """Connect and bring the tables up to date, or where it is only read, see that they are."""
        if self._only_read:
            await self._start_reading()
        else:
            await self._start(SETTINGS, migrate_postgres)

    async def _start_reading(self) -> None:
        try:
            await self._start(SETTINGS | ONLY_READ, self._current)
        except asyncpg.InvalidCatalogNameError as error:
            raise NoDatabase(self.name, "服务器上没有这个数据库 / the server has no such database") from error
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise OSError(f"{self.name}: {type(error).__name__}: {error}") from error

    async def _current(self, connection: Any) -> None:
        there, empty = await connection.fetchrow(self._sql["tables_there"].sql)
        if not there:
            what = "空数据库 / an empty database" if empty else "没有 Doorstep 的表 / it has none of its tables"
            raise NoDatabase(self.name, what, fresh=empty)
        current(self.engine, [number for (number,) in await connection.fetch(self._sql["applied"].sql)])

    async def _start(self, settings: dict[str, str], see_to: Callable[[Any], Awaitable[None]]) -> None:
        self._pool = await asyncpg.create_pool(
            self._address,
            min_size=1,
            max_size=self._connections,
            statement_cache_size=STATEMENTS,
            reset=_skip_reset,
            server_settings=settings,
        )
        try:
            async with self._pool.acquire() as connection:
                await see_to(connection)
        except BaseException:
            await self.close()
            raise
        self._taking = True

    async def close(self) -> None:
        """Let works in flight finish, then disconnect."""
        pool, self._taking = self._pool, False
        if pool is None:
            return
        try:
            async with asyncio.timeout(4):  # a stop takes at most five seconds
                while self._running:
                    self._quiet.clear()
                    await self._quiet.wait()
                await pool.close()
        except TimeoutError:
            pool.terminate()
        self._pool = None

    async def write(self, work: TransactionFn[T], *, about: bytes | None = None) -> T:
        """See `Database.write`."""
        with self._one_more():
            return await (self._write(work) if about is None else self._groups.write(work, about))

    async def read(self, work: TransactionFn[T]) -> T:
        """See `Database.read`."""
        with self._one_more():
            return await self._transact(work, isolation="repeatable_read", readonly=True)

    @contextmanager
    def _one_more(self) -> Iterator[None]:
        """A work is taken, and ended."""
        if not self._taking:
            raise errors.ServiceUnavailable
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._quiet.set()

    async def _write(self, work: TransactionFn[T]) -> T:
        return await self._transact(work, isolation="read_committed", readonly=False)

    async def _transact(self, work: TransactionFn[T], **kind: Any) -> T:
        for _ in range(MAX_ATTEMPTS):
            with suppress(*RETRYABLE):
                async with self._transaction(**kind) as connection:
                    return await work(PostgresTransaction(connection, self._sql))
        raise errors.ServiceUnavailable

    async def _write_together(self, works: Sequence[TransactionFn[Any]]) -> list[Outcome]:
        """Works side by side in one transaction. Spoiled: those for which that is not possible."""
        try:
            async with self._transaction(isolation="read_committed", readonly=False) as connection:
                await connection.execute(f"SET LOCAL lock_timeout = {LOCK_PATIENCE}")
                return await run_side_by_side(connection, works)
        except (Spoiled, errors.Problem):
            raise
        except Exception as error:  # it does not say whose it is
            raise Spoiled(set(range(len(works)))) from error

    @asynccontextmanager
    async def _transaction(self, **kind: Any) -> AsyncIterator[Any]:
        """A transaction on a connection of the pool."""
        pool = self._pool
        try:
            connection = await pool.acquire(timeout=self._patience)
        except Exception as error:
            raise errors.ServiceUnavailable from error  # away, starting, or every connection taken
        try:
            async with connection.transaction(**kind):
                yield connection
        except asyncpg.DiskFullError as error:
            raise errors.StorageFull from error
        except FAILED as error:
            _log.critical("the database failed (%s)", error.sqlstate)
            raise errors.StorageFailed(str(error.sqlstate)) from error
        except Exception as error:
            wrote = kind["readonly"] and isinstance(error, asyncpg.ReadOnlySQLTransactionError)
            if wrote or (not _is_connection_lost(error) and not _closed(connection)):
                raise  # a mistake in the program
            _end(connection)  # the server's farewell may come before the end of the connection
            raise errors.ServiceUnavailable from error  # whether it was stored is not known: it may be sent again
        finally:
            await _release(pool, connection)


async def _release(pool: Any, connection: Any) -> None:
    """Give it back. What happens to the connection here changes nothing of what became of the work."""
    try:
        await pool.release(connection)
    except Exception:  # noqa: BLE001 - the server went away just now
        _end(connection)


def _end(connection: Any) -> None:
    with suppress(Exception):  # the pool may have let go of it already
        connection.terminate()


def _closed(connection: Any) -> bool:
    """Whether there is no connection any more, whatever the error is called: also the event loop has its own."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True


def _is_connection_lost(error: BaseException | None) -> bool:
    """Whether the connection broke: one of the errors says so, or the driver that there is none any more."""
    while error is not None:
        if (
            isinstance(error, CONNECTION_LOST) or type(error) is asyncpg.InterfaceError
        ):  # mistakes in arguments are a subclass
            return True
        error = error.__context__
    return False


def without_password(address: str) -> str:
    """The address as it may be shown."""
    parts = urlsplit(address)
    user, at, host = parts.netloc.rpartition("@")
    options = [option for option in parts.query.split("&") if "password" not in option.partition("=")[0].lower()]
    return parts._replace(netloc=f"{user.partition(':')[0]}{at}{host}", query="&".join(options)).geturl()


async def _skip_reset(_: Any) -> None:
    """Nothing to put right when a connection comes back: what a work sets ends with its transaction. (The driver would
    ask the server once more after each.)"""
