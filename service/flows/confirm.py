"""The customer's confirmation after the work: what he is shown to sign, what he is asked, and what he says to it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

import msgspec

from service.domain import mask
from service.domain.answers import Answered, Answers, ByLink, Refusal, Signing
from service.domain.confirmation import (
    HIS,
    Asked,
    Declined,
    Level,
    Paper,
    Questions,
    Signature,
    declines,
    papers,
    signers,
)
from service.domain.entry import Entry, Evidence, Refused
from service.domain.errors import CodeNeeded, Fault, InvalidBody, StatementChanged
from service.domain.evidence import customer_of
from service.domain.reading import Reading, micros
from service.domain.rules import Rules
from service.domain.statement import Document
from service.storage.database import Tx

from .append import CUSTOMER, put
from .attach import Sealed, note
from .decode import encoded
from .house import House
from .judging import File, load
from .standing import written_now


class Device(msgspec.Struct, frozen=True):
    """From where a customer answers: the SHA-256 of the address in hex, and what his browser says of itself."""

    address: str = ""
    agent: str = ""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked now. `bad`: the answer that is the bad one."""

    id: str
    items: tuple[str, ...]
    things: tuple[str, ...]
    zh: str
    en: str
    bad: Literal["yes", "no"] = "no"


class Choice(msgspec.Struct, frozen=True):
    """Something to choose from."""

    id: str
    zh: str
    en: str


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A statement: what is or was to be signed. `signs` is the item that a signature fulfils; None: it is only read."""

    statement: Document
    sha256: str
    title: Choice
    label: str | None
    signs: str | None
    signature: Signature | None
    declined: tuple[Declined, ...]
    relations: tuple[Choice, ...]


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer said by his link at once: the level, his own words, the entries."""

    id: str
    at: datetime
    level: str
    comment: str | None
    entries: tuple[str, ...]
    agent: str


class Case:
    """A visit before its customer: its statements and questions at a moment."""

    def __init__(self, file: File, now: datetime) -> None:
        self.file, self.rules, self.now = file, file.rules, now
        self.visit = file.visit()
        self.judgement = file.judged(now)
        self.read = Reading(file.rules, file.counting(), micros(now))
        self.papers = papers(file.rules, self.visit, self.read, self.judgement.facts)
        self.labels = self.judgement.labels

    def shown(self) -> tuple[Shown, ...]:
        """All statements with content."""
        return tuple(self._shown(paper) for paper in self.papers if paper.made.document.lines)

    def _shown(self, paper: Paper) -> Shown:
        made = paper.made
        return Shown(
            statement=made.document,
            sha256=made.sha256,
            title=Choice(made.table.id, made.table.title.zh, made.table.title.en),
            label=self.labels.get(made.thing, made.thing) if made.thing is not None else None,
            signs=made.table.signs,
            signature=paper.signature,
            declined=paper.declined,
            relations=relations(self.rules, made.table.signs) if made.table.signs else (),
        )

    def questions(self) -> Questions:
        """What may be asked; worked out only when it is needed."""
        return Questions(self.rules, self.visit, self.file.counting(), self.now)

    def asked(self, level: Level | None) -> tuple[Question, ...]:
        """The questions of the page: once the work is done, or he has gone."""
        if not {"work_finished", "left"} & self.judgement.facts:
            return ()
        return tuple(
            Question(
                id=one.question.id,
                items=one.items,
                things=one.things,
                zh=one.question.zh,
                en=one.question.en,
                bad=one.question.bad_answer,
            )
            for one in self.questions().asked(own_device=level == "own_device")
        )

    def happened(self, what: str) -> datetime | None:
        """When something of the visit happened first, in the utility's zone."""
        found = self.read.moments.get(what)
        return None if found is None else datetime.fromtimestamp(found[0] / 1_000_000, self.now.tzinfo)

    def raisable(self) -> tuple[Choice, ...]:
        """The facts that a customer may raise."""
        facts = self.rules.facts.items()
        return tuple(Choice(name, fact.customer.zh, fact.customer.en) for name, fact in facts if fact.customer)


def relations(rules: Rules, signs: str) -> tuple[Choice, ...]:
    """Who may be named as signer, those who may sign first."""
    words = rules.checklist.words.get("relations", {})
    may, other = signers(rules, signs)
    return tuple(Choice(one, words[one].zh, words[one].en) for one in (*may, *other) if one in words)


def masked(shown: Shown) -> Shown:
    """As who has only the link may see it: that it was signed or declined, not by whom and in what words."""
    signature = shown.signature
    if signature is not None:
        signature = msgspec.structs.replace(signature, signer=mask.name(signature.signer))
    declined = tuple(
        msgspec.structs.replace(one, reason="", helper=mask.name(one.helper) if one.helper else None)
        for one in shown.declined
    )
    return msgspec.structs.replace(shown, signature=signature, declined=declined)


def next_paper(shown: tuple[Shown, ...]) -> Shown | None:
    """The statement that is to be signed next, else the last that was signed, else what there is to read."""
    to_sign = [one for one in shown if one.signs is not None]
    waiting = [one for one in to_sign if one.signature is None or one.signature.state != "holds"]
    return next(iter((*waiting, *reversed(to_sign), *shown)), None)


def said_by_link(house: House, file: File) -> tuple[Said, ...]:
    """What the customer said by his link, each time."""
    return tuple(
        Said(
            id=str(row.id),
            at=house.time(row.received_at),
            level=said.level,
            comment=said.said.comment,
            entries=tuple(entry.id for entry in said.entries),
            agent=said.agent,
        )
        for row, said in file.said_by_link()
    )


async def write(
    house: House,
    tx: Tx,
    link: UUID,
    file: File,
    answers: Answers,
    level: Level | None,
    device: Device,
    image: Sealed | None,
) -> None:
    """Write a customer's answers as one batch. What he said last, said again, is no change."""
    case = Case(file, house.now())
    if level is None and (answers.raises or answers.signature or answers.refused):
        raise CodeNeeded
    if answers.signature is not None:
        _paper(case, answers.signature.statement_sha256)  # also when he says the same again
    before = file.said_by_link()
    last = before[-1][1] if before else None
    said = ByLink(entries=(), level=level or "words", said=answers, address=device.address, agent=device.agent)
    if last is not None and (last.said, last.level) == (said.said, said.level):
        return
    entries = list(_entries(case, answers, level, image.digest.hex() if image else ""))
    batch = uuid5(link, f"{before[-1][0].id if before else ''} {encoded(said.said).hex()} {said.level}")
    named = [msgspec.structs.replace(entry, id=str(uuid5(batch, str(n)))) for n, entry in enumerate(entries)]
    if image is not None:
        await note(house, tx, image, customer_of(str(file.row.id)))
    body = encoded(msgspec.structs.replace(said, entries=tuple(named)))
    if await put(house, tx, file.row, batch, "link", CUSTOMER, body):
        await written_now(house, tx, await load(house, tx, file.row))


def _entries(case: Case, answers: Answers, level: Level | None, image: str) -> Iterator[Entry]:
    questions, faults = case.questions(), list[Fault]()
    own = level == "own_device"
    asked = {one.question.id: one for one in questions.asked(own_device=own)}
    for n, one in enumerate(answers.answers):
        items = _about(questions, asked, one)
        if items is None:
            faults.append(Fault(f"/answers/{n}", "not-asked", "this is not asked now"))
            continue
        for item in items:
            yield from questions.said(item, one.thing, good=one.good, acts=own)
    known = {one.id: n for n, one in enumerate(case.raisable())}
    for n, raised in enumerate(answers.raises):
        if raised.fact not in known:
            faults.append(Fault(f"/raises/{n}/fact", "unknown-fact", f"one of: {', '.join(known)}"))
            continue
        yield _raised(case, raised.fact, raised.text.strip(), n)
    if faults:
        raise InvalidBody("", tuple(faults[:20]))
    if answers.signature is not None:
        yield _signature(case, answers.signature, image, own=own)
    if answers.refused is not None:
        yield from _refused(case, answers.refused)


def _about(questions: Questions, asked: dict[str, Asked], one: Answered) -> tuple[str, ...] | None:
    """The items that an answer is about; None when they are not asked now."""
    if one.question is not None:
        found = asked.get(one.question)
        if found is None or (one.thing and one.thing not in found.things):
            return None
        return found.items or found.question.items  # asked in any case: his word stands, whatever comes of it
    things = questions.ripe(one.item) if one.item in questions.about else []
    return (one.item,) if one.item and things and (one.thing is None or one.thing in things) else None


def _raised(case: Case, fact: str, text: str, number: int) -> Entry:
    """He says that it happened. A thing of his own gets a name that no phone gives."""
    thing = f"customer-{micros(case.now) // 1000}-{number}" if fact in case.rules.thing_facts else None
    piece = Evidence(kind="text", text=text)
    return Entry(
        id="-", at=case.now, by="customer", what=fact, thing=thing, label=text[:40], holds=True, evidence=(piece,)
    )


def _paper(case: Case, digest: str) -> Paper:
    """The statement with this digest, as it is now. StatementChanged when there is none."""
    for paper in case.papers:
        if paper.made.sha256 == digest and paper.made.table.signs is not None and paper.made.document.lines:
            return paper
    raise StatementChanged


def _signature(case: Case, given: Signing, image: str, *, own: bool) -> Entry:
    made = _paper(case, given.statement_sha256).made
    piece = Evidence(
        kind="signature",
        sha256=image,
        signer=given.signer.strip(),
        relation=given.relation,
        statement_sha256=given.statement_sha256,
    )
    evidence = (piece, Evidence(kind="customer_confirm")) if own else (piece,)
    return Entry(id="-", at=case.now, by="customer", what=made.table.signs or "", thing=made.thing, evidence=evidence)


def _refused(case: Case, given: Refusal) -> Iterator[Entry]:
    """Why he does not sign: on each statement that is meant, and on what its signature would cover."""
    refused = Refused(reason=given.reason.strip(), outcome=given.outcome)
    meant = [one for one in case.papers if one.made.table.signs and one.made.document.lines]
    if given.statement_sha256 is not None:
        meant = [one for one in meant if one.made.sha256 == given.statement_sha256]
    else:
        meant = [one for one in meant if one.signature is None]
    if not meant:
        raise StatementChanged
    for paper in meant:
        for item in declines(case.rules, paper, case.read):
            rule, thing = case.rules.by_id[item], paper.made.thing
            yield Entry(id="-", at=case.now, by="customer", what=item, thing=thing, refused=refused)
            if rule.item.refusal is None and rule.attested_by == HIS:  # then not signing is not agreeing
                yield Entry(id="-", at=case.now, by="customer", what=item, thing=thing, says="no")
