"""What differs between two versions of a checklist, part by part and field by field, in words."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, cast

import msgspec

from service.judge.checklist import (
    Checklist,
    ChecklistSettings,
    Choice,
    Clause,
    ClausePhrase,
    Item,
    Line,
    OrderRule,
    Statement,
)
from service.web.language import AnyText, PageText, TextPair

from .words import FIELDS, ChecklistWords

_IDENTITY: dict[type, tuple[str, ...]] = {
    OrderRule: ("rel", "than"),
    Choice: ("id",),
    ClausePhrase: ("source",),
    Line: ("item", "field", "evidence"),
}
"""The fields by which an element of a list is recognised in the other version."""
_SEQUENCE = PageText("次序")
_SETTINGS = PageText("本单位的数字")
Words = tuple[AnyText, ...]
Path = tuple[str, ...]


class FieldChange(msgspec.Struct, frozen=True):
    """A field and what it says before and after; nothing where it is not there."""

    label: Words
    before: Words
    after: Words


class PartDifference(msgspec.Struct, frozen=True):
    """A part of the checklist, such as an item, that only one version has, or that differs."""

    key: str
    title: AnyText
    kind: Literal["added", "removed", "changed"]
    changes: tuple[FieldChange, ...]


class SectionDifference(msgspec.Struct, frozen=True):
    """The parts of one kind that differ. `reordered`: those that both versions have come in another order."""

    title: AnyText
    parts: tuple[PartDifference, ...]
    reordered: bool


class _Leaf(msgspec.Struct, frozen=True):
    """A value of a part with the names of the fields that lead to it."""

    label: Words
    value: object
    words: Words
    is_sequence: bool = False


def compare(old: Checklist, new: Checklist) -> tuple[SectionDifference, ...]:
    """The sections that differ; none if the versions say the same."""
    words = ChecklistWords(old), ChecklistWords(new)
    found = (
        _section(title, before, after, words)
        for (title, before), (_, after) in zip(_sections(old), _sections(new), strict=True)
    )
    return tuple(section for section in found if section.parts or section.reordered)


def _sections(checklist: Checklist) -> list[tuple[AnyText, Mapping[str, Any]]]:
    return [
        (PageText("义务"), {one.id: one for one in checklist.items}),
        (PageText("条文"), {one.number: one for one in checklist.clauses}),
        (PageText("问客户的问题"), {one.id: one for one in checklist.questions}),
        (PageText("请客户签的文书"), {one.id: one for one in checklist.statements}),
        (PageText("事实"), checklist.facts),
        (PageText("上门类型"), checklist.visit_types),
        (PageText("规范和本单位的数字"), {"norm": checklist.norm, "defaults": checklist.defaults}),
        (PageText("给人看的话"), checklist.messages),
        (PageText("证据种类"), checklist.evidence_kinds),
        (PageText("屏幕上的词"), checklist.words),
    ]


def _section(
    title: AnyText, old: Mapping[str, Any], new: Mapping[str, Any], words: tuple[ChecklistWords, ChecklistWords]
) -> SectionDifference:
    parts: list[PartDifference] = []
    for key in {**new, **old}:
        before = _leaves(old[key], words[0]) if key in old else {}
        after = _leaves(new[key], words[1]) if key in new else {}
        kind = "added" if key not in old else "removed" if key not in new else "changed"
        changes = tuple(_changes(before, after))
        if changes or kind != "changed":
            parts.append(PartDifference(key, _title(key, new[key] if key in new else old[key]), kind, changes))
    common = [key for key in old if key in new], [key for key in new if key in old]
    return SectionDifference(title, tuple(parts), common[0] != common[1])


def _changes(before: Mapping[Path, _Leaf], after: Mapping[Path, _Leaf]) -> Iterator[FieldChange]:
    for path in {**after, **before}:
        old, new = before.get(path), after.get(path)
        if old is not None and new is not None:
            same_elements = old.is_sequence and sorted(cast("Path", old.value)) != sorted(cast("Path", new.value))
            if old.value != new.value and not same_elements:
                yield FieldChange(new.label, old.words, new.words)
        elif (leaf := old or new) is not None and not leaf.is_sequence:
            yield FieldChange(leaf.label, old.words if old else (), new.words if new else ())


def _title(key: str, part: object) -> AnyText:
    match part:
        case Item():
            return part.label
        case Statement():
            return part.title
        case Clause():
            return TextPair(part.number, part.number)
        case ChecklistSettings():
            return _SETTINGS
        case _ if hasattr(part, "zh"):
            return cast("AnyText", part)
        case _:
            return TextPair(key, key)


def _leaves(part: object, words: ChecklistWords) -> dict[Path, _Leaf]:
    return dict(_walk(part, words, (), (), ""))


def _walk(value: Any, words: ChecklistWords, path: Path, label: Words, field: str) -> Iterator[tuple[Path, _Leaf]]:
    """Every single value below `value`, and every list of single values, by its path."""
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            text = FIELDS.get(f"{type(value).__name__}.{name}") or FIELDS[name]
            yield from _walk(getattr(value, name), words, (*path, name), (*label, text), name)
    elif isinstance(value, dict):
        for key, each in cast("dict[str, Any]", value).items():
            yield from _walk(each, words, (*path, key), (*label, words.name(key)), field)
    elif isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
        yield from _walk_list(cast("tuple[msgspec.Struct, ...]", value), words, path, label, field)
    elif isinstance(value, tuple):
        texts = tuple(words.value(field, one) for one in cast("tuple[str, ...]", value))
        if texts:
            yield path, _Leaf(label, cast("object", value), texts)
    elif value is not None and value != "":
        yield path, _Leaf(label, value, (words.value(field, value),))


def _walk_list(
    elements: tuple[msgspec.Struct, ...], words: ChecklistWords, path: Path, label: Words, field: str
) -> Iterator[tuple[Path, _Leaf]]:
    """The elements of a list, each under what identifies it, and their sequence."""
    found: dict[str, Words] = {}
    for element in elements:
        given = [(name, getattr(element, name)) for name in _IDENTITY[type(element)]]
        key, name = repr(given), tuple(words.value(name, value) for name, value in given if value is not None)
        while key in found:  # two that are identified alike
            key += "+"
        found[key] = name
        yield from _walk(element, words, (*path, key), (*label, *name), field)
    sequence = tuple(text for name in found.values() for text in name)
    yield (*path, "sequence"), _Leaf((*label, _SEQUENCE), tuple(found), sequence, is_sequence=True)
