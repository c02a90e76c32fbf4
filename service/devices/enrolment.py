"""A technician's phone is enrolled with a one-time code, receives its tokens, and can be revoked at once."""

from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts import credentials, throttling
from service.accounts import repository as accounts_repository
from service.accounts.authentication import (
    address_label,
    authenticate_token,
    require_permission,
    token_digest,
    token_owner,
)
from service.accounts.events import DeviceEvent, PersonEvent, record_event
from service.accounts.permissions import Person, supervises
from service.accounts.recent_sign_in import require_recent_sign_in
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.errors import InvalidOneTimeCode, NotFound, TooManyDevices, UnknownPerson
from service.field_kinds import Cleaned, SecretText, visible_line
from service.judge.bounds import LoginText, LongText
from service.web.pagination import decode_cursor, encode_cursor
from service.web.qr import qr_svg

from . import repository
from .repository import DeviceRow
from .signatures import Jwk, parse_public_key

CODE_LIFETIME_MS = 600_000
MAX_DEVICES = 2  # active devices of one person
PAGE = 100


class EnrolmentRequest(msgspec.Struct, frozen=True):
    """The technician whose phone is to be enrolled."""

    person: Annotated[LoginText, Meta(description="Login of a technician whom the caller oversees.")]


class Enrolment(msgspec.Struct, frozen=True):
    """The one-time code that the technician scans within ten minutes."""

    code: Annotated[
        str, Meta(description="The one-time code. Earlier ones stay valid until one is used, at most five.")
    ]
    url: Annotated[str, Meta(description="The address to open on the phone, with the code after `#`.")]
    qr_svg: Annotated[str, Meta(description="The address as a QR code (SVG).")]
    expires_at: Annotated[datetime, Meta(description="When the code expires: after ten minutes.")]


class NewDevice(Cleaned, frozen=True):
    """A phone with the code that it scanned. With a key it can sign its records."""

    code: Annotated[SecretText, Meta(description="The one-time code of the enrolment.")]
    name: Annotated[Annotated[str, visible_line(100)], Meta(description="The phone's name in lists.")]
    public_key: Annotated[LongText | Jwk | None, Meta(description="P-256 as PEM, base64 of DER (SPKI), or JWK.")] = None


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A phone, active until it is revoked."""

    id: Annotated[str, Meta(description="The device's id, a UUID.")]
    person: Annotated[str, Meta(description="Login of the phone's owner.")]
    name: Annotated[str, Meta(description="The phone's name.")]
    signs: Annotated[bool, Meta(description="Whether it has a key, so that it can sign its records.")]
    created_at: Annotated[datetime, Meta(description="When it was enrolled.")]
    code_by: Annotated[
        str | None, Meta(description="Login of who made the code with which it was enrolled; null if not known.")
    ]
    seen_at: Annotated[datetime | None, Meta(description="When it last sent a request.")]
    app: Annotated[str, Meta(description="The app and its version, from the last X-App header.")]
    revoked_at: Annotated[datetime | None, Meta(description="When it was revoked; null while it is active.")]
    revoked_by: Annotated[str | None, Meta(description="Login of the person who revoked it.")]


class EnrolledDevice(msgspec.Struct, frozen=True):
    """A newly enrolled phone. Its token is shown only here."""

    device: Annotated[Device, Meta(description="The phone as it is listed.")]
    token: Annotated[str, Meta(description="The token to send as `Authorization: Bearer`.")]
    person: Annotated[Person, Meta(description="The phone's owner.")]


class NewToken(msgspec.Struct, frozen=True):
    """The device's next token; the previous one is valid until this one is first used."""

    token: Annotated[str, Meta(description="The token to send as `Authorization: Bearer`.")]


class DevicePage(msgspec.Struct, frozen=True):
    """Devices, the oldest first; `after` leads to the next page."""

    items: Annotated[tuple[Device, ...], Meta(description="A page of devices.")]
    after: Annotated[str | None, Meta(description="The cursor of the next page; null on the last one.")]


async def enrol(ctx: AppContext, token: bytes, given: EnrolmentRequest) -> Enrolment:
    """Issue a one-time code for a technician's phone. Their earlier ones stay valid until one of them is used.
    SignInAgain, as with the code one can write as the technician."""
    code, expires_at = await _issue_code(ctx, token, given.person)
    url = f"{ctx.company.url}/enrol#{code}"  # browsers do not send the part after #, so no log contains the code
    return Enrolment(code, url, qr_svg(url), ctx.to_local_time(expires_at))


@transaction
async def _issue_code(ctx: AppContext, tx: Transaction, token: bytes, login: str) -> tuple[str, int]:
    caller = await authenticate_token(tx, token)
    require_permission(caller, "enrol a device")
    await require_recent_sign_in(ctx, tx, token)
    person = await accounts_repository.person(tx, await accounts_repository.known_login(tx, login))
    if person is None or "technician" not in person.roles or not supervises(caller, "enrol a device", person):
        raise UnknownPerson
    if not await accounts_repository.lock(tx, person.login):
        raise UnknownPerson
    code, at = token_urlsafe(16), ctx.clock()
    end = at + CODE_LIFETIME_MS
    login, digest = person.login, token_digest(code)
    await credentials.add_code(tx, digest, "enrolment", login, at=at, by=caller.login, expires_at=end)
    await record_event(ctx, tx, PersonEvent(what="enrolment-code", person=login, by=caller.login))
    return code, end


async def register_device(ctx: AppContext, address: str, given: NewDevice) -> EnrolledDevice:
    """Exchange a one-time code for a token.

    A phone that lost the answer may repeat the request with the same code and key: it is the same device, and the new
    token replaces the lost one. This ends when the token is first used, or when the code expires.
    """
    key = None if given.public_key is None else parse_public_key(given.public_key)
    await throttling.check_attempt(ctx, address)
    return await _register(ctx, address, given, key)


@transaction
async def _register(
    ctx: AppContext, tx: Transaction, address: str, given: NewDevice, key: bytes | None
) -> EnrolledDevice:
    token, code, device, at = token_urlsafe(32), token_digest(given.code), ctx.new_id(), ctx.clock()
    person = await credentials.consume_code(tx, code, "enrolment", at, device)
    is_new = person is not None
    if person is None:
        person, row = await _find_unused_device(tx, code, key, at)
        await credentials.revoke_others(tx, row.id, b"", at)
    else:
        made_by = await credentials.maker_of_code(tx, code)
        row = DeviceRow(id=device, login=person.login, name=given.name, public_key=key, created_at=at, made_by=made_by)
        await _add_device(tx, row)
    await credentials.add_token(tx, token_digest(token), person.login, at, "device", row.id)
    enrolled = DeviceEvent(
        what="enrolled" if is_new else "token",
        device=row.id,
        person=row.login,
        by=row.login,
        name=row.name,
        key=sha256(row.public_key).hexdigest() if row.public_key else "",
        made_by=row.made_by or "",
        address=address_label(address),
    )
    await record_event(ctx, tx, enrolled)
    await throttling.reset_attempts(tx, address)
    return EnrolledDevice(_to_view(ctx, row), token, person)


async def _add_device(tx: Transaction, row: DeviceRow) -> None:
    if not await accounts_repository.lock(tx, row.login):
        raise InvalidOneTimeCode
    if sum(device.revoked_at is None for device in await repository.devices_of(tx, row.login)) >= MAX_DEVICES:
        raise TooManyDevices
    await repository.add(tx, row)


async def _find_unused_device(tx: Transaction, code: bytes, key: bytes | None, at: int) -> tuple[Person, DeviceRow]:
    """The device that a used code enrolled with the same key, if no token of it was ever used."""
    known = None if key is None else await credentials.device_enrolled_with(tx, code, at)
    # the lock: of two simultaneous requests the second sees the token of the first
    if known is None or not await accounts_repository.lock(tx, known[0].login):
        raise InvalidOneTimeCode
    row = await repository.get_device(tx, known[1])
    if (
        row is None
        or row.revoked_at is not None
        or row.public_key != key
        or await repository.has_used_token(tx, row.id)
    ):
        raise InvalidOneTimeCode
    return known[0], row


@read_only
async def page(ctx: AppContext, tx: Transaction, token: bytes, after: str | None) -> DevicePage:
    """The caller's own devices, or those of the people they supervise."""
    start = decode_cursor(after) if after else repository.MIN_KEY
    caller = await authenticate_token(tx, token)
    if not caller.can("see devices"):
        require_permission(caller, "see own devices")
        return DevicePage(tuple(_to_view(ctx, row) for row in await repository.devices_of(tx, caller.login)), None)
    rows = await repository.page(tx, start, PAGE)
    owners = {
        login: await accounts_repository.find_including_former(tx, login) for login in {row.login for row in rows}
    }
    visible = {login for login, owner in owners.items() if owner is not None and _may_manage(caller, owner[0])}
    return DevicePage(
        tuple(_to_view(ctx, row) for row in rows if row.login in visible),
        encode_cursor(rows[-1].key) if len(rows) == PAGE else None,
    )


@read_only
async def devices_of(ctx: AppContext, tx: Transaction, token: bytes, login: str) -> tuple[Device, ...]:
    """The devices of the caller, or of a person they supervise, the oldest first, including revoked ones. NotFound."""
    caller = await authenticate_token(tx, token)
    owner = await accounts_repository.find_including_former(tx, login)
    if owner is None or (login != caller.login and not _may_manage(caller, owner[0])):
        raise NotFound
    return tuple(_to_view(ctx, row) for row in await repository.devices_of(tx, login))


@transaction
async def revoke(ctx: AppContext, tx: Transaction, token: bytes, device: UUID) -> None:
    """Revoke a device and its tokens; idempotent."""
    caller = await authenticate_token(tx, token)
    row = await repository.get_device(tx, device)
    owner = None if row is None else await accounts_repository.find_including_former(tx, row.login)
    if owner is None or not _may_manage(caller, owner[0]):
        raise NotFound
    if await repository.revoke(tx, device, ctx.clock(), caller.login):
        await credentials.revoke_others(tx, device, b"", ctx.clock())
        event = DeviceEvent(what="revoked", device=device, person=owner[0].login, by=caller.login)
        await record_event(ctx, tx, event)


@transaction
async def reissue_device_token(ctx: AppContext, tx: Transaction, token: bytes, device: UUID) -> NewToken:
    """The next token of the calling device. A repeated request replaces a token that was never used."""
    new = token_urlsafe(32)
    holder = await token_owner(tx, token)
    if holder.device != device:
        raise NotFound
    await credentials.revoke_others(tx, device, token, ctx.clock())
    login = holder.person.login
    await credentials.add_token(tx, token_digest(new), login, ctx.clock(), "device", device)
    await record_event(ctx, tx, DeviceEvent(what="token", device=device, person=login, by=login))
    return NewToken(new)


def _to_view(ctx: AppContext, row: DeviceRow) -> Device:
    return Device(
        id=str(row.id),
        person=row.login,
        name=row.name,
        signs=row.public_key is not None,
        created_at=ctx.to_local_time(row.created_at),
        code_by=row.made_by,
        seen_at=None if row.seen_at is None else ctx.to_local_time(row.seen_at),
        app=row.app,
        revoked_at=None if row.revoked_at is None else ctx.to_local_time(row.revoked_at),
        revoked_by=row.revoked_by,
    )


def _may_manage(caller: Person, owner: Person) -> bool:
    own = caller.login == owner.login and caller.can("see own devices")
    return own or supervises(caller, "see devices", owner)
