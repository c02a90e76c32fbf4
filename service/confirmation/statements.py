"""A visit before its customer: the statements to read and to sign, the questions, and what he said before."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec

from service.context import AppContext
from service.judge import judge
from service.judge.checklist import Text
from service.judge.rules import CompiledChecklist
from service.judge.signoffs import (
    Level,
    QuestionSet,
    Signature,
    SignOff,
    StatementRefusal,
    allowed_signers,
    question_text,
    sign_offs,
)
from service.judge.statements import Document
from service.judge.timeline import to_microseconds
from service.visits.customer_answers import AnswerInput, IncidentReport, StoredCustomerResponse
from service.visits.loading import LoadedVisit

from . import masking

MAX_CLOCK_SKEW = timedelta(days=1)


class QuestionView(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked now. `bad`: the answer that is the bad one."""

    id: Annotated[str, msgspec.Meta(description="The question.")]
    items: Annotated[tuple[str, ...], msgspec.Meta(description="The items that the answer is about.")]
    things: Annotated[tuple[str, ...], msgspec.Meta(description="The things that it is about.")]
    zh: Annotated[str, msgspec.Meta(description="The question in Chinese.")]
    en: Annotated[str, msgspec.Meta(description="The question in English.")]
    bad: Annotated[Literal["yes", "no"], msgspec.Meta(description="The answer that is the bad one.")] = "no"


class Option(msgspec.Struct, frozen=True):
    """Something to choose from."""

    id: Annotated[str, msgspec.Meta(description="What is sent.")]
    zh: Annotated[str, msgspec.Meta(description="In Chinese.")]
    en: Annotated[str, msgspec.Meta(description="In English.")]


class StatementView(msgspec.Struct, frozen=True, kw_only=True):
    """A statement: what is or was to be signed. `signs` is the item that a signature fulfils; None: it is only read.

    `typed`: its signature is a typed name and the code; its picture is no drawing, but says the same as a QR code.
    `english`: the labels of its lines, and `declares` what the signer declares; what is signed is Chinese alone.
    """

    statement: Annotated[Document, msgspec.Meta(description="The canonical document.")]
    sha256: Annotated[str, msgspec.Meta(description="The digest of its canonical bytes.")]
    title: Annotated[Option, msgspec.Meta(description="What it is called.")]
    label: Annotated[str | None, msgspec.Meta(description="Which thing it is about, where there are several.")]
    signs: Annotated[
        str | None, msgspec.Meta(description="The item that a signature fulfils; null where it is only read.")
    ]
    signature: Annotated[Signature | None, msgspec.Meta(description="The signature that counts.")]
    earlier: Annotated[tuple[Signature, ...], msgspec.Meta(description="Signatures that it replaced.")]
    declined: Annotated[tuple[StatementRefusal, ...], msgspec.Meta(description="Refusals.")]
    relations: Annotated[
        tuple[Option, ...], msgspec.Meta(description="How the signer may be related to the account holder.")
    ]
    typed: Annotated[bool, msgspec.Meta(description="The signature is a typed name and the code.")] = False
    english: Annotated[tuple[str, ...], msgspec.Meta(description="The labels of its lines in English.")] = ()
    declares: Annotated[str | None, msgspec.Meta(description="What the signer declares, in English.")] = None


class CustomerResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer said by his link at once: the level, his answers and own words, the entries of that."""

    id: Annotated[str, msgspec.Meta(description="The response.")]
    at: Annotated[datetime, msgspec.Meta(description="When.")]
    level: Annotated[str, msgspec.Meta(description="How sure it is that it was the customer.")]
    answers: Annotated[tuple[AnswerInput, ...], msgspec.Meta(description="What they answered.")]
    raises: Annotated[tuple[IncidentReport, ...], msgspec.Meta(description="What they raised.")]
    comment: Annotated[str | None, msgspec.Meta(description="Their own words.")]
    entries: Annotated[tuple[str, ...], msgspec.Meta(description="The entries that came of it.")]
    agent: Annotated[str, msgspec.Meta(description="What their browser says it is.")]


class ReportView(msgspec.Struct, frozen=True):
    """What the customer raised, in his own words. `days`: so soon the checklist wants it to be answered."""

    at: Annotated[datetime, msgspec.Meta(description="When.")]
    fact: Annotated[str, msgspec.Meta(description="What happened.")]
    zh: Annotated[str, msgspec.Meta(description="The fact in Chinese.")]
    en: Annotated[str, msgspec.Meta(description="The fact in English.")]
    text: Annotated[str, msgspec.Meta(description="The customer's own words.")]
    days: Annotated[
        int | None, msgspec.Meta(description="Working days within which the checklist wants an answer.")
    ] = None


class AnswerView(msgspec.Struct, frozen=True):
    """What the customer answered: to what, and whether all was well. `question` is None where he named an item."""

    question: Annotated[str | None, msgspec.Meta(description="The question; null where an item was named.")]
    zh: Annotated[str, msgspec.Meta(description="What it was about, in Chinese.")]
    en: Annotated[str, msgspec.Meta(description="What it was about, in English.")]
    good: Annotated[bool, msgspec.Meta(description="Whether all was well.")]


class ResponseView(msgspec.Struct, frozen=True):
    """What the customer said at once, for himself to read again. `level` is `words` before the code."""

    at: Annotated[datetime, msgspec.Meta(description="When.")]
    answers: Annotated[tuple[AnswerView, ...], msgspec.Meta(description="The answers.")]
    comment: Annotated[str | None, msgspec.Meta(description="Their own words.")]
    level: Annotated[str, msgspec.Meta(description="How sure it is that it was the customer; `words` before the code.")]


class GivenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The last answer to a question, to an item, or about one thing of either; `words` say what was asked."""

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
        # who signs does so after what they sign, also where a phone's clock was ahead; but a clock that is days ahead
        # is wrong, and nobody signs in another year
        last = max((entry.at for entry in visit.merged.entries), default=now)
        self.at = max(now, last).astimezone(now.tzinfo) if last <= now + MAX_CLOCK_SKEW else now
        self.file, self.rules = visit, visit.rules
        self.visit, self.entries = visit.visit(), visit.effective_entries()
        judging = judge.Evaluation(visit.rules, self.visit, self.entries, to_microseconds(now))
        self.judgement, self.read = judging.evaluate(), judging.timeline
        self.papers = sign_offs(visit.rules, self.visit, self.entries, self.read, self.judgement.facts)
        self.labels = self.judgement.labels

    def shown(self) -> tuple[StatementView, ...]:
        """All statements with content."""
        return tuple(self._shown(paper) for paper in self.papers if paper.made.document.lines)

    def _shown(self, paper: SignOff) -> StatementView:
        made = paper.made
        return StatementView(
            statement=made.document,
            sha256=made.sha256,
            title=Option(made.table.id, made.table.title.zh, made.table.title.en),
            label=self.labels.get(made.thing, made.thing) if made.thing is not None else None,
            signs=made.table.signs,
            signature=paper.signature,
            earlier=paper.earlier,
            declined=paper.declined,
            relations=relation_options(self.rules, made.table.signs) if made.table.signs else (),
            typed=paper.signature is not None and paper.signature.entry in self._typed(),
            english=made.english,
            declares=made.table.declares.en if made.table.declares else None,
        )

    def _typed(self) -> set[str]:
        """The entries that are signatures by typed name, and maybe others that were said with them."""
        return {entry.id for _, said in self.file.customer_responses if said.typed for entry in said.entries}

    @property
    def is_finished(self) -> bool:
        """Whether the work is done, or he has gone."""
        return bool({"work_finished", "left"} & self.judgement.facts)

    def questions(self) -> QuestionSet:
        """What may be asked; worked out only when it is needed."""
        return QuestionSet(self.rules, self.visit, self.entries, self.now, self.at)

    def asked(self, level: Level | None) -> tuple[QuestionView, ...]:
        """The questions of the page: once the work is done, or he has gone."""
        if not self.is_finished:
            return ()
        return tuple(
            QuestionView(
                id=one.question.id,
                items=one.items,
                things=one.things,
                zh=question_text(self.rules, one.question, one.items).zh,
                en=question_text(self.rules, one.question, one.items).en,
                bad=one.question.bad_answer,
            )
            for one in self.questions().asked(own_device=level == "own_device")
        )

    def first_occurrence(self, what: str) -> datetime | None:
        """When something of the visit happened first, in the utility's zone."""
        found = self.read.occurrences.get(what)
        try:
            return None if found is None else datetime.fromtimestamp(found[0] / 1_000_000, self.now.tzinfo)
        except (ValueError, OverflowError):  # a clock at the end of the calendar
            return None

    def said(self, ctx: AppContext) -> tuple[ResponseView, ...]:
        """His answers and own words, each time."""
        return tuple(
            ResponseView(
                at=ctx.to_local_time(row.received_at),
                answers=tuple(self._answer(one, each) for each in one.said.answers),
                comment=one.said.comment,
                level=one.level,
            )
            for row, one in self.file.customer_responses
            if one.said.answers or one.said.comment
        )

    def latest_answers(self, ctx: AppContext) -> tuple[GivenAnswer, ...]:
        """The last answer to each question, item and thing, in the order in which they were given."""
        last: dict[tuple[str | None, ...], GivenAnswer] = {}
        for row, said in self.file.customer_responses:
            for one in said.said.answers:
                key = (one.question, one.item, one.thing)
                last.pop(key, None)
                last[key] = GivenAnswer(
                    question=one.question,
                    words=self._asked(said, one),
                    thing=self.labels.get(one.thing, one.thing) if one.thing else "",
                    good=one.good,
                    at=ctx.to_local_time(row.received_at),
                    level=said.level,
                )
        return tuple(last.values())

    def _answer(self, said: StoredCustomerResponse, one: AnswerInput) -> AnswerView:
        words = self._asked(said, one)
        thing = f"（{self.labels.get(one.thing, one.thing)}）" if one.thing else ""
        return AnswerView(one.question, words.zh + thing, words.en, one.good)

    def _asked(self, said: StoredCustomerResponse, one: AnswerInput) -> Text:
        """What an answer is to, in words."""
        asked = next((each for each in self.rules.checklist.questions if each.id == one.question), None)
        if asked is not None:
            about = tuple(dict.fromkeys(entry.what for entry in said.entries if entry.what in asked.items))
            return question_text(self.rules, asked, about)
        item = self.rules.by_id[one.item or ""].item
        return item.customer or item.label

    def raised(self, ctx: AppContext) -> tuple[ReportView, ...]:
        """What he raised so far."""
        words, days = {one.id: one for one in self.reportable_facts()}, _days(self.rules)
        return tuple(
            ReportView(
                ctx.to_local_time(row.received_at),
                one.fact,
                words[one.fact].zh,
                words[one.fact].en,
                one.text,
                days.get(one.fact),
            )
            for row, said in self.file.customer_responses
            for one in said.said.raises
            if one.fact in words
        )

    def reportable_facts(self) -> tuple[Option, ...]:
        """The facts that a customer may raise."""
        facts = self.rules.facts.items()
        return tuple(Option(name, fact.customer.zh, fact.customer.en) for name, fact in facts if fact.customer)


def _days(rules: CompiledChecklist) -> dict[str, int]:
    """The days within which the office has to answer what can be raised, by fact."""
    limits = [(rule.item.who, rule.item.time_limit) for rule in rules.by_id.values()]
    return {limit.start: limit.days for who, limit in limits if who == "office" and limit is not None and limit.days}


def relation_options(rules: CompiledChecklist, signs: str) -> tuple[Option, ...]:
    """Who may be named as signer, those who may sign first."""
    words = rules.checklist.words.get("relations", {})
    may, other = allowed_signers(rules, signs)
    return tuple(Option(one, words[one].zh, words[one].en) for one in (*may, *other) if one in words)


def mask_statement(shown: StatementView) -> StatementView:
    """As who has only the link may see it: that it was signed or declined, not by whom and in what words."""
    signature = shown.signature and _mask_signature(shown.signature)
    earlier = tuple(map(_mask_signature, shown.earlier))
    declined = tuple(
        msgspec.structs.replace(one, reason="", helper=masking.name(one.helper) if one.helper else None)
        for one in shown.declined
    )
    return msgspec.structs.replace(shown, signature=signature, earlier=earlier, declined=declined)


def _mask_signature(signature: Signature) -> Signature:
    return msgspec.structs.replace(signature, signer=masking.name(signature.signer))


def next_to_sign(shown: tuple[StatementView, ...]) -> StatementView | None:
    """The statement that is to be signed next, else the last that was signed, else what there is to read."""
    to_sign = [one for one in shown if one.signs is not None]
    waiting = [one for one in to_sign if one.signature is None or one.signature.state != "holds"]
    return next(iter((*waiting, *reversed(to_sign), *shown)), None)


def customer_responses(ctx: AppContext, visit: LoadedVisit) -> tuple[CustomerResponse, ...]:
    """What the customer said by his link, each time."""
    return tuple(
        CustomerResponse(
            id=str(row.id),
            at=ctx.to_local_time(row.received_at),
            level=said.level,
            answers=said.said.answers,
            raises=said.said.raises,
            comment=said.said.comment,
            entries=tuple(entry.id for entry in said.entries),
            agent=said.agent,
        )
        for row, said in visit.customer_responses
    )
