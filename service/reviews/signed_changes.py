"""What changed in a statement since it was signed, and why a signature does not count. Pure."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from service.confirmation.statements import CustomerView
from service.judge.checklist import Text
from service.judge.entries import Entry
from service.judge.findings import Finding
from service.judge.moments import in_zone
from service.judge.past import History
from service.judge.rules import CompiledChecklist
from service.judge.signoffs import SignOff
from service.judge.statements import RenderedStatement, StatementLine, make_from, plain_text, sources
from service.judge.timeline import OccurrenceKey, Timeline
from service.visits.loading import LoadedVisit

from .entry_words import subject_names


class ChangedLine(msgspec.Struct, frozen=True):
    """A line that is otherwise now; None where it is new, or gone. `english`: its label in English.

    `at`: when the last of what it says now came; None where it was only taken back.
    """

    english: str
    before: StatementLine | None
    now: StatementLine | None
    at: datetime | None = None

    @property
    def label(self) -> str:
        """Its label in Chinese."""
        line = self.now or self.before
        return line.label if line else ""


class SignatureFault(msgspec.Struct, frozen=True):
    """Why a signature does not count, although nobody refused it.

    `changed`: what was written after it, and when; nothing where it never was about what was written. `corrected`: that
    was an answer to a correction. `is_signed`: there is a signature, not only an entry that says so.
    """

    at: datetime
    is_signed: bool
    changed: tuple[tuple[Text, datetime | None], ...]
    corrected: bool


def signature_fault(visit: LoadedVisit, customer: CustomerView, finding: Finding) -> SignatureFault | None:
    """Why the finding says that a signature does not count; None for other findings."""
    if finding.kind != "changed_after_signature":
        return None
    entries, zone = {one.id: one for one in customer.entries}, visit.now.tzinfo
    act, names = entries[finding.entries[0]], subject_names(visit.rules)
    later = [entries[one] for one in finding.entries[1:]]
    changed = tuple((names[one.what], in_zone(one.at, zone)) for one in later)
    if not later:  # it was replaced by something that is dated back
        sign_off = next((one for one in customer.sign_offs if one.signature and one.signature.entry == act.id), None)
        lines = sign_off and changes_since_signature(
            visit.rules, customer.visit.id, customer.entries, customer.timeline, sign_off
        )
        changed = tuple(
            (Text(one.label, one.english), in_zone(one.at, zone) if one.at else None) for one in lines or ()
        )
    return SignatureFault(
        in_zone(act.at, zone),
        any(piece.kind == "signature" for piece in act.evidence),
        changed,
        corrected=any(
            batch.correction and any(one.id in finding.entries[1:] for one in batch.entries) for batch in visit.batches
        ),
    )


def changes_since_signature(
    rules: CompiledChecklist, visit: str, entries: Sequence[Entry], timeline: Timeline, sign_off: SignOff
) -> tuple[ChangedLine, ...] | None:
    """The lines that changed since the signature that counts. None: the text that was signed is not known."""
    signed = _as_signed(rules, visit, entries, timeline, sign_off)
    if signed is None:
        return None
    before, now = _by_label(signed), _by_label(sign_off.made)
    came = _arrivals(rules, timeline, sign_off)
    return tuple(
        ChangedLine(
            (now.get(key) or before[key])[1],
            before.get(key, (None, ""))[0],
            now.get(key, (None, ""))[0],
            came.get(key[0]) if key in now else None,
        )
        for key in dict.fromkeys((*now, *before))
        if before.get(key) != now.get(key)
    )


def _arrivals(rules: CompiledChecklist, timeline: Timeline, sign_off: SignOff) -> dict[str, datetime]:
    """By label, when the last entry of each line came."""
    made = sign_off.made
    found: dict[str, datetime] = {}
    for line, rule, acts in sources(rules, made.table, timeline, made.thing):
        field = rule.fields.get(line.field) if line.field else None
        if acts:
            name = plain_text((line.label or field or rule.item.label).zh)
            found[name] = max(entry.came_at for _, _, entry in acts)
    return found


def _by_label(made: RenderedStatement) -> dict[tuple[str, int], tuple[StatementLine, str]]:
    """The lines by label; of several with the same label by number."""
    found: dict[tuple[str, int], tuple[StatementLine, str]] = {}
    for line, english in zip(made.document.lines, made.english, strict=True):
        number = sum(1 for label, _ in found if label == line.label)
        found[line.label, number] = (line, english)
    return found


def _as_signed(
    rules: CompiledChecklist, visit: str, entries: Sequence[Entry], timeline: Timeline, sign_off: SignOff
) -> RenderedStatement | None:
    """The statement as of the signature: as known now, or as known when the signature arrived."""
    signature, made = sign_off.signature, sign_off.made
    if signature is None or made.table.signs is None:
        return None
    key: OccurrenceKey = made.table.signs if made.thing is None else (made.table.signs, made.thing)
    act = next((one for one in timeline.acts.get(key, ()) if one[2].id == signature.entry), None)
    if act is None:
        return None
    time, position, _ = act
    for known, last in ((timeline, len(entries)), (History(rules, entries, timeline).timeline_at(position), position)):
        found = tuple(
            (line, rule, [one for one in acts if one[0] <= time and one[1] <= last])
            for line, rule, acts in sources(rules, made.table, known, made.thing)
        )
        version = make_from(rules, made.table, visit, found, made.thing)
        if version.sha256 == signature.statement_sha256:
            return version
    return None
