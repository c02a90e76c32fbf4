"""Lists of visits, and search in them: what somebody may see, as the board has it now."""

from collections.abc import Iterable
from typing import cast, get_args
from uuid import UUID

import msgspec

from service.accounts.authentication import need, person_of
from service.accounts.permissions import Person, covers
from service.checklists import repository as checklists_repository
from service.checklists.rules_cache import ONSITE, compiled_rules
from service.context import House
from service.db.database import Tx
from service.errors import FieldError, InvalidQuery, NotAllowed
from service.judge.findings import Verdict
from service.visits import repository as visits_repository
from service.visits import summaries
from service.visits.loading import load, plans
from service.visits.status import Flag, State, flags_of, state_of
from service.visits.summaries import Posted, Wanted
from service.web.decoding import moment
from service.web.defects import readable
from service.web.pagination import cursor_read, cursor_write

from . import search
from .views import Summary, described

PAGE = 50
LOOKED, LOOKS = 500, 4  # of his own visits one looks at so many at once, so often: a page may come short


class SummaryPage(msgspec.Struct, frozen=True):
    """Visits by time (found ones by id); `after` leads to the next page, also when this one is short.

    `unreadable`: visits of this page that cannot be shown, by a defect of the server, whatever the filters.
    """

    items: tuple[Summary, ...]
    after: str | None
    unreadable: tuple[str, ...] = ()


async def page(house: House, token: bytes, query: dict[str, str]) -> SummaryPage:
    """A page. Filters: state, flag, technician, area, type, from, to (RFC 3339), q, after."""
    first, last = _bound(query, "from"), _bound(query, "to")
    after = query.get("after")
    wanted_text = query.get("q")
    for name, words in (("state", get_args(State)), ("flag", get_args(Flag))):
        if name in query and query[name] not in words:
            raise _unknown(name, words)
    start = cursor_read(after) if after and wanted_text is None else summaries.FIRST

    async def work(tx: Tx) -> SummaryPage:
        person = await person_of(tx, token)
        wanted = _wanted(person, query)
        if "type" in query:
            await _known_type(house, tx, query["type"])
        wanted = msgspec.structs.replace(
            wanted,
            type=query.get("type", ""),
            state=query.get("state", ""),
            flag=query.get("flag", ""),
            from_at=wanted.from_at if first is None else first,
            to_at=wanted.to_at if last is None else last,
        )
        if wanted_text is not None:
            found, more = await search.find(tx, _whatever(person, wanted), wanted_text, after, PAGE)
        elif wanted.technician == person.login:
            return await _own(house, tx, person, wanted, start)
        else:
            found = await summaries.page(tx, wanted, start, PAGE + 1)
            more = cursor_write(found[PAGE - 1].key) if len(found) > PAGE else None
        page = _Page(wanted)
        for one in found[:PAGE]:
            page.add(one.visit, await _summary(house, tx, person, one))
        return page.until(more)

    return await house.db.read(work)


class _Page:
    """A page as it is filled: what fits, and which visits cannot be shown."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.seen: list[Summary] = []
        self.unreadable: list[str] = []

    def add(self, visit: UUID, summary: Summary | None) -> None:
        """The next visit; None when it cannot be shown."""
        if summary is None:
            self.unreadable.append(str(visit))
        elif _fits(self.wanted, summary):
            self.seen.append(summary)

    def until(self, after: str | None) -> SummaryPage:
        """The page for a client."""
        return SummaryPage(tuple(self.seen), after, tuple(self.unreadable))


async def _summary(house: House, tx: Tx, person: Person, posted: Posted) -> Summary | None:
    """A row for a client; None when it cannot be made."""
    return await readable(house, posted.visit, _made(house, tx, person, posted))


async def _made(house: House, tx: Tx, person: Person, posted: Posted) -> Summary:
    """A row for a client. What can change by itself and may have done so is judged anew; and so is, without them, what
    a customer answered, for whom that is not to be read."""
    row = await visits_repository.visit(tx, posted.visit)
    if row is None:
        raise InvalidQuery  # cannot be: the board's rows are of visits
    state, flags, verdict = posted.state, posted.flags, posted.verdict or None
    if _unsure(house, posted):
        file = (await load(house, tx, row)).told(person)
        judgement = file.judged()
        state, verdict = state_of(file, judgement), judgement.verdict
        flags = flags_of(file, judgement)
    return Summary(
        **described(house, row, plans.decode(posted.plan)),
        technician=posted.technician,
        crew=posted.crew,
        state=cast(State, state),
        flags=cast(tuple[Flag, ...], flags),
        verdict=cast(Verdict | None, verdict),
        revision=posted.revision,
    )


async def _own(house: House, tx: Tx, person: Person, wanted: Wanted, start: tuple[int, UUID]) -> SummaryPage:
    """A technician's own visits. What a customer answered is not for him, and neither which of his visits the board
    has in another state for it: so one looks at each, and pages and cursors depend on nothing that he may not know."""
    page = _Page(wanted)
    for _ in range(LOOKS):
        rows = await summaries.page(tx, _whatever(person, wanted), start, LOOKED + 1)
        for one in rows[:LOOKED]:
            start = one.key
            if _unsure(house, one) or _fits(wanted, one):
                page.add(one.visit, await _summary(house, tx, person, one))
            if len(page.seen) == PAGE:
                return page.until(None if one is rows[-1] else cursor_write(start))
        if len(rows) <= LOOKED:
            return page.until(None)
    return page.until(cursor_write(start))


def _whatever(person: Person, wanted: Wanted) -> Wanted:
    """Of his own visits, those in every state."""
    own = wanted.technician == person.login
    return msgspec.structs.replace(wanted, state="", flag="") if own else wanted


def _unsure(house: House, posted: Posted) -> bool:
    """Whether the row may say what no longer is so, or what is not for everybody."""
    return (
        not posted.state or "answered" in posted.flags or (posted.until is not None and posted.until <= house.clock())
    )


def _fits(wanted: Wanted, seen: Summary | Posted) -> bool:
    """Whether a visit is one of those wanted also as this person sees it: that it is not told would tell him."""
    return wanted.state in ("", seen.state) and (not wanted.flag or wanted.flag in seen.flags)


def _wanted(person: Person, query: dict[str, str]) -> Wanted:
    """What the person may see, narrowed to what he asks for."""
    technician, area = query.get("technician"), query.get("area")
    if not person.may("see visits of an area"):
        need(person, "see own visits")
        if query.get("flag") in ("answered", "complaint"):
            raise NotAllowed("what a customer answered is not for who visited him")
        if technician not in (None, person.login):
            raise NotAllowed("these are not your visits")
        return Wanted(technician=person.login, areas=(area,) if area else None)
    if area is not None and not covers(person, area):
        raise NotAllowed("the area is not one of yours")
    if technician == person.login and "technician" in person.roles:
        return Wanted(technician=technician, areas=(area,) if area else None)
    return Wanted(technician=technician, areas=(area,) if area else person.areas or None)


async def _known_type(house: House, tx: Tx, name: str) -> None:
    """InvalidQuery unless visits are planned with this type, or were."""
    newest = await checklists_repository.newest(tx, ONSITE)
    known = () if newest is None else (await compiled_rules(house, tx, newest.id, newest.version)).checklist.visit_types
    if name not in known and not await summaries.has_type(tx, name):
        raise _unknown("type", known)


def _unknown(name: str, words: Iterable[str]) -> InvalidQuery:
    return InvalidQuery("", (FieldError(f"/{name}", "unknown-word", f"one of {', '.join(words)}"),))


def _bound(query: dict[str, str], name: str) -> int | None:
    return int(moment(query[name], name).timestamp() * 1000) if name in query else None
