"""What the customer said and signed, beside what the technician wrote."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from service.confirmation.statements import CustomerView, StatementView
from service.context import AppContext
from service.judge.checklist import Text
from service.judge.entries import Entry
from service.judge.moments import in_zone
from service.judge.timeline import withdrawn_ids
from service.visits.complaints import own_answers, recording_id, words_of
from service.visits.loading import LoadedVisit
from service.visits.owed_answers import complaints_of

from .entry_words import Version, entry_version, subject_names
from .signed_changes import ChangedLine, changes_since_signature


class SideBySide(msgspec.Struct, frozen=True):
    """The customer's word about an item or fact, and the technician's about the same."""

    label: Text
    thing: str
    is_fact: bool
    customer: Version
    technician: tuple[Version, ...]


class Answer(msgspec.Struct, frozen=True):
    """An answer to a complaint. `channel`: how the customer learned of it."""

    at: datetime
    by: str
    channel: str
    text: str


class CustomerWords(msgspec.Struct, frozen=True):
    """What a customer said in their own words. `fact`: what they reported.

    `level`: how sure it is that it was them; `noted` if somebody of the utility wrote it down.
    `number`: of a complaint.
    """

    at: datetime
    level: str
    text: str
    fact: Text | None = None
    number: str = ""
    answers: tuple[Answer, ...] = ()


class ShownStatement(msgspec.Struct, frozen=True):
    """A statement. `changes`: what changed since it was signed; None where nothing did or nobody knows."""

    view: StatementView
    changes: tuple[ChangedLine, ...] | None


def compare_words(visit: LoadedVisit, labels: dict[str, str]) -> Iterator[SideBySide]:
    """Whatever the customer says was not done, or reports; the technician's entries about the same beside it."""
    names, entries = subject_names(visit.rules), visit.effective_entries()
    withdrawn = withdrawn_ids(entries)
    latest = {(one.what, one.thing): one for one in entries if one.by == "customer" and one.id not in withdrawn}
    for (what, thing), entry in latest.items():
        is_fact = what in visit.rules.facts
        objects = entry.holds is not False if is_fact else entry.says == "no"
        if what not in names or not objects:
            continue
        theirs = (
            one
            for one in entries
            if one.by == "technician" and one.what == what and one.id not in withdrawn and thing in (None, one.thing)
        )
        versions = tuple(entry_version(visit, one) for one in theirs)
        yield SideBySide(
            names[what], labels.get(thing or "", thing or ""), is_fact, entry_version(visit, entry), versions
        )


def customer_words(ctx: AppContext, visit: LoadedVisit) -> Iterator[CustomerWords]:
    """What they reported and remarked, complaints with the answers to them."""
    names = subject_names(visit.rules)
    complaints = {one.id: one for one in complaints_of(visit)}
    for row, response in visit.customer_responses:
        at = ctx.to_local_time(row.received_at)
        raised = (one for one in response.entries if one.holds)
        for report, entry in zip(response.said.raises, raised, strict=True):
            words = CustomerWords(at, response.level, report.text, names.get(report.fact))
            complaint = complaints.get(entry.id)
            yield _with_answers(visit, words, complaint) if complaint else words
        if response.said.comment:
            yield CustomerWords(at, response.level, response.said.comment)
    for one in complaints.values():
        if one.by != "customer":
            text = "\n".join(piece.text for piece in one.evidence if piece.kind == "text" and piece.text)
            words = CustomerWords(in_zone(one.at, visit.now.tzinfo), "noted", text, names.get(one.what))
            yield _with_answers(visit, words, one)


def _with_answers(visit: LoadedVisit, words: CustomerWords, complaint: Entry) -> CustomerWords:
    entries = visit.merged.entries
    recorded = next((one for one in entries if one.id == recording_id(complaint.id)), None)
    numbers = (piece.number for piece in recorded.evidence if piece.number) if recorded else ()
    writers = {
        entry.id: row.writer
        for row, batch in zip(visit.batch_rows, visit.batches, strict=True)
        for entry in batch.entries
    }
    answers = tuple(
        Answer(
            in_zone(one.at, visit.now.tzinfo),
            writers.get(one.id, ""),
            next((piece.channel for piece in one.evidence if piece.channel), ""),
            words_of(one),
        )
        for one in own_answers(visit.rules, complaint, entries)
    )
    return msgspec.structs.replace(words, number=next(iter(numbers), ""), answers=answers)


def office_words(visit: LoadedVisit) -> Iterator[tuple[str, str]]:
    """The words of what the office did about the customer, by batch."""
    for batch in visit.batches:
        items = (visit.rules.by_id.get(one.what) for one in batch.entries)
        if batch.kind == "office" and any(rule is not None and rule.item.who == "office" for rule in items):
            yield batch.id, "\n".join(filter(None, map(words_of, batch.entries)))


def shown_statements(visit: LoadedVisit, customer: CustomerView) -> Iterator[ShownStatement]:
    """The statements with content."""
    shown = [one for one in customer.sign_offs if one.made.document.lines]
    for sign_off, view in zip(shown, customer.statements(), strict=True):
        changed = view.signature is not None and view.signature.state == "changed"
        changes = (
            changes_since_signature(visit.rules, customer.visit.id, customer.entries, customer.timeline, sign_off)
            if changed
            else None
        )
        yield ShownStatement(view, changes)
