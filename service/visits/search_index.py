"""The search index of visits: their texts, and one row for each of their tokens (`visits/search_tokens`).

A search reads the visits that have a token, or a token that starts with a short query, or the few that the filters
leave. Every visit found contains the query in one of its texts and matches the filters.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec

from service.db.database import Transaction
from service.db.rows import fetch_ids, fetch_structs, from_row
from service.text import identifier_key, phone_numbers, search_key

from .plan import Customer
from .search_tokens import query_tokens, token_at, tokenize
from .summaries import VisitFilter, VisitSummaryRow

SearchPosition = tuple[UUID, str]  # the last visit read, and its token ('' where visits are sorted by id alone)
Scope = tuple[Literal["person", "flag", "state", "type", "area", "time"], str]
FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)
MAX_CHARACTER = "\U0010ffff"
NO_FILTER = VisitFilter()
TOKENS_PER_QUERY = 8
MAX_REFERENCE_LENGTH = 200
FEW = 2_000
"""A token of so few visits is rare enough to read them all."""
_SUMMARY_COLUMNS = len(VisitSummaryRow.__struct_fields__)


class SearchQuery(msgspec.Struct, frozen=True):
    """A normalized query with its filter, its rarest token ('' if it is shorter than any), and a second token that
    does not overlap the first."""

    text: str
    wanted: VisitFilter
    token: str = ""
    second: str = ""

    @property
    def timed(self) -> bool:
        """Whether the filter limits the planned time."""
        return self.wanted.from_at > NO_FILTER.from_at or self.wanted.to_at < NO_FILTER.to_at

    def scopes(self) -> list[Scope]:
        """The parts of the filter by which visits can be listed."""
        wanted = self.wanted
        area = wanted.areas[0] if wanted.areas is not None and len(wanted.areas) == 1 else ""
        found: list[Scope] = [
            ("person", wanted.technician or ""),
            ("flag", wanted.flag),
            ("state", wanted.state),
            ("type", wanted.type),
            ("area", area),
        ]
        found = [scope for scope in found if scope[1]]
        return [*found, ("time", "")] if self.timed else found

    def params(self, scope: str = "") -> dict[str, Any]:
        """Parameters of the search statements, without what the scope checks by itself."""
        wanted = self.wanted
        rest = {name: "" if name == scope else getattr(wanted, name) for name in ("type", "state", "flag")}
        # scopes over visit_summaries check these themselves
        every = not (any(rest.values()) or (self.timed and not scope)) or scope not in ("", "person")
        return {
            "pattern": f"%{_escaped(self.text)}%",
            "areas": "" if wanted.areas is None or scope == "area" else "\n".join(("", *wanted.areas, "")),
            "line": "\n",
            "every": int(every),
            "login": "" if scope == "person" else wanted.technician or "",
            "from_at": wanted.from_at,
            "to_at": wanted.to_at,
            **rest,
        }

    def has(self, summary: VisitSummaryRow) -> bool:
        """Whether the visit is in the wanted areas (the statements would accept an area whose name contains two), and
        ends late enough."""
        in_area = self.wanted.areas is None or summary.area in self.wanted.areas
        return in_area and summary.ends_at > self.wanted.ends_after

    def first_token(self, text: str) -> str:
        """The first of a visit's tokens that start with the query. `text` has one text a line."""
        return min(token_at(line, start) for line in text.split("\n") for start in _positions(line, self.text))


def _positions(text: str, part: str) -> Iterator[int]:
    start = text.find(part)
    while start >= 0:
        yield start
        start = text.find(part, start + 1)


async def add(tx: Transaction, visit_id: UUID, area: str, texts: Sequence[str]) -> None:
    """Index a visit by its texts; the last one is its work order number, or ''."""
    await change(tx, visit_id, area, (), texts)


async def change(tx: Transaction, visit_id: UUID, area: str, before: Sequence[str], after: Sequence[str]) -> None:
    """Index a visit by other texts than before."""
    if before == after:
        return
    old, new = _tokens(before), _tokens(after)
    for query, tokens in (("delete_search_token", old - new), ("add_search_token", new - old)):
        await tx.execute_many(query, [{"token": token, "visit": visit_id.bytes} for token in sorted(tokens)])
    await tx.execute("set_search_texts", visit=visit_id.bytes, area=area, text="\n".join(map(search_key, after)))


def index_rows(texts: Sequence[str], receipts: Iterable[str], former: Iterable[Customer] = ()) -> tuple[str, set[str]]:
    """The text and the tokens by which a visit is found."""
    tokens = _tokens(texts).union(map(_receipt_token, receipts), *map(_former_tokens, former))
    return "\n".join(map(search_key, texts)), tokens


async def remove(
    tx: Transaction, visit_id: UUID, texts: Sequence[str], receipts: Iterable[str], former: Iterable[Customer] = ()
) -> None:
    """Remove a visit from the index: its present texts, the receipt numbers of its complaints, and customers that it
    named before."""
    _, tokens = index_rows(texts, receipts, former)
    await tx.execute_many("delete_search_token", [{"token": one, "visit": visit_id.bytes} for one in sorted(tokens)])


def _tokens(texts: Sequence[str]) -> set[str]:
    reference = texts[-1] if texts else ""
    return tokenize(map(search_key, texts)) | ({whole(reference)} if reference else set())


def whole(reference: str) -> str:
    """A work order number as one token, which no query contains: it starts with a character that is never in a text."""
    return f"\n{identifier_key(reference)[:MAX_REFERENCE_LENGTH]}"


async def find_by_reference(tx: Transaction, reference: str) -> list[UUID]:
    """The visits with a work order number, however it is written."""
    return await fetch_ids(tx, "visits_with_token", token=whole(reference), size=8)


async def add_receipts(tx: Transaction, visit_id: UUID, numbers: Iterable[str]) -> None:
    """Index a visit by the receipt numbers of its complaints, for `find_by_receipt` alone: technicians, who search too,
    are not to find out that somebody complained."""
    tokens = sorted(map(_receipt_token, numbers))
    await tx.execute_many("add_search_token", [{"token": token, "visit": visit_id.bytes} for token in tokens])


async def find_by_receipt(tx: Transaction, number: str) -> list[UUID]:
    """The visits of the complaint with a receipt number, however it is written."""
    return await fetch_ids(tx, "visits_with_token", token=_receipt_token(number), size=8)


def _receipt_token(number: str) -> str:
    """A receipt number as one token, which is neither in a text nor that of a work order number."""
    return f"\n\n{search_key(number)[:MAX_REFERENCE_LENGTH]}"


async def add_former(tx: Transaction, visit_id: UUID, former: Iterable[Customer]) -> None:
    """Index a visit by customers that it named before its details were changed, for `find_by_customer` alone."""
    tokens = sorted(set[str]().union(*map(_former_tokens, former)))
    await tx.execute_many("add_search_token", [{"token": token, "visit": visit_id.bytes} for token in tokens])


async def find_by_customer(tx: Transaction, text: str, numbers: Sequence[str]) -> list[UUID]:
    """The visits whose customer may have exactly this name, account or telephone, or had it before a change; and those
    with one of some numbers among their telephones."""
    key = search_key(text)
    found = await _with_text(tx, sorted(tokenize([key])), f"\n{key}\n")
    for number in map(search_key, numbers):
        found += await _with_text(tx, query_tokens(number), number)
    for one in {key, *numbers}:
        found += await fetch_ids(tx, "visits_of_former", token=_former_token(one))
    return list(dict.fromkeys(found))


async def _with_text(tx: Transaction, tokens: list[str], part: str) -> list[UUID]:
    """The visits that have all of some tokens and this part in their lines: those with the rarest token are read."""
    numbers = await counts(tx, tokens, FEW)
    if not all(numbers):
        return []
    rarest = tokens[numbers.index(min(numbers))]
    return await fetch_ids(tx, "visits_with_text", token=rarest, line="\n", pattern=f"%{_escaped(part)}%")


def _escaped(text: str) -> str:
    """A text as a part of a pattern of LIKE."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _former_tokens(customer: Customer) -> set[str]:
    keys = {search_key(text) for text in (customer.name, customer.account, customer.phone)}
    return {_former_token(key) for key in keys.union(phone_numbers(customer.phone)) if key}


def _former_token(key: str) -> str:
    """A name, an account or a telephone of a former customer as one token, apart from those of numbers."""
    return f"\n\n\n{key[:MAX_REFERENCE_LENGTH]}"


async def counts(tx: Transaction, tokens: Sequence[str], most: int) -> list[int]:
    """How many visits have each token, counted up to `most`."""
    numbers: list[int] = []
    for start in range(0, len(tokens), TOKENS_PER_QUERY):
        some = [*tokens[start : start + TOKENS_PER_QUERY], *[""] * TOKENS_PER_QUERY][:TOKENS_PER_QUERY]
        params = {f"token_{number}": token for number, token in enumerate(some)}
        numbers += await tx.fetch_one("count_tokens", most=most, **params) or ()
    return numbers[: len(tokens)]


async def count_beginning(tx: Transaction, beginning: str, most: int) -> int:
    """How many rows of the index have a token that starts with a text, counted up to `most`."""
    row = await tx.fetch_one("count_tokens_beginning", low=beginning, high=beginning + MAX_CHARACTER, most=most)
    return row[0] if row else 0


async def count_scope(tx: Transaction, query: SearchQuery, scope: Scope, most: int) -> int:
    """How many visits are in a scope and in the wanted time, counted up to `most`."""
    name, value = scope
    times = {"from_at": query.wanted.from_at, "to_at": query.wanted.to_at}
    row = await tx.fetch_one("count_scope", scope=name, value=value, most=most, **times)
    return row[0] if row else 0


async def in_scope(tx: Transaction, query: SearchQuery, scope: Scope, after: UUID, size: int) -> list[VisitSummaryRow]:
    """The next `size` matches by id, of all visits in a scope."""
    params = {"scope": scope[0], "value": scope[1], "token": query.token, **query.params(scope[0])}
    return await fetch_structs(tx, VisitSummaryRow, "search_scope", after_id=after.bytes, size=size, **params)


async def in_token(
    tx: Transaction, query: SearchQuery, after: UUID, steps: int, size: int
) -> tuple[list[VisitSummaryRow], UUID | None]:
    """The first `size` matches by id among the next `steps` visits with the rarest token, and the last of those visits
    (None: there are no more)."""
    row = await tx.fetch_one("token_step", token=query.token, after_id=after.bytes, steps=steps - 1)
    end = UUID(bytes=row[0]) if row else None
    params = {"token": query.token, "second": query.second, **query.params()}
    limits = {"after_id": after.bytes, "end_id": (end or LAST).bytes, "size": size}
    return await fetch_structs(tx, VisitSummaryRow, "search_token", **limits, **params), end


async def in_beginning(
    tx: Transaction, query: SearchQuery, after: SearchPosition, steps: int, size: int
) -> tuple[list[tuple[VisitSummaryRow, str, bool]], SearchPosition | None]:
    """The same by token and id, over all tokens that start with the query. A visit comes once for each: with the token,
    and whether it is the visit's first."""
    position = {"after_id": after[0].bytes, "after_token": after[1]}
    low, high = query.text, query.text + MAX_CHARACTER
    row = await tx.fetch_one("token_beginning_step", low=low, high=high, steps=steps - 1, **position)
    end = (UUID(bytes=row[0]), row[1]) if row else None
    last_id, last_token = end or (LAST, high)
    limits = {"end_id": last_id.bytes, "end_token": last_token, "size": size}
    found: list[tuple[VisitSummaryRow, str, bool]] = []
    for row in await tx.fetch_all("search_token_beginning", **limits, **position, **query.params()):
        token, text = row[_SUMMARY_COLUMNS:]
        found.append((from_row(VisitSummaryRow, row), token, token == query.first_token(text)))
    return found, end


async def force_custom_plan(tx: Transaction, custom: bool) -> None:
    """Have PostgreSQL plan the statements of this transaction for their parameters, or as usual again."""
    await tx.fetch_one("force_custom_plan" if custom else "automatic_plan")
