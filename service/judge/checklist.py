"""A checklist: the norm as data. One version is immutable; a visit is judged by the version it began with.

The authors' files (TOML, one per clause) and the published document (JSON, for phones) have the same
shape; only the examples stay with the authors. Names are those of the norm's own list of obligations.
"""

from datetime import date, timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from .condition import Condition, parse
from .entries import Author

Severity = Literal["violation", "warning", "info", "open"]
FaultSeverity = Literal["violation", "warning", "info"]  # how grave it is when a duty is not done
Key = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$(?!\n)")]


class Text(msgspec.Struct, frozen=True):
    """What a person reads, Chinese first."""

    zh: Annotated[str, Meta(description="Chinese.")]
    en: Annotated[str, Meta(description="English.")]


class SeverityOverride(msgspec.Struct, frozen=True):
    """A severity below what the norm's list says: to what, why, who decided it, and when."""

    to: Annotated[FaultSeverity, Meta(description="The severity that counts.")]
    reason: Annotated[str, Meta(description="Why it was lowered.")]
    decided_by: Annotated[str, Meta(description="Who decided it.")]
    on: Annotated[date, Meta(description="The day of the decision.")]


class OrderRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """Order: this item comes `rel` the item or fact `than`; skipped when `only_if` is recorded the other way round."""

    rel: Annotated[Literal["before", "after"], Meta(description="Whether the item comes before or after.")]
    than: Annotated[Key, Meta(description="An item, a fact, or window_end.")]
    sev: Annotated[FaultSeverity, Meta(description="The severity when the order is broken.")]
    only_if: Annotated[
        tuple[Key, Literal["before"], Key] | None, Meta(description="Checked only when these two came in this order.")
    ] = None
    lowered: Annotated[SeverityOverride | None, Meta(description="Lowered severity.")] = None


class TimeLimit(msgspec.Struct, frozen=True, omit_defaults=True, rename={"start": "from"}):
    """How long after the fact `from` the item is in time: days, minutes, or the name of a setting in minutes."""

    start: Annotated[Key, Meta(description="Counted from this fact.")]
    sev: Annotated[FaultSeverity, Meta(description="The severity when it is late.")] = "warning"
    days: Annotated[int, Meta(description="Days of 24 hours.")] = 0
    minutes: Annotated[int, Meta(description="Minutes.")] = 0
    setting: Annotated[Key | None, Meta(description="A setting in minutes instead.")] = None
    note: Annotated[str, Meta(description="A note of the authors.")] = ""

    def length(self, settings: "ChecklistSettings") -> timedelta:
        """The length; a day is 24 hours."""
        minutes = getattr(settings, self.setting) if self.setting else self.minutes
        return timedelta(days=self.days, minutes=minutes)


class EvidenceRequirement(msgspec.Struct, frozen=True):
    """Evidence: without `min` the act is not proved; `strong` is asked for by sampling or policy."""

    min: Annotated[tuple[str, ...], Meta(description="Kinds of evidence without which the act is not proved.")] = ()
    strong: Annotated[tuple[str, ...], Meta(description="Kinds of evidence that sampling or policy asks for.")] = ()


class Waiver(msgspec.Struct, frozen=True):
    """Who may let the item pass, what it needs, and what then remains."""

    by: Annotated[tuple[Author, ...], Meta(description="Who may waive it.")] = ()
    needs: Annotated[tuple[str, ...], Meta(description="What a waiver needs.")] = ()
    result: Annotated[FaultSeverity, Meta(description="The severity that remains.")] = "violation"


class Refusal(msgspec.Struct, frozen=True):
    """The customer may refuse: what has to be recorded, and what then remains."""

    needs: Annotated[tuple[str, ...], Meta(description="What has to be recorded.")]
    result: Annotated[Literal["open"], Meta(description="What remains.")] = "open"


class Choice(msgspec.Struct, frozen=True):
    """One answer of a list."""

    id: Annotated[Key, Meta(description="Its id, as an entry names it.")]
    zh: Annotated[str, Meta(description="What a person reads, in Chinese.")]
    en: Annotated[str, Meta(description="The same in English.")]


class Field(msgspec.Struct, frozen=True, omit_defaults=True):
    """A typed answer that the item asks for: a reading, a number on a plate, a cause. Never required."""

    type: Annotated[Literal["number", "text", "choice", "code", "time"], Meta(description="The type of the answer.")]
    zh: Annotated[str, Meta(description="Chinese name.")]
    en: Annotated[str, Meta(description="English name.")]
    unit: Annotated[str, Meta(description="The unit of a number.")] = ""
    min: Annotated[float | None, Meta(description="The least number.")] = None
    max: Annotated[float | None, Meta(description="The greatest number.")] = None
    choices: Annotated[tuple[Choice, ...], Meta(description="The answers to choose from.")] = ()


class Item(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, rename={"class_": "class"}):
    """One obligation. `per: thing` is judged once per borrowed object, damaged facility or request."""

    id: Annotated[Key, Meta(description="Its id, which is never renamed.")]
    label: Annotated[Text, Meta(description="The short name.")]
    class_: Annotated[Literal["core", "derived", "context", "policy"], Meta(description="Where it comes from.")]
    clause: Annotated[str, Meta(description="The clause that it stands in; a policy names its source.")]
    stage: Annotated[str, Meta(description="The stage of the visit.")]
    kind: Annotated[
        Literal["act", "prohibition", "computed", "outcome", "best_effort"],
        Meta(description="What kind of duty it is."),
    ]
    who: Annotated[str, Meta(description="Whose duty it is.")]
    per: Annotated[Literal["visit", "thing"], Meta(description="Once a visit, or for each thing.")] = "visit"
    things_of: Annotated[Key | None, Meta(description="The fact whose things are meant.")] = None
    when: Annotated[str, Meta(description="The condition under which it applies.")]
    entailed_by: Annotated[str, Meta(description="Why the norm entails it.")] = ""
    manners: Annotated[tuple[str, ...], Meta(description="The manners that the norm asks for.")] = ()
    counts: Annotated[Literal["first", "last"], Meta(description="The first act counts, or the last.")] = "first"
    satisfied_by_any: Annotated[tuple[Key, ...], Meta(description="Done by any of these items.")] = ()
    order: Annotated[tuple[OrderRule, ...], Meta(description="Its order against other items and facts.")] = ()
    time_limit: Annotated[TimeLimit | None, Meta(description="Until when it has to be done.")] = None
    may_stay_open: Annotated[bool, Meta(description="May be done after the visit.")] = False
    evidence: Annotated[EvidenceRequirement, Meta(description="The evidence that it needs.")] = EvidenceRequirement()
    fields: Annotated[dict[Key, Field], Meta(description="Typed answers by name, none required.")] = {}
    attested_by: Annotated[tuple[str, ...], Meta(description="Who may attest it.")] = ()
    customer_asked: Annotated[bool, Meta(description="Whether the customer is asked.")] = False
    waiver: Annotated[Waiver, Meta(description="Who may waive it, and how.")] = Waiver()
    refusal: Annotated[Refusal | None, Meta(description="What holds when the customer refuses.")] = None
    covers: Annotated[tuple[Key, ...], Meta(description="Items that the signature covers.")] = ()
    signs: Annotated[Key | None, Meta(description="The item that is the signature.")] = None
    allowed_signers: Annotated[tuple[str, ...], Meta(description="Who may sign.")] = ()
    not_allowed: Annotated[tuple[str, ...], Meta(description="Who may not sign.")] = ()
    default: Annotated[bool, Meta(description="Whether a policy is on unless a visit says otherwise.")] = True
    if_missing: Annotated[FaultSeverity, Meta(description="The severity when it was not done.")]
    lowered: Annotated[SeverityOverride | None, Meta(description="A severity below what the norm says.")] = None
    screen: Annotated[Text, Meta(description="What the technician reads.")]
    customer: Annotated[Text | None, Meta(description="What the customer is asked.")] = None
    supervisor: Annotated[Text, Meta(description="What the supervisor reads when it was not done.")]
    notes: Annotated[str, Meta(description="Notes of the authors.")] = ""

    @property
    def severity(self) -> FaultSeverity:
        """What a missing act weighs, with a recorded policy counted in."""
        return self.lowered.to if self.lowered else self.if_missing

    def condition(self) -> Condition:
        """`when`, parsed."""
        return parse(self.when)


class ClausePhrase(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stretch of a clause's source wording, as it came and restored, and the items that it founds."""

    source: Annotated[str, Meta(description="The source wording.")]
    zh: Annotated[str, Meta(description="The restored wording.")]
    items: Annotated[tuple[Key, ...], Meta(description="The items that it founds.")]
    note: Annotated[str, Meta(description="A note of the authors.")] = ""


class Clause(msgspec.Struct, frozen=True):
    """A clause: source wording for provenance, restored wording for people."""

    number: Annotated[str, Meta(description="Its number in the norm.")]
    source: Annotated[str, Meta(description="The source wording with its numbering, for provenance.")]
    zh: Annotated[str, Meta(description="The restored wording, shown to people.")]
    en: Annotated[str, Meta(description="The same in English.")]
    phrases: Annotated[
        tuple[ClausePhrase, ...], Meta(description="The clause cut into phrases; joined they are the whole.")
    ] = ()


class Fact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that is so, or happens, in a visit and switches items on."""

    type: Annotated[Literal["event", "declared", "assigned", "computed"], Meta(description="How it becomes known.")]
    zh: Annotated[str, Meta(description="What a person reads, in Chinese.")]
    en: Annotated[str, Meta(description="The same in English.")]
    per_thing: Annotated[bool, Meta(description="Whether it is recorded for each thing.")] = False
    things_of: Annotated[Key | None, Meta(description="Another fact whose things these are too.")] = None
    event: Annotated[bool, Meta(description="Whether it has a time.")] = False
    must_declare: Annotated[bool, Meta(description="Whether it has to be answered when it did not happen.")] = True
    customer: Annotated[
        Text | None, Meta(description="The words on the customer's page, where the customer may raise it.")
    ] = None


class VisitType(msgspec.Struct, frozen=True, omit_defaults=True):
    """A kind of visit: what has to be told and declared, and the clauses that apply (`*`: only if it happens)."""

    zh: Annotated[str, Meta(description="What a person reads, in Chinese.")]
    en: Annotated[str, Meta(description="The same in English.")]
    appointment: Annotated[str, Meta(description="The kind of appointment.")]
    entry: Annotated[str, Meta(description="Whether premises are entered.")]
    incidents: Annotated[tuple[Key, ...], Meta(description="Facts to be answered before leaving.")]
    must_tell: Annotated[tuple[Key, ...], Meta(description="Facts to be told once work has started.")]
    clauses: Annotated[tuple[str, ...], Meta(description="Clauses that apply; with `*` only if it happens.")]
    subtypes: Annotated[tuple[str, ...], Meta(description="Its subtypes.")] = ()


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """One question on the customer's page; a bad answer disputes its items.

    Where its text says `{items}`, there stand the labels of those that it is about this time.
    """

    id: Annotated[Key, Meta(description="Its id.")]
    zh: Annotated[str, Meta(description="The question in Chinese.")]
    en: Annotated[str, Meta(description="The question in English.")]
    items: Annotated[tuple[Key, ...], Meta(description="Items that a bad answer disputes.")]
    asked_always: Annotated[bool, Meta(description="Whether it is asked in any case.")] = False
    bad_answer: Annotated[Literal["yes", "no"], Meta(description="Which answer is the bad one.")] = "no"
    own_device: Annotated[bool, Meta(description="Whether it is asked only on the customer's own device.")] = False
    note: Annotated[str, Meta(description="A note of the authors.")] = ""


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a statement: a typed answer of an item, or its evidence of a kind, over all its acts."""

    item: Annotated[Key, Meta(description="The item whose acts it shows.")]
    field: Annotated[Key | None, Meta(description="One of its typed answers.")] = None
    evidence: Annotated[
        Literal["photo", "text", "notice", "number"] | None, Meta(description="Or a kind of its evidence.")
    ] = None
    label: Annotated[Text | None, Meta(description="Its name; without one the field's or the item's.")] = None


class Statement(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a customer is asked to sign, made by rule from the entries.

    `signs`: the item of which a signature is the act; one for each thing when that item is `per: thing`. Without it
    the statement is shown and nothing is signed.
    """

    id: Annotated[Key, Meta(description="Its id.")]
    title: Annotated[Text, Meta(description="Its title.")]
    lines: Annotated[tuple[Line, ...], Meta(description="Its lines; those without content are left out.")]
    signs: Annotated[
        Key | None, Meta(description="The item that a signature fulfils; without one it is only shown.")
    ] = None
    declares: Annotated[Text | None, Meta(description="What the signer declares.")] = None


class ChecklistSettings(msgspec.Struct, frozen=True):
    """Figures that the norm does not give; the utility sets them."""

    arrival_grace_minutes: Annotated[int, Meta(description="Grace around the agreed window.")]
    hostile_report_minutes: Annotated[int, Meta(description="Time to report a hostile customer.")]
    meeting_minutes: Annotated[int, Meta(description="Time to show the ID card after meeting.")]
    late_entry_minutes: Annotated[int, Meta(description="After this an entry is late.")]
    moved_after_minutes: Annotated[int, Meta(description="So far outside the window the appointment counts as moved.")]
    settle_days: Annotated[int, Meta(description="Days to settle what is open after the visit.")]
    evidence_gap: Annotated[
        dict[str, FaultSeverity], Meta(description="The severity of lacking evidence by kind; `other` for the rest.")
    ]


class Norm(msgspec.Struct, frozen=True):
    """Whose norm it is."""

    id: Annotated[str, Meta(description="Its id.")]
    zh: Annotated[str, Meta(description="Its name in Chinese.")]
    en: Annotated[str, Meta(description="Its name in English.")]


class Checklist(msgspec.Struct, frozen=True, kw_only=True):
    """A published version, whole: all that a phone needs to show and to judge a visit offline."""

    id: Annotated[Key, Meta(description="Its id, such as `onsite`.")]
    version: Annotated[Annotated[int, Meta(ge=1)], Meta(description="The number of the version.")]
    norm: Annotated[Norm, Meta(description="The norm that it puts into data.")]
    clauses: Annotated[tuple[Clause, ...], Meta(description="All clauses.")]
    items: Annotated[tuple[Item, ...], Meta(description="All items.")]
    facts: Annotated[dict[Key, Fact], Meta(description="Facts by id.")]
    visit_types: Annotated[dict[Key, VisitType], Meta(description="Kinds of visits by id.")]
    questions: Annotated[tuple[Question, ...], Meta(description="All questions of the customer's page.")]
    statements: Annotated[tuple[Statement, ...], Meta(description="What a customer may be asked to sign.")] = ()
    defaults: Annotated[ChecklistSettings, Meta(description="The utility's figures.")]
    messages: Annotated[dict[str, Text], Meta(description="What a finding says, by its code.")]
    evidence_kinds: Annotated[dict[str, Text], Meta(description="Names of the kinds of evidence.")]
    words: Annotated[dict[str, dict[str, Text]], Meta(description="Names of other codes, by list and code.")] = {}

    @property
    def name(self) -> str:
        """`onsite@1`"""
        return f"{self.id}@{self.version}"


class Example(msgspec.Struct, frozen=True, omit_defaults=True):
    """A few entries, and the findings that the item then has. Times are `HH:MM`, or `1d HH:MM` a day later."""

    shows: str
    entries: tuple[dict[str, Any], ...]
    gives: tuple[str, ...] = ()
    visit: dict[str, Any] = {}
    now: str = "1d 12:00"
