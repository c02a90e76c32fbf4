"""Who stands at the door: the technician's changing code, what the customer sees, and his word that he saw it."""

from datetime import datetime
from typing import Annotated
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from service.accounts import sightings
from service.accounts.authentication import authenticate_token, near, require_permission
from service.accounts.browser import Browser
from service.accounts.cards import TechnicianCard, technician_card
from service.accounts.permissions import is_assigned_to
from service.accounts.secrets import get_door_code_key, get_or_create_door_code_key
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.errors import NotFound, OutsideDoorCodeWindow
from service.judge.entries import Entry, Evidence
from service.messages import outbox
from service.messages.notice_text import WORD_PLACEHOLDER
from service.visits import door_code
from service.visits import repository as visits_repository
from service.visits.append_batch import CUSTOMER_WRITER, append_entries
from service.visits.appointment import current_appointment
from service.visits.door_code import DoorCode
from service.visits.loading import LoadedVisit, load_visit
from service.visits.repository import VisitRow
from service.web.qr import qr_svg

from . import repository

OPENS_BEFORE_MS, CLOSES_AFTER_MS = 2 * 3_600_000, 12 * 3_600_000  # ms before and after the window
MAX_OPEN_MS = 30 * 24 * 3_600_000  # ms after a visit without a window was planned
ID_SHOWN = "id_shown"
SAME_NETWORK = "扫码的手机与工作人员在同一网络 / scanned on a network where he who shows it was seen"


class DoorCodeView(msgspec.Struct, frozen=True, kw_only=True):
    """What the technician's phone shows; it asks again at `valid_until`. `confirmed_at`: the button was pressed."""

    url: Annotated[str, msgspec.Meta(description="The address that the code leads to.")]
    qr_svg: Annotated[str, msgspec.Meta(description="The code as a picture (SVG).")]
    valid_until: Annotated[datetime, msgspec.Meta(description="When to ask again.")]
    word: Annotated[
        str, msgspec.Meta(description="The word that the customer was told; empty where no message told one.")
    ]
    confirmed_at: Annotated[datetime | None, msgspec.Meta(description="When the customer confirmed it.")]


class IdentityCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A genuine code: who stands there and why. `ticket` goes into the form; `used` when it was confirmed already.

    `word` is empty when no message that went out told it: there is nothing to hold it against. `cancelled`: the
    technician is genuine, but the visit was cancelled.
    """

    login: str
    technician: TechnicianCard
    purpose: str
    word: str
    ticket: str
    used: bool
    cancelled: bool


async def current_code(ctx: AppContext, token: bytes, visit_id: UUID) -> DoorCodeView:
    """The code of now, for who is on the visit, around its time."""

    async def work(tx: Transaction) -> tuple[str, str, int | None]:
        person = await authenticate_token(tx, token)
        require_permission(person, "see own visits")
        row = await visits_repository.get_visit(tx, visit_id)
        if row is None or not is_assigned_to(person, row.technician, row.crew):
            raise NotFound
        if row.state == "cancelled":
            raise OutsideDoorCodeWindow
        now = ctx.clock()
        start, end = _time(ctx, await load_visit(ctx, tx, row))
        if not start <= now <= end:
            raise OutsideDoorCodeWindow
        key = await get_or_create_door_code_key(ctx, tx)
        text = door_code.write(key, visit_id, person.login, door_code.time_step(now))
        return text, door_code.verification_words(key, visit_id), await repository.last_confirmed_at(tx, visit_id)

    text, word, confirmed = await ctx.db.write(work)
    url = f"{ctx.company.url}/d/{text}"
    until = (door_code.time_step(ctx.clock()) + 1) * door_code.STEP
    seen = ctx.to_local_time(confirmed) if confirmed is not None else None
    return DoorCodeView(url=url, qr_svg=qr_svg(url), valid_until=ctx.to_local_time(until), word=word, confirmed_at=seen)


def _time(ctx: AppContext, visit: LoadedVisit) -> tuple[int, int]:
    """From when to when the code is shown. Without a window: until twelve hours after his first record came, at most
    thirty days from when it was planned."""
    window = current_appointment(visit, ctx.now(), 0).window
    if window is not None:
        start, end = (int(moment.timestamp() * 1000) for moment in (window.start, window.end))
        return start - OPENS_BEFORE_MS, end + CLOSES_AFTER_MS
    planned = visit.row.created_at
    first = next((row.received_at for row in visit.batch_rows if row.kind == "record"), None)
    end = planned + MAX_OPEN_MS
    return planned - OPENS_BEFORE_MS, end if first is None else min(end, first + CLOSES_AFTER_MS)


@read_only
async def check_code(ctx: AppContext, tx: Transaction, text: str) -> IdentityCheck | None:
    """What a customer sees who scans; None: not genuine, or no longer. Looking changes nothing.

    A code that was confirmed stays known as such: he must not read that a genuine man is not.
    """
    found = await _resolve_code(tx, text, lock=False)
    if found is None:
        return None
    key, read, row, login = found
    now = ctx.clock()
    used = await repository.is_used(tx, _used_key(read))
    if not used and not door_code.is_current(read, now):
        return None
    visit = await load_visit(ctx, tx, row)
    told = any(
        one.state == "delivered" and WORD_PLACEHOLDER in one.text for one in await outbox.messages_of(tx, row.id)
    )
    return IdentityCheck(
        login=login,
        technician=await technician_card(ctx, tx, login),
        purpose=visit.plan.work.content,
        word=door_code.verification_words(key, row.id) if told else "",
        ticket=door_code.form_token(key, read, now),
        used=used,
        cancelled=row.state == "cancelled",
    )


@transaction
async def confirm_identity(ctx: AppContext, tx: Transaction, text: str, ticket: str, browser: Browser) -> bool:
    """The customer's word that he saw the ID card. False: not genuine, opened too late, used before, or cancelled.

    Where he who shows the code was seen at the same address within a day, the entry says so: it may be his own hand.
    """
    found = await _resolve_code(tx, text, lock=True)
    if found is None:
        return False
    key, read, row, login = found
    now = ctx.clock()
    if row.state == "cancelled" or not door_code.is_valid_form_token(key, read, ticket, now):
        return False
    if not await repository.add_door_confirmation(tx, _used_key(read), row.id, login, now):
        return False
    evidence = [Evidence(kind="customer_confirm")]
    seen = None if browser.address == "unknown" else await sightings.last_sighting(tx, [login], [browser.address_hash])
    if near(seen, now):
        evidence.append(Evidence(kind="text", text=SAME_NETWORK))
    batch = uuid5(NAMESPACE_URL, text)
    entry = Entry(
        id=str(uuid5(batch, ID_SHOWN)),
        at=ctx.now(),
        by="customer",
        what=ID_SHOWN,
        evidence=tuple(evidence),
    )
    return await append_entries(ctx, tx, row, batch, "scan", CUSTOMER_WRITER, [entry])


async def _resolve_code(tx: Transaction, text: str, *, lock: bool) -> tuple[bytes, DoorCode, VisitRow, str] | None:
    """The key, the code, its visit and who shows it; None when it is not ours, or he does not go there any more."""
    read = door_code.read(text)
    key = await get_door_code_key(tx)
    if read is None or key is None:
        return None
    row = await (visits_repository.lock_visit if lock else visits_repository.get_visit)(tx, read.visit)
    login = door_code.find_owner(key, read, (row.technician, *row.crew)) if row else None
    return (key, read, row, login) if row is not None and login is not None else None


def _used_key(code: DoorCode) -> bytes:
    """What a used code is remembered by."""
    return code.visit.bytes + code.step.to_bytes(4, "big") + code.mac
