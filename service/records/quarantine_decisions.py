"""Decisions about inputs in quarantine: submit them again, or discard them."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate_token, require_permission
from service.context import AppContext, transaction
from service.db.database import Transaction
from service.devices import repository as devices_repository
from service.devices.signatures import verify_signature
from service.errors import AlreadyDecided, NotFound
from service.visits.changes import Reason
from service.visits.receipt import Receipt

from . import repository, submit
from .manual_import import with_technician_role
from .quarantine import QuarantinedInput, is_visible_to, resolve_resubmission, to_view
from .repository import DecisionKind, QuarantineRow


class Decision(msgspec.Struct, frozen=True):
    """Submit the input again, as its sender, or discard it."""

    decision: Annotated[DecisionKind, Meta(description="take: submit the input again; discard: do not.")]
    reason: Annotated[Reason, Meta(description="Why.")]


class DecisionResult(msgspec.Struct, frozen=True):
    """The input as decided."""

    quarantine: Annotated[QuarantinedInput, Meta(description="The input as decided.")]
    receipt: Annotated[Receipt | None, Meta(description="The record's receipt, if this request submitted the input.")]


@transaction
async def decide(ctx: AppContext, tx: Transaction, token: bytes, input_id: UUID, decision: Decision) -> DecisionResult:
    """Decide about an input. If it cannot be submitted, the problem is raised and it stays undecided."""
    person = await authenticate_token(tx, token)
    require_permission(person, "decide quarantine")
    row = await repository.get_input(tx, input_id)
    if row is None or not await is_visible_to(tx, person, row):
        raise NotFound
    row = await resolve_resubmission(tx, row)
    if row.decision is None:
        receipt = await _resubmit(ctx, tx, row) if decision.decision == "take" else None
        args = (decision.decision, person.login, ctx.clock(), decision.reason)
        is_first = await repository.record_decision(tx, input_id, *args)
        row = await repository.get_input(tx, input_id) or row
        if is_first:
            return DecisionResult(to_view(ctx, row), receipt)
    # decided before, or just now by somebody else: then the problem rolls the submission back
    if row.decision != decision.decision or row.decided_by != person.login:
        raise AlreadyDecided
    return DecisionResult(to_view(ctx, row), None)


async def _resubmit(ctx: AppContext, tx: Transaction, row: QuarantineRow) -> Receipt:
    try:
        record_id = UUID(row.path_id)
    except ValueError:
        raise NotFound from None
    sender = await accounts_repository.find_including_former(tx, row.received_from)
    if sender is None:
        raise NotFound
    device = None if row.sent_by is None else await devices_repository.get_device(tx, row.sent_by)
    origin = submit.RecordOrigin(signature=row.signature)
    if device is not None:
        status = verify_signature(device.public_key, row.signature, row.body)
        origin = submit.RecordOrigin(device.id, row.signature, status)
    record = submit.decode_record(ctx, record_id, row.body)
    return await submit.store_record(ctx, tx, with_technician_role(sender[0]), record, origin)
