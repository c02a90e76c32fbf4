"""What the review of a visit looks like to a client."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from service.judge.findings import FindingView, Verdict
from service.visits.attention import Reason, ReasonKind
from service.visits.plan import Customer
from service.visits.review_rows import OpenCorrection
from service.visits.status import Flag, State


class DecisionView(msgspec.Struct, frozen=True):
    """What was decided about a finding."""

    decision: Annotated[Literal["uphold", "override"], Meta(description="Override: it does not count.")]
    reason: Annotated[str, Meta(description="Why.")]
    by: Annotated[str, Meta(description="Login of who decided.")]
    at: Annotated[datetime, Meta(description="When.")]
    lapsed: Annotated[bool, Meta(description="The finding's entries changed since: it has to be decided again.")]


class Words(msgspec.Struct, frozen=True):
    """A technician's explanation, or a supervisor's question."""

    id: Annotated[str, Meta(description="Its id.")]
    text: Annotated[str, Meta(description="The words.")]
    by: Annotated[str, Meta(description="Login of who wrote it.")]
    at: Annotated[datetime, Meta(description="When.")]


class FindingReview(msgspec.Struct, frozen=True):
    """A finding with what people said and decided about it."""

    finding: Annotated[FindingView, Meta(description="The finding as it is now.")]
    decision: Annotated[DecisionView | None, Meta(description="The last decision.")]
    correctable: Annotated[bool, Meta(description="Whether returning the item can mend it.")]
    explanations: Annotated[tuple[Words, ...], Meta(description="The technician's own words.")]
    inquiries: Annotated[tuple[Words, ...], Meta(description="Questions to the technician.")]


class CommentView(msgspec.Struct, frozen=True):
    """What a supervisor remarked in a review."""

    text: Annotated[str, Meta(description="The words.")]
    by: Annotated[str, Meta(description="Login of who wrote it.")]
    at: Annotated[datetime, Meta(description="When.")]


class ReviewView(msgspec.Struct, frozen=True, kw_only=True):
    """Where the review of a visit is: what calls for a person, what was decided, what is still open."""

    visit: Annotated[str, Meta(description="The visit's id.")]
    state: Annotated[State, Meta(description="The state of the visit.")]
    verdict: Annotated[Verdict | None, Meta(description="The judge's; a review never changes it.")]
    decided: Annotated[Verdict | None, Meta(description="The verdict without the overridden findings.")]
    reasons: Annotated[tuple[Reason, ...], Meta(description="What calls for a person.")]
    open_duties: Annotated[
        tuple[str, ...],
        Meta(description="What is still owed, as codes of findings."),
    ]
    findings: Annotated[tuple[FindingReview, ...], Meta(description="All findings, with the decisions.")]
    corrections: Annotated[tuple[OpenCorrection, ...], Meta(description="What was returned and not answered yet.")]
    comments: Annotated[tuple[CommentView, ...], Meta(description="Remarks of all reviews.")]
    assignee: Annotated[str | None, Meta(description="Login of who looks at it.")]
    own_visit: Annotated[bool, Meta(description="The caller was on the visit, and so cannot review it.")]


class QueueItem(msgspec.Struct, frozen=True, kw_only=True):
    """A visit in the queue."""

    visit: Annotated[str, Meta(description="The visit's id.")]
    reasons: Annotated[tuple[ReasonKind, ...], Meta(description="What calls for a person.")]
    due_at: Annotated[datetime, Meta(description="When the most urgent reason should be settled; the order.")]
    since: Annotated[datetime, Meta(description="Since when the oldest reason is there.")]
    assignee: Annotated[str | None, Meta(description="Login of who looks at it.")]
    type: Annotated[str, Meta(description="The type of visit.")]
    technician: Annotated[str, Meta(description="Login of the technician.")]
    area: Annotated[str, Meta(description="The area (片区).")]
    customer: Annotated[Customer, Meta(description="Whom the visit was for.")]
    external_ref: Annotated[str | None, Meta(description="The work order number.")]
    planned_at: Annotated[datetime, Meta(description="When the window begins.")]
    state: Annotated[State, Meta(description="The state of the visit.")]
    flags: Annotated[tuple[Flag, ...], Meta(description="What is lacking, or came otherwise than planned.")]
    verdict: Annotated[Verdict | None, Meta(description="The judge's.")]


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the queue, the most urgent first."""

    reviews: Annotated[tuple[QueueItem, ...], Meta(description="The visits.")]
    counts: Annotated[dict[str, int], Meta(description="By reason: how many visits of the caller's areas have it.")]
    after: Annotated[str | None, Meta(description="The cursor of the next page.")]


class HistoryStep(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody did."""

    at: Annotated[datetime, Meta(description="When.")]
    kind: Annotated[
        Literal[
            "planned",
            "changed",
            "record",
            "office",
            "customer",
            "door",
            "callback",
            "message",
            "review",
            "correction",
            "withdrawal",
            "explanation",
            "inquiry",
            "assignment",
            "looked",
            "viewed",
            "held",
            "released",
            "account_held",
            "account_released",
            "link",
            "departure",
        ],
        Meta(description="What was done."),
    ]
    by: Annotated[str, Meta(description="Login of who did it; empty for the customer and the service.")]
    id: Annotated[str, Meta(description="The id of the record, message, review or other row.")]
    text: Annotated[str, Meta(description="More about it, in words.")]


class VisitHistory(msgspec.Struct, frozen=True):
    """Who did what when, in the order of time."""

    steps: Annotated[tuple[HistoryStep, ...], Meta(description="All steps.")]
