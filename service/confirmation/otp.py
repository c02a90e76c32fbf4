"""The code that a customer gets by SMS: with it his answers are his, and not only those of whoever has the link."""

from hashlib import sha256
from hmac import compare_digest
from secrets import randbelow
from uuid import UUID

import msgspec

from service.accounts import attempts, sightings
from service.accounts.authentication import near
from service.accounts.browser import Browser
from service.accounts.credentials import ASTRAY
from service.context import House
from service.db.database import Tx
from service.errors import CodeNotSent, TooManyRequests, WrongCode
from service.judge.bounds import SecretText
from service.judge.signoffs import Level
from service.messages import outbox
from service.messages.outbox import MessageRow
from service.visits.append_batch import CUSTOMER
from service.visits.customer_link import linked
from service.visits.loading import File, load
from service.web.decoding import decode

from . import masking, repository
from .repository import CodeRow

CODE = "{code}"  # in a text it stands for what only the customer gets
LASTS = 10 * 60_000  # ms that a code is good, and its message is tried
OPEN = 30 * 60_000  # ms that a link stays opened for the browser from which the right code came
TRIES = 5
SENDS = (3, 3600)  # so many within so many seconds, from one browser and from one address
OF_STRANGERS = ((9, 3600), (20, 86_400))  # of all that never entered a code; who did once is not kept waiting by them
TEXT = "【{company}】验证码 {code}，10 分钟内有效，用于核对和签认本次上门服务。请勿告诉任何人，包括上门人员。"


class CodeSent(msgspec.Struct, frozen=True):
    """Where the code goes, masked, and how long it is good (seconds)."""

    to: str
    seconds: int


class CodeGiven(msgspec.Struct, frozen=True):
    """The code out of the message."""

    code: SecretText


class Opened(msgspec.Struct, frozen=True):
    """The code was right; for so many seconds this device may confirm."""

    seconds: int


given = msgspec.json.Decoder(CodeGiven)


async def send(house: House, token: str, browser: Browser) -> CodeSent:
    """Send a new code to the customer's telephone, for this browser. Its code before ends."""

    async def count(tx: Tx) -> int:
        link, _ = await linked(house, tx, token, lock=False)
        row, now = await repository.code(tx, link, browser.seat), house.clock()
        known = row is not None and row.passed_at is not None
        places = {browser.seat} if known else {browser.seat, browser.place}
        keys = [(f"link code {link} {one.hex()[:32]}", *SENDS) for one in sorted(places)]
        keys += [] if known else [(f"link code {link} in {one[1]}", *one) for one in OF_STRANGERS]
        for key in keys:  # what one of them refuses does not count for the next
            if wait := await attempts.hit(tx, *key, now):
                return wait
        return 0

    wait = await house.db.write(count)
    if wait:
        raise TooManyRequests("", retry_after=wait)

    async def work(tx: Tx) -> CodeSent:
        link, row = await linked(house, tx, token, lock=True)
        phone = (await load(house, tx, row)).plan.customer.phone.strip()
        if not phone:
            raise CodeNotSent
        code, now = f"{randbelow(10**6):06}", house.clock()
        await repository.renew(tx, link, browser.seat, _digest(link, code), now + LASTS)
        text = TEXT.replace("{company}", house.desk.company)
        new = MessageRow(
            id=house.new_id(),
            visit=row.id,
            about="code",
            channel="sms",
            recipient=phone,
            text=text,
            private=msgspec.json.encode({CODE: code}),
            entries=b"[]",
            sha256=sha256(text.encode()).digest(),
            created_at=now,
            created_by=CUSTOMER,
            give_up_at=now + LASTS,
        )
        await outbox.add_message(tx, new)
        return CodeSent(masking.phone(phone), LASTS // 1000)

    return await house.db.write(work)


async def check(house: House, token: str, raw: bytes, browser: Browser) -> Opened:
    """Take a code, as JSON."""
    return await take(house, token, decode(given, raw).code, browser)


async def take(house: House, token: str, code: str, browser: Browser) -> Opened:
    """Open the link for the browser that asked for the code. WrongCode; after five tries only a new one helps.

    Where it is open already, the code that opened it is no mistake: who goes back in his browser sends it again.
    """

    async def work(tx: Tx) -> int | None:
        link, _ = await linked(house, tx, token, lock=True)
        now, seat = house.clock(), browser.seat
        counted = await repository.count(tx, link, seat, TRIES, now, now + LASTS + ASTRAY)
        row = await repository.code(tx, link, seat)
        right = row is not None and compare_digest(row.digest, _digest(link, code.strip()))
        if row is None or not right:
            return 0 if row is None or _spent(row) else row.tries
        if counted:
            await repository.passed(tx, link, seat, browser.place, TRIES, now)
            return None
        if _spent(row):
            return None if _open(row, now) else 0
        return row.tries

    tries = await house.db.write(work)
    if tries is not None:  # outside: what raises would undo the count
        raise WrongCode("", tries=tries)
    return Opened(OPEN // 1000)


def _open(row: CodeRow, now: int) -> bool:
    """By a clock that was ahead it would be open as much longer."""
    return row.passed_at is not None and row.passed_at - ASTRAY <= now <= row.passed_at + OPEN


def _spent(row: CodeRow) -> bool:
    """Whether it was this code that opened the link, and not one before it."""
    return row.passed_at is not None and row.tries > TRIES


async def waits(house: House, tx: Tx, link: UUID, browser: Browser) -> int | None:
    """Until when (ms) the code that this browser asked for may be entered; None when only a new one helps."""
    row, now = await repository.code(tx, link, browser.seat), house.clock()
    living = row is not None and row.tries < TRIES and now < row.expires_at <= now + LASTS + ASTRAY
    return row.expires_at if row is not None and living else None


async def open_until(tx: Tx, link: UUID, browser: Browser) -> int | None:
    """Until when (ms) what the last right code from this browser opened is open, or was; None: none came."""
    row = await repository.code(tx, link, browser.seat)
    return row.passed_at + OPEN if row is not None and row.passed_at is not None else None


async def level(house: House, tx: Tx, link: UUID, file: File, browser: Browser) -> Level | None:
    """How far what comes from this browser counts as the customer's: None before the code.

    `phone` when somebody of the utility is signed in there, or a technician of the visit was seen where it is now or
    was when the code came: then it may be his hand.
    """
    if browser.address == "unknown":  # everybody would be at the same one
        return None
    row = await repository.code(tx, link, browser.seat)
    now = house.clock()
    if row is None or row.passed_from is None or not _open(row, now):
        return None
    seen = await sightings.phone_seen(tx, sorted(file.standing.went), (browser.place, row.passed_from))
    return "phone" if browser.staff or near(seen, now) else "own_device"


def _digest(link: UUID, code: str) -> bytes:
    return sha256(link.bytes + code.encode()).digest()
