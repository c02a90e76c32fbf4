"""Dispatch plans a visit, and people look at visits."""

import re
from datetime import datetime
from hashlib import sha256
from typing import Literal
from uuid import UUID

import msgspec

from service.domain.entry import Entry
from service.domain.errors import (
    ContentDiffers,
    Fault,
    InvalidBody,
    InvalidQuery,
    NotAllowed,
    UnknownChecklist,
    UnknownPerson,
)
from service.domain.finding import Judgement
from service.domain.merkle import leaf
from service.domain.people import Person, covers
from service.domain.receipt import Ignored, missing_files
from service.domain.rules import Rules
from service.domain.visit import Customer, Plan, Window, Work
from service.storage import checklists, log, people, visits
from service.storage.database import Tx
from service.storage.visits import VisitRow, Wanted

from .access import need, person_of, sign_in
from .cursor import cursor_read, cursor_write
from .decode import decode
from .house import ONSITE, House
from .judging import File, Judged, load, open_file, plans

PAGE = 50
_THING = re.compile(r"[a-z0-9_-]{1,40}\]")
State = Literal["planned", "under_way", "to_review"]
Flag = Literal["awaiting_evidence", "open_duties", "absent"]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A visit in a list."""

    id: str
    type: str
    window: Window | None
    technician: str
    crew: tuple[str, ...]
    area: str
    customer: Customer
    work: Work
    checklist: str
    created_at: datetime
    created_by: str
    external_ref: str | None


class SummaryPage(msgspec.Struct, frozen=True):
    """Visits by time; `after` leads to the next page."""

    items: tuple[Summary, ...]
    after: str | None


class RecordSeen(msgspec.Struct, frozen=True):
    """A record of a visit: who sent it when, and which of its entries do not count."""

    record: str
    writer: str
    received_at: datetime
    sha256: str
    missing_evidence: tuple[str, ...]
    ignored: tuple[Ignored, ...]


class VisitView(Summary, frozen=True, kw_only=True):
    """A visit whole: the plan, what was written, and the judgement now. The state is derived, never set."""

    assigned: dict[str, bool]
    exempt_reason: str | None
    policies: dict[str, bool]
    due: dict[str, datetime]
    state: State
    flags: tuple[Flag, ...]
    entries: tuple[Entry, ...]
    records: tuple[RecordSeen, ...]
    judgement: Judged


async def create(house: House, token: bytes, visit: UUID, raw: bytes) -> tuple[bool, VisitView]:
    """Plan a visit. The same bytes again are no change; it takes the newest published checklist and keeps it."""
    person = await sign_in(house, token, "plan a visit")
    plan = decode(plans, raw)

    async def work(tx: Tx) -> tuple[bool, VisitView]:
        known = await visits.locked_visit(tx, visit)
        if known is None:
            row = await _row(house, tx, person, visit, plan, raw)
            if await visits.add_visit(tx, row):
                await log.add_leaf(
                    tx, row.id, leaf("visit.planned", row.salt, row.sha256, row.created_at), row.created_at
                )
                return True, view(house, await load(house, tx, row))
            known = await visits.locked_visit(tx, visit)  # somebody was faster with the same id
        if known is None or known.sha256 != sha256(raw).digest() or not covers(person, known.area):
            raise ContentDiffers
        return False, view(house, await load(house, tx, known))

    return await house.db.write(work)


async def _row(house: House, tx: Tx, person: Person, visit: UUID, plan: Plan, raw: bytes) -> VisitRow:
    newest = await checklists.newest(tx, ONSITE)
    if newest is None:
        raise UnknownChecklist
    _check(plan, await house.rules(tx, newest.id, newest.version))
    technician = await people.person(tx, plan.technician)
    crew = [await people.person(tx, login) for login in plan.crew]
    names = ("/technician", technician), *((f"/crew/{n}", one) for n, one in enumerate(crew))
    wrong = tuple(Fault(at, "unknown-person", "no such technician") for at, one in names if not _works(one))
    if wrong or technician is None:
        raise UnknownPerson("", wrong)
    own = person.areas[0] if len(person.areas) == 1 else ""
    area = plan.area or next(iter(technician.areas), own)
    if not covers(person, area):
        raise NotAllowed("the area is not one of yours")
    window = plan.window
    return VisitRow(
        id=visit,
        sha256=sha256(raw).digest(),
        body=raw,
        type=plan.type,
        technician=plan.technician,
        crew=plan.crew,
        area=area,
        checklist=newest.id,
        checklist_version=newest.version,
        window_from=_ms(window.start) if window else None,
        window_to=_ms(window.end) if window else None,
        created_at=house.clock(),
        created_by=person.login,
        salt=house.salt(),
    )


def _works(person: Person | None) -> bool:
    return person is not None and "technician" in person.roles


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _check(plan: Plan, rules: Rules) -> None:
    """What the decoder cannot see: names of the checklist, a window that ends after it begins."""
    known = rules.checklist
    faults = (
        [Fault("/type", "unknown-type", f"one of {', '.join(known.visit_types)}")]
        if plan.type not in known.visit_types
        else []
    )
    if plan.window is None and not plan.assigned.get("appointment_exempt"):
        faults.append(Fault("/window", "missing", "a window, or assigned.appointment_exempt with a reason"))
    if plan.window is not None and plan.window.end < plan.window.start:
        faults.append(Fault("/window/to", "before-from", "must not be before `from`"))
    # a name that is not ours is not repeated: the fault points at where it stands
    if any(name not in rules.assigned for name in plan.assigned):
        faults.append(Fault("/assigned", "unknown-fact", f"of {', '.join(sorted(rules.assigned))}"))
    if any(name not in rules.by_id or not rules.by_id[name].policy for name in plan.policies):
        faults.append(Fault("/policies", "not-a-policy", "ids of the checklist's policies"))
    if any(not _can_be_due(rules, name) for name in plan.due):
        faults.append(Fault("/due", "unknown-item", "an item, or item[thing] where it is per thing"))
    if faults:
        raise InvalidBody("", tuple(faults[:20]))


def _can_be_due(rules: Rules, name: str) -> bool:
    item, _, thing = name.partition("[")
    rule = rules.by_id.get(item)
    if rule is None:
        return False
    return not thing if "[" not in name else rule.per_thing and _THING.fullmatch(thing) is not None


async def show(house: House, token: bytes, visit: UUID) -> VisitView:
    """One visit, for who may see it."""

    async def work(tx: Tx) -> VisitView:
        return view(house, await open_file(house, tx, await person_of(tx, token), visit))

    return await house.db.read(work)


async def page(house: House, token: bytes, query: dict[str, str]) -> SummaryPage:
    """Visits that the person may see, by time. Filters: technician, area, type, from, to (RFC 3339), after."""
    start = cursor_read(query["after"]) if "after" in query else visits.FIRST
    first, last = _bound(query.get("from")), _bound(query.get("to"))

    async def work(tx: Tx) -> list[VisitRow]:
        wanted = _wanted(await person_of(tx, token), query)
        wanted = msgspec.structs.replace(
            wanted,
            type=query.get("type", ""),
            from_at=wanted.from_at if first is None else first,
            to_at=wanted.to_at if last is None else last,
        )
        return await visits.visits_page(tx, wanted, start, PAGE + 1)

    rows = await house.db.read(work)
    more = cursor_write(rows[PAGE - 1].key) if len(rows) > PAGE else None
    return SummaryPage(tuple(_summary(house, row) for row in rows[:PAGE]), more)


def _wanted(person: Person, query: dict[str, str]) -> Wanted:
    """What the person may see, narrowed to what he asks for."""
    technician, area = query.get("technician"), query.get("area")
    if not person.may("see visits of an area"):
        need(person, "see own visits")
        if technician not in (None, person.login):
            raise NotAllowed("these are not your visits")
        return Wanted(technician=person.login, areas=(area,) if area else None)
    if area is not None and not covers(person, area):
        raise NotAllowed("the area is not one of yours")
    if technician == person.login and "technician" in person.roles:
        return Wanted(technician=technician, areas=(area,) if area else None)
    return Wanted(technician=technician, areas=(area,) if area else person.areas or None)


def _bound(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidQuery("`from` and `to` are RFC 3339 with an offset") from None
    if moment.tzinfo is None:
        raise InvalidQuery("`from` and `to` need an offset, such as +08:00")
    return _ms(moment)


def view(house: House, file: File) -> VisitView:
    """A visit for a client."""
    plan, entries = file.plan, tuple(file.gathered.entries)
    now = house.now()
    judgement = file.judged(now)
    judged = file.told(judgement, now)
    return VisitView(
        **msgspec.structs.asdict(_summary(house, file.row)),
        assigned=plan.assigned,
        exempt_reason=plan.exempt_reason,
        policies=plan.policies,
        due=plan.due,
        state=_state(judgement),
        flags=_flags(judgement, entries),
        entries=entries,
        records=tuple(_record(house, file, number) for number, row in enumerate(file.rows) if row.kind == "record"),
        judgement=judged,
    )


def _summary(house: House, row: VisitRow) -> Summary:
    plan = plans.decode(row.body)
    return Summary(
        id=str(row.id),
        type=plan.type,
        window=plan.window,
        technician=row.technician,
        crew=row.crew,
        area=row.area,
        customer=plan.customer,
        work=plan.work,
        checklist=f"{row.checklist}@{row.checklist_version}",
        created_at=house.time(row.created_at),
        created_by=row.created_by,
        external_ref=plan.external_ref,
    )


def _record(house: House, file: File, number: int) -> RecordSeen:
    row = file.rows[number]
    return RecordSeen(
        str(row.id),
        row.writer,
        house.time(row.received_at),
        row.sha256.hex(),
        missing_files(file.batches[number].entries, frozenset()),
        file.gathered.ignored[str(row.id)],
    )


def _state(judgement: Judgement) -> State:
    if judgement.verdict is None:
        return "planned"
    return "to_review" if "left" in judgement.facts else "under_way"


def _flags(judgement: Judgement, entries: tuple[Entry, ...]) -> tuple[Flag, ...]:
    flags: list[Flag] = []
    if missing_files(entries, frozenset()):
        flags.append("awaiting_evidence")
    if any(finding.severity == "open" for finding in judgement.findings):
        flags.append("open_duties")
    if "nobody_home" in judgement.facts:
        flags.append("absent")
    return tuple(flags)
