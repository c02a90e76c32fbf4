"""People and devices as `doorstep verify` looks at them: what became of them by the events, held against their rows.

An event is applied by itself: what one of them makes of itself hides nobody. What no event says is looked at only of
those who came after there were events.
"""

from hashlib import sha256
from math import inf
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from service.accounts.events import DeviceEvent, PersonEvent
from service.context import AppContext
from service.db.database import Row, Transaction
from service.errors import Problem

from .rows import collect_faults, diff_facts, format_id, iterate_keys

PersonFacts = dict[str, Any]


class RecordedEvent(NamedTuple):
    """An event: its number in the log, when, its id, and what it says. Numbers are in the order in which events came,
    whatever the clock said; who waits for one came last."""

    number: float
    at: int
    id: bytes
    event: PersonEvent | DeviceEvent


_READ: dict[str, msgspec.json.Decoder[PersonEvent | DeviceEvent]] = {
    "access": msgspec.json.Decoder(PersonEvent),
    "key": msgspec.json.Decoder(DeviceEvent),
}


async def check(ctx: AppContext) -> list[str]:
    """What is wrong with people and devices. What was just being changed is as it should be the second time."""
    found = await collect_faults("people and devices cannot be compared", _compared(ctx))
    again = await collect_faults("people and devices cannot be compared", _compared(ctx)) if found else []
    return [fault for fault in found if fault in again]


async def _compared(ctx: AppContext) -> list[str]:
    faults: list[str] = []
    events: list[RecordedEvent] = []
    async for key in iterate_keys(ctx, "events", faults):
        try:
            events += await ctx.db.read(lambda tx, key=key: _event(tx, key))
        except Problem:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it makes of itself
            fault = type(error).__name__
            faults.append(f"event {format_id(key)}: what it says of whom cannot be read ({fault})")
    events.sort(key=lambda one: one[:3])
    people, devices = _replay_events([one.event for one in events])
    for login, facts in people.items():

        async def person(tx: Transaction, login: str = login, facts: PersonFacts = facts) -> list[str]:
            return diff_facts(facts, _person(await tx.fetch_one("person_facts", login=login)), "the last event says")

        found = await collect_faults("it cannot be read", ctx.db.read(person))
        faults += [f"person {login}: {fault}" for fault in found]
    for mark, facts in devices.items():

        async def device(tx: Transaction, mark: UUID = mark, facts: PersonFacts = facts) -> list[str]:
            return diff_facts(facts, _device(await tx.fetch_one("device", id=mark.bytes)), "the last event says")

        found = await collect_faults("it cannot be read", ctx.db.read(device))
        faults += [f"device {mark}: {fault}" for fault in found]
    if events:
        faults += await collect_faults(
            "who is here cannot be listed", _people_without_events(ctx, min(one.at for one in events), people, devices)
        )
    return faults


async def _event(tx: Transaction, key: bytes) -> list[RecordedEvent]:
    row = await tx.fetch_one("event_with_number", id=key)
    if row is None:  # its leaf says so
        return []
    kind, at, body, number = row
    if not isinstance(at, int):
        raise TypeError("its time is no number")
    return [RecordedEvent(number if isinstance(number, int) else inf, at, key, _READ[kind].decode(body))]


async def _people_without_events(
    ctx: AppContext, since: int, people: dict[str, PersonFacts], devices: dict[UUID, PersonFacts]
) -> list[str]:
    """Whoever came after the first event, without one. His row may not say a time before it: then nobody can tell."""
    rows = await ctx.db.read(lambda tx: tx.fetch_all("people_after", since=since))
    faults = [f"person {row[0]}: no event says that he came" for row in rows if row[0] not in people]
    rows = await ctx.db.read(lambda tx: tx.fetch_all("devices_after", since=since))
    known = {mark.bytes for mark in devices}
    return faults + [f"device {format_id(row[0])}: no event says that it came" for row in rows if row[0] not in known]


def _replay_events(events: list[PersonEvent | DeviceEvent]) -> tuple[dict[str, PersonFacts], dict[UUID, PersonFacts]]:
    """What has to be in the rows, as far as events say it."""
    people: dict[str, PersonFacts] = {}
    devices: dict[UUID, PersonFacts] = {}
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
            for device, owner in owners.items():  # his phones are out with him
                if owner == event.person:
                    devices[device]["revoked"] = True
    return people, devices


def _person(row: Row | None) -> PersonFacts | None:
    if row is None:
        return None
    roles, areas, badge, title, photo, left = row
    return {
        "roles": sorted(roles.split(" ")),
        "areas": sorted(areas.split("\n")) if areas else [],
        "badge": badge,
        "title": title,
        "photo": photo.hex() if photo else "",
        "left": left is not None,
    }


def _device(row: Row | None) -> PersonFacts | None:
    if row is None:
        return None
    return {
        "person": row[1],
        "key": sha256(row[3]).hexdigest() if row[3] else "",
        "revoked": row[7] is not None,
    }
