"""The findings of a visit as its page shows them."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from service.confirmation.statements import CustomerView
from service.context import AppContext
from service.judge.checklist import Clause, Text
from service.judge.entries import Entry
from service.judge.findings import Finding, FindingView
from service.judge.moments import in_zone
from service.visits.loading import LoadedVisit

from .corrections import is_correctable
from .entry_changes import EntryChange
from .entry_words import subject_names
from .reviewing import collect_words, view_of_decision
from .schemas import DecisionView, ReviewView, Words
from .signed_changes import SignatureFault, signature_fault

SEVERITIES = ("violation", "warning", "open", "info")
CODE = re.compile(r"[a-z_]+\.(?P<item>[^.\[]+)(?:\[(?P<thing>.*)\])?")


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of evidence of an act. `file`: the SHA-256 of a picture that can be shown."""

    label: Text
    at: datetime
    by: str
    kind: Text
    text: str = ""
    file: str = ""
    missing: bool = False
    lost: bool = False
    claimed: datetime | None = None


class ShownFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding with the clause, the evidence, and what people said and decided.

    `calls`: it calls for a decision. `changes`: what later records replaced. `fault`: why a signature does not count.
    """

    finding: FindingView
    clause: Clause | None
    pieces: tuple[Piece, ...]
    calls: bool
    decision: DecisionView | None
    correctable: bool
    explanations: tuple[Words, ...]
    inquiries: tuple[Words, ...]
    changes: tuple[EntryChange, ...] = ()
    fault: SignatureFault | None = None

    @property
    def subject(self) -> str:
        """The item with its thing, as forms name it."""
        return subject_key(self.finding.item, self.finding.thing)

    @property
    def present(self) -> DecisionView | None:
        """The decision that holds now."""
        return self.decision if self.decision and not self.decision.lapsed else None

    @property
    def asked(self) -> bool:
        """Whether the technician was asked, and has not answered since."""
        last = max((one.at for one in self.explanations), default=None)
        return any(last is None or one.at > last for one in self.inquiries)


class PastFinding(msgspec.Struct, frozen=True, kw_only=True):
    """What people said and decided about a finding that is no longer there."""

    label: Text
    thing: str
    decision: DecisionView | None
    explanations: tuple[Words, ...]
    inquiries: tuple[Words, ...]


def subject_key(item: str, thing: str | None) -> str:
    """How a form names an item or one thing of it: `item` or `item[thing]`."""
    return item if thing is None else f"{item}[{thing}]"


def parse_subject(key: str) -> tuple[str, str | None]:
    """The item and thing of a key."""
    item, bracket, thing = key.partition("[")
    return item, thing.removesuffix("]") if bracket else None


def shown_findings(
    ctx: AppContext,
    visit: LoadedVisit,
    customer: CustomerView,
    review: ReviewView | None,
    changes: Iterable[EntryChange],
) -> tuple[ShownFinding, ...]:
    """First what calls for a decision, then what the technician was asked about, then by severity."""
    clauses = {one.number: one for one in visit.rules.checklist.clauses}
    calling = {one.source for one in review.reasons} if review else set[str]()
    decisions = {one.finding.code: one.decision for one in review.findings} if review else {}
    entries = {one.id: one for one in visit.effective_entries()}
    absent = {name for number in range(len(visit.batches)) for name in visit.missing(number)}
    replaced = tuple(changes)
    found: list[ShownFinding] = []
    judged = customer.judgement
    for finding, view in zip(judged.findings, visit.format_findings(judged), strict=True):
        found.append(
            ShownFinding(
                finding=view,
                clause=clauses.get(view.clause or ""),
                pieces=tuple(_pieces(visit, finding, entries, absent)),
                calls=view.code in calling,
                decision=decisions.get(view.code),
                correctable=is_correctable(finding, visit.rules),
                explanations=collect_words(ctx, visit.reviews.explanations, view.code),
                inquiries=collect_words(ctx, visit.reviews.inquiries, view.code),
                changes=tuple(one for one in replaced if _is_about(visit, finding, one)),
                fault=signature_fault(visit, customer, finding),
            )
        )
    return tuple(sorted(found, key=lambda one: (not one.calls, not one.asked, SEVERITIES.index(one.finding.severity))))


def _is_about(visit: LoadedVisit, finding: Finding, change: EntryChange) -> bool:
    """Whether a change is about the finding's item, or about what a signature covers."""
    rule = visit.rules.by_id.get(finding.item)
    items = (finding.item, *rule.item.covers) if rule else (finding.item,)
    return change.what in items and finding.thing in (None, change.thing)


def past_findings(
    ctx: AppContext, visit: LoadedVisit, customer: CustomerView, *, decided: bool
) -> tuple[PastFinding, ...]:
    """Those that people spoke about and that a later record mended. `decided`: with the decisions."""
    history, labels = visit.reviews, subject_names(visit.rules)
    present = {one.code for one in customer.judgement.findings}
    codes = [one.finding for _, one in (*history.inquiries, *history.explanations)]
    found: list[PastFinding] = []
    for code in dict.fromkeys((*codes, *(history.decisions if decided else ()))):
        match = None if code in present else CODE.match(code)
        if match is not None and match["item"] in labels:
            found.append(
                PastFinding(
                    label=labels[match["item"]],
                    thing=customer.labels.get(match["thing"] or "", match["thing"] or ""),
                    decision=view_of_decision(history.decisions.get(code), None) if decided else None,
                    explanations=collect_words(ctx, history.explanations, code),
                    inquiries=collect_words(ctx, history.inquiries, code),
                )
            )
    return tuple(found)


def _pieces(visit: LoadedVisit, finding: Finding, entries: dict[str, Entry], absent: set[str]) -> Iterator[Piece]:
    names, kinds = subject_names(visit.rules), visit.rules.checklist.evidence_kinds
    for one in finding.entries:
        entry = entries.get(one)
        for piece in entry.evidence if entry else ():
            if entry is None or not (piece.sha256 or piece.text or piece.number):
                continue
            is_picture = piece.sha256 is not None and piece.kind in ("photo", "signature")
            yield Piece(
                label=names.get(entry.what, Text(entry.what, entry.what)),
                at=in_zone(piece.taken_at or entry.at, visit.now.tzinfo),
                by=entry.by,
                kind=kinds.get(piece.kind, Text(piece.kind, piece.kind)),
                text=piece.text or piece.number or piece.signer or "",
                file=piece.sha256 or "" if is_picture and piece.sha256 not in absent and not piece.lost else "",
                missing=piece.sha256 in absent,
                lost=bool(piece.lost),
                claimed=in_zone(entry.claimed_at, visit.now.tzinfo) if entry.claimed_at else None,
            )
