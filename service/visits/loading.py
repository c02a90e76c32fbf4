"""A visit read and judged in memory: its row, its batches, and what the judge makes of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from service.accounts.authentication import authenticate_token
from service.accounts.permissions import Person, can_view_visit, covers_area
from service.checklists.rules_cache import compiled_rules
from service.context import AppContext
from service.db.database import Transaction
from service.errors import NotFound
from service.judge.batches import Batch, MergedEntries, merge_batches
from service.judge.entries import Entry, named_files
from service.judge.evidence import (
    EvidenceFiles,
    FileDigests,
    allowed_senders,
    given_up_files,
    mark_lost_evidence,
    missing_files,
)
from service.judge.findings import FindingView, Judgement, Verdict
from service.judge.judge import judge
from service.judge.rules import CompiledChecklist
from service.judge.signoffs import Level, redact_for_technician
from service.judge.visit import Visit
from service.web.decoding import parse_timestamp

from . import batches, change_rows, evidence_files, repository
from .batches import BatchRow
from .change_rows import ChangeRow
from .changes import (
    Cancellation,
    Change,
    Content,
    DetailsUpdate,
    DueDates,
    PlanHistory,
    Reassignment,
    Reschedule,
    apply_changes,
    redact_subjects,
)
from .clock_skew import device_clock
from .customer_answers import StoredCustomerResponse
from .plan import Plan
from .repository import VisitRow
from .wire import OfficeEntries, Record

PLAN_DECODER = msgspec.json.Decoder(Plan)
RECORD_DECODER = msgspec.json.Decoder(Record)
OFFICE_ENTRIES_DECODER = msgspec.json.Decoder(OfficeEntries)
CUSTOMER_RESPONSE_DECODER = msgspec.json.Decoder(StoredCustomerResponse)
READABLE_LEVELS: dict[Level | None, frozenset[str]] = {
    None: frozenset(),
    "phone": frozenset({"phone"}),
    "own_device": frozenset({"words", "phone", "own_device"}),
}
"""Where the link is open at a level, what was said at these may be read; and what was said right there."""
CHANGE_DECODERS: dict[str, msgspec.json.Decoder[Content]] = {
    "window": msgspec.json.Decoder(Reschedule),
    "technician": msgspec.json.Decoder(Reassignment),
    "details": msgspec.json.Decoder(DetailsUpdate),
    "due": msgspec.json.Decoder(DueDates),
    "cancellation": msgspec.json.Decoder(Cancellation),
}


class JudgementView(msgspec.Struct, frozen=True):
    """The judgement of a visit at a moment."""

    visit: Annotated[str, msgspec.Meta(description="The visit's id.")]
    checklist: Annotated[str, msgspec.Meta(description="The checklist and its version.")]
    at: Annotated[datetime, msgspec.Meta(description="The moment that it is judged at.")]
    verdict: Annotated[Verdict | None, msgspec.Meta(description="Null while nothing was done.")]
    findings: Annotated[tuple[FindingView, ...], msgspec.Meta(description="What is wrong or open.")]


class LoadedVisit(msgspec.Struct, frozen=True):
    """A visit as it is kept: the plan and its changes, the version it is judged by, and what was written about it."""

    row: VisitRow
    original_plan: Plan
    plan_history: PlanHistory
    rules: CompiledChecklist
    batch_rows: list[BatchRow]
    batches: list[Batch]
    merged: MergedEntries
    referenced_files: tuple[FileDigests, ...]  # by each batch
    now: datetime  # the server's time at which it was read, and at which it is judged
    files: EvidenceFiles = EvidenceFiles()
    customer_responses: tuple[
        tuple[BatchRow, StoredCustomerResponse], ...
    ] = ()  # what the customer said by his link about the work
    office: bool = True  # for who plans and supervises; False: for who goes or went there

    @property
    def plan(self) -> Plan:
        """The plan as it stands now."""
        return self.plan_history.plan

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
            window=self.original_plan.window,
            rescheduled=self.plan_history.rescheduled,
            assigned=plan.assigned,
            exempt_reason=plan.exempt_reason,
            policies=plan.policies,
            due=plan.due,
            inspectors=plan.inspectors,
        )

    def evaluate_at(self, at: datetime | None = None) -> Judgement:
        """What the judge says now, or at another moment."""
        return judge(self.rules, self.visit(), self.effective_entries(), at or self.now)

    def effective_entries(self) -> list[Entry]:
        """The entries as they are judged: what was given up proves nothing (`judge/evidence`)."""
        if not self.files.lost:
            return self.merged.entries
        return mark_lost_evidence(
            self.merged.entries,
            ((batch.entries, self.lost(number)) for number, batch in enumerate(self.batches)),
        )

    def visible_to(self, person: Person) -> "LoadedVisit":
        """What the person may know: who goes or went there himself does not read the customer's answers."""
        went = person.login in self.plan_history.ever_assigned
        if not went and person.can("see visits of an area") and covers_area(person, self.row.area):
            return self
        return msgspec.structs.replace(self.visible_at(None), office=False)

    def visible_at(self, level: Level | None, browser: str = "-") -> "LoadedVisit":
        """As the customer's link shows it at a level of verification: before the code what its technicians may read,
        and at the level `phone` only responses of that level or from this browser.
        """
        hidden = [one for _, one in self.customer_responses if not _is_readable(one, level, browser)]
        if not hidden:
            return self  # there is nothing to hide
        said = {entry.id for one in hidden for entry in one.entries}
        heard = [redact_for_technician(entry) if entry.id in said else entry for entry in self.merged.entries]
        known = [entry for entry in heard if entry is not None]
        unknown = {entry.thing for one in hidden for entry in one.entries if entry.thing and entry.holds is not None}
        unknown -= {entry.thing for entry in known if entry.by == "technician"}
        if unknown:  # what he named is as little known as that he did: neither what the office writes about it
            known = [entry for entry in known if entry.thing not in unknown]
        stands = redact_subjects(self.plan_history, unknown) if unknown else self.plan_history
        gathered = MergedEntries(known, self.merged.ignored)
        told = tuple(pair for pair in self.customer_responses if _is_readable(pair[1], level, browser))
        return msgspec.structs.replace(self, customer_responses=told, merged=gathered, plan_history=stands)

    def missing(self, number: int) -> FileDigests:
        """The files that a batch names, which have not come and were not given up."""
        named = self.referenced_files[number]
        return (
            missing_files(self.files, self.batches[number].id, named, batch_senders(self.batch_rows[number]))
            if named
            else ()
        )

    def lost(self, number: int) -> frozenset[str]:
        """The files that a batch names, which were given up and did not come after all."""
        return given_up_files(
            self.files, self.batches[number].id, self.referenced_files[number], batch_senders(self.batch_rows[number])
        )

    @property
    def has_missing_files(self) -> bool:
        """Whether any batch still misses a file."""
        return any(self.missing(number) for number, named in enumerate(self.referenced_files) if named)

    def format_findings(self, judgement: Judgement) -> tuple[FindingView, ...]:
        """The findings in words."""
        return self.rules.speaker.format(judgement.findings, judgement.labels)

    def to_view(self, at: datetime | None = None) -> JudgementView:
        """The judgement for a client, now or at another moment."""
        return self.to_view_at(self.evaluate_at(at), at or self.now)

    def to_view_at(self, judgement: Judgement, at: datetime) -> JudgementView:
        """A judgement made at a moment, for a client."""
        visit = str(self.row.id)
        return JudgementView(visit, self.rules.checklist.name, at, judgement.verdict, self.format_findings(judgement))


def _is_readable(said: StoredCustomerResponse, level: Level | None, browser: str) -> bool:
    return said.level in READABLE_LEVELS[level] or (level is not None and said.browser == browser)


def _by_link(body: bytes) -> StoredCustomerResponse | None:
    try:
        return CUSTOMER_RESPONSE_DECODER.decode(body)
    except msgspec.ValidationError:  # an answer about the appointment
        return None


def batch_senders(row: BatchRow) -> tuple[str, ...]:
    """Who may send the files of a batch."""
    return allowed_senders(row.kind, str(row.visit), row.writer, row.taken_in_by)


def to_batch(row: BatchRow, received_at: datetime) -> Batch:
    """A stored batch, read again."""
    if row.kind == "record":
        return to_record_batch(row.id, RECORD_DECODER.decode(row.body), received_at)
    return Batch(str(row.id), row.kind, OFFICE_ENTRIES_DECODER.decode(row.body).entries, received_at)


def to_record_batch(id: UUID, record: Record, received_at: datetime) -> Batch:
    """A record as a batch."""
    return Batch(str(id), "record", record.entries, received_at, device_clock(record))


def in_sequence(times: Iterable[int], now: int) -> list[int]:
    """Times (ms UTC) of what was written one after the other, as they can be at most: the clock may have been set back
    in between, or another server's may differ, and what is here was not written later than what came after it."""
    latest, found = now, list[int]()
    for time in reversed(list(times)):
        latest = min(latest, time)
        found.append(latest)
    return found[::-1]


async def load_visit(
    ctx: AppContext,
    tx: Transaction,
    row: VisitRow,
    kept: Sequence[BatchRow] | None = None,
    new: tuple[BatchRow, Record] | None = None,
) -> LoadedVisit:
    """The visit with its batches, `kept` where they were read before; `new` is one that is about to be kept."""
    rules = await compiled_rules(ctx, tx, row.checklist, row.checklist_version)
    rows = await batches.batches_of(tx, row.id) if kept is None else list(kept)
    if new is not None:
        rows.append(new[0])
    now = ctx.clock()
    came = [ctx.to_local_time(at) for at in in_sequence((one.received_at for one in rows), now)]
    if new is None:
        read = [to_batch(one, at) for one, at in zip(rows, came, strict=True)]
    else:
        read = [to_batch(one, at) for one, at in zip(rows[:-1], came, strict=False)]
        read.append(to_record_batch(new[0].id, new[1], came[-1]))
    planned = PLAN_DECODER.decode(row.body)
    changes = await _changes(ctx, tx, row.id, now) if row.revision else []
    named = tuple(tuple(named_files(batch.entries)) for batch in read)
    files = await evidence_files.files_of(tx, row.id) if any(named) else EvidenceFiles()
    files = files.held(zip(named, map(batch_senders, rows), strict=True)) if files.sent else files
    links = [(one, said) for one in rows if one.kind == "link" and (said := _by_link(one.body)) is not None]
    stands, gathered = apply_changes(planned, changes), merge_batches(rules, read)
    return LoadedVisit(
        row, planned, stands, rules, rows, read, gathered, named, ctx.to_local_time(now), files, tuple(links)
    )


async def _changes(ctx: AppContext, tx: Transaction, visit_id: UUID, now: int) -> list[Change]:
    rows = await change_rows.changes_of(tx, visit_id)
    times = in_sequence((one.at for one in rows), now)
    return [to_change(ctx, one, at) for one, at in zip(rows, times, strict=True)]


def to_change(ctx: AppContext, row: ChangeRow, at: int) -> Change:
    """A stored change, read again."""
    return Change(row.number, row.kind, ctx.to_local_time(at), row.writer, CHANGE_DECODERS[row.kind].decode(row.body))


async def load_visible_visit(ctx: AppContext, tx: Transaction, person: Person, visit_id: UUID) -> LoadedVisit:
    """A visit that the person may see. NotFound otherwise: who may not see it learns nothing."""
    row = await repository.get_visit(tx, visit_id)
    if row is None or not can_view_visit(person, row.technician, row.crew, row.area):
        raise NotFound
    return (await load_visit(ctx, tx, row)).visible_to(person)


async def lock_visible_visit(tx: Transaction, person: Person, visit_id: UUID) -> VisitRow:
    """A visit that the person may see, with nobody else writing about it. NotFound otherwise."""
    row = await repository.lock_visit(tx, visit_id)
    if row is None or not can_view_visit(person, row.technician, row.crew, row.area):
        raise NotFound
    return row


async def judgement_at(ctx: AppContext, token: bytes, visit_id: UUID, at: str | None) -> JudgementView:
    """The judgement at any moment (RFC 3339), or now."""
    when = ctx.now() if at is None else parse_timestamp(at, "at")

    async def work(tx: Transaction) -> JudgementView:
        person = await authenticate_token(tx, token)
        return (await load_visible_visit(ctx, tx, person, visit_id)).to_view(when)

    return await ctx.db.read(work)
