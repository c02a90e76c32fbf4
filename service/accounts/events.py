"""Events of people, devices and whatever else has to be known afterwards, recorded in the transaction that causes them.

An event of a person also commits to what lets them in (`person_state`): record it after everything that it changes.
"""

from collections.abc import Mapping
from hashlib import sha256
from uuid import UUID

import msgspec

from service.audit_log import events
from service.audit_log.events import EventKind, EventRow
from service.context import AppContext
from service.db.database import Transaction

from . import person_state
from .permissions import Role


class PersonEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happened to a person, and by whom. It holds no name and no address, only logins and keyed digests.

    `what` is a word of `event_words`. `number` counts the events of a person, and `state` are digests of what they are
    and of what lets them in (`person_state`) after this one; both are set by `record_event`.
    """

    what: str
    person: str
    by: str
    roles: tuple[Role, ...] = ()
    areas: tuple[str, ...] = ()
    badge: str = ""
    title: str = ""
    photo: str = ""  # SHA-256, hex
    reason: str = ""
    address: str = ""  # keyed digest of the network address, hex
    device: str = ""  # the name of a device
    number: int = 0
    state: Mapping[str, str] = {}


class DeviceEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A device was enrolled or revoked. `key` is the SHA-256 of its public key (SPKI in DER), hex.

    `made_by`: who made the code with which it was enrolled. `number` and `state` as of a `PersonEvent`.
    """

    what: str  # enrolled, revoked
    device: UUID
    person: str
    by: str
    name: str = ""
    key: str = ""
    made_by: str = ""
    address: str = ""
    number: int = 0
    state: Mapping[str, str] = {}


class Act(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Anything else that somebody did. `subject`: the id or name of what it was done to. `digest`: of that, in hex."""

    what: str
    by: str
    subject: str = ""
    visit: str = ""
    reason: str = ""
    digest: str = ""
    address: str = ""


Event = PersonEvent | DeviceEvent | Act
OPERATOR = "doorstep"
"""The author of what a command or the service itself does."""
FILES_OPENED = "files-opened"
"""What an `Act` is called by which somebody may send the missing files of a record (`subject`)."""
_KINDS: dict[type[Event], EventKind] = {PersonEvent: "access", DeviceEvent: "key", Act: "act"}


async def record_event(ctx: AppContext, tx: Transaction, event: Event) -> UUID:
    """Store an event, with a leaf of the log that commits to it; its id.

    An event of a person locks them until the transaction ends, so that the number and the state are of one moment.
    """
    event_id, at, salt = ctx.new_id(), ctx.clock(), ctx.new_salt()
    person = "" if isinstance(event, Act) else event.person
    if not isinstance(event, Act) and (number := await person_state.next_number(tx, event.person)):
        state = await person_state.digests(tx, event.person, salt, at)
        event = msgspec.structs.replace(event, number=number, state=state)
    body = msgspec.json.encode(event)
    row = EventRow(
        id=event_id,
        kind=_KINDS[type(event)],
        at=at,
        sha256=sha256(body).digest(),
        body=body,
        salt=salt,
        what=event.what,
        person=person,
        author=event.by,
    )
    await events.add_event(tx, row)
    return event_id
