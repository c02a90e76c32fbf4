"""A technician's phone is enrolled by a one-time code, gets its token, and is locked out in a second."""

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
    authenticate_token,
    require_permission,
    token_digest,
    token_owner,
)
from service.accounts.events import DeviceEvent, record_event
from service.accounts.permissions import Person, supervises
from service.context import AppContext, transaction
from service.db.database import Transaction
from service.errors import InvalidOneTimeCode, NotFound, TooManyDevices, UnknownPerson
from service.judge.bounds import LoginText, LongText, SecretText
from service.web.pagination import decode_cursor, encode_cursor
from service.web.qr import qr_svg

from . import repository
from .repository import DeviceRow
from .signatures import Jwk, parse_public_key

CODE_LIFETIME_MS = 600_000
MAX_DEVICES = 2  # active devices of one person
PAGE = 100


class EnrolmentRequest(msgspec.Struct, frozen=True):
    """Login of the technician whose phone it is."""

    person: Annotated[LoginText, Meta(description="Login of a technician whom the caller oversees.")]


class Enrolment(msgspec.Struct, frozen=True):
    """What the technician scans within ten minutes, once."""

    code: Annotated[str, Meta(description="The one-time code; the one before is no longer good.")]
    url: Annotated[str, Meta(description="The address to open on the phone; the code stands behind `#`.")]
    qr_svg: Annotated[str, Meta(description="The address as a QR code (SVG).")]
    expires_at: Annotated[datetime, Meta(description="Until when the code is good: ten minutes.")]


class NewDevice(msgspec.Struct, frozen=True):
    """A phone with the code that it scanned. With a key it may sign its records."""

    code: Annotated[SecretText, Meta(description="The one-time code of the enrolment.")]
    name: Annotated[str, Meta(min_length=1, max_length=100, description="What the phone is called in lists.")]
    public_key: Annotated[
        LongText | Jwk | None,
        Meta(description="A P-256 key as PEM, as base64 of DER (SubjectPublicKeyInfo), or as JWK."),
    ] = None


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A phone. It is active until it is revoked."""

    id: Annotated[str, Meta(description="The device's id, a UUID.")]
    person: Annotated[str, Meta(description="Login of whose phone it is.")]
    name: Annotated[str, Meta(description="What the phone is called.")]
    signs: Annotated[bool, Meta(description="Whether it gave a key, so that it may sign its records.")]
    created_at: Annotated[datetime, Meta(description="When it was enrolled.")]
    seen_at: Annotated[datetime | None, Meta(description="When it last asked for something.")]
    app: Annotated[str, Meta(description="The app and its version, as the header X-App last named it.")]
    revoked_at: Annotated[datetime | None, Meta(description="When it was revoked; null while it is active.")]
    revoked_by: Annotated[str | None, Meta(description="Login of who revoked it.")]


class EnrolledDevice(msgspec.Struct, frozen=True):
    """The token is shown this once."""

    device: Annotated[Device, Meta(description="The phone as it is listed.")]
    token: Annotated[str, Meta(description="The token to send as `Authorization: Bearer`.")]
    person: Annotated[Person, Meta(description="Whose phone it is.")]


class NewToken(msgspec.Struct, frozen=True):
    """The device's next token; the one before is good until this one is first used."""

    token: Annotated[str, Meta(description="The token to send as `Authorization: Bearer`.")]


class DevicePage(msgspec.Struct, frozen=True):
    """Devices, the oldest first; `after` leads to the next page."""

    items: Annotated[tuple[Device, ...], Meta(description="A page of devices.")]
    after: Annotated[str | None, Meta(description="The cursor of the next page; null on the last one.")]


async def enrol(ctx: AppContext, token: bytes, given: EnrolmentRequest) -> Enrolment:
    """A one-time code for a technician's phone; the code that he had before is no longer good."""
    code, at = token_urlsafe(16), ctx.clock()

    async def work(tx: Transaction) -> None:
        caller = await authenticate_token(tx, token)
        require_permission(caller, "enrol a device")
        person = await accounts_repository.person(tx, given.person)
        if person is None or "technician" not in person.roles or not supervises(caller, "enrol a device", person):
            raise UnknownPerson
        if not await accounts_repository.lock(tx, person.login):
            raise UnknownPerson
        await credentials.add_code(
            tx, token_digest(code), "enrolment", person.login, at=at, by=caller.login, expires_at=at + CODE_LIFETIME_MS
        )

    await ctx.db.write(work)
    url = f"{ctx.company.url}/enrol#{code}"  # behind # it is not sent to any server and stands in no log
    return Enrolment(code, url, qr_svg(url), ctx.to_local_time(at + CODE_LIFETIME_MS))


async def register_device(ctx: AppContext, address: str, given: NewDevice) -> EnrolledDevice:
    """A phone gives its code and gets its token. The code is used up only when that worked.

    A phone whose answer was lost asks again, with the same code and the same key: it is the same device, with a new
    token in place of the one that never came. That ends when the token is first used, or the code expires.
    """
    key = None if given.public_key is None else parse_public_key(given.public_key)
    await throttling.check_attempt(ctx, address)
    token, device = token_urlsafe(32), ctx.new_id()

    async def work(tx: Transaction) -> EnrolledDevice:
        at = ctx.clock()
        person = await credentials.consume_code(tx, token_digest(given.code), "enrolment", at, device)
        if person is None:
            return await again(tx, at)
        if not await accounts_repository.lock(tx, person.login):
            raise InvalidOneTimeCode
        if sum(one.revoked_at is None for one in await repository.devices_of(tx, person.login)) >= MAX_DEVICES:
            raise TooManyDevices
        row = DeviceRow(id=device, login=person.login, name=given.name, public_key=key, created_at=at)
        await repository.add(tx, row)
        mark = sha256(key).hexdigest() if key else ""
        event = DeviceEvent(what="enrolled", device=device, person=row.login, by=row.login, name=row.name, key=mark)
        await record_event(ctx, tx, event)
        return await given_token(tx, row, person, at)

    async def again(tx: Transaction, at: int) -> EnrolledDevice:
        known = None if key is None else await credentials.device_enrolled_with(tx, token_digest(given.code), at)
        if known is None or not await accounts_repository.lock(
            tx, known[0].login
        ):  # of two at once, one after the other
            raise InvalidOneTimeCode
        row = await repository.get_device(tx, known[1])
        if (
            row is None
            or row.revoked_at is not None
            or row.public_key != key
            or await repository.has_used_token(tx, row.id)
        ):
            raise InvalidOneTimeCode
        await credentials.revoke_others(tx, row.id, b"", at)
        return await given_token(tx, row, known[0], at)

    async def given_token(tx: Transaction, row: DeviceRow, person: Person, at: int) -> EnrolledDevice:
        await credentials.add_token(tx, token_digest(token), person.login, at, "device", row.id)
        await throttling.reset_attempts(tx, address)
        return EnrolledDevice(shown(ctx, row), token, person)

    return await ctx.db.write(work)


async def page(ctx: AppContext, token: bytes, after: str | None) -> DevicePage:
    """One's own devices, and those of the people whom one oversees."""
    start = decode_cursor(after) if after else repository.MIN_KEY

    async def work(tx: Transaction) -> tuple[list[DeviceRow], str | None]:
        caller = await authenticate_token(tx, token)
        if not caller.can("see devices"):
            require_permission(caller, "see own devices")
            return await repository.devices_of(tx, caller.login), None
        found = await repository.page(tx, start, PAGE)
        more = encode_cursor(found[-1].key) if len(found) == PAGE else None
        owners = {
            login: await accounts_repository.find_including_former(tx, login) for login in {row.login for row in found}
        }
        seen = {login for login, one in owners.items() if one is not None and _his(caller, one[0])}
        return [row for row in found if row.login in seen], more

    rows, more = await ctx.db.read(work)
    return DevicePage(tuple(shown(ctx, row) for row in rows), more)


@transaction
async def revoke(ctx: AppContext, tx: Transaction, token: bytes, device: UUID) -> None:
    """The device is out with its next request. Again is no change."""
    caller = await authenticate_token(tx, token)
    row = await repository.get_device(tx, device)
    owner = None if row is None else await accounts_repository.find_including_former(tx, row.login)
    if owner is None or not _his(caller, owner[0]):
        raise NotFound
    if not await repository.revoke(tx, device, ctx.clock(), caller.login):
        return
    await credentials.revoke_others(tx, device, b"", ctx.clock())
    event = DeviceEvent(what="revoked", device=device, person=owner[0].login, by=caller.login)
    await record_event(ctx, tx, event)


@transaction
async def reissue_device_token(ctx: AppContext, tx: Transaction, token: bytes, device: UUID) -> NewToken:
    """The next token of the device that asks. A second answer replaces the first, should that have been lost."""
    new = token_urlsafe(32)
    holder = await token_owner(tx, token)
    if holder.device != device:
        raise NotFound
    await credentials.revoke_others(tx, device, token, ctx.clock())
    await credentials.add_token(tx, token_digest(new), holder.person.login, ctx.clock(), "device", device)
    return NewToken(new)


def shown(ctx: AppContext, row: DeviceRow) -> Device:
    """A row for a client."""
    return Device(
        id=str(row.id),
        person=row.login,
        name=row.name,
        signs=row.public_key is not None,
        created_at=ctx.to_local_time(row.created_at),
        seen_at=None if row.seen_at is None else ctx.to_local_time(row.seen_at),
        app=row.app,
        revoked_at=None if row.revoked_at is None else ctx.to_local_time(row.revoked_at),
        revoked_by=row.revoked_by,
    )


def _his(caller: Person, owner: Person) -> bool:
    """Whether the caller has a say about devices of the owner: his own, or of somebody whom he oversees."""
    own = caller.login == owner.login and caller.can("see own devices")
    return own or supervises(caller, "see devices", owner)
