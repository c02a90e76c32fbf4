"""A visit as its customer sees it: the statements to read and sign, the questions, and the responses so far."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from service.context import AppContext
from service.judge import judge, signoffs
from service.judge.checklist import Text
from service.judge.entries import Entry
from service.judge.moments import in_zone
from service.judge.rules import CompiledChecklist
from service.judge.signoffs import Level, QuestionSet, Signature, SignOff, StatementRefusal
from service.judge.statements import Document, RenderedStatement, sources
from service.judge.timeline import to_microseconds
from service.visits.complaints import is_complaint, own_answers, recording_id, words_of
from service.visits.customer_answers import AnswerInput, IncidentReport, StoredCustomerResponse, VerifiedNumber
from service.visits.loading import LoadedVisit
from service.visits.owed_answers import complaints_of, owed_answers

from . import masking
from .question_parts import REWORDED, QuestionPart, question_parts

CHARGE, CHARGED = ("meter_cause_confirmed", "charge"), "charged"
"""The line of a statement that says who pays for the meter, and its answer when the customer does."""
MAX_CLOCK_SKEW = timedelta(days=1)


class QuestionView(msgspec.Struct, frozen=True, kw_only=True):
    """A question to the customer."""

    id: Annotated[str, Meta(description="The question.")]
    items: Annotated[tuple[str, ...], Meta(description="The items that the answer is about.")]
    things: Annotated[tuple[str, ...], Meta(description="The things that it is about.")]
    zh: Annotated[str, Meta(description="The question in Chinese.")]
    en: Annotated[str, Meta(description="The question in English.")]
    bad: Annotated[Literal["yes", "no"], Meta(description="The answer that is the bad one.")] = "no"
    parts: Annotated[tuple[QuestionPart, ...], Meta(description="What it asks, one thing at a time.")] = ()


class Option(msgspec.Struct, frozen=True):
    """Something to choose from."""

    id: Annotated[str, Meta(description="What is sent.")]
    zh: Annotated[str, Meta(description="In Chinese.")]
    en: Annotated[str, Meta(description="In English.")]


class Relation(Option, frozen=True):
    """How a signer is related to the account holder."""

    may_sign: Annotated[bool, Meta(description="Whether somebody of this relation may sign.")] = True


class StatementView(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that is signed or to be signed, or only read. What is signed is the Chinese text alone.

    The image of a typed signature is no drawing but a QR code with the name.
    """

    statement: Annotated[Document, Meta(description="The canonical document.")]
    sha256: Annotated[str, Meta(description="The digest of its canonical bytes.")]
    title: Annotated[Option, Meta(description="What it is called.")]
    label: Annotated[str | None, Meta(description="Which thing it is about, where there are several.")]
    signs: Annotated[str | None, Meta(description="The item that a signature fulfils; null where it is only read.")]
    signature: Annotated[Signature | None, Meta(description="The signature that counts.")]
    earlier: Annotated[tuple[Signature, ...], Meta(description="Signatures that it replaced.")]
    declined: Annotated[tuple[StatementRefusal, ...], Meta(description="Refusals.")]
    relations: Annotated[tuple[Relation, ...], Meta(description="How the signer may be related to the account holder.")]
    typed: Annotated[bool, Meta(description="The signature is a typed name and the code.")] = False
    english: Annotated[tuple[str, ...], Meta(description="The labels of its lines in English.")] = ()
    declares: Annotated[str | None, Meta(description="What the signer declares, in English.")] = None
    charged: Annotated[bool, Meta(description="By it the customer pays for the meter.")] = False
    before: Annotated[Document | None, Meta(description="What was answered last, where it has changed since.")] = None
    texts: Annotated[
        dict[str, Document],
        Meta(description="By the entry of a signature or a refusal: what it was given to, where it has changed since."),
    ] = {}
    changed_because: Annotated[tuple[str, ...], Meta(description="Why it was changed, as far as it was written.")] = ()


class CustomerResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One response of the customer through the link, as the office sees it."""

    id: Annotated[str, Meta(description="The response.")]
    at: Annotated[datetime, Meta(description="When.")]
    level: Annotated[str, Meta(description="How sure it is that it was the customer.")]
    answers: Annotated[tuple[AnswerInput, ...], Meta(description="What they answered.")]
    raises: Annotated[tuple[IncidentReport, ...], Meta(description="What they raised.")]
    comment: Annotated[str | None, Meta(description="Their own words.")]
    entries: Annotated[tuple[str, ...], Meta(description="The entries that came of it.")]
    agent: Annotated[str, Meta(description="What their browser says it is.")]
    number: Annotated[
        VerifiedNumber | None,
        Meta(description="To which their one-time code went; null where it is not known."),
    ]


class ReportView(msgspec.Struct, frozen=True):
    """Something that the customer raised."""

    at: Annotated[datetime, Meta(description="When.")]
    fact: Annotated[str, Meta(description="What happened.")]
    zh: Annotated[str, Meta(description="The fact in Chinese.")]
    en: Annotated[str, Meta(description="The fact in English.")]
    text: Annotated[str, Meta(description="The customer's own words.")]
    days: Annotated[int | None, Meta(description="Working days within which the checklist wants an answer.")] = None
    number: Annotated[str | None, Meta(description="The number under which a complaint was recorded.")] = None
    due_at: Annotated[datetime | None, Meta(description="By when an answer is due, until there is one.")] = None
    answered_at: Annotated[datetime | None, Meta(description="When the utility answered.")] = None
    answer: Annotated[str | None, Meta(description="The utility's answer.")] = None


class AnswerView(msgspec.Struct, frozen=True):
    """An answer of the customer."""

    question: Annotated[str | None, Meta(description="The question; null where an item was named.")]
    zh: Annotated[str, Meta(description="What it was about, in Chinese.")]
    en: Annotated[str, Meta(description="What it was about, in English.")]
    good: Annotated[bool, Meta(description="Whether all was well.")]


class ResponseView(msgspec.Struct, frozen=True):
    """One response of the customer, as they see it themselves."""

    at: Annotated[datetime, Meta(description="When.")]
    answers: Annotated[tuple[AnswerView, ...], Meta(description="The answers.")]
    comment: Annotated[str | None, Meta(description="Their own words.")]
    level: Annotated[str, Meta(description="How sure it is that it was the customer; `words` before the code.")]


class GivenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The last answer about a question or an item, or about one thing of either; `words` says what was asked."""

    question: str | None
    words: Text
    thing: str
    good: bool
    at: datetime
    level: str


class CustomerView:
    """A visit as its customer sees it now."""

    def __init__(self, visit: LoadedVisit) -> None:
        self.now = now = visit.now
        # A signature comes after what it covers, even where a phone's clock was ahead; a clock that is days ahead is
        # wrong and must not move the signature.
        last = max((entry.at for entry in visit.merged.entries), default=now)
        self.at = max(now, last).astimezone(now.tzinfo) if last <= now + MAX_CLOCK_SKEW else now
        self.rules, self.stored_responses = visit.rules, visit.customer_responses
        self.visit, self.entries = visit.visit(), visit.effective_entries()
        self.merged = visit.merged.entries
        evaluation = judge.Evaluation(visit.rules, self.visit, self.entries, to_microseconds(now))
        self.judgement, self.timeline = evaluation.evaluate(), evaluation.timeline
        self.sign_offs = signoffs.sign_offs(visit.rules, self.visit, self.entries, self.timeline, self.judgement.facts)
        self.labels = self.judgement.labels
        self.complaints = complaints_of(visit)
        self.owed_answers = tuple(owed_answers(visit, self.judgement, self.complaints))

    def statements(self) -> tuple[StatementView, ...]:
        """All statements with content."""
        typed = {entry.id for _, response in self.stored_responses if response.typed for entry in response.entries}
        return tuple(self._statement(one, typed) for one in self.sign_offs if one.made.document.lines)

    def _statement(self, sign_off: SignOff, typed: set[str]) -> StatementView:
        made, signature = sign_off.made, sign_off.signature
        table = made.table
        return StatementView(
            statement=made.document,
            sha256=made.sha256,
            title=Option(table.id, table.title.zh, table.title.en),
            label=self.labels.get(made.thing, made.thing) if made.thing is not None else None,
            signs=table.signs,
            signature=signature,
            earlier=sign_off.earlier,
            declined=sign_off.declined,
            relations=_relation_options(self.rules, table.signs) if table.signs else (),
            typed=signature is not None and signature.entry in typed,
            english=made.english,
            declares=table.declares.en if table.declares else None,
            charged=self._is_charged(made),
            before=sign_off.before,
            texts=sign_off.texts,
            changed_because=self._reasons(sign_off) if sign_off.before else (),
        )

    def _is_charged(self, made: RenderedStatement) -> bool:
        """Whether the customer pays for the meter by this statement; none without such a line."""
        return any(
            (line.item, line.field) == CHARGE and acts[-1:] and acts[-1][2].fields.get(line.field or "") == CHARGED
            for line, _, acts in sources(self.rules, made.table, self.timeline, made.thing)
        )

    def _reasons(self, sign_off: SignOff) -> tuple[str, ...]:
        """Why acts that a statement is made from were withdrawn after the last answer to it."""
        answers = (*sign_off.earlier, *filter(None, [sign_off.signature]), *sign_off.declined)
        since = max(one.at for one in answers)
        items = {line.item for line in sign_off.made.table.lines}
        about = {entry.id.lower() for entry in self.merged if entry.what in items}
        found = [
            entry.reason.strip()
            for entry in self.merged
            if entry.withdraws and entry.withdraws.lower() in about and entry.reason and entry.came_at >= since
        ]
        return tuple(dict.fromkeys(filter(None, found)))

    @property
    def is_finished(self) -> bool:
        """Whether the work is done, or the technician has left."""
        return bool({"work_finished", "left"} & self.judgement.facts)

    def question_set(self) -> QuestionSet:
        """What may be asked; costly, so it is computed only when needed."""
        return QuestionSet(self.rules, self.visit, self.entries, self.now, self.at)

    def questions(self, level: Level | None) -> tuple[QuestionView, ...]:
        """The questions of the page, once the visit is finished."""
        asked = self.question_set().asked(own_device=level == "own_device") if self.is_finished else ()
        return tuple(
            QuestionView(
                id=one.question.id,
                items=one.items,
                things=one.things,
                zh=text.zh,
                en=text.en,
                bad=one.question.bad_answer,
                parts=question_parts(self.rules, one.question, one.items, text),
            )
            for one in asked
            for text in (signoffs.question_text(self.rules, one.question, one.items),)
        )

    def first_occurrence(self, what: str) -> datetime | None:
        """When something of the visit happened first, in the utility's zone."""
        found = self.timeline.occurrences.get(what)
        try:
            return None if found is None else datetime.fromtimestamp(found[0] / 1_000_000, self.now.tzinfo)
        except (ValueError, OverflowError):  # a clock at the end of the calendar
            return None

    def responses(self, ctx: AppContext) -> tuple[ResponseView, ...]:
        """Every response with answers or a comment."""
        return tuple(
            ResponseView(
                at=ctx.to_local_time(row.received_at),
                answers=tuple(self._answer(response, answer) for answer in response.said.answers),
                comment=response.said.comment,
                level=response.level,
            )
            for row, response in self.stored_responses
            if response.said.answers or response.said.comment
        )

    def latest_answers(self, ctx: AppContext) -> tuple[GivenAnswer, ...]:
        """The last answer about each question, item and thing, in the order in which they were given."""
        latest: dict[tuple[str | None, ...], GivenAnswer] = {}
        for row, response in self.stored_responses:
            for answer in response.said.answers:
                key = (answer.question, answer.item, answer.thing)
                latest.pop(key, None)
                latest[key] = GivenAnswer(
                    question=answer.question,
                    words=self._answered_text(response, answer),
                    thing=self.labels.get(answer.thing, answer.thing) if answer.thing else "",
                    good=answer.good,
                    at=ctx.to_local_time(row.received_at),
                    level=response.level,
                )
        return tuple(latest.values())

    def _answer(self, response: StoredCustomerResponse, answer: AnswerInput) -> AnswerView:
        text = self._answered_text(response, answer)
        thing = f"（{self.labels.get(answer.thing, answer.thing)}）" if answer.thing else ""
        return AnswerView(answer.question, text.zh + thing, text.en, answer.good)

    def _answered_text(self, response: StoredCustomerResponse, answer: AnswerInput) -> Text:
        question = next((one for one in self.rules.checklist.questions if one.id == answer.question), None)
        if question is not None:
            items = tuple(dict.fromkeys(entry.what for entry in response.entries if entry.what in question.items))
            text = signoffs.question_text(self.rules, question, items)
            return REWORDED.get(text.zh, text)
        item = self.rules.by_id[answer.item or ""].item
        text = item.customer or item.label
        return REWORDED.get(text.zh, text)

    def reports(self, ctx: AppContext, *, verified: bool) -> tuple[ReportView, ...]:
        """What the customer raised so far, complaints with their number and the answer to them. `verified`: also what
        somebody of the utility wrote down for them, without their words."""
        facts, days = {fact.id: fact for fact in self.reportable_facts()}, _answer_days(self.rules)
        found = [
            ReportView(
                at=ctx.to_local_time(row.received_at),
                fact=one.fact,
                zh=fact.zh,
                en=fact.en,
                text=one.text,
                days=days.get(one.fact),
                **(self._receipt(entry) if is_complaint(entry) else {}),
            )
            for row, response in self.stored_responses
            for one, entry in zip(response.said.raises, filter(lambda e: e.holds, response.entries), strict=True)
            if (fact := facts.get(one.fact))
        ]
        for entry in self.complaints if verified else ():
            fact = facts.get(entry.what)
            if fact and entry.by != "customer":
                at, receipt = in_zone(entry.at, self.now.tzinfo), self._receipt(entry)
                found.append(
                    ReportView(at=at, fact=fact.id, zh=fact.zh, en=fact.en, text="", days=days.get(fact.id), **receipt)
                )
        return tuple(sorted(found, key=lambda one: one.at))

    def _receipt(self, complaint: Entry) -> dict[str, Any]:
        """The number of a complaint, and the last answer to it or the date by which one is due."""
        recorded = recording_id(complaint.id)
        record = next((entry for entry in self.entries if entry.id == recorded), None)
        numbers = (piece.number for piece in record.evidence if piece.number) if record else ()
        received = next((entry for entry in self.entries if entry.id == complaint.id), complaint)
        answer = next(reversed(own_answers(self.rules, received, self.entries)), None)
        due = (one.due_at for one in self.owed_answers if one.complaint.id == complaint.id)
        zone = self.now.tzinfo
        return {
            "number": next(iter(numbers), None),
            "due_at": next(due, None),
            "answered_at": in_zone(answer.at, zone) if answer else None,
            "answer": words_of(answer) or None if answer else None,
        }

    def answered_numbers(self) -> tuple[str, ...]:
        """The numbers of the complaints and reports that were answered; "" for one without a number."""
        receipts = map(self._receipt, self.complaints)
        return tuple(one["number"] or "" for one in receipts if one["answered_at"])

    def reportable_facts(self) -> tuple[Option, ...]:
        """The facts that a customer may raise."""
        facts = self.rules.facts.items()
        return tuple(Option(name, fact.customer.zh, fact.customer.en) for name, fact in facts if fact.customer)


def _answer_days(rules: CompiledChecklist) -> dict[str, int]:
    """By fact, the days within which the office has to answer a report of it."""
    limits = [(rule.item.who, rule.item.time_limit) for rule in rules.by_id.values()]
    return {limit.start: limit.days for who, limit in limits if who == "office" and limit is not None and limit.days}


def _relation_options(rules: CompiledChecklist, signs: str) -> tuple[Relation, ...]:
    """The relations of a signer to the account holder, first those that are allowed to sign."""
    words = rules.checklist.words.get("relations", {})
    allowed, other = signoffs.allowed_signers(rules, signs)
    return tuple(
        Relation(one, words[one].zh, words[one].en, one in allowed) for one in (*allowed, *other) if one in words
    )


def mask_statement(view: StatementView) -> StatementView:
    """What is visible before the code: that the statement was signed or declined, not by whom and in what words."""
    signature = view.signature and _mask_signature(view.signature)
    earlier = tuple(map(_mask_signature, view.earlier))
    declined = tuple(
        msgspec.structs.replace(one, reason="", helper=masking.name(one.helper) if one.helper else None)
        for one in view.declined
    )
    return msgspec.structs.replace(view, signature=signature, earlier=earlier, declined=declined)


def _mask_signature(signature: Signature) -> Signature:
    return msgspec.structs.replace(signature, signer=masking.name(signature.signer))


def next_to_sign(statements: tuple[StatementView, ...]) -> StatementView | None:
    """The statement to sign next, else the last that was signed, else the first to read."""
    to_sign = [one for one in statements if one.signs is not None]
    unsigned = [one for one in to_sign if one.signature is None or one.signature.state != "holds"]
    return next(iter((*unsigned, *reversed(to_sign), *statements)), None)


def customer_responses(ctx: AppContext, visit: LoadedVisit) -> tuple[CustomerResponse, ...]:
    """Every response of the customer, for the office."""
    return tuple(
        CustomerResponse(
            id=str(row.id),
            at=ctx.to_local_time(row.received_at),
            level=response.level,
            answers=response.said.answers,
            raises=response.said.raises,
            comment=response.said.comment,
            entries=tuple(entry.id for entry in response.entries),
            agent=response.agent,
            number=response.number,
        )
        for row, response in visit.customer_responses
    )
