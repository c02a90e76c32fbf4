"""Finding visits by a part of a name, account, address, phone or work order number.

One walks along the visits that have the query's rarest gram, by id, or along the grams that begin with a query shorter
than any; or, where the filters leave fewer, one looks through those. What a request looks at is bounded: a page may
come short, and the cursor behind it goes on.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from service.db.database import Transaction
from service.errors import InvalidQuery
from service.visits import search_index
from service.visits.search_index import FIRST, Scope, SearchPosition, SearchQuery
from service.visits.search_tokens import normalize_text, query_tokens
from service.visits.summaries import VisitFilter, VisitSummaryRow

Page = tuple[list[VisitSummaryRow], str | None]
LONGEST = 100  # characters of a query
COUNTED = ((1_000, 16), (6_000, 16), (32_000, 4))  # how far the visits with a gram are counted, and of how many grams
MANY = 15_000  # visits that a filter leaves, to be looked through
BEGUN = 8_000  # how far grams that begin with a query are counted: along them visits of all times are mixed
STEPS = (500, 1_500, 4_000)  # of a walk: a request looks at no more
REPEATED = 4  # times that a visit may come again where grams begin with a query


async def search_visits(tx: Transaction, wanted: VisitFilter, text: str, after: str | None, size: int) -> Page:
    """The next visits, and the cursor behind them if there may be more."""
    query = normalize_text(text)
    if not query or len(query) > LONGEST:
        raise InvalidQuery(f"`q` has 1 to {LONGEST} characters")
    place = _read(after) if after else None
    await search_index.force_custom_plan(tx, True)
    page = await _page(tx, wanted, query, place, size)
    await search_index.force_custom_plan(tx, False)
    return page


async def _page(tx: Transaction, wanted: VisitFilter, query: str, place: SearchPosition | None, size: int) -> Page:
    sought = SearchQuery(query, wanted)
    scope, fewest = await _scope(tx, sought)
    if pieces := query_tokens(query):
        gram, second, count = await _rarest(tx, pieces, fewest if scope else COUNTED[-1][0])
        sought = SearchQuery(query, wanted, gram, second)
    else:
        count = await search_index.count_beginning(tx, query, min(BEGUN, fewest))
    if count == 0:
        return [], None
    if not pieces and place is not None:  # one goes on as one began, along the grams or through a scope
        scope = None if place[1] else scope or next(iter(sought.scopes()), None)
    elif fewest > 2 * count:  # a step through a scope costs half
        scope = None
    if scope is not None:
        return await _look(tx, sought, scope, place, size)
    return await (_along if pieces else _along_all)(tx, sought, place, size)


async def _scope(tx: Transaction, sought: SearchQuery) -> tuple[Scope | None, int]:
    """The filter that leaves the fewest visits, and how many, if they are not too many."""
    best, few = None, MANY
    for scope in sought.scopes():
        count = await search_index.count_scope(tx, sought, scope, few)
        if count < few:
            best, few = scope, count
    return best, few


async def _rarest(tx: Transaction, pieces: list[str], enough: int) -> tuple[str, str, int]:
    """The gram that the fewest visits have, another that shares nothing with it, and how many have the first. One does
    not count further than `enough`."""
    distinct = sorted({gram: place for place, gram in enumerate(pieces)}.values())
    places = sorted(distinct, key=lambda place: -len(pieces[place]))  # the long ones say more
    counts: list[tuple[int, int, int]] = []
    for most, some in COUNTED:
        far = min(most, enough + 1)
        numbers = await search_index.counts(tx, [pieces[at] for at in places[:some]], far)
        counts = sorted(zip(numbers, range(some), places, strict=False))
        if counts[0][0] < far or far < most:
            break
    count, _, first = counts[0]
    apart = [at for *_, at in counts if at + len(pieces[at]) <= first or at >= first + len(pieces[first])]
    return pieces[first], pieces[apart[0]] if apart else "", count


async def _look(tx: Transaction, sought: SearchQuery, scope: Scope, place: SearchPosition | None, size: int) -> Page:
    """Through all of a scope."""
    some = await search_index.in_scope(tx, sought, scope, place[0] if place else FIRST, size)
    return [one for one in some if sought.has(one)], _write((some[-1].visit, "")) if len(some) == size else None


async def _along(tx: Transaction, sought: SearchQuery, place: SearchPosition | None, size: int) -> Page:
    """Along the rarest gram."""
    found: list[VisitSummaryRow] = []
    at = place[0] if place else FIRST
    for steps in STEPS:
        wish = size - len(found)
        some, end = await search_index.in_token(tx, sought, at, steps, wish)
        found += [one for one in some if sought.has(one)]
        if len(some) == wish:
            return found, _write((some[-1].visit, ""))
        if end is None:
            return found, None
        at = end
    return found, _write((at, ""))


async def _along_all(tx: Transaction, sought: SearchQuery, place: SearchPosition | None, size: int) -> Page:
    """Along all grams that begin with the query. Of those, nothing comes before the query itself."""
    found: list[VisitSummaryRow] = []
    at = place if place and place[1] else (FIRST, sought.text)
    for steps in STEPS:
        wish = REPEATED * size
        some, end = await search_index.in_beginning(tx, sought, at, steps, wish)
        for one, gram, first in some:
            if first and sought.has(one):
                found.append(one)
                if len(found) == size:
                    return found, _write((one.visit, gram))
        if len(some) == wish:
            end = some[-1][0].visit, some[-1][1]
        if end is None:
            return found, None
        at = end
    return found, _write(at)


def _write(place: SearchPosition) -> str:
    return urlsafe_b64encode(place[0].bytes + place[1].encode()).decode().rstrip("=")


def _read(text: str) -> SearchPosition:
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        gram = raw[16:].decode()
        if "\0" in gram:
            raise ValueError  # noqa: TRY301
        return UUID(bytes=raw[:16]), gram
    except ValueError:
        raise InvalidQuery("`after` is not a cursor of this list") from None
