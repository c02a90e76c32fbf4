"""What of a visit calls for a person, what is still owed, and whether the visit is closed.

All of it follows from what was written and from the time. A reason stays until a review settles it: a decision about
the finding, or a review that came after.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from service.judge.entries import Entry
from service.judge.findings import Finding, Judgement
from service.judge.moments import from_ms, to_ms

from .clock_skew import seconds_ahead
from .complaints import COMPLAINTS, answering_items
from .finding_times import SETTLED_WITHIN, FindingTimes
from .loading import LoadedVisit
from .owed_answers import complaints_of, owed_answers
from .owed_duties import Duty, owed_duties
from .repository import NO_RECORD_AFTER_MS

ReasonKind = Literal[
    "violation",
    "disputed",
    "refused",
    "void_signature",
    "changed_number",
    "complaint",
    "overdue_duty",
    "missing_files",
    "no_record",
    "clock",
    "sample",
    "explanation",
]
MISSING_FILES_AFTER = timedelta(hours=24)
NO_RECORD_AFTER = timedelta(milliseconds=NO_RECORD_AFTER_MS)
HOUR_MS = 3_600_000
URGENT_AFTER_MS: dict[str, int] = {"complaint": 24 * HOUR_MS, "overdue_duty": 0, "void_signature": 24 * HOUR_MS}
REVIEW_WITHIN_MS = SETTLED_WITHIN // timedelta(milliseconds=1)


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that calls for a person."""

    kind: Annotated[ReasonKind, Meta(description="What it is.")]
    since: Annotated[datetime, Meta(description="Since when.")]
    due_at: Annotated[datetime | None, Meta(description="By when it has to be settled, where that is fixed.")] = None
    source: Annotated[str, Meta(description="The finding, entry, record or answer that it comes from.")] = ""


class Attention(msgspec.Struct, frozen=True):
    """What is open about a visit. `next_at` (ms UTC): when that can change by itself.

    `is_clock_ahead`: in some record, also one that was reviewed. `has_missing_files`: some record waits for one.
    `closes_at`: when the visit is closed by itself, if it
    only waits for that.
    """

    reasons: tuple[Reason, ...]
    duties: tuple[Duty, ...]
    closed: bool
    next_at: int | None
    is_clock_ahead: bool = False
    has_missing_files: bool = False
    closes_at: datetime | None = None


def urgent_at(reasons: Iterable[Reason]) -> int | None:
    """When the most urgent of the reasons should be settled (ms UTC)."""
    return min(map(_urgent_at, reasons), default=None)


def _urgent_at(reason: Reason) -> int:
    if reason.due_at is not None:
        return to_ms(reason.due_at)
    return to_ms(reason.since) + URGENT_AFTER_MS.get(reason.kind, REVIEW_WITHIN_MS)


def attention(visit: LoadedVisit, judgement: Judgement) -> Attention:
    """What is open about a visit as of now."""
    return _Attention(visit, judgement).result()


class _Attention:
    """The work of `attention`."""

    def __init__(self, visit: LoadedVisit, judgement: Judgement) -> None:
        self.visit, self.judgement, self.now = visit, judgement, visit.now
        self.history = visit.reviews
        self.next: list[datetime] = []
        self.is_clock_ahead = self.has_missing_files = False
        self.closes_at: datetime | None = None
        self.is_finished = "left" in judgement.facts or self.window_is_long_past()
        self.times = FindingTimes(visit, judgement)
        self.complaints_made = complaints_of(visit)
        self.answers = tuple(owed_answers(visit, judgement, self.complaints_made)) if self.complaints_made else ()

    def result(self) -> Attention:
        visit, judgement = self.visit, self.judgement
        reasons = tuple(self.reasons())
        duties = tuple(owed_duties(visit, judgement, self.times, self.answers, is_finished=self.is_finished))
        closed = self.is_closed(reasons, duties)
        next_at = min((to_ms(one) for one in self.next), default=None)
        closes_at = None if closed else self.closes_at
        return Attention(
            reasons=() if closed else reasons,
            duties=duties,
            closed=closed,
            next_at=next_at,
            is_clock_ahead=self.is_clock_ahead,
            has_missing_files=self.has_missing_files,
            closes_at=closes_at,
        )

    def reasons(self) -> Iterator[Reason]:
        yield from filter(None, map(self.of_finding, self.judgement.findings))
        yield from self.partly_refused()
        yield from self.complaints()
        yield from self.of_batches()
        yield from self.changed_numbers() if self.visit.customer_responses else ()
        yield from self.no_record()
        yield from self.explanations()
        if self.is_sampled():
            yield Reason(kind="sample", since=self.times.finished_at)

    def of_finding(self, finding: Finding) -> Reason | None:
        kind = self.reason_kind(finding)
        if kind is None or self.history.decision_for(finding) is not None:
            return None
        due = self.times.due(finding)
        since = due if kind == "overdue_duty" and due is not None else self.times.since(finding)
        return Reason(kind=kind, since=since, due_at=due, source=finding.code)

    def reason_kind(self, finding: Finding) -> ReasonKind | None:
        if finding.kind == "changed_after_signature" and self.is_signed(finding.entries[0]):
            return "void_signature"
        if finding.kind == "disputed":
            return "disputed"
        if finding.kind == "open":
            return "refused" if finding.entries else None
        if finding.kind == "missing" and finding.code in self.judgement.due:
            return "overdue_duty"
        if finding.kind == "missing" and not self.is_finished:
            return None  # it can still be done
        return "violation" if finding.severity == "violation" else None

    def is_signed(self, id: str) -> bool:
        """Whether an entry has a signature; a technician's word that somebody signed has none."""
        entry = next(one for one in self.visit.merged.entries if one.id == id)
        return any(piece.kind == "signature" for piece in entry.evidence)

    def partly_refused(self) -> Iterator[Reason]:
        for entry in self.visit.merged.entries:
            if entry.refused is None or entry.refused.outcome != "partly" or entry.id in self.times.slips:
                continue
            if not self.is_covered(self.batch_number(entry)):
                yield Reason(kind="refused", since=entry.came_at, source=entry.id)

    def complaints(self) -> Iterator[Reason]:
        """A complaint calls for a person until it is answered; other bad answers until somebody looked."""
        for one in self.answers:
            yield Reason(kind="complaint", since=one.received_at, due_at=one.due_at, source=one.complaint.id)
            if one.finding is None and self.has_come(one.due_at):
                yield Reason(kind="overdue_duty", since=one.due_at, due_at=one.due_at, source=one.complaint.id)
        for entry in self.complaints_made:
            if not answering_items(self.visit.rules, entry.what) and not self.is_covered(self.batch_number(entry)):
                yield Reason(kind="complaint", since=entry.came_at, source=entry.id)
        yield from self.bad_answers() if self.visit.customer_responses else ()

    def bad_answers(self) -> Iterator[Reason]:
        """The customer's last answer to a question counts; what they reported stays."""
        places = {id(row): place for place, row in enumerate(self.visit.batch_rows)}
        last = {
            (one.question, one.item, one.thing): (one.good, places[id(row)])
            for row, response in self.visit.customer_responses
            for one in response.said.answers
        }
        bad = {place for good, place in last.values() if not good}
        for row, response in self.visit.customer_responses:
            if any(one.fact not in COMPLAINTS for one in response.said.raises):
                bad.add(places[id(row)])
        for place in sorted(bad):
            if not self.is_covered(place + 1):
                batch = self.visit.batches[place]
                yield Reason(kind="complaint", since=batch.received_at, source=batch.id)

    def of_batches(self) -> Iterator[Reason]:
        for number, (row, batch) in enumerate(zip(self.visit.batch_rows, self.visit.batches, strict=True)):
            if batch.kind == "record" and seconds_ahead(batch, row.received_at):
                self.is_clock_ahead = True
                if not self.is_covered(number + 1):
                    yield Reason(kind="clock", since=batch.received_at, source=batch.id)
            if self.visit.referenced_files[number] and self.visit.missing(number):
                self.has_missing_files = True
                since = batch.received_at + MISSING_FILES_AFTER
                if self.has_come(since) and not self.is_reviewed_since(since):
                    yield Reason(kind="missing_files", since=since, source=batch.id)

    def changed_numbers(self) -> Iterator[Reason]:
        """Somebody signed with a code that went to a number which was changed by who also made the link."""
        places = {id(row): place for place, row in enumerate(self.visit.batch_rows)}
        for row, response in self.visit.customer_responses:
            place = places[id(row)]
            signed = response.said.signature is not None
            if signed and response.number is not None and response.number.is_suspect and not self.is_covered(place + 1):
                batch = self.visit.batches[place]
                yield Reason(kind="changed_number", since=batch.received_at, source=batch.id)

    def window_is_long_past(self) -> bool:
        """Whether a record of the visit is overdue."""
        window = self.visit.plan.window
        return window is not None and self.has_come(window.end + NO_RECORD_AFTER)

    def no_record(self) -> Iterator[Reason]:
        window = self.visit.plan.window
        if self.judgement.verdict is not None or window is None or self.visit.plan_history.cancelled is not None:
            return
        since = (window.end + NO_RECORD_AFTER).astimezone(self.now.tzinfo)
        if self.is_finished and not self.is_reviewed_since(since):
            yield Reason(kind="no_record", since=since)

    def explanations(self) -> Iterator[Reason]:
        """The technician answered: in words, or with a record for a correction."""
        last = self.history.last_review
        for row, answer in self.history.explanations:
            if last is None or last.number < row.number:
                yield Reason(kind="explanation", since=from_ms(row.at, self.now.tzinfo), source=answer.finding)
        returned = {str(row.id) for row in self.history.rows if row.kind == "correction"}
        for number, batch in enumerate(self.visit.batches, 1) if returned else ():
            if batch.correction and batch.correction.lower() in returned and not self.is_covered(number):
                yield Reason(kind="explanation", since=batch.received_at, source=batch.id)

    def is_sampled(self) -> bool:
        """Some visits are looked at without any other reason. Nobody can tell beforehand which: the salt is secret."""
        percent = self.visit.policy.sample_percent
        if not percent or "left" not in self.judgement.facts or self.history.last_review is not None:
            return False
        return int.from_bytes(self.visit.row.salt[:4]) < percent / 100 * 2**32

    def is_closed(self, reasons: tuple[Reason, ...], duties: tuple[Duty, ...]) -> bool:
        unfinished = self.judgement.verdict is None and self.visit.plan_history.cancelled is not None
        if unfinished or reasons or duties or self.history.corrections:
            return False
        is_over = self.is_finished or self.visit.plan_history.cancelled is not None
        if self.history.last_review is not None and is_over:
            return True
        if self.judgement.verdict is None or self.has_missing_files:
            return False
        self.closes_at = self.times.last_came + timedelta(days=self.visit.policy.close_days)
        return self.has_come(self.closes_at)

    def batch_number(self, entry: Entry) -> int:
        """The place of the batch that brought an entry first."""
        batches = enumerate(self.visit.batches, 1)
        return next(number for number, batch in batches if any(one.id == entry.id for one in batch.entries))

    def is_covered(self, number: int) -> bool:
        """Whether a review came after the batch with this place."""
        last = self.history.last_review
        return last is not None and last.batches >= number

    def is_reviewed_since(self, moment: datetime) -> bool:
        last = self.history.last_review
        return last is not None and last.at >= to_ms(moment)

    def has_come(self, moment: datetime) -> bool:
        """Whether a moment is past; if not, the answer can change then."""
        if moment <= self.now:
            return True
        self.next.append(moment)
        return False


def reason_words(reasons: Iterable[Reason]) -> tuple[str, ...]:
    """The kinds, each once."""
    return tuple(dict.fromkeys(one.kind for one in reasons))
