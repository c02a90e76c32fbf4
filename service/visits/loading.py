"""Loading a visit into memory: its row, changes and batches, and their evaluation by the judge."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts.authentication import authenticate_token
from service.accounts.permissions import Person, can_view_visit, covers_area
from service.audit_log import erasures
from service.checklists.rules_cache import compiled_rules
from service.context import AppContext, ReviewPolicy, read_only
from service.db.database import Transaction
from service.errors import NotFound
from service.judge import evidence
from service.judge.batches import Batch, MergedEntries, merge_batches
from service.judge.entries import Entry, named_files
from service.judge.findings import FindingView, Judgement, Verdict
from service.judge.judge import judge
from service.judge.moments import to_ms
from service.judge.rules import CompiledChecklist
from service.judge.signoffs import Level, redact_for_technician
from service.judge.visit import Visit
from service.readable_json import readable
from service.web.decoding import parse_timestamp

from . import batches, change_rows, departures, evidence_files, looks, repository, review_rows
from .batches import BatchRow
from .change_rows import ChangeRow
from .changes import CHANGE_DECODERS, Change, PlanHistory, apply_changes, redact_due_dates
from .clock_skew import device_clock
from .complaints import COMPLAINTS, is_complaint, recording_id, revealing_items
from .customer_answers import StoredCustomerResponse
from .departures import DepartureRow
from .plan import Plan
from .repository import VisitRow
from .review_rows import ReviewHistory
from .wire import OfficeEntries, Record
from .working_days import end_of_working_day

PLAN_DECODER = msgspec.json.Decoder(Plan)
RECORD_DECODER = msgspec.json.Decoder(Record)
OFFICE_ENTRIES_DECODER = msgspec.json.Decoder(OfficeEntries)
CUSTOMER_RESPONSE_DECODER = msgspec.json.Decoder(StoredCustomerResponse)
READABLE_LEVELS: dict[Level | None, frozenset[str]] = {
    None: frozenset(),
    "phone": frozenset({"phone"}),
    "own_device": frozenset({"words", "phone", "own_device"}),
}
"""By the level at which a link is verified: the levels of the responses that may be read in any browser."""


class JudgementView(msgspec.Struct, frozen=True):
    """The judgement of a visit at a moment."""

    visit: Annotated[str, Meta(description="The visit's id.")]
    checklist: Annotated[str, Meta(description="The checklist and its version.")]
    at: Annotated[datetime, Meta(description="The moment that it is judged at.")]
    verdict: Annotated[Verdict | None, Meta(description="Null while nothing was done.")]
    findings: Annotated[tuple[FindingView, ...], Meta(description="What is wrong or open.")]


class LoadedVisit(msgspec.Struct, frozen=True):
    """A visit with its plan and changes, the checklist it is judged by, and its batches.

    `referenced_files` are by batch. `now` is the server's time of loading, at which the visit is judged.
    `customer_responses` are about the work, not about the appointment. `office`: loaded for those who plan and
    supervise, not for a technician.
    """

    row: VisitRow
    original_plan: Plan
    plan_history: PlanHistory
    rules: CompiledChecklist
    batch_rows: list[BatchRow]
    batches: list[Batch]
    merged: MergedEntries
    referenced_files: tuple[evidence.FileDigests, ...]
    now: datetime
    files: evidence.EvidenceFiles = evidence.EvidenceFiles()
    customer_responses: tuple[tuple[BatchRow, StoredCustomerResponse], ...] = ()
    office: bool = True
    reviews: ReviewHistory = ReviewHistory()
    policy: ReviewPolicy = ReviewPolicy()
    departures: tuple[DepartureRow, ...] = ()

    @property
    def plan(self) -> Plan:
        """The current plan."""
        return self.plan_history.plan

    @property
    def planned_at(self) -> int:
        """The start of the window or the time of creation (ms UTC); lists are sorted by it."""
        window = self.plan.window
        return self.row.created_at if window is None else to_ms(window.start)

    @property
    def ends_at(self) -> int:
        """The end of the window (ms UTC), or right after `planned_at` if that is later."""
        window = self.plan.window
        return max(self.planned_at + 1, 0 if window is None else to_ms(window.end))

    @property
    def departure(self) -> DepartureRow | None:
        """The technician's departure for the visit as it is planned now."""
        return departures.current_departure(self.departures, self.plan_history)

    def visit(self) -> Visit:
        """The visit as the judge sees it."""
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
            due=self._due_dates(),
            inspectors=plan.inspectors,
        )

    def _due_dates(self) -> dict[str, datetime]:
        """The dates of the plan, and where working days count those by which complaints and reports are answered."""
        if not self.policy.working_days:
            return self.plan.due
        dates: dict[str, datetime] = {}
        for rule in self.rules.rules:
            limit = rule.item.time_limit
            if limit is not None and limit.days and limit.start in COMPLAINTS:
                times = [e.at for e in self.merged.entries if e.what == limit.start and e.holds is not False]
                if times:
                    dates[rule.id] = end_of_working_day(min(times).astimezone(self.now.tzinfo), limit.days)
        return dates | self.plan.due

    def evaluate_at(self, at: datetime | None = None) -> Judgement:
        """The judgement now, or at another moment."""
        return judge(self.rules, self.visit(), self.effective_entries(), at or self.now)

    def effective_entries(self) -> list[Entry]:
        """The entries to judge: evidence that was given up proves nothing (`judge/evidence`)."""
        if not self.files.lost:
            return self.merged.entries
        lost = ((batch.entries, self.lost(number)) for number, batch in enumerate(self.batches))
        return evidence.mark_lost_evidence(self.merged.entries, lost)

    def was_on_visit(self, person: Person) -> bool:
        """Whether the person is or was to go, or wrote a record of the visit."""
        return person.login in self.plan_history.ever_assigned or any(
            row.kind == "record" and row.writer == person.login for row in self.batch_rows
        )

    def is_own_work_of(self, person: Person) -> bool:
        """Whether the person has to do with the visit: they go there, or have planned, changed, written or reviewed."""
        planned = person.login in (self.row.created_by, *(change.by for change in self.plan_history.trail))
        wrote = any(row.writer == person.login for row in self.batch_rows)
        return (
            planned
            or wrote
            or person.login in self.plan_history.ever_assigned
            or any(row.author == person.login for row in self.reviews.rows)
        )

    def note_look(self, ctx: AppContext, person: Person) -> bool:
        """Note that the person looks at the visit, if it is none of their own; whether it is noted."""
        if self.is_own_work_of(person):
            return False
        looks.note(ctx, person.login, self.row.id)
        return True

    def visible_to(self, person: Person) -> "LoadedVisit":
        """The visit as a person may see it: those who are or were assigned do not see the customer's responses."""
        was_assigned = person.login in self.plan_history.ever_assigned
        if not was_assigned and person.can("see visits of an area") and covers_area(person, self.row.area):
            return self
        if self.row.state == "closed":
            return msgspec.structs.replace(self, office=False)
        return msgspec.structs.replace(self.visible_at(None, revealed=self._inquired_entries()), office=False)

    def _inquired_entries(self) -> frozenset[str]:
        """The entries of the findings that a supervisor asked the technician about: they may read those."""
        asked = {inquiry.finding for _, inquiry in self.reviews.inquiries}
        if not asked:
            return frozenset()
        findings = [one for one in self.evaluate_at().findings if one.code in asked]
        limits = (self.rules.by_id[one.item].limit for one in findings if one.item in self.rules.by_id)
        starts = {limit.start for limit in limits if limit is not None}
        complaints = {entry.id for entry in self.merged.entries if entry.what in starts and is_complaint(entry)}
        return frozenset(complaints.union(*(finding.entries for finding in findings)))

    def visible_at(
        self, level: Level | None, browser: str = "-", revealed: frozenset[str] = frozenset()
    ) -> "LoadedVisit":
        """The visit as the customer's link shows it at a level of verification. None: as a technician may see it.

        A technician may have verified the link in this browser (`Browser.id` in hex). So it shows responses of the
        readable levels, those that were given in it, and entries that are `revealed`.
        """
        hidden = [response for _, response in self.customer_responses if not _is_readable(response, level, browser)]
        if not hidden:
            return self
        hidden_entries = [entry for response in hidden for entry in response.entries if entry.id not in revealed]
        hidden_ids = {entry.id for entry in hidden_entries}
        hidden_ids |= {recording_id(entry.id) for entry in hidden_entries if is_complaint(entry)}
        redacted = [redact_for_technician(e) if e.id in hidden_ids else e for e in self.merged.entries]
        entries = [entry for entry in redacted if entry is not None]
        unknown = {
            entry.thing for response in hidden for entry in response.entries if entry.thing and entry.holds is not None
        }
        unknown -= {entry.thing for entry in entries if entry.by == "technician"}
        raised = {entry.what for entry in hidden_entries if is_complaint(entry)}
        items = revealing_items(self.rules, raised, {entry.what for entry in entries if is_complaint(entry)})
        history = self.plan_history
        if unknown or items:  # what only the customer named would reveal the response, also in the office's entries
            entries = [e for e in entries if e.thing not in unknown and not (e.what in items and e.via != "record")]
            history = redact_due_dates(history, unknown, items)
        return msgspec.structs.replace(
            self,
            customer_responses=tuple(p for p in self.customer_responses if _is_readable(p[1], level, browser)),
            merged=MergedEntries(entries, self.merged.ignored),
            plan_history=history,
        )

    def missing(self, number: int) -> evidence.FileDigests:
        """The files of a batch that were neither received nor given up."""
        batch, files = self.batches[number], self.referenced_files[number]
        if not files:
            return ()
        return evidence.missing_files(self.files, batch.id, files, batch_senders(self.batch_rows[number]))

    def lost(self, number: int) -> frozenset[str]:
        """The files of a batch that were given up and never received."""
        batch, files = self.batches[number], self.referenced_files[number]
        return evidence.given_up_files(self.files, batch.id, files, batch_senders(self.batch_rows[number]))

    def format_findings(self, judgement: Judgement) -> tuple[FindingView, ...]:
        """The findings in words."""
        return self.rules.speaker.format(judgement.findings, judgement.labels)

    def to_view(self, at: datetime | None = None) -> JudgementView:
        """The judgement now, or at another moment, for a client."""
        return self.to_view_at(self.evaluate_at(at), at or self.now)

    def to_view_at(self, judgement: Judgement, at: datetime) -> JudgementView:
        """A judgement made at a moment, for a client."""
        visit = str(self.row.id)
        return JudgementView(visit, self.rules.checklist.name, at, judgement.verdict, self.format_findings(judgement))


def _is_readable(response: StoredCustomerResponse, level: Level | None, browser: str) -> bool:
    return response.level in READABLE_LEVELS[level] or (level is not None and response.browser == browser)


def _customer_response(body: bytes) -> StoredCustomerResponse | None:
    try:
        return CUSTOMER_RESPONSE_DECODER.decode(body)
    except msgspec.ValidationError:  # an answer about the appointment
        return None


def batch_senders(row: BatchRow) -> tuple[str, ...]:
    """Who may send the files of a batch."""
    return evidence.allowed_senders(row.kind, str(row.visit), row.writer, row.taken_in_by)


def to_batch(row: BatchRow, received_at: datetime) -> Batch:
    """Decodes a stored batch."""
    if row.kind == "record":
        return to_record_batch(row.id, RECORD_DECODER.decode(readable(row.body)), received_at)
    return Batch(str(row.id), row.kind, OFFICE_ENTRIES_DECODER.decode(row.body).entries, received_at)


def to_record_batch(id: UUID, record: Record, received_at: datetime) -> Batch:
    """A record as a batch."""
    return Batch(str(id), "record", record.entries, received_at, device_clock(record), record.correction)


def in_sequence(times: Iterable[int], now: int) -> list[int]:
    """Times (ms UTC) of rows in the order in which they were written, made non-decreasing: none is later than a
    following one or `now`. The clock may have been set back in between, or the clock of another server differ."""
    latest, found = now, list[int]()
    for time in reversed(list(times)):
        latest = min(latest, time)
        found.append(latest)
    return found[::-1]


async def load_visit(
    ctx: AppContext,
    tx: Transaction,
    row: VisitRow,
    stored: Sequence[BatchRow] | None = None,
    new: tuple[BatchRow, Record] | None = None,
) -> LoadedVisit:
    """The visit with its batches: `stored` if they were read before, and `new`, which is about to be inserted."""
    rules = await compiled_rules(ctx, tx, row.checklist, row.checklist_version)
    rows = await batches.batches_of(tx, row.id) if stored is None else list(stored)
    if new is not None:
        rows.append(new[0])
    now = ctx.clock()
    times = [ctx.to_local_time(at) for at in in_sequence((batch.received_at for batch in rows), now)]
    if new is None:
        decoded = [to_batch(batch, at) for batch, at in zip(rows, times, strict=True)]
    else:
        decoded = [to_batch(batch, at) for batch, at in zip(rows[:-1], times, strict=False)]
        decoded.append(to_record_batch(new[0].id, new[1], times[-1]))
    plan = PLAN_DECODER.decode(row.body)
    changes = await _changes(ctx, tx, row.id, now) if row.revision else []
    referenced = tuple(tuple(named_files(batch.entries)) for batch in decoded)
    files = await evidence_files.files_of(tx, row.id) if any(referenced) else evidence.EvidenceFiles()
    files = files.with_substitutes(zip(referenced, map(batch_senders, rows), strict=True)) if files.sent else files
    return LoadedVisit(
        row,
        plan,
        apply_changes(plan, changes),
        rules,
        rows,
        decoded,
        merge_batches(rules, decoded),
        referenced,
        ctx.to_local_time(now),
        files,
        tuple((b, response) for b in rows if b.kind == "link" and (response := _customer_response(b.body)) is not None),
        reviews=await _reviews(ctx, tx, row.id, decoded, now) if row.reviews else ReviewHistory(),
        policy=ctx.review_policy,
        departures=await departures.departures_of(tx, row.id) if row.departures else (),
    )


async def _reviews(
    ctx: AppContext, tx: Transaction, visit_id: UUID, decoded: Sequence[Batch], now: int
) -> ReviewHistory:
    rows = await review_rows.reviews_of(tx, visit_id)
    times = [ctx.to_local_time(at) for at in in_sequence((row.at for row in rows), now)]
    answered = frozenset(batch.correction.lower() for batch in decoded if batch.correction)
    return review_rows.read_history(rows, times, answered)


async def _changes(ctx: AppContext, tx: Transaction, visit_id: UUID, now: int) -> list[Change]:
    rows = await change_rows.changes_of(tx, visit_id)
    times = in_sequence((row.at for row in rows), now)
    return [to_change(ctx, row, at) for row, at in zip(rows, times, strict=True)]


def to_change(ctx: AppContext, row: ChangeRow, at: int) -> Change:
    """Decodes a stored change."""
    return Change(row.number, row.kind, ctx.to_local_time(at), row.writer, CHANGE_DECODERS[row.kind].decode(row.body))


async def load_visible_visit(ctx: AppContext, tx: Transaction, person: Person, visit_id: UUID) -> LoadedVisit:
    """A visit as the person may see it. NotFound if they may not, or if there is none; Erased if there was one."""
    row = await _require_visible(tx, person, visit_id, await repository.get_visit(tx, visit_id))
    visit = await load_visit(ctx, tx, row)
    visit.note_look(ctx, person)
    return visit.visible_to(person)


async def lock_visible_visit(tx: Transaction, person: Person, visit_id: UUID) -> VisitRow:
    """A visit that the person may see, locked until the transaction ends. NotFound otherwise."""
    return await _require_visible(tx, person, visit_id, await repository.lock_visit(tx, visit_id))


async def _require_visible(tx: Transaction, person: Person, visit_id: UUID, row: VisitRow | None) -> VisitRow:
    if row is None:
        await erasures.refuse_erased(tx, visit_id)
    if row is None or not can_view_visit(person, row.technician, row.crew, row.area):
        raise NotFound
    return row


@read_only
async def judgement_at(ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, at: str | None) -> JudgementView:
    """The judgement now, or at another moment (RFC 3339)."""
    moment = ctx.now() if at is None else parse_timestamp(at, "at")
    person = await authenticate_token(tx, token)
    return (await load_visible_visit(ctx, tx, person, visit_id)).to_view(moment)
