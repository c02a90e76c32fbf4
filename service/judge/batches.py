"""Batches of entries, which of them count, and the receipt a phone gets for a record."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from .entries import Entry, Origin
from .rules import CompiledChecklist


class Batch(msgspec.Struct, frozen=True):
    """What one writer sent at once: a phone's record, entries of the office, a customer's answer by link or scan.

    `received_at` is written on its entries; `device_clock` is what the device's clock showed when it sent a record.
    """

    id: str
    kind: Literal["record", "office", "link", "scan"]
    entries: tuple[Entry, ...]
    received_at: datetime
    device_clock: datetime | None = None


class IgnoredEntry(msgspec.Struct, frozen=True):
    """An entry that is kept and does not count, and why: `entry-changed`, `not-by-technician`, `unknown-item`."""

    entry: Annotated[str, msgspec.Meta(description="The entry's id.")]
    code: Annotated[
        str, msgspec.Meta(description="Why it does not count: entry-changed, not-by-technician or unknown-item.")
    ]


class MergedEntries(msgspec.Struct, frozen=True):
    """The entries of a visit that count, in the order in which they came, and per batch those that do not."""

    entries: list[Entry]
    ignored: dict[str, tuple[IgnoredEntry, ...]]


def merge_batches(rules: CompiledChecklist, batches: Sequence[Batch]) -> MergedEntries:
    """Which entries of the batches count. One wrong entry never costs the rest.

    The batches are in the order in which they were written.
    """
    known: dict[str, Entry] = {}
    ignored: dict[str, tuple[IgnoredEntry, ...]] = {}
    for batch in batches:
        via: Origin = batch.kind
        out: list[IgnoredEntry] = []
        for entry in batch.entries:
            # the server says how and when an entry came, whatever the writer put there
            msgspec.structs.force_setattr(entry, "via", via)
            msgspec.structs.force_setattr(entry, "received_at", batch.received_at)
            name = entry.id.lower()
            before = known.get(name)
            if before is not None:
                if not same_content(before, entry):
                    out.append(IgnoredEntry(entry.id, "entry-changed"))
            elif batch.kind == "record" and entry.by != "technician" and not _is_countersigned(rules, entry):
                out.append(IgnoredEntry(entry.id, "not-by-technician"))
            elif entry.withdraws is None and entry.what not in rules.by_id and entry.what not in rules.facts:
                out.append(IgnoredEntry(entry.id, "unknown-item"))
            else:
                known[name] = entry
        ignored[batch.id] = tuple(out)
    return MergedEntries(list(known.values()), ignored)


def same_content(one: Entry, other: Entry) -> bool:
    """Whether two entries say the same, whichever way and whenever they came."""
    if one != msgspec.structs.replace(other, via=one.via, received_at=one.received_at):
        return False
    # to Python 1, 1.0 and true are equal; on the wire they are not
    return not one.fields or msgspec.json.encode(one.fields) == msgspec.json.encode(other.fields)


def _is_countersigned(rules: CompiledChecklist, entry: Entry) -> bool:
    """A customer's entry in a technician's record: an act of an item that asks for a signature, with a signature."""
    rule = rules.by_id.get(entry.what)
    if entry.by != "customer" or rule is None or entry.withdraws is not None or entry.holds is False:
        return False
    if entry.says or entry.waived or entry.refused:
        return False
    asked = rule.item.evidence
    return "signature" in (*asked.min, *asked.strong) and any(
        piece.kind == "signature" and piece.sha256 for piece in entry.evidence
    )


SignatureStatus = Literal["verified", "wrong", "none"]
