"""Findings and judgements, and how they are shown. Messages are made only when somebody reads them."""

from typing import Annotated, Literal

import msgspec

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
    """What the judge says of one item (or fact): `part` is the kind of evidence, the field, or `rel.other`."""

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
    """The judge's answer at a moment. `until` (µs UTC): when it can change without a new entry.

    `facts` are the names of what is true; `labels` says what the things are called on screens.
    """

    verdict: Verdict | None
    findings: tuple[Finding, ...] = ()
    until: int | None = None
    facts: frozenset[str] = frozenset()
    labels: dict[str, str] = {}


class FindingView(msgspec.Struct, frozen=True):
    """A finding as clients get it, with its clause, the sentence in both languages, and the entries that made it."""

    code: Annotated[str, msgspec.Meta(description="Kind, item, thing and part; it names the finding within the visit.")]
    kind: Annotated[FindingKind, msgspec.Meta(description="What is wrong.")]
    item: Annotated[str, msgspec.Meta(description="The item or fact of the checklist.")]
    thing: Annotated[str | None, msgspec.Meta(description="The thing it is about.")]
    severity: Annotated[Severity, msgspec.Meta(description="How grave it is; open is a duty that is not due yet.")]
    clause: Annotated[str | None, msgspec.Meta(description="The clause of the norm.")]
    message: Annotated[Text, msgspec.Meta(description="The sentence for people.")]
    entries: Annotated[tuple[str, ...], msgspec.Meta(description="Ids of the entries that made it.")]


def verdict(findings: tuple[Finding, ...]) -> Verdict:
    """The verdict of a visit that has begun; open and info findings do not change it."""
    worst = {finding.severity for finding in findings}
    if "violation" in worst:
        return "non_compliant"
    return "compliant_with_remarks" if "warning" in worst else "compliant"


class FindingFormatter:
    """Says findings in words, from the checklist's messages and labels."""

    def __init__(self, checklist: Checklist) -> None:
        self.messages = checklist.messages
        self.kinds = checklist.evidence_kinds
        self.items = {item.id: item for item in checklist.items}
        self.facts = checklist.facts
        self._said: dict[tuple[str, str, str], Text] = {}

    def format(self, findings: tuple[Finding, ...], labels: dict[str, str]) -> tuple[FindingView, ...]:
        """Findings for clients; `labels` says what the things are called."""
        return tuple(self._shown(finding, labels) for finding in findings)

    def _shown(self, finding: Finding, labels: dict[str, str]) -> FindingView:
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
        """The sentence in both languages; one about no thing is always the same."""
        key = (finding.kind, finding.item, finding.part)
        said = self._said.get(key) if thing is None else None
        if said is None:
            said = Text(self._message(finding, thing, "zh"), self._message(finding, thing, "en"))
            if thing is None:
                self._said[key] = said
        return said

    def _message(self, finding: Finding, thing: str | None, tongue: Literal["zh", "en"]) -> str:
        template = getattr(self.messages[finding.kind], tongue)
        item = self.items.get(finding.item)
        if item is None:
            return template.format(fact=getattr(self.facts[finding.item], tongue))
        suffix = "" if thing is None else f"（{thing}）" if tongue == "zh" else f" ({thing})"
        words = {
            "label": getattr(item.label, tongue) + suffix,
            "clause": item.clause,
            "supervisor": getattr(item.supervisor, tongue) + suffix,
        }
        match finding.kind:
            case "order":
                rel, other = finding.part.split(".", 1)
                words |= {"rel": getattr(_RELATIONS[rel], tongue), "other": self._name(other, tongue)}
            case "evidence":
                words["kind"] = getattr(self.kinds[finding.part], tongue)
            case "value":
                words["field"] = getattr(item.fields[finding.part], tongue)
            case _:
                pass
        return template.format_map(words)

    def _name(self, other: str, tongue: Literal["zh", "en"]) -> str:
        if other == "window_end":
            return "约定时段结束" if tongue == "zh" else "end of the agreed window"
        item = self.items.get(other)
        return getattr(item.label if item else self.facts[other], tongue)
