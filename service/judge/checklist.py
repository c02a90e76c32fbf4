"""A checklist: the norm as data. One version is immutable; a visit is judged by the version it began with.

The authors' files (TOML, one per clause) and the published document (JSON, for phones) have the same
shape; only the examples stay with the authors. Names are those of the norm's own list of obligations.
"""

from datetime import date, timedelta
from typing import Annotated, Any, Literal

import msgspec

from .condition import Condition, parse
from .entries import Author

Severity = Literal["violation", "warning", "info", "open"]
FaultSeverity = Literal["violation", "warning", "info"]  # how grave it is when a duty is not done
Key = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]*$(?!\n)")]


class Text(msgspec.Struct, frozen=True):
    """What a person reads, Chinese first."""

    zh: Annotated[str, msgspec.Meta(description="Chinese.")]
    en: Annotated[str, msgspec.Meta(description="English.")]


class SeverityOverride(msgspec.Struct, frozen=True):
    """A severity below what the norm's list says: to what, why, who decided it, and when."""

    to: Annotated[FaultSeverity, msgspec.Meta(description="To which severity.")]
    reason: Annotated[str, msgspec.Meta(description="Why.")]
    decided_by: Annotated[str, msgspec.Meta(description="Who decided.")]
    on: Annotated[date, msgspec.Meta(description="When.")]


class OrderRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """Order: this item comes `rel` the item or fact `than`; skipped when `only_if` is recorded the other way round."""

    rel: Annotated[Literal["before", "after"], msgspec.Meta(description="Before or after.")]
    than: Annotated[Key, msgspec.Meta(description="An item, a fact, or window_end.")]
    sev: Annotated[FaultSeverity, msgspec.Meta(description="Severity when broken.")]
    only_if: Annotated[
        tuple[Key, Literal["before"], Key] | None,
        msgspec.Meta(description="Checked only when these two came in this order."),
    ] = None
    lowered: Annotated[SeverityOverride | None, msgspec.Meta(description="Lowered severity.")] = None


class TimeLimit(msgspec.Struct, frozen=True, omit_defaults=True, rename={"start": "from"}):
    """How long after the fact `from` the item is in time: days, minutes, or the name of a setting in minutes."""

    start: Annotated[Key, msgspec.Meta(description="Counted from this fact.")]
    sev: Annotated[FaultSeverity, msgspec.Meta(description="Severity when late.")] = "warning"
    days: Annotated[int, msgspec.Meta(description="Days of 24 hours.")] = 0
    minutes: Annotated[int, msgspec.Meta(description="Minutes.")] = 0
    setting: Annotated[Key | None, msgspec.Meta(description="A setting in minutes instead.")] = None
    note: Annotated[str, msgspec.Meta(description="Note.")] = ""

    def length(self, settings: "ChecklistSettings") -> timedelta:
        """The length; a day is 24 hours."""
        minutes = getattr(settings, self.setting) if self.setting else self.minutes
        return timedelta(days=self.days, minutes=minutes)


class EvidenceRequirement(msgspec.Struct, frozen=True):
    """Evidence: without `min` the act is not proved; `strong` is asked for by sampling or policy."""

    min: Annotated[tuple[str, ...], msgspec.Meta(description="Without it the act is not proved.")] = ()
    strong: Annotated[tuple[str, ...], msgspec.Meta(description="Asked for by sampling.")] = ()


class Waiver(msgspec.Struct, frozen=True):
    """Who may let the item pass, what it needs, and what then remains."""

    by: Annotated[tuple[Author, ...], msgspec.Meta(description="Who.")] = ()
    needs: Annotated[tuple[str, ...], msgspec.Meta(description="What it needs.")] = ()
    result: Annotated[FaultSeverity, msgspec.Meta(description="Severity that remains.")] = "violation"


class Refusal(msgspec.Struct, frozen=True):
    """The customer may refuse: what has to be recorded, and what then remains."""

    needs: Annotated[tuple[str, ...], msgspec.Meta(description="What has to be recorded.")]
    result: Annotated[Literal["open"], msgspec.Meta(description="What remains: open.")] = "open"


class Choice(msgspec.Struct, frozen=True):
    """One answer of a list."""

    id: Annotated[Key, msgspec.Meta(description="Id.")]
    zh: Annotated[str, msgspec.Meta(description="Chinese.")]
    en: Annotated[str, msgspec.Meta(description="English.")]


class Field(msgspec.Struct, frozen=True, omit_defaults=True):
    """A typed answer that the item asks for: a reading, a number on a plate, a cause. Never required."""

    type: Annotated[Literal["number", "text", "choice", "code", "time"], msgspec.Meta(description="Type.")]
    zh: Annotated[str, msgspec.Meta(description="Chinese name.")]
    en: Annotated[str, msgspec.Meta(description="English name.")]
    unit: Annotated[str, msgspec.Meta(description="Unit.")] = ""
    min: Annotated[float | None, msgspec.Meta(description="Least.")] = None
    max: Annotated[float | None, msgspec.Meta(description="Most.")] = None
    choices: Annotated[tuple[Choice, ...], msgspec.Meta(description="Choices.")] = ()


class Item(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, rename={"class_": "class"}):
    """One obligation. `per: thing` is judged once per borrowed object, damaged facility or request."""

    id: Annotated[Key, msgspec.Meta(description="Id; never renamed.")]
    label: Annotated[Text, msgspec.Meta(description="Short name.")]
    class_: Annotated[Literal["core", "derived", "context", "policy"], msgspec.Meta(description="Where it comes from.")]
    clause: Annotated[str, msgspec.Meta(description="Clause; a policy names its source.")]
    stage: Annotated[str, msgspec.Meta(description="Stage of the visit.")]
    kind: Annotated[
        Literal["act", "prohibition", "computed", "outcome", "best_effort"],
        msgspec.Meta(description="What kind of duty."),
    ]
    who: Annotated[str, msgspec.Meta(description="Whose duty.")]
    per: Annotated[Literal["visit", "thing"], msgspec.Meta(description="Once a visit, or for each thing.")] = "visit"
    things_of: Annotated[Key | None, msgspec.Meta(description="Things of which fact.")] = None
    when: Annotated[str, msgspec.Meta(description="When it applies.")]
    entailed_by: Annotated[str, msgspec.Meta(description="Why the norm entails it.")] = ""
    manners: Annotated[tuple[str, ...], msgspec.Meta(description="Manners the norm asks for.")] = ()
    counts: Annotated[Literal["first", "last"], msgspec.Meta(description="The first act counts, or the last.")] = (
        "first"
    )
    satisfied_by_any: Annotated[tuple[Key, ...], msgspec.Meta(description="Done by any of these items.")] = ()
    order: Annotated[tuple[OrderRule, ...], msgspec.Meta(description="Order against other items and facts.")] = ()
    time_limit: Annotated[TimeLimit | None, msgspec.Meta(description="Time limit.")] = None
    may_stay_open: Annotated[bool, msgspec.Meta(description="May be done after the visit.")] = False
    evidence: Annotated[EvidenceRequirement, msgspec.Meta(description="Evidence.")] = EvidenceRequirement()
    fields: Annotated[dict[Key, Field], msgspec.Meta(description="Typed answers, none required.")] = {}
    attested_by: Annotated[tuple[str, ...], msgspec.Meta(description="Who may attest it.")] = ()
    customer_asked: Annotated[bool, msgspec.Meta(description="Whether the customer is asked.")] = False
    waiver: Annotated[Waiver, msgspec.Meta(description="Who may waive it.")] = Waiver()
    refusal: Annotated[Refusal | None, msgspec.Meta(description="The customer may refuse.")] = None
    covers: Annotated[tuple[Key, ...], msgspec.Meta(description="Items that the signature covers.")] = ()
    signs: Annotated[Key | None, msgspec.Meta(description="The item that is the signature.")] = None
    allowed_signers: Annotated[tuple[str, ...], msgspec.Meta(description="Who may sign.")] = ()
    not_allowed: Annotated[tuple[str, ...], msgspec.Meta(description="Who may not sign.")] = ()
    default: Annotated[bool, msgspec.Meta(description="Policy: on unless said otherwise.")] = True
    if_missing: Annotated[FaultSeverity, msgspec.Meta(description="Severity when it was not done.")]
    lowered: Annotated[SeverityOverride | None, msgspec.Meta(description="Lowered severity.")] = None
    screen: Annotated[Text, msgspec.Meta(description="What the technician reads.")]
    customer: Annotated[Text | None, msgspec.Meta(description="What the customer is asked.")] = None
    supervisor: Annotated[Text, msgspec.Meta(description="What the supervisor reads when it was not done.")]
    notes: Annotated[str, msgspec.Meta(description="Notes.")] = ""

    @property
    def severity(self) -> FaultSeverity:
        """What a missing act weighs, with a recorded policy counted in."""
        return self.lowered.to if self.lowered else self.if_missing

    def condition(self) -> Condition:
        """`when`, parsed."""
        return parse(self.when)


class ClausePhrase(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stretch of a clause's source wording, as it came and restored, and the items that it founds."""

    source: Annotated[str, msgspec.Meta(description="Source wording.")]
    zh: Annotated[str, msgspec.Meta(description="Restored wording.")]
    items: Annotated[tuple[Key, ...], msgspec.Meta(description="The items that it founds, at least one.")]
    note: Annotated[str, msgspec.Meta(description="Note.")] = ""


class Clause(msgspec.Struct, frozen=True):
    """A clause: source wording for provenance, restored wording for people."""

    number: Annotated[str, msgspec.Meta(description="Number.")]
    source: Annotated[str, msgspec.Meta(description="Source wording with its numbering, for provenance.")]
    zh: Annotated[str, msgspec.Meta(description="Restored wording, shown to people.")]
    en: Annotated[str, msgspec.Meta(description="English.")]
    phrases: Annotated[
        tuple[ClausePhrase, ...], msgspec.Meta(description="The clause cut into phrases; joined they are the whole.")
    ] = ()


class Fact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that is so, or happens, in a visit and switches items on."""

    type: Annotated[Literal["event", "declared", "assigned", "computed"], msgspec.Meta(description="Type.")]
    zh: Annotated[str, msgspec.Meta(description="Chinese.")]
    en: Annotated[str, msgspec.Meta(description="English.")]
    per_thing: Annotated[bool, msgspec.Meta(description="Recorded for each thing.")] = False
    things_of: Annotated[Key | None, msgspec.Meta(description="Its things are things of that fact too.")] = None
    event: Annotated[bool, msgspec.Meta(description="Has a time.")] = False
    must_declare: Annotated[bool, msgspec.Meta(description="Has to be answered when it did not happen.")] = True
    customer: Annotated[
        Text | None, msgspec.Meta(description="The customer may raise it; the words on the customer's page.")
    ] = None


class VisitType(msgspec.Struct, frozen=True, omit_defaults=True):
    """A kind of visit: what has to be told and declared, and the clauses that apply (`*`: only if it happens)."""

    zh: Annotated[str, msgspec.Meta(description="Chinese.")]
    en: Annotated[str, msgspec.Meta(description="English.")]
    appointment: Annotated[str, msgspec.Meta(description="Kind of appointment.")]
    entry: Annotated[str, msgspec.Meta(description="Whether premises are entered.")]
    incidents: Annotated[tuple[Key, ...], msgspec.Meta(description="Facts to be answered before leaving.")]
    must_tell: Annotated[tuple[Key, ...], msgspec.Meta(description="Facts to be told once work has started.")]
    clauses: Annotated[tuple[str, ...], msgspec.Meta(description="Clauses that apply; * only if it happens.")]
    subtypes: Annotated[tuple[str, ...], msgspec.Meta(description="Subtypes.")] = ()


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """One question on the customer's page; a bad answer disputes its items.

    Where its text says `{items}`, there stand the labels of those that it is about this time.
    """

    id: Annotated[Key, msgspec.Meta(description="Id.")]
    zh: Annotated[str, msgspec.Meta(description="Chinese.")]
    en: Annotated[str, msgspec.Meta(description="English.")]
    items: Annotated[tuple[Key, ...], msgspec.Meta(description="Items that a bad answer disputes.")]
    asked_always: Annotated[bool, msgspec.Meta(description="Asked in any case.")] = False
    bad_answer: Annotated[Literal["yes", "no"], msgspec.Meta(description="Which answer is the bad one.")] = "no"
    own_device: Annotated[bool, msgspec.Meta(description="Asked only on the customer's own device.")] = False
    note: Annotated[str, msgspec.Meta(description="Note.")] = ""


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a statement: a typed answer of an item, or its evidence of a kind, over all its acts."""

    item: Annotated[Key, msgspec.Meta(description="From which item.")]
    field: Annotated[Key | None, msgspec.Meta(description="Which of its typed answers.")] = None
    evidence: Annotated[
        Literal["photo", "text", "notice", "number"] | None, msgspec.Meta(description="Or which kind of its evidence.")
    ] = None
    label: Annotated[Text | None, msgspec.Meta(description="Its name; by default the field's or the item's.")] = (
        None  # without it: the field's name, or the item's
    )


class Statement(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a customer is asked to sign, made by rule from the entries.

    `signs`: the item of which a signature is the act; one for each thing when that item is `per: thing`. Without it
    the statement is shown and nothing is signed.
    """

    id: Annotated[Key, msgspec.Meta(description="Id.")]
    title: Annotated[Text, msgspec.Meta(description="Title.")]
    lines: Annotated[tuple[Line, ...], msgspec.Meta(description="Its lines; those without content are left out.")]
    signs: Annotated[Key | None, msgspec.Meta(description="The item that a signature fulfils; else only shown.")] = None
    declares: Annotated[Text | None, msgspec.Meta(description="What the signer declares.")] = None


class ChecklistSettings(msgspec.Struct, frozen=True):
    """Figures that the norm does not give; the utility sets them."""

    arrival_grace_minutes: Annotated[int, msgspec.Meta(description="Grace around the agreed window.")]
    hostile_report_minutes: Annotated[int, msgspec.Meta(description="To report a hostile customer.")]
    meeting_minutes: Annotated[int, msgspec.Meta(description="For ID after meeting.")]
    late_entry_minutes: Annotated[int, msgspec.Meta(description="After which an entry is late.")]
    moved_after_minutes: Annotated[int, msgspec.Meta(description="Outside the window: a moved appointment.")]
    settle_days: Annotated[int, msgspec.Meta(description="Days for open outcomes.")]
    evidence_gap: Annotated[
        dict[str, FaultSeverity], msgspec.Meta(description="Severity of lacking evidence by kind; other for the rest.")
    ]


class Norm(msgspec.Struct, frozen=True):
    """Whose norm it is."""

    id: Annotated[str, msgspec.Meta(description="Id.")]
    zh: Annotated[str, msgspec.Meta(description="Chinese name.")]
    en: Annotated[str, msgspec.Meta(description="English name.")]


class Checklist(msgspec.Struct, frozen=True, kw_only=True):
    """A published version, whole: all that a phone needs to show and to judge a visit offline."""

    id: Annotated[Key, msgspec.Meta(description="The checklist's id.")]
    version: Annotated[int, msgspec.Meta(ge=1, description="The number of the version.")]
    norm: Annotated[Norm, msgspec.Meta(description="Whose norm it is.")]
    clauses: Annotated[tuple[Clause, ...], msgspec.Meta(description="The clauses.")]
    items: Annotated[tuple[Item, ...], msgspec.Meta(description="The obligations.")]
    facts: Annotated[dict[Key, Fact], msgspec.Meta(description="Facts that switch items on, by name.")]
    visit_types: Annotated[dict[Key, VisitType], msgspec.Meta(description="Kinds of visit, by name.")]
    questions: Annotated[tuple[Question, ...], msgspec.Meta(description="Questions on the customer's page.")]
    statements: Annotated[tuple[Statement, ...], msgspec.Meta(description="What the customer is asked to sign.")] = ()
    defaults: Annotated[ChecklistSettings, msgspec.Meta(description="The utility's figures.")]
    messages: Annotated[dict[str, Text], msgspec.Meta(description="Sentences of findings, by kind.")]
    evidence_kinds: Annotated[dict[str, Text], msgspec.Meta(description="Names of the kinds of evidence.")]
    words: Annotated[
        dict[str, dict[str, Text]], msgspec.Meta(description="Names of words of short lists, by list.")
    ] = {}

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
