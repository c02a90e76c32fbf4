"""Decisions about inputs in quarantine: submit them again, or discard them."""

from hashlib import sha256
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import Person, can_view_visit
from service.audit_log import erasures
from service.context import AppContext, transaction
from service.db.database import Transaction
from service.devices import repository as devices_repository
from service.devices.signatures import verify_signature
from service.errors import AlreadyDecided, NotFound, NotYourVisit
from service.visits import batches
from service.visits import repository as visits_repository
from service.visits.changes import Reason
from service.visits.receipt import Receipt

from . import repository, submit
from .manual_import import with_technician_role
from .quarantine import QuarantinedInput, is_visible_to, resolve_resubmission, to_view
from .repository import DecisionKind, QuarantineRow

MENDED = "收下的是改正后的记录 / a mended copy was taken"
Copy = Annotated[str, Meta(min_length=1, max_length=2**20)]


class Decision(msgspec.Struct, frozen=True):
    """Submit the input again, as its sender, or a mended copy of it; or discard it."""

    decision: Annotated[DecisionKind, Meta(description="take: submit the input again; discard: do not.")]
    reason: Annotated[Reason, Meta(description="Why.")]
    body: Annotated[
        Copy | None, Meta(description="With take: a mended copy, the record's JSON as text, to submit instead.")
    ] = None

    def __post_init__(self) -> None:
        if self.body is not None and self.decision != "take":
            raise ValueError("a mended copy goes with take - at `$.body`")


class DecisionResult(msgspec.Struct, frozen=True):
    """The input as decided."""

    quarantine: Annotated[QuarantinedInput, Meta(description="The input as decided.")]
    receipt: Annotated[
        Receipt | None,
        Meta(description="The record's receipt, if this request submitted the input and the caller may see its visit."),
    ]


@transaction
async def decide(ctx: AppContext, tx: Transaction, token: bytes, input_id: UUID, decision: Decision) -> DecisionResult:
    """Decide about an input. If it, or its mended copy, cannot be submitted, the problem is raised and it stays
    undecided."""
    person = await authenticate_token(tx, token)
    require_permission(person, "decide quarantine")
    row = await repository.get_input(tx, input_id)
    if row is None:
        await erasures.refuse_erased(tx, input_id)
    if row is None or not await is_visible_to(tx, person, row):
        raise NotFound
    copy = None if decision.body is None else decision.body.encode()
    if copy is not None:
        require_permission(person, "take in records")
    row = await resolve_resubmission(tx, row)
    if row.decision is None:
        receipt = None
        if decision.decision == "take":
            receipt = await (_resubmit(ctx, tx, row) if copy is None else _submit_copy(ctx, tx, row, person, copy))
            if not await _may_see(tx, person, receipt):
                receipt = None  # the sender's visit is in another area: its findings are not theirs to read
        reason = decision.reason if copy is None else f"{MENDED}: {decision.reason}"
        args = (decision.decision, person.login, ctx.clock(), reason)
        is_first = await repository.record_decision(tx, input_id, *args)
        row = await repository.get_input(tx, input_id) or row
        if is_first:
            return DecisionResult(to_view(ctx, row), receipt)
    # decided before, or just now by somebody else: then the problem rolls the submission back
    same = (row.decision, row.decided_by) == (decision.decision, person.login)
    if not same or not await _is_taken_as(tx, row, copy):
        raise AlreadyDecided
    return DecisionResult(to_view(ctx, row), None)


async def _may_see(tx: Transaction, person: Person, receipt: Receipt) -> bool:
    visit = await visits_repository.get_visit(tx, UUID(receipt.visit))
    return visit is not None and can_view_visit(person, visit.technician, visit.crew, visit.area)


async def _is_taken_as(tx: Transaction, row: QuarantineRow, copy: bytes | None) -> bool:
    """Whether these are the bytes that an earlier decision took."""
    if copy is None:
        return not (row.reason or "").startswith(MENDED)
    record = await batches.get_batch(tx, _record_id(row))
    return record is not None and record.sha256 == sha256(copy).digest()


async def _submit_copy(ctx: AppContext, tx: Transaction, row: QuarantineRow, person: Person, copy: bytes) -> Receipt:
    """Store a mended copy under the id of the original, as its sender's record that the person took in."""
    record = submit.decode_record(ctx, _record_id(row), copy)
    visit = await visits_repository.lock_visit(tx, record.visit)
    if visit is not None and not can_view_visit(person, visit.technician, visit.crew, visit.area):
        raise NotFound
    sender = await accounts_repository.find_including_former(tx, row.received_from)
    if sender is None:
        raise NotFound
    if row.received_from == person.login:
        raise NotYourVisit
    origin = submit.RecordOrigin(taken_in_by=person.login)
    return await submit.store_record(ctx, tx, with_technician_role(sender[0]), record, origin)


def _record_id(row: QuarantineRow) -> UUID:
    try:
        return UUID(row.path_id)
    except ValueError:
        raise NotFound from None


async def _resubmit(ctx: AppContext, tx: Transaction, row: QuarantineRow) -> Receipt:
    record_id = _record_id(row)
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
