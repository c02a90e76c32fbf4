"""A supervisor reviews a visit, finding by finding."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import msgspec

from service import errors
from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import Person, covers_area
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.judge.findings import Finding, Judgement, Verdict, verdict
from service.visits import repository, sync_feed
from service.visits.attention import attention
from service.visits.loading import LoadedVisit, load_visible_visit, load_visit, lock_visible_visit
from service.visits.review_rows import (
    Assignee,
    Decision,
    Explanation,
    Review,
    ReviewKind,
    ReviewRow,
    StoredReview,
)
from service.visits.status import visit_state
from service.web.decoding import to_json

from .corrections import is_correctable
from .schemas import CommentView, DecisionView, FindingReview, ReviewView, Words
from .writing import add_row, is_known, lock_for

UNEXPLAINED = "不计的要写理由 / say why it is overridden"


def review_tag(visit: LoadedVisit) -> str:
    """The ETag of a review: it changes with everything that is written about the visit."""
    return f"{len(visit.plan_history.trail)}-{len(visit.batches)}-{len(visit.reviews.rows)}"


@read_only
async def get_review_view(ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID) -> tuple[ReviewView, str]:
    """The review as of now and its ETag, for supervisors and dispatchers of the area."""
    person = await authenticate_token(tx, token)
    visit = await load_visible_visit(ctx, tx, person, visit_id)
    if not visit.office:
        raise errors.PermissionDenied
    return build_review(ctx, visit, person), review_tag(visit)


@transaction
async def review_visit(
    ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, review: Review, expected: frozenset[str]
) -> tuple[ReviewView, str]:
    """Add the caller's review. OwnVisit, PreconditionFailed, FindingChanged; InvalidBody for an override without a
    reason."""
    person, visit = await lock_for(ctx, tx, token, visit_id, "review visits")
    if visit.was_on_visit(person):
        raise errors.OwnVisit
    if _is_repeated(visit, person, review):
        return build_review(ctx, visit, person), review_tag(visit)
    if review_tag(visit) not in expected:
        raise errors.PreconditionFailed
    judgement = visit.evaluate_at()
    found = {one.code: one for one in judgement.findings}
    unknown = [n for n, one in enumerate(review.findings) if one.code not in found]
    if unknown:
        faults = [
            errors.FieldError(f"/findings/{n}/code", "finding-changed", "look at the visit again") for n in unknown
        ]
        raise errors.FindingChanged("", tuple(faults[:20]))
    unexplained = [n for n, one in enumerate(review.findings) if one.decision == "override" and not one.reason.strip()]
    if unexplained:
        faults = [errors.FieldError(f"/findings/{n}/reason", "required", UNEXPLAINED) for n in unexplained]
        raise errors.InvalidBody("", tuple(faults[:20]))
    if judgement.verdict is None and not attention(visit, judgement).reasons:
        raise errors.NothingToReview
    stored = StoredReview(
        findings=review.findings,
        comment=review.comment,
        entries={one.code: found[one.code].entries for one in review.findings},
    )
    after = await _add(ctx, tx, visit, ctx.new_id(), "review", person, stored)
    return build_review(ctx, after, person), review_tag(after)


@transaction
async def assign(ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, assignee: Assignee) -> ReviewView:
    """Say who looks at a visit. UnknownPerson unless they may review it."""
    person, visit = await lock_for(ctx, tx, token, visit_id, "review visits")
    if assignee.person is not None:
        other = await accounts_repository.person(tx, await accounts_repository.known_login(tx, assignee.person))
        if other is None or not other.can("review visits") or not covers_area(other, visit.row.area):
            raise errors.UnknownPerson("only a supervisor of the area can look at it")
        assignee = Assignee(other.login)
    if (assignee.person or "") != visit.reviews.assignee:
        visit = await _add(ctx, tx, visit, ctx.new_id(), "assignment", person, assignee)
    return build_review(ctx, visit, person)


@transaction
async def explain(ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, id: UUID, given: Explanation) -> bool:
    """Add the technician's own words to a finding. False: they were there already.

    Who handed the visit over may still explain what they did, as their records are taken.
    """
    person = await authenticate_token(tx, token)
    require_permission(person, "explain findings")
    row = await repository.lock_visit(tx, visit_id)
    if row is None or not await sync_feed.was_assigned(tx, person.login, visit_id):
        row = await lock_visible_visit(tx, person, visit_id)
    visit = await load_visit(ctx, tx, row)
    if not visit.was_on_visit(person):
        raise errors.NotYourVisit
    return await _add_words(ctx, tx, visit, id, "explanation", person, given)


@transaction
async def inquire(ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, id: UUID, given: Explanation) -> bool:
    """Ask the technician about a finding. False: it was asked already."""
    person, visit = await lock_for(ctx, tx, token, visit_id, "review visits")
    if visit.was_on_visit(person):
        raise errors.OwnVisit
    return await _add_words(ctx, tx, visit, id, "inquiry", person, given)


async def _add_words(
    ctx: AppContext, tx: Transaction, visit: LoadedVisit, id: UUID, kind: ReviewKind, person: Person, given: Explanation
) -> bool:
    if await is_known(tx, id, kind, visit.row.id, to_json(given)):
        return False
    if given.finding not in {one.code for one in visit.visible_to(person).evaluate_at().findings}:
        raise errors.FindingChanged
    await _add(ctx, tx, visit, id, kind, person, given)
    return True


async def _add(
    ctx: AppContext, tx: Transaction, visit: LoadedVisit, id: UUID, kind: ReviewKind, person: Person, content: Any
) -> LoadedVisit:
    return await add_row(ctx, tx, visit, id, kind, person.login, to_json(content))


def _is_repeated(visit: LoadedVisit, person: Person, review: Review) -> bool:
    """Whether the last row is the same review by the same person: an answer may get lost."""
    last = visit.reviews.rows[-1] if visit.reviews.rows else None
    if last is None or last.kind != "review" or last.author != person.login or last.batches != len(visit.batches):
        return False
    stored = msgspec.json.decode(last.body, type=StoredReview)
    return (stored.findings, stored.comment) == (review.findings, review.comment)


def decided_verdict(visit: LoadedVisit, judgement: Judgement) -> Verdict | None:
    """The verdict without the findings that a supervisor overrode."""
    if judgement.verdict is None:
        return None
    return verdict(tuple(one for one in judgement.findings if not _is_overridden(visit, one)))


def _is_overridden(visit: LoadedVisit, finding: Finding) -> bool:
    decision = visit.reviews.decision_for(finding)
    return decision is not None and decision.decision == "override"


def build_review(ctx: AppContext, visit: LoadedVisit, person: Person) -> ReviewView:
    """The review of a visit for a client."""
    judgement = visit.evaluate_at()
    now = attention(visit, judgement)
    history = visit.reviews
    shown = zip(judgement.findings, visit.format_findings(judgement), strict=True)
    return ReviewView(
        visit=str(visit.row.id),
        state=visit_state(visit, judgement, now),
        verdict=judgement.verdict,
        decided=decided_verdict(visit, judgement),
        reasons=now.reasons,
        open_duties=tuple(one.code for one in now.duties),
        findings=tuple(
            FindingReview(
                view,
                view_of_decision(history.decisions.get(finding.code), finding),
                is_correctable(finding, visit.rules),
                collect_words(ctx, history.explanations, finding.code),
                collect_words(ctx, history.inquiries, finding.code),
            )
            for finding, view in shown
        ),
        corrections=history.corrections,
        comments=tuple(_comments(ctx, history.rows)),
        assignee=history.assignee or None,
        own_visit=visit.was_on_visit(person),
    )


def view_of_decision(decision: Decision | None, finding: Finding | None) -> DecisionView | None:
    """A decision for a client; it has lapsed if the finding is another now, or gone."""
    if decision is None:
        return None
    lapsed = finding is None or not decision.holds_for(finding)
    return DecisionView(decision.decision, decision.reason, decision.by, decision.at, lapsed)


def collect_words(ctx: AppContext, rows: Iterable[tuple[ReviewRow, Explanation]], code: str) -> tuple[Words, ...]:
    """Those of the rows that are about the finding with this code."""
    return tuple(
        Words(str(row.id), one.text, row.author, ctx.to_local_time(row.at)) for row, one in rows if one.finding == code
    )


def _comments(ctx: AppContext, rows: Iterable[ReviewRow]) -> Iterable[CommentView]:
    for row in rows:
        if row.kind == "review":
            review = msgspec.json.decode(row.body, type=StoredReview)
            if review.comment:
                yield CommentView(review.comment, row.author, ctx.to_local_time(row.at))
