"""Lists of the visits that a person may see, and search in them."""

from collections.abc import Iterable
from typing import Annotated, Any, cast
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import Person, require_area
from service.checklists import repository as checklists_repository
from service.checklists.rules_cache import DEFAULT_CHECKLIST, compiled_rules
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.errors import FieldError, InvalidQuery, PermissionDenied
from service.judge.checklist import VisitType
from service.judge.findings import Verdict
from service.judge.moments import to_ms
from service.visits import repository as visits_repository
from service.visits import summaries
from service.visits.attention import attention
from service.visits.loading import PLAN_DECODER, load_visit
from service.visits.repository import VisitRow
from service.visits.status import Flag, State, visit_flags, visit_state
from service.visits.summaries import VisitFilter, VisitSummaryRow
from service.web.decoding import parse_timestamp
from service.web.defects import or_unreadable
from service.web.pagination import decode_cursor, encode_cursor

from . import search
from .views import VisitListItem, summary_fields

PAGE = 50
LONGEST_MS = 7 * 86_400_000  # a visit whose window began earlier is not looked for
SCAN_SIZE, MAX_SCANS = 500, 4  # rows of a technician's own visits read at once, and how often for one page


class VisitList(msgspec.Struct, frozen=True):
    """A page of visits by time (search results by id). A short page is not always the last one."""

    items: Annotated[tuple[VisitListItem, ...], Meta(description="The visits of this page.")]
    after: Annotated[str | None, Meta(description="The cursor of the next page; null on the last one.")]
    unreadable: Annotated[tuple[str, ...], Meta(description="Ids of visits that a server error hides.")] = ()


@read_only
async def list_visits(ctx: AppContext, tx: Transaction, token: bytes, query: dict[str, str]) -> VisitList:
    """A page. Filters: state, flag, technician, area, type, from, to (RFC 3339), q, after."""
    person = await authenticate_token(tx, token)
    if "technician" in query:
        query |= {"technician": await accounts_repository.known_login(tx, query["technician"])}
    wanted = _build_filter(person, query)
    text, after = query.get("q"), query.get("after")
    start = decode_cursor(after) if after and text is None else summaries.MIN_KEY
    if "type" in query:
        await _require_known_type(ctx, tx, wanted.type)
    page = _PageBuilder(ctx, tx, person, wanted)
    if text is not None:
        rows, more = await search.search_visits(tx, page.row_filter, text, after, PAGE)
        if after is None and person.can("see visits of an area"):
            by_receipt = await search.find_by_receipt(tx, page.row_filter, text)
            rows = [*by_receipt, *(row for row in rows if row not in by_receipt)]
    elif wanted.technician == person.login:
        return await _list_own_visits(page, start)
    else:
        rows = await summaries.list_summaries(tx, wanted, start, PAGE + 1)
        more = encode_cursor(rows[PAGE - 1].key) if len(rows) > PAGE else None
        rows = rows[:PAGE]
    known = await visits_repository.get_visits(tx, (row.visit for row in rows))
    for row in rows:
        await page.add(row, known.get(row.visit))
    return page.build(more)


@read_only
async def type_names(ctx: AppContext, tx: Transaction) -> dict[str, VisitType]:
    """The types of visit of the newest checklist."""
    newest = await checklists_repository.latest_published(tx, DEFAULT_CHECKLIST)
    return {} if newest is None else (await compiled_rules(ctx, tx, newest.id, newest.version)).checklist.visit_types


@read_only
async def calling_visits(_: AppContext, tx: Transaction, ids: Iterable[str]) -> frozenset[str]:
    """Those of the visits about which something calls for a person."""
    rows = [await summaries.get_summary(tx, UUID(one)) for one in ids]
    return frozenset(str(row.visit) for row in rows if row is not None and row.reasons)


class _PageBuilder:
    """Collects the matching visits of a page, and the ids of those that cannot be shown."""

    def __init__(self, ctx: AppContext, tx: Transaction, person: Person, wanted: VisitFilter) -> None:
        self.ctx, self.tx, self.person, self.wanted = ctx, tx, person, wanted
        self.items: list[VisitListItem] = []
        self.unreadable: list[str] = []

    @property
    def row_filter(self) -> VisitFilter:
        """The filter for rows: without state and flag for technicians, who may see another state than the row's."""
        own = self.wanted.technician == self.person.login
        return msgspec.structs.replace(self.wanted, state="", flag="") if own else self.wanted

    def matches(self, visit: VisitListItem | VisitSummaryRow) -> bool:
        """Whether the visit matches as this person sees it: leaving it in would reveal what they may not see."""
        return self.wanted.state in ("", visit.state) and (not self.wanted.flag or self.wanted.flag in visit.flags)

    async def add(self, summary: VisitSummaryRow, row: VisitRow | None) -> None:
        """Add a visit, if it matches."""
        item = await or_unreadable(self.ctx, summary.visit, _to_item(self.ctx, self.tx, self.person, summary, row))
        if item is None:
            self.unreadable.append(str(summary.visit))
        elif self.matches(item):
            self.items.append(item)

    def build(self, after: str | None) -> VisitList:
        """The page."""
        return VisitList(tuple(self.items), after, tuple(self.unreadable))


async def _to_item(
    ctx: AppContext, tx: Transaction, person: Person, summary: VisitSummaryRow, row: VisitRow | None
) -> VisitListItem:
    """A row of a list. The visit is judged if its summary may be out of date, or has answers that not all may see."""
    if row is None:
        raise LookupError  # impossible: each summary belongs to a visit
    state, flags, verdict = summary.state, summary.flags, summary.verdict or None
    if _may_be_stale(ctx, summary):
        visit = (await load_visit(ctx, tx, row)).visible_to(person)
        judgement = visit.evaluate_at()
        now, verdict = attention(visit, judgement), judgement.verdict
        state, flags = visit_state(visit, judgement, now), visit_flags(visit, judgement, now)
    return VisitListItem(
        **summary_fields(ctx, row, PLAN_DECODER.decode(summary.plan)),
        technician=summary.technician,
        crew=summary.crew,
        state=cast("State", state),
        flags=cast("tuple[Flag, ...]", flags),
        verdict=cast("Verdict | None", verdict),
        revision=summary.revision,
    )


async def _list_own_visits(page: _PageBuilder, start: tuple[int, UUID]) -> VisitList:
    """A technician's own visits. They may not see what customers answered, and summaries depend on it: all rows are
    read, so that neither pages nor cursors reveal it."""
    for _ in range(MAX_SCANS):
        rows = await summaries.list_summaries(page.tx, page.row_filter, start, SCAN_SIZE + 1)
        for row in rows[:SCAN_SIZE]:
            start = row.key
            if _may_be_stale(page.ctx, row) or page.matches(row):
                await page.add(row, await visits_repository.get_visit(page.tx, row.visit))
            if len(page.items) == PAGE:
                return page.build(None if row is rows[-1] else encode_cursor(start))
        if len(rows) <= SCAN_SIZE:
            return page.build(None)
    return page.build(encode_cursor(start))


def _may_be_stale(ctx: AppContext, row: VisitSummaryRow) -> bool:
    """Whether the summary may be out of date, or shows what not everybody may see."""
    return not row.state or "answered" in row.flags or (row.valid_until is not None and row.valid_until <= ctx.clock())


def _build_filter(person: Person, query: dict[str, str]) -> VisitFilter:
    technician, areas = _visible_scope(person, query)
    found: dict[str, Any] = {name: query[name] for name in ("type", "state", "flag") if name in query}
    if "from" in query:
        found["ends_after"] = to_ms(parse_timestamp(query["from"], "from"))
        found["from_at"] = found["ends_after"] - LONGEST_MS
    if "to" in query:
        found["to_at"] = to_ms(parse_timestamp(query["to"], "to"))
    return VisitFilter(technician=technician, areas=areas, **found)


def _visible_scope(person: Person, query: dict[str, str]) -> tuple[str | None, tuple[str, ...] | None]:
    """The technician and areas asked for, narrowed to what the person may see."""
    technician, area = query.get("technician"), query.get("area")
    areas = (area,) if area else None
    if not person.can("see visits of an area"):
        require_permission(person, "see own visits")
        if query.get("flag") in ("answered", "complaint", "comment"):
            raise PermissionDenied("technicians may not see what customers answered")
        if technician not in (None, person.login):
            raise PermissionDenied("these are not your visits")
        return person.login, areas
    if area is not None:
        require_area(person, area)
    if technician == person.login and "technician" in person.roles:
        return technician, areas
    return technician, areas or person.areas or None


async def _require_known_type(ctx: AppContext, tx: Transaction, name: str) -> None:
    """InvalidQuery unless the current checklist or any visit has this type."""
    newest = await checklists_repository.latest_published(tx, DEFAULT_CHECKLIST)
    known = () if newest is None else (await compiled_rules(ctx, tx, newest.id, newest.version)).checklist.visit_types
    if name not in known and not await summaries.type_exists(tx, name):
        raise InvalidQuery("", (FieldError("/type", "unknown-word", f"one of {', '.join(known)}"),))
