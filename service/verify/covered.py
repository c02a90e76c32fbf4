"""How `doorstep verify` checks that everything has a leaf since the log covers everything (`accounts/coverage`)."""

from collections import Counter

import msgspec

from service.accounts import coverage
from service.accounts.coverage import COVERAGE_ID, Coverage
from service.audit_log.erasures import Erasure
from service.audit_log.events import get_event
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.errors import Problem

from .rows import BATCH_SIZE, MAX_LISTED, format_id

_LISTS = {
    "sightings_without_leaf": "a network where somebody was ({}): no leaf in the log",
    "messages_unproven": "message {}: no attempt and no report says what became of it",
    "messages_contradicted": "message {}: it was delivered, and its row says otherwise",
}
_DECODER = msgspec.json.Decoder(Coverage)
_ERASURES = msgspec.json.Decoder(Erasure)


class Covered(msgspec.Struct, frozen=True):
    """Since which leaf (its number; None while it has none) and time (ms UTC) everything has a leaf."""

    number: int | None
    at: int
    rows: dict[str, int]

    def covers(self, number: int | None) -> bool:
        """Whether a leaf with this number, or without one, must commit to the columns of its row."""
        return self.number is not None and (number is None or number > self.number)


async def read_coverage(ctx: AppContext) -> Covered | None:
    """The coverage; None where nothing says since when there is one. (What was tampered with, its leaf shows.)"""
    try:
        return await _read_coverage(ctx)
    except Problem:
        raise
    except Exception:  # noqa: BLE001 - a row that was tampered with may raise anything
        return None


@read_only
async def _read_coverage(_: AppContext, tx: Transaction) -> Covered | None:
    row = await get_event(tx, COVERAGE_ID)
    if row is None:
        return None
    leaf = await tx.fetch_one("leaf", id=COVERAGE_ID.bytes)
    number = leaf[3] if leaf and isinstance(leaf[3], int) else None
    return Covered(number, row.at + 0, dict(_DECODER.decode(row.body).rows))


@read_only
async def check_coverage(_: AppContext, tx: Transaction, covered: Covered | None) -> list[str]:
    """No row has come or gone without a leaf since then, but for those that an erasure names."""
    if covered is None:
        return ["nothing says since when everything has a leaf"]
    found = await coverage.rows_without_leaf(tx)
    left = Counter(covered.rows)
    left.subtract(await _erased_without_leaf(tx) if covered.rows else {})
    faults = [
        f"{table}: {found.get(table, 0)} rows have no leaf, and {left[table]} are that old"
        for table in sorted({*found, *left})
        if _differs(table, found.get(table, 0), left[table])
    ]
    for query, fault in _LISTS.items():
        since = {"since": covered.at} if query == "sightings_without_leaf" else {}
        rows = await tx.fetch_all(query, **since, size=MAX_LISTED)
        faults += [fault.format(format_id(row[0])) for row in rows]
    return faults


async def _erased_without_leaf(tx: Transaction) -> Counter[str]:
    """How many of the rows from before were erased since, by table, as the erasures say."""
    gone, first = Counter[str](), b""
    while rows := await tx.fetch_all("erasures_from", first=first, size=BATCH_SIZE):
        for _, body in rows:
            gone.update(_ERASURES.decode(body).without_leaf)
        first = rows[-1][0] + b"\0"
    return gone


def _differs(table: str, found: int, covered: int) -> bool:
    """A code of an old link that is entered again gets an event; all other rows stay as they were."""
    return found > covered if table == "link_otps" else found != covered


def excused(kind: str, at: int, now: int) -> bool:
    """Whether the row of a leaf may be gone by itself: a network is forgotten after a day."""
    return kind == "sighting" and at < now - 86_400_000
