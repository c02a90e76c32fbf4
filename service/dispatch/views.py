"""A visit as people see it: in a list, and whole."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from service.accounts.authentication import person_of
from service.confirmation.statements import CustomerResponse, CustomerView, StatementView, said_by_link
from service.context import House
from service.db.database import Tx
from service.evidence import missing
from service.evidence.missing import Awaited, LostSeen
from service.judge.batches import Ignored, Signed
from service.judge.entries import Entry, Evidence, Place
from service.judge.findings import Verdict
from service.judge.timeline import withdrawn
from service.judge.visit import Window
from service.visits import evidence_files, summaries
from service.visits.changes import Step
from service.visits.clock_skew import ahead, behind
from service.visits.loading import File, Judged, open_file
from service.visits.plan import Customer, Plan, Work
from service.visits.repository import VisitRow
from service.visits.status import Flag, State, flags_of, state_of

AT_THE_DOOR = ("arrived", "door_signal", "nobody_home")


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A visit in a list, as it stands now."""

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
    follows: str | None
    state: State
    flags: tuple[Flag, ...]
    verdict: Verdict | None
    revision: int


class RecordSeen(msgspec.Struct, frozen=True):
    """A record of a visit: who sent it when, which of its entries do not count, and what is wrong with its files.

    `damaged_evidence`: pictures whose bytes end too early. Told to the office only: `lost`; `clock_ahead_seconds`, by
    how much the phone's clock was ahead at least; `clock_behind_seconds`, by how much it was behind at most, since a
    record that was held up on its way looks the same. Both only where it was more than two minutes.
    """

    record: str
    writer: str
    received_at: datetime
    sha256: str
    missing_evidence: tuple[str, ...]
    ignored: tuple[Ignored, ...]
    signature: Signed
    taken_in_by: str | None
    damaged_evidence: tuple[str, ...] = ()
    lost: tuple[LostSeen, ...] = ()
    clock_ahead_seconds: int | None = None
    clock_behind_seconds: int | None = None


class Absence(msgspec.Struct, frozen=True):
    """Nobody was there (客户不在): since when, where, how long he waited, and what shows it."""

    at: datetime
    arrived_at: datetime | None
    place: Place | None
    door_signal_at: datetime | None
    waited_minutes: int | None
    text: str | None
    evidence: tuple[Evidence, ...]
    entries: tuple[str, ...]


class Cancelled(msgspec.Struct, frozen=True):
    """Who cancelled the visit, when and why."""

    at: datetime
    by: str
    reason: str


class VisitView(Summary, frozen=True, kw_only=True):
    """A visit whole: the plan, what was written, and the judgement now. The state is derived, never set."""

    assigned: dict[str, bool]
    exempt_reason: str | None
    policies: dict[str, bool]
    due: dict[str, datetime]
    inspectors: int | None
    entries: tuple[Entry, ...]
    records: tuple[RecordSeen, ...]
    judgement: Judged
    statements: tuple[StatementView, ...]
    said: tuple[CustomerResponse, ...]
    awaited: tuple[Awaited, ...]  # of the office's entries, and told to the office only
    absence: Absence | None
    cancelled: Cancelled | None
    trail: tuple[Step, ...]
    followed_by: tuple[str, ...]


async def show(house: House, token: bytes, visit: UUID) -> VisitView:
    """One visit, for who may see it."""

    async def work(tx: Tx) -> VisitView:
        return await view(house, tx, await open_file(house, tx, await person_of(tx, token), visit))

    return await house.db.read(work)


async def view(house: House, tx: Tx, file: File) -> VisitView:
    """A visit for a client."""
    plan, entries = file.plan, tuple(file.gathered.entries)
    case = CustomerView(file)
    judgement = case.judgement
    gone, given = file.standing.cancelled, await missing.given_up(tx, file)
    return VisitView(
        **described(house, file.row, plan),
        technician=plan.technician,
        crew=plan.crew,
        state=state_of(file, judgement),
        flags=flags_of(file, judgement),
        verdict=judgement.verdict,
        revision=len(file.standing.trail),
        assigned=plan.assigned,
        exempt_reason=plan.exempt_reason,
        policies=plan.policies,
        due=plan.due,
        inspectors=plan.inspectors,
        entries=entries,
        records=await _records(house, tx, file, given),
        judgement=file.said(judgement, case.now),
        statements=case.shown(),
        said=said_by_link(house, file),
        awaited=missing.awaited(house, file, given),
        absence=absence_of(entries),
        cancelled=Cancelled(gone.at, gone.by, file.standing.trail[gone.number - 1].reason or "") if gone else None,
        trail=file.standing.trail,
        followed_by=tuple(str(one) for one in await summaries.followers(tx, file.row.id)),
    )


def described(house: House, row: VisitRow, plan: Plan) -> dict[str, Any]:
    """What a summary says of a visit without judging it."""
    return {
        "id": str(row.id),
        "type": plan.type,
        "window": plan.window,
        "area": row.area,
        "customer": plan.customer,
        "work": plan.work,
        "checklist": f"{row.checklist}@{row.checklist_version}",
        "created_at": house.time(row.created_at),
        "created_by": row.created_by,
        "external_ref": plan.external_ref,
        "follows": plan.follows,
    }


async def _records(house: House, tx: Tx, file: File, given: missing.GivenUp) -> tuple[RecordSeen, ...]:
    damaged = await evidence_files.damaged(tx, file.row.id) if any(file.named) else frozenset[str]()
    return tuple(
        [
            _record(house, file, number, damaged, missing.seen(house, file, number, given))
            for number, row in enumerate(file.rows)
            if row.kind == "record"
        ]
    )


def _record(house: House, file: File, number: int, damaged: frozenset[str], gone: tuple[LostSeen, ...]) -> RecordSeen:
    row, batch = file.rows[number], file.batches[number]
    return RecordSeen(
        str(row.id),
        row.writer,
        house.time(row.received_at),
        row.sha256.hex(),
        file.missing(number),
        file.gathered.ignored[str(row.id)],
        row.signed,
        row.taken_in_by,
        tuple(name for name in file.named[number] if name in damaged),
        gone,
        ahead(batch, row.received_at) if file.office else None,
        behind(batch, row.received_at) if file.office else None,
    )


def absence_of(entries: Sequence[Entry]) -> Absence | None:
    """That nobody was there, from the technician's entries: arrival with its place, knocking, calling, waiting."""
    slips = withdrawn(entries)
    first: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda one: one.at):
        if entry.what in AT_THE_DOOR and entry.holds is not False and entry.id not in slips:
            first.setdefault(entry.what, entry)
    gone, arrived, knocked = first.get("nobody_home"), first.get("arrived"), first.get("door_signal")
    if gone is None:
        return None
    seen = [entry for entry in (arrived, knocked, gone) if entry is not None]
    evidence = tuple(piece for entry in seen for piece in entry.evidence)
    said = [piece.text for piece in gone.evidence if piece.text] + [gone.label or ""]
    told = gone.fields.get("waited_minutes")
    waited = told if isinstance(told, int) and not isinstance(told, bool) else None
    if waited is None and arrived is not None:
        waited = int((gone.at - arrived.at).total_seconds() // 60)
    return Absence(
        at=gone.at,
        arrived_at=arrived.at if arrived else None,
        place=arrived.place if arrived and arrived.place else gone.place,
        door_signal_at=knocked.at if knocked else None,
        waited_minutes=waited,
        text=next(iter(filter(None, said)), None),
        evidence=evidence,
        entries=tuple(entry.id for entry in seen),
    )
