"""A technician's phone is enrolled by a one-time code, gets its token, and is locked out in a second."""

from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from typing import Annotated
from uuid import UUID

import msgspec

from service.accounts import credentials, throttling
from service.accounts import repository as accounts_repository
from service.accounts.authentication import digest, holder_of, need, person_of, sign_in
from service.accounts.events import DeviceEvent, noted
from service.accounts.permissions import Person, oversees
from service.context import House
from service.db.database import Tx
from service.errors import NotFound, TooManyDevices, UnknownCode, UnknownPerson
from service.judge.bounds import LoginText, LongText, SecretText
from service.web.decoding import decode
from service.web.pagination import cursor_read, cursor_write
from service.web.qr import qr_svg

from . import repository
from .repository import DeviceRow
from .signatures import Jwk, key_of

MINUTES_10 = 600_000
MOST = 2  # active devices of one person
PAGE = 100


class Enrol(msgspec.Struct, frozen=True):
    """Login of the technician whose phone it is."""

    person: LoginText


class Enrolment(msgspec.Struct, frozen=True):
    """What the technician scans within ten minutes, once."""

    code: str
    url: str
    qr_svg: str
    expires_at: datetime


class NewDevice(msgspec.Struct, frozen=True):
    """A phone with the code that it scanned. With a key it may sign its records."""

    code: SecretText
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    public_key: LongText | Jwk | None = None


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A phone. It is active until it is revoked."""

    id: str
    person: str
    name: str
    signs: bool
    created_at: datetime
    seen_at: datetime | None
    app: str
    revoked_at: datetime | None
    revoked_by: str | None


class Enrolled(msgspec.Struct, frozen=True):
    """The token is shown this once."""

    device: Device
    token: str
    person: Person


class NewToken(msgspec.Struct, frozen=True):
    """The device's next token; the one before is good until this one is first used."""

    token: str


class DevicePage(msgspec.Struct, frozen=True):
    """Devices, the oldest first; `after` leads to the next page."""

    items: tuple[Device, ...]
    after: str | None


enrols = msgspec.json.Decoder(Enrol)
new_devices = msgspec.json.Decoder(NewDevice)


async def enrol(house: House, token: bytes, raw: bytes) -> Enrolment:
    """A one-time code for a technician's phone; the code that he had before is no longer good."""
    caller = await sign_in(house, token, "enrol a device")
    given = decode(enrols, raw)
    code, at = token_urlsafe(16), house.clock()

    async def work(tx: Tx) -> None:
        person = await accounts_repository.person(tx, given.person)
        if person is None or "technician" not in person.roles or not oversees(caller, "enrol a device", person):
            raise UnknownPerson
        if not await accounts_repository.lock(tx, person.login):
            raise UnknownPerson
        await credentials.add_code(
            tx, digest(code), "enrolment", person.login, at=at, by=caller.login, expires_at=at + MINUTES_10
        )

    await house.db.write(work)
    url = f"{house.desk.url}/enrol#{code}"  # behind # it is not sent to any server and stands in no log
    return Enrolment(code, url, qr_svg(url), house.time(at + MINUTES_10))


async def register(house: House, address: str, raw: bytes) -> Enrolled:
    """A phone gives its code and gets its token. The code is used up only when that worked.

    A phone whose answer was lost asks again, with the same code and the same key: it is the same device, with a new
    token in place of the one that never came. That ends when the token is first used, or the code expires.
    """
    given = decode(new_devices, raw)
    key = None if given.public_key is None else key_of(given.public_key)
    await throttling.count(house, address)
    token, device = token_urlsafe(32), house.new_id()

    async def work(tx: Tx) -> Enrolled:
        at = house.clock()
        person = await credentials.use_code(tx, digest(given.code), "enrolment", at, device)
        if person is None:
            return await again(tx, at)
        if not await accounts_repository.lock(tx, person.login):
            raise UnknownCode
        if sum(one.revoked_at is None for one in await repository.of_person(tx, person.login)) >= MOST:
            raise TooManyDevices
        row = DeviceRow(id=device, login=person.login, name=given.name, public_key=key, created_at=at)
        await repository.add(tx, row)
        mark = sha256(key).hexdigest() if key else ""
        event = DeviceEvent(what="enrolled", device=device, person=row.login, by=row.login, name=row.name, key=mark)
        await noted(house, tx, event)
        return await given_token(tx, row, person, at)

    async def again(tx: Tx, at: int) -> Enrolled:
        known = None if key is None else await credentials.enrolled_by(tx, digest(given.code), at)
        if known is None or not await accounts_repository.lock(
            tx, known[0].login
        ):  # of two at once, one after the other
            raise UnknownCode
        row = await repository.one(tx, known[1])
        if row is None or row.revoked_at is not None or row.public_key != key or await repository.in_use(tx, row.id):
            raise UnknownCode
        await credentials.revoke_others(tx, row.id, b"", at)
        return await given_token(tx, row, known[0], at)

    async def given_token(tx: Tx, row: DeviceRow, person: Person, at: int) -> Enrolled:
        await credentials.add_token(tx, digest(token), person.login, at, "device", row.id)
        await throttling.good(tx, address)
        return Enrolled(shown(house, row), token, person)

    return await house.db.write(work)


async def page(house: House, token: bytes, after: str | None) -> DevicePage:
    """One's own devices, and those of the people whom one oversees."""
    start = cursor_read(after) if after else repository.FIRST

    async def work(tx: Tx) -> tuple[list[DeviceRow], str | None]:
        caller = await person_of(tx, token)
        if not caller.may("see devices"):
            need(caller, "see own devices")
            return await repository.of_person(tx, caller.login), None
        found = await repository.page(tx, start, PAGE)
        more = cursor_write(found[-1].key) if len(found) == PAGE else None
        owners = {login: await accounts_repository.ever(tx, login) for login in {row.login for row in found}}
        seen = {login for login, one in owners.items() if one is not None and _his(caller, one[0])}
        return [row for row in found if row.login in seen], more

    rows, more = await house.db.read(work)
    return DevicePage(tuple(shown(house, row) for row in rows), more)


async def revoke(house: House, token: bytes, device: UUID) -> None:
    """The device is out with its next request. Again is no change."""

    async def work(tx: Tx) -> None:
        caller = await person_of(tx, token)
        row = await repository.one(tx, device)
        owner = None if row is None else await accounts_repository.ever(tx, row.login)
        if owner is None or not _his(caller, owner[0]):
            raise NotFound
        if not await repository.revoke(tx, device, house.clock(), caller.login):
            return
        await credentials.revoke_others(tx, device, b"", house.clock())
        event = DeviceEvent(what="revoked", device=device, person=owner[0].login, by=caller.login)
        await noted(house, tx, event)

    await house.db.write(work)


async def renew(house: House, token: bytes, device: UUID) -> NewToken:
    """The next token of the device that asks. A second answer replaces the first, should that have been lost."""
    new = token_urlsafe(32)

    async def work(tx: Tx) -> NewToken:
        holder = await holder_of(tx, token)
        if holder.device != device:
            raise NotFound
        await credentials.revoke_others(tx, device, token, house.clock())
        await credentials.add_token(tx, digest(new), holder.person.login, house.clock(), "device", device)
        return NewToken(new)

    return await house.db.write(work)


def shown(house: House, row: DeviceRow) -> Device:
    """A row for a client."""
    return Device(
        id=str(row.id),
        person=row.login,
        name=row.name,
        signs=row.public_key is not None,
        created_at=house.time(row.created_at),
        seen_at=None if row.seen_at is None else house.time(row.seen_at),
        app=row.app,
        revoked_at=None if row.revoked_at is None else house.time(row.revoked_at),
        revoked_by=row.revoked_by,
    )


def _his(caller: Person, owner: Person) -> bool:
    """Whether the caller has a say about devices of the owner: his own, or of somebody whom he oversees."""
    own = caller.login == owner.login and caller.may("see own devices")
    return own or oversees(caller, "see devices", owner)
