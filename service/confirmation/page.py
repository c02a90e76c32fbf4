"""What the customer sees by his link."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from service.accounts.browser import Browser
from service.accounts.cards import TechnicianCard, technician_card
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.judge.signoffs import Level
from service.judge.statements import Document
from service.judge.visit import Window
from service.visits.appointment import AGREED, Appointment, current_appointment
from service.visits.customer_link import link_expiry, resolve_link
from service.visits.loading import LoadedVisit, load_visit
from service.visits.windows import local, technician_of

from . import masking, otp
from .statements import (
    CustomerView,
    GivenAnswer,
    Option,
    QuestionView,
    ReportView,
    ResponseView,
    StatementView,
    mask_statement,
    next_to_sign,
)

Stage = Literal["appointment", "agreed", "under_way", "over", "cancelled"]


class MaskedVisit(msgspec.Struct, frozen=True, kw_only=True):
    """The visit, masked: a link can be forwarded."""

    id: Annotated[str, msgspec.Meta(description="The visit.")]
    customer: Annotated[str, msgspec.Meta(description="The name, masked.")]
    phone: Annotated[str, msgspec.Meta(description="The telephone, masked.")]
    address: Annotated[str, msgspec.Meta(description="The address, masked.")]
    window: Annotated[Window | None, msgspec.Meta(description="The time that is planned.")]
    content: Annotated[str, msgspec.Meta(description="What is to be done.")]
    place: Annotated[str, msgspec.Meta(description="Where, in short.")]


class ConfirmationPage(msgspec.Struct, frozen=True, kw_only=True):
    """The customer's page as JSON. `statement` is the one to sign next, its canonical bytes have `statement_sha256`.

    `level` is None until the code from the text message was entered on this device; until then names and photos are
    masked and answers are only words. `code_until`: a code was sent and is good until then; `open_until`: what a code
    opened is open until then, or was. `link_until`: until then the link lives.
    """

    visit: Annotated[MaskedVisit, msgspec.Meta(description="The visit, masked until the code.")]
    technician: Annotated[TechnicianCard, msgspec.Meta(description="Who comes or came.")]
    state: Annotated[Stage, msgspec.Meta(description="How far the visit is.")]
    appointment: Annotated[Appointment, msgspec.Meta(description="What is agreed, and what may be answered to it.")]
    questions: Annotated[tuple[QuestionView, ...], msgspec.Meta(description="What is asked now.")]
    hotline: Annotated[str, msgspec.Meta(description="The telephone of the utility; may be empty.")]
    statement: Annotated[Document | None, msgspec.Meta(description="The statement to sign next.")] = None
    statement_sha256: Annotated[str | None, msgspec.Meta(description="The digest of its canonical bytes.")] = None
    statements: Annotated[tuple[StatementView, ...], msgspec.Meta(description="All statements, signed or not.")] = ()
    raises: Annotated[tuple[Option, ...], msgspec.Meta(description="What the customer may raise.")] = ()
    raised: Annotated[tuple[ReportView, ...], msgspec.Meta(description="What the customer raised.")] = ()
    said: Annotated[tuple[ResponseView, ...], msgspec.Meta(description="What the customer said by this link.")] = ()
    level: Annotated[
        Level | None, msgspec.Meta(description="How sure it is that it is the customer; null before the code.")
    ] = None
    answered_at: Annotated[datetime | None, msgspec.Meta(description="When they answered last.")] = None
    code_until: Annotated[datetime | None, msgspec.Meta(description="Until then a code that was sent is good.")] = None
    open_until: Annotated[datetime | None, msgspec.Meta(description="Until then this device may sign, or could.")] = (
        None
    )
    link_until: Annotated[datetime | None, msgspec.Meta(description="Until then the link lives.")] = None
    arrived_at: Annotated[datetime | None, msgspec.Meta(description="When the technician arrived.")] = None
    left_at: Annotated[datetime | None, msgspec.Meta(description="When the technician left.")] = None


class PageDetails(msgspec.Struct, frozen=True, kw_only=True):
    """The customer's page, with what only its HTML shows. `nobody_home`: the visit ended because of that."""

    page: ConfirmationPage
    answers: tuple[GivenAnswer, ...]
    nobody_home: bool


ANONYMOUS = Browser()
APPOINTMENT = QuestionView(
    id="appointment", items=(AGREED,), things=(), zh="您同意这个上门时间吗？", en="Do you agree to this time?"
)


async def get_page(ctx: AppContext, token: str, browser: Browser = ANONYMOUS) -> ConfirmationPage:
    """The page, before or after the code."""
    return (await get_details(ctx, token, browser)).page


@read_only
async def get_details(ctx: AppContext, tx: Transaction, token: str, browser: Browser) -> PageDetails:
    """The page with what only its HTML shows."""
    link, row = await resolve_link(ctx, tx, token, lock=False)
    return await _build(ctx, tx, link, await load_visit(ctx, tx, row), browser)


async def build_page(
    ctx: AppContext, tx: Transaction, link: UUID, visit: LoadedVisit, browser: Browser
) -> ConfirmationPage:
    """The page of a visit, as its link shows it to a browser now."""
    return (await _build(ctx, tx, link, visit, browser)).page


async def _build(ctx: AppContext, tx: Transaction, link: UUID, visit: LoadedVisit, browser: Browser) -> PageDetails:
    now = ctx.now()
    stands = current_appointment(visit, now, ctx.company.cutoff_hours)
    stands = msgspec.structs.replace(stands, window=local(ctx, stands.window), before=local(ctx, stands.before))
    level, seat = await otp.verification_level(ctx, tx, link, visit, browser), browser.id.hex()
    case = CustomerView(visit.visible_at(level, seat))
    shown = case.shown()
    paper = next_to_sign(shown)
    his = [
        row.received_at
        for row, one in visit.customer_responses
        if (one.said.answers or one.said.comment) and (level == "own_device" or one.browser == seat)
    ]
    state, sent = _due(visit, stands), await otp.otp_valid_until(ctx, tx, link, browser)
    opened, lives = await otp.verified_until(tx, link, browser), await link_expiry(tx, link)
    after = state in ("under_way", "over")
    page = ConfirmationPage(
        visit=_where(visit, stands.window, plain=level is not None),
        technician=await technician_card(ctx, tx, technician_of(visit)),
        state=state,
        appointment=stands,
        questions=case.asked(level) if after else (APPOINTMENT,) if stands.may_agree else (),
        hotline=ctx.company.hotline,
        statement=paper.statement if paper else None,
        statement_sha256=paper.sha256 if paper else None,
        statements=shown if level is not None else tuple(map(mask_statement, shown)),
        raises=case.reportable_facts() if after else (),
        raised=case.raised(ctx),
        said=case.said(ctx),
        level=level,
        answered_at=ctx.to_local_time(his[-1]) if his else None,
        code_until=ctx.to_local_time(sent) if sent is not None and level is None else None,
        open_until=ctx.to_local_time(opened) if opened is not None else None,
        link_until=ctx.to_local_time(lives) if lives is not None else None,
        arrived_at=case.first_occurrence("arrived"),
        left_at=case.first_occurrence("left"),
    )
    nobody_home = (
        state == "over" and "work_finished" not in case.judgement.facts and "nobody_home" in case.judgement.facts
    )
    return PageDetails(page=page, answers=case.latest_answers(ctx), nobody_home=nobody_home)


def _where(visit: LoadedVisit, window: Window | None, *, plain: bool) -> MaskedVisit:
    """The visit; who has only the link sees who it is for no more than he knows already."""
    plan, customer = visit.plan, visit.plan.customer
    return MaskedVisit(
        id=str(visit.row.id),
        customer=customer.name if plain else masking.name(customer.name),
        phone=customer.phone if plain else masking.phone(customer.phone),
        address=customer.address if plain else masking.address(customer.address),
        window=window,
        content=plan.work.content,
        place=plan.work.place,
    )


def _due(visit: LoadedVisit, stands: Appointment) -> Stage:
    entries = visit.merged.entries
    if any(entry.what == "left" and entry.holds is not False for entry in entries):
        return "over"
    if any(entry.by == "technician" for entry in entries):
        return "under_way"
    if visit.plan_history.cancelled is not None:  # while nothing was done
        return "cancelled"
    return "agreed" if stands.agreed else "appointment"
