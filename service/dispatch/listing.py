"""Lists of visits, and search in them: what somebody may see, as the board has it now."""

from collections.abc import Iterable
from typing import Annotated, cast
from uuid import UUID

import msgspec

from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import Person, covers_area
from service.checklists import repository as checklists_repository
from service.checklists.rules_cache import DEFAULT_CHECKLIST, compiled_rules
from service.context import AppContext
from service.db.database import Transaction
from service.errors import FieldError, InvalidQuery, PermissionDenied
from service.judge.findings import Verdict
from service.visits import repository as visits_repository
from service.visits import summaries
from service.visits.loading import PLAN_DECODER, load_visit
from service.visits.status import Flag, State, visit_flags, visit_state
from service.visits.summaries import VisitFilter, VisitSummaryRow
from service.web.decoding import parse_timestamp
from service.web.defects import or_unreadable
from service.web.pagination import decode_cursor, encode_cursor

from . import search
from .views import VisitListItem, summary_fields

PAGE = 50
SCAN_SIZE, MAX_SCANS = 500, 4  # of his own visits one looks at so many at once, so often: a page may come short


class VisitList(msgspec.Struct, frozen=True):
    """Visits by time (found ones by id); `after` leads to the next page, also when this one is short.

    `unreadable`: visits of this page that cannot be shown, by a defect of the server, whatever the filters.
    """

    items: Annotated[tuple[VisitListItem, ...], msgspec.Meta(description="The visits of this page.")]
    after: Annotated[
        str | None, msgspec.Meta(description="The cursor of the next page; null where this is the last one.")
    ]
    unreadable: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="Ids of visits of this page that cannot be shown, by a defect of the server."),
    ] = ()


async def list_visits(ctx: AppContext, token: bytes, query: dict[str, str]) -> VisitList:
    """A page. Filters: state, flag, technician, area, type, from, to (RFC 3339), q, after."""
    first, last = _parse_bound(query, "from"), _parse_bound(query, "to")
    after = query.get("after")
    wanted_text = query.get("q")
    start = decode_cursor(after) if after and wanted_text is None else summaries.MIN_KEY

    async def work(tx: Transaction) -> VisitList:
        person = await authenticate_token(tx, token)
        wanted = _build_filter(person, query)
        if "type" in query:
            await _known_type(ctx, tx, query["type"])
        wanted = msgspec.structs.replace(
            wanted,
            type=query.get("type", ""),
            state=query.get("state", ""),
            flag=query.get("flag", ""),
            from_at=wanted.from_at if first is None else first,
            to_at=wanted.to_at if last is None else last,
        )
        if wanted_text is not None:
            found, more = await search.search_visits(
                tx, _without_status_filter(person, wanted), wanted_text, after, PAGE
            )
        elif wanted.technician == person.login:
            return await _list_own_visits(ctx, tx, person, wanted, start)
        else:
            found = await summaries.list_summaries(tx, wanted, start, PAGE + 1)
            more = encode_cursor(found[PAGE - 1].key) if len(found) > PAGE else None
        page = _Page(wanted)
        for one in found[:PAGE]:
            page.add(one.visit, await _summary(ctx, tx, person, one))
        return page.until(more)

    return await ctx.db.read(work)


class _Page:
    """A page as it is filled: what fits, and which visits cannot be shown."""

    def __init__(self, wanted: VisitFilter) -> None:
        self.wanted = wanted
        self.seen: list[VisitListItem] = []
        self.unreadable: list[str] = []

    def add(self, visit_id: UUID, summary: VisitListItem | None) -> None:
        """The next visit; None when it cannot be shown."""
        if summary is None:
            self.unreadable.append(str(visit_id))
        elif _matches(self.wanted, summary):
            self.seen.append(summary)

    def until(self, after: str | None) -> VisitList:
        """The page for a client."""
        return VisitList(tuple(self.seen), after, tuple(self.unreadable))


async def _summary(ctx: AppContext, tx: Transaction, person: Person, posted: VisitSummaryRow) -> VisitListItem | None:
    """A row for a client; None when it cannot be made."""
    return await or_unreadable(ctx, posted.visit, _made(ctx, tx, person, posted))


async def _made(ctx: AppContext, tx: Transaction, person: Person, posted: VisitSummaryRow) -> VisitListItem:
    """A row for a client. What can change by itself and may have done so is judged anew; and so is, without them, what
    a customer answered, for whom that is not to be read."""
    row = await visits_repository.get_visit(tx, posted.visit)
    if row is None:
        raise InvalidQuery  # cannot be: the board's rows are of visits
    state, flags, verdict = posted.state, posted.flags, posted.verdict or None
    if _may_be_stale(ctx, posted):
        file = (await load_visit(ctx, tx, row)).visible_to(person)
        judgement = file.evaluate_at()
        state, verdict = visit_state(file, judgement), judgement.verdict
        flags = visit_flags(file, judgement)
    return VisitListItem(
        **summary_fields(ctx, row, PLAN_DECODER.decode(posted.plan)),
        technician=posted.technician,
        crew=posted.crew,
        state=cast(State, state),
        flags=cast(tuple[Flag, ...], flags),
        verdict=cast(Verdict | None, verdict),
        revision=posted.revision,
    )


async def _list_own_visits(
    ctx: AppContext, tx: Transaction, person: Person, wanted: VisitFilter, start: tuple[int, UUID]
) -> VisitList:
    """A technician's own visits. What a customer answered is not for him, and neither which of his visits the board
    has in another state for it: so one looks at each, and pages and cursors depend on nothing that he may not know."""
    page = _Page(wanted)
    for _ in range(MAX_SCANS):
        rows = await summaries.list_summaries(tx, _without_status_filter(person, wanted), start, SCAN_SIZE + 1)
        for one in rows[:SCAN_SIZE]:
            start = one.key
            if _may_be_stale(ctx, one) or _matches(wanted, one):
                page.add(one.visit, await _summary(ctx, tx, person, one))
            if len(page.seen) == PAGE:
                return page.until(None if one is rows[-1] else encode_cursor(start))
        if len(rows) <= SCAN_SIZE:
            return page.until(None)
    return page.until(encode_cursor(start))


def _without_status_filter(person: Person, wanted: VisitFilter) -> VisitFilter:
    """Of his own visits, those in every state."""
    own = wanted.technician == person.login
    return msgspec.structs.replace(wanted, state="", flag="") if own else wanted


def _may_be_stale(ctx: AppContext, posted: VisitSummaryRow) -> bool:
    """Whether the row may say what no longer is so, or what is not for everybody."""
    return (
        not posted.state
        or "answered" in posted.flags
        or (posted.valid_until is not None and posted.valid_until <= ctx.clock())
    )


def _matches(wanted: VisitFilter, seen: VisitListItem | VisitSummaryRow) -> bool:
    """Whether a visit is one of those wanted also as this person sees it: that it is not told would tell him."""
    return wanted.state in ("", seen.state) and (not wanted.flag or wanted.flag in seen.flags)


def _build_filter(person: Person, query: dict[str, str]) -> VisitFilter:
    """What the person may see, narrowed to what he asks for."""
    technician, area = query.get("technician"), query.get("area")
    if not person.can("see visits of an area"):
        require_permission(person, "see own visits")
        if query.get("flag") in ("answered", "complaint"):
            raise PermissionDenied("what a customer answered is not for who visited him")
        if technician not in (None, person.login):
            raise PermissionDenied("these are not your visits")
        return VisitFilter(technician=person.login, areas=(area,) if area else None)
    if area is not None and not covers_area(person, area):
        raise PermissionDenied("the area is not one of yours")
    if technician == person.login and "technician" in person.roles:
        return VisitFilter(technician=technician, areas=(area,) if area else None)
    return VisitFilter(technician=technician, areas=(area,) if area else person.areas or None)


async def _known_type(ctx: AppContext, tx: Transaction, name: str) -> None:
    """InvalidQuery unless visits are planned with this type, or were."""
    newest = await checklists_repository.latest_published(tx, DEFAULT_CHECKLIST)
    known = () if newest is None else (await compiled_rules(ctx, tx, newest.id, newest.version)).checklist.visit_types
    if name not in known and not await summaries.type_exists(tx, name):
        raise _unknown("type", known)


def _unknown(name: str, words: Iterable[str]) -> InvalidQuery:
    return InvalidQuery("", (FieldError(f"/{name}", "unknown-word", f"one of {', '.join(words)}"),))


def _parse_bound(query: dict[str, str], name: str) -> int | None:
    return int(parse_timestamp(query[name], name).timestamp() * 1000) if name in query else None
