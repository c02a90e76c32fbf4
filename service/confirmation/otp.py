"""The one-time code by SMS: it shows that answers come from the customer, not just from somebody with the link."""

from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from secrets import randbelow
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service import fingerprints
from service.accounts import attempts, sightings
from service.accounts.authentication import near
from service.accounts.browser import Browser
from service.accounts.credentials import MAX_CLOCK_SKEW_MS
from service.accounts.events import Act, record_event
from service.context import AppContext, transaction
from service.db.database import Transaction
from service.db.rows import fetch_struct
from service.errors import InvalidOtp, NoPhoneNumber, TooManyRequests
from service.field_kinds import Cleaned, CodeText
from service.judge.moments import from_ms
from service.judge.signoffs import Level
from service.messages import outbox
from service.messages.misdirected import former_numbers, is_misdirected
from service.messages.outbox import MessageRow
from service.text import clean_code, sms_number
from service.visits.batches import CUSTOMER_WRITER
from service.visits.customer_answers import VerifiedNumber
from service.visits.customer_link import maker_of_link, passed_digest, resolve_link
from service.visits.former_numbers import FormerNumbers
from service.visits.loading import LoadedVisit, load_visit
from service.visits.repository import VisitRow

from . import masking

CODE = "{code}"  # the placeholder of the code in the stored text of the message
OTP_LIFETIME_MS = 10 * 60_000
TO_ENTER_MS = 60_000  # at its end, for a code to arrive and be entered: it is not sent any more
RESEND_MS = 60_000  # after a code, until another one is sent
VERIFIED_FOR_MS = 30 * 60_000
TRIES = 5
SEND_LIMIT = (3, 3600)  # codes and seconds, for one browser and for one address
UNVERIFIED_SEND_LIMITS = ((9, 3600), (20, 86_400))  # for all browsers together that never entered a code
TEXT = "【{company}】验证码 {code}，10 分钟内有效，用于核对和签认本次上门服务。请勿告诉任何人，包括上门人员。"


class OtpSent(msgspec.Struct, frozen=True):
    """Where the code was sent, masked, for how many seconds it is good, and when another one can be sent."""

    to: Annotated[str, Meta(description="The telephone, masked.")]
    seconds: Annotated[int, Meta(description="How long the code is good.")]
    again_in: Annotated[
        int, Meta(description="In how many seconds another one is sent on request; before that, none is.")
    ]


class OtpSubmission(Cleaned, frozen=True):
    """The code from the message."""

    code: Annotated[CodeText, Meta(description="The six digits.")]


class OtpAccepted(msgspec.Struct, frozen=True):
    """The code was right: this device may confirm for so many seconds."""

    seconds: Annotated[int, Meta(description="How long this device may confirm.")]


class OtpRow(msgspec.Struct, frozen=True):
    """The last code that a browser asked for, and when and from which address it last entered a right one (ms UTC).

    `message` carried the last code, `passed_message` the right one. `expires_at` is 0 for a code that went astray.
    """

    digest: bytes
    expires_at: int
    tries: int
    passed_at: int | None
    passed_from: bytes | None
    message: bytes | None = None
    passed_message: bytes | None = None
    passed_near: bytes | None = None

    @property
    def passed_places(self) -> tuple[bytes, ...]:
        """The fingerprints of that address on the day, and on those before and after it."""
        near = self.passed_near or b""
        return (self.passed_from or b"", near[:32], near[32:])

    @property
    def is_spent(self) -> bool:
        """Whether this code was the right one last entered, and not an earlier code."""
        return self.passed_at is not None and self.tries > TRIES

    @property
    def verified_until(self) -> int | None:
        """When the verification by the last right code ends or ended; None without one."""
        return None if self.passed_at is None else self.passed_at + VERIFIED_FOR_MS

    def is_verified(self, now: int) -> bool:
        """Whether the verification lasts; a clock that was ahead does not extend it."""
        return (
            self.passed_at is not None and self.passed_at - MAX_CLOCK_SKEW_MS <= now <= self.passed_at + VERIFIED_FOR_MS
        )

    def valid_until(self, now: int) -> int | None:
        """Until when the code may be entered; None when only a new one helps."""
        valid = self.tries < TRIES and now < self.expires_at <= now + OTP_LIFETIME_MS + MAX_CLOCK_SKEW_MS
        return self.expires_at if valid else None

    def sent_again_at(self, now: int) -> int | None:
        """Until when no other code is sent; None when one is sent at once, as this one is of no use."""
        again_at = self.expires_at - OTP_LIFETIME_MS + RESEND_MS
        return again_at if self.valid_until(now) is not None and now < again_at <= now + RESEND_MS else None


async def get_otp(tx: Transaction, link: UUID, visit: LoadedVisit, browser: Browser) -> OtpRow | None:
    """The last code that a browser asked for. One that went to a number which was corrected since is good for nothing,
    and proved nothing: who got it was not the customer."""
    row = await fetch_struct(tx, OtpRow, "link_otp", link=link.bytes, browser_id=browser.id)
    if row is None or not (former := former_numbers(visit)).until:
        return row
    if await _went_astray(tx, former, row.message):
        row = msgspec.structs.replace(row, expires_at=0)
    if await _went_astray(tx, former, row.passed_message):
        row = msgspec.structs.replace(row, passed_at=None, passed_from=None)
    return row


async def _went_astray(tx: Transaction, former: FormerNumbers, id: bytes | None) -> bool:
    message = await outbox.message(tx, UUID(bytes=id)) if id else None
    return message is not None and is_misdirected(former, message)


async def send_otp(ctx: AppContext, token: str, browser: Browser) -> OtpSent:
    """Send a new code to the customer's telephone, for this browser, whose previous code expires. Soon after one was
    sent that is still good, none is sent: it is on its way, and a button is pressed twice."""
    sent = await _send_otp(ctx, token, browser)
    if isinstance(sent, int):  # raised outside of the transaction, which would undo the count
        raise TooManyRequests("", retry_after=sent)
    return sent


@transaction
async def _send_otp(ctx: AppContext, tx: Transaction, token: str, browser: Browser) -> OtpSent | int:
    """What was sent, now or just before; or the seconds to wait when there were too many."""
    link, row = await resolve_link(ctx, tx, token, lock=True)
    visit = await load_visit(ctx, tx, row)
    phone = sms_number(visit.plan.customer.phone)
    if not phone:
        raise NoPhoneNumber
    last, now = await get_otp(tx, link, visit, browser), ctx.clock()
    if wait := await _count_sending(tx, link, browser, last, now):  # one who asks again and again is slowed down
        return wait
    if last is not None and (again := last.sent_again_at(now)):
        return _sent(phone, last.expires_at, again, now)
    if last is not None and last.message is not None:  # if it still waits, it would arrive as a code that is not good
        await outbox.withdraw(tx, UUID(bytes=last.message), now, InvalidOtp.code)
    expires_at = await _create_otp(ctx, tx, link, row, phone, browser)
    return _sent(phone, expires_at, now + RESEND_MS, now)


def _sent(phone: str, expires_at: int, again_at: int, now: int) -> OtpSent:
    return OtpSent(masking.phone(phone), (expires_at - now) // 1000, max(1, -(-(again_at - now) // 1000)))


async def _count_sending(tx: Transaction, link: UUID, browser: Browser, last: OtpRow | None, now: int) -> int:
    """Count a request for a code; the seconds to wait when there were too many."""
    known = last is not None and last.passed_at is not None
    sources = {browser.id} if known else {browser.id, browser.address_hash}
    limits = [(f"link code {link} {source.hex()[:32]}", *SEND_LIMIT) for source in sorted(sources)]
    if not known:
        limits += [(f"link code {link} in {seconds}", count, seconds) for count, seconds in UNVERIFIED_SEND_LIMITS]
    for limit in limits:  # a request refused by one limit does not count for the next
        if wait := await attempts.increment(tx, *limit, now):
            return wait
    return 0


async def _create_otp(ctx: AppContext, tx: Transaction, link: UUID, row: VisitRow, phone: str, browser: Browser) -> int:
    """Put a new code into the outbox; returns until when it is good (ms UTC)."""
    code, now = f"{randbelow(10**6):06}", ctx.clock()
    expires_at, digest = now + OTP_LIFETIME_MS, _digest(link, code)
    new = {"link": link.bytes, "browser_id": browser.id, "digest": digest, "expires_at": expires_at}
    text = TEXT.replace("{company}", ctx.company.company)
    message_id = ctx.new_id()
    message = MessageRow(
        id=message_id,
        visit=row.id,
        about="code",
        channel="sms",
        recipient=phone,
        text=text,
        placeholders=outbox.seal_placeholders(ctx, message_id, {CODE: code}),
        entries=b"[]",
        sha256=sha256(text.encode()).digest(),
        created_at=now,
        created_by=CUSTOMER_WRITER,
        give_up_at=expires_at - TO_ENTER_MS,
        priority=outbox.AT_THE_DOOR,
    )
    await outbox.add_message(tx, message)
    await tx.execute("set_link_otp", **new, message=message.id.bytes)
    return expires_at


def seconds_until_resend(valid_until: datetime | None, now: datetime) -> int:
    """In how many seconds another code is sent on request, while one is good until then; 0: at once."""
    if valid_until is None:
        return 0
    again_at = valid_until - timedelta(milliseconds=OTP_LIFETIME_MS - RESEND_MS)
    return max(0, -int((now - again_at).total_seconds() // 1))


async def verify_otp(ctx: AppContext, token: str, code: str, browser: Browser) -> OtpAccepted:
    """Verify the browser that asked for the code. InvalidOtp; after five tries only a new code helps.

    While the verification lasts, the code may be sent again: going back in the browser does that.
    """
    tries = await _try_code(ctx, token, code, browser)
    if tries is not None:  # raised outside of the transaction, which would undo the count
        raise InvalidOtp("", tries=tries)
    return OtpAccepted(VERIFIED_FOR_MS // 1000)


@transaction
async def _try_code(ctx: AppContext, tx: Transaction, token: str, code: str, browser: Browser) -> int | None:
    """None when the code is right; else the tries so far, 0 without a code that can be tried."""
    link, visit_row = await resolve_link(ctx, tx, token, lock=True)
    visit = await load_visit(ctx, tx, visit_row)
    now, key = ctx.clock(), {"link": link.bytes, "browser_id": browser.id, "max_tries": TRIES}
    latest = now + OTP_LIFETIME_MS + MAX_CLOCK_SKEW_MS
    counted = await tx.execute("count_link_otp_try", **key, now=now, latest=latest) == 1
    row = await get_otp(tx, link, visit, browser)
    if row is None or not row.expires_at:
        return 0
    if not compare_digest(row.digest, _digest(link, clean_code(code))):
        return 0 if row.is_spent else row.tries
    if counted:
        place, *near_places = browser.places
        passed = Act(
            what="code-passed",
            by=CUSTOMER_WRITER,
            subject=str(link),
            visit=str(visit_row.id),
            digest=passed_digest(browser.id, place, row.message),
            address=place.hex()[:16],
        )
        event = await record_event(ctx, tx, passed)
        near = b"".join(near_places)
        await tx.execute("pass_link_otp", **key, address=place, near=near, now=now, event=event.bytes)
        return None
    if row.is_spent:
        return None if row.is_verified(now) else 0
    return row.tries


async def verification_level(
    ctx: AppContext, tx: Transaction, link: UUID, visit: LoadedVisit, browser: Browser
) -> Level | None:
    """How sure it is that the customer uses this browser; None before the code.

    It is `phone` when staff are signed in there, or when a device of the visit's technicians was on a network of the
    browser, the current one or that of the code: then the technician may be using it. So it is when the person
    who made the link had changed the number to which the code went: it may be their own.
    """
    if browser.address == "unknown":  # everybody would share it
        return None
    row, now = await get_otp(tx, link, visit, browser), ctx.clock()
    if row is None or row.passed_from is None or not row.is_verified(now):
        return None
    if await is_near_staff(ctx, tx, visit, browser, *row.passed_places):
        return "phone"
    number = await verified_number(ctx, tx, link, visit, browser)
    return "phone" if number is not None and number.is_suspect else "own_device"


async def verified_number(
    ctx: AppContext, tx: Transaction, link: UUID, visit: LoadedVisit, browser: Browser
) -> VerifiedNumber | None:
    """The number to which the code went with which this browser was verified; None where that is not known."""
    row = await get_otp(tx, link, visit, browser)
    if row is None or row.passed_message is None:
        return None
    message = await outbox.message(tx, UUID(bytes=row.passed_message))
    if message is None:
        return None
    since, changed_by = _number_since(visit, message.recipient)
    return VerifiedNumber(
        masked=masking.phone(message.recipient),
        digest=ctx.keys.sealer.fingerprint(message.recipient.encode(), "phone"),
        since=since,
        changed_by=changed_by,
        link_by=await maker_of_link(tx, link),
    )


def _number_since(visit: LoadedVisit, number: str) -> tuple[datetime | None, str]:
    """Since when a number is the visit's, and the login of who changed it to this one; '' if it was planned with it."""
    for change in reversed(visit.plan_history.trail):
        customers = change.old.get("customer"), change.new.get("customer")
        before, after = (sms_number(one.phone) if one else "" for one in customers)
        if after == number != before:
            return change.at, change.by
    is_planned = sms_number(visit.original_plan.customer.phone) == number
    return (from_ms(visit.row.created_at, visit.now.tzinfo) if is_planned else None), ""


async def is_near_staff(ctx: AppContext, tx: Transaction, visit: LoadedVisit, browser: Browser, *places: bytes) -> bool:
    """Whether staff are signed in there, or a device of the visit's technicians was on the network of the browser, or
    of one of the other `places`."""
    if browser.staff:
        return True
    technicians = sorted(visit.plan_history.ever_assigned)
    last_sighting = await sightings.last_sighting(tx, technicians, (*browser.places, *places))
    return near(last_sighting, ctx.clock())


def _digest(link: UUID, code: str) -> bytes:
    return fingerprints.of_code(code, link.bytes)
