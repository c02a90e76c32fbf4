"""What the customer sees through the link."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts.browser import Browser
from service.accounts.cards import TechnicianCard, technician_card
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.judge.moments import in_zone, to_ms
from service.judge.signoffs import Level
from service.judge.statements import Document
from service.judge.visit import Window
from service.messages.misdirected import messages_to_customer
from service.visits.appointment import AGREED, Appointment, current_appointment
from service.visits.changes import Cancellation
from service.visits.customer_link import link_expiry, resolve_link
from service.visits.departures import view_of
from service.visits.free_times import offered_windows
from service.visits.loading import LoadedVisit, load_visit
from service.visits.owed_answers import complaints_of
from service.visits.windows import local, technician_of

from . import masking, otp, statements
from .statements import CustomerView, GivenAnswer, Option, QuestionView, ReportView, ResponseView, StatementView

Stage = Literal["appointment", "agreed", "under_way", "over", "cancelled"]


class MaskedVisit(msgspec.Struct, frozen=True, kw_only=True):
    """The visit, masked because a link can be forwarded."""

    id: Annotated[str, Meta(description="The visit.")]
    customer: Annotated[str, Meta(description="The name, masked.")]
    phone: Annotated[str, Meta(description="The telephone, masked.")]
    address: Annotated[str, Meta(description="The address, masked.")]
    window: Annotated[Window | None, Meta(description="The planned time.")]
    content: Annotated[str, Meta(description="What is to be done.")]
    place: Annotated[str, Meta(description="Where, in short.")]
    external_ref: Annotated[str, Meta(description="The work order number; may be empty.")] = ""


class CancelledVisit(msgspec.Struct, frozen=True):
    """The utility cancelled the visit."""

    at: Annotated[datetime, Meta(description="When.")]
    reason: Annotated[str, Meta(description="Why, as the office wrote it for the customer.")]


class ConfirmationPage(msgspec.Struct, frozen=True, kw_only=True):
    """The customer's page as JSON.

    Until the code from the text message is entered on this device, `level` is null, names and photos are masked, and
    answers count only as words.
    """

    visit: Annotated[MaskedVisit, Meta(description="The visit, masked until the code.")]
    technician: Annotated[TechnicianCard, Meta(description="Who comes or came.")]
    state: Annotated[Stage, Meta(description="How far the visit is.")]
    appointment: Annotated[Appointment, Meta(description="What is agreed, and what may be answered to it.")]
    questions: Annotated[tuple[QuestionView, ...], Meta(description="What is asked now.")]
    hotline: Annotated[str, Meta(description="The telephone of the utility; may be empty.")]
    price_list: Annotated[
        str, Meta(description="What a meter costs, beside statements that are `charged`; may be empty.")
    ] = ""
    statement: Annotated[Document | None, Meta(description="The statement to sign next.")] = None
    statement_sha256: Annotated[str | None, Meta(description="The digest of its canonical bytes.")] = None
    statements: Annotated[tuple[StatementView, ...], Meta(description="All statements, signed or not.")] = ()
    raises: Annotated[tuple[Option, ...], Meta(description="What the customer may raise.")] = ()
    raised: Annotated[tuple[ReportView, ...], Meta(description="What the customer raised.")] = ()
    said: Annotated[tuple[ResponseView, ...], Meta(description="What the customer said by this link.")] = ()
    level: Annotated[
        Level | None, Meta(description="How sure it is that it is the customer; null before the code.")
    ] = None
    answered_at: Annotated[datetime | None, Meta(description="When they answered last.")] = None
    code_until: Annotated[datetime | None, Meta(description="Until when a code that was sent is good.")] = None
    open_until: Annotated[datetime | None, Meta(description="Until when this device may or could sign.")] = None
    link_until: Annotated[datetime | None, Meta(description="When the link expires.")] = None
    arrived_at: Annotated[datetime | None, Meta(description="When the technician arrived.")] = None
    left_at: Annotated[datetime | None, Meta(description="When the technician left.")] = None
    departed_at: Annotated[datetime | None, Meta(description="When the technician set out for it.")] = None
    expected_at: Annotated[datetime | None, Meta(description="When they expect to arrive, if they said so.")] = None
    offered: Annotated[tuple[Window, ...], Meta(description="Free times that the customer may ask for instead.")] = ()
    moved_because: Annotated[str | None, Meta(description="Why the time was moved last.")] = None
    cancelled: Annotated[CancelledVisit | None, Meta(description="When and why it was cancelled.")] = None


class PageDetails(msgspec.Struct, frozen=True, kw_only=True):
    """The page with what only its HTML shows. `nobody_home`: the visit ended because nobody was home.

    `door_checked`: the customer confirmed the code at the door. `announced`: of whom the customer was informed
    before another one was sent. `answered`: before the code, the numbers of complaints and reports that were answered;
    "" for one without.
    """

    page: ConfirmationPage
    answers: tuple[GivenAnswer, ...]
    nobody_home: bool
    answered: tuple[str, ...] = ()
    door_checked: bool = False
    announced: TechnicianCard | None = None


ID_SHOWN = "id_shown"
SENT = ("delivered", "taken")
ANONYMOUS = Browser()
APPOINTMENT = QuestionView(
    id="appointment", items=(AGREED,), things=(), zh="您同意这个上门时间吗？", en="Do you agree to this time?"
)


async def get_page(ctx: AppContext, token: str, browser: Browser = ANONYMOUS) -> ConfirmationPage:
    """The page as this browser may see it."""
    return (await get_details(ctx, token, browser)).page


@read_only
async def get_details(ctx: AppContext, tx: Transaction, token: str, browser: Browser) -> PageDetails:
    """The page with what only its HTML shows."""
    link, row = await resolve_link(ctx, tx, token, lock=False)
    return await build_details(ctx, tx, link, await load_visit(ctx, tx, row), browser)


async def build_details(
    ctx: AppContext, tx: Transaction, link: UUID, visit: LoadedVisit, browser: Browser
) -> PageDetails:
    """The same of a visit that is loaded already."""
    appointment = current_appointment(visit, ctx.now(), ctx.company.cutoff_hours)
    window, before, asked = local(ctx, appointment.window), local(ctx, appointment.before), appointment.asked
    asked = asked and msgspec.structs.replace(asked, window=local(ctx, asked.window))
    appointment = msgspec.structs.replace(appointment, window=window, before=before, asked=asked)
    level, browser_id = await otp.verification_level(ctx, tx, link, visit, browser), browser.id.hex()
    view = CustomerView(visit.visible_at(level, browser_id))
    all_statements = view.statements()
    next_statement = statements.next_to_sign(all_statements)
    answered_at = [
        row.received_at
        for row, response in visit.customer_responses
        if (response.said.answers or response.said.comment)
        and (level == "own_device" or response.browser == browser_id)
    ]
    code = await otp.get_otp(tx, link, visit, browser)
    valid_until = code.valid_until(ctx.clock()) if code and level is None else None
    stage, facts = _stage(visit, appointment), view.judgement.facts
    started = stage in ("under_way", "over")
    departure = view_of(ctx, visit.departure) if visit.departure and stage != "cancelled" else None

    def to_local(ms: int | None) -> datetime | None:
        return None if ms is None else ctx.to_local_time(ms)

    page = ConfirmationPage(
        visit=_mask_visit(visit, window, verified=level is not None),
        technician=await technician_card(ctx, tx, technician_of(visit)),
        state=stage,
        appointment=appointment,
        questions=view.questions(level) if started else (APPOINTMENT,) if appointment.may_agree else (),
        hotline=ctx.company.hotline,
        price_list=ctx.company.price_list,
        statement=next_statement.statement if next_statement else None,
        statement_sha256=next_statement.sha256 if next_statement else None,
        statements=all_statements if level is not None else tuple(map(statements.mask_statement, all_statements)),
        raises=view.reportable_facts() if started else (),
        raised=view.reports(ctx, verified=level is not None),
        said=view.responses(ctx),
        level=level,
        answered_at=to_local(answered_at[-1] if answered_at else None),
        code_until=to_local(valid_until),
        open_until=to_local(code.verified_until if code else None),
        link_until=to_local(await link_expiry(tx, link)),
        arrived_at=view.first_occurrence("arrived"),
        offered=await offered_windows(ctx, tx, visit, ctx.company.offered_days) if appointment.may_ask_until else (),
        moved_because=_move_reason(visit) if appointment.moved else None,
        cancelled=_cancellation(ctx, visit),
        left_at=view.first_occurrence("left"),
        departed_at=departure and departure.received_at,
        expected_at=departure and departure.arrives_at,
    )
    nobody_home = stage == "over" and "work_finished" not in facts and "nobody_home" in facts
    answered = () if level is not None or await otp.is_near_staff(ctx, tx, visit, browser) else _answered(visit, page)
    return PageDetails(
        page=page,
        answers=view.latest_answers(ctx),
        nobody_home=nobody_home,
        answered=answered,
        door_checked=ID_SHOWN in {entry.what for entry in visit.effective_entries() if entry.via == "scan"},
        announced=await _announced(ctx, tx, visit),
    )


async def _announced(ctx: AppContext, tx: Transaction, visit: LoadedVisit) -> TechnicianCard | None:
    """Of whom the last message before the technician was changed informed the customer; None where it is the same."""
    current = technician_of(visit)
    changes = [one for one in visit.plan_history.trail if "technician" in one.old]
    if not changes:
        return None
    sent = [
        one.created_at for one in await messages_to_customer(tx, visit) if one.state in SENT and one.about != "code"
    ]
    since, known = 0, current
    for one in changes:
        if any(since <= at < to_ms(one.at) for at in sent):
            known = one.old["technician"]
        since = to_ms(one.at)
    return None if known == current else await technician_card(ctx, tx, known)


def _answered(visit: LoadedVisit, page: ConfirmationPage) -> tuple[str, ...]:
    """The numbers of the answered complaints and reports of which the page does not show the answer."""
    numbers = CustomerView(visit).answered_numbers() if complaints_of(visit) else ()
    shown = {one.number or "" for one in page.raised if one.answered_at}
    return tuple(one for one in numbers if one not in shown)


def _mask_visit(visit: LoadedVisit, window: Window | None, *, verified: bool) -> MaskedVisit:
    plan, customer = visit.plan, visit.plan.customer
    return MaskedVisit(
        id=str(visit.row.id),
        customer=customer.name if verified else masking.name(customer.name),
        phone=customer.phone if verified else masking.phone(customer.phone),
        address=customer.address if verified else masking.address(customer.address),
        window=window,
        content=plan.work.content,
        place=plan.work.place,
        external_ref=plan.external_ref or "",
    )


def _move_reason(visit: LoadedVisit) -> str | None:
    return next((change.reason for change in reversed(visit.plan_history.trail) if change.kind == "window"), None)


def _cancellation(ctx: AppContext, visit: LoadedVisit) -> CancelledVisit | None:
    change = visit.plan_history.cancelled
    if change is None or not isinstance(change.content, Cancellation):
        return None
    return CancelledVisit(in_zone(change.at, ctx.zone), change.content.reason)


def _stage(visit: LoadedVisit, appointment: Appointment) -> Stage:
    entries = visit.merged.entries
    if any(entry.what == "left" and entry.holds is not False for entry in entries):
        return "over"
    if any(entry.by == "technician" for entry in entries):
        return "under_way"
    if visit.plan_history.cancelled is not None:  # before anything was done
        return "cancelled"
    return "agreed" if appointment.agreed else "appointment"
