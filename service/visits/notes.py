"""What of an accepted record, or of entries of the office, was not understood or may be a slip: named in the answer,
never refused.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from service.errors import json_pointer
from service.judge.entries import MAX_EVIDENCE, NEEDS, Entry, Evidence, Place, Refused, Waived
from service.judge.rules import CompiledChecklist
from service.judge.timeline import is_blank, withdrawn_ids
from service.readable_json import readable

from .clock_skew import TOLERANCE_SECONDS
from .no_place import without_place
from .wire import Record

NoteCode = Literal[
    "unknown-field",
    "unknown-answer",
    "unknown-evidence",
    "incomplete-evidence",
    "needless-thing",
    "missing-thing",
    "withdraws-nothing",
    "no-place",
    "time-ahead",
    "time-behind",
]
MAX_NOTES = 50
LONGEST_NAME = 64
AHEAD, BEHIND = timedelta(seconds=TOLERANCE_SECONDS), timedelta(days=31)


class Note(msgspec.Struct, frozen=True):
    """Something in a record, or in entries of the office, that has no effect, or hardly the effect that was meant."""

    pointer: Annotated[str, Meta(description="Where: a JSON Pointer into the body.")]
    code: Annotated[NoteCode, Meta(description="What is the matter there.")]


class _Evidence(Evidence, frozen=True, forbid_unknown_fields=True):
    pass


class _Place(Place, frozen=True, forbid_unknown_fields=True):
    pass


class _Waived(Waived, frozen=True, forbid_unknown_fields=True):
    pass


class _Refused(Refused, frozen=True, forbid_unknown_fields=True):
    pass


class _Entry(Entry, frozen=True, forbid_unknown_fields=True):
    evidence: Annotated[tuple[_Evidence, ...], Meta(max_length=MAX_EVIDENCE)] = ()
    place: _Place | None = None
    waived: _Waived | None = None
    refused: _Refused | None = None


class _Record(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    entries: tuple[_Entry, ...]


EXACT_RECORD_DECODER = msgspec.json.Decoder[Record](_Record)
"""Decodes a record in which nothing is unknown, and refuses others."""
_NESTED: Mapping[str, type[msgspec.Struct]] = {
    "evidence": Evidence,
    "place": Place,
    "waived": Waived,
    "refused": Refused,
}


def notes_about(
    rules: CompiledChecklist, raw: bytes | None, entries: Sequence[Entry], known: Iterable[Entry], received_at: datetime
) -> tuple[Note, ...]:
    """The first `MAX_NOTES` notes about a record: its bytes, and its entries. `known` are all entries of the visit.

    Without `raw` there is known to be nothing unknown in it: `EXACT_RECORD_DECODER` decoded it.
    """
    unknown = () if raw is None else _unknown_fields(raw)
    found = [*unknown, *_withdrawals(entries, known), *_times(entries, received_at)]
    for number, entry in enumerate(entries):
        if len(found) >= MAX_NOTES:
            break
        has_things = entry.what in rules.per_thing
        if (
            entry.fields or entry.evidence or entry.place or has_things == (entry.thing is None)
        ):  # most have nothing to look at
            notes = _of_entry(rules, entry, has_things=has_things)
            found += (Note(json_pointer("entries", number, *path), code) for path, code in notes)
    return tuple(found[:MAX_NOTES])


def _of_entry(
    rules: CompiledChecklist, entry: Entry, *, has_things: bool
) -> Iterator[tuple[tuple[object, ...], NoteCode]]:
    if entry.withdraws is not None:
        return
    rule = rules.by_id.get(entry.what)
    if rule is not None or entry.what in rules.facts:
        if entry.thing is not None and not has_things:
            yield ("thing",), "needless-thing"
        elif entry.thing is None and has_things and entry.holds is not False and entry.says is None:
            yield ("what",), "missing-thing"
    for name in entry.fields:
        if rule is None or name not in rule.item.fields:
            yield ("fields", name), "unknown-answer"
    for place, piece in enumerate(entry.evidence):
        needed = NEEDS.get(piece.kind)
        if needed is None:
            yield ("evidence", place, "kind"), "unknown-evidence"
        elif getattr(piece, needed) is None:
            yield ("evidence", place), "incomplete-evidence"
    for path in without_place(entry):
        yield path, "no-place"


def _times(entries: Sequence[Entry], received_at: datetime) -> Iterator[Note]:
    """The entries furthest ahead and furthest behind, where that is far: the others are by the same clock."""
    times = [entry.at for entry in entries]
    if times and max(times) - received_at > AHEAD:
        yield Note(json_pointer("entries", times.index(max(times)), "at"), "time-ahead")
    claimed = {number: entry.claimed_at for number, entry in enumerate(entries) if entry.claimed_at is not None}
    if claimed and claimed[last := max(claimed, key=lambda number: claimed[number])] - received_at > AHEAD:
        yield Note(json_pointer("entries", last, "claimed_at"), "time-ahead")
    if times and received_at - min(times) > BEHIND:
        yield Note(json_pointer("entries", times.index(min(times)), "at"), "time-behind")


def _withdrawals(entries: Sequence[Entry], known: Iterable[Entry]) -> Iterator[Note]:
    """Withdrawals without a reason, of nothing, or of what somebody else wrote."""
    places = [number for number, entry in enumerate(entries) if entry.withdraws is not None]
    withdrawn = {known_id.lower() for known_id in withdrawn_ids(known)} if places else set[str]()
    for number in places:
        entry = entries[number]
        if is_blank(entry.reason) or (entry.withdraws or "").lower() not in withdrawn:
            yield Note(json_pointer("entries", number, "withdraws"), "withdraws-nothing")


def _unknown_fields(raw: bytes) -> Iterator[Note]:
    raw = readable(raw)
    try:
        EXACT_RECORD_DECODER.decode(raw)
    except msgspec.ValidationError:  # it names only the first, and seldom which
        try:
            yield from _walk(msgspec.json.decode(raw))
        except RecursionError:  # there is one, nested too deeply to look for it
            yield Note("", "unknown-field")


def _walk(record: dict[str, Any]) -> Iterator[Note]:
    yield from _unknown(Record, record)
    for number, entry in enumerate(record["entries"]):
        here = "entries", number
        yield from _unknown(Entry, entry, *here)
        for name, kind in _NESTED.items():
            content = entry.get(name)
            if isinstance(content, list):
                for place, piece in enumerate(cast("list[dict[str, Any]]", content)):
                    yield from _unknown(kind, piece, *here, name, place)
            elif content is not None:
                yield from _unknown(kind, content, *here, name)


def _unknown(kind: type[msgspec.Struct], content: Mapping[str, Any], *path: object) -> Iterator[Note]:
    for name in content:
        if name not in kind.__struct_encode_fields__:
            yield Note(json_pointer(*path, name) if len(name) <= LONGEST_NAME else json_pointer(*path), "unknown-field")
