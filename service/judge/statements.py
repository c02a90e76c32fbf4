"""Statements: what a customer is asked to sign, made by rule from the entries (4.3.7, 4.3.8, 4.3.10).

A statement is a small document of texts. Its canonical bytes (RFC 8785) have a digest, and a signature names that
digest. The phone without network and the customer's page make the same bytes from the same entries:
`docs/statement.md` says how, `docs/statement-vectors.json` shows it.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from hashlib import sha256
from math import inf, isfinite, isnan
from typing import Annotated

import msgspec

from .checklist import Field, Line, Statement
from .entries import FieldValue
from .normal_form import normal_form
from .rules import CompiledChecklist, CompiledItem
from .timeline import ECMASCRIPT_WHITESPACE, OccurrenceKey, TimedEntry, Timeline

FORMAT = "doorstep-statement/1"
_TIME = re.compile("([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2})")
_EXACT = 2**53  # beyond it a reader in JavaScript does not have the whole number


class StatementLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line with its content: texts, or photos by their SHA-256 in hex."""

    label: Annotated[str, msgspec.Meta(description="What the line is about.")]
    value: Annotated[tuple[str, ...], msgspec.Meta(description="Its texts.")] = ()
    photos: Annotated[tuple[str, ...], msgspec.Meta(description="Its photos: SHA-256 in hex.")] = ()


class Document(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A statement about one visit (and one thing). Nothing but texts, in NFC."""

    form: Annotated[str, msgspec.Meta(description="Version of this form.")]
    checklist: Annotated[str, msgspec.Meta(description="The checklist and its version.")]
    visit: Annotated[str, msgspec.Meta(description="The visit's id.")]
    statement: Annotated[str, msgspec.Meta(description="Which statement of the checklist it is.")]
    title: Annotated[str, msgspec.Meta(description="The title.")]
    lines: Annotated[tuple[StatementLine, ...], msgspec.Meta(description="The lines.")]
    thing: Annotated[str | None, msgspec.Meta(description="The thing it is about.")] = None
    declaration: Annotated[str | None, msgspec.Meta(description="What the signer declares.")] = None


class RenderedStatement(msgspec.Struct, frozen=True):
    """A statement as it follows from the entries: which one, of which thing, its document, its digest in hex.

    `english`: the labels of its lines once more; what is signed is Chinese.
    """

    table: Statement
    thing: str | None
    document: Document
    sha256: str
    english: tuple[str, ...] = ()


def statements(rules: CompiledChecklist, visit: str, read: Timeline, true: frozenset[str]) -> list[RenderedStatement]:
    """All statements that apply, in the order of the checklist. `true`: the facts that hold (`Judgement.facts`)."""
    made: list[RenderedStatement] = []
    for table in rules.checklist.statements:
        for thing in _things(rules, table, read, true):
            one = render_statement(rules, table, visit, read, thing)
            if one.document.lines or table.signs:
                made.append(one)
    return made


def _things(rules: CompiledChecklist, table: Statement, read: Timeline, true: frozenset[str]) -> Sequence[str | None]:
    if table.signs is None:
        return (None,)
    rule = rules.by_id[table.signs]
    if rule.per_thing:
        named = read.named.get(rule.things_of, {})
        in_order: list[str] = sorted(named, key=lambda one: named[one])
        return in_order
    return (None,) if rules.tests[rule.test](set(true)) else ()


Sources = tuple[tuple[Line, CompiledItem, list[TimedEntry]], ...]
"""For each line of a statement the acts that have something to say there, in the order of time."""


def render_statement(
    rules: CompiledChecklist,
    table: Statement,
    visit: str,
    read: Timeline,
    thing: str | None = None,
    until: int | None = None,
) -> RenderedStatement:
    """The statement made from the acts at or before `until` (µs UTC), or from all."""
    found = sources(rules, table, read, thing)
    return make_from(
        rules, table, visit, found if until is None else tuple(_before(one, until) for one in found), thing
    )


def make_from(
    rules: CompiledChecklist, table: Statement, visit: str, found: Sources, thing: str | None
) -> RenderedStatement:
    """The statement made from these acts."""
    named = tuple(_lines(found))
    lines = tuple(line for line, _ in named)
    document = Document(
        form=FORMAT,
        checklist=rules.checklist.name,
        visit=visit,
        statement=table.id,
        title=plain_text(table.title.zh),
        lines=lines,
        thing=thing,
        declaration=plain_text(table.declares.zh) if table.declares else None,
    )
    return RenderedStatement(table, thing, document, digest(document), tuple(english for _, english in named))


def sources(rules: CompiledChecklist, table: Statement, read: Timeline, thing: str | None) -> Sources:
    """What each line of a statement is made from."""
    found: list[tuple[Line, CompiledItem, list[TimedEntry]]] = []
    for line in table.lines:
        rule = rules.by_id[line.item]
        key: OccurrenceKey = (rule.id, thing) if rule.per_thing and thing is not None else rule.id
        acts = [mark for mark in read.acts.get(key, ()) if _speaks(rule, line, mark)]
        acts.sort(key=lambda mark: mark[:2])
        found.append((line, rule, acts))
    return tuple(found)


def _speaks(rule: CompiledItem, line: Line, mark: TimedEntry) -> bool:
    """Whether an act has something to say in a line."""
    if line.field and line.field in rule.fields:
        return line.field in mark[2].fields
    return any(piece.kind == line.evidence for piece in mark[2].evidence)


def _before(
    source: tuple[Line, CompiledItem, list[TimedEntry]], until: int
) -> tuple[Line, CompiledItem, list[TimedEntry]]:
    line, rule, acts = source
    return line, rule, acts[: bisect_right(acts, until, key=_time)]


def _time(mark: TimedEntry) -> int:
    return mark[0]


def _lines(found: Sources) -> Iterator[tuple[StatementLine, str]]:
    """Each line with its label in English."""
    for line, rule, acts in found:
        field = rule.fields.get(line.field) if line.field else None
        value = _answer(field, line.field or "", acts) if field else _evidence(line, acts)
        name = line.label or field or rule.item.label
        if value and line.evidence == "photo":
            yield StatementLine(plain_text(name.zh), photos=tuple(value)), name.en
        elif value:
            yield StatementLine(plain_text(name.zh), tuple(value)), name.en


def _answer(field: Field, name: str, acts: Sequence[TimedEntry]) -> list[str]:
    """The last answer counts: a reading is corrected by writing it again."""
    text = plain_text(_text(field, acts[-1][2].fields[name])) if acts else ""
    return [text] if text else []


def _text(field: Field, value: FieldValue) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, str):
        time = _TIME.match(value) if field.type == "time" else None
        if time:  # as it was written, in its own offset
            return f"{time[1]}年{int(time[2])}月{int(time[3])}日 {time[4]}:{time[5]}"
        return next((choice.zh for choice in field.choices if choice.id == value), value)
    return f"{ecmascript_number(value)} {field.unit}".strip()


def _evidence(line: Line, acts: Sequence[TimedEntry]) -> list[str]:
    """Every piece of the kind over all acts, once each, in the order of time."""
    found: dict[str, None] = {}
    for _, _, entry in acts:
        for piece in entry.evidence:
            if piece.kind == line.evidence:
                text = {"photo": piece.sha256, "text": piece.text}.get(piece.kind, piece.number)
                found[plain_text(text or "")] = None
    found.pop("", None)
    return list(found)


def plain_text(text: str) -> str:
    """Text as it is signed: in NFC, without white space (as ECMAScript trims it) at its ends."""
    return normal_form("NFC", text).strip(ECMASCRIPT_WHITESPACE)


def ecmascript_number(value: float) -> str:
    """A number as ECMAScript writes it (RFC 8785 3.2.2.3), so that every reader writes the same.

    Any number: one too large for a double is to ECMAScript `Infinity`.
    """
    if isinstance(value, int) and abs(value) <= _EXACT:
        return str(value)
    given = _double(value)
    if not isfinite(given):
        return "NaN" if isnan(given) else "Infinity" if given > 0 else "-Infinity"
    if abs(given) < 1e21 and given.is_integer():
        return str(int(_whole(given)))
    mantissa, _, exponent = repr(given).partition("e")
    if not exponent:
        return mantissa
    power = int(exponent)
    if -7 < power < 0:  # Python changes to an exponent below 1e-4, ECMAScript below 1e-6
        sign, digits = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
        return f"{sign}0.{'0' * (-power - 1)}{digits.replace('.', '')}"
    return f"{mantissa.removesuffix('.0')}e{'+' if power > 0 else '-'}{abs(power)}"


def _double(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf


def _whole(given: float) -> str:
    """The shortest digits of a whole float, with zeros after them."""
    mantissa, _, exponent = repr(given).partition("e")
    if not exponent:
        return mantissa.removesuffix(".0")
    whole, _, part = mantissa.partition(".")
    return whole + part.ljust(int(exponent), "0")


def canonical_bytes(document: Document) -> bytes:
    """The bytes that are signed: JSON by RFC 8785. The keys are ASCII and the values texts, so this is all of it."""
    content = msgspec.to_builtins(document)
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(document: Document) -> str:
    """SHA-256 of the canonical bytes, in hex."""
    return sha256(canonical_bytes(document)).hexdigest()
