"""What a visit is found by: its grams (`domain/grams.py`), one row each."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from .database import Tx

Found = tuple[UUID, str]  # a visit, and the gram it was found by
MAX = "\U0010ffff"


async def add(tx: Tx, visit: UUID, grams: Iterable[str]) -> None:
    """The visit can be found by these."""
    await tx.many("add_gram", [{"gram": gram, "visit": visit.bytes} for gram in sorted(grams)])


async def drop(tx: Tx, visit: UUID, grams: Iterable[str]) -> None:
    """It is no longer found by these."""
    await tx.many("drop_gram", [{"gram": gram, "visit": visit.bytes} for gram in sorted(grams)])


async def rarest(tx: Tx, grams: Sequence[str]) -> list[str]:
    """Three of the grams, the rarest first (the same one again where there are fewer)."""
    counts: list[tuple[int, int, int, str]] = []  # of those that are not told apart by count, the longer says more
    for place, gram in enumerate(dict.fromkeys(grams)):
        row = await tx.one("count_gram", gram=gram)
        counts.append((row[0] if row else 0, -len(gram), place, gram))
        if counts[-1][0] == 0:
            return [gram] * 3
    found = [gram for *_, gram in sorted(counts)]
    return (found * 3)[:3] if len(found) < 3 else found[:3]


async def with_grams(tx: Tx, grams: Sequence[str], after: UUID, size: int) -> list[Found]:
    """The next visits that have all three grams, by id."""
    first, second, third = grams
    rows = await tx.all("with_grams", first=first, second=second, third=third, after_id=after.bytes, size=size)
    return [(UUID(bytes=visit), gram) for visit, gram in rows]


async def with_prefix(tx: Tx, prefix: str, after: Found, size: int) -> list[Found]:
    """The next visits that have a gram with this beginning, by gram and id; a visit comes once for each such gram."""
    rows = await tx.all(
        "with_prefix", low=prefix, high=prefix + MAX, after_gram=after[1], after_id=after[0].bytes, size=size
    )
    return [(UUID(bytes=visit), gram) for visit, gram in rows]
