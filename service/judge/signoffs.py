"""Customers' questions, signatures and refusals, and the entries made from their answers. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from .checklist import Question, Text
from .entries import Entry, Evidence, RefusalOutcome, Refused
from .evidence_rules import is_valid_refusal
from .judge import judge
from .past import History, StatementHistory
from .rules import CompiledChecklist, CompiledItem
from .statements import Document, RenderedStatement, statements
from .timeline import OccurrenceKey, TimedEntry, Timeline, to_microseconds
from .visit import Visit

MAX_QUESTIONS = 8  # on one page
CUSTOMER_ONLY = frozenset({"customer"})  # `attested_by` of items that only the customer attests
Level = Literal["phone", "own_device"]
SignatureState = Literal["holds", "changed", "wrong", "unbound"]
_SEVERITY_ORDER = {"violation": 0, "warning": 1, "info": 2}


class ApplicableQuestion(msgspec.Struct, frozen=True):
    """A question that applies, with the items and things that it is about."""

    question: Question
    items: tuple[str, ...]
    things: tuple[str, ...]


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """A signature on a statement.

    `level`: on the technician's phone, or on the customer's own device after verification by code. A signature via the
    link may have the level `phone`: then a technician may have been involved. `state`: `holds`; `changed` if the
    statement has changed since; `wrong` if it never was the one that was signed; `unbound` if none is named.
    """

    entry: Annotated[str, Meta(description="The entry that carries it.")]
    at: Annotated[datetime, Meta(description="When it was given.")]
    signer: Annotated[str, Meta(description="Who signed.")]
    relation: Annotated[str, Meta(description="The signer's relation to the customer.")]
    level: Annotated[Level, Meta(description="On the technician's phone, or on the customer's own device.")]
    via: Annotated[str, Meta(description="How it arrived.")]
    state: Annotated[SignatureState, Meta(description="Whether it is valid for the current statement.")]
    statement_sha256: Annotated[str | None, Meta(description="The statement that was signed.")]
    sha256: Annotated[str | None, Meta(description="The file of the signature.")]
    allowed: Annotated[bool, Meta(description="Whether somebody of this relation may sign.")] = True


class StatementRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """The customer would not or could not sign."""

    entry: Annotated[str, Meta(description="The entry that records it.")]
    at: Annotated[datetime, Meta(description="When.")]
    by: Annotated[str, Meta(description="Who wrote it.")]
    outcome: Annotated[RefusalOutcome | None, Meta(description="How the customer did not sign.")]
    reason: Annotated[str, Meta(description="Why.")]
    valid: Annotated[bool, Meta(description="Whether it has what the checklist requires.")]
    same: Annotated[bool, Meta(description="Whether the statement is unchanged since.")] = True
    helper: Annotated[str | None, Meta(description="Who helped a customer who was unable.")] = None
    relation: Annotated[str | None, Meta(description="The helper's relation to the customer.")] = None


class SignOff(msgspec.Struct, frozen=True):
    """A statement with the signature that counts, and the refusals. `before`: the text of the last answer, if it has
    changed since. `texts`: by the entry of any signature or refusal, the text that it was given to, likewise."""

    made: RenderedStatement
    signature: Signature | None
    declined: tuple[StatementRefusal, ...]
    earlier: tuple[Signature, ...] = ()  # replaced, or weaker than the one that counts
    before: Document | None = None
    texts: dict[str, Document] = {}


def sign_offs(
    rules: CompiledChecklist, visit: Visit, entries: Sequence[Entry], timeline: Timeline, true: frozenset[str]
) -> list[SignOff]:
    """The statements that apply, with their signatures. `timeline`: of `entries`; `true`: see `Judgement.facts`."""
    past = History(rules, entries, timeline)
    return [
        _sign_off(rules, made, StatementHistory(past, visit, made))
        for made in statements(rules, visit.id, timeline, true)
    ]


def _sign_off(rules: CompiledChecklist, made: RenderedStatement, history: StatementHistory) -> SignOff:
    if made.table.signs is None:
        return SignOff(made, None, ())
    key: OccurrenceKey = made.table.signs if made.thing is None else (made.table.signs, made.thing)
    timeline = history.past.timeline
    signed = [act for act in timeline.acts.get(key, ()) if _signatures(act[2])]
    signed.sort(key=lambda act: act[:2])
    signatures = [_signature(rules, made, history, act) for act in signed]
    refusals = sorted(timeline.refusals.get(key, ()), key=lambda act: act[:2])
    declined = tuple(_refusal(made, history, act) for act in refusals)
    counted = [act for act, signature in zip(signed, signatures, strict=True) if signature.allowed]
    answered = sorted([*counted, *refusals], key=lambda act: act[:2])
    before = history.document_at(answered[-1]) if answered else None
    if before == made.document:
        before = None
    other = {signature.entry for signature in signatures if signature.state in ("wrong", "unbound")}
    given_to = {act[2].id: history.document_at(act) for act in (*signed, *refusals) if act[2].id not in other}
    texts = {entry: text for entry, text in given_to.items() if text != made.document}
    if not signatures:
        return SignOff(made, None, declined, before=before, texts=texts)
    # the last one counts, unless an earlier one on the current statement is better verified
    # and one by somebody who may not sign replaces none by somebody who may
    valid = [signature for signature in signatures if signature.allowed] or signatures
    verified = [signature for signature in valid if signature.state == "holds" and signature.level == "own_device"]
    counts = verified[-1] if verified else valid[-1]
    return SignOff(
        made, counts, declined, tuple(signature for signature in signatures if signature is not counts), before, texts
    )


def _signatures(entry: Entry) -> list[Evidence]:
    return [piece for piece in entry.evidence if piece.kind == "signature"]


def _signature(
    rules: CompiledChecklist, made: RenderedStatement, history: StatementHistory, act: TimedEntry
) -> Signature:
    entry = act[2]
    piece = _signatures(entry)[-1]
    is_verified = entry.via == "link" and any(other.kind == "customer_confirm" for other in entry.evidence)
    named = piece.statement_sha256
    state: SignatureState = "unbound"
    if named is not None:
        # a signature via the link was compared on arrival
        matched = entry.via == "link" or named in (history.at_moment(act[0]), history.on_arrival(act))
        state = "wrong" if not matched else "holds" if named == made.sha256 else "changed"
    return Signature(
        entry=entry.id,
        at=entry.at,
        signer=piece.signer or "",
        relation=piece.relation or "",
        level="own_device" if is_verified else "phone",
        via=entry.via or "record",
        state=state,
        statement_sha256=named,
        sha256=piece.sha256,
        allowed=piece.relation in may if (may := allowed_signers(rules, made.table.signs or "")[0]) else True,
    )


def _refusal(made: RenderedStatement, history: StatementHistory, act: TimedEntry) -> StatementRefusal:
    entry = act[2]
    same = history.at_moment(act[0]) == made.sha256
    if same and entry.via == "link":  # the customer did not see what was added later and dated back
        same = history.on_arrival(act) == made.sha256
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
    """The questions that apply to a visit `now`, and the entries of answers given `at` a moment."""

    def __init__(
        self, rules: CompiledChecklist, visit: Visit, entries: Sequence[Entry], now: datetime, at: datetime
    ) -> None:
        self.rules, self.at = rules, at
        self.timeline = Timeline(rules, entries, to_microseconds(now))
        # a question applies to an item, and a thing, exactly if "no" would dispute it: so judge with a "no" to each
        items = {item for question in rules.checklist.questions for item in question.items}
        items |= {item.id for item in rules.checklist.items if item.customer_asked}
        probes = [Entry(id=f"?{item}", at=now, by="customer", what=item, says="no") for item in sorted(items)]
        others = [entry for entry in entries if entry.says is None]
        self.about: dict[str, list[str | None]] = {}
        for finding in judge(rules, visit, [*others, *probes], now).findings:
            if finding.kind == "disputed":
                self.about.setdefault(finding.item, []).append(finding.thing)

    def asked(self, *, own_device: bool) -> list[ApplicableQuestion]:
        """The most severe questions (at most `MAX_QUESTIONS`), in the order of the checklist."""
        found: list[ApplicableQuestion] = []
        for question in self.rules.checklist.questions:
            items = tuple(item for item in question.items if self.is_due(item))
            if (items or question.asked_always) and (own_device or not question.own_device):
                things = dict.fromkeys(thing for item in items for thing in self.is_due(item) if thing is not None)
                found.append(ApplicableQuestion(question, items, tuple(things)))
        most_severe = sorted(found, key=self._severity)[:MAX_QUESTIONS]
        return [question for question in found if question in most_severe]

    def _severity(self, question: ApplicableQuestion) -> int:
        return min((_SEVERITY_ORDER[self.rules.by_id[item].severity] for item in question.items), default=0)

    def own_device_only(self) -> list[Question]:
        """The questions that are only asked on the customer's own device."""
        return [question for question in self.rules.checklist.questions if question.own_device]

    def is_due(self, item: str) -> list[str | None]:
        """The things (None: the visit) about which the item can be asked now: not before its prerequisites are met."""
        rule = self.rules.by_id[item]
        about = self.about.get(item, [])
        if rule.attested_by != CUSTOMER_ONLY:
            return about
        return [thing for thing in about if self._prerequisites_met(rule, thing)]

    def _prerequisites_met(self, rule: CompiledItem, thing: str | None) -> bool:
        occurrences = self.timeline.occurrences
        return all(
            order.than in occurrences or (thing is not None and (order.than, thing) in occurrences)
            for order in rule.order
            if order.after
        )

    def entries_for_answer(self, item: str, thing: str | None, *, good: bool, acts: bool) -> Iterator[Entry]:
        """The entries of one answer (without ids): the answer and, if only the customer attests the item, its act."""
        rule = self.rules.by_id[item]
        yield Entry(id="-", at=self.at, by="customer", what=item, thing=thing, says="yes" if good else "no")
        is_signed = "signature" in rule.item.evidence.min or rule.item.kind == "computed"
        if good and acts and rule.attested_by == CUSTOMER_ONLY and not is_signed:
            evidence = (Evidence(kind="customer_confirm"),)
            for due in self.is_due(item):
                if thing is None or due == thing:
                    yield Entry(id="-", at=self.at, by="customer", what=item, thing=due, evidence=evidence)


def question_text(rules: CompiledChecklist, question: Question, items: Sequence[str]) -> Text:
    """The text of a question, with `{items}` replaced by the labels of the items (by default all)."""
    labels = [rules.by_id[item].item.label for item in items or question.items]
    zh, en = "、".join(label.zh for label in labels), ", ".join(label.en for label in labels)
    return Text(question.zh.replace("{items}", zh), question.en.replace("{items}", en))


def refused_items(rules: CompiledChecklist, sign_off: SignOff, timeline: Timeline) -> list[str]:
    """The items that a refusal to sign refuses: the signature, and the items that it covers and have no act."""
    signs = sign_off.made.table.signs
    if signs is None:
        return []
    covered = [item for rule in rules.rules if rule.item.signs == signs for item in rule.item.covers]
    refusable = [item for item in covered if rules.by_id[item].item.refusal is not None and item not in timeline.acts]
    return [signs, *refusable]


def allowed_signers(rules: CompiledChecklist, signs: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The relations that may sign, and those that may only be named: a wrong signer is a finding, not an error."""
    for rule in rules.rules:
        if rule.item.signs == signs and rule.item.allowed_signers:
            return rule.item.allowed_signers, rule.item.not_allowed
    return tuple(sorted({name for rule in rules.rules for name in rule.item.allowed_signers})), ()


def redact_for_technician(entry: Entry) -> Entry | None:
    """What the technician may see of a customer's entry: that they signed or refused, but not their words, and which
    signature was withdrawn.

    Returns None for anything else, so that no technician can put pressure on a customer.
    """
    if entry.refused is not None:
        return msgspec.structs.replace(entry, refused=Refused("客户已写明原因", entry.refused.outcome))
    return entry if _signatures(entry) or entry.withdraws is not None else None
