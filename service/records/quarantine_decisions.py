"""A supervisor decides what becomes of an input in quarantine: take it again, or discard it."""

from typing import Literal
from uuid import UUID

import msgspec

from service.accounts import repository as accounts_repository
from service.accounts.authentication import sign_in
from service.context import House
from service.db.database import Tx
from service.devices import repository as devices_repository
from service.devices.signatures import signed
from service.errors import AlreadyDecided, NotFound
from service.visits.changes import Reason
from service.visits.receipt import Receipt
from service.web.decoding import decode

from . import repository, submit
from .manual_import import as_he_went
from .quarantine import QuarantinedInput, concerns, settled, shown
from .repository import KeptRow


class Decision(msgspec.Struct, frozen=True):
    """Take the input again (as its sender), or discard it; always with a reason."""

    decision: Literal["take", "discard"]
    reason: Reason


class Decided(msgspec.Struct, frozen=True):
    """The input as decided; with the receipt when it was taken."""

    quarantine: QuarantinedInput
    receipt: Receipt | None


decisions = msgspec.json.Decoder(Decision)


async def decide(house: House, token: bytes, kept: UUID, raw: bytes) -> Decided:
    """Take the input again, with its receipt, or discard it. What still cannot be taken stays undecided."""
    person = await sign_in(house, token, "decide quarantine")
    decision = decode(decisions, raw)

    async def work(tx: Tx) -> tuple[KeptRow, Receipt | None]:
        found = await repository.one(tx, kept)
        if found is None or not await concerns(tx, person, found):
            raise NotFound
        row = await settled(tx, found)
        if row.decision is None:
            receipt = await _take(house, tx, row) if decision.decision == "take" else None
            now = house.clock()
            first = await repository.decide(tx, kept, decision.decision, person.login, now, decision.reason)
            row = await repository.one(tx, kept) or row
            if first:
                return row, receipt
        # decided before, or just now by somebody else: then what was taken here is undone
        if row.decision != decision.decision or row.decided_by != person.login:
            raise AlreadyDecided
        return row, None

    row, receipt = await house.db.write(work)
    return Decided(shown(house, row), receipt)


async def _take(house: House, tx: Tx, row: KeptRow) -> Receipt:
    """Submit the bytes again, for the person who sent them."""
    try:
        record_id = UUID(row.path_id)
    except ValueError:
        raise NotFound from None
    sender = await accounts_repository.ever(tx, row.received_from)
    if sender is None:
        raise NotFound
    person = as_he_went(sender[0])
    return await submit.keep(house, tx, person, submit.read(house, record_id, row.body), await _source(tx, row))


async def _source(tx: Tx, row: KeptRow) -> submit.RecordOrigin:
    """The device that sent it, and what its signature is worth."""
    device = None if row.sent_by is None else await devices_repository.one(tx, row.sent_by)
    if device is None:
        return submit.RecordOrigin(signature=row.signature)
    return submit.RecordOrigin(device.id, row.signature, signed(device.public_key, row.signature, row.body))
