"""Limits on the size of a visit, which bound the cost of reading it and of adding to it.

Each kind of batch (records, office, customer's link, door codes) has its own allowance, so that nobody can exhaust it
for the others. Regular work stays far below: a long visit has some hundred entries.
"""

from collections.abc import Iterable, Iterator

import msgspec

from .entries import Entry

MIB = 2**20


class VisitLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits for each kind of batch of a visit. The other limits are derived from `entries`."""

    batches: int = 500
    entries: int = 3000
    size: int = 4 * MIB

    @property
    def evidence(self) -> int:
        """Pieces of evidence."""
        return self.entries

    @property
    def things(self) -> int:
        """Distinct things: each has its own findings and statement."""
        return max(1, self.entries // 50)

    @property
    def signatures(self) -> int:
        """Signatures and refusals: the judge renders the statement again for each of them."""
        return max(1, self.entries // 100)


class Written(msgspec.Struct, frozen=True):
    """A batch with its size in bytes."""

    kind: str
    size: int
    entries: tuple[Entry, ...]


def exceeded(limits: VisitLimits, kind: str, batches: Iterable[Written]) -> str:
    """The limit that the batches of a kind exceed, in words; else an empty text."""
    batches = [batch for batch in batches if batch.kind == kind]
    size, count = sum(batch.size for batch in batches), sum(len(batch.entries) for batch in batches)
    if len(batches) > limits.batches:
        return _at_most(limits.batches, "records", "份记录")
    if count > limits.entries:
        return _at_most(limits.entries, "entries", "个条目")
    if size > limits.size:
        return _at_most(limits.size, "bytes", "字节")
    # the rest is only counted where size or number of entries leave it possible: hardly ever
    if (
        size > limits.evidence * _MIN_EVIDENCE_BYTES
        and sum(len(e.evidence) for e in _entries(batches)) > limits.evidence
    ):
        return _at_most(limits.evidence, "pieces of evidence", "件证据")
    if count > limits.things and len({entry.thing for entry in _entries(batches)} - {None}) > limits.things:
        return _at_most(limits.things, "different things", "样物品")
    if count > limits.signatures and sum(map(_is_signature_or_refusal, _entries(batches))) > limits.signatures:
        return _at_most(limits.signatures, "signatures and refusals", "次签名或拒签")
    return ""


_MIN_EVIDENCE_BYTES = 12  # of JSON, for one piece of evidence


def _entries(batches: list[Written]) -> Iterator[Entry]:
    return (entry for batch in batches for entry in batch.entries)


def _is_signature_or_refusal(entry: Entry) -> bool:
    if entry.refused is not None:
        return True
    return bool(entry.evidence) and any(piece.kind == "signature" for piece in entry.evidence)  # most have none


def _at_most(number: int, en: str, zh: str) -> str:
    return f"最多 {number} {zh} / at most {number} {en}"
