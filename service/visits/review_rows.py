"""What supervisors decide about a visit, and what the technician answers: numbered from 1 for each visit, only added.

One table holds reviews, corrections, their withdrawals, explanations, inquiries and assignments, because their order
decides what is still open.
"""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from service.audit_log import log
from service.audit_log.sources import LoggedRow, finds_rows_of
from service.db.database import Transaction
from service.db.rows import fetch_struct, fetch_structs, to_params
from service.field_kinds import Cleaned, LongText, visible_text
from service.judge.bounds import CodeText
from service.judge.entries import AwareDatetime, SubjectId, check_time
from service.judge.findings import Finding
from service.judge.moments import from_ms

ReviewKind = Literal["review", "correction", "withdrawal", "explanation", "inquiry", "assignment"]
Reason = Annotated[str, visible_text(1000)]


class FindingDecision(Cleaned, frozen=True, kw_only=True):
    """What a supervisor decides about one finding."""

    code: Annotated[CodeText, Meta(description="The finding's code.")]
    decision: Annotated[Literal["uphold", "override"], Meta(description="Override: it does not count.")]
    reason: Annotated[LongText, Meta(description="Why. Overriding needs a reason.")] = ""


class Review(Cleaned, frozen=True, kw_only=True):
    """A supervisor's review of a visit."""

    findings: Annotated[
        tuple[FindingDecision, ...], Meta(max_length=1000, description="A decision for each finding that needs one.")
    ] = ()
    comment: Annotated[LongText | None, Meta(description="Words for the colleagues.")] = None


class CorrectionItem(Cleaned, frozen=True, kw_only=True):
    """An item that a technician has to complete."""

    item: Annotated[CodeText, Meta(description="The item, or the fact that nobody answered.")]
    thing: Annotated[SubjectId | None, Meta(description="Which thing of it.")] = None
    reason: Annotated[Reason, Meta(description="What is lacking.")]


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """Items returned to the phone. The record that answers it names it in `correction`."""

    visit: Annotated[str, Meta(max_length=100, extra_json_schema={"format": "uuid"}, description="The visit's id.")]
    items: Annotated[
        tuple[CorrectionItem, ...], Meta(min_length=1, max_length=100, description="Only these are opened again.")
    ]
    due: Annotated[AwareDatetime, Meta(description="By when.")]

    def __post_init__(self) -> None:
        check_time("due", self.due)


class Explanation(Cleaned, frozen=True, kw_only=True):
    """Words about a finding: a technician's own, or a supervisor's question to them."""

    finding: Annotated[CodeText, Meta(description="The finding's code.")]
    text: Annotated[Reason, Meta(description="The words.")]


class Assignee(msgspec.Struct, frozen=True):
    """Who looks at a visit."""

    person: Annotated[
        Annotated[str, Meta(min_length=1, max_length=100)] | None,
        Meta(description="Login of a supervisor; null lets go."),
    ]


class Withdrawal(msgspec.Struct, frozen=True):
    """A correction that is no longer asked for."""

    correction: str


class StoredReview(Review, msgspec.Struct, frozen=True, kw_only=True):
    """The bytes of a review: with the entries that made each finding when it was decided."""

    entries: dict[str, tuple[str, ...]] = {}


class ReviewRow(msgspec.Struct, frozen=True, kw_only=True):
    """One decision or answer. `at` is ms UTC; `salt` is of its leaf in the log.

    `batches` is how many batches the visit had: what came later was not known.
    """

    id: UUID
    visit: UUID
    number: int
    kind: ReviewKind
    at: int
    author: str
    batches: int
    sha256: bytes
    body: bytes
    salt: bytes


class Decision(msgspec.Struct, frozen=True):
    """The last decision about a finding, with the entries that made the finding then."""

    decision: Literal["uphold", "override"]
    reason: str
    by: str
    at: datetime
    entries: tuple[str, ...]

    def holds_for(self, finding: Finding) -> bool:
        """Whether the finding is still the one that was decided."""
        return set(self.entries) == set(finding.entries)


class OpenCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """A correction that no record has answered yet."""

    id: Annotated[str, Meta(description="The correction's id: the answering record names it.")]
    visit: Annotated[str, Meta(description="The visit's id.")]
    items: Annotated[tuple[CorrectionItem, ...], Meta(description="What has to be completed.")]
    due: Annotated[datetime, Meta(description="By when.")]
    by: Annotated[str, Meta(description="Login of who asks.")]
    at: Annotated[datetime, Meta(description="Since when.")]


class OpenInquiry(msgspec.Struct, frozen=True, kw_only=True):
    """A supervisor's question that the technician has not answered yet."""

    id: Annotated[str, Meta(description="The question's id.")]
    finding: Annotated[str, Meta(description="The code of the finding that it is about.")]
    text: Annotated[str, Meta(description="The question.")]
    by: Annotated[str, Meta(description="Login of who asks.")]
    at: Annotated[datetime, Meta(description="Since when.")]


class ReviewHistory(msgspec.Struct, frozen=True):
    """What the rows of a visit say, read in their order."""

    rows: tuple[ReviewRow, ...] = ()
    last_review: ReviewRow | None = None
    decisions: dict[str, Decision] = {}
    corrections: tuple[OpenCorrection, ...] = ()
    explanations: tuple[tuple[ReviewRow, Explanation], ...] = ()
    inquiries: tuple[tuple[ReviewRow, Explanation], ...] = ()
    assignee: str = ""

    def decision_for(self, finding: Finding) -> Decision | None:
        """The decision about a finding, unless it lapsed because the finding's entries changed."""
        decision = self.decisions.get(finding.code) if self.decisions else None
        return decision if decision is not None and decision.holds_for(finding) else None

    def open_inquiries(self, zone: tzinfo | None) -> tuple[OpenInquiry, ...]:
        """The questions to whose finding no explanation came since."""
        answered = {answer.finding: row.number for row, answer in self.explanations}
        return tuple(
            OpenInquiry(id=str(row.id), finding=one.finding, text=one.text, by=row.author, at=from_ms(row.at, zone))
            for row, one in self.inquiries
            if answered.get(one.finding, 0) < row.number
        )


_REVIEW = msgspec.json.Decoder(StoredReview)
_CORRECTION = msgspec.json.Decoder(Correction)
_EXPLANATION = msgspec.json.Decoder(Explanation)
_ASSIGNEE = msgspec.json.Decoder(Assignee)
_WITHDRAWAL = msgspec.json.Decoder(Withdrawal)


def read_history(rows: Sequence[ReviewRow], times: Sequence[datetime], answered: frozenset[str]) -> ReviewHistory:
    """The history of a visit. `times` are those of the rows; `answered` the corrections that records name."""
    last: ReviewRow | None = None
    decisions: dict[str, Decision] = {}
    corrections: dict[str, OpenCorrection] = {}
    explanations: list[tuple[ReviewRow, Explanation]] = []
    inquiries: list[tuple[ReviewRow, Explanation]] = []
    assignee = ""
    for row, at in zip(rows, times, strict=True):
        match row.kind:
            case "review":
                last, review = row, _REVIEW.decode(row.body)
                for one in review.findings:
                    entries = review.entries.get(one.code, ())
                    decisions[one.code] = Decision(one.decision, one.reason, row.author, at, entries)
            case "correction":
                asked = _CORRECTION.decode(row.body)
                corrections[str(row.id)] = OpenCorrection(
                    id=str(row.id), visit=str(row.visit), items=asked.items, due=asked.due, by=row.author, at=at
                )
            case "withdrawal":
                corrections.pop(_WITHDRAWAL.decode(row.body).correction, None)
            case "explanation":
                explanations.append((row, _EXPLANATION.decode(row.body)))
            case "inquiry":
                inquiries.append((row, _EXPLANATION.decode(row.body)))
            case "assignment":
                assignee = _ASSIGNEE.decode(row.body).person or ""
    still_open = tuple(one for key, one in corrections.items() if key not in answered)
    return ReviewHistory(tuple(rows), last, decisions, still_open, tuple(explanations), tuple(inquiries), assignee)


def describe(row: ReviewRow) -> str:
    """The content of a row, a line for each part: `uphold CODE`, `override CODE: reason`, `ITEM: reason`, words, a
    login."""
    match row.kind:
        case "review":
            review = _REVIEW.decode(row.body)
            decisions = [
                f"{one.decision} {one.code}" + (f": {one.reason}" if one.reason else "") for one in review.findings
            ]
            return "\n".join((*decisions, review.comment) if review.comment else decisions)
        case "correction":
            return "\n".join(f"{one.item}: {one.reason}" for one in _CORRECTION.decode(row.body).items)
        case "explanation" | "inquiry":
            return _EXPLANATION.decode(row.body).text
        case "assignment":
            return _ASSIGNEE.decode(row.body).person or ""
        case "withdrawal":
            return ""


def review_commitment(row: ReviewRow) -> bytes:
    """What its leaf commits to beside its bytes."""
    return log.row_commitment(visit=row.visit, number=row.number, kind=row.kind, author=row.author, batches=row.batches)


async def add_review(tx: Transaction, row: ReviewRow) -> bool:
    """Add a row with its leaf to a locked visit; False when the id is taken."""
    leaf = log.leaf_insert("visit.reviewed", row.id, row.salt, row.sha256, row.at, review_commitment(row))
    count = ("count_review", {"visit": row.visit.bytes, "number": row.number})
    added, noted, _ = await tx.execute_batch(("add_review", to_params(row)), leaf, count)
    return bool(added and noted)


async def get_review(tx: Transaction, id: UUID) -> ReviewRow | None:
    """One row."""
    return await fetch_struct(tx, ReviewRow, "review", id=id.bytes)


async def reviews_of(tx: Transaction, visit_id: UUID) -> list[ReviewRow]:
    """All rows of a visit in their order."""
    return await fetch_structs(tx, ReviewRow, "reviews_of", visit=visit_id.bytes)


@finds_rows_of("visit.reviewed")
async def find_logged_review(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A row, as its leaf commits to it."""
    row = await get_review(tx, id)
    return row and LoggedRow("visit.reviewed", row.at, row.body, row.sha256, row.salt, review_commitment(row))
