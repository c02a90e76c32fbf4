"""How the text of a statement differs from an earlier one."""

import msgspec

from service.judge.statements import Document, StatementLine
from service.web.language import TextPair

from .statements import StatementView


class ChangedLine(msgspec.Struct, frozen=True):
    """A line of a statement before and now; photos are counted."""

    label: TextPair
    before: tuple[str, ...]
    now: tuple[str, ...]
    photos_before: int
    photos_now: int


def changed_lines(view: StatementView, earlier: Document | None) -> tuple[ChangedLine, ...]:
    """The lines that were added, changed or left out since an earlier text; none without one."""
    if earlier is None:
        return ()
    english = {line.label: en for line, en in zip(view.statement.lines, view.english, strict=True)}
    before, now = ({line.label: line for line in one.lines} for one in (earlier, view.statement))
    nothing = StatementLine("")
    return tuple(
        ChangedLine(TextPair(label, english.get(label, "")), one.value, other.value, len(one.photos), len(other.photos))
        for label in dict.fromkeys((*before, *now))
        for one, other in [(before.get(label, nothing), now.get(label, nothing))]
        if (one.value, one.photos) != (other.value, other.photos)
    )
