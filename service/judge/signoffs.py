"""What a customer is asked, what he signed or refused, and the entries that his answers become. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from .checklist import Question, Text
from .entries import Entry, Evidence, Refused
from .evidence_rules import is_valid_refusal
from .judge import judge
from .past import History, StatementHistory
from .rules import CompiledChecklist, CompiledItem
from .statements import RenderedStatement, statements
from .timeline import OccurrenceKey, TimedEntry, Timeline, to_microseconds
from .visit import Visit

MAX_QUESTIONS = 8  # questions on one page
CUSTOMER_ONLY = frozenset({"customer"})
"""Who attests what only the customer may attest."""
Level = Literal["phone", "own_device"]
RefusalOutcome = Literal["refused", "absent", "unable", "partly"]
_SEVERITY_ORDER = {"violation": 0, "warning": 1, "info": 2}


class ApplicableQuestion(msgspec.Struct, frozen=True):
    """A question that applies: the items it is about, and for items with things, which."""

    question: Question
    items: tuple[str, ...]
    things: tuple[str, ...]


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """A signature on a statement. `level`: given on the technician's phone, or on the customer's own device by a code.

    `via` is how it came: one by `link` of the level `phone` was given where a technician may have had his hand in it.

    `state`: `holds`; `changed` when the statement is another now; `wrong` when it never was what he names;
    `unbound` when he names none.
    """

    entry: Annotated[str, msgspec.Meta(description="The entry that carries it.")]
    at: Annotated[datetime, msgspec.Meta(description="When it was given.")]
    signer: Annotated[str, msgspec.Meta(description="Who signed.")]
    relation: Annotated[str, msgspec.Meta(description="What they are to the customer.")]
    level: Annotated[Level, msgspec.Meta(description="On the technician's phone, or on the customer's own device.")]
    via: Annotated[str, msgspec.Meta(description="How it came.")]
    state: Annotated[
        Literal["holds", "changed", "wrong", "unbound"],
        msgspec.Meta(description="Whether it holds for the statement as it is now."),
    ]
    statement_sha256: Annotated[str | None, msgspec.Meta(description="The statement that was signed.")]
    sha256: Annotated[str | None, msgspec.Meta(description="The file of the signature.")]
    allowed: Annotated[bool, msgspec.Meta(description="Whether somebody of this relation may sign.")] = (
        True  # by his relation he may sign; else it is a finding
    )


class StatementRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """The customer would not or could not sign. `helper` and his `relation`: who helped one who was unable.

    `same`: the statement is now what it was then.
    """

    entry: Annotated[str, msgspec.Meta(description="The entry that says so.")]
    at: Annotated[datetime, msgspec.Meta(description="When.")]
    by: Annotated[str, msgspec.Meta(description="Who wrote it.")]
    outcome: Annotated[
        RefusalOutcome | None,
        msgspec.Meta(description="Whether the customer refused, was absent, was unable, or agreed in part."),
    ]
    reason: Annotated[str, msgspec.Meta(description="Why, in words.")]
    valid: Annotated[bool, msgspec.Meta(description="Whether it has what the checklist asks for.")]
    same: Annotated[bool, msgspec.Meta(description="Whether the statement is now what it was then.")] = True
    helper: Annotated[str | None, msgspec.Meta(description="Who helped somebody who was unable.")] = None
    relation: Annotated[str | None, msgspec.Meta(description="What the helper is to the customer.")] = None


class SignOff(msgspec.Struct, frozen=True):
    """A statement with the signature on it that counts, and who declined."""

    made: RenderedStatement
    signature: Signature | None
    declined: tuple[StatementRefusal, ...]
    earlier: tuple[Signature, ...] = ()  # the others: one before it, or a weaker one on the same words after it


def sign_offs(
    rules: CompiledChecklist, visit: Visit, entries: Sequence[Entry], read: Timeline, true: frozenset[str]
) -> list[SignOff]:
    """Every statement that applies now, with its signature. `read` is the reading of `entries`, `true` its facts."""
    past = History(rules, entries, read)
    return [
        _sign_off(rules, made, StatementHistory(past, visit, made)) for made in statements(rules, visit.id, read, true)
    ]


def _sign_off(rules: CompiledChecklist, made: RenderedStatement, sheet: StatementHistory) -> SignOff:
    if made.table.signs is None:
        return SignOff(made, None, ())
    key: OccurrenceKey = made.table.signs if made.thing is None else (made.table.signs, made.thing)
    read = sheet.past.read
    signed = [mark for mark in read.acts.get(key, ()) if _signatures(mark[2])]
    signed.sort(key=lambda mark: mark[:2])
    signatures = [_signature(rules, made, sheet, mark) for mark in signed]
    refusals = sorted(read.refused.get(key, ()), key=lambda mark: mark[:2])
    declined = tuple(_declined(made, sheet, mark) for mark in refusals)
    if not signatures:
        return SignOff(made, None, declined)
    # the last one; but one on the words of now that was given more surely is put aside by none that was not
    sure = [one for one in signatures if one.state == "holds" and one.level == "own_device"]
    counts = sure[-1] if sure else signatures[-1]
    return SignOff(made, counts, declined, tuple(one for one in signatures if one is not counts))


def _signatures(entry: Entry) -> list[Evidence]:
    return [piece for piece in entry.evidence if piece.kind == "signature"]


def _signature(
    rules: CompiledChecklist, made: RenderedStatement, sheet: StatementHistory, mark: TimedEntry
) -> Signature:
    entry = mark[2]
    piece = _signatures(entry)[-1]
    own = entry.via == "link" and any(one.kind == "customer_confirm" for one in entry.evidence)
    named = piece.statement_sha256
    state: Literal["holds", "changed", "wrong", "unbound"] = "unbound"
    if named is not None:
        # by the link it was compared when it came
        true = entry.via == "link" or named in (sheet.at_moment(mark[0]), sheet.on_arrival(mark))
        state = "wrong" if not true else "holds" if named == made.sha256 else "changed"
    return Signature(
        entry=entry.id,
        at=entry.at,
        signer=piece.signer or "",
        relation=piece.relation or "",
        level="own_device" if own else "phone",
        via=entry.via or "record",
        state=state,
        statement_sha256=named,
        sha256=piece.sha256,
        allowed=piece.relation in may if (may := allowed_signers(rules, made.table.signs or "")[0]) else True,
    )


def _declined(made: RenderedStatement, sheet: StatementHistory, mark: TimedEntry) -> StatementRefusal:
    entry = mark[2]
    same = sheet.at_moment(mark[0]) == made.sha256
    if same and entry.via == "link":  # he read what there was, and not what came later and is dated back
        same = sheet.on_arrival(mark) == made.sha256
    refused = entry.refused or Refused()
    helped = next((piece for piece in entry.evidence if piece.kind == "signature"), None)
    return StatementRefusal(
        entry=entry.id,
        at=entry.at,
        by=entry.by,
        outcome=refused.outcome,
        reason=refused.reason or "",
        valid=is_valid_refusal(entry),
        same=same,
        helper=helped.signer if helped else None,
        relation=helped.relation if helped else None,
    )


class QuestionSet:
    """The questions that apply to a visit as it is seen `now`, and what an answer `at` a moment says."""

    def __init__(
        self, rules: CompiledChecklist, visit: Visit, entries: Sequence[Entry], now: datetime, at: datetime
    ) -> None:
        self.rules, self.at = rules, at
        self.read = Timeline(rules, entries, to_microseconds(now))
        # whom a "no" would dispute is whom the question is about: exactly the items that apply, thing by thing
        asked = {item for question in rules.checklist.questions for item in question.items}
        asked |= {item.id for item in rules.checklist.items if item.customer_asked}
        probes = [Entry(id=f"?{item}", at=now, by="customer", what=item, says="no") for item in sorted(asked)]
        said = [entry for entry in entries if entry.says is None]
        found = judge(rules, visit, [*said, *probes], now).findings
        self.about: dict[str, list[str | None]] = {}
        for finding in found:
            if finding.kind == "disputed":
                self.about.setdefault(finding.item, []).append(finding.thing)

    def asked(self, *, own_device: bool) -> list[ApplicableQuestion]:
        """At most eight, the gravest, in the order of the checklist. Some are only for the customer's own device."""
        found: list[ApplicableQuestion] = []
        for question in self.rules.checklist.questions:
            items = tuple(item for item in question.items if self.is_due(item))
            if (items or question.asked_always) and (own_device or not question.own_device):
                things = dict.fromkeys(thing for item in items for thing in self.is_due(item) if thing is not None)
                found.append(ApplicableQuestion(question, items, tuple(things)))
        kept = sorted(found, key=self._gravity)[:MAX_QUESTIONS]
        return [one for one in found if one in kept]

    def _gravity(self, asked: ApplicableQuestion) -> int:
        return min((_SEVERITY_ORDER[self.rules.by_id[item].severity] for item in asked.items), default=0)

    def own_device_only(self) -> list[Question]:
        """The questions for the customer's own device alone."""
        return [one for one in self.rules.checklist.questions if one.own_device]

    def is_due(self, item: str) -> list[str | None]:
        """The things (None: the visit) of which it can be asked now: satisfaction not before it was made good."""
        rule = self.rules.by_id[item]
        about = self.about.get(item, [])
        if rule.attested_by != CUSTOMER_ONLY:
            return about
        return [thing for thing in about if self._prerequisites_met(rule, thing)]

    def _prerequisites_met(self, rule: CompiledItem, thing: str | None) -> bool:
        moments = self.read.moments
        return all(
            edge.than in moments or (thing is not None and (edge.than, thing) in moments)
            for edge in rule.order
            if edge.after
        )

    def entries_for_answer(self, item: str, thing: str | None, *, good: bool, acts: bool) -> Iterator[Entry]:
        """The entries of one answer: his word; and, where only he may attest the item, its act (ids come later)."""
        rule = self.rules.by_id[item]
        yield Entry(id="-", at=self.at, by="customer", what=item, thing=thing, says="yes" if good else "no")
        signed = "signature" in rule.item.evidence.min or rule.item.kind == "computed"
        if good and acts and rule.attested_by == CUSTOMER_ONLY and not signed:
            for one in self.is_due(item):
                if thing is None or one == thing:
                    evidence = (Evidence(kind="customer_confirm"),)
                    yield Entry(id="-", at=self.at, by="customer", what=item, thing=one, evidence=evidence)


def question_text(rules: CompiledChecklist, question: Question, items: Sequence[str]) -> Text:
    """A question in words: where it says `{items}`, those that it is about here."""
    labels = [rules.by_id[item].item.label for item in items or question.items]
    zh, en = "、".join(one.zh for one in labels), ", ".join(one.en for one in labels)
    return Text(question.zh.replace("{items}", zh), question.en.replace("{items}", en))


def refused_items(rules: CompiledChecklist, paper: SignOff, read: Timeline) -> list[str]:
    """The items that a refusal of a statement is about: its signature, and what the signature would have covered."""
    signs = paper.made.table.signs
    if signs is None:
        return []
    covered = [item for rule in rules.rules if rule.item.signs == signs for item in rule.item.covers]
    known = [item for item in covered if rules.by_id[item].item.refusal is not None and item not in read.acts]
    return [signs, *known]


def allowed_signers(rules: CompiledChecklist, signs: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who may sign, and who may not but may still be named: the wrong signer is a finding, never a refusal."""
    for rule in rules.rules:
        if rule.item.signs == signs and rule.item.allowed_signers:
            return rule.item.allowed_signers, rule.item.not_allowed
    every = {name for rule in rules.rules for name in rule.item.allowed_signers}
    return tuple(sorted(every)), ()


def redact_for_technician(entry: Entry) -> Entry | None:
    """What a technician may know of an entry by which his customer answered; None: nothing, so that nobody is pressed.

    That he signed or declined is no secret; in what words he declined is.
    """
    if entry.refused is not None:
        return msgspec.structs.replace(entry, refused=Refused("客户已写明原因", entry.refused.outcome))
    return entry if _signatures(entry) else None
