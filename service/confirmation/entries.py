"""What a customer says to what he is shown: his answers, signature or refusal become entries of one batch."""

from collections.abc import Iterator
from uuid import UUID, uuid5

import msgspec

from service.accounts.browser import Browser
from service.context import AppContext
from service.db.database import Transaction
from service.errors import FieldError, InvalidBody, OtpRequired, StatementChanged, TooManyRequests
from service.evidence.attach import StoredFile, record_sender
from service.judge.entries import Entry, Evidence, Refused
from service.judge.evidence import customer_sender
from service.judge.signoffs import (
    CUSTOMER_ONLY,
    ApplicableQuestion,
    Level,
    QuestionSet,
    SignOff,
    redact_for_technician,
    refused_items,
)
from service.visits import volume
from service.visits.append_batch import CUSTOMER_WRITER, insert_batch
from service.visits.customer_answers import (
    AnswerInput,
    CustomerSubmission,
    RefusalInput,
    SignatureInput,
    StoredCustomerResponse,
)
from service.visits.loading import LoadedVisit, load_visit
from service.visits.status import recompute_status
from service.web.decoding import to_json

from .statements import CustomerView

REVOKES_SIGNATURE = ("refused", "partly")  # what takes a signature back
MAX_UNVERIFIED, MAX_RESPONSES, MAX_REPORTS, DAY_SECONDS = 20, 60, 30, 86_400
"""So often something may be said by the link of a visit, without the code and with it, and so much raised: each makes
the visit larger."""


async def write_entries(
    ctx: AppContext,
    tx: Transaction,
    link: UUID,
    visit: LoadedVisit,
    answers: CustomerSubmission,
    level: Level | None,
    browser: Browser,
    image: StoredFile | None,
) -> LoadedVisit:
    """Write a customer's answers as one batch; the visit then. What he said last, said again, is no change."""
    case = CustomerView(visit)
    if level is None and (answers.raises or answers.signature or answers.refused):
        raise OtpRequired
    if answers.signature is not None and is_repeated_signature(case, answers.signature, level):
        answers = msgspec.structs.replace(answers, signature=None)
    if answers.signature is None:
        image = None
    elif image is None:  # when the picture was to be made, this signature held: it changed just now
        raise StatementChanged
    before = visit.customer_responses
    raised = [one for _, earlier in before for one in earlier.said.raises]
    known = {(one.fact, one.text.strip()) for one in raised}
    fresh = tuple(one for one in answers.raises if (one.fact, one.text.strip()) not in known)
    answers = msgspec.structs.replace(answers, raises=fresh)
    if answers == CustomerSubmission():
        return visit
    check_quota(visit, level)
    if len(raised) + len(fresh) > MAX_REPORTS:
        raise TooManyRequests("so much was raised by this link; call the utility", retry_after=DAY_SECONDS)
    last = before[-1][1] if before else None
    said = StoredCustomerResponse(
        entries=(),
        level=level or "words",
        said=_without_picture(answers),
        image=image.digest.hex() if image else "",
        typed=_typed(answers.signature),
        address=browser.address_hash.hex(),
        browser=browser.id.hex(),
        agent=browser.agent,
    )
    if last is not None and (last.said, last.image, last.level) == (said.said, said.image, said.level):
        return visit
    batch = uuid5(link, f"{before[-1][0].id if before else ''} {to_json(said.said).hex()} {said.image} {said.level}")
    entries = list(_entries(case, answers, level, said.image, batch.hex[:12]))
    named = [msgspec.structs.replace(entry, id=str(uuid5(batch, str(n)))) for n, entry in enumerate(entries)]
    if image is not None:
        await record_sender(ctx, tx, image, customer_sender(str(visit.row.id)))
    body = to_json(msgspec.structs.replace(said, entries=tuple(named)))
    if not await insert_batch(ctx, tx, visit.row, batch, "link", CUSTOMER_WRITER, body):
        return visit
    after = await load_visit(ctx, tx, visit.row)
    volume.check_visit_size(ctx, after, "link")
    heard = any(redact_for_technician(entry) is not None for entry in named)
    await recompute_status(tx, after, notify_technicians=heard)
    return after


def check_quota(visit: LoadedVisit, level: Level | None) -> None:
    """TooManyRequests when so much was said by the link of the visit already."""
    if len(visit.customer_responses) >= (MAX_UNVERIFIED if level is None else MAX_RESPONSES):
        raise TooManyRequests("so much was said by this link; call the utility", retry_after=DAY_SECONDS)


def is_repeated_signature(case: CustomerView, given: SignatureInput, level: Level | None) -> bool:
    """Whether just this signature is there and holds, given as surely as now, and nobody disagreed since.
    StatementChanged when there is no such statement."""
    paper = find_statement(case, given.statement_sha256)
    one = paper.signature
    if one is None or one.state != "holds" or any(no.at >= one.at for no in paper.declined):
        return False
    same = (one.signer.strip(), one.relation) == (given.signer.strip(), given.relation)
    return same and (one.level == "own_device" or level != "own_device")


def _typed(given: SignatureInput | None) -> bool:
    return given is not None and given.strokes is None and given.png is None


def _without_picture(answers: CustomerSubmission) -> CustomerSubmission:
    if answers.signature is None:
        return answers
    drawn = msgspec.structs.replace(answers.signature, strokes=None, png=None)
    return msgspec.structs.replace(answers, signature=drawn)


def _entries(
    case: CustomerView, answers: CustomerSubmission, level: Level | None, image: str, mark: str
) -> Iterator[Entry]:
    questions, faults = case.questions(), list[FieldError]()
    own = level == "own_device"
    done, begun = case.is_finished, case.judgement.verdict is not None
    asked = {one.question.id: one for one in questions.asked(own_device=own)} if done else {}
    private = {item for one in questions.own_device_only() for item in one.items} if not own else set[str]()
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
            yield from questions.entries_for_answer(item, one.thing, good=one.good, acts=own)
    known = {one.id: n for n, one in enumerate(case.reportable_facts())}
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


def _about(questions: QuestionSet, asked: dict[str, ApplicableQuestion], one: AnswerInput) -> tuple[str, ...] | None:
    """The items that an answer is about; None when they are not asked now."""
    if one.question is not None:
        found = asked.get(one.question)
        if found is None or (one.thing and one.thing not in found.things):
            return None
        return found.items or found.question.items  # asked in any case: his word stands, whatever comes of it
    things = questions.is_due(one.item) if one.item in questions.about else []
    return (one.item,) if one.item and things and (one.thing is None or one.thing in things) else None


def _raised(case: CustomerView, fact: str, text: str, name: str) -> Entry:
    """He says that it happened. A thing of his own gets a name that no phone gives."""
    thing = name if fact in case.rules.thing_facts else None
    piece = Evidence(kind="text", text=text)
    return Entry(
        id="-", at=case.at, by="customer", what=fact, thing=thing, label=text[:40], holds=True, evidence=(piece,)
    )


def find_statement(case: CustomerView, digest: str) -> SignOff:
    """The statement with this digest, as it is now. StatementChanged when there is none."""
    for paper in case.papers:
        if paper.made.sha256 == digest and paper.made.table.signs is not None and paper.made.document.lines:
            return paper
    raise StatementChanged


def _signed(case: CustomerView, given: SignatureInput, image: str, *, own: bool) -> Iterator[Entry]:
    """His signature; and where he took an earlier one back, his word that it is right now."""
    made = find_statement(case, given.statement_sha256).made
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
    before = case.read.customer_answers.get(signs if thing is None else (signs, thing))
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
        for item in refused_items(case.rules, paper, case.read):
            rule, thing = case.rules.by_id[item], paper.made.thing
            yield Entry(id="-", at=case.at, by="customer", what=item, thing=thing, refused=refused)
            signed = (
                item == paper.made.table.signs and paper.signature is not None and given.outcome in REVOKES_SIGNATURE
            )
            agrees = rule.item.refusal is None and rule.attested_by == CUSTOMER_ONLY  # then not signing is not agreeing
            if signed or agrees:  # who signed and now disagrees is heard: beside an act a refusal alone says nothing
                yield Entry(id="-", at=case.at, by="customer", what=item, thing=thing, says="no")
