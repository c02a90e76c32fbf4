"""What the page of one visit shows: gathered in one transaction, so that all of it is of the same moment."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from service.accounts.authentication import authenticate_token
from service.accounts.repository import names_of
from service.confirmation.statements import CustomerView
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.dispatch.views import VisitView, build_view
from service.dispatch.wishes import Wish, open_wish
from service.judge.checklist import Text
from service.privacy import holds
from service.privacy.holds import HoldView
from service.visits.attention import Reason, ReasonKind, attention, urgent_at
from service.visits.loading import LoadedVisit, load_visible_visit
from service.visits.page_words import state_text
from service.visits.review_rows import OpenCorrection
from service.visits.working_days import end_of_working_day
from service.web.language import PageText

from .customer_words import (
    CustomerWords,
    ShownStatement,
    SideBySide,
    compare_words,
    customer_words,
    office_words,
    shown_statements,
)
from .entry_changes import AnsweredCorrection, answered_corrections, entry_changes
from .entry_words import subject_names
from .history import build_history
from .reviewing import build_review, review_tag
from .schemas import HistoryStep, ReviewView, Words
from .shown_findings import PastFinding, ShownFinding, past_findings, shown_findings
from .subjects import (
    Subject,
    returnable_subjects,
    subjects_also_to_ask,
    subjects_to_ask,
    subjects_to_do,
)
from .timeline_svg import OrderOfActs, order_of_acts
from .waiting import MissingFile, missing_files, unanswered

RETURN_BY = timedelta(hours=6)
"""Before the end of the next working day, at six in the evening, returned items are due unless somebody says else."""


class VisitPage(msgspec.Struct, frozen=True, kw_only=True):
    """The page. `review` and what follows from it are for the office only.

    `ignored`: by the id of a record, what of it does not count. `due_at`: when the queue says that the most urgent
    reason should be settled.
    """

    visit: VisitView
    type: Text
    state: PageText
    closes_at: datetime | None
    due_at: datetime | None
    order: OrderOfActs
    findings: tuple[ShownFinding, ...]
    past: tuple[PastFinding, ...]
    statements: tuple[ShownStatement, ...]
    answered: tuple[AnsweredCorrection, ...]
    corrections: tuple[OpenCorrection, ...]
    names: dict[str, str]
    labels: dict[str, str]
    subjects: dict[str, Text]
    wish: Wish | None
    review: ReviewView | None = None
    tag: str = ""
    can_review: bool = False
    can_explain: bool = False
    look_noted: bool = False
    can_hold: bool = False
    holds: tuple[HoldView, ...] = ()
    can_change: bool = False
    sides: tuple[SideBySide, ...] = ()
    agreed: int = 0
    words: tuple[CustomerWords, ...] = ()
    written: dict[str, str] = {}
    unanswered: tuple[Words, ...] = ()
    missing: tuple[MissingFile, ...] = ()
    steps: tuple[HistoryStep, ...] = ()
    ignored: Mapping[str, tuple[str, ...]] = {}
    returnable: tuple[Subject, ...] = ()
    return_by: datetime | None = None
    to_do: tuple[Subject, ...] = ()
    to_ask: tuple[Subject, ...] = ()
    also_to_ask: tuple[Subject, ...] = ()

    @property
    def calls(self) -> bool:
        """Whether something calls for a person."""
        return bool(self.review and self.review.reasons)

    @property
    def unrecorded(self) -> bool:
        """Whether it calls for a person because there is no record at all."""
        return bool(self.review and any(one.kind == "no_record" for one in self.review.reasons))

    @property
    def decides(self) -> bool:
        """Whether the caller can review it now: while the work goes on, only what calls for a person."""
        return self.can_review and (self.calls or self.visit.state not in ("planned", "under_way", "cancelled"))

    @property
    def calling(self) -> tuple[tuple[ReasonKind | Literal["corrected"], int, datetime, datetime | None], ...]:
        """What calls for a person, each kind once: how often, since when, and by when it has to be settled.

        `corrected`: an explanation that is a record in answer to a correction.
        """
        kinds: dict[ReasonKind | Literal["corrected"], list[Reason]] = {}
        records = {one.record for one in self.visit.records}
        for one in self.review.reasons if self.review else ():
            is_record = one.kind == "explanation" and one.source in records
            kinds.setdefault("corrected" if is_record else one.kind, []).append(one)
        return tuple(
            (
                kind,
                len(group),
                min(one.since for one in group),
                min(filter(None, (one.due_at for one in group)), default=None),
            )
            for kind, group in kinds.items()
        )

    @property
    def technicians(self) -> tuple[str, ...]:
        """The names of those who are to go."""
        return tuple(self.names[login] for login in (self.visit.technician, *self.visit.crew))


@read_only
async def get_visit_page(ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID) -> VisitPage:
    """The page, as far as the caller may see it. NotFound."""
    person = await authenticate_token(tx, token)
    visit = await load_visible_visit(ctx, tx, person, visit_id)
    view = await build_view(ctx, tx, visit)
    customer = CustomerView(visit)
    review = build_review(ctx, visit, person) if visit.office else None
    steps = (await build_history(ctx, tx, visit)).steps if visit.office else ()
    changes = entry_changes(visit, customer.labels)
    findings = shown_findings(ctx, visit, customer, review, changes)
    past = past_findings(ctx, visit, customer, decided=visit.office)
    answered = answered_corrections(visit, customer.labels)
    now = attention(visit, customer.judgement)
    urgent = urgent_at(now.reasons)
    page = VisitPage(
        visit=view,
        type=_type_name(visit),
        state=state_text(view.state, calls=bool(now.reasons)),
        closes_at=now.closes_at,
        due_at=None if urgent is None else ctx.to_local_time(urgent),
        order=order_of_acts(
            visit.rules, customer.timeline, customer.judgement.findings, customer.labels, visit.now.tzinfo
        ),
        findings=findings,
        past=past,
        statements=tuple(shown_statements(visit, customer)),
        answered=answered,
        corrections=visit.reviews.corrections,
        names=await names_of(
            tx, _logins(view, review, (*findings, *past), steps, (*visit.reviews.corrections, *answered))
        ),
        labels=customer.labels,
        subjects=subject_names(visit.rules),
        wish=open_wish(view.flags, view.entries),
        can_explain=person.can("explain findings") and visit.was_on_visit(person),
        look_noted=not visit.is_own_work_of(person),
        can_hold=person.can("hold visits"),
        holds=tuple(one for one in await holds.holds_of(ctx, tx, visit_id) if one.active),
    )
    if review is None:
        return page
    asked = tuple(subjects_to_ask(visit, findings))
    return msgspec.structs.replace(
        page,
        review=review,
        tag=review_tag(visit),
        can_change=person.can("change a visit") and _may_change(view),
        to_do=tuple(subjects_to_do(visit, findings)) if person.can("write entries of the office") else (),
        can_review=person.can("review visits") and not review.own_visit,
        sides=tuple(compare_words(visit, customer.labels)),
        agreed=sum(1 for one in visit.merged.entries if one.by == "customer" and one.says == "yes"),
        words=tuple(customer_words(ctx, visit)),
        written=dict(office_words(visit)),
        unanswered=unanswered(ctx, visit),
        missing=tuple(missing_files(visit, customer.labels)),
        steps=steps,
        ignored=_ignored(visit),
        returnable=returnable_subjects(visit, findings, customer.labels),
        return_by=end_of_working_day(visit.now, 1) - RETURN_BY,
        to_ask=asked,
        also_to_ask=tuple(subjects_also_to_ask(visit, customer, {one.key for one in asked})),
    )


def _may_change(view: VisitView) -> bool:
    """Whether the plan is still ahead: a visit that somebody made, or that is over, stays as it was."""
    return view.state in ("planned", "under_way") or (view.verdict is None and view.state == "to_review")


def _ignored(visit: LoadedVisit) -> dict[str, tuple[str, ...]]:
    """By record: the items and facts of its entries that are stored and do not count."""
    found: dict[str, tuple[str, ...]] = {}
    for batch in visit.batches:
        ids = {one.entry for one in visit.merged.ignored.get(batch.id, ())}
        found[batch.id] = tuple(dict.fromkeys(one.what for one in batch.entries if one.id in ids))
    return found


def _type_name(visit: LoadedVisit) -> Text:
    kind = visit.rules.checklist.visit_types.get(visit.plan.type)
    return Text(kind.zh, kind.en) if kind else Text(visit.plan.type, visit.plan.type)


def _logins(
    view: VisitView,
    review: ReviewView | None,
    findings: Iterable[ShownFinding | PastFinding],
    steps: Iterable[HistoryStep],
    corrections: Iterable[OpenCorrection | AnsweredCorrection],
) -> set[str]:
    logins = {view.technician, *view.crew, view.created_by, *(step.by for step in steps)}
    logins |= {step.text for step in steps if step.kind == "assignment"}
    logins |= {words.by for one in findings for words in (*one.explanations, *one.inquiries)}
    logins |= {one.decision.by for one in findings if one.decision}
    logins |= {one.writer for one in view.records}
    logins |= {one.by for one in corrections}
    if review is not None:
        logins |= {one.by for one in review.comments} | {review.assignee or ""}
    return logins - {""}
