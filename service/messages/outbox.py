"""The outbox: messages to customers, and what came of each attempt to deliver them."""

from typing import Literal
from uuid import UUID

import msgspec

from service.db.database import Transaction
from service.db.rows import fetch_struct, fetch_structs, to_params

MessageState = Literal["waiting", "delivered", "refused", "given_up", "withdrawn"]
DeliveryOutcome = Literal["delivered", "failed", "refused"]
FIRST, LONGEST = 5_000, 3_600_000  # ms between attempts, which double
FEW = 4  # attempts after which the next one comes sooner than a lease ends
SKEW = 300_000  # ms: what another server took by a clock that is further ahead than this may be sent twice


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message. `next_at` is when it is tried, None when nothing more is to be done; times are ms UTC.

    `withdrawn_because`: the kind of the change that made it outdated before it was out.
    """

    id: UUID
    visit: UUID
    about: str
    channel: str
    recipient: str
    text: str
    private: bytes | None
    entries: bytes
    sha256: bytes
    created_at: int
    created_by: str
    give_up_at: int
    state: MessageState = "waiting"
    tries: int = 0
    next_at: int | None = None
    withdrawn_at: int | None = None
    withdrawn_because: str | None = None


class DeliveryRow(msgspec.Struct, frozen=True):
    """One attempt."""

    message: UUID
    number: int
    at: int
    outcome: DeliveryOutcome
    detail: str


async def add_message(tx: Transaction, row: MessageRow) -> bool:
    """Put a message into the outbox; False when there is one with this id. It is due at once."""
    return await tx.execute("add_message", **to_params(row)) == 1


async def message(tx: Transaction, id: UUID) -> MessageRow | None:
    """One message."""
    return await fetch_struct(tx, MessageRow, "message", id=id.bytes)


async def messages_of(tx: Transaction, visit_id: UUID) -> list[MessageRow]:
    """All messages about a visit, in the order in which they were sent."""
    return await fetch_structs(tx, MessageRow, "messages_of", visit=visit_id.bytes)


async def deliveries_of(tx: Transaction, visit_id: UUID) -> list[DeliveryRow]:
    """All attempts for the messages about a visit."""
    return await fetch_structs(tx, DeliveryRow, "deliveries_of", visit=visit_id.bytes)


async def claim_due(tx: Transaction, now: int, lease: int, size: int) -> list[MessageRow]:
    """Take due messages for one worker until `lease`; a worker that dies lets go of them then.

    Due is, too, what by a clock that was ahead would wait for longer than anything has to.
    """
    at_most = {"few": FEW, "soon": lease + SKEW, "late": now + LONGEST + SKEW}
    return [
        msgspec.structs.replace(found, tries=found.tries + 1, next_at=lease)
        for found in await fetch_structs(tx, MessageRow, "messages_due", now=now, size=size, **at_most)
        if await tx.execute("claim_message", id=found.id.bytes, lease=lease, seen=found.next_at) == 1
    ]


async def record_attempt(
    tx: Transaction,
    row: MessageRow,
    at: int,
    outcome: DeliveryOutcome,
    detail: str,
    state: MessageState,
    next_at: int | None,
) -> bool:
    """Note an attempt, and what becomes of the message. False when somebody else had settled or withdrawn it."""
    await tx.execute("add_delivery", message=row.id.bytes, number=row.tries, at=at, outcome=outcome, detail=detail)
    return await tx.execute("settle_message", id=row.id.bytes, state=state, next_at=next_at, number=row.tries) == 1


async def cancel_pending(tx: Transaction, visit_id: UUID, at: int, because: str) -> None:
    """What waits about a (locked) visit and was outdated by a change of this kind does not go out any more."""
    await tx.execute("withdraw_messages", visit=visit_id.bytes, at=at, because=because)
