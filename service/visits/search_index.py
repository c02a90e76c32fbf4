"""What a visit is found by: its texts, and their grams (`visits/grams.py`), one row each.

A search walks along a gram, or along the grams that begin with a short query, or looks through the few visits that the
filters leave. Whatever it finds has the query in one of its texts and is wanted.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec

from service.db.database import Transaction
from service.db.rows import from_row

from .grams import token_at, tokenize
from .summaries import VisitFilter, VisitSummaryRow

SearchPosition = tuple[UUID, str]  # the last visit looked at, and the gram ('' where visits come by id alone)
Scope = tuple[Literal["person", "flag", "state", "type", "area", "time"], str]
FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)
MAX = "\U0010ffff"
ANY = VisitFilter()
EIGHT = 8
LONGEST = 200  # characters of a number that is looked for


class SearchQuery(msgspec.Struct, frozen=True):
    """A (normal) query, and which visits are wanted."""

    text: str
    wanted: VisitFilter
    gram: str = ""  # its rarest gram; '' where it is shorter than any
    second: str = ""  # another, that shares no character with that

    @property
    def timed(self) -> bool:
        """Whether it matters when they are planned."""
        return self.wanted.from_at > ANY.from_at or self.wanted.to_at < ANY.to_at

    def scopes(self) -> list[Scope]:
        """By what the wanted ones can be listed."""
        wanted = self.wanted
        found: list[Scope] = []
        if wanted.technician is not None:
            found.append(("person", wanted.technician))
        if wanted.flag:
            found.append(("flag", wanted.flag))
        if wanted.state:
            found.append(("state", wanted.state))
        if wanted.type:
            found.append(("type", wanted.type))
        if wanted.areas is not None and len(wanted.areas) == 1:
            found.append(("area", wanted.areas[0]))
        if self.timed:
            found.append(("time", ""))
        return found

    def params(self, scope: str = "") -> dict[str, Any]:
        """For the statements that look at each visit; not again at what the scope sees to."""
        wanted = self.wanted
        text = self.text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        rest = {name: "" if name == scope else getattr(wanted, name) for name in ("type", "state", "flag")}
        # the board's own scopes see to these themselves
        every = not (any(rest.values()) or (self.timed and not scope)) or scope not in ("", "person")
        return {
            "pattern": f"%{text}%",
            "areas": "" if wanted.areas is None or scope == "area" else "\n".join(("", *wanted.areas, "")),
            "line": "\n",
            "every": int(every),
            "login": "" if scope == "person" else wanted.technician or "",
            "from_at": wanted.from_at,
            "to_at": wanted.to_at,
            **rest,
        }

    def has(self, posted: VisitSummaryRow) -> bool:
        """Whether the visit is in the areas: two of them in one name would deceive the statements."""
        return self.wanted.areas is None or posted.area in self.wanted.areas

    def begun(self, text: str) -> str:
        """The first of the grams of a visit's texts (one a line) that begin with the query."""
        return min(token_at(part, place) for part in text.split("\n") for place in _places(part, self.text))


def _places(part: str, text: str) -> Iterator[int]:
    place = part.find(text)
    while place >= 0:
        yield place
        place = part.find(text, place + 1)


async def add(tx: Transaction, visit_id: UUID, area: str, texts: Sequence[str]) -> None:
    """The visit can be found by these (normal) texts; the last one is its number elsewhere, or ''."""
    await change(tx, visit_id, area, (), texts)


async def change(tx: Transaction, visit_id: UUID, area: str, before: Sequence[str], after: Sequence[str]) -> None:
    """It is found by other texts than before."""
    if before != after:
        old, new = _grams(before), _grams(after)
        await tx.execute_many("delete_gram", _rows(visit_id, old - new))
        await tx.execute_many("add_gram", _rows(visit_id, new - old))
        await tx.execute("set_texts", visit=visit_id.bytes, area=area, text="\n".join(after))


async def find_by_reference(tx: Transaction, ref: str) -> list[UUID]:
    """The visits that have a (normal) number elsewhere, all of it. Not those of before such numbers were kept whole."""
    rows = await tx.fetch_all("of_gram", gram=whole(ref), size=EIGHT)
    return [UUID(bytes=row[0]) for row in rows]


def _grams(texts: Sequence[str]) -> set[str]:
    ref = texts[-1] if texts else ""
    return tokenize(texts) | ({whole(ref)} if ref else set())


def whole(ref: str) -> str:
    """A number as one more gram, which no query has in it: it begins with what no normal text contains."""
    return f"\n{ref[:LONGEST]}"


def _rows(visit_id: UUID, found: Iterable[str]) -> list[dict[str, Any]]:
    return [{"gram": gram, "visit": visit_id.bytes} for gram in sorted(found)]


async def counts(tx: Transaction, found: Sequence[str], most: int) -> list[int]:
    """How many visits have each of some grams; no more than `most` are counted."""
    numbers: list[int] = []
    for start in range(0, len(found), EIGHT):
        some = [*found[start : start + EIGHT], *[""] * EIGHT][:EIGHT]
        row = await tx.fetch_one(
            "count_grams", most=most, **{f"gram_{number}": gram for number, gram in enumerate(some)}
        )
        numbers += row or ()
    return numbers[: len(found)]


async def count_beginning(tx: Transaction, beginning: str, most: int) -> int:
    """How many grams of visits begin so."""
    row = await tx.fetch_one("count_beginning", low=beginning, high=beginning + MAX, most=most)
    return row[0] if row else 0


async def count_scope(tx: Transaction, sought: SearchQuery, scope: Scope, most: int) -> int:
    """How many visits are in a scope, in the wanted time."""
    wanted = sought.wanted
    row = await tx.fetch_one(
        "count_scope", scope=scope[0], value=scope[1], from_at=wanted.from_at, to_at=wanted.to_at, most=most
    )
    return row[0] if row else 0


async def in_scope(tx: Transaction, sought: SearchQuery, scope: Scope, after: UUID, size: int) -> list[VisitSummaryRow]:
    """The next visits by id, of all in a scope."""
    given = {"scope": scope[0], "value": scope[1], "gram": sought.gram, **sought.params(scope[0])}
    rows = await tx.fetch_all("in_scope", after_id=after.bytes, size=size, **given)
    return [from_row(VisitSummaryRow, row) for row in rows]


async def in_gram(
    tx: Transaction, sought: SearchQuery, after: UUID, steps: int, size: int
) -> tuple[list[VisitSummaryRow], UUID | None]:
    """The next visits by id among the next `steps` that have the rarest gram; the last of those, None at the end."""
    row = await tx.fetch_one("gram_at", gram=sought.gram, after_id=after.bytes, steps=steps - 1)
    end = UUID(bytes=row[0]) if row else None
    given = {"gram": sought.gram, "second": sought.second, **sought.params()}
    rows = await tx.fetch_all("in_gram", after_id=after.bytes, end_id=(end or LAST).bytes, size=size, **given)
    return [from_row(VisitSummaryRow, row) for row in rows], end


async def in_beginning(
    tx: Transaction, sought: SearchQuery, after: SearchPosition, steps: int, size: int
) -> tuple[list[tuple[VisitSummaryRow, str, bool]], SearchPosition | None]:
    """The same by gram and id, along the grams that begin with the query: visits with their gram, and whether it is
    the first of theirs that begins so (a visit comes once for each)."""
    place = {"after_id": after[0].bytes, "after_gram": after[1]}
    low, high = sought.text, sought.text + MAX
    row = await tx.fetch_one("beginning_at", low=low, high=high, steps=steps - 1, **place)
    end = (UUID(bytes=row[0]), row[1]) if row else None
    last = end or (LAST, high)
    rows = await tx.fetch_all(
        "in_beginning", end_id=last[0].bytes, end_gram=last[1], size=size, **place, **sought.params()
    )
    return [(from_row(VisitSummaryRow, row), row[12], row[12] == sought.begun(row[13])) for row in rows], end


async def force_custom_plan(tx: Transaction, again: bool) -> None:
    """Let the statements of this transaction be planned for their values, or as usual again."""
    await tx.fetch_one("force_custom_plan" if again else "automatic_plan")
