"""What the customer's copy says of the log: a proof for everything that was written about the visit."""

from datetime import datetime

import msgspec

from service.audit_log import checkpoints
from service.audit_log.receipts import LogEntry, open_prover
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.visits import batches
from service.visits.batches import BatchKind
from service.visits.customer_link import resolve_link
from service.web.language import PageText

KIND_WORDS: dict[BatchKind, PageText] = {
    "record": PageText("技术员的记录"),
    "office": PageText("公司的记录"),
    "link": PageText("您的答复"),
    "scan": PageText("上门时的核对"),
    "callback": PageText("回访记录"),
}


class LoggedBatch(msgspec.Struct, frozen=True):
    """Something that was written about the visit, and its place in the log."""

    words: PageText
    at: datetime
    sha256: str
    entry: LogEntry


class CopyLog(msgspec.Struct, frozen=True):
    """The part of a copy that is about the log. `key` is the verifier key, which `address` shows too."""

    batches: tuple[LoggedBatch, ...]
    key: str
    address: str

    @property
    def proofs(self) -> str:
        """All proofs, one after the other; a line for each record that has none yet, so that the check reports it."""
        return "\n".join(one.entry.proof or f"unproven {one.sha256}\n" for one in self.batches)

    @property
    def unproven(self) -> int:
        """How many no checkpoint covers yet."""
        return sum(one.entry.proof is None for one in self.batches)


async def log_of_visit(ctx: AppContext, token: str) -> CopyLog:
    """What was written about the visit of a link, with proofs. What was written just now, such as the signature, gets
    a checkpoint of its own: people save their copy at once, and once."""
    found = await _read(ctx, token)
    if not found.unproven:
        return found
    await checkpoints.settle(ctx)
    return await _read(ctx, token)


@read_only
async def _read(ctx: AppContext, tx: Transaction, token: str) -> CopyLog:
    """The bytes are in the proof only of what came over the link: what others wrote may name more than the customer is
    shown, and its digest proves it as well."""
    _, row = await resolve_link(ctx, tx, token, lock=False)
    prover = await open_prover(tx)
    found = [
        LoggedBatch(
            KIND_WORDS[batch.kind],
            ctx.to_local_time(batch.received_at),
            batch.sha256.hex(),
            await batches.log_entry(prover, batch, with_body=batch.kind == "link"),
        )
        for batch in await batches.batches_of(tx, row.id)
    ]
    return CopyLog(tuple(found), checkpoints.verifier_key(ctx), f"{ctx.company.url}/log/key")
