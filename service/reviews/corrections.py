"""Items that go back to the phone to be completed."""

from uuid import UUID

from service import errors
from service.audit_log import erasures
from service.context import AppContext, transaction
from service.db.database import Transaction
from service.judge.entries import Entry
from service.judge.findings import Finding
from service.judge.judge import judge
from service.judge.rules import CompiledChecklist
from service.visits.loading import LoadedVisit
from service.visits.review_rows import Correction, CorrectionItem, OpenCorrection, Withdrawal, get_review
from service.web.decoding import parse_uuid, to_json

from .writing import add_row, is_known, lock_for

MENDABLE = frozenset({"missing", "evidence", "undeclared", "value", "bad_waiver", "late_entry", "attest", "open"})
"""Findings that a new entry can mend. The order of acts and a time that has passed stay as they are."""
PAST = "期限已经过了，请写以后的时间 / the date has passed; take a later one"
IMPOSSIBLE = "补记改变不了这一项，请直接决定 / adding to it cannot mend it; decide it instead"


def is_correctable(finding: Finding, rules: CompiledChecklist) -> bool:
    """Whether returning the finding's item to the technician can mend it."""
    rule = rules.by_id.get(finding.item)
    return finding.kind in MENDABLE and (rule is None or "technician" in rule.attested_by)


def comes_too_late(visit: LoadedVisit, finding: Finding) -> bool:
    """Whether the act of the finding, written now, would break an order or a time limit: the judge counts when it is
    written."""
    if finding.kind != "missing":
        return False
    act = Entry(id="-", what=finding.item, thing=finding.thing, at=visit.now, by="technician")
    judged = judge(visit.rules, visit.visit(), [*visit.effective_entries(), act], visit.now)
    known = {one.code for one in visit.evaluate_at().findings}
    return any(one.kind in ("order", "late") and one.code not in known for one in judged.findings)


@transaction
async def return_items(
    ctx: AppContext, tx: Transaction, token: bytes, id: UUID, correction: Correction
) -> tuple[bool, OpenCorrection]:
    """Return items of a visit to the phone; False with what was asked when the same was asked before.

    OwnVisit, InvalidBody for a date that has passed, NotCorrectable, NothingToReview before the technician wrote
    anything.
    """
    visit_id = parse_uuid(correction.visit, "/visit")
    person, visit = await lock_for(ctx, tx, token, visit_id, "review visits")
    if await is_known(tx, id, "correction", visit_id, to_json(correction)):
        return False, _view(ctx, id, correction, person.login, ctx.clock())
    if visit.was_on_visit(person):
        raise errors.OwnVisit
    if correction.due <= visit.now:
        raise errors.InvalidBody("", (errors.FieldError("/due", "in-the-past", PAST),))
    if visit.evaluate_at().verdict is None:
        raise errors.NothingToReview
    _require_correctable(visit, correction.items)
    after = await add_row(ctx, tx, visit, id, "correction", person.login, to_json(correction))
    return True, next(one for one in after.reviews.corrections if one.id == str(id))


def _view(ctx: AppContext, id: UUID, correction: Correction, by: str, at: int) -> OpenCorrection:
    return OpenCorrection(
        id=str(id), visit=correction.visit, items=correction.items, due=correction.due, by=by, at=ctx.to_local_time(at)
    )


@transaction
async def withdraw_correction(ctx: AppContext, tx: Transaction, token: bytes, id: UUID) -> None:
    """Stop asking. Nothing happens when it was answered or withdrawn before. NotFound."""
    row = await get_review(tx, id)
    if row is None:
        await erasures.refuse_erased(tx, id)
    if row is None or row.kind != "correction":
        raise errors.NotFound
    person, visit = await lock_for(ctx, tx, token, row.visit, "review visits")
    if any(one.id == str(id) for one in visit.reviews.corrections):
        await add_row(ctx, tx, visit, ctx.new_id(), "withdrawal", person.login, to_json(Withdrawal(str(id))))


def _require_correctable(visit: LoadedVisit, items: tuple[CorrectionItem, ...]) -> None:
    """Each item is one of the checklist, and something about it can be mended by adding to it."""
    findings = visit.evaluate_at().findings
    faults: list[errors.FieldError] = []
    for number, wanted in enumerate(items):
        if wanted.item not in visit.rules.by_id and wanted.item not in visit.rules.facts:
            faults.append(errors.FieldError(f"/items/{number}/item", "unknown-item", "not in the checklist"))
    if faults:
        raise errors.InvalidBody("", tuple(faults[:20]))
    for number, wanted in enumerate(items):
        about = [one for one in findings if one.item == wanted.item and wanted.thing in (None, one.thing)]
        if about and not any(is_correctable(one, visit.rules) for one in about):
            faults.append(errors.FieldError(f"/items/{number}", "not-correctable", IMPOSSIBLE))
    if faults:
        raise errors.NotCorrectable("", tuple(faults[:20]))
