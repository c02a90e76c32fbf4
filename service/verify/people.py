"""How `doorstep verify` checks people and devices: it replays their events and compares the result with the rows.

An event that cannot be read does not hide the other events. Everybody's whole state is compared with their last event,
or with the coverage where they have none; facts that events name are compared one by one too, to say what is wrong.
"""

from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from math import inf
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from service.accounts import person_state
from service.accounts.coverage import COVERAGE_ID, Coverage
from service.accounts.events import DeviceEvent, PersonEvent
from service.audit_log import erasures
from service.audit_log.events import get_event
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.errors import Problem

from .rows import check_twice, collect_faults, diff_facts, format_id, iterate_keys

Facts = dict[str, Any]
SOURCE = "the last event says"
_DECODERS: dict[str, msgspec.json.Decoder[PersonEvent | DeviceEvent]] = {
    "access": msgspec.json.Decoder(PersonEvent),
    "key": msgspec.json.Decoder(DeviceEvent),
}


_COVERAGE = msgspec.json.Decoder(Coverage)


class RecordedEvent(NamedTuple):
    """An event, sorted by its number in the log (those without one come last): clocks do not decide the order."""

    number: float
    at: int
    id: bytes
    event: PersonEvent | DeviceEvent


class CountedEvent(NamedTuple):
    """An event that says what its person is after it."""

    at: int
    salt: bytes
    state: Mapping[str, str]


async def check(ctx: AppContext) -> list[str]:
    """The faults of people and devices."""
    return await check_twice("people and devices cannot be compared", lambda: _check_all(ctx))


async def _check_all(ctx: AppContext) -> list[str]:
    faults: list[str] = []
    events: list[RecordedEvent] = []
    async for key in iterate_keys(ctx, "events", faults):
        try:
            events += await _read_event(ctx, key)
        except Problem:
            raise
        except Exception as error:  # noqa: BLE001 - an event that was tampered with may raise anything
            fault = type(error).__name__
            faults.append(f"event {format_id(key)}: what it says of whom cannot be read ({fault})")
    events.sort(key=lambda event: event[:3])
    people, devices = _replay_events([event.event for event in events])
    for login, facts in people.items():
        faults += await collect_faults("it cannot be read", _check_person(ctx, login, facts), f"person {login}: ")
    for device, facts in devices.items():
        faults += await collect_faults("it cannot be read", _check_device(ctx, device, facts), f"device {device}: ")
    if events:
        missing = _missing_events(ctx, min(event.at for event in events), people, devices)
        faults += await collect_faults("who is here cannot be listed", missing)
    named = {event.event.person for event in events if event.event.number}
    return faults + await collect_faults("who is here cannot be listed", _check_states(ctx, named))


async def _check_states(ctx: AppContext, named: set[str]) -> list[str]:
    """What everybody is and what lets them in. `named`: the people whom counted events are about."""
    faults: list[str] = []
    logins = [login for (login,) in await ctx.db.read(lambda tx: tx.fetch_all("all_logins"))]
    for login in logins:
        checked = _check_state(ctx, login)
        faults += await collect_faults("what lets them in cannot be read", checked, f"person {login}: ")
    return faults + [f"person {login}: the row is gone" for login in sorted(named.difference(logins))]


@read_only
async def _check_state(ctx: AppContext, tx: Transaction, login: str) -> list[str]:
    """A person as their last event says, or the coverage where there is none; on one snapshot, because events go on
    being written."""
    if await erasures.is_erased(tx, erasures.person_key(login)):
        return [f"they were erased, and {part} is there" for part in await _what_is_back(ctx, tx, login)]
    count, events = await person_state.last_number(tx, login), await _counted_events(tx, login)
    faults = [] if sorted(events) == list(range(1, count + 1)) else ["their events are not those that were counted"]
    return faults + await _compare_state(tx, login, events.get(count))


async def _what_is_back(ctx: AppContext, tx: Transaction, login: str) -> list[str]:
    """What is back of a person who was erased; it should be nothing."""
    row = await tx.fetch_one("erased_person", login=login, name=erasures.ERASED_NAME)
    parts = await person_state.digests(tx, login, b"", ctx.clock())
    return [*(["who they are"] if row != (1,) else []), *sorted(parts.keys() - {"row", "devices"})]


async def _counted_events(tx: Transaction, login: str) -> dict[int, CountedEvent]:
    """The events of a person by their number."""
    found: dict[int, CountedEvent] = {}
    for kind, at, body, salt in await tx.fetch_all("recorded_events_of", login=login):
        with suppress(msgspec.MsgspecError):  # `_check_all` reports it
            event = _DECODERS[kind].decode(body)
            if event.number and event.person == login:
                found[event.number] = CountedEvent(at, salt, event.state)
    return found


async def _compare_state(tx: Transaction, login: str, last: CountedEvent | None) -> list[str]:
    if last is not None:
        at, salt, expected = last
    elif (covered := await get_event(tx, COVERAGE_ID)) is not None:
        salt, at = covered.salt, covered.at
        expected = _COVERAGE.decode(covered.body).people.get(login, {})
    else:
        return []
    if not expected:
        return ["no event says that they were added"]
    stored = await person_state.digests(tx, login, salt, at)
    parts = {*expected, *stored}
    facts, row = (
        {f"the part {part!r} of their state": of.get(part) for part in sorted(parts)} for of in (expected, stored)
    )
    return diff_facts(facts, row, SOURCE)


@read_only
async def _read_event(_: AppContext, tx: Transaction, key: bytes) -> list[RecordedEvent]:
    row = await tx.fetch_one("event_with_number", id=key)
    if row is None:  # the check of its leaf reports it
        return []
    kind, at, body, number = row
    if kind not in _DECODERS:
        return []
    if not isinstance(at, int):
        raise TypeError("its time is no number")
    return [RecordedEvent(number if isinstance(number, int) else inf, at, key, _DECODERS[kind].decode(body))]


@read_only
async def _missing_events(
    _: AppContext, tx: Transaction, since: int, people: dict[str, Facts], devices: dict[UUID, Facts]
) -> list[str]:
    """People and devices added after the first event, without an event, unless what was kept of the person was
    erased. (A row with an earlier time goes unnoticed.)"""
    logins = [row[0] for row in await tx.fetch_all("people_after", since=since)]
    devices_of = dict(await tx.fetch_all("devices_after", since=since))
    owners = {*logins, *devices_of.values()}
    erased = {login for login in owners if await erasures.is_erased(tx, erasures.person_key(login))}
    logins = [login for login in logins if login not in erased]
    keys = [key for key, login in devices_of.items() if login not in erased]
    known = {device.bytes for device in devices}
    faults = [f"person {login}: no event says that they were added" for login in logins if login not in people]
    return faults + [f"device {format_id(key)}: no event says that it was added" for key in keys if key not in known]


def _replay_events(events: list[PersonEvent | DeviceEvent]) -> tuple[dict[str, Facts], dict[UUID, Facts]]:
    """The facts that the rows must have, as far as events say."""
    people: dict[str, Facts] = {}
    devices: dict[UUID, Facts] = {}
    owners: dict[UUID, str] = {}
    for event in events:
        if isinstance(event, DeviceEvent):
            facts = devices.setdefault(event.device, {})
            owners[event.device] = event.person
            if event.what == "enrolled":
                facts |= {"person": event.person, "key": event.key}
            elif event.what == "revoked":
                facts["revoked"] = True
            continue
        facts = people.setdefault(event.person, {})
        if event.what in ("added", "roles"):
            facts |= {"roles": sorted(event.roles), "areas": sorted(event.areas)}
        elif event.what == "card":
            facts |= {"badge": event.badge, "title": event.title}
        elif event.what == "photo":
            facts["photo"] = event.photo
        elif event.what == "left":
            facts["left"] = True
        if event.what == "left" or (event.what == "roles" and "technician" not in event.roles):
            for device, owner in owners.items():  # a technician's devices are revoked with them
                if owner == event.person:
                    devices[device]["revoked"] = True
    return people, devices


@read_only
async def _check_person(_: AppContext, tx: Transaction, login: str, facts: Facts) -> list[str]:
    row = await tx.fetch_one("person_facts", login=login)
    if row is None:
        return diff_facts(facts, None, SOURCE)
    roles, areas, badge, title, photo, left = row
    stored = {
        "roles": sorted(roles.split(" ")),
        "areas": sorted(areas.split("\n")) if areas else [],
        "badge": badge,
        "title": title,
        "photo": photo.hex() if photo else "",
        "left": left is not None,
    }
    return diff_facts(facts, stored, SOURCE)


@read_only
async def _check_device(_: AppContext, tx: Transaction, device: UUID, facts: Facts) -> list[str]:
    row = await tx.fetch_one("device_facts", id=device.bytes)
    if row is None:
        return diff_facts(facts, None, SOURCE)
    person, key, revoked_at = row
    stored = {"person": person, "key": sha256(key).hexdigest() if key else "", "revoked": revoked_at is not None}
    return diff_facts(facts, stored, SOURCE)
