"""Events of people and devices, recorded in the transaction that causes them."""

from hashlib import sha256
from uuid import UUID

import msgspec

from service.audit_log import events
from service.audit_log.events import EventRow
from service.context import AppContext
from service.db.database import Transaction

from .permissions import Role


class PersonEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happened to a person, and by whom. It holds no name, only logins."""

    what: str  # added, invited, reset, card, roles, photo, password, second-factor, left
    person: str
    by: str
    roles: tuple[Role, ...] = ()
    areas: tuple[str, ...] = ()
    badge: str = ""
    title: str = ""
    photo: str = ""  # SHA-256, hex
    reason: str = ""


class DeviceEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A device was enrolled or revoked. `key` is the SHA-256 of its public key (SPKI in DER), hex."""

    what: str  # enrolled, revoked
    device: UUID
    person: str
    by: str
    name: str = ""
    key: str = ""


async def record_event(ctx: AppContext, tx: Transaction, event: PersonEvent | DeviceEvent) -> None:
    """Store an event, with a leaf of the log that commits to it."""
    body = msgspec.json.encode(event)
    await events.add_event(
        tx,
        EventRow(
            id=ctx.new_id(),
            kind="access" if isinstance(event, PersonEvent) else "key",
            at=ctx.clock(),
            sha256=sha256(body).digest(),
            body=body,
            salt=ctx.new_salt(),
        ),
    )
