"""A visit read and judged in memory: its row, its batches, and what the judge makes of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from service.accounts.authentication import person_of
from service.accounts.permissions import Person, covers, may_see
from service.checklists.rules_cache import compiled_rules
from service.context import House
from service.db.database import Tx
from service.errors import NotFound
from service.judge.batches import Batch, Gathered, gather
from service.judge.entries import Entry, named_files
from service.judge.evidence import FileDigests, Files, counting, gone, missing, senders_of
from service.judge.findings import FindingView, Judgement, Verdict
from service.judge.judge import judge
from service.judge.rules import Rules
from service.judge.signoffs import Level, in_confidence
from service.judge.visit import Visit
from service.web.decoding import moment

from . import batches, change_rows, evidence_files, repository
from .batches import BatchRow
from .change_rows import ChangeRow
from .changes import (
    Cancellation,
    Change,
    Content,
    DueDates,
    NewDetails,
    NewTechnician,
    NewWindow,
    Standing,
    standing,
    without,
)
from .clock_skew import device_clock
from .customer_answers import ByLink
from .plan import Plan
from .repository import VisitRow
from .wire import OfficeEntries, Record

plans = msgspec.json.Decoder(Plan)
records = msgspec.json.Decoder(Record)
offices = msgspec.json.Decoder(OfficeEntries)
by_link = msgspec.json.Decoder(ByLink)
HEARD: dict[Level | None, frozenset[str]] = {
    None: frozenset(),
    "phone": frozenset({"phone"}),
    "own_device": frozenset({"words", "phone", "own_device"}),
}
"""Where the link is open at a level, what was said at these may be read; and what was said right there."""
contents: dict[str, msgspec.json.Decoder[Content]] = {
    "window": msgspec.json.Decoder(NewWindow),
    "technician": msgspec.json.Decoder(NewTechnician),
    "details": msgspec.json.Decoder(NewDetails),
    "due": msgspec.json.Decoder(DueDates),
    "cancellation": msgspec.json.Decoder(Cancellation),
}


class Judged(msgspec.Struct, frozen=True):
    """The judgement of a visit at a moment."""

    visit: str
    checklist: str
    at: datetime
    verdict: Verdict | None
    findings: tuple[FindingView, ...]


class File(msgspec.Struct, frozen=True):
    """A visit as it is kept: the plan and its changes, the version it is judged by, and what was written about it."""

    row: VisitRow
    planned: Plan
    standing: Standing
    rules: Rules
    rows: list[BatchRow]
    batches: list[Batch]
    gathered: Gathered
    named: tuple[FileDigests, ...]  # by each batch
    now: datetime  # the server's time at which it was read, and at which it is judged
    files: Files = Files()
    confirmations: tuple[tuple[BatchRow, ByLink], ...] = ()  # what the customer said by his link about the work
    office: bool = True  # for who plans and supervises; False: for who goes or went there

    @property
    def plan(self) -> Plan:
        """The plan as it stands now."""
        return self.standing.plan

    @property
    def planned_at(self) -> int:
        """When it is planned for (ms UTC); lists are in this order."""
        window = self.plan.window
        return self.row.created_at if window is None else int(window.start.timestamp() * 1000)

    def visit(self) -> Visit:
        """The visit as the judge sees it: the first window, and how it was moved."""
        plan = self.plan
        return Visit(
            id=str(self.row.id),
            type=plan.type,
            checklist=self.rules.checklist.name,
            window=self.planned.window,
            rescheduled=self.standing.rescheduled,
            assigned=plan.assigned,
            exempt_reason=plan.exempt_reason,
            policies=plan.policies,
            due=plan.due,
            inspectors=plan.inspectors,
        )

    def judged(self, at: datetime | None = None) -> Judgement:
        """What the judge says now, or at another moment."""
        return judge(self.rules, self.visit(), self.counting(), at or self.now)

    def counting(self) -> list[Entry]:
        """The entries as they are judged: what was given up proves nothing (`judge/evidence`)."""
        if not self.files.lost:
            return self.gathered.entries
        return counting(
            self.gathered.entries,
            ((batch.entries, self.lost(number)) for number, batch in enumerate(self.batches)),
        )

    def told(self, person: Person) -> "File":
        """What the person may know: who goes or went there himself does not read the customer's answers."""
        went = person.login in self.standing.went
        if not went and person.may("see visits of an area") and covers(person, self.row.area):
            return self
        return msgspec.structs.replace(self.heard_at(None), office=False)

    def heard_at(self, level: Level | None, seat: str = "-") -> "File":
        """As it may be known where the customer's link is open at a level: before the code, as those who go there may
        know it; and in a browser (`seat`) in which a technician may have his hand, what was said with the link open
        like that, or right there.
        """
        hidden = [one for _, one in self.confirmations if not _heard(one, level, seat)]
        if not hidden:
            return self  # there is nothing to hide
        said = {entry.id for one in hidden for entry in one.entries}
        heard = [in_confidence(entry) if entry.id in said else entry for entry in self.gathered.entries]
        known = [entry for entry in heard if entry is not None]
        unknown = {entry.thing for one in hidden for entry in one.entries if entry.thing and entry.holds is not None}
        unknown -= {entry.thing for entry in known if entry.by == "technician"}
        if unknown:  # what he named is as little known as that he did: neither what the office writes about it
            known = [entry for entry in known if entry.thing not in unknown]
        stands = without(self.standing, unknown) if unknown else self.standing
        gathered = Gathered(known, self.gathered.ignored)
        told = tuple(pair for pair in self.confirmations if _heard(pair[1], level, seat))
        return msgspec.structs.replace(self, confirmations=told, gathered=gathered, standing=stands)

    def missing(self, number: int) -> FileDigests:
        """The files that a batch names, which have not come and were not given up."""
        named = self.named[number]
        return missing(self.files, self.batches[number].id, named, senders(self.rows[number])) if named else ()

    def lost(self, number: int) -> frozenset[str]:
        """The files that a batch names, which were given up and did not come after all."""
        return gone(self.files, self.batches[number].id, self.named[number], senders(self.rows[number]))

    @property
    def awaits_files(self) -> bool:
        """Whether any batch still misses a file."""
        return any(self.missing(number) for number, named in enumerate(self.named) if named)

    def shown(self, judgement: Judgement) -> tuple[FindingView, ...]:
        """The findings in words."""
        return self.rules.speaker.show(judgement.findings, judgement.labels)

    def answer(self, at: datetime | None = None) -> Judged:
        """The judgement for a client, now or at another moment."""
        return self.said(self.judged(at), at or self.now)

    def said(self, judgement: Judgement, at: datetime) -> Judged:
        """A judgement made at a moment, for a client."""
        visit = str(self.row.id)
        return Judged(visit, self.rules.checklist.name, at, judgement.verdict, self.shown(judgement))


def _heard(said: ByLink, level: Level | None, seat: str) -> bool:
    return said.level in HEARD[level] or (level is not None and said.seat == seat)


def _by_link(body: bytes) -> ByLink | None:
    try:
        return by_link.decode(body)
    except msgspec.ValidationError:  # an answer about the appointment
        return None


def senders(row: BatchRow) -> tuple[str, ...]:
    """Who may send the files of a batch."""
    return senders_of(row.kind, str(row.visit), row.writer, row.taken_in_by)


def batch_of(row: BatchRow, received_at: datetime) -> Batch:
    """A stored batch, read again."""
    if row.kind == "record":
        return record_batch(row.id, records.decode(row.body), received_at)
    return Batch(str(row.id), row.kind, offices.decode(row.body).entries, received_at)


def record_batch(id: UUID, record: Record, received_at: datetime) -> Batch:
    """A record as a batch."""
    return Batch(str(id), "record", record.entries, received_at, device_clock(record))


def in_order(times: Iterable[int], now: int) -> list[int]:
    """Times (ms UTC) of what was written one after the other, as they can be at most: the clock may have been set back
    in between, or another server's may differ, and what is here was not written later than what came after it."""
    latest, found = now, list[int]()
    for time in reversed(list(times)):
        latest = min(latest, time)
        found.append(latest)
    return found[::-1]


async def load(
    house: House,
    tx: Tx,
    row: VisitRow,
    kept: Sequence[BatchRow] | None = None,
    new: tuple[BatchRow, Record] | None = None,
) -> File:
    """The visit with its batches, `kept` where they were read before; `new` is one that is about to be kept."""
    rules = await compiled_rules(house, tx, row.checklist, row.checklist_version)
    rows = await batches.batches_of(tx, row.id) if kept is None else list(kept)
    if new is not None:
        rows.append(new[0])
    now = house.clock()
    came = [house.time(at) for at in in_order((one.received_at for one in rows), now)]
    if new is None:
        read = [batch_of(one, at) for one, at in zip(rows, came, strict=True)]
    else:
        read = [batch_of(one, at) for one, at in zip(rows[:-1], came, strict=False)]
        read.append(record_batch(new[0].id, new[1], came[-1]))
    planned = plans.decode(row.body)
    changes = await _changes(house, tx, row.id, now) if row.revision else []
    named = tuple(tuple(named_files(batch.entries)) for batch in read)
    files = await evidence_files.files_of(tx, row.id) if any(named) else Files()
    files = files.held(zip(named, map(senders, rows), strict=True)) if files.sent else files
    links = [(one, said) for one in rows if one.kind == "link" and (said := _by_link(one.body)) is not None]
    stands, gathered = standing(planned, changes), gather(rules, read)
    return File(row, planned, stands, rules, rows, read, gathered, named, house.time(now), files, tuple(links))


async def _changes(house: House, tx: Tx, visit: UUID, now: int) -> list[Change]:
    rows = await change_rows.changes_of(tx, visit)
    times = in_order((one.at for one in rows), now)
    return [change_of(house, one, at) for one, at in zip(rows, times, strict=True)]


def change_of(house: House, row: ChangeRow, at: int) -> Change:
    """A stored change, read again."""
    return Change(row.number, row.kind, house.time(at), row.writer, contents[row.kind].decode(row.body))


async def open_file(house: House, tx: Tx, person: Person, visit: UUID) -> File:
    """A visit that the person may see. NotFound otherwise: who may not see it learns nothing."""
    row = await repository.visit(tx, visit)
    if row is None or not may_see(person, row.technician, row.crew, row.area):
        raise NotFound
    return (await load(house, tx, row)).told(person)


async def locked_row(tx: Tx, person: Person, visit: UUID) -> VisitRow:
    """A visit that the person may see, with nobody else writing about it. NotFound otherwise."""
    row = await repository.locked_visit(tx, visit)
    if row is None or not may_see(person, row.technician, row.crew, row.area):
        raise NotFound
    return row


async def judgement_at(house: House, token: bytes, visit: UUID, at: str | None) -> Judged:
    """The judgement at any moment (RFC 3339), or now."""
    when = house.now() if at is None else moment(at, "at")

    async def work(tx: Tx) -> Judged:
        person = await person_of(tx, token)
        return (await open_file(house, tx, person, visit)).answer(when)

    return await house.db.read(work)
