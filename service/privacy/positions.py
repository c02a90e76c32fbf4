"""Reducing the positions in records: where a technician was at what moment is sensitive, and after a while nobody needs
it to the metre. What is left is the square of some 100 metres, so that each verdict stays as it is.

The row keeps the digest of the bytes that were received, by which a repetition is known; `reduced_records` has that of
what is left, and the leaf of the erasure commits to it.
"""

from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from service.audit_log.erasures import Erasure
from service.context import AppContext, transaction
from service.db.database import Row, Transaction
from service.readable_json import readable
from service.visits import repository as visits_repository
from service.web.decoding import to_json

from . import erasing, holds

GRID_DIGITS = 3
"""Of a degree: 111 metres from south to north, some 95 from west to east in Shanghai."""
SIZE = 50
BY = "the service"


async def find(ctx: AppContext, since: int, before: int, after: tuple[int, bytes]) -> list[Row]:
    """The next batches that were received in a time, and are not reduced yet."""
    limits = {"since": since, "before": before, "after_at": after[0], "after_id": after[1], "size": SIZE}
    return await ctx.db.read(lambda tx: tx.fetch_all("batches_between", **limits))


def reduced(body: bytes) -> bytes | None:
    """The bytes with coarse positions; None if there are none in them, or they cannot be read."""
    if b'"lat"' not in body:
        return None
    try:
        content = msgspec.json.decode(readable(body))
        entries = content["entries"]
        found = [_reduce(entry.get("place")) for entry in entries]
        found += [_reduce(piece) for entry in entries for piece in entry.get("evidence") or ()]
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return None
    return to_json(content) if any(found) else None


def _reduce(place: Any) -> bool:
    """Make a position coarse; whether it was fine."""
    if not isinstance(place, dict):
        return False
    given: dict[str, Any] = place  # pyright: ignore[reportUnknownVariableType]
    fine = given.pop("accuracy_m", None) is not None
    for name in ("lat", "lon"):
        value = given.get(name)
        if isinstance(value, int | float) and round(value, GRID_DIGITS) != value:
            given[name], fine = round(value, GRID_DIGITS), True
    return fine


@transaction
async def reduce(ctx: AppContext, tx: Transaction, rows: list[Row]) -> int:
    """Reduce some batches; returns how many had positions. Those of visits that are held stay.

    What holds or erases a visit has its lock too, so it is done before, and found here, or afterwards.
    """
    less = {(bytes(visit), bytes(key)): body for key, visit, _, whole in rows if (body := reduced(bytes(whole)))}
    free: dict[bytes, bool] = {}
    for visit in sorted({visit for visit, _ in less}):
        is_there = await visits_repository.lock_visit(tx, UUID(bytes=visit)) is not None
        free[visit] = is_there and not await holds.is_held(ctx, tx, UUID(bytes=visit))
    found = {
        key: body
        for (visit, key), body in less.items()
        if free[visit] and await tx.fetch_one("reduced_record", id=key) is None  # by another server meanwhile
    }
    if not found:
        return 0
    erasure = ctx.new_id()
    digests = {key: sha256(body).digest() for key, body in found.items()}
    about = Erasure(what="positions", subject="batches", by=BY, why="term", rows=0, digest="")
    await erasing.add_reduction(ctx, tx, erasure, about, {key: digest.hex() for key, digest in digests.items()})
    for key, body in found.items():
        await tx.execute("add_reduced_record", id=key, sha256=digests[key], erasure=erasure.bytes)
        await tx.execute("reduce_batch", id=key, body=body)
    return len(found)
