"""What changed in a statement since it was signed. Pure."""

from collections.abc import Sequence

import msgspec

from service.judge.entries import Entry
from service.judge.past import History
from service.judge.rules import CompiledChecklist
from service.judge.signoffs import SignOff
from service.judge.statements import RenderedStatement, StatementLine, make_from, sources
from service.judge.timeline import OccurrenceKey, Timeline


class ChangedLine(msgspec.Struct, frozen=True):
    """A line that is otherwise now; None where it is new, or gone. `english`: its label in English."""

    english: str
    before: StatementLine | None
    now: StatementLine | None

    @property
    def label(self) -> str:
        """Its label in Chinese."""
        line = self.now or self.before
        return line.label if line else ""


def changes_since_signature(
    rules: CompiledChecklist, visit: str, entries: Sequence[Entry], timeline: Timeline, sign_off: SignOff
) -> tuple[ChangedLine, ...] | None:
    """The lines that changed since the signature that counts. None: the text that was signed is not known."""
    signed = _as_signed(rules, visit, entries, timeline, sign_off)
    if signed is None:
        return None
    before, now = _by_label(signed), _by_label(sign_off.made)
    return tuple(
        ChangedLine((now.get(key) or before[key])[1], before.get(key, (None, ""))[0], now.get(key, (None, ""))[0])
        for key in dict.fromkeys((*now, *before))
        if before.get(key) != now.get(key)
    )


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
