"""Files on their way into the store: announced before their bytes are there, until their row in `blobs` is.

A file without a row in `blobs` can only be one that was announced here and whose row never came: a crash was faster,
or the signature was refused whose picture it is. What this database never announced is not its own to take away.
"""

from service.db.database import BatchStatement, Transaction

HOUR_MS = 3_600_000  # ms: whoever was taking a file out of the store has ended, or given up


async def announce_blob(tx: Transaction, file: bytes, at: int) -> bool:
    """A file is about to be put into the store. False while the sweep takes it out, for an hour at most."""
    return await tx.execute("announce_blob", sha256=file, at=at, left_before=at - HOUR_MS) == 1


def blob_stored(file: bytes) -> BatchStatement:
    """Its row in `blobs` is written in the same transaction. No row: the sweep was faster, and its bytes are gone.

    Who lands a file and who condemns it wait for one another at its row.
    """
    return "delete_pending_blob", {"sha256": file}


async def list_expired(tx: Transaction, came_before: int, left_before: int, after: bytes, size: int) -> list[bytes]:
    """Files announced before a time (ms UTC) that have not landed, and those whose removal began before another one and
    did not end; the next `size` after a digest."""
    times = {"came_before": came_before, "left_before": left_before}
    return [bytes(row[0]) for row in await tx.fetch_all("stale_pending_blobs", **times, after=after, size=size)]


async def mark_for_deletion(tx: Transaction, file: bytes, at: int, came_before: int) -> bool:
    """The sweep is about to take a file out of the store. False when it landed, was announced again, or somebody else
    takes it out."""
    changed = await tx.execute(
        "mark_blob_for_deletion", sha256=file, at=at, came_before=came_before, left_before=at - HOUR_MS
    )
    if changed and await tx.fetch_one("stored_blob", sha256=file) is None:
        return True
    if changed:  # its row came with another announcement
        await clear_mark(tx, file, at)
    return False


async def clear_mark(tx: Transaction, file: bytes, at: int) -> None:
    """What was condemned at this time is done with: now it may come again."""
    await tx.execute("clear_deletion_mark", sha256=file, at=at)
