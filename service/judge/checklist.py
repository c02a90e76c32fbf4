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

    zh: str
    en: str


class SeverityOverride(msgspec.Struct, frozen=True):
    """A severity below what the norm's list says: to what, why, who decided it, and when."""

    to: FaultSeverity
    reason: str
    decided_by: str
    on: date


class OrderRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """Order: this item comes `rel` the item or fact `than`; skipped when `only_if` is recorded the other way round."""

    rel: Literal["before", "after"]
    than: Key
    sev: FaultSeverity
    only_if: tuple[Key, Literal["before"], Key] | None = None
    lowered: SeverityOverride | None = None


class TimeLimit(msgspec.Struct, frozen=True, omit_defaults=True, rename={"start": "from"}):
    """How long after the fact `from` the item is in time: days, minutes, or the name of a setting in minutes."""

    start: Key
    sev: FaultSeverity = "warning"
    days: int = 0
    minutes: int = 0
    setting: Key | None = None
    note: str = ""

    def length(self, settings: "ChecklistSettings") -> timedelta:
        """The length; a day is 24 hours."""
        minutes = getattr(settings, self.setting) if self.setting else self.minutes
        return timedelta(days=self.days, minutes=minutes)


class EvidenceRequirement(msgspec.Struct, frozen=True):
    """Evidence: without `min` the act is not proved; `strong` is asked for by sampling or policy."""

    min: tuple[str, ...] = ()
    strong: tuple[str, ...] = ()


class Waiver(msgspec.Struct, frozen=True):
    """Who may let the item pass, what it needs, and what then remains."""

    by: tuple[Author, ...] = ()
    needs: tuple[str, ...] = ()
    result: FaultSeverity = "violation"


class Refusal(msgspec.Struct, frozen=True):
    """The customer may refuse: what has to be recorded, and what then remains."""

    needs: tuple[str, ...]
    result: Literal["open"] = "open"


class Choice(msgspec.Struct, frozen=True):
    """One answer of a list."""

    id: Key
    zh: str
    en: str


class Field(msgspec.Struct, frozen=True, omit_defaults=True):
    """A typed answer that the item asks for: a reading, a number on a plate, a cause. Never required."""

    type: Literal["number", "text", "choice", "code", "time"]
    zh: str
    en: str
    unit: str = ""
    min: float | None = None
    max: float | None = None
    choices: tuple[Choice, ...] = ()


class Item(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, rename={"class_": "class"}):
    """One obligation. `per: thing` is judged once per borrowed object, damaged facility or request."""

    id: Key
    label: Text
    class_: Literal["core", "derived", "context", "policy"]
    clause: str
    stage: str
    kind: Literal["act", "prohibition", "computed", "outcome", "best_effort"]
    who: str
    per: Literal["visit", "thing"] = "visit"
    things_of: Key | None = None
    when: str
    entailed_by: str = ""
    manners: tuple[str, ...] = ()
    counts: Literal["first", "last"] = "first"
    satisfied_by_any: tuple[Key, ...] = ()
    order: tuple[OrderRule, ...] = ()
    time_limit: TimeLimit | None = None
    may_stay_open: bool = False
    evidence: EvidenceRequirement = EvidenceRequirement()
    fields: dict[Key, Field] = {}
    attested_by: tuple[str, ...] = ()
    customer_asked: bool = False
    waiver: Waiver = Waiver()
    refusal: Refusal | None = None
    covers: tuple[Key, ...] = ()
    signs: Key | None = None
    allowed_signers: tuple[str, ...] = ()
    not_allowed: tuple[str, ...] = ()
    default: bool = True
    if_missing: FaultSeverity
    lowered: SeverityOverride | None = None
    screen: Text
    customer: Text | None = None
    supervisor: Text
    notes: str = ""

    @property
    def severity(self) -> FaultSeverity:
        """What a missing act weighs, with a recorded policy counted in."""
        return self.lowered.to if self.lowered else self.if_missing

    def condition(self) -> Condition:
        """`when`, parsed."""
        return parse(self.when)


class ClausePhrase(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stretch of a clause's source wording, as it came and restored, and the items that it founds."""

    source: str
    zh: str
    items: tuple[Key, ...]
    note: str = ""


class Clause(msgspec.Struct, frozen=True):
    """A clause: source wording for provenance, restored wording for people."""

    number: str
    source: str
    zh: str
    en: str
    phrases: tuple[ClausePhrase, ...] = ()


class Fact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that is so, or happens, in a visit and switches items on."""

    type: Literal["event", "declared", "assigned", "computed"]
    zh: str
    en: str
    per_thing: bool = False
    things_of: Key | None = None
    event: bool = False
    must_declare: bool = True
    customer: Text | None = None


class VisitType(msgspec.Struct, frozen=True, omit_defaults=True):
    """A kind of visit: what has to be told and declared, and the clauses that apply (`*`: only if it happens)."""

    zh: str
    en: str
    appointment: str
    entry: str
    incidents: tuple[Key, ...]
    must_tell: tuple[Key, ...]
    clauses: tuple[str, ...]
    subtypes: tuple[str, ...] = ()


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """One question on the customer's page; a bad answer disputes its items.

    Where its text says `{items}`, there stand the labels of those that it is about this time.
    """

    id: Key
    zh: str
    en: str
    items: tuple[Key, ...]
    asked_always: bool = False
    bad_answer: Literal["yes", "no"] = "no"
    own_device: bool = False
    note: str = ""


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a statement: a typed answer of an item, or its evidence of a kind, over all its acts."""

    item: Key
    field: Key | None = None
    evidence: Literal["photo", "text", "notice", "number"] | None = None
    label: Text | None = None  # without it: the field's name, or the item's


class Statement(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a customer is asked to sign, made by rule from the entries.

    `signs`: the item of which a signature is the act; one for each thing when that item is `per: thing`. Without it
    the statement is shown and nothing is signed.
    """

    id: Key
    title: Text
    lines: tuple[Line, ...]
    signs: Key | None = None
    declares: Text | None = None


class ChecklistSettings(msgspec.Struct, frozen=True):
    """Figures that the norm does not give; the utility sets them."""

    arrival_grace_minutes: int
    hostile_report_minutes: int
    meeting_minutes: int
    late_entry_minutes: int
    moved_after_minutes: int
    settle_days: int
    evidence_gap: dict[str, FaultSeverity]


class Norm(msgspec.Struct, frozen=True):
    """Whose norm it is."""

    id: str
    zh: str
    en: str


class Checklist(msgspec.Struct, frozen=True, kw_only=True):
    """A published version, whole: all that a phone needs to show and to judge a visit offline."""

    id: Key
    version: Annotated[int, msgspec.Meta(ge=1)]
    norm: Norm
    clauses: tuple[Clause, ...]
    items: tuple[Item, ...]
    facts: dict[Key, Fact]
    visit_types: dict[Key, VisitType]
    questions: tuple[Question, ...]
    statements: tuple[Statement, ...] = ()
    defaults: ChecklistSettings
    messages: dict[str, Text]
    evidence_kinds: dict[str, Text]
    words: dict[str, dict[str, Text]] = {}

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
