"""Identity check at the door: the technician's changing code, what the customer sees, and their confirmation."""

from datetime import datetime
from typing import Annotated
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from msgspec import Meta

from service.accounts import sightings
from service.accounts.authentication import authenticate_token, near, require_permission
from service.accounts.browser import Browser
from service.accounts.cards import TechnicianCard, technician_card
from service.accounts.permissions import is_assigned_to
from service.accounts.secrets import get_door_code_key, get_or_create_door_code_key
from service.audit_log import erasures
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.errors import NotFound, OutsideDoorCodeWindow
from service.judge import judge, signoffs
from service.judge.entries import Entry, Evidence
from service.judge.moments import to_ms
from service.judge.timeline import to_microseconds
from service.messages.kinds import WORD
from service.messages.misdirected import messages_to_customer
from service.visits import customer_link, door_code
from service.visits import repository as visits_repository
from service.visits.append_batch import append_entries
from service.visits.batches import CUSTOMER_WRITER
from service.visits.door_code import DoorCode
from service.visits.loading import LoadedVisit, load_visit
from service.visits.repository import VisitRow
from service.web.qr import qr_svg

from . import confirmations

ID_SHOWN = "id_shown"
SAME_NETWORK = "扫码的手机与工作人员在同一网络 / scanned on the technician's network"


class DoorCodeView(msgspec.Struct, frozen=True, kw_only=True):
    """The code for the technician's phone, which asks again at `valid_until`."""

    url: Annotated[str, Meta(description="The address that the code leads to.")]
    qr_svg: Annotated[str, Meta(description="The code as a picture (SVG).")]
    valid_until: Annotated[datetime, Meta(description="When to ask again.")]
    word: Annotated[str, Meta(description="The word in the customer's message; empty where there was none.")]
    confirmed_at: Annotated[datetime | None, Meta(description="When the customer confirmed it.")]


class IdentityCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A genuine code. `word` is empty when no delivered message had it. `used`: it is confirmed already.

    `expired`: it is too old, or of a time to come, and proves nothing. `cancelled`: the technician is genuine, but the
    visit was cancelled. `ticket` belongs into the form. `opens`: the code may open the customer's page, on which there
    is something to confirm or to sign; `opened`: it has done so.
    """

    login: str
    technician: TechnicianCard
    purpose: str
    word: str
    ticket: str
    used: bool
    expired: bool
    cancelled: bool
    opens: bool
    opened: bool


async def current_code(ctx: AppContext, token: bytes, visit_id: UUID) -> DoorCodeView:
    """The current code, for a technician of the visit, around its time."""
    text, word, confirmed_at = await _issue_code(ctx, token, visit_id)
    url = f"{ctx.company.url}/d/{text}"
    return DoorCodeView(
        url=url,
        qr_svg=qr_svg(url),
        valid_until=ctx.to_local_time((door_code.time_step(ctx.clock()) + 1) * door_code.STEP),
        word=word,
        confirmed_at=None if confirmed_at is None else ctx.to_local_time(confirmed_at),
    )


@transaction
async def _issue_code(ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID) -> tuple[str, str, int | None]:
    """The code, the verification word, and when a customer last confirmed a code of the visit."""
    person = await authenticate_token(tx, token)
    require_permission(person, "see own visits")
    row = await visits_repository.get_visit(tx, visit_id)
    if row is None:
        await erasures.refuse_erased(tx, visit_id)
    if row is None or not is_assigned_to(person, row.technician, row.crew):
        raise NotFound
    now = ctx.clock()
    opens, closes = door_code.open_times(await load_visit(ctx, tx, row))
    if row.state == "cancelled" or not opens <= now <= closes:
        raise OutsideDoorCodeWindow
    key = await get_or_create_door_code_key(ctx, tx)
    text = door_code.write(door_code.phone_key(key, visit_id, person.login), visit_id, door_code.time_step(now))
    last = await tx.fetch_one("last_door_confirmation", visit=visit_id.bytes)
    return text, door_code.verification_words(key, visit_id), last[0] if last else None


@read_only
async def check_code(ctx: AppContext, tx: Transaction, text: str) -> IdentityCheck | None:
    """What the customer sees after scanning; None for a code that is not genuine. Changes nothing.

    A confirmed code does not expire, because its customer must not read that a genuine technician is not.
    """
    resolved = await _resolve_code(ctx, tx, text, lock=False)
    if resolved is None:
        return None
    key, code, row, login = resolved
    now, used = ctx.clock(), await tx.fetch_one("door_confirmation", code=_used_key(code)) is not None
    visit = await load_visit(ctx, tx, row)
    messages = await messages_to_customer(tx, visit)
    opened = await _has_opened(tx, code)
    has_word = any(one.state in ("delivered", "taken") and WORD in one.text for one in messages)
    return IdentityCheck(
        login=login,
        technician=await technician_card(ctx, tx, login),
        purpose=visit.plan.work.content,
        word=door_code.verification_words(key, row.id) if has_word else "",
        ticket=door_code.form_token(key, code, now),
        used=used,
        expired=not used and not door_code.is_current(code, now),
        cancelled=row.state == "cancelled",
        opens=not opened and door_code.is_current(code, now) and _opens_page(visit),
        opened=opened,
    )


@transaction
async def confirm_identity(ctx: AppContext, tx: Transaction, text: str, ticket: str, browser: Browser) -> bool:
    """Record that the customer saw the ID card. False: not genuine, opened too late, used before, or cancelled.

    Where the technician's device was on the same network within a day, the entry says so: the technician may have
    scanned the code themselves.
    """
    resolved = await _resolve_code(ctx, tx, text, lock=True)
    if resolved is None:
        return False
    key, code, row, login = resolved
    now = ctx.clock()
    if row.state == "cancelled" or not door_code.is_valid_form_token(key, code, ticket, now):
        return False
    if not await confirmations.add_confirmation(tx, _used_key(code), row.id, login, now):
        return False
    evidence = [Evidence(kind="customer_confirm")]
    if await _is_near(tx, login, browser, now):
        evidence.append(Evidence(kind="text", text=SAME_NETWORK))
    batch_id = uuid5(NAMESPACE_URL, text)
    entry_id = str(uuid5(batch_id, ID_SHOWN))
    entry = Entry(id=entry_id, at=ctx.now(), by="customer", what=ID_SHOWN, evidence=tuple(evidence))
    return await append_entries(ctx, tx, row, batch_id, "scan", CUSTOMER_WRITER, [entry])


@transaction
async def open_customer_page(ctx: AppContext, tx: Transaction, text: str, ticket: str, browser: Browser) -> str | None:
    """The token of a new link to the customer's page; None where the page with the code does not offer it, or was
    opened too long ago.

    A code opens one link, which shows and takes no more than any link before the code by SMS: a technician who scans
    their own code gains nothing. The link keeps who showed the code, and whether it was scanned on their network.
    """
    resolved = await _resolve_code(ctx, tx, text, lock=True)
    if resolved is None:
        return None
    key, code, row, login = resolved
    now = ctx.clock()
    if not door_code.is_valid_form_token(key, code, ticket, now) or await _has_opened(tx, code):
        return None
    visit = await load_visit(ctx, tx, row)
    if not _opens_page(visit):
        return None
    by = customer_link.made_at_door(login, same_network=await _is_near(tx, login, browser, now))
    token, _ = await customer_link.add_door_link(ctx, tx, visit, by, id=_link_id(code))
    return token


def _opens_page(visit: LoadedVisit) -> bool:
    """Whether the technician has begun, so that it is not cancelled either, and the customer has something to confirm
    or to sign; only around the visit's time, because a phone could make codes for years."""
    opens, closes = door_code.open_times(visit)
    if not opens <= to_ms(visit.now) <= closes:
        return False
    entries = visit.effective_entries()
    if not any(entry.by == "technician" for entry in entries):
        return False
    evaluation = judge.Evaluation(visit.rules, visit.visit(), entries, to_microseconds(visit.now))
    facts = evaluation.evaluate().facts
    if {"work_finished", "left"} & facts:
        return True
    found = signoffs.sign_offs(visit.rules, visit.visit(), entries, evaluation.timeline, facts)
    return any(
        one.made.table.signs and one.made.document.lines and (one.signature is None or one.signature.state != "holds")
        for one in found
    )


async def _has_opened(tx: Transaction, code: DoorCode) -> bool:
    return await customer_link.link_expiry(tx, _link_id(code)) is not None


def _link_id(code: DoorCode) -> UUID:
    """The id of the one link that a code may open."""
    return uuid5(code.visit, f"door {code.step} {code.mac.hex()}")


async def _is_near(tx: Transaction, login: str, browser: Browser, now: int) -> bool:
    """Whether a browser is on a network from which the technician's device was used recently."""
    known = browser.address != "unknown"
    return known and near(await sightings.last_sighting(tx, [login], browser.places), now)


async def _resolve_code(
    ctx: AppContext, tx: Transaction, text: str, *, lock: bool
) -> tuple[bytes, DoorCode, VisitRow, str] | None:
    """The key, the code, its visit and the technician's login; None if it is forged or they left the visit."""
    code, key = door_code.read(text), await get_door_code_key(ctx, tx)
    if code is None or key is None:
        return None
    row = await (visits_repository.lock_visit if lock else visits_repository.get_visit)(tx, code.visit)
    if row is None:
        await erasures.refuse_erased(tx, code.visit)
    login = door_code.find_owner(key, code, (row.technician, *row.crew)) if row else None
    return (key, code, row, login) if row is not None and login is not None else None


def _used_key(code: DoorCode) -> bytes:
    """The key by which a confirmed code is stored."""
    return code.visit.bytes + code.step.to_bytes(4, "big") + code.mac
