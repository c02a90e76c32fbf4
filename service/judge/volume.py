"""How much one visit may hold, so that every look at it and every record for it costs a bounded amount of work.

Each kind of batch has as much to itself (the records, the office, the customer's link, the codes at the door): whoever
writes without end shuts nobody else out. Nobody who works comes near it: a long visit has some hundred entries.
"""

from collections.abc import Iterable, Iterator

import msgspec

from .entries import Entry

MIB = 2**20


class VisitLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much a visit may hold of each kind of batch. What is not named here follows from the number of entries."""

    batches: int = 500
    entries: int = 3000
    size: int = 4 * MIB

    @property
    def evidence(self) -> int:
        """Pieces of evidence."""
        return self.entries

    @property
    def things(self) -> int:
        """Different things: each of them has findings, and a statement of its own."""
        return max(1, self.entries // 50)

    @property
    def signatures(self) -> int:
        """Signatures and refusals: for each of them the judge makes the statement of its moment again."""
        return max(1, self.entries // 100)


class Written(msgspec.Struct, frozen=True):
    """A batch as it is measured: its kind, its size in bytes, its entries."""

    kind: str
    size: int
    entries: tuple[Entry, ...]


def exceeded(most: VisitLimits, kind: str, batches: Iterable[Written]) -> str:
    """What there is too much of in the batches of a kind, in words; empty when there is not."""
    its = [batch for batch in batches if batch.kind == kind]
    size, count = sum(batch.size for batch in its), sum(len(batch.entries) for batch in its)
    if len(its) > most.batches:
        return _at_most(most.batches, "records", "份记录")
    if count > most.entries:
        return _at_most(most.entries, "entries", "个条目")
    if size > most.size:
        return _at_most(most.size, "bytes", "字节")
    # what cannot be too much by the size or the number of entries is not counted: nearly always
    if size > most.evidence * _LEAST and sum(len(one.evidence) for one in _entries(its)) > most.evidence:
        return _at_most(most.evidence, "pieces of evidence", "件证据")
    if count > most.things and len({one.thing for one in _entries(its)} - {None}) > most.things:
        return _at_most(most.things, "different things", "样物品")
    if count > most.signatures and len(list(filter(_signs, _entries(its)))) > most.signatures:
        return _at_most(most.signatures, "signatures and refusals", "次签名或拒签")
    return ""


_LEAST = 12  # bytes of JSON that a piece of evidence takes at least


def _entries(batches: list[Written]) -> Iterator[Entry]:
    return (entry for batch in batches for entry in batch.entries)


def _signs(entry: Entry) -> bool:
    if entry.refused is not None:
        return True
    return bool(entry.evidence) and any(piece.kind == "signature" for piece in entry.evidence)


def _at_most(number: int, en: str, zh: str) -> str:
    return f"at most {number} {en} (最多 {number} {zh})"
