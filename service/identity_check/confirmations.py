"""Codes at the door that customers confirmed, each once. Apart, because `doorstep verify` reads them too."""

from uuid import UUID, uuid5

from service.audit_log import log
from service.audit_log.sources import LoggedRow, finds_rows_of
from service.db.database import Transaction


async def add_confirmation(tx: Transaction, code: bytes, visit: UUID, login: str, at: int) -> bool:
    """Record that a code of a technician was confirmed, with a leaf; False if it was before."""
    scan, salt = uuid5(visit, f"scan {code.hex()}"), log.new_salt()
    params = {"code": code, "visit": visit.bytes, "login": login, "at": at, "id": scan.bytes, "salt": salt}
    leaf = log.columns_leaf("scan", scan, salt, at, code=code.hex(), visit=visit, login=login)
    return await log.add_with_leaf(tx, ("add_door_confirmation", params), leaf)


@finds_rows_of("scan")
async def find_logged_scan(tx: Transaction, id: UUID) -> LoggedRow | None:
    """A code that a customer confirmed, as its leaf commits to it."""
    row = await tx.fetch_one("scan_of_leaf", id=id.bytes)
    if row is None:
        return None
    code, visit, login, at, salt = row
    return log.columns_row("scan", id, salt, at, code=code.hex(), visit=UUID(bytes=visit), login=login)
