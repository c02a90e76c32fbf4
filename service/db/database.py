"""The two things a database does, the same on both engines: `write` a work, `read` a work.

A work is an `async def` that takes a `Tx` and awaits nothing but that `Tx`. It runs in one transaction, which it may
share with others. It may be run again from the start (after a deadlock, or when another one in its transaction raised),
so it changes nothing outside its `Tx`.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

T = TypeVar("T")
Row = tuple[Any, ...]
BatchStatement = tuple[str, dict[str, Any]]
"""The name of a statement that changes something, and its parameters."""


class ResultOf(NamedTuple):
    """A parameter of a change in `together`: what an earlier one of them returned."""

    query: str


class Transaction(Protocol):
    """A transaction. `query` is the name of a statement in `queries/*.sql`."""

    async def fetch_one(self, query: str, /, **params: Any) -> Row | None:
        """The first row, or None."""
        ...

    async def fetch_all(self, query: str, /, **params: Any) -> list[Row]:
        """All rows."""
        ...

    async def execute(self, query: str, /, **params: Any) -> int:
        """Change something; the number of rows changed (0: `ON CONFLICT DO NOTHING` did nothing)."""
        ...

    async def execute_many(self, queries: str | tuple[str, ...], rows: Sequence[dict[str, Any]], /) -> None:
        """The same change, or changes, once for each row of parameters."""
        ...

    async def execute_batch(self, *changes: BatchStatement) -> list[int]:
        """Changes that need not see one another; how many rows each of them changed. On PostgreSQL they are one
        statement: one way there and back, in no certain order, and no two of them may change the same row."""
        ...


TransactionFn = Callable[[Transaction], Awaitable[T]]


class Database(Protocol):
    """An engine behind one address."""

    @property
    def engine(self) -> str:
        """`sqlite` or `postgres`: the suffix of files that only this engine reads."""
        ...

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What the engine itself raises within a work: nothing more can be asked in its transaction."""
        ...

    @property
    def name(self) -> str:
        """Where it is, for a person to read: the file's path, or the address without its password."""
        ...

    async def start(self) -> None:
        """Connect and bring the tables up to date."""
        ...

    async def close(self) -> None:
        """Finish what was taken, then let go of everything."""
        ...

    async def write(self, work: TransactionFn[T], *, about: bytes | None = None) -> T:
        """Run the work in a transaction; returns when it is durable. What the work raises undoes only that work.

        With `about`, the work may run side by side with others in one transaction, statement by statement, but not with
        one about the same. Say so where a work takes its locks in the order of `locks` and is asked for often.

        Raises `errors.StorageFull` or `errors.Busy` when it could not be kept (it may be sent again).
        """
        ...

    async def read(self, work: TransactionFn[T]) -> T:
        """Run the work on one unmoving state of the database, without changing it."""
        ...
