"""The interface of a database, the same for both engines: run a function in a transaction, to write or to read.

A transaction function is an `async def` that takes a `Transaction` and awaits nothing else. It may share its
transaction with others, and may be run again from the start (after a deadlock, or when another one in its transaction
failed), so it must have no other side effects.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

T = TypeVar("T")
Row = tuple[Any, ...]
BatchStatement = tuple[str, dict[str, Any]]
"""The name of a statement that changes something, and its parameters."""


class ResultOf(NamedTuple):
    """A parameter of `execute_batch`: the value that an earlier statement of the batch returned."""

    query: str


class Transaction(Protocol):
    """A transaction. `query` is the name of a statement in a `.sql` file."""

    async def fetch_one(self, query: str, /, **params: Any) -> Row | None:
        """The first row, or None."""
        ...

    async def fetch_all(self, query: str, /, **params: Any) -> list[Row]:
        """All rows."""
        ...

    async def execute(self, query: str, /, **params: Any) -> int:
        """Run a statement; the number of rows it changed (0 after `ON CONFLICT DO NOTHING`)."""
        ...

    async def execute_many(self, queries: str | tuple[str, ...], rows: Sequence[dict[str, Any]], /) -> None:
        """Run the same statement or statements once for each row of parameters."""
        ...

    async def execute_batch(self, *changes: BatchStatement) -> list[int]:
        """Run statements that need not see each other's changes; the number of rows that each changed.

        On PostgreSQL they are one round trip, in no certain order, and no two may change the same row.
        """
        ...


TransactionFn = Callable[[Transaction], Awaitable[T]]


class Database(Protocol):
    """A database of either engine."""

    @property
    def engine(self) -> str:
        """`sqlite` or `postgres`: the suffix of `.sql` files that only this engine reads."""
        ...

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """The driver's own exceptions: after one of them the transaction cannot be used any more."""
        ...

    @property
    def name(self) -> str:
        """Its location for people: the file's path, or the address without its password."""
        ...

    @property
    def waiting(self) -> int:
        """How many functions wait for their transaction to write."""
        ...

    async def start(self) -> None:
        """Connect and bring the tables up to date."""
        ...

    async def close(self) -> None:
        """Finish what was accepted, then disconnect."""
        ...

    async def write(self, work: TransactionFn[T], *, about: bytes | None = None) -> T:
        """Run a function in a transaction and return when it is durable. If it raises, only its own changes are undone.

        With `about`, it may share a transaction with functions about something else, interleaved statement by
        statement. Only functions that take their locks in the order of `lock_order` may do so.

        Raises StorageFull or ServiceUnavailable when it could not be stored; the caller may try again.
        """
        ...

    async def read(self, work: TransactionFn[T]) -> T:
        """Run a function on a snapshot of the database, without changing anything."""
        ...

    async def purge(self) -> bool:
        """Remove from the files what was deleted from the tables. False while somebody still reads it: try again."""
        ...
