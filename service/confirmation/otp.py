"""The code that a customer gets by SMS: with it his answers are his, and not only those of whoever has the link."""

from hashlib import sha256
from hmac import compare_digest
from secrets import randbelow
from typing import Annotated
from uuid import UUID

import msgspec

from service.accounts import attempts, sightings
from service.accounts.authentication import near
from service.accounts.browser import Browser
from service.accounts.credentials import MAX_CLOCK_SKEW_MS
from service.context import AppContext
from service.db.database import Transaction
from service.errors import InvalidOtp, NoPhoneNumber, TooManyRequests
from service.judge.bounds import SecretText
from service.judge.signoffs import Level
from service.messages import outbox
from service.messages.outbox import MessageRow
from service.visits.append_batch import CUSTOMER_WRITER
from service.visits.customer_link import resolve_link
from service.visits.loading import LoadedVisit, load_visit

from . import masking, repository
from .repository import CodeRow

CODE = "{code}"  # in a text it stands for what only the customer gets
OTP_LIFETIME_MS = 10 * 60_000  # ms that a code is good, and its message is tried
VERIFIED_FOR_MS = 30 * 60_000  # ms that a link stays opened for the browser from which the right code came
TRIES = 5
SEND_LIMIT = (3, 3600)  # so many within so many seconds, from one browser and from one address
UNVERIFIED_SEND_LIMITS = (
    (9, 3600),
    (20, 86_400),
)  # of all that never entered a code; who did once is not kept waiting by them
TEXT = "【{company}】验证码 {code}，10 分钟内有效，用于核对和签认本次上门服务。请勿告诉任何人，包括上门人员。"


class OtpSent(msgspec.Struct, frozen=True):
    """Where the code goes, masked, and how long it is good (seconds)."""

    to: Annotated[str, msgspec.Meta(description="The telephone, masked.")]
    seconds: Annotated[int, msgspec.Meta(description="How long the code is good.")]


class OtpSubmission(msgspec.Struct, frozen=True):
    """The code out of the message."""

    code: Annotated[SecretText, msgspec.Meta(description="The six digits.")]


class OtpAccepted(msgspec.Struct, frozen=True):
    """The code was right; for so many seconds this device may confirm."""

    seconds: Annotated[int, msgspec.Meta(description="How long this device may confirm.")]


async def send_otp(ctx: AppContext, token: str, browser: Browser) -> OtpSent:
    """Send a new code to the customer's telephone, for this browser. Its code before ends."""

    async def count(tx: Transaction) -> int:
        link, _ = await resolve_link(ctx, tx, token, lock=False)
        row, now = await repository.code(tx, link, browser.id), ctx.clock()
        known = row is not None and row.passed_at is not None
        places = {browser.id} if known else {browser.id, browser.address_hash}
        keys = [(f"link code {link} {one.hex()[:32]}", *SEND_LIMIT) for one in sorted(places)]
        keys += [] if known else [(f"link code {link} in {one[1]}", *one) for one in UNVERIFIED_SEND_LIMITS]
        for key in keys:  # what one of them refuses does not count for the next
            if wait := await attempts.increment(tx, *key, now):
                return wait
        return 0

    wait = await ctx.db.write(count)
    if wait:
        raise TooManyRequests("", retry_after=wait)

    async def work(tx: Transaction) -> OtpSent:
        link, row = await resolve_link(ctx, tx, token, lock=True)
        phone = (await load_visit(ctx, tx, row)).plan.customer.phone.strip()
        if not phone:
            raise NoPhoneNumber
        code, now = f"{randbelow(10**6):06}", ctx.clock()
        await repository.renew(tx, link, browser.id, _digest(link, code), now + OTP_LIFETIME_MS)
        text = TEXT.replace("{company}", ctx.company.company)
        new = MessageRow(
            id=ctx.new_id(),
            visit=row.id,
            about="code",
            channel="sms",
            recipient=phone,
            text=text,
            private=msgspec.json.encode({CODE: code}),
            entries=b"[]",
            sha256=sha256(text.encode()).digest(),
            created_at=now,
            created_by=CUSTOMER_WRITER,
            give_up_at=now + OTP_LIFETIME_MS,
        )
        await outbox.add_message(tx, new)
        return OtpSent(masking.phone(phone), OTP_LIFETIME_MS // 1000)

    return await ctx.db.write(work)


async def verify_otp(ctx: AppContext, token: str, code: str, browser: Browser) -> OtpAccepted:
    """Open the link for the browser that asked for the code. WrongCode; after five tries only a new one helps.

    Where it is open already, the code that opened it is no mistake: who goes back in his browser sends it again.
    """

    async def work(tx: Transaction) -> int | None:
        link, _ = await resolve_link(ctx, tx, token, lock=True)
        now, seat = ctx.clock(), browser.id
        counted = await repository.count(tx, link, seat, TRIES, now, now + OTP_LIFETIME_MS + MAX_CLOCK_SKEW_MS)
        row = await repository.code(tx, link, seat)
        right = row is not None and compare_digest(row.digest, _digest(link, code.strip()))
        if row is None or not right:
            return 0 if row is None or _is_spent(row) else row.tries
        if counted:
            await repository.passed(tx, link, seat, browser.address_hash, TRIES, now)
            return None
        if _is_spent(row):
            return None if _open(row, now) else 0
        return row.tries

    tries = await ctx.db.write(work)
    if tries is not None:  # outside: what raises would undo the count
        raise InvalidOtp("", tries=tries)
    return OtpAccepted(VERIFIED_FOR_MS // 1000)


def _open(row: CodeRow, now: int) -> bool:
    """By a clock that was ahead it would be open as much longer."""
    return row.passed_at is not None and row.passed_at - MAX_CLOCK_SKEW_MS <= now <= row.passed_at + VERIFIED_FOR_MS


def _is_spent(row: CodeRow) -> bool:
    """Whether it was this code that opened the link, and not one before it."""
    return row.passed_at is not None and row.tries > TRIES


async def otp_valid_until(ctx: AppContext, tx: Transaction, link: UUID, browser: Browser) -> int | None:
    """Until when (ms) the code that this browser asked for may be entered; None when only a new one helps."""
    row, now = await repository.code(tx, link, browser.id), ctx.clock()
    living = row is not None and row.tries < TRIES and now < row.expires_at <= now + OTP_LIFETIME_MS + MAX_CLOCK_SKEW_MS
    return row.expires_at if row is not None and living else None


async def verified_until(tx: Transaction, link: UUID, browser: Browser) -> int | None:
    """Until when (ms) what the last right code from this browser opened is open, or was; None: none came."""
    row = await repository.code(tx, link, browser.id)
    return row.passed_at + VERIFIED_FOR_MS if row is not None and row.passed_at is not None else None


async def verification_level(
    ctx: AppContext, tx: Transaction, link: UUID, visit: LoadedVisit, browser: Browser
) -> Level | None:
    """How far what comes from this browser counts as the customer's: None before the code.

    `phone` when somebody of the utility is signed in there, or a technician of the visit was seen where it is now or
    was when the code came: then it may be his hand.
    """
    if browser.address == "unknown":  # everybody would be at the same one
        return None
    row = await repository.code(tx, link, browser.id)
    now = ctx.clock()
    if row is None or row.passed_from is None or not _open(row, now):
        return None
    seen = await sightings.last_sighting(
        tx, sorted(visit.plan_history.ever_assigned), (browser.address_hash, row.passed_from)
    )
    return "phone" if browser.staff or near(seen, now) else "own_device"


def _digest(link: UUID, code: str) -> bytes:
    return sha256(link.bytes + code.encode()).digest()
