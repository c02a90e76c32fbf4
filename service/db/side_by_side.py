"""Runs transaction functions side by side in one PostgreSQL transaction.

A statement that several wait for is sent once. Round trips and commits are most of the cost of a small transaction.

Locks are taken in the order of `lock_order`, across the functions. There are no savepoints: a function that raised
before it changed anything is left out; otherwise the transaction is undone. No two functions may be about the same
thing, because nothing locks them against each other.
"""

import asyncio
from collections.abc import Generator, Sequence
from typing import Any

from . import lock_order
from .database import BatchStatement, Row, TransactionFn
from .queries import as_single_statement, batch_parts, joined, load_queries, numbered, only_reads

Outcome = tuple[Any, BaseException | None]
STEPS = 8  # functions that advance before the event loop gets its turn


class GroupFailed(Exception):
    """The functions at these places raised after they had changed something."""

    def __init__(self, places: set[int]) -> None:
        super().__init__(places)
        self.places = places


class PendingStatement:
    """The statement that a function waits for, with its locks and one or more rows of parameters."""

    def __init__(
        self, method: str, text: Any, statements: Sequence[BatchStatement], rows: Sequence[Sequence[Any]]
    ) -> None:
        self.kind = method, text  # statements of one kind are sent together
        self.rank, self.locks = lock_order.rank(query for query, _ in statements), lock_order.keys(statements)
        self.rows = rows

    def __await__(self) -> Generator["PendingStatement", Any, Any]:
        return (yield self)


class StepwiseTransaction:
    """A `Transaction` that suspends at each statement; the runner sends it and resumes with the result."""

    async def fetch_one(self, query: str, /, **params: Any) -> Row | None:
        rows = await self.fetch_all(query, **params)
        return rows[0] if rows else None

    async def fetch_all(self, query: str, /, **params: Any) -> list[Row]:
        values = [params[name] for name in load_queries("postgres")[query].names]
        return await PendingStatement("rows", query, [(query, params)], [values])

    async def execute(self, query: str, /, **params: Any) -> int:
        return (await self.execute_batch((query, params)))[0]

    async def execute_many(self, queries: str | tuple[str, ...], rows: Sequence[dict[str, Any]], /) -> None:
        if not rows:
            return
        names = (queries,) if isinstance(queries, str) else queries
        order = joined(names)[1]
        changes = [(query, row) for row in rows for query in names]
        await PendingStatement("many", names, changes, [[row[name] for name in order] for row in rows])

    async def execute_batch(self, *changes: BatchStatement) -> list[int]:
        parts, values = batch_parts(changes)
        return await PendingStatement("counts", parts, changes, [values])


class _Running:
    """A function in progress."""

    def __init__(self, place: int, work: TransactionFn[Any], tx: StepwiseTransaction) -> None:
        self.place = place
        self.coroutine: Any = work(tx)
        self.pending: PendingStatement | None = None
        self.changed = False
        self.outcome: Outcome = None, None

    def resume(self, result: Any) -> None:
        """Advance to the next statement, or to the end."""
        self.pending = None
        try:
            pending = self.coroutine.send(result)
        except StopIteration as end:
            self.outcome = end.value, None
        except BaseException as error:  # noqa: BLE001 - any exception belongs to the caller
            self.outcome = None, error
        else:
            if not isinstance(pending, PendingStatement):
                self.coroutine.close()
                self.outcome = None, RuntimeError("a transaction function must await nothing but its transaction")
                return
            self.pending = pending
            method, text = pending.kind
            self.changed = self.changed or method != "rows" or not only_reads(load_queries("postgres")[text].sql)


async def run_side_by_side(connection: Any, works: Sequence[TransactionFn[Any]]) -> list[Outcome]:
    """Run functions in the open transaction of a connection. Their exceptions are part of the outcomes, unless the
    group failed; errors of the database are raised."""
    tx = StepwiseTransaction()
    running = [_Running(place, work, tx) for place, work in enumerate(works)]
    try:
        await _resume([(function, None) for function in running])
        counters_locked = False
        while waiting := [(function, function.pending) for function in running if function.pending is not None]:
            rank = min(pending.rank for _, pending in waiting)
            if rank == lock_order.SYNC_COUNTERS and not counters_locked:
                counters_locked = True  # all have come this far: lock the counters of all of them, in order
                logins = {login for _, pending in waiting for (login,) in pending.locks}
                await connection.executemany(joined(("lock_sync_counter",))[0], [(login,) for login in sorted(logins)])
            await _answer(connection, [(function, pending) for function, pending in waiting if pending.rank == rank])
        return [function.outcome for function in running]
    finally:
        for function in running:
            function.coroutine.close()


async def _answer(connection: Any, waiting: Sequence[tuple[_Running, PendingStatement]]) -> None:
    """Send the pending statements, those of one kind together, and resume the functions."""
    kinds: dict[Any, list[tuple[_Running, PendingStatement]]] = {}
    for function, pending in sorted(waiting, key=lambda pair: pair[1].locks):
        kinds.setdefault(pending.kind, []).append((function, pending))
    for (method, text), alike in kinds.items():
        results = await _send(connection, method, text, [pending for _, pending in alike])
        await _resume([(function, result) for (function, _), result in zip(alike, results, strict=True)])


async def _send(connection: Any, method: str, text: Any, pending: Sequence[PendingStatement]) -> Sequence[Any]:
    """The results of statements of one kind, in one round trip."""
    if method == "rows":
        found: list[list[Row]] = [[] for _ in pending]
        rows = [(*statement.rows[0], place) for place, statement in enumerate(pending)]
        answers: list[tuple[Any, ...]] = await connection.fetchmany(numbered(text), rows)
        for place, *row in answers:
            found[int(place)].append(tuple(row))
        return found
    if method == "counts":
        counts: list[Any] = await connection.fetchmany(
            as_single_statement(*text), [statement.rows[0] for statement in pending]
        )
        return [list(row) for row in counts]
    locked = [
        (lock, row)
        for statement in pending
        for lock, row in zip(statement.locks or [()] * len(statement.rows), statement.rows, strict=True)
    ]
    locked.sort(key=lambda pair: pair[0])
    await connection.executemany(joined(text)[0], [row for _, row in locked])
    return [None] * len(pending)


async def _resume(pairs: Sequence[tuple[_Running, Any]]) -> None:
    """Resume functions with their results. GroupFailed when one raised after it had changed something."""
    for count, (function, result) in enumerate(pairs, 1):
        function.resume(result)
        if count % STEPS == 0:
            await asyncio.sleep(0)
    if failed := {function.place for function, _ in pairs if function.outcome[1] is not None and function.changed}:
        raise GroupFailed(failed)
