"""Batches of entries, and which of their entries count."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from .entries import Entry, Origin
from .rules import CompiledChecklist

SignatureStatus = Literal["verified", "wrong", "none"]


class Batch(msgspec.Struct, frozen=True):
    """Entries written together: a phone's record, the office's entries, or a customer's answer via link or door code.

    `device_clock` is what the device's clock showed when it sent the record; `correction` is what the record answers.
    """

    id: str
    kind: Literal["record", "office", "link", "scan", "callback"]
    entries: tuple[Entry, ...]
    received_at: datetime
    device_clock: datetime | None = None
    correction: str | None = None


class IgnoredEntry(msgspec.Struct, frozen=True):
    """An entry that is stored but does not count."""

    entry: Annotated[str, Meta(description="The entry's id.")]
    code: Annotated[str, Meta(description="Why it does not count: entry-changed, not-by-technician or unknown-item.")]


class MergedEntries(msgspec.Struct, frozen=True):
    """The entries of a visit that count, in order of arrival, and per batch those that do not."""

    entries: list[Entry]
    ignored: dict[str, tuple[IgnoredEntry, ...]]


def merge_batches(rules: CompiledChecklist, batches: Sequence[Batch]) -> MergedEntries:
    """Merge batches, given in order of arrival. An invalid entry is ignored; the rest of its batch still counts.

    Sets `via` and `received_at` of every entry, whatever the client sent there.
    """
    known: dict[str, Entry] = {}
    ignored: dict[str, tuple[IgnoredEntry, ...]] = {}
    for batch in batches:
        via: Origin = batch.kind
        rejected: list[IgnoredEntry] = []
        for entry in batch.entries:
            msgspec.structs.force_setattr(entry, "via", via)
            msgspec.structs.force_setattr(entry, "received_at", batch.received_at)
            entry_id = entry.id.lower()
            previous = known.get(entry_id)
            if previous is not None:
                if not same_content(previous, entry):
                    rejected.append(IgnoredEntry(entry.id, "entry-changed"))
            elif batch.kind == "record" and entry.by != "technician" and not _is_countersigned(rules, entry):
                rejected.append(IgnoredEntry(entry.id, "not-by-technician"))
            elif entry.withdraws is None and entry.what not in rules.by_id and entry.what not in rules.facts:
                rejected.append(IgnoredEntry(entry.id, "unknown-item"))
            else:
                known[entry_id] = entry
        ignored[batch.id] = tuple(rejected)
    return MergedEntries(list(known.values()), ignored)


def same_content(first: Entry, second: Entry) -> bool:
    """Whether two entries are equal apart from how and when they arrived."""
    if _content(first) != _content(second):
        return False
    # 1, 1.0 and True are equal in Python, but not in JSON
    return not first.fields or msgspec.json.encode(first.fields) == msgspec.json.encode(second.fields)


def _content(entry: Entry) -> dict[str, Any]:
    """What the author wrote. Structs are equal only to those of their own class, and decoders have their own."""
    content: dict[str, Any] = msgspec.to_builtins(entry, builtin_types=(datetime,))
    return {name: value for name, value in content.items() if name not in ("via", "received_at")}


def _is_countersigned(rules: CompiledChecklist, entry: Entry) -> bool:
    """Whether a customer's entry in a technician's record is a signed act of an item that requires a signature."""
    rule = rules.by_id.get(entry.what)
    if entry.by != "customer" or rule is None or entry.withdraws is not None or entry.holds is False:
        return False
    if entry.says or entry.waived or entry.refused:
        return False
    required = rule.item.evidence
    return "signature" in (*required.min, *required.strong) and any(
        piece.kind == "signature" and piece.sha256 for piece in entry.evidence
    )
