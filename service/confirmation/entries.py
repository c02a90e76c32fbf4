"""Turns a customer's answers, reports, signature or refusal into entries of one batch."""

from collections.abc import Iterator
from uuid import UUID, uuid5

import msgspec

from service.accounts.browser import Browser
from service.context import AppContext
from service.db.database import Transaction
from service.errors import FieldError, InvalidBody, OtpRequired, StatementChanged, TooManyRequests
from service.evidence.attach import StoredFile, record_sender
from service.judge import signoffs
from service.judge.entries import Entry, Evidence, Refused
from service.judge.evidence import customer_sender
from service.judge.moments import to_ms
from service.judge.signoffs import ApplicableQuestion, Level, QuestionSet, SignOff
from service.visits import search_index, volume
from service.visits.append_batch import insert_batch
from service.visits.batches import CUSTOMER_WRITER, SERVICE_WRITER
from service.visits.complaints import RECORDED, receipt_numbers, recordings
from service.visits.customer_answers import (
    AnswerInput,
    CustomerSubmission,
    IncidentReport,
    RefusalInput,
    SignatureInput,
    StoredCustomerResponse,
    VerifiedNumber,
)
from service.visits.loading import LoadedVisit, load_visit
from service.visits.quota import daily_wait
from service.visits.status import recompute_status
from service.visits.wire import OfficeEntries
from service.web.decoding import to_json

from .statements import CustomerView

REVOKES_SIGNATURE = ("refused", "partly")
PREVIOUS = "previous"
"""In place of the id of the entry before, until that is made."""
NOT_ALLOWED = "签字人不是可以签字的人，不代替户主的答复 / who signed may not, and answers for nobody"
MAX_UNVERIFIED, MAX_RESPONSES, MAX_REPORTS = 20, 60, 30
"""Limits for a visit within a day: responses before and after the code, and reports. Each makes the visit larger."""


async def write_entries(
    ctx: AppContext,
    tx: Transaction,
    link: UUID,
    visit: LoadedVisit,
    answers: CustomerSubmission,
    level: Level | None,
    browser: Browser,
    image: StoredFile | None,
    number: VerifiedNumber | None,
) -> LoadedVisit:
    """Write a customer's answers as one batch; returns the updated visit. Repeating the last ones changes nothing."""
    view = CustomerView(visit)
    if level is None and (answers.raises or answers.signature or answers.refused):
        raise OtpRequired
    if answers.signature is not None and is_repeated_signature(view, answers.signature, level):
        answers = msgspec.structs.replace(answers, signature=None)
    if answers.signature is None:
        image = None
    elif image is None:  # the signature was a repeated one when the image was to be made, and is not any more
        raise StatementChanged
    earlier = visit.customer_responses
    reports = [(report.fact, report.text.strip()) for _, response in earlier for report in response.said.raises]
    new_reports = tuple(report for report in answers.raises if (report.fact, report.text.strip()) not in reports)
    answers = msgspec.structs.replace(answers, raises=new_reports)
    if answers == CustomerSubmission():
        return visit
    check_quota(visit, level)
    raised_at = [row.received_at for row, response in earlier for _ in response.said.raises]
    if new_reports and (wait := daily_wait(raised_at, MAX_REPORTS - len(new_reports) + 1, ctx.clock())):
        raise TooManyRequests("so much was raised by this link; call the utility", retry_after=wait)
    signature = answers.signature and msgspec.structs.replace(answers.signature, strokes=None, png=None)
    new = StoredCustomerResponse(
        entries=(),
        level=level or "words",
        said=msgspec.structs.replace(answers, signature=signature),
        image=image.digest.hex() if image else "",
        typed=answers.signature is not None and signature == answers.signature,
        address=browser.address_hash.hex(),
        browser=browser.id.hex(),
        agent=browser.agent,
        number=number if level is not None else None,
    )
    previous_id = ""
    if earlier:
        row, last = earlier[-1]
        previous_id = str(row.id)
        if (last.said, last.image, last.level) == (new.said, new.image, new.level):
            return visit
    batch_id = uuid5(link, f"{previous_id} {to_json(new.said).hex()} {new.image} {new.level}")
    entries = [
        msgspec.structs.replace(
            entry,
            id=str(uuid5(batch_id, str(number))),
            withdraws=str(uuid5(batch_id, str(number - 1))) if entry.withdraws == PREVIOUS else entry.withdraws,
        )
        for number, entry in enumerate(_entries(view, answers, level, new.image, batch_id.hex[:12]))
    ]
    if image is not None:
        await record_sender(ctx, tx, image, customer_sender(str(visit.row.id)))
    body = to_json(msgspec.structs.replace(new, entries=tuple(entries)))
    if not await insert_batch(ctx, tx, visit.row, batch_id, "link", CUSTOMER_WRITER, body):
        return visit
    if recorded := recordings(visit.rules, entries, ctx.now()):
        content = to_json(OfficeEntries(recorded))
        await insert_batch(ctx, tx, visit.row, uuid5(batch_id, RECORDED), "office", SERVICE_WRITER, content)
        await search_index.add_receipts(tx, visit.row.id, receipt_numbers(recorded))
    updated = await load_visit(ctx, tx, visit.row)
    volume.check_visit_size(ctx, updated, "link")
    await recompute_status(tx, updated, notify_technicians=any(map(signoffs.redact_for_technician, entries)))
    return updated


def check_quota(visit: LoadedVisit, level: Level | None) -> None:
    """TooManyRequests when the customer has responded too often through the link within a day."""
    said_at = (row.received_at for row, _ in visit.customer_responses)
    if wait := daily_wait(said_at, MAX_UNVERIFIED if level is None else MAX_RESPONSES, to_ms(visit.now)):
        raise TooManyRequests("so much was said by this link; call the utility", retry_after=wait)


def is_repeated_signature(view: CustomerView, given: SignatureInput, level: Level | None) -> bool:
    """Whether this signature is there already, holds, was verified as well, and nobody has declined since.

    StatementChanged when there is no such statement.
    """
    sign_off = find_statement(view, given.statement_sha256)
    signature = sign_off.signature
    if signature is None or signature.state != "holds" or any(no.at >= signature.at for no in sign_off.declined):
        return False
    same = (signature.signer.strip(), signature.relation) == (given.signer.strip(), given.relation)
    return same and (signature.level == "own_device" or level != "own_device")


def find_statement(view: CustomerView, digest: str) -> SignOff:
    """The current statement with this digest. StatementChanged when there is none."""
    for sign_off in _statements_to_sign(view):
        if sign_off.made.sha256 == digest:
            return sign_off
    raise StatementChanged


def _statements_to_sign(view: CustomerView) -> list[SignOff]:
    return [one for one in view.sign_offs if one.made.table.signs is not None and one.made.document.lines]


def _entries(
    view: CustomerView, answers: CustomerSubmission, level: Level | None, image: str, subject_prefix: str
) -> Iterator[Entry]:
    own_device, errors = level == "own_device", list[FieldError]()
    yield from _answer_entries(view, answers.answers, errors, own_device=own_device)
    known = [fact.id for fact in view.reportable_facts()]
    for n, report in enumerate(answers.raises):
        if report.fact not in known or view.judgement.verdict is None:  # a null verdict: nothing was done yet
            errors.append(FieldError(f"/raises/{n}/fact", "unknown-fact", f"one of: {', '.join(known)}"))
        else:
            yield _report_entry(view, report, f"customer-{subject_prefix}-{n}")
    if errors:
        raise InvalidBody("", tuple(errors[:20]))
    if answers.signature is not None:
        yield from _signature_entries(view, answers.signature, image, own_device=own_device)
    if answers.refused is not None:
        yield from _refusal_entries(view, answers.refused)


def _answer_entries(
    view: CustomerView, answers: tuple[AnswerInput, ...], errors: list[FieldError], *, own_device: bool
) -> Iterator[Entry]:
    questions, done = view.question_set(), view.is_finished
    asked = {one.question.id: one for one in questions.asked(own_device=own_device)} if done else {}
    hidden = set[str]() if own_device else {item for one in questions.own_device_only() for item in one.items}
    answered = set[tuple[str | None, str | None, str | None]]()
    for n, answer in enumerate(answers):
        key = (answer.question, answer.item, answer.thing)
        items = _answered_items(questions, asked, answer) if done and answer.item not in hidden else None
        if (answer.question is None) == (answer.item is None):
            errors.append(FieldError(f"/answers/{n}", "one-of", "name a question or an item"))
        elif items is None:
            errors.append(FieldError(f"/answers/{n}", "not-asked", "this is not asked now"))
        elif key in answered:
            errors.append(FieldError(f"/answers/{n}", "given-twice", "answer it once"))
        else:
            answered.add(key)
            for item in items:
                yield from questions.entries_for_answer(item, answer.thing, good=answer.good, acts=own_device)


def _answered_items(
    questions: QuestionSet, asked: dict[str, ApplicableQuestion], answer: AnswerInput
) -> tuple[str, ...] | None:
    """The items that an answer is about; None when they are not asked now."""
    if answer.question is not None:
        found = asked.get(answer.question)
        if found is None or (answer.thing and answer.thing not in found.things):
            return None
        return found.items or found.question.items  # a question that is always asked may have no due items
    things = questions.is_due(answer.item) if answer.item in questions.about else []
    return (answer.item,) if answer.item and things and (answer.thing is None or answer.thing in things) else None


def _report_entry(view: CustomerView, report: IncidentReport, subject: str) -> Entry:
    """The entry of a report. A new thing gets the name `subject`, which no phone gives to one."""
    text = report.text.strip()
    return Entry(
        id="-",
        at=view.at,
        by="customer",
        what=report.fact,
        thing=subject if report.fact in view.rules.thing_facts else None,
        label=text[:40],
        holds=True,
        evidence=(Evidence(kind="text", text=text),),
    )


def _signature_entries(view: CustomerView, given: SignatureInput, image: str, *, own_device: bool) -> Iterator[Entry]:
    """The signature and, where the customer revoked an earlier one, a `yes` that takes the revocation back."""
    sign_off = find_statement(view, given.statement_sha256)
    made = sign_off.made
    signature = Evidence(
        kind="signature",
        sha256=image,
        signer=given.signer.strip(),
        relation=given.relation,
        statement_sha256=given.statement_sha256,
    )
    evidence = (signature, Evidence(kind="customer_confirm")) if own_device else (signature,)
    signs, thing = made.table.signs or "", made.thing
    yield Entry(id="-", at=view.at, by="customer", what=signs, thing=thing, evidence=evidence)
    if given.relation not in signoffs.allowed_signers(view.rules, signs)[0]:
        if has_answer(sign_off):  # it is kept, and replaces nothing
            yield _withdrawal(view, signs, thing, PREVIOUS)
        return
    before = view.timeline.customer_answers.get(signs if thing is None else (signs, thing))
    if before is not None and before[2].says == "no":
        yield Entry(id="-", at=view.at, by="customer", what=signs, thing=thing, says="yes")


def has_answer(sign_off: SignOff) -> bool:
    """Whether the customer signed or declined, apart from those who may not sign."""
    signatures = (*sign_off.earlier, *filter(None, [sign_off.signature]))
    return any(one.allowed for one in signatures) or any(one.by == "customer" for one in sign_off.declined)


def _withdrawal(view: CustomerView, item: str, thing: str | None, entry: str) -> Entry:
    """Of a signature by somebody who may not sign, so that it does not stand for the customer's own answer."""
    return Entry(id="-", at=view.at, by="customer", what=item, thing=thing, withdraws=entry, reason=NOT_ALLOWED)


def _refusal_entries(view: CustomerView, given: RefusalInput) -> Iterator[Entry]:
    """The refusal of each statement that is meant, and of what its signature would cover."""
    refused = Refused(reason=given.reason.strip(), outcome=given.outcome)
    digest = given.statement_sha256
    meant = [
        one for one in _statements_to_sign(view) if (one.made.sha256 == digest if digest else one.signature is None)
    ]
    if not meant:
        raise StatementChanged
    for sign_off in meant:
        signs, thing = sign_off.made.table.signs, sign_off.made.thing
        signature = sign_off.signature
        revokes = signature is not None and signature.allowed and given.outcome in REVOKES_SIGNATURE
        for one in (*sign_off.earlier, *filter(None, [signature])):
            if not one.allowed and one.via == "link":  # what the customer says goes before it
                yield _withdrawal(view, signs or "", thing, one.entry)
        for item in signoffs.refused_items(view.rules, sign_off, view.timeline):
            rule = view.rules.by_id[item]
            yield Entry(id="-", at=view.at, by="customer", what=item, thing=thing, refused=refused)
            disagrees = (
                rule.item.refusal is None and rule.attested_by == signoffs.CUSTOMER_ONLY
            )  # not signing is not agreeing
            if disagrees or (revokes and item == signs):  # beside an act a refusal alone would say nothing
                yield Entry(id="-", at=view.at, by="customer", what=item, thing=thing, says="no")
