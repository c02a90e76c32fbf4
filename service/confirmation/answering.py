"""What the customer answers by his link: entries of his own."""

import asyncio
from datetime import datetime
from hashlib import sha256
from typing import Literal
from uuid import UUID, uuid5

import msgspec

from service.accounts.browser import Browser
from service.context import AppContext
from service.db.database import Transaction
from service.errors import (
    AnswerDeadlinePassed,
    AppointmentChanged,
    OtpRequired,
    TooManyRequests,
    UnreadableSignature,
    UnsupportedImageType,
)
from service.evidence.attach import StoredFile, store_bytes
from service.judge.entries import Entry, Evidence, Refused
from service.visits.append_batch import CUSTOMER_WRITER, append_entries
from service.visits.appointment import AGREED, MOVED, Appointment, current_appointment
from service.visits.customer_answers import AnswerInput, CustomerSubmission, SignatureInput
from service.visits.customer_link import resolve_link
from service.visits.loading import LoadedVisit, load_visit
from service.visits.repository import VisitRow

from . import entries as confirm
from . import otp
from .page import ANONYMOUS, APPOINTMENT, ConfirmationPage, build_page
from .signature_image import render
from .statements import CustomerView

APPOINTED = (AGREED, APPOINTMENT.id)
MAX_RESCHEDULE_REQUESTS = (
    12  # answers about the appointment by the links of a visit, after which no more wishes are taken
)


async def submit_answers(
    ctx: AppContext, token: str, answers: CustomerSubmission, browser: Browser = ANONYMOUS
) -> ConfirmationPage:
    """Write a customer's answers: all of them, or nothing. What he said last, said again, is no change."""
    image = await _image(ctx, token, answers.signature, browser) if answers.signature else None

    async def work(tx: Transaction) -> ConfirmationPage:
        link, row = await resolve_link(ctx, tx, token, lock=True)
        visit = await load_visit(ctx, tx, row)
        begun = any(entry.by == "technician" for entry in visit.merged.entries)  # then it is an answer like any other
        about = [] if begun else [one for one in answers.answers if (one.item or one.question) in APPOINTED]
        rest = tuple(one for one in answers.answers if one not in about)
        later = msgspec.structs.replace(answers, answers=rest, another_time=None, window_from=None)
        await _handle_appointment(ctx, tx, row, link, visit, answers, about)
        if about or answers.another_time:
            visit = await load_visit(ctx, tx, row)
        if later != CustomerSubmission():
            level = await otp.verification_level(ctx, tx, link, visit, browser)
            visit = await confirm.write_entries(ctx, tx, link, visit, later, level, browser, image)
        return await build_page(ctx, tx, link, visit, browser)

    return await ctx.db.write(work)


async def _image(ctx: AppContext, token: str, given: SignatureInput, browser: Browser) -> StoredFile | None:
    """The signature's picture, in the store; only for what will be written, so that nobody fills it for nothing."""

    async def new(tx: Transaction) -> bool:
        link, row = await resolve_link(ctx, tx, token, lock=False)
        visit = await load_visit(ctx, tx, row)
        level = await otp.verification_level(ctx, tx, link, visit, browser)
        if level is None:
            raise OtpRequired
        if confirm.is_repeated_signature(CustomerView(visit), given, level):
            return False
        confirm.check_quota(visit, level)
        return True

    if not await ctx.db.read(new):
        return None
    raw = await asyncio.to_thread(render, given)
    try:
        return await store_bytes(ctx, raw, sha256(raw).digest())
    except UnsupportedImageType:
        raise UnreadableSignature from None


async def _handle_appointment(
    ctx: AppContext,
    tx: Transaction,
    row: VisitRow,
    link: UUID,
    visit: LoadedVisit,
    answers: CustomerSubmission,
    about: list[AnswerInput],
) -> None:
    stands = current_appointment(visit, ctx.now(), ctx.company.cutoff_hours)
    if answers.window_from is not None and (not stands.window or stands.window.start != answers.window_from):
        raise AppointmentChanged
    for one in about:
        await _answer(ctx, tx, row, link, stands, one.good)
    if answers.another_time is not None:
        await _request_reschedule(ctx, tx, visit, link, stands, answers.another_time.wish.strip())


async def _answer(ctx: AppContext, tx: Transaction, row: VisitRow, link: UUID, stands: Appointment, good: bool) -> None:
    now, window = ctx.now(), stands.window
    if not good:
        await _write(ctx, tx, row, _id(link, stands, "no"), [_entry(now, AGREED, says="no")])
        return
    if stands.agreed:
        return
    if not stands.may_agree or window is None:
        raise AnswerDeadlinePassed
    log = Evidence(kind="message_log", channel="link", text=f"{_iso(window.start)} – {_iso(window.end)}")
    evidence = (Evidence(kind="customer_confirm"), log)
    items = (AGREED, MOVED) if stands.moved else (AGREED,)
    entries = [_entry(now, item, evidence=evidence) for item in items]
    await _write(ctx, tx, row, _id(link, stands, "agreed"), entries)


async def _request_reschedule(
    ctx: AppContext, tx: Transaction, visit: LoadedVisit, link: UUID, stands: Appointment, wish: str
) -> None:
    if stands.asked is not None and stands.asked.wish == wish:
        return
    if stands.may_ask_until is None:
        raise AnswerDeadlinePassed
    if sum(one.kind == "link" for one in visit.batch_rows) - len(visit.customer_responses) >= MAX_RESCHEDULE_REQUESTS:
        raise TooManyRequests("so much was asked by this link; call the utility", retry_after=confirm.DAY_SECONDS)
    refused = Refused(reason=wish, outcome="unable")
    entry = _entry(ctx.now(), AGREED, refused=refused)
    await _write(ctx, tx, visit.row, _id(link, stands, f"ask {wish}"), [entry])


def _entry(
    at: datetime,
    what: str,
    *,
    says: Literal["no"] | None = None,
    refused: Refused | None = None,
    evidence: tuple[Evidence, ...] = (),
) -> Entry:
    return Entry(id="-", at=at, by="customer", what=what, says=says, refused=refused, evidence=evidence)


def _id(link: UUID, stands: Appointment, said: str) -> UUID:
    """The same answer to the same appointment has the same id; after another wish it is a new one."""
    window = _iso(stands.window.start) if stands.window else ""
    return uuid5(link, f"{said} {window} {stands.asked.at.isoformat() if stands.asked else ''}")


async def _write(ctx: AppContext, tx: Transaction, row: VisitRow, batch: UUID, entries: list[Entry]) -> None:
    named = [msgspec.structs.replace(entry, id=str(uuid5(batch, entry.what))) for entry in entries]
    await append_entries(ctx, tx, row, batch, "link", CUSTOMER_WRITER, named)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")
