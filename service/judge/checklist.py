"""A checklist: the norm as data. A published version never changes; a visit keeps the version it was planned with.

The authors' files (TOML, one per clause) and the published document (JSON, for phones) have the same structure, except
that examples are not published.
"""

from datetime import date, timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from .condition import Condition, parse
from .entries import Author

Severity = Literal["violation", "warning", "info", "open"]
FaultSeverity = Literal["violation", "warning", "info"]  # of a duty that was not done
LineEvidence = Literal["photo", "text", "notice", "number"]
ItemKind = Literal["act", "prohibition", "computed", "outcome", "best_effort"]
Key = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$(?!\n)")]


class Text(msgspec.Struct, frozen=True):
    """A text for people, in both languages."""

    zh: Annotated[str, Meta(description="Chinese.")]
    en: Annotated[str, Meta(description="English.")]


class SeverityOverride(msgspec.Struct, frozen=True):
    """A documented decision to lower a severity below the norm's."""

    to: Annotated[FaultSeverity, Meta(description="The lowered severity.")]
    reason: Annotated[str, Meta(description="Why it was lowered.")]
    decided_by: Annotated[str, Meta(description="Who decided it.")]
    on: Annotated[date, Meta(description="The day of the decision.")]


class OrderRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """The item comes `rel` (before or after) `than`. Skipped when `only_if` happened in the opposite order."""

    rel: Annotated[Literal["before", "after"], Meta(description="Whether the item comes before or after.")]
    than: Annotated[Key, Meta(description="An item, a fact, or window_end.")]
    sev: Annotated[FaultSeverity, Meta(description="The severity when the order is broken.")]
    only_if: Annotated[tuple[Key, Literal["before"], Key] | None, Meta(description="Only if these happened so.")] = None
    lowered: Annotated[SeverityOverride | None, Meta(description="Lowered severity.")] = None


class TimeLimit(msgspec.Struct, frozen=True, omit_defaults=True, rename={"start": "from"}):
    """The item is due this long after the fact `from`: days, minutes, or a setting in minutes."""

    start: Annotated[Key, Meta(description="Counted from this fact.")]
    sev: Annotated[FaultSeverity, Meta(description="The severity when it is late.")] = "warning"
    days: Annotated[int, Meta(description="Days of 24 hours.")] = 0
    minutes: Annotated[int, Meta(description="Minutes.")] = 0
    setting: Annotated[Key | None, Meta(description="A setting in minutes instead.")] = None
    note: Annotated[str, Meta(description="The authors' note.")] = ""

    def length(self, settings: "ChecklistSettings") -> timedelta:
        """The duration; a day is 24 hours."""
        minutes = getattr(settings, self.setting) if self.setting else self.minutes
        return timedelta(days=self.days, minutes=minutes)


class EvidenceRequirement(msgspec.Struct, frozen=True):
    """Evidence of an act: `min` is required; `strong` is requested by sampling or policy."""

    min: Annotated[tuple[str, ...], Meta(description="Kinds of evidence that are required.")] = ()
    strong: Annotated[tuple[str, ...], Meta(description="Kinds of evidence that sampling or policy requests.")] = ()


class Waiver(msgspec.Struct, frozen=True):
    """Who may waive the item, what a waiver requires, and the remaining severity."""

    by: Annotated[tuple[Author, ...], Meta(description="Who may waive it.")] = ()
    needs: Annotated[tuple[str, ...], Meta(description="What a waiver requires.")] = ()
    result: Annotated[FaultSeverity, Meta(description="The severity that remains.")] = "violation"


class Refusal(msgspec.Struct, frozen=True):
    """The customer may refuse: what has to be recorded, and the result."""

    needs: Annotated[tuple[str, ...], Meta(description="What has to be recorded.")]
    result: Annotated[Literal["open"], Meta(description="The result.")] = "open"


class Choice(msgspec.Struct, frozen=True):
    """One option of a choice field."""

    id: Annotated[Key, Meta(description="Its id, as an entry names it.")]
    zh: Annotated[str, Meta(description="Chinese name.")]
    en: Annotated[str, Meta(description="English name.")]


class Field(msgspec.Struct, frozen=True, omit_defaults=True):
    """A typed answer of an item, such as a meter reading. Never required."""

    type: Annotated[Literal["number", "text", "choice", "code", "time"], Meta(description="The type of the answer.")]
    zh: Annotated[str, Meta(description="Chinese name.")]
    en: Annotated[str, Meta(description="English name.")]
    unit: Annotated[str, Meta(description="The unit of a number.")] = ""
    min: Annotated[float | None, Meta(description="The least number.")] = None
    max: Annotated[float | None, Meta(description="The greatest number.")] = None
    choices: Annotated[tuple[Choice, ...], Meta(description="The options.")] = ()


class Item(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, rename={"class_": "class"}):
    """One obligation. `per: thing` is judged once per borrowed object, damaged facility or request."""

    id: Annotated[Key, Meta(description="Its id; never changes.")]
    label: Annotated[Text, Meta(description="The short name.")]
    class_: Annotated[Literal["core", "derived", "context", "policy"], Meta(description="Where it comes from.")]
    clause: Annotated[str, Meta(description="Its clause; for a policy, its source.")]
    stage: Annotated[str, Meta(description="The stage of the visit.")]
    kind: Annotated[ItemKind, Meta(description="What kind of duty it is.")]
    who: Annotated[str, Meta(description="Whose duty it is.")]
    per: Annotated[Literal["visit", "thing"], Meta(description="Once a visit, or for each thing.")] = "visit"
    things_of: Annotated[Key | None, Meta(description="The fact whose things it applies to.")] = None
    when: Annotated[str, Meta(description="The condition under which it applies.")]
    entailed_by: Annotated[str, Meta(description="Why the norm entails it.")] = ""
    manners: Annotated[tuple[str, ...], Meta(description="The manners that the norm requires.")] = ()
    counts: Annotated[Literal["first", "last"], Meta(description="Whether the first or the last act counts.")] = "first"
    satisfied_by_any: Annotated[tuple[Key, ...], Meta(description="Satisfied by any of these items.")] = ()
    order: Annotated[tuple[OrderRule, ...], Meta(description="Its order relative to other items and facts.")] = ()
    time_limit: Annotated[TimeLimit | None, Meta(description="When it has to be done by.")] = None
    may_stay_open: Annotated[bool, Meta(description="May be done after the visit.")] = False
    evidence: Annotated[EvidenceRequirement, Meta(description="The evidence that it requires.")] = EvidenceRequirement()
    fields: Annotated[dict[Key, Field], Meta(description="Typed answers by name; none is required.")] = {}
    attested_by: Annotated[tuple[str, ...], Meta(description="Who may attest it.")] = ()
    customer_asked: Annotated[bool, Meta(description="Whether the customer is asked.")] = False
    waiver: Annotated[Waiver, Meta(description="Who may waive it, and how.")] = Waiver()
    refusal: Annotated[Refusal | None, Meta(description="What applies when the customer refuses.")] = None
    covers: Annotated[tuple[Key, ...], Meta(description="Items that the signature covers.")] = ()
    signs: Annotated[Key | None, Meta(description="The item that is the signature.")] = None
    allowed_signers: Annotated[tuple[str, ...], Meta(description="Who may sign.")] = ()
    not_allowed: Annotated[tuple[str, ...], Meta(description="Who may not sign.")] = ()
    default: Annotated[bool, Meta(description="Whether a policy is enabled by default.")] = True
    if_missing: Annotated[FaultSeverity, Meta(description="The severity when it was not done.")]
    lowered: Annotated[SeverityOverride | None, Meta(description="Lowered severity.")] = None
    screen: Annotated[Text, Meta(description="What the technician reads.")]
    customer: Annotated[Text | None, Meta(description="What the customer is asked.")] = None
    supervisor: Annotated[Text, Meta(description="What the supervisor reads when it was not done.")]
    notes: Annotated[str, Meta(description="The authors' notes.")] = ""

    @property
    def severity(self) -> FaultSeverity:
        """The severity when it was not done, after any `lowered`."""
        return self.lowered.to if self.lowered else self.if_missing

    def condition(self) -> Condition:
        """Parse `when`."""
        return parse(self.when)


class ClausePhrase(msgspec.Struct, frozen=True, omit_defaults=True):
    """A phrase of a clause, in source and restored wording, and the items based on it."""

    source: Annotated[str, Meta(description="The source wording.")]
    zh: Annotated[str, Meta(description="The restored wording.")]
    items: Annotated[tuple[Key, ...], Meta(description="The items based on it.")]
    note: Annotated[str, Meta(description="The authors' note.")] = ""


class Clause(msgspec.Struct, frozen=True):
    """A clause of the norm."""

    number: Annotated[str, Meta(description="Its number in the norm.")]
    source: Annotated[str, Meta(description="The source wording with its numbering, for provenance.")]
    zh: Annotated[str, Meta(description="The restored wording, shown to people.")]
    en: Annotated[str, Meta(description="The same in English.")]
    phrases: Annotated[tuple[ClausePhrase, ...], Meta(description="Its phrases; joined, they are its full text.")] = ()


class Fact(msgspec.Struct, frozen=True, omit_defaults=True):
    """A circumstance or event of a visit; conditions of items refer to it."""

    type: Annotated[Literal["event", "declared", "assigned", "computed"], Meta(description="How it becomes known.")]
    zh: Annotated[str, Meta(description="What a person reads, in Chinese.")]
    en: Annotated[str, Meta(description="The same in English.")]
    per_thing: Annotated[bool, Meta(description="Whether it is recorded for each thing.")] = False
    things_of: Annotated[Key | None, Meta(description="A fact of which these are also things.")] = None
    event: Annotated[bool, Meta(description="Whether it has a time.")] = False
    must_declare: Annotated[bool, Meta(description="Whether it has to be declared even when it did not happen.")] = True
    customer: Annotated[Text | None, Meta(description="The text with which the customer may report it.")] = None


class VisitType(msgspec.Struct, frozen=True, omit_defaults=True):
    """A type of visit, with the facts to be declared and the clauses that apply."""

    zh: Annotated[str, Meta(description="What a person reads, in Chinese.")]
    en: Annotated[str, Meta(description="The same in English.")]
    appointment: Annotated[str, Meta(description="The type of appointment.")]
    entry: Annotated[str, Meta(description="Whether premises are entered.")]
    incidents: Annotated[tuple[Key, ...], Meta(description="Facts to be declared before leaving.")]
    must_tell: Annotated[tuple[Key, ...], Meta(description="Facts to be declared once work has started.")]
    clauses: Annotated[tuple[str, ...], Meta(description="Clauses that apply; with `*`, only in the event.")]
    subtypes: Annotated[tuple[str, ...], Meta(description="Its subtypes.")] = ()


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question on the customer's page. In its text, `{items}` is replaced by the labels of the items concerned."""

    id: Annotated[Key, Meta(description="Its id.")]
    zh: Annotated[str, Meta(description="The question in Chinese.")]
    en: Annotated[str, Meta(description="The question in English.")]
    items: Annotated[tuple[Key, ...], Meta(description="Items that a negative answer disputes.")]
    asked_always: Annotated[bool, Meta(description="Whether it is always asked.")] = False
    bad_answer: Annotated[Literal["yes", "no"], Meta(description="Which answer is negative.")] = "no"
    own_device: Annotated[bool, Meta(description="Whether it is asked only on the customer's own device.")] = False
    note: Annotated[str, Meta(description="The authors' note.")] = ""


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a statement: a typed answer of an item, or its evidence of one kind, from all its acts."""

    item: Annotated[Key, Meta(description="The item whose acts it shows.")]
    field: Annotated[Key | None, Meta(description="One of its typed answers.")] = None
    evidence: Annotated[LineEvidence | None, Meta(description="Or a kind of its evidence.")] = None
    label: Annotated[Text | None, Meta(description="Its name; by default the field's or the item's.")] = None


class Statement(msgspec.Struct, frozen=True, omit_defaults=True):
    """Defines a document that is generated from the entries for the customer to sign.

    When the item in `signs` is `per: thing` there is one document for each thing.
    """

    id: Annotated[Key, Meta(description="Its id.")]
    title: Annotated[Text, Meta(description="Its title.")]
    lines: Annotated[tuple[Line, ...], Meta(description="Its lines; empty ones are omitted.")]
    signs: Annotated[Key | None, Meta(description="The item fulfilled by signing; without one, it is only shown.")] = (
        None
    )
    declares: Annotated[Text | None, Meta(description="What the signer declares.")] = None


class ChecklistSettings(msgspec.Struct, frozen=True):
    """Figures that the norm leaves to the utility."""

    arrival_grace_minutes: Annotated[int, Meta(description="Grace around the agreed window.")]
    hostile_report_minutes: Annotated[int, Meta(description="Time to report a hostile customer.")]
    meeting_minutes: Annotated[int, Meta(description="Time to show the ID card after meeting.")]
    late_entry_minutes: Annotated[int, Meta(description="An entry written later than this is late.")]
    moved_after_minutes: Annotated[int, Meta(description="An arrival so far outside the window is a reschedule.")]
    settle_days: Annotated[int, Meta(description="Days to settle what remains open after the visit.")]
    evidence_gap: Annotated[
        dict[str, FaultSeverity], Meta(description="Severity of missing evidence, by kind or other.")
    ]


class Norm(msgspec.Struct, frozen=True):
    """The norm that a checklist implements."""

    id: Annotated[str, Meta(description="Its id.")]
    zh: Annotated[str, Meta(description="Its name in Chinese.")]
    en: Annotated[str, Meta(description="Its name in English.")]


class Checklist(msgspec.Struct, frozen=True, kw_only=True):
    """A published version, with all that a phone needs to judge a visit offline."""

    id: Annotated[Key, Meta(description="Its id, such as `onsite`.")]
    version: Annotated[Annotated[int, Meta(ge=1)], Meta(description="The number of the version.")]
    norm: Annotated[Norm, Meta(description="The norm that it implements.")]
    clauses: Annotated[tuple[Clause, ...], Meta(description="All clauses.")]
    items: Annotated[tuple[Item, ...], Meta(description="All items.")]
    facts: Annotated[dict[Key, Fact], Meta(description="Facts by id.")]
    visit_types: Annotated[dict[Key, VisitType], Meta(description="Types of visit by id.")]
    questions: Annotated[tuple[Question, ...], Meta(description="The questions on the customer's page.")]
    statements: Annotated[tuple[Statement, ...], Meta(description="What a customer may be asked to sign.")] = ()
    defaults: Annotated[ChecklistSettings, Meta(description="The utility's figures.")]
    messages: Annotated[dict[str, Text], Meta(description="The texts of findings, by kind.")]
    evidence_kinds: Annotated[dict[str, Text], Meta(description="Names of the kinds of evidence.")]
    words: Annotated[dict[str, dict[str, Text]], Meta(description="Names of other codes, by list and code.")] = {}

    @property
    def name(self) -> str:
        """`onsite@1`"""
        return f"{self.id}@{self.version}"


class Example(msgspec.Struct, frozen=True, omit_defaults=True):
    """Entries, and the findings of the item that result. Times are `HH:MM`, or `1d HH:MM` a day later."""

    shows: str
    entries: tuple[dict[str, Any], ...]
    gives: tuple[str, ...] = ()
    visit: dict[str, Any] = {}
    now: str = "1d 12:00"
