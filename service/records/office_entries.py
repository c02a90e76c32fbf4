"""Entries that dispatchers and supervisors write."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import Person
from service.context import AppContext, transaction
from service.db.database import Transaction
from service.errors import EntryIdReused, FieldError, InvalidBody, TooManyEntries
from service.judge.batches import IgnoredEntry, same_content
from service.judge.entries import Entry
from service.readable_json import readable
from service.text import is_visible
from service.visits import search_index, volume
from service.visits.append_batch import insert_batch
from service.visits.complaints import receipt_numbers
from service.visits.loading import JudgementView, LoadedVisit, load_visit, lock_visible_visit
from service.visits.notes import Note, notes_about
from service.visits.quota import daily_quota_exceeded
from service.visits.status import recompute_status
from service.visits.wire import OfficeEntries
from service.web.decoding import require_uuid_ids

MAX_ERRORS = 20


class OfficeReceipt(JudgementView, frozen=True):
    """The answer to entries of the office: the judgement with them, and what may be a slip."""

    notes: Annotated[
        tuple[Note, ...], Meta(description="What has hardly the effect that was meant, such as a time far ahead.")
    ] = ()


async def add_office_entries(
    ctx: AppContext, token: bytes, visit_id: UUID, batch: OfficeEntries, raw: bytes
) -> tuple[bool, OfficeReceipt]:
    """Store the body as a batch of the office. Returns whether any entry is new (else nothing is stored)."""
    entries, raw = batch.entries, readable(raw)
    if len(entries) > ctx.max_entries:
        raise TooManyEntries(f"at most {ctx.max_entries}")
    require_uuid_ids([entry.id for entry in entries])
    unexplained = [n for n, entry in enumerate(entries) if entry.withdraws and not is_visible(entry.reason or "")]
    if unexplained:
        detail = "请写明为什么撤回 / say why it is withdrawn"
        raise InvalidBody("", _entry_errors(unexplained, "reason", "missing", detail))
    login, receipt = await _add_entries(ctx, token, visit_id, entries, raw)
    if login is not None:
        ctx.daily_quota.record_spent(login, len(entries), len(raw), ctx.clock())
    return login is not None, receipt


@transaction
async def _add_entries(
    ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, entries: tuple[Entry, ...], raw: bytes
) -> tuple[str | None, OfficeReceipt]:
    """The author's login, or None if nothing is new, and the answer."""
    person = await authenticate_token(tx, token)
    require_permission(person, "write entries of the office")
    row = await lock_visible_visit(tx, person, visit_id)
    _require_own_role(person, entries)
    before = await load_visit(ctx, tx, row)
    if not _has_new_entries(before.merged.entries, entries):
        return None, _receipt(before, person, entries)
    wait = ctx.daily_quota.record_wait(person.login, len(entries), len(raw), ctx.clock())
    if wait:
        raise daily_quota_exceeded(wait)
    batch_id = ctx.new_id()
    await insert_batch(ctx, tx, row, batch_id, "office", person.login, raw)
    after = await load_visit(ctx, tx, row)
    volume.check_visit_size(ctx, after, "office")
    _require_known_items(after.merged.ignored[str(batch_id)], entries)
    await search_index.add_receipts(tx, visit_id, receipt_numbers(entries))
    is_visible = after.visible_at(None).merged.entries != before.visible_at(None).merged.entries
    await recompute_status(tx, after, notify_technicians=is_visible)
    return person.login, _receipt(after, person, entries)


def _receipt(visit: LoadedVisit, person: Person, entries: tuple[Entry, ...]) -> OfficeReceipt:
    """The answer, the same for a repetition: its notes are about when the entries arrived."""
    ids = {entry.id.lower() for entry in entries}
    arrived = (batch.received_at for batch in visit.batches if any(entry.id.lower() in ids for entry in batch.entries))
    notes = notes_about(visit.rules, None, entries, visit.merged.entries, next(arrived, visit.now))
    view = visit.visible_to(person).to_view()
    return OfficeReceipt(view.visit, view.checklist, view.at, view.verdict, view.findings, notes)


def _require_own_role(person: Person, entries: tuple[Entry, ...]) -> None:
    """`by` has to be a role of the author, or `office`."""
    own = {"office", *person.roles} - {"technician", "admin"}
    wrong = [number for number, entry in enumerate(entries) if entry.by not in own]
    if wrong:
        raise InvalidBody("", _entry_errors(wrong, "by", "not-your-role", f"one of {', '.join(sorted(own))}"))


def _has_new_entries(known: list[Entry], entries: tuple[Entry, ...]) -> bool:
    """Raises EntryIdReused if an id is used for two different entries."""
    by_id = {entry.id.lower(): entry for entry in known}
    changed = [
        number
        for number, entry in enumerate(entries)
        if not same_content(by_id.setdefault(entry.id.lower(), entry), entry)
    ]
    if changed:
        raise EntryIdReused("", _entry_errors(changed, "id", "entry-changed", "take a new id"))
    return len(by_id) > len(known)


def _require_known_items(ignored: tuple[IgnoredEntry, ...], entries: tuple[Entry, ...]) -> None:
    """Unlike a phone's record, a batch with an unknown item is refused."""
    ids = {ignored_entry.entry for ignored_entry in ignored}
    wrong = [number for number, entry in enumerate(entries) if entry.id in ids]
    if wrong:
        raise InvalidBody("", _entry_errors(wrong, "what", "unknown-item", "not in the checklist"))


def _entry_errors(numbers: Sequence[int], field: str, code: str, detail: str) -> tuple[FieldError, ...]:
    return tuple(FieldError(f"/entries/{number}/{field}", code, detail) for number in numbers[:MAX_ERRORS])
