"""What a visit waits for: answers of the technician to questions, and files."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from service.context import AppContext
from service.judge.checklist import Text
from service.visits.loading import LoadedVisit

from .entry_words import subject_names
from .reviewing import collect_words
from .schemas import Words


class MissingFile(msgspec.Struct, frozen=True):
    """A file that is named in a batch but was never sent. `by`: the person who has it."""

    label: Text
    thing: str
    by: str
    since: datetime


def unanswered(ctx: AppContext, visit: LoadedVisit) -> tuple[Words, ...]:
    """Questions to the technician after which they did not explain the finding, also where it is gone."""
    history = visit.reviews
    found: list[Words] = []
    for code in dict.fromkeys(one.finding for _, one in history.inquiries):
        answers = [row.number for row, one in history.explanations if one.finding == code]
        later = [(row, one) for row, one in history.inquiries if row.number > max(answers, default=0)]
        found += collect_words(ctx, later, code)
    return tuple(sorted(found, key=lambda one: one.at))


def missing_files(visit: LoadedVisit, names: dict[str, str]) -> Iterator[MissingFile]:
    """The files that are missing, by item. `names`: of things."""
    labels = subject_names(visit.rules)
    for number, (row, batch) in enumerate(zip(visit.batch_rows, visit.batches, strict=True)):
        absent = set(visit.missing(number))
        for entry in batch.entries if absent else ():
            if any(piece.sha256 in absent for piece in entry.evidence):
                label = labels.get(entry.what, Text(entry.what, entry.what))
                yield MissingFile(label, names.get(entry.thing or "", entry.thing or ""), row.writer, batch.received_at)
