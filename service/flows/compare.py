"""The rest of `doorstep verify`: what has no leaf of its own is held against what has, and files against their digests.

What the log saw of people and devices are events; the rows that let somebody in have to say the same.
"""

from collections.abc import AsyncIterator, Awaitable
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from service.domain.errors import Problem
from service.storage.blobs import digest_of
from service.storage.database import Row, Tx
from service.storage.disk import on_disk

from .house import House

MANY = 1000
Facts = dict[str, Any]
_KEYS = {
    "quarantine": ("quarantine_strange", "quarantine_keys"),
    "events": ("events_strange", "events_keys"),
    "stored": ("stored_strange", "stored_keys"),
}


async def told(what: str, faults: Awaitable[list[str]]) -> list[str]:
    """The faults that are found. That it is not possible to look is one too: nothing else is left out for it."""
    try:
        return await faults
    except Problem:  # the database or the store is away: nothing can be said
        raise
    except Exception as error:  # noqa: BLE001 - whatever a row makes of itself that somebody tampered with
        return [f"{what} ({type(error).__name__})"]


def named(id: object) -> str:
    """An id in a fault."""
    if isinstance(id, bytes):
        return str(UUID(bytes=id)) if len(id) == 16 else id.hex()
    return repr(id)


async def compared(house: House) -> list[str]:
    """What is wrong beside the log."""
    faults = await told("checklists cannot be listed", _checklists(house))
    faults += await told("the quarantine cannot be listed", _quarantine(house))
    people = await told("people and devices cannot be compared", _people(house))
    if people:  # what was just being changed is as it should be the second time
        again = await told("people and devices cannot be compared", _people(house))
        people = [fault for fault in people if fault in again]
    faults += people
    faults += await told("who sent what cannot be read", house.db.read(_sent_without_row))
    return faults + await told("stored files cannot be listed", _files(house))


async def _checklists(house: House) -> list[str]:
    faults: list[str] = []
    for name, version in await house.db.read(lambda tx: tx.all("checklist_names")):

        async def look(tx: Tx, name: str = name, version: str = version) -> list[str]:
            return _same_bytes(await tx.one("checklist_bytes", id=name, version=version))

        found = await told("it cannot be read", house.db.read(look))
        faults += [f"checklist {name}@{version}: {fault}" for fault in found]
    return faults


async def _quarantine(house: House) -> list[str]:
    faults: list[str] = []
    async for key in _keys(house, "quarantine", faults):

        async def look(tx: Tx, key: bytes = key) -> list[str]:
            return _same_bytes(await tx.one("quarantine_bytes", id=key))

        found = await told("it cannot be read", house.db.read(look))
        faults += [f"quarantine {named(key)}: {fault}" for fault in found]
    return faults


def _same_bytes(row: Row | None) -> list[str]:
    if row is None:
        return ["it is gone"]
    return [] if sha256(row[1]).digest() == row[0] else ["the bytes were changed"]


async def _keys(house: House, what: str, faults: list[str]) -> AsyncIterator[bytes]:
    """All keys of a table, as bytes. In SQLite others sort before all bytes: they are counted."""
    strange, page = _KEYS[what]
    odd = await house.db.read(lambda tx: tx.one(strange, least=b""))
    if odd and odd[0]:
        faults.append(f"{what}: {odd[0]} rows have no key of bytes")
    after = b""
    while rows := await house.db.read(lambda tx, after=after: tx.all(page, after=after, size=MANY)):
        for row in rows:
            yield row[0]
        after = rows[-1][0]


async def _sent_without_row(tx: Tx) -> list[str]:
    """A file that was acknowledged has its row, else nobody would miss its bytes."""
    return [f"file {named(row[0])}: it was sent, and its row is gone" for row in await tx.all("sent_without_row")]


async def _files(house: House) -> list[str]:
    """Every file that the database says is in the store is there, with its bytes."""
    faults: list[str] = []
    async for digest in _keys(house, "stored", faults):
        faults += [f"file {digest.hex()}: {fault}" for fault in await told("it cannot be read", _file(house, digest))]
    return faults


async def _file(house: House, digest: bytes) -> list[str]:
    try:
        async with house.vault.blobs.local(digest) as path:
            return [] if await on_disk(digest_of, path) == digest else ["the bytes were changed"]
    except FileNotFoundError:
        return ["it is gone from the store"]


async def _people(house: House) -> list[str]:
    """What became of people and devices as the events say, held against their rows. What no event says is not looked
    at: there may be people from before there were events."""
    faults: list[str] = []
    order: list[tuple[int, bytes, Facts]] = []
    async for key in _keys(house, "events", faults):
        try:
            row = await house.db.read(lambda tx, key=key: tx.one("event", id=key))
            order += [(row[2], key, msgspec.json.decode(row[4]))] if row else []
        except Problem:
            raise
        except Exception:  # noqa: BLE001, S112 - it has a leaf, and its fault is told there
            continue
    people, devices = _as_told([event for _, _, event in sorted(order, key=lambda one: one[:2])])
    for login, facts in people.items():

        async def person(tx: Tx, login: str = login, facts: Facts = facts) -> list[str]:
            return _differing(facts, _person(await tx.one("person_kept", login=login)))

        found = await told("it cannot be read", house.db.read(person))
        faults += [f"person {login}: {fault}" for fault in found]
    for mark, facts in devices.items():

        async def device(tx: Tx, mark: str = mark, facts: Facts = facts) -> list[str]:
            return _differing(facts, _device(await tx.one("device", id=UUID(mark).bytes)))

        found = await told("it cannot be read", house.db.read(device))
        faults += [f"device {mark}: {fault}" for fault in found]
    return faults


def _as_told(events: list[Facts]) -> tuple[dict[str, Facts], dict[str, Facts]]:
    """What has to be in the rows, as far as events say it."""
    people: dict[str, Facts] = {}
    devices: dict[str, Facts] = {}
    for event in events:
        if "device" in event:
            facts = devices.setdefault(event["device"], {})
            if event["what"] == "enrolled":
                facts |= {"person": event["person"], "key": event.get("key", "")}
            elif event["what"] == "revoked":
                facts["revoked"] = True
            continue
        facts = people.setdefault(event["person"], {})
        if "roles" in event:
            facts |= {"roles": sorted(event["roles"]), "areas": sorted(event.get("areas", []))}
        if event["what"] == "card":
            facts |= {"badge": event.get("badge", ""), "title": event.get("title", "")}
        elif event["what"] == "photo":
            facts["photo"] = event["photo"]
        elif event["what"] == "left":
            facts["left"] = True
    return people, devices


def _person(row: Row | None) -> Facts | None:
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


def _device(row: Row | None) -> Facts | None:
    if row is None:
        return None
    return {
        "person": row[1],
        "key": sha256(row[3]).hexdigest() if row[3] else "",
        "revoked": row[7] is not None,
    }


def _differing(said: Facts, row: Facts | None) -> list[str]:
    if row is None:
        return ["the row is gone"]
    return [f"{fact} is not what the last event says" for fact in said if said[fact] != row[fact]]
