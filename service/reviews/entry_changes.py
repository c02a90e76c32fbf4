"""What later records say instead of earlier ones, and what came in answer to a correction."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain

import msgspec

from service.judge.batches import Batch
from service.judge.checklist import Text
from service.judge.entries import Entry
from service.judge.timeline import withdrawn_ids
from service.visits.loading import LoadedVisit
from service.visits.review_rows import Correction

from .entry_words import Version, entry_version, subject_names

WRITTEN = ("record", "office")
"""Batches that are records of what was done; customers' answers replace each other by rules of their own."""
_Key = tuple[str, str | None, str]


class EntryChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a record says about an item or fact, or one thing of it.

    `before` None: nothing was there. `now` None: it was taken back. `reason`: why it was.
    """

    what: str
    thing: str | None
    label: Text
    thing_name: str
    at: datetime
    before: Version | None
    now: Version | None
    reason: str


class AnsweredCorrection(msgspec.Struct, frozen=True):
    """What a record brought in answer to a correction. `asked`: item, thing and what was lacking."""

    at: datetime
    by: str
    asked: tuple[tuple[Text, str, str], ...]
    changes: tuple[EntryChange, ...]


def entry_changes(visit: LoadedVisit, names: dict[str, str]) -> tuple[EntryChange, ...]:
    """Where a later record replaced or took back what an earlier one says. `names`: of things."""
    changes = chain.from_iterable(found for _, _, found in _by_batch(visit, names))
    return tuple(one for one in changes if one.before is not None)


def answered_corrections(visit: LoadedVisit, names: dict[str, str]) -> tuple[AnsweredCorrection, ...]:
    """The answers to corrections, with what was asked. `names`: of things."""
    rows = {str(row.id): row for row in visit.reviews.rows if row.kind == "correction"}
    labels = subject_names(visit.rules)
    found: list[AnsweredCorrection] = []
    for writer, batch, changes in _by_batch(visit, names):
        if batch.correction:
            row = rows.get(batch.correction.lower())
            items = msgspec.json.decode(row.body, type=Correction).items if row else ()
            asked = tuple((labels[one.item], names.get(one.thing or "", one.thing or ""), one.reason) for one in items)
            found.append(AnsweredCorrection(batch.received_at, writer, asked, changes))
    return tuple(found)


def _by_batch(visit: LoadedVisit, names: dict[str, str]) -> Iterator[tuple[str, Batch, tuple[EntryChange, ...]]]:
    """For each record who wrote it, and what it changed; what answers a correction replaces what was there."""
    labels, everything = subject_names(visit.rules), visit.effective_entries()
    readable, withdrawn = {one.id.lower(): one for one in everything}, withdrawn_ids(everything)
    known: dict[str, Entry] = {}
    latest: dict[_Key, Entry] = {}
    for row, batch in zip(visit.batch_rows, visit.batches, strict=True):
        if row.kind not in WRITTEN:
            continue
        ids = [one.id.lower() for one in batch.entries]
        new = {one: readable[one] for one in ids if one in readable and one not in known}
        replaced: dict[_Key, tuple[Entry, str]] = {}
        for one in new.values():
            old = known.get((one.withdraws or "").lower())
            if old is not None and old.id in withdrawn:
                replaced[_key(old)] = old, one.reason or ""
        said = {_key(one): one for one in new.values() if one.withdraws is None and one.what in labels}
        if batch.correction:
            replaced = {key: (latest[key], "") for key in said if key in latest} | replaced
        keys = dict.fromkeys((*replaced, *said)) if batch.correction else replaced
        yield (
            row.writer,
            batch,
            tuple(_change(visit, names, batch, key, replaced.get(key), said.get(key)) for key in keys),
        )
        known |= new
        latest = {key: one for key, one in latest.items() if key not in replaced} | said


def _change(
    visit: LoadedVisit,
    names: dict[str, str],
    batch: Batch,
    key: _Key,
    replaced: tuple[Entry, str] | None,
    said: Entry | None,
) -> EntryChange:
    what, thing, _ = key
    return EntryChange(
        what=what,
        thing=thing,
        label=subject_names(visit.rules).get(what, Text(what, what)),
        thing_name=names.get(thing or "", thing or ""),
        at=batch.received_at,
        before=entry_version(visit, replaced[0]) if replaced else None,
        now=entry_version(visit, said) if said else None,
        reason=replaced[1] if replaced else "",
    )


def _key(entry: Entry) -> _Key:
    return entry.what, entry.thing, entry.by
