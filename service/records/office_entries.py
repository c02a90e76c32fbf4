"""Dispatchers and supervisors write entries: what was agreed, what was made good, what was answered."""

from uuid import UUID

from service.accounts.authentication import sign_in
from service.accounts.permissions import Person
from service.context import House
from service.db.database import Tx
from service.errors import EntryChanged, FieldError, InvalidBody, TooManyEntries
from service.judge.batches import Ignored, same
from service.judge.entries import Entry
from service.visits import volume
from service.visits.append_batch import put
from service.visits.loading import Judged, load, locked_row, offices
from service.visits.quota import day_full
from service.visits.status import written_now
from service.web.decoding import check_ids, decode


async def add_entries(house: House, token: bytes, visit: UUID, raw: bytes) -> tuple[bool, Judged]:
    """Add entries of the office. Ids make it repeatable: the same again is no change (False)."""
    person = await sign_in(house, token, "write entries of the office")
    written = decode(offices, raw).entries
    if len(written) > house.max_entries:
        raise TooManyEntries(f"at most {house.max_entries}")
    check_ids([entry.id for entry in written])
    batch_id = house.new_id()

    async def work(tx: Tx) -> tuple[bool, Judged]:
        row = await locked_row(tx, person, visit)
        _own_voice(person, written)
        before = await load(house, tx, row)
        if not _news(before.gathered.entries, written):
            return False, before.told(person).answer()
        wait = house.quota.record_wait(person.login, len(written), len(raw), house.clock())
        if wait:
            raise day_full(wait)
        await put(house, tx, row, batch_id, "office", person.login, raw)
        after = await load(house, tx, row)
        volume.check(house, after, "office")
        heard = after.heard_at(None).gathered.entries != before.heard_at(None).gathered.entries
        _all_count(after.gathered.ignored[str(batch_id)], written)
        await written_now(tx, after, heard=heard)
        return True, after.told(person).answer()

    added, judged = await house.db.write(work)
    if added:
        house.quota.record_spent(person.login, len(written), len(raw), house.clock())
    return added, judged


def _own_voice(person: Person, written: tuple[Entry, ...]) -> None:
    """`by` is the writer's own role, or the office."""
    own = {"office", *person.roles} - {"technician", "admin"}
    wrong = [number for number, entry in enumerate(written) if entry.by not in own]
    if wrong:
        faults = tuple(
            FieldError(f"/entries/{n}/by", "not-your-role", f"one of {', '.join(sorted(own))}") for n in wrong[:20]
        )
        raise InvalidBody("", faults)


def _news(known: list[Entry], written: tuple[Entry, ...]) -> bool:
    """Whether anything is new. EntryChanged when an id was used for other content, here or before."""
    by_id = {entry.id.lower(): entry for entry in known}
    changed = [n for n, entry in enumerate(written) if not same(by_id.setdefault(entry.id.lower(), entry), entry)]
    if changed:
        raise EntryChanged(
            "", tuple(FieldError(f"/entries/{n}/id", "entry-changed", "take a new id") for n in changed[:20])
        )
    return len(by_id) > len(known)


def _all_count(ignored: tuple[Ignored, ...], written: tuple[Entry, ...]) -> None:
    """The office is told at once of an item that the checklist does not have; nothing is kept then."""
    names = {one.entry for one in ignored}
    wrong = [number for number, entry in enumerate(written) if entry.id in names]
    if wrong:
        raise InvalidBody(
            "", tuple(FieldError(f"/entries/{n}/what", "unknown-item", "not in the checklist") for n in wrong[:20])
        )
