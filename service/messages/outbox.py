"""The outbox: messages to customers, and what came of each attempt to deliver them."""

from typing import Any, Literal
from uuid import UUID

import msgspec

from service.db.database import Row, Transaction

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


def _message(row: Row) -> MessageRow:
    given: dict[str, Any] = dict(zip(MessageRow.__struct_fields__, row, strict=True))
    return MessageRow(**{**given, "id": UUID(bytes=row[0]), "visit": UUID(bytes=row[1])})


async def add_message(tx: Transaction, row: MessageRow) -> bool:
    """Put a message into the outbox; False when there is one with this id. It is due at once."""
    columns = ("about", "channel", "recipient", "text", "private", "entries", "sha256")
    given = {name: getattr(row, name) for name in (*columns, "created_at", "created_by", "give_up_at")}
    return await tx.execute("add_message", id=row.id.bytes, visit=row.visit.bytes, **given) == 1


async def message(tx: Transaction, id: UUID) -> MessageRow | None:
    """One message."""
    row = await tx.fetch_one("message", id=id.bytes)
    return None if row is None else _message(row)


async def messages_of(tx: Transaction, visit_id: UUID) -> list[MessageRow]:
    """All messages about a visit, in the order in which they were sent."""
    return [_message(row) for row in await tx.fetch_all("messages_of", visit=visit_id.bytes)]


async def deliveries_of(tx: Transaction, visit_id: UUID) -> list[DeliveryRow]:
    """All attempts for the messages about a visit."""
    return [
        DeliveryRow(UUID(bytes=row[0]), *row[1:]) for row in await tx.fetch_all("deliveries_of", visit=visit_id.bytes)
    ]


async def claim_due(tx: Transaction, now: int, lease: int, size: int) -> list[MessageRow]:
    """Take due messages for one worker until `lease`; a worker that dies lets go of them then.

    Due is, too, what by a clock that was ahead would wait for longer than anything has to.
    """
    taken: list[MessageRow] = []
    at_most = {"few": FEW, "soon": lease + SKEW, "late": now + LONGEST + SKEW}
    for row in await tx.fetch_all("messages_due", now=now, size=size, **at_most):
        found = _message(row)
        if await tx.execute("claim_message", id=found.id.bytes, lease=lease, seen=found.next_at) == 1:
            taken.append(msgspec.structs.replace(found, tries=found.tries + 1, next_at=lease))
    return taken


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
