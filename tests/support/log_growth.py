"""Leaves for tests of the log: they stand for nothing."""

from secrets import token_hex

from service.audit_log import checkpoints
from service.context import AppContext
from service.db.database import Transaction


async def grow(ctx: AppContext, count: int, *, sign: bool = True) -> None:
    """Add leaves; with `sign` number and sign them."""

    async def add(tx: Transaction) -> None:
        for _ in range(count):
            leaf = b'{"c":"%s","s":1,"t":"policy"}' % token_hex(32).encode()
            await tx.execute("add_leaf", id=ctx.new_id().bytes, leaf=leaf, at=1)

    await ctx.db.write(add)
    if sign:
        await checkpoints.settle(ctx)
