"""How `doorstep verify` tells an erasure from a crime.

The leaf of an erasure commits to the ids of all rows that it removed. So a row is gone rightly only if an erasure with
a leaf names it; somebody who deletes a row and writes that it was erased has no such leaf.
"""

import msgspec

from service.audit_log.erasures import ErasedVisit, Erasure, rows_digest
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.db.rows import fetch_structs

from .rows import check_rows, collect_faults, list_all_faults

_LISTS = {
    "erased_without_erasure": "{}: it is said to be erased, and no erasure says so",
    "erased_visits_there": "visit {}: it is said to be erased, and it is there",
    "erased_visits_unnamed": "visit {}: it is said to be erased, and its erasure does not name it",
}
_decoder = msgspec.json.Decoder(Erasure)


async def check(ctx: AppContext) -> list[str]:
    """The faults of erasures."""
    faults = await list_all_faults(ctx, "what was erased cannot be read", _LISTS)
    checked = check_rows(ctx, "erasures", "erasure", _check_erasure)
    return faults + await collect_faults("erasures cannot be listed", checked)


@read_only
async def _check_erasure(_: AppContext, tx: Transaction, key: bytes) -> list[str]:
    row = await tx.fetch_one("erasure", id=key)
    if row is None:
        return ["it is gone"]
    erasure = _decoder.decode(row[3])
    gone = [(bytes(one), kind) for one, kind in await tx.fetch_all("rows_of_erasure", erasure=key)]
    reduced = [
        (bytes(one), bytes(digest).hex()) for one, digest in await tx.fetch_all("reduced_of_erasure", erasure=key)
    ]
    rows = reduced if erasure.what == "positions" else gone  # an erasure names rows of one of the two, never of both
    faults: list[str] = []
    if len(gone) + len(reduced) != erasure.rows or rows_digest(dict(rows)) != erasure.digest:
        faults.append("the rows that are gone are not those that it names")
    if await fetch_structs(tx, ErasedVisit, "kept_of_erasure", erasure=key) != ([erasure.kept] if erasure.kept else []):
        faults.append("what remains of the visit is not what it says")
    return faults
