"""The outbox: messages to customers, and each attempt to deliver them."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Literal
from uuid import UUID, uuid5

import msgspec

from service.accounts.sealing import SealedColumn
from service.audit_log import log
from service.audit_log.sources import LoggedRow, finds_rows_of
from service.context import AppContext
from service.db.database import BatchStatement, Transaction
from service.db.rows import fetch_struct, fetch_structs, to_params

MessageState = Literal["waiting", "taken", "delivered", "refused", "failed", "given_up", "withdrawn"]
AttemptOutcome = Literal["taken", "delivered", "failed", "refused"]
DeliveryOutcome = Literal["taken", "delivered", "failed", "refused", "unknown"]
ReportedState = Literal["taken", "delivered", "failed"]
PLACEHOLDERS = SealedColumn("messages.placeholders", "placeholders", "replace_placeholders")
ON_THEIR_WAY: tuple[MessageState, ...] = ("waiting", "taken", "delivered")
"""States of messages that arrived or still may."""
MIN_WAIT_MS, MAX_WAIT_MS = 5_000, 3_600_000  # between attempts; each wait is twice the one before
SHORT_WAITS = 4  # attempts after which the wait is shorter than a lease
NORMAL, URGENT, AT_THE_DOOR = 0, 1, 2
"""Priorities of messages: it goes when its turn comes; somebody waits for a technician; somebody is at the door."""
ROOM = {NORMAL: 8, URGENT: 12, AT_THE_DOOR: 16}
"""How many messages of a channel may be on their way at once when one of this priority joins them: however slow a
gateway is, there is room left for what is more urgent."""
CLOCK_SKEW_MS = 300_000  # a claim by a server whose clock is further ahead may be repeated: the message goes out twice


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message. `next_at`: when the next attempt is due, None if there is none; times are ms UTC.

    `occasion`: what the customer is informed of (`kinds.Occasion`). `variables`: JSON, the values of the
    registered template; None for a text of somebody's own. `link`: the link that it carries. `not_before`: it waits
    until then. `withdrawn_because`: the kind of change that outdated it, or the code of the problem for which it could
    not be sent any more.
    """

    id: UUID
    visit: UUID
    about: str
    channel: str
    recipient: str
    text: str
    placeholders: bytes | None
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
    occasion: str = ""
    variables: bytes | None = None
    not_before: int | None = None
    link: UUID | None = None
    salt: bytes | None = None  # of its leaf; None for a message that is older than those
    priority: int = NORMAL


class DeliveryRow(msgspec.Struct, frozen=True):
    """One attempt, or (with the number 0) a report of the gateway."""

    message: UUID
    number: int
    at: int
    outcome: DeliveryOutcome
    detail: str


def seal_placeholders(ctx: AppContext, id: UUID, values: Mapping[str, str]) -> bytes:
    """Links and codes for the customer, as they wait in the database."""
    return ctx.keys.sealer.seal(msgspec.json.encode(values), PLACEHOLDERS.name, id.bytes)


def open_placeholders(ctx: AppContext, row: MessageRow) -> dict[str, str]:
    """The links and codes in a message that waits. CannotOpen when somebody changed them."""
    if row.placeholders is None:
        return {}
    return msgspec.json.decode(
        ctx.keys.sealer.open(row.placeholders, PLACEHOLDERS.name, row.id.bytes), type=dict[str, str]
    )


async def add_message(tx: Transaction, row: MessageRow) -> bool:
    """Put a message into the outbox, due at once or at `not_before`. False if its id is taken."""
    salted = msgspec.structs.replace(row, salt=log.new_salt())
    params = to_params(salted) | {"next_at": row.created_at if row.not_before is None else row.not_before}
    return await log.add_with_leaf(tx, ("add_message", params), _message_leaf(salted))


async def message(tx: Transaction, id: UUID) -> MessageRow | None:
    """One message."""
    return await fetch_struct(tx, MessageRow, "message", id=id.bytes)


async def messages_of(tx: Transaction, visit_id: UUID) -> list[MessageRow]:
    """All messages about a visit, the oldest first."""
    return await fetch_structs(tx, MessageRow, "messages_of", visit=visit_id.bytes)


async def deliveries_of(tx: Transaction, visit_id: UUID) -> list[DeliveryRow]:
    """All attempts to deliver messages about a visit, and the gateway's reports."""
    return await fetch_structs(tx, DeliveryRow, "deliveries_of", visit=visit_id.bytes)


async def claim_due(tx: Transaction, channel: str, now: int, lease: int, on_their_way: int = 0) -> list[MessageRow]:
    """Claim due messages of a channel for one worker, the most urgent first, as many as there is `ROOM` for beside what
    it has on its way; if it dies, they are due again at `lease`.

    A message that waits longer than any wait lasts was written by a clock that was ahead: it is due too. An attempt of
    which nothing was recorded may have reached the gateway: it is recorded as unknown.
    """
    limits = {"short_waits": SHORT_WAITS, "soon": lease + CLOCK_SKEW_MS, "late": now + MAX_WAIT_MS + CLOCK_SKEW_MS}
    claimed: list[MessageRow] = []
    size = max(ROOM.values()) - on_their_way
    for found in await fetch_structs(tx, MessageRow, "messages_due", channel=channel, now=now, size=size, **limits):
        if on_their_way + len(claimed) >= ROOM[found.priority]:
            break  # those that follow are not more urgent
        if await tx.execute("claim_message", id=found.id.bytes, lease=lease, previous=found.next_at) == 1:
            claimed.append(msgspec.structs.replace(found, tries=found.tries + 1, next_at=lease))
            if found.tries:
                await _add_delivery(tx, DeliveryRow(found.id, found.tries, now, "unknown", "interrupted"))
    return claimed


async def record_attempt(
    tx: Transaction,
    row: MessageRow,
    at: int,
    outcome: DeliveryOutcome,
    detail: str,
    state: MessageState,
    next_at: int | None,
) -> bool:
    """Record an attempt and the message's new state. False if the message was settled or withdrawn meanwhile."""
    await _add_delivery(tx, DeliveryRow(row.id, row.tries, at, outcome, detail))
    return await tx.execute("settle_message", id=row.id.bytes, state=state, next_at=next_at, number=row.tries) == 1


async def record_report(tx: Transaction, id: UUID, at: int, state: ReportedState, reason: str) -> bool:
    """Record a gateway's report and the message's new state. False if the same was reported before, or the report says
    nothing new: what was delivered stays delivered."""
    leaf_id, salt, said = uuid5(id, f"report {state}"), log.new_salt(), {"state": state, "reason": reason}
    params = {"message": id.bytes, "at": at, **said, "id": leaf_id.bytes, "salt": salt}
    leaf = log.columns_leaf("report", leaf_id, salt, at, message=id, **said)
    if not await log.add_with_leaf(tx, ("add_delivery_report", params), leaf):
        return False
    return await tx.execute("report_message", id=id.bytes, state=state) == 1


async def withdraw(tx: Transaction, id: UUID, at: int, because: str) -> bool:
    """Withdraw one waiting message."""
    return await tx.execute("withdraw_message", id=id.bytes, at=at, because=because) == 1


async def cancel_pending(tx: Transaction, visit_id: UUID, at: int, because: str) -> None:
    """Withdraw the waiting messages about a (locked) visit, which a change of the kind `because` outdated: those to a
    wrong number all, others only those that say who comes and when."""
    await tx.execute("withdraw_messages", visit=visit_id.bytes, at=at, because=because)


def _columns(row: MessageRow) -> dict[str, UUID | str | int | None]:
    """What never changes of a message, as its leaf commits to it."""
    variables = None if row.variables is None else sha256(row.variables).hexdigest()
    return {
        "visit": row.visit,
        "about": row.about,
        "channel": row.channel,
        "recipient": row.recipient,
        "text": row.text,
        "entries": sha256(row.entries).hexdigest(),
        "sha256": row.sha256.hex(),
        "created_by": row.created_by,
        "give_up_at": row.give_up_at,
        "occasion": row.occasion,
        "variables": variables,
        "not_before": row.not_before,
        "link": row.link,
    }


def _message_leaf(row: MessageRow) -> BatchStatement:
    return log.columns_leaf("message", row.id, row.salt or b"", row.created_at, **_columns(row))


async def _add_delivery(tx: Transaction, row: DeliveryRow) -> None:
    leaf_id, salt = uuid5(row.message, f"attempt {row.number}"), log.new_salt()
    said = {"number": row.number, "outcome": row.outcome, "detail": row.detail}
    params = {"message": row.message.bytes, "at": row.at, **said, "id": leaf_id.bytes, "salt": salt}
    leaf = log.columns_leaf("delivery", leaf_id, salt, row.at, message=row.message, **said)
    await log.add_with_leaf(tx, ("add_delivery", params), leaf)


@finds_rows_of("message")
async def find_logged_message(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A message, as its leaf commits to it."""
    row = await message(tx, id)
    return row and log.columns_row("message", id, row.salt, row.created_at, **_columns(row))


@finds_rows_of("delivery")
async def find_logged_delivery(tx: Transaction, id: UUID) -> LoggedRow | None:
    """An attempt to deliver a message, as its leaf commits to it."""
    row = await tx.fetch_one("delivery_of_leaf", id=id.bytes)
    if row is None:
        return None
    message, number, at, outcome, detail, salt = row
    said = {"number": number, "outcome": outcome, "detail": detail}
    return log.columns_row("delivery", id, salt, at, message=UUID(bytes=message), **said)


@finds_rows_of("report")
async def find_logged_report(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A gateway's report, as its leaf commits to it."""
    row = await tx.fetch_one("report_of_leaf", id=id.bytes)
    if row is None:
        return None
    message, state, at, reason, salt = row
    return log.columns_row("report", id, salt, at, message=UUID(bytes=message), state=state, reason=reason)
