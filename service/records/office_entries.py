"""Dispatchers and supervisors write entries: what was agreed, what was made good, what was answered."""

from uuid import UUID

from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import Person
from service.context import AppContext
from service.db.database import Transaction
from service.errors import EntryIdReused, FieldError, InvalidBody, TooManyEntries
from service.judge.batches import IgnoredEntry, same_content
from service.judge.entries import Entry
from service.visits import volume
from service.visits.append_batch import insert_batch
from service.visits.loading import JudgementView, load_visit, lock_visible_visit
from service.visits.quota import daily_quota_exceeded
from service.visits.status import recompute_status
from service.visits.wire import OfficeEntries
from service.web.decoding import require_uuid_ids


async def add_office_entries(
    ctx: AppContext, token: bytes, visit_id: UUID, batch: OfficeEntries, raw: bytes
) -> tuple[bool, JudgementView]:
    """Add entries of the office, as the bytes say. Ids make it repeatable: the same again is no change (False)."""
    written = batch.entries
    if len(written) > ctx.max_entries:
        raise TooManyEntries(f"at most {ctx.max_entries}")
    require_uuid_ids([entry.id for entry in written])
    batch_id = ctx.new_id()

    async def work(tx: Transaction) -> tuple[str | None, JudgementView]:
        person = await authenticate_token(tx, token)
        require_permission(person, "write entries of the office")
        row = await lock_visible_visit(tx, person, visit_id)
        _require_own_role(person, written)
        before = await load_visit(ctx, tx, row)
        if not _has_new_entries(before.merged.entries, written):
            return None, before.visible_to(person).to_view()
        wait = ctx.daily_quota.record_wait(person.login, len(written), len(raw), ctx.clock())
        if wait:
            raise daily_quota_exceeded(wait)
        await insert_batch(ctx, tx, row, batch_id, "office", person.login, raw)
        after = await load_visit(ctx, tx, row)
        volume.check_visit_size(ctx, after, "office")
        heard = after.visible_at(None).merged.entries != before.visible_at(None).merged.entries
        _require_known_items(after.merged.ignored[str(batch_id)], written)
        await recompute_status(tx, after, notify_technicians=heard)
        return person.login, after.visible_to(person).to_view()

    writer, judged = await ctx.db.write(work)
    if writer is not None:
        ctx.daily_quota.record_spent(writer, len(written), len(raw), ctx.clock())
    return writer is not None, judged


def _require_own_role(person: Person, written: tuple[Entry, ...]) -> None:
    """`by` is the writer's own role, or the office."""
    own = {"office", *person.roles} - {"technician", "admin"}
    wrong = [number for number, entry in enumerate(written) if entry.by not in own]
    if wrong:
        faults = tuple(
            FieldError(f"/entries/{n}/by", "not-your-role", f"one of {', '.join(sorted(own))}") for n in wrong[:20]
        )
        raise InvalidBody("", faults)


def _has_new_entries(known: list[Entry], written: tuple[Entry, ...]) -> bool:
    """Whether anything is new. EntryChanged when an id was used for other content, here or before."""
    by_id = {entry.id.lower(): entry for entry in known}
    changed = [
        n for n, entry in enumerate(written) if not same_content(by_id.setdefault(entry.id.lower(), entry), entry)
    ]
    if changed:
        raise EntryIdReused(
            "", tuple(FieldError(f"/entries/{n}/id", "entry-changed", "take a new id") for n in changed[:20])
        )
    return len(by_id) > len(known)


def _require_known_items(ignored: tuple[IgnoredEntry, ...], written: tuple[Entry, ...]) -> None:
    """The office is told at once of an item that the checklist does not have; nothing is kept then."""
    names = {one.entry for one in ignored}
    wrong = [number for number, entry in enumerate(written) if entry.id in names]
    if wrong:
        raise InvalidBody(
            "", tuple(FieldError(f"/entries/{n}/what", "unknown-item", "not in the checklist") for n in wrong[:20])
        )
