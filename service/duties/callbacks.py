"""The office calls a customer back, and writes down what they said."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID, uuid5

import msgspec
from msgspec import Meta

from service import errors
from service.accounts.authentication import authenticate_token, require_permission
from service.context import AppContext, transaction
from service.db.database import Transaction
from service.field_kinds import Cleaned, NameText, visible_text
from service.judge.bounds import CodeText
from service.judge.entries import AwareDatetime, Entry, Evidence, SubjectId, check_time
from service.judge.rules import CompiledChecklist
from service.judge.signoffs import CUSTOMER_ONLY
from service.visits import batches, volume
from service.visits.append_batch import insert_batch
from service.visits.loading import JudgementView, LoadedVisit, load_visit, lock_visible_visit
from service.visits.status import recompute_status
from service.web.decoding import to_json


class CallbackAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the customer said about one item."""

    item: Annotated[CodeText, Meta(description="The item.")]
    thing: Annotated[SubjectId | None, Meta(description="Which thing of it.")] = None
    good: Annotated[bool, Meta(description="Whether it was as it ought to be.")]


class Callback(Cleaned, frozen=True, kw_only=True):
    """A call to the customer: who was called, when, and what they said."""

    called: Annotated[NameText, Meta(description="Who was called, with the number.")]
    at: Annotated[AwareDatetime, Meta(description="When.")]
    text: Annotated[Annotated[str, visible_text(1000)], Meta(description="What was said.")]
    answers: Annotated[
        tuple[CallbackAnswer, ...], Meta(min_length=1, max_length=50, description="What the customer said, by item.")
    ]

    def __post_init__(self) -> None:
        super().__post_init__()
        check_time("at", self.at)


class StoredCallback(Callback, frozen=True, kw_only=True):
    """The bytes of the batch: the call, and the entries that it became."""

    entries: tuple[Entry, ...]


@transaction
async def record_callback(
    ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, callback_id: UUID, call: Callback
) -> tuple[bool, JudgementView]:
    """Write down a call; False when it was there already. The customer's answers count as theirs, `via` callback.

    OwnVisit; InvalidBody for an item that the checklist does not have, or a time in the future.
    """
    person = await authenticate_token(tx, token)
    require_permission(person, "review visits")
    row = await lock_visible_visit(tx, person, visit_id)
    before = await load_visit(ctx, tx, row)
    if before.was_on_visit(person):
        raise errors.OwnVisit
    entries = _entries(before.rules, callback_id, call)
    body = to_json(
        StoredCallback(called=call.called, at=call.at, text=call.text, answers=call.answers, entries=entries)
    )
    known = await batches.get_batch(tx, callback_id)
    if known is not None:
        if known.visit != visit_id or known.kind != "callback" or known.body != body:
            raise errors.IdReusedWithOtherContent
        return False, before.to_view()
    _validate(before, call, ctx.now())
    await insert_batch(ctx, tx, row, callback_id, "callback", person.login, body)
    after = await load_visit(ctx, tx, row)
    volume.check_visit_size(ctx, after, "callback")
    await recompute_status(tx, after)
    return True, after.to_view()


def _validate(visit: LoadedVisit, call: Callback, now: datetime) -> None:
    faults = [
        errors.FieldError(f"/answers/{number}/item", "unknown-item", "not in the checklist")
        for number, answer in enumerate(call.answers)
        if answer.item not in visit.rules.by_id
    ]
    if call.at > now:
        detail = "通话时间还没有到 / write down the call after it was made"
        faults.append(errors.FieldError("/at", "in-the-future", detail))
    if faults:
        raise errors.InvalidBody("", tuple(faults[:20]))


def _entries(rules: CompiledChecklist, callback_id: UUID, call: Callback) -> tuple[Entry, ...]:
    """Each answer as an entry of the customer: that it was so or not; the act itself where only they may attest it."""
    proof = (
        Evidence(kind="customer_confirm"),
        Evidence(kind="message_log", channel="phone", text=f"{call.called}：{call.text}"),
    )
    return tuple(
        Entry(
            id=str(uuid5(callback_id, str(number))),
            what=answer.item,
            thing=answer.thing,
            at=call.at,
            by="customer",
            says=_says(rules, answer),
            evidence=proof,
        )
        for number, answer in enumerate(call.answers)
    )


def _says(rules: CompiledChecklist, answer: CallbackAnswer) -> Literal["yes", "no"] | None:
    if not answer.good:
        return "no"
    rule = rules.by_id.get(answer.item)
    return None if rule is not None and rule.attested_by == CUSTOMER_ONLY else "yes"
