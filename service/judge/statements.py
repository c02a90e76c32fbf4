"""Statements: the documents that customers sign, generated from the entries (4.3.7, 4.3.8, 4.3.10).

A signature names the digest of a statement's canonical bytes (RFC 8785). Server and phones produce the same bytes from
the same entries: `docs/statement.md` is the specification, `docs/statement-vectors.json` has test vectors.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from hashlib import sha256
from math import inf, isfinite, isnan
from operator import itemgetter
from typing import Annotated

import msgspec
from msgspec import Meta

from service.normal_form import normal_form

from .bounds import EXACT
from .checklist import Field, Line, Statement
from .entries import FieldValue
from .rules import CompiledChecklist, CompiledItem
from .timeline import ECMASCRIPT_WHITESPACE, OccurrenceKey, TimedEntry, Timeline

FORMAT = "doorstep-statement/1"
_TIME = re.compile("([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2})")


class StatementLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line: texts, or photos."""

    label: Annotated[str, Meta(description="The name of the line.")]
    value: Annotated[tuple[str, ...], Meta(description="Its texts.")] = ()
    photos: Annotated[tuple[str, ...], Meta(description="Its photos: SHA-256 in hex.")] = ()


class Document(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A statement about one visit (and one thing). All values are texts in NFC."""

    form: Annotated[str, Meta(description="The version of the format.")]
    checklist: Annotated[str, Meta(description="The checklist and its version.")]
    visit: Annotated[str, Meta(description="The visit's id.")]
    statement: Annotated[str, Meta(description="Which statement of the checklist it is.")]
    title: Annotated[str, Meta(description="The title.")]
    lines: Annotated[tuple[StatementLine, ...], Meta(description="The lines.")]
    thing: Annotated[str | None, Meta(description="The thing it is about.")] = None
    declaration: Annotated[str | None, Meta(description="What the signer declares.")] = None


class RenderedStatement(msgspec.Struct, frozen=True):
    """A statement with its document and digest. `english`: the labels of its lines, which are Chinese, in English."""

    table: Statement
    thing: str | None
    document: Document
    sha256: str
    english: tuple[str, ...] = ()


def statements(
    rules: CompiledChecklist, visit: str, timeline: Timeline, true: frozenset[str]
) -> list[RenderedStatement]:
    """The statements that apply, in the order of the checklist. `true`: see `Judgement.facts`."""
    made: list[RenderedStatement] = []
    for table in rules.checklist.statements:
        for thing in _things(rules, table, timeline, true):
            statement = render_statement(rules, table, visit, timeline, thing)
            if statement.document.lines or table.signs:
                made.append(statement)
    return made


def _things(
    rules: CompiledChecklist, table: Statement, timeline: Timeline, true: frozenset[str]
) -> Sequence[str | None]:
    if table.signs is None:
        return (None,)
    rule = rules.by_id[table.signs]
    if rule.per_thing:
        named = timeline.named_things.get(rule.things_of, {})
        return sorted(named, key=named.__getitem__)
    return (None,) if rules.tests[rule.test](set(true)) else ()


Sources = tuple[tuple[Line, CompiledItem, list[TimedEntry]], ...]
"""The acts that contribute to each line of a statement, sorted by time."""


def render_statement(
    rules: CompiledChecklist,
    table: Statement,
    visit: str,
    timeline: Timeline,
    thing: str | None = None,
    until: int | None = None,
) -> RenderedStatement:
    """The statement from the acts up to `until` (µs UTC), or from all."""
    found = sources(rules, table, timeline, thing)
    if until is not None:
        found = tuple((line, rule, acts[: bisect_right(acts, until, key=itemgetter(0))]) for line, rule, acts in found)
    return make_from(rules, table, visit, found, thing)


def make_from(
    rules: CompiledChecklist, table: Statement, visit: str, found: Sources, thing: str | None
) -> RenderedStatement:
    """The statement from these acts."""
    lines = tuple(_lines(found))
    document = Document(
        form=FORMAT,
        checklist=rules.checklist.name,
        visit=visit,
        statement=table.id,
        title=plain_text(table.title.zh),
        lines=tuple(line for line, _ in lines),
        thing=thing,
        declaration=plain_text(table.declares.zh) if table.declares else None,
    )
    return RenderedStatement(table, thing, document, digest(document), tuple(english for _, english in lines))


def sources(rules: CompiledChecklist, table: Statement, timeline: Timeline, thing: str | None) -> Sources:
    """The acts that contribute to each line."""
    found: list[tuple[Line, CompiledItem, list[TimedEntry]]] = []
    for line in table.lines:
        rule = rules.by_id[line.item]
        key: OccurrenceKey = (rule.id, thing) if rule.per_thing and thing is not None else rule.id
        acts = [act for act in timeline.acts.get(key, ()) if _contributes(rule, line, act)]
        acts.sort(key=lambda act: act[:2])
        found.append((line, rule, acts))
    return tuple(found)


def _contributes(rule: CompiledItem, line: Line, act: TimedEntry) -> bool:
    if line.field and line.field in rule.fields:
        return line.field in act[2].fields
    return any(piece.kind == line.evidence for piece in act[2].evidence)


def _lines(found: Sources) -> Iterator[tuple[StatementLine, str]]:
    """The lines that are not empty, each with its label in English."""
    for line, rule, acts in found:
        field = rule.fields.get(line.field) if line.field else None
        value = _answer(field, line.field or "", acts) if field else _evidence(line, acts)
        name = line.label or field or rule.item.label
        if value and line.evidence == "photo":
            yield StatementLine(plain_text(name.zh), photos=tuple(value)), name.en
        elif value:
            yield StatementLine(plain_text(name.zh), tuple(value)), name.en


def _answer(field: Field, name: str, acts: Sequence[TimedEntry]) -> list[str]:
    """The last answer: it replaces earlier ones."""
    text = plain_text(_text(field, acts[-1][2].fields[name])) if acts else ""
    return [text] if text else []


def _text(field: Field, value: FieldValue) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, str):
        time = _TIME.match(value) if field.type == "time" else None
        if time:  # as written, in its own offset
            return f"{time[1]}年{int(time[2])}月{int(time[3])}日 {time[4]}:{time[5]}"
        return next((choice.zh for choice in field.choices if choice.id == value), value)
    return f"{ecmascript_number(value)} {field.unit}".strip()


def _evidence(line: Line, acts: Sequence[TimedEntry]) -> list[str]:
    """The distinct pieces of the kind from all acts, in order."""
    found: dict[str, None] = {}
    for _, _, entry in acts:
        for piece in entry.evidence:
            if piece.kind == line.evidence:
                text = {"photo": piece.sha256, "text": piece.text}.get(piece.kind, piece.number)
                found[plain_text(text or "")] = None
    found.pop("", None)
    return list(found)


def plain_text(text: str) -> str:
    """Normalize to NFC and trim as ECMAScript does."""
    return normal_form("NFC", text).strip(ECMASCRIPT_WHITESPACE)


def ecmascript_number(value: float) -> str:
    """Format a number as ECMAScript does (RFC 8785 3.2.2.3). One too large for a double becomes `Infinity`."""
    if isinstance(value, int) and abs(value) <= EXACT:
        return str(value)
    try:
        number = float(value)
    except OverflowError:
        number = inf if value > 0 else -inf
    if not isfinite(number):
        return "NaN" if isnan(number) else "Infinity" if number > 0 else "-Infinity"
    if abs(number) < 1e21 and number.is_integer():
        return str(int(_integer_digits(number)))
    mantissa, _, exponent = repr(number).partition("e")
    if not exponent:
        return mantissa
    power = int(exponent)
    if -7 < power < 0:  # Python uses an exponent below 1e-4, ECMAScript below 1e-6
        sign, digits = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
        return f"{sign}0.{'0' * (-power - 1)}{digits.replace('.', '')}"
    return f"{mantissa.removesuffix('.0')}e{'+' if power > 0 else '-'}{abs(power)}"


def _integer_digits(number: float) -> str:
    """The shortest digits that identify an integral float, padded with zeros."""
    mantissa, _, exponent = repr(number).partition("e")
    if not exponent:
        return mantissa.removesuffix(".0")
    whole, _, fraction = mantissa.partition(".")
    return whole + fraction.ljust(int(exponent), "0")


def canonical_bytes(document: Document) -> bytes:
    """RFC 8785. Keys are ASCII and values are texts, so sorted keys and minimal escapes are all it takes."""
    content = msgspec.to_builtins(document)
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(document: Document) -> str:
    """SHA-256 of the canonical bytes in hex."""
    return sha256(canonical_bytes(document)).hexdigest()
