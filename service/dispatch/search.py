"""Search for visits by part of a name, account, address, phone or work order number.

A search reads the visits that have the query's rarest token, by id; or, for a query shorter than a token, all tokens
that start with it; or, where the filters leave fewer visits, those. The work of a request is bounded: a page may be
short, and its cursor leads on.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from service.db.database import Transaction
from service.errors import FieldError, InvalidQuery
from service.text import search_query
from service.visits import search_index
from service.visits.search_index import FIRST, Scope, SearchPosition, SearchQuery
from service.visits.search_tokens import query_tokens
from service.visits.summaries import VisitFilter, VisitSummaryRow, get_summary

Page = tuple[list[VisitSummaryRow], str | None]
MAX_QUERY_LENGTH = 100
COUNT_STAGES = ((1_000, 16), (6_000, 16), (32_000, 4))  # how far to count the visits of how many tokens
MAX_SCOPE = 15_000  # visits in a filter that is read through
MAX_BEGINNING = 8_000  # how far to count tokens that start with a query: they mix visits of all times
STEP_SIZES = (500, 1_500, 4_000)  # index rows that a request reads at most, step by step
MAX_REPEATS = 4  # rows to read per visit where a visit may have several tokens that start with the query


async def search_visits(tx: Transaction, wanted: VisitFilter, text: str, after: str | None, size: int) -> Page:
    """The next visits, and the cursor of the next page, if there may be one."""
    query = search_query(text)
    if not query or len(query) > MAX_QUERY_LENGTH:
        detail = f"太长，最多 {MAX_QUERY_LENGTH} 个字 / too long: at most {MAX_QUERY_LENGTH} characters"
        places = (FieldError("/q", "too-long", detail),) if query else ()
        raise InvalidQuery(f"`q` has 1 to {MAX_QUERY_LENGTH} characters", places)
    position = _decode(after) if after else None
    await search_index.force_custom_plan(tx, True)
    page = await _search(tx, wanted, query, position, size)
    await search_index.force_custom_plan(tx, False)
    return page


async def find_by_receipt(tx: Transaction, wanted: VisitFilter, text: str) -> list[VisitSummaryRow]:
    """The visits of the complaint whose receipt number the whole text is; for those who may read complaints."""
    found = [await get_summary(tx, one) for one in await search_index.find_by_receipt(tx, text)]
    return [row for row in found if row is not None and wanted.has(row)]


async def _search(tx: Transaction, wanted: VisitFilter, text: str, position: SearchPosition | None, size: int) -> Page:
    query = SearchQuery(text, wanted)
    scope, fewest = await _smallest_scope(tx, query)
    if tokens := query_tokens(text):
        rarest, second, count = await _rarest(tx, tokens, fewest if scope else COUNT_STAGES[-1][0])
        query = SearchQuery(text, wanted, rarest, second)
    else:
        count = await search_index.count_beginning(tx, text, min(MAX_BEGINNING, fewest))
    if count == 0:
        return [], None
    if not tokens and position is not None:  # a later page continues in the way of the first one
        scope = None if position[1] else scope or next(iter(query.scopes()), None)
    elif fewest > 2 * count:  # reading a visit of a scope costs half as much
        scope = None
    if scope is not None:
        return await _read_scope(tx, query, scope, position, size)
    return await (_read_token if tokens else _read_beginning)(tx, query, position, size)


async def _smallest_scope(tx: Transaction, query: SearchQuery) -> tuple[Scope | None, int]:
    """The filter with the fewest visits, and their number; None if all have too many."""
    best, fewest = None, MAX_SCOPE
    for scope in query.scopes():
        count = await search_index.count_scope(tx, query, scope, fewest)
        if count < fewest:
            best, fewest = scope, count
    return best, fewest


async def _rarest(tx: Transaction, tokens: list[str], enough: int) -> tuple[str, str, int]:
    """The token with the fewest visits, another that does not overlap it, and the first one's number of visits. Nothing
    is counted further than `enough`."""
    distinct = sorted({token: place for place, token in enumerate(tokens)}.values())
    places = sorted(distinct, key=lambda place: -len(tokens[place]))  # long tokens tend to be rare
    counts: list[tuple[int, int, int]] = []
    for limit, number in COUNT_STAGES:
        most = min(limit, enough + 1)
        counted = await search_index.counts(tx, [tokens[place] for place in places[:number]], most)
        counts = sorted(zip(counted, range(number), places, strict=False))
        if counts[0][0] < most or most < limit:
            break
    count, _, first = counts[0]
    end = first + len(tokens[first])
    others = [place for *_, place in counts if place + len(tokens[place]) <= first or place >= end]
    return tokens[first], tokens[others[0]] if others else "", count


async def _read_scope(
    tx: Transaction, query: SearchQuery, scope: Scope, position: SearchPosition | None, size: int
) -> Page:
    rows = await search_index.in_scope(tx, query, scope, position[0] if position else FIRST, size)
    more = _encode((rows[-1].visit, "")) if len(rows) == size else None
    return [row for row in rows if query.has(row)], more


async def _read_token(tx: Transaction, query: SearchQuery, position: SearchPosition | None, size: int) -> Page:
    found: list[VisitSummaryRow] = []
    at = position[0] if position else FIRST
    for steps in STEP_SIZES:
        missing = size - len(found)
        rows, end = await search_index.in_token(tx, query, at, steps, missing)
        found += [row for row in rows if query.has(row)]
        if len(rows) == missing:
            return found, _encode((rows[-1].visit, ""))
        if end is None:
            return found, None
        at = end
    return found, _encode((at, ""))


async def _read_beginning(tx: Transaction, query: SearchQuery, position: SearchPosition | None, size: int) -> Page:
    """Read all tokens that start with the query; the query itself is the first of them."""
    found: list[VisitSummaryRow] = []
    at = position if position and position[1] else (FIRST, query.text)
    for steps in STEP_SIZES:
        limit = MAX_REPEATS * size
        rows, end = await search_index.in_beginning(tx, query, at, steps, limit)
        for row, token, is_first in rows:
            if is_first and query.has(row):
                found.append(row)
                if len(found) == size:
                    return found, _encode((row.visit, token))
        if len(rows) == limit:
            end = rows[-1][0].visit, rows[-1][1]
        if end is None:
            return found, None
        at = end
    return found, _encode(at)


def _encode(position: SearchPosition) -> str:
    return urlsafe_b64encode(position[0].bytes + position[1].encode()).decode().rstrip("=")


def _decode(text: str) -> SearchPosition:
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        position = UUID(bytes=raw[:16]), raw[16:].decode()
    except ValueError:
        position = UUID(int=0), "\0"
    if "\0" in position[1]:
        raise InvalidQuery("`after` is not a cursor of this list")
    return position
