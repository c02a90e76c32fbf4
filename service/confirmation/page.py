"""What the customer sees by his link."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from service.accounts.browser import Browser
from service.accounts.cards import Who, who
from service.context import House
from service.db.database import Tx
from service.judge.signoffs import Level
from service.judge.statements import Document
from service.judge.visit import Window
from service.visits import link_rows
from service.visits.appointment import AGREED, Appointment, appointment
from service.visits.customer_link import linked
from service.visits.loading import File, load
from service.visits.windows import local, technician_of

from . import masking, otp
from .statements import CustomerView, Option, QuestionView, RaisedShown, SaidShown, StatementView, masked, next_paper

Stage = Literal["appointment", "agreed", "under_way", "over", "cancelled"]


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """The visit, masked: a link can be forwarded."""

    id: str
    customer: str
    phone: str
    address: str
    window: Window | None
    content: str
    place: str


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """The customer's page as JSON. `statement` is the one to sign next, its canonical bytes have `statement_sha256`.

    `level` is None until the code from the text message was entered on this device; until then names and photos are
    masked and answers are only words. `code_until`: a code was sent and is good until then; `open_until`: what a code
    opened is open until then, or was. `link_until`: until then the link lives.
    """

    visit: Where
    technician: Who
    state: Stage
    appointment: Appointment
    questions: tuple[QuestionView, ...]
    hotline: str
    statement: Document | None = None
    statement_sha256: str | None = None
    statements: tuple[StatementView, ...] = ()
    raises: tuple[Option, ...] = ()
    raised: tuple[RaisedShown, ...] = ()
    said: tuple[SaidShown, ...] = ()
    level: Level | None = None
    answered_at: datetime | None = None
    code_until: datetime | None = None
    open_until: datetime | None = None
    link_until: datetime | None = None
    arrived_at: datetime | None = None
    left_at: datetime | None = None


NOBODY = Browser()
APPOINTMENT = QuestionView(
    id="appointment", items=(AGREED,), things=(), zh="您同意这个上门时间吗？", en="Do you agree to this time?"
)


async def look(house: House, token: str, browser: Browser = NOBODY) -> Confirmation:
    """The page, for who looks from a browser. Looking changes nothing."""

    async def work(tx: Tx) -> Confirmation:
        link, row = await linked(house, tx, token, lock=False)
        return await seen(house, tx, link, await load(house, tx, row), browser)

    return await house.db.read(work)


async def seen(house: House, tx: Tx, link: UUID, file: File, browser: Browser) -> Confirmation:
    """The page of a visit, as its link shows it to a browser now."""
    now = house.now()
    stands = appointment(file, now, house.desk.cutoff_hours)
    stands = msgspec.structs.replace(stands, window=local(house, stands.window), before=local(house, stands.before))
    level, seat = await otp.level(house, tx, link, file, browser), browser.seat.hex()
    case = CustomerView(file.heard_at(level, seat))
    shown = case.shown()
    paper = next_paper(shown)
    his = [
        row.received_at
        for row, one in file.confirmations
        if (one.said.answers or one.said.comment) and (level == "own_device" or one.seat == seat)
    ]
    state, sent = _due(file, stands), await otp.waits(house, tx, link, browser)
    opened, lives = await otp.open_until(tx, link, browser), await link_rows.living_until(tx, link)
    after = state in ("under_way", "over")
    return Confirmation(
        visit=_where(file, stands.window, plain=level is not None),
        technician=await who(house, tx, technician_of(file)),
        state=state,
        appointment=stands,
        questions=case.asked(level) if after else (APPOINTMENT,) if stands.may_agree else (),
        hotline=house.desk.hotline,
        statement=paper.statement if paper else None,
        statement_sha256=paper.sha256 if paper else None,
        statements=shown if level is not None else tuple(map(masked, shown)),
        raises=case.raisable() if after else (),
        raised=case.raised(house),
        said=case.said(house),
        level=level,
        answered_at=house.time(his[-1]) if his else None,
        code_until=house.time(sent) if sent is not None and level is None else None,
        open_until=house.time(opened) if opened is not None else None,
        link_until=house.time(lives) if lives is not None else None,
        arrived_at=case.happened("arrived"),
        left_at=case.happened("left"),
    )


def _where(file: File, window: Window | None, *, plain: bool) -> Where:
    """The visit; who has only the link sees who it is for no more than he knows already."""
    plan, customer = file.plan, file.plan.customer
    return Where(
        id=str(file.row.id),
        customer=customer.name if plain else masking.name(customer.name),
        phone=customer.phone if plain else masking.phone(customer.phone),
        address=customer.address if plain else masking.address(customer.address),
        window=window,
        content=plan.work.content,
        place=plan.work.place,
    )


def _due(file: File, stands: Appointment) -> Stage:
    entries = file.gathered.entries
    if any(entry.what == "left" and entry.holds is not False for entry in entries):
        return "over"
    if any(entry.by == "technician" for entry in entries):
        return "under_way"
    if file.standing.cancelled is not None:  # while nothing was done
        return "cancelled"
    return "agreed" if stands.agreed else "appointment"
