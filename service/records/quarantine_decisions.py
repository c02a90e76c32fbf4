"""A supervisor decides what becomes of an input in quarantine: take it again, or discard it."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate_token, require_permission
from service.context import AppContext
from service.db.database import Transaction
from service.devices import repository as devices_repository
from service.devices.signatures import verify_signature
from service.errors import AlreadyDecided, NotFound
from service.visits.changes import Reason
from service.visits.receipt import Receipt

from . import repository, submit
from .manual_import import with_technician_role
from .quarantine import QuarantinedInput, is_visible_to, resolve_resubmission, to_view
from .repository import QuarantineRow


class Decision(msgspec.Struct, frozen=True):
    """Take the input again (as its sender), or discard it; always with a reason."""

    decision: Annotated[Literal["take", "discard"], msgspec.Meta(description="Take the input again, or discard it.")]
    reason: Annotated[Reason, msgspec.Meta(description="Why.")]


class DecisionResult(msgspec.Struct, frozen=True):
    """The input as decided; with the receipt when it was taken."""

    quarantine: Annotated[QuarantinedInput, msgspec.Meta(description="The input as decided.")]
    receipt: Annotated[Receipt | None, msgspec.Meta(description="The record's receipt, where it was taken just now.")]


async def decide(ctx: AppContext, token: bytes, kept: UUID, decision: Decision) -> DecisionResult:
    """Take the input again, with its receipt, or discard it. What still cannot be taken stays undecided."""

    async def work(tx: Transaction) -> tuple[QuarantineRow, Receipt | None]:
        person = await authenticate_token(tx, token)
        require_permission(person, "decide quarantine")
        found = await repository.one(tx, kept)
        if found is None or not await is_visible_to(tx, person, found):
            raise NotFound
        row = await resolve_resubmission(tx, found)
        if row.decision is None:
            receipt = await _take(ctx, tx, row) if decision.decision == "take" else None
            now = ctx.clock()
            first = await repository.decide(tx, kept, decision.decision, person.login, now, decision.reason)
            row = await repository.one(tx, kept) or row
            if first:
                return row, receipt
        # decided before, or just now by somebody else: then what was taken here is undone
        if row.decision != decision.decision or row.decided_by != person.login:
            raise AlreadyDecided
        return row, None

    row, receipt = await ctx.db.write(work)
    return DecisionResult(to_view(ctx, row), receipt)


async def _take(ctx: AppContext, tx: Transaction, row: QuarantineRow) -> Receipt:
    """Submit the bytes again, for the person who sent them."""
    try:
        record_id = UUID(row.path_id)
    except ValueError:
        raise NotFound from None
    sender = await accounts_repository.find_including_former(tx, row.received_from)
    if sender is None:
        raise NotFound
    person = with_technician_role(sender[0])
    return await submit.store_record(
        ctx, tx, person, submit.decode_record(ctx, record_id, row.body), await _source(tx, row)
    )


async def _source(tx: Transaction, row: QuarantineRow) -> submit.RecordOrigin:
    """The device that sent it, and what its signature is worth."""
    device = None if row.sent_by is None else await devices_repository.get_device(tx, row.sent_by)
    if device is None:
        return submit.RecordOrigin(signature=row.signature)
    return submit.RecordOrigin(device.id, row.signature, verify_signature(device.public_key, row.signature, row.body))
