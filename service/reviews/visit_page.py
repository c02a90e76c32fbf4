"""What the page of one visit shows: gathered in one transaction, so that all of it is of the same moment."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from service.accounts.authentication import authenticate_token
from service.accounts.repository import names_of
from service.confirmation.statements import CustomerView, StatementView
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.dispatch.views import VisitView, build_view
from service.judge.checklist import Clause, Text
from service.judge.entries import Entry
from service.judge.findings import Finding, FindingView
from service.judge.moments import in_zone
from service.judge.rules import CompiledChecklist
from service.judge.timeline import withdrawn_ids
from service.visits.attention import Reason, ReasonKind
from service.visits.loading import LoadedVisit, load_visible_visit
from service.visits.review_rows import OpenCorrection
from service.visits.working_days import end_of_working_day

from .corrections import is_correctable
from .history import build_history
from .reviewing import build_review, collect_words, review_tag
from .schemas import DecisionView, HistoryStep, ReviewView, Words
from .signed_changes import ChangedLine, changes_since_signature
from .timeline_svg import OrderOfActs, order_of_acts

CORRECTION = Text("更正", "correction")
RETURN_BY = timedelta(hours=6)
"""Before the end of the next working day, at six in the evening, returned items are due unless somebody says else."""


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


class ShownFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding with the clause, the evidence, and what people said and decided. `calls`: it calls for a decision."""

    finding: FindingView
    clause: Clause | None
    pieces: tuple[Piece, ...]
    calls: bool
    decision: DecisionView | None
    correctable: bool
    explanations: tuple[Words, ...]
    inquiries: tuple[Words, ...]

    @property
    def subject(self) -> str:
        """The item with its thing, as forms name it."""
        return subject_key(self.finding.item, self.finding.thing)


class Version(msgspec.Struct, frozen=True):
    """What somebody wrote about an item or fact. `positive`: that it was so; None for a value or words alone."""

    at: datetime
    positive: bool
    texts: tuple[tuple[Text | None, Text], ...] = ()
    via: str = ""


class SideBySide(msgspec.Struct, frozen=True):
    """The customer's word about an item or fact, and the technician's about the same."""

    label: Text
    thing: str
    is_fact: bool
    customer: Version
    technician: tuple[Version, ...]


class CustomerWords(msgspec.Struct, frozen=True):
    """What a customer wrote in their own words. `fact`: what they reported."""

    at: datetime
    level: str
    text: str
    fact: Text | None = None


class ShownStatement(msgspec.Struct, frozen=True):
    """A statement. `changes`: what changed since it was signed; None where nothing did or nobody knows."""

    view: StatementView
    changes: tuple[ChangedLine, ...] | None


class Subject(msgspec.Struct, frozen=True):
    """An item, or one thing of it, that a form can name."""

    key: str
    label: Text
    thing: str
    text: Text | None = None


class AnsweredCorrection(msgspec.Struct, frozen=True):
    """What a record brought in answer to a correction."""

    at: datetime
    by: str
    entries: tuple[tuple[Text, str, Version], ...]


class VisitPage(msgspec.Struct, frozen=True, kw_only=True):
    """The page. `review` and what follows from it are for the office only."""

    visit: VisitView
    type: Text
    order: OrderOfActs
    findings: tuple[ShownFinding, ...]
    statements: tuple[ShownStatement, ...]
    answered: tuple[AnsweredCorrection, ...]
    corrections: tuple[OpenCorrection, ...]
    names: dict[str, str]
    labels: dict[str, str]
    subjects: dict[str, Text]
    review: ReviewView | None = None
    tag: str = ""
    can_review: bool = False
    can_explain: bool = False
    can_change: bool = False
    sides: tuple[SideBySide, ...] = ()
    agreed: int = 0
    words: tuple[CustomerWords, ...] = ()
    steps: tuple[HistoryStep, ...] = ()
    returnable: tuple[Subject, ...] = ()
    return_by: datetime | None = None
    to_do: tuple[Subject, ...] = ()
    to_ask: tuple[Subject, ...] = ()
    also_to_ask: tuple[Subject, ...] = ()

    @property
    def calling(self) -> tuple[tuple[ReasonKind, int, datetime, datetime | None], ...]:
        """What calls for a person, each kind once: how often, since when, and by when it has to be settled."""
        kinds: dict[ReasonKind, list[Reason]] = {}
        for one in self.review.reasons if self.review else ():
            kinds.setdefault(one.kind, []).append(one)
        return tuple(
            (
                kind,
                len(group),
                min(one.since for one in group),
                min(filter(None, (one.due_at for one in group)), default=None),
            )
            for kind, group in kinds.items()
        )

    @property
    def technicians(self) -> tuple[str, ...]:
        """The names of those who are to go."""
        return tuple(self.names[login] for login in (self.visit.technician, *self.visit.crew))


def subject_key(item: str, thing: str | None) -> str:
    """How a form names an item or one thing of it: `item` or `item[thing]`."""
    return item if thing is None else f"{item}[{thing}]"


def parse_subject(key: str) -> tuple[str, str | None]:
    """The item and thing of a key."""
    item, bracket, thing = key.partition("[")
    return item, thing.removesuffix("]") if bracket else None


@read_only
async def get_visit_page(ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID) -> VisitPage:
    """The page, as far as the caller may see it. NotFound."""
    person = await authenticate_token(tx, token)
    visit = await load_visible_visit(ctx, tx, person, visit_id)
    view = await build_view(ctx, tx, visit)
    customer = CustomerView(visit)
    review = build_review(ctx, visit, person) if visit.office else None
    steps = (await build_history(ctx, tx, visit)).steps if visit.office else ()
    findings = _findings(ctx, visit, customer, review)
    page = VisitPage(
        visit=view,
        type=_type_name(visit),
        order=order_of_acts(
            visit.rules, customer.timeline, customer.judgement.findings, customer.labels, visit.now.tzinfo
        ),
        findings=findings,
        statements=tuple(_statements(visit, customer)),
        answered=tuple(_answered(visit)),
        corrections=visit.reviews.corrections,
        names=await names_of(tx, _logins(view, review, findings, steps, visit.reviews.corrections)),
        labels=customer.labels,
        subjects=_subject_names(visit.rules),
        can_explain=person.can("explain findings") and visit.was_on_visit(person),
    )
    if review is None:
        return page
    asked = tuple(_to_ask(visit, findings))
    return msgspec.structs.replace(
        page,
        review=review,
        tag=review_tag(visit),
        can_change=person.can("change a visit"),
        to_do=tuple(_to_do(visit, findings)) if person.can("write entries of the office") else (),
        can_review=person.can("review visits") and not review.own_visit,
        sides=tuple(_sides(visit, customer.labels)),
        agreed=sum(1 for one in visit.merged.entries if one.by == "customer" and one.says == "yes"),
        words=tuple(_words(ctx, visit)),
        steps=steps,
        returnable=_returnable(visit.rules, findings, customer.labels),
        return_by=end_of_working_day(visit.now, 1) - RETURN_BY,
        to_ask=asked,
        also_to_ask=tuple(_also_to_ask(visit, customer, {one.key for one in asked})),
    )


def _type_name(visit: LoadedVisit) -> Text:
    kind = visit.rules.checklist.visit_types.get(visit.plan.type)
    return Text(kind.zh, kind.en) if kind else Text(visit.plan.type, visit.plan.type)


def _subject_names(rules: CompiledChecklist) -> dict[str, Text]:
    """The names of all items and facts."""
    return {name: Text(fact.zh, fact.en) for name, fact in rules.facts.items()} | {
        name: rule.item.label for name, rule in rules.by_id.items()
    }


def _findings(
    ctx: AppContext, visit: LoadedVisit, customer: CustomerView, review: ReviewView | None
) -> tuple[ShownFinding, ...]:
    """What calls for a decision comes first, then by severity."""
    clauses = {one.number: one for one in visit.rules.checklist.clauses}
    calling = {one.source for one in review.reasons} if review else set[str]()
    decisions = {one.finding.code: one.decision for one in review.findings} if review else {}
    entries = {one.id: one for one in visit.effective_entries()}
    absent = {name for number in range(len(visit.batches)) for name in visit.missing(number)}
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
            )
        )
    order = ("violation", "warning", "open", "info")
    return tuple(sorted(found, key=lambda one: (not one.calls, order.index(one.finding.severity))))


def _pieces(visit: LoadedVisit, finding: Finding, entries: dict[str, Entry], absent: set[str]) -> Iterator[Piece]:
    names, kinds = _subject_names(visit.rules), visit.rules.checklist.evidence_kinds
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
            )


def _statements(visit: LoadedVisit, customer: CustomerView) -> Iterator[ShownStatement]:
    shown = [one for one in customer.sign_offs if one.made.document.lines]
    for sign_off, view in zip(shown, customer.statements(), strict=True):
        changed = view.signature is not None and view.signature.state == "changed"
        changes = (
            changes_since_signature(visit.rules, customer.visit.id, customer.entries, customer.timeline, sign_off)
            if changed
            else None
        )
        yield ShownStatement(view, changes)


def _sides(visit: LoadedVisit, labels: dict[str, str]) -> Iterator[SideBySide]:
    """Whatever the customer says was not done, or reports; the technician's entries about the same beside it."""
    names, entries = _subject_names(visit.rules), visit.effective_entries()
    withdrawn = withdrawn_ids(entries)
    latest = {(one.what, one.thing): one for one in entries if one.by == "customer" and one.id not in withdrawn}
    for (what, thing), entry in latest.items():
        is_fact = what in visit.rules.facts
        objects = entry.holds is not False if is_fact else entry.says == "no"
        if what not in names or not objects:
            continue
        theirs = (
            one
            for one in entries
            if one.by == "technician" and one.what == what and one.id not in withdrawn and thing in (None, one.thing)
        )
        versions = tuple(_version(visit, one) for one in theirs)
        yield SideBySide(names[what], labels.get(thing or "", thing or ""), is_fact, _version(visit, entry), versions)


def _version(visit: LoadedVisit, entry: Entry) -> Version:
    return Version(
        at=in_zone(entry.at, visit.now.tzinfo),
        positive=entry.says != "no" and entry.holds is not False and entry.waived is None and entry.refused is None,
        texts=tuple(_texts(visit.rules, entry)),
        via=entry.via or "",
    )


def _texts(rules: CompiledChecklist, entry: Entry) -> Iterator[tuple[Text | None, Text]]:
    """The answers and words of an entry, each with its name where it has one."""
    rule = rules.by_id.get(entry.what)
    for name, value in entry.fields.items():
        field = rule.fields.get(name) if rule else None
        label = Text(field.zh, field.en) if field else Text(name, name)
        choice = next((one for one in field.choices if one.id == value), None) if field else None
        if choice is not None:
            yield label, Text(choice.zh, choice.en)
        elif isinstance(value, bool):
            yield label, Text("是", "yes") if value else Text("否", "no")
        elif value is not None:
            text = f"{value} {field.unit if field else ''}".strip()
            yield label, Text(text, text)
    words = (
        *(piece.text or piece.number for piece in entry.evidence),
        entry.waived and entry.waived.reason,
        entry.refused and entry.refused.reason,
        entry.reason,
    )
    for text in filter(None, words):
        yield None, Text(text, text)


def _words(ctx: AppContext, visit: LoadedVisit) -> Iterator[CustomerWords]:
    names = _subject_names(visit.rules)
    for row, response in visit.customer_responses:
        at = ctx.to_local_time(row.received_at)
        for report in response.said.raises:
            yield CustomerWords(at, response.level, report.text, names.get(report.fact))
        if response.said.comment:
            yield CustomerWords(at, response.level, response.said.comment)


def _answered(visit: LoadedVisit) -> Iterator[AnsweredCorrection]:
    names = _subject_names(visit.rules)
    for row, batch in zip(visit.batch_rows, visit.batches, strict=True):
        if batch.correction:
            versions = (
                (names.get(one.what, CORRECTION), one.thing or "", _version(visit, one)) for one in batch.entries
            )
            yield AnsweredCorrection(batch.received_at, row.writer, tuple(versions))


def _returnable(
    rules: CompiledChecklist, findings: Iterable[ShownFinding], labels: dict[str, str]
) -> tuple[Subject, ...]:
    """What adding to it can mend, each item or thing once."""
    names = _subject_names(rules)
    found: dict[str, Subject] = {}
    for one in findings:
        if one.correctable and one.finding.severity != "info":
            thing = one.finding.thing
            subject = Subject(
                one.subject, names[one.finding.item], labels.get(thing or "", thing or ""), one.finding.message
            )
            found.setdefault(one.subject, subject)
    return tuple(found.values())


def _to_do(visit: LoadedVisit, findings: Iterable[ShownFinding]) -> Iterator[Subject]:
    """What the office still has to do."""
    labels = visit.evaluate_at().labels
    for one in findings:
        rule = visit.rules.by_id.get(one.finding.item)
        if rule is None or rule.item.who != "office" or "office" not in rule.attested_by:
            continue
        if one.finding.kind in ("open", "missing"):
            thing = one.finding.thing
            yield Subject(one.subject, rule.item.label, labels.get(thing or "", thing or ""), None)


def _to_ask(visit: LoadedVisit, findings: Iterable[ShownFinding]) -> Iterator[Subject]:
    """What a finding is about and the customer can say, each item or thing once."""
    known: set[str] = set()
    labels = visit.evaluate_at().labels
    for one in findings:
        rule = visit.rules.by_id.get(one.finding.item)
        if rule is None or one.subject in known or one.finding.severity == "info":
            continue
        if ("customer" in rule.attested_by and "office" not in rule.attested_by) or rule.item.customer_asked:
            known.add(one.subject)
            thing = one.finding.thing
            yield Subject(one.subject, rule.item.label, labels.get(thing or "", thing or ""), rule.item.customer)


def _also_to_ask(visit: LoadedVisit, customer: CustomerView, known: set[str]) -> Iterator[Subject]:
    """What the customer can be asked besides."""
    for item, things in customer.question_set().about.items():
        rule = visit.rules.by_id[item]
        for thing in things:
            key = subject_key(item, thing)
            if key not in known:
                yield Subject(key, rule.item.label, customer.labels.get(thing or "", thing or ""), rule.item.customer)


def _logins(
    view: VisitView,
    review: ReviewView | None,
    findings: Iterable[ShownFinding],
    steps: Sequence[HistoryStep],
    corrections: Iterable[OpenCorrection],
) -> set[str]:
    logins = {view.technician, *view.crew, view.created_by, *(step.by for step in steps)}
    logins |= {words.by for one in findings for words in (*one.explanations, *one.inquiries)}
    logins |= {one.decision.by for one in findings if one.decision}
    logins |= {one.writer for one in view.records}
    logins |= {one.by for one in corrections}
    if review is not None:
        logins |= {one.by for one in review.comments} | {review.assignee or ""}
    return logins - {""}
