"""Works side by side in one PostgreSQL transaction: they advance in step, and the statements of one name that they are
waiting for are sent together. Round trips and commits are most of what a small transaction costs there.

Locks are taken in the order of `locks`, also among the works. There are no savepoints: a work that raised without
having changed anything hurts nobody, otherwise the transaction has to be undone. No two works may be about the same
thing, since there are no locks between them.
"""

import asyncio
from collections.abc import Generator, Sequence
from typing import Any

from . import lock_order
from .database import BatchStatement, Row, TransactionFn
from .queries import as_single_statement, load_queries, many_text, numbered, parts_of, reads

Outcome = tuple[Any, BaseException | None]
STEPS = 8  # so many works advance before it is the turn of others on the event loop


class Spoiled(Exception):
    """Works, by their places, that raised after they had changed something."""

    def __init__(self, places: set[int]) -> None:
        super().__init__(places)
        self.places = places


class Asked:
    """What a work is waiting for: one statement, which may take several locks and many rows of parameters."""

    def __init__(
        self, way: str, text: Any, statements: Sequence[BatchStatement], rows: Sequence[Sequence[Any]]
    ) -> None:
        self.kind = way, text  # what is of one kind can be sent together
        self.rank, self.locks = lock_order.rank(query for query, _ in statements), lock_order.keys(statements)
        self.rows = rows

    def __await__(self) -> Generator["Asked", Any, Any]:
        return (yield self)


class StepwiseTransaction:
    """A `Tx` that hands what it is asked for to whoever advances the work."""

    async def fetch_one(self, query: str, /, **params: Any) -> Row | None:
        """See `Tx`."""
        rows = await self.fetch_all(query, **params)
        return rows[0] if rows else None

    async def fetch_all(self, query: str, /, **params: Any) -> list[Row]:
        """See `Tx`."""
        given = [params[name] for name in load_queries("postgres")[query].names]
        return await Asked("rows", query, [(query, params)], [given])

    async def execute(self, query: str, /, **params: Any) -> int:
        """See `Tx`."""
        return (await self.execute_batch((query, params)))[0]

    async def execute_many(self, queries: str | tuple[str, ...], rows: Sequence[dict[str, Any]], /) -> None:
        """See `Tx`."""
        names = (queries,) if isinstance(queries, str) else queries
        if not rows:
            return
        order = many_text(names)[1]
        changes = [(query, row) for row in rows for query in names]
        await Asked("many", names, changes, [[row[name] for name in order] for row in rows])

    async def execute_batch(self, *changes: BatchStatement) -> list[int]:
        """See `Tx`."""
        parts, given = parts_of(changes)
        return await Asked("counts", parts, changes, [given])


class _Running:
    """A work on its way."""

    def __init__(self, place: int, work: TransactionFn[Any], tx: StepwiseTransaction) -> None:
        self.place = place
        self.coroutine: Any = work(tx)
        self.asked: Asked | None = None
        self.changed = False
        self.outcome: Outcome = None, None

    def go_on(self, answer: Any) -> None:
        """Advance to what it asks next, or to its end."""
        self.asked = None
        try:
            asked = self.coroutine.send(answer)
        except StopIteration as end:
            self.outcome = end.value, None
        except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the caller
            self.outcome = None, error
        else:
            if not isinstance(asked, Asked):
                self.coroutine.close()
                self.outcome = None, RuntimeError("a work must not wait for anything but its Tx")
                return
            self.asked = asked
            way, text = asked.kind
            self.changed = self.changed or way != "rows" or not reads(load_queries("postgres")[text].sql)


async def run_side_by_side(connection: Any, works: Sequence[TransactionFn[Any]]) -> list[Outcome]:
    """Run works in the open transaction of a connection. What they raised is among the outcomes, unless they are
    `Spoiled`; what the database raises is raised."""
    tx = StepwiseTransaction()
    running = [_Running(place, work, tx) for place, work in enumerate(works)]
    try:
        await _advance([(one, None) for one in running])
        turns_taken = False
        while waiting := [(one, one.asked) for one in running if one.asked is not None]:
            rank = min(asked.rank for _, asked in waiting)
            if rank == lock_order.AGENDAS and not turns_taken:
                turns_taken = True  # everybody has come so far: the agendas of all works, in their order
                logins = {login for _, asked in waiting for (login,) in asked.locks}
                await connection.executemany(
                    many_text(("lock_sync_counter",))[0], [(login,) for login in sorted(logins)]
                )
            await _answer(connection, [(one, asked) for one, asked in waiting if asked.rank == rank])
        return [one.outcome for one in running]
    finally:
        for one in running:
            one.coroutine.close()


async def _answer(connection: Any, waiting: Sequence[tuple[_Running, Asked]]) -> None:
    """Send what works ask for, of each kind together, and let them go on."""
    kinds: dict[Any, list[tuple[_Running, Asked]]] = {}
    for one, asked in sorted(waiting, key=lambda pair: pair[1].locks):
        kinds.setdefault(asked.kind, []).append((one, asked))
    for (way, text), alike in kinds.items():
        answers = await _send(connection, way, text, [asked for _, asked in alike])
        await _advance([(one, answer) for (one, _), answer in zip(alike, answers, strict=True)])


async def _send(connection: Any, way: str, text: Any, asked: Sequence[Asked]) -> Sequence[Any]:
    """The answers to what is of one kind, in one way there and back."""
    if way == "rows":
        found: list[list[Row]] = [[] for _ in asked]
        rows = [(*one.rows[0], place) for place, one in enumerate(asked)]
        for place, *row in await connection.fetchmany(numbered(text), rows):
            found[place].append(tuple(row))
        return found
    if way == "counts":
        return [
            list(row) for row in await connection.fetchmany(as_single_statement(*text), [one.rows[0] for one in asked])
        ]
    locked = [
        (lock, row) for one in asked for lock, row in zip(one.locks or [()] * len(one.rows), one.rows, strict=True)
    ]
    locked.sort(key=lambda pair: pair[0])
    await connection.executemany(many_text(text)[0], [row for _, row in locked])
    return [None] * len(asked)


async def _advance(those: Sequence[tuple[_Running, Any]]) -> None:
    """Let works go on with their answers. Spoiled when one of them raised and cannot be left out."""
    for count, (one, answer) in enumerate(those, 1):
        one.go_on(answer)
        if count % STEPS == 0:
            await asyncio.sleep(0)
    if spoiled := {one.place for one, _ in those if one.outcome[1] is not None and one.changed}:
        raise Spoiled(spoiled)
