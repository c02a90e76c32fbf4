"""Pending blobs: announced in the database before their bytes are put into the store, until `blobs` has their row.

A file without a row in `blobs` was announced here and then lost its row: in a crash, or with a signature that was
refused. Files that this database never announced are not its own to delete.
"""

from service.db.database import BatchStatement, Transaction

HOUR_MS = 3_600_000  # after which a deletion has ended or was given up


async def announce_blob(tx: Transaction, file: bytes, at: int) -> bool:
    """Announce a file before it is put into the store. False while the sweeper deletes it, for an hour at most."""
    return await tx.execute("announce_blob", sha256=file, at=at, left_before=at - HOUR_MS) == 1


def blob_stored(file: bytes) -> BatchStatement:
    """The statement to run in the transaction that adds the row of `blobs`. No row changed: the sweeper was faster, and
    the bytes are gone. Both lock the row of the pending blob."""
    return "delete_pending_blob", {"sha256": file}


async def list_expired(tx: Transaction, came_before: int, left_before: int, after: bytes, size: int) -> list[bytes]:
    """The next `size` files after a digest that were announced before `came_before` (ms UTC) and never stored, or whose
    deletion began before `left_before` and did not end."""
    times = {"came_before": came_before, "left_before": left_before}
    return [bytes(row[0]) for row in await tx.fetch_all("stale_pending_blobs", **times, after=after, size=size)]


async def mark_for_deletion(tx: Transaction, file: bytes, at: int, came_before: int) -> bool:
    """Mark a file that the sweeper is about to delete. False when it was stored, was announced again, or is being
    deleted by another process."""
    changed = await tx.execute(
        "mark_blob_for_deletion", sha256=file, at=at, came_before=came_before, left_before=at - HOUR_MS
    )
    if changed and await tx.fetch_one("stored_blob", sha256=file) is None:
        return True
    if changed:  # it was stored after another announcement
        await clear_mark(tx, file, at)
    return False


async def clear_mark(tx: Transaction, file: bytes, at: int) -> None:
    """Remove the mark after the deletion that began at this time, so that the file may be stored again."""
    await tx.execute("clear_deletion_mark", sha256=file, at=at)
