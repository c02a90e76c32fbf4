"""The customer's answers through the link, which become entries of the visit."""

from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid5

import msgspec

from service import errors
from service.accounts.browser import Browser
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.evidence.attach import StoredFile, store_bytes
from service.judge.entries import Entry, Evidence, Refused
from service.visits.append_batch import append_entries
from service.visits.appointment import AGREED, MOVED, Appointment, current_appointment, window_fields
from service.visits.batches import CUSTOMER_WRITER
from service.visits.customer_answers import AnswerInput, CustomerSubmission, RescheduleRequest, SignatureInput
from service.visits.customer_link import resolve_link
from service.visits.loading import LoadedVisit, load_visit
from service.visits.quota import daily_wait

from . import entries, otp
from .page import ANONYMOUS, APPOINTMENT, ConfirmationPage, build_details
from .signature_image import render
from .statements import CustomerView

APPOINTMENT_ANSWERS = (AGREED, APPOINTMENT.id)
MAX_RESCHEDULE_REQUESTS = 12  # within a day: all answers about the appointment of a visit count


async def submit_answers(
    ctx: AppContext, token: str, answers: CustomerSubmission, browser: Browser = ANONYMOUS
) -> ConfirmationPage:
    """Write all of a customer's answers, or none. Repeating the last ones changes nothing."""
    image = await _store_signature(ctx, token, answers.signature, browser) if answers.signature else None
    return await _write_answers(ctx, token, answers, browser, image)


@transaction
async def _write_answers(
    ctx: AppContext,
    tx: Transaction,
    token: str,
    answers: CustomerSubmission,
    browser: Browser,
    image: StoredFile | None,
) -> ConfirmationPage:
    link, row = await resolve_link(ctx, tx, token, lock=True)
    visit = await load_visit(ctx, tx, row)
    begun = any(entry.by == "technician" for entry in visit.merged.entries)  # then there is no appointment to answer
    about = [] if begun else [one for one in answers.answers if (one.item or one.question) in APPOINTMENT_ANSWERS]
    await _handle_appointment(ctx, tx, link, visit, answers, about)
    if about or answers.another_time:
        visit = await load_visit(ctx, tx, row)
    rest = tuple(one for one in answers.answers if one not in about)
    answers = msgspec.structs.replace(answers, answers=rest, another_time=None, window_from=None, window_to=None)
    if answers != CustomerSubmission():
        level = await otp.verification_level(ctx, tx, link, visit, browser)
        number = await otp.verified_number(ctx, tx, link, visit, browser)
        visit = await entries.write_entries(ctx, tx, link, visit, answers, level, browser, image, number)
    return (await build_details(ctx, tx, link, visit, browser)).page


async def _store_signature(
    ctx: AppContext, token: str, signature: SignatureInput, browser: Browser
) -> StoredFile | None:
    """Store the image of a signature, but only of one that will be written, so that nobody can fill the store."""
    if not await _is_new_signature(ctx, token, signature, browser):
        return None
    raw = await render(ctx, signature)
    try:
        return await store_bytes(ctx, raw, sha256(raw).digest())
    except errors.UnsupportedImageType:
        raise errors.UnreadableSignature from None


@read_only
async def _is_new_signature(
    ctx: AppContext, tx: Transaction, token: str, signature: SignatureInput, browser: Browser
) -> bool:
    link, row = await resolve_link(ctx, tx, token, lock=False)
    visit = await load_visit(ctx, tx, row)
    level = await otp.verification_level(ctx, tx, link, visit, browser)
    if level is None:
        raise errors.OtpRequired
    if entries.is_repeated_signature(CustomerView(visit), signature, level):
        return False
    entries.check_quota(visit, level)
    return True


async def _handle_appointment(
    ctx: AppContext,
    tx: Transaction,
    link: UUID,
    visit: LoadedVisit,
    answers: CustomerSubmission,
    about: list[AnswerInput],
) -> None:
    appointment = current_appointment(visit, ctx.now(), ctx.company.cutoff_hours)
    window = appointment.window
    shown = ((answers.window_from, window and window.start), (answers.window_to, window and window.end))
    if any(given is not None and given != current for given, current in shown):
        raise errors.AppointmentChanged
    for answer in about:
        await _answer_appointment(ctx, tx, link, visit, appointment, answer.good)
    if answers.another_time is not None:
        await _request_reschedule(ctx, tx, link, visit, appointment, answers.another_time)


async def _answer_appointment(
    ctx: AppContext, tx: Transaction, link: UUID, visit: LoadedVisit, appointment: Appointment, good: bool
) -> None:
    now, window = ctx.now(), appointment.window
    if not good:
        if _said_no_last(visit):
            return
        entry = Entry(id="-", at=now, by="customer", what=AGREED, says="no")
        await _append(ctx, tx, visit, _batch_id(link, visit, "no"), entry)
        return
    if appointment.agreed:
        return
    if not appointment.may_agree or window is None:
        raise errors.AnswerDeadlinePassed
    log = Evidence(kind="message_log", channel="link", text=f"{_iso(window.start)} – {_iso(window.end)}")
    evidence = (Evidence(kind="customer_confirm"), log)
    items = (AGREED, MOVED) if appointment.moved else (AGREED,)
    agreed = [Entry(id="-", at=now, by="customer", what=item, evidence=evidence) for item in items]
    await _append(ctx, tx, visit, _batch_id(link, visit, "agreed"), *agreed)


async def _request_reschedule(
    ctx: AppContext,
    tx: Transaction,
    link: UUID,
    visit: LoadedVisit,
    appointment: Appointment,
    request: RescheduleRequest,
) -> None:
    wish, window = request.wish.strip(), request.window
    asked = None if appointment.agreed else appointment.asked  # after they have agreed, it is a new request
    if asked is not None and (asked.wish, asked.window) == (wish, window):
        return
    if appointment.may_ask_until is None:
        raise errors.AnswerDeadlinePassed
    responses = {row.id for row, _ in visit.customer_responses}
    asked_at = (row.received_at for row in visit.batch_rows if row.kind == "link" and row.id not in responses)
    if wait := daily_wait(asked_at, MAX_RESCHEDULE_REQUESTS, ctx.clock()):
        raise errors.TooManyRequests("so much was asked by this link; call the utility", retry_after=wait)
    refused = Refused(reason=wish, outcome="unable")
    fields = window_fields(window) if window else {}
    entry = Entry(id="-", at=ctx.now(), by="customer", what=AGREED, refused=refused, fields=fields)
    asks = " ".join(["ask", wish, *map(str, fields.values())])
    await _append(ctx, tx, visit, _batch_id(link, visit, asks), entry)


def _batch_id(link: UUID, visit: LoadedVisit, answer: str) -> UUID:
    """Each answer has an id of its own, also where one like it was given before the visit was moved away and back, or
    was taken back: that the last one is not written twice, its caller sees."""
    previous = [row.id for row in visit.batch_rows if row.kind == "link"][-1:]
    return uuid5(link, " ".join([answer, *map(str, previous)]))


def _said_no_last(visit: LoadedVisit) -> bool:
    """Whether the customer's last answer was that they do not agree, and the visit was not moved since."""
    batches = zip(visit.batch_rows, visit.batches, strict=True)
    answers = [(row, batch) for row, batch in batches if row.kind == "link"]
    if not answers:
        return False
    row, last = answers[-1]
    moved = max((one.number for one in visit.plan_history.trail if one.kind == "window"), default=0)
    return (row.revision or 0) >= moved and any(one.what == AGREED and one.says == "no" for one in last.entries)


async def _append(ctx: AppContext, tx: Transaction, visit: LoadedVisit, batch_id: UUID, *new: Entry) -> None:
    named = [msgspec.structs.replace(entry, id=str(uuid5(batch_id, entry.what))) for entry in new]
    await append_entries(ctx, tx, visit.row, batch_id, "link", CUSTOMER_WRITER, named)


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="minutes")
