"""What a customer says to what he is shown: his answers, signature or refusal become entries of one batch."""

from collections.abc import Iterator
from uuid import UUID, uuid5

import msgspec

from service.accounts.browser import Browser
from service.context import House
from service.db.database import Tx
from service.errors import CodeNeeded, FieldError, InvalidBody, StatementChanged, TooManyRequests
from service.evidence.attach import Sealed, note
from service.judge.entries import Entry, Evidence, Refused
from service.judge.evidence import customer_of
from service.judge.signoffs import HIS, ApplicableQuestion, Level, Paper, Questions, declines, in_confidence
from service.visits import volume
from service.visits.append_batch import CUSTOMER, put
from service.visits.customer_answers import Answered, Answers, ByLink, RefusalInput, Signing
from service.visits.loading import File, load
from service.visits.status import written_now
from service.web.decoding import encoded

from .statements import CustomerView

AGAINST = ("refused", "partly")  # what takes a signature back
MOST_WORDS, MOST_SAID, MOST_RAISED, DAY = 20, 60, 30, 86_400
"""So often something may be said by the link of a visit, without the code and with it, and so much raised: each makes
the visit larger."""


async def write(
    house: House,
    tx: Tx,
    link: UUID,
    file: File,
    answers: Answers,
    level: Level | None,
    browser: Browser,
    image: Sealed | None,
) -> File:
    """Write a customer's answers as one batch; the visit then. What he said last, said again, is no change."""
    case = CustomerView(file)
    if level is None and (answers.raises or answers.signature or answers.refused):
        raise CodeNeeded
    if answers.signature is not None and signed_before(case, answers.signature, level):
        answers = msgspec.structs.replace(answers, signature=None)
    if answers.signature is None:
        image = None
    elif image is None:  # when the picture was to be made, this signature held: it changed just now
        raise StatementChanged
    before = file.confirmations
    raised = [one for _, earlier in before for one in earlier.said.raises]
    known = {(one.fact, one.text.strip()) for one in raised}
    fresh = tuple(one for one in answers.raises if (one.fact, one.text.strip()) not in known)
    answers = msgspec.structs.replace(answers, raises=fresh)
    if answers == Answers():
        return file
    room(file, level)
    if len(raised) + len(fresh) > MOST_RAISED:
        raise TooManyRequests("so much was raised by this link; call the utility", retry_after=DAY)
    last = before[-1][1] if before else None
    said = ByLink(
        entries=(),
        level=level or "words",
        said=_without_picture(answers),
        image=image.digest.hex() if image else "",
        typed=_typed(answers.signature),
        address=browser.place.hex(),
        seat=browser.seat.hex(),
        agent=browser.agent,
    )
    if last is not None and (last.said, last.image, last.level) == (said.said, said.image, said.level):
        return file
    batch = uuid5(link, f"{before[-1][0].id if before else ''} {encoded(said.said).hex()} {said.image} {said.level}")
    entries = list(_entries(case, answers, level, said.image, batch.hex[:12]))
    named = [msgspec.structs.replace(entry, id=str(uuid5(batch, str(n)))) for n, entry in enumerate(entries)]
    if image is not None:
        await note(house, tx, image, customer_of(str(file.row.id)))
    body = encoded(msgspec.structs.replace(said, entries=tuple(named)))
    if not await put(house, tx, file.row, batch, "link", CUSTOMER, body):
        return file
    after = await load(house, tx, file.row)
    volume.check(house, after, "link")
    heard = any(in_confidence(entry) is not None for entry in named)
    await written_now(tx, after, heard=heard)
    return after


def room(file: File, level: Level | None) -> None:
    """TooManyRequests when so much was said by the link of the visit already."""
    if len(file.confirmations) >= (MOST_WORDS if level is None else MOST_SAID):
        raise TooManyRequests("so much was said by this link; call the utility", retry_after=DAY)


def signed_before(case: CustomerView, given: Signing, level: Level | None) -> bool:
    """Whether just this signature is there and holds, given as surely as now, and nobody disagreed since.
    StatementChanged when there is no such statement."""
    paper = paper_of(case, given.statement_sha256)
    one = paper.signature
    if one is None or one.state != "holds" or any(no.at >= one.at for no in paper.declined):
        return False
    same = (one.signer.strip(), one.relation) == (given.signer.strip(), given.relation)
    return same and (one.level == "own_device" or level != "own_device")


def _typed(given: Signing | None) -> bool:
    return given is not None and given.strokes is None and given.png is None


def _without_picture(answers: Answers) -> Answers:
    if answers.signature is None:
        return answers
    drawn = msgspec.structs.replace(answers.signature, strokes=None, png=None)
    return msgspec.structs.replace(answers, signature=drawn)


def _entries(case: CustomerView, answers: Answers, level: Level | None, image: str, mark: str) -> Iterator[Entry]:
    questions, faults = case.questions(), list[FieldError]()
    own = level == "own_device"
    done, begun = case.over, case.judgement.verdict is not None
    asked = {one.question.id: one for one in questions.asked(own_device=own)} if done else {}
    private = {item for one in questions.private() for item in one.items} if not own else set[str]()
    given: set[tuple[str | None, str | None, str | None]] = set()
    for n, one in enumerate(answers.answers):
        if (one.question is None) == (one.item is None):
            faults.append(FieldError(f"/answers/{n}", "one-of", "name a question or an item"))
            continue
        items = _about(questions, asked, one) if done and one.item not in private else None
        if items is None:
            faults.append(FieldError(f"/answers/{n}", "not-asked", "this is not asked now"))
            continue
        if (one.question, one.item, one.thing) in given:
            faults.append(FieldError(f"/answers/{n}", "given-twice", "answer it once"))
            continue
        given.add((one.question, one.item, one.thing))
        for item in items:
            yield from questions.said(item, one.thing, good=one.good, acts=own)
    known = {one.id: n for n, one in enumerate(case.raisable())}
    for n, raised in enumerate(answers.raises):
        if raised.fact not in known or not begun:
            faults.append(FieldError(f"/raises/{n}/fact", "unknown-fact", f"one of: {', '.join(known)}"))
            continue
        yield _raised(case, raised.fact, raised.text.strip(), f"customer-{mark}-{n}")
    if faults:
        raise InvalidBody("", tuple(faults[:20]))
    if answers.signature is not None:
        yield from _signed(case, answers.signature, image, own=own)
    if answers.refused is not None:
        yield from _refused(case, answers.refused)


def _about(questions: Questions, asked: dict[str, ApplicableQuestion], one: Answered) -> tuple[str, ...] | None:
    """The items that an answer is about; None when they are not asked now."""
    if one.question is not None:
        found = asked.get(one.question)
        if found is None or (one.thing and one.thing not in found.things):
            return None
        return found.items or found.question.items  # asked in any case: his word stands, whatever comes of it
    things = questions.ripe(one.item) if one.item in questions.about else []
    return (one.item,) if one.item and things and (one.thing is None or one.thing in things) else None


def _raised(case: CustomerView, fact: str, text: str, name: str) -> Entry:
    """He says that it happened. A thing of his own gets a name that no phone gives."""
    thing = name if fact in case.rules.thing_facts else None
    piece = Evidence(kind="text", text=text)
    return Entry(
        id="-", at=case.at, by="customer", what=fact, thing=thing, label=text[:40], holds=True, evidence=(piece,)
    )


def paper_of(case: CustomerView, digest: str) -> Paper:
    """The statement with this digest, as it is now. StatementChanged when there is none."""
    for paper in case.papers:
        if paper.made.sha256 == digest and paper.made.table.signs is not None and paper.made.document.lines:
            return paper
    raise StatementChanged


def _signed(case: CustomerView, given: Signing, image: str, *, own: bool) -> Iterator[Entry]:
    """His signature; and where he took an earlier one back, his word that it is right now."""
    made = paper_of(case, given.statement_sha256).made
    piece = Evidence(
        kind="signature",
        sha256=image,
        signer=given.signer.strip(),
        relation=given.relation,
        statement_sha256=given.statement_sha256,
    )
    evidence = (piece, Evidence(kind="customer_confirm")) if own else (piece,)
    signs, thing = made.table.signs or "", made.thing
    yield Entry(id="-", at=case.at, by="customer", what=signs, thing=thing, evidence=evidence)
    before = case.read.says.get(signs if thing is None else (signs, thing))
    if before is not None and before[2].says == "no":
        yield Entry(id="-", at=case.at, by="customer", what=signs, thing=thing, says="yes")


def _refused(case: CustomerView, given: RefusalInput) -> Iterator[Entry]:
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
            yield Entry(id="-", at=case.at, by="customer", what=item, thing=thing, refused=refused)
            signed = item == paper.made.table.signs and paper.signature is not None and given.outcome in AGAINST
            agrees = rule.item.refusal is None and rule.attested_by == HIS  # then not signing is not agreeing
            if signed or agrees:  # who signed and now disagrees is heard: beside an act a refusal alone says nothing
                yield Entry(id="-", at=case.at, by="customer", what=item, thing=thing, says="no")
