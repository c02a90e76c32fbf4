"""Findings and judgements, and their texts, which are only formatted when somebody reads them."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from .checklist import Checklist, Severity, Text

FindingKind = Literal[
    "missing",
    "order",
    "evidence",
    "signer",
    "attest",
    "disputed",
    "waived",
    "bad_waiver",
    "late",
    "open",
    "undeclared",
    "changed_after_signature",
    "late_entry",
    "value",
]
Verdict = Literal["compliant", "compliant_with_remarks", "non_compliant"]
_RELATIONS = {"after": Text("之后", "after"), "before": Text("之前", "before")}


class Finding(msgspec.Struct, frozen=True):
    """A finding about an item or fact. `part`: the kind of evidence, the field, or the order `rel.other`."""

    kind: FindingKind
    item: str
    severity: Severity
    entries: tuple[str, ...] = ()
    thing: str | None = None
    part: str = ""

    @property
    def code(self) -> str:
        """`order.borrow_cleaned[chair].before.borrow_returned`"""
        thing = f"[{self.thing}]" if self.thing is not None else ""
        return f"{self.kind}.{self.item}{thing}{'.' if self.part else ''}{self.part}"


class Judgement(msgspec.Struct, frozen=True):
    """The result of judging a visit. `until` (µs UTC): when it can change without a new entry.

    `facts`: the names that are true; `labels`: the names of things, for people; `due`: by code of an open or missing
    finding, until when (µs UTC) its duty may stay open.
    """

    verdict: Verdict | None
    findings: tuple[Finding, ...] = ()
    until: int | None = None
    facts: frozenset[str] = frozenset()
    labels: dict[str, str] = {}
    due: dict[str, int] = {}


class FindingView(msgspec.Struct, frozen=True):
    """A finding as clients get it."""

    code: Annotated[str, Meta(description="Kind, item, thing and part: unique within the visit.")]
    kind: Annotated[FindingKind, Meta(description="What is wrong.")]
    item: Annotated[str, Meta(description="The item or fact of the checklist.")]
    thing: Annotated[str | None, Meta(description="The thing it is about.")]
    severity: Annotated[Severity, Meta(description="Its severity; open is a duty that is not due yet.")]
    clause: Annotated[str | None, Meta(description="The clause of the norm.")]
    message: Annotated[Text, Meta(description="The finding in words.")]
    entries: Annotated[tuple[str, ...], Meta(description="Ids of the entries that caused it.")]


def verdict(findings: tuple[Finding, ...]) -> Verdict:
    """The verdict of a visit that has begun; open and info findings do not affect it."""
    worst = {finding.severity for finding in findings}
    if "violation" in worst:
        return "non_compliant"
    return "compliant_with_remarks" if "warning" in worst else "compliant"


class FindingFormatter:
    """Puts findings into words, with the checklist's messages and labels."""

    def __init__(self, checklist: Checklist) -> None:
        self.messages = checklist.messages
        self.kinds = checklist.evidence_kinds
        self.items = {item.id: item for item in checklist.items}
        self.facts = checklist.facts
        self._texts: dict[tuple[str, str, str], Text] = {}

    def format(self, findings: tuple[Finding, ...], labels: dict[str, str]) -> tuple[FindingView, ...]:
        """Findings as clients get them; `labels`: the names of things."""
        return tuple(self._to_view(finding, labels) for finding in findings)

    def undone(self, item: str, *, late: bool) -> Text:
        """That an item is still open, or that it was not done in time."""
        return self._text(Finding("missing" if late else "open", item, "violation" if late else "open"), None)

    def _to_view(self, finding: Finding, labels: dict[str, str]) -> FindingView:
        item = self.items.get(finding.item)
        thing = finding.thing
        name = labels.get(thing, thing) if thing is not None else None
        return FindingView(
            finding.code,
            finding.kind,
            finding.item,
            thing,
            finding.severity,
            item.clause if item else None,
            self._text(finding, name),
            finding.entries,
        )

    def _text(self, finding: Finding, thing: str | None) -> Text:
        """The text in both languages, cached if it names no thing."""
        key = (finding.kind, finding.item, finding.part)
        text = self._texts.get(key) if thing is None else None
        if text is None:
            text = Text(self._message(finding, thing, "zh"), self._message(finding, thing, "en"))
            if thing is None:
                self._texts[key] = text
        return text

    def _message(self, finding: Finding, thing: str | None, language: Literal["zh", "en"]) -> str:
        template = getattr(self.messages[finding.kind], language)
        item = self.items.get(finding.item)
        if item is None:
            return template.format(fact=getattr(self.facts[finding.item], language))
        suffix = "" if thing is None else f"（{thing}）" if language == "zh" else f" ({thing})"
        values = {
            "label": getattr(item.label, language) + suffix,
            "clause": item.clause,
            "supervisor": getattr(item.supervisor, language) + suffix,
        }
        match finding.kind:
            case "order":
                rel, other = finding.part.split(".", 1)
                values |= {"rel": getattr(_RELATIONS[rel], language), "other": self._name(other, language)}
            case "evidence":
                values["kind"] = getattr(self.kinds[finding.part], language)
            case "value":
                values["field"] = getattr(item.fields[finding.part], language)
            case _:
                pass
        return template.format_map(values)

    def _name(self, other: str, language: Literal["zh", "en"]) -> str:
        if other == "window_end":
            return "约定时段结束" if language == "zh" else "end of the agreed window"
        item = self.items.get(other)
        return getattr(item.label if item else self.facts[other], language)
