"""What an entry says, in words."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from service.judge.checklist import Text
from service.judge.entries import Entry
from service.judge.moments import in_zone
from service.judge.rules import CompiledChecklist
from service.visits.loading import LoadedVisit


class Version(msgspec.Struct, frozen=True):
    """What somebody wrote about an item or fact. `positive`: that it was so; False also where it was refused or waived.

    `photos`: how many it has. `claimed`: when it happened, if it was written down later.
    """

    at: datetime
    positive: bool
    texts: tuple[tuple[Text | None, Text], ...] = ()
    via: str = ""
    photos: int = 0
    claimed: datetime | None = None


def subject_names(rules: CompiledChecklist) -> dict[str, Text]:
    """The names of all items and facts."""
    return {name: Text(fact.zh, fact.en) for name, fact in rules.facts.items()} | {
        name: rule.item.label for name, rule in rules.by_id.items()
    }


def entry_version(visit: LoadedVisit, entry: Entry) -> Version:
    """The entry in words."""
    return Version(
        at=in_zone(entry.at, visit.now.tzinfo),
        positive=entry.says != "no" and entry.holds is not False and entry.waived is None and entry.refused is None,
        texts=tuple(_texts(visit.rules, entry)),
        via=entry.via or "",
        photos=sum(1 for piece in entry.evidence if piece.kind == "photo" and piece.sha256),
        claimed=in_zone(entry.claimed_at, visit.now.tzinfo) if entry.claimed_at else None,
    )


def _texts(rules: CompiledChecklist, entry: Entry) -> Iterator[tuple[Text | None, Text]]:
    """The answers and words of an entry, each with its name where it has one."""
    rule = rules.by_id.get(entry.what)
    for name, value in entry.fields.items():
        field = rule.fields.get(name) if rule else None
        label = Text(field.zh, field.en) if field else Text(name, name)
        choice = next((one for one in field.choices if one.id == value), None) if field else None
        if choice is not None:
            yield label, Text(choice.zh, choice.en)
        elif isinstance(value, bool):
            yield label, Text("是", "yes") if value else Text("否", "no")
        elif value is not None:
            text = f"{value} {field.unit if field else ''}".strip()
            yield label, Text(text, text)
    words = (
        *(piece.text or piece.number for piece in entry.evidence),
        entry.waived and entry.waived.reason,
        entry.refused and entry.refused.reason,
        entry.reason,
    )
    for text in filter(None, words):
        yield None, Text(text, text)
