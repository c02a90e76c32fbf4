"""The terms: for how long each kind of data is kept, how what is due is found, and how it goes.

Each step is a small transaction, so that nobody who writes waits for it.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec

from service import errors
from service.accounts.events import PersonEvent, record_event
from service.audit_log.erasures import ERASED_NAME, Erasure
from service.context import AppContext, RetentionPolicy, read_only, transaction
from service.db.database import Transaction
from service.web.defects import or_unreadable

from . import customers, erasing, holds, places, staff

DAY_MS = 86_400_000
SIZE = 100
STEP_SIZE = 2_000
LAST = b"\xff" * 64
START = (-(2**62), b"")
BY, WHY = "the service", "term"
Key = Any
Step = Callable[[AppContext, list[Key]], Awaitable[int]]


class Term(msgspec.Struct, frozen=True):
    """A kind of data. `query` finds the keys that are due after a key; `erase` returns how many it erased."""

    kind: str
    query: str
    erase: Step
    first: Key = b""
    countable: Step | None = None
    """How many of the keys would go, where not all do."""
    step: str = ""
    """Where few of many rows are due: finds the key up to which a statement looks for them."""

    def days(self, policy: RetentionPolicy) -> int:
        """For how many days it is kept; 0: for good."""
        return int(getattr(policy, SETTINGS.get(self.kind, self.kind)))

    async def count(self, ctx: AppContext, keys: list[Key]) -> int:
        """How many of the keys that are due would be erased."""
        return len(keys) if self.countable is None else await self.countable(ctx, keys)

    async def due(self, ctx: AppContext, before: int, after: Key) -> list[Key]:
        """The next keys that are due: ids, or times with ids."""
        while True:
            end = await self._end_of_step(ctx, after)
            found = await self._due_until(ctx, before, after, LAST if end is None else end)
            if found or end is None:
                return found
            after = end

    async def _due_until(self, ctx: AppContext, before: int, after: Key, end: Key) -> list[Key]:
        timed = isinstance(after, tuple)
        start: dict[str, Any] = {"after_at": after[0], "after_id": after[1]} if timed else {"after": after}
        given = {"before": before, "end": end, "size": SIZE, "now": ctx.clock(), "erased": ERASED_NAME, **start}
        rows: list[Any] = await ctx.db.read(lambda tx: tx.fetch_all(self.query, **given))
        return rows if timed else [row[0] for row in rows]

    async def _end_of_step(self, ctx: AppContext, after: Key) -> Key | None:
        """The last key that a statement may look at; None: all that there are."""
        if not self.step:
            return None
        row = await ctx.db.read(lambda tx: tx.fetch_one(self.step, after=after, steps=STEP_SIZE - 1))
        return None if row is None else row[0]


@read_only
async def _count_free_visits(ctx: AppContext, tx: Transaction, keys: list[Key]) -> int:
    """How many of the visits are not held by their account."""
    held = [await holds.is_held(ctx, tx, UUID(bytes=bytes(visit))) for _, visit in keys]
    return held.count(False)


async def _erase_visits(ctx: AppContext, keys: list[Key]) -> int:
    """One by one. What meanwhile is held, or cannot be erased or read, stays until the next night."""
    ids = [UUID(bytes=bytes(visit)) for _, visit in keys]
    return sum([await or_unreadable(ctx, visit, _erase_visit(ctx, visit)) or False for visit in ids])


async def _erase_visit(ctx: AppContext, visit: UUID) -> bool:
    try:
        await erasing.erase_visit(ctx, visit, BY, WHY, what="retention", scan=False)
    except (errors.Held, errors.NotFound, errors.Erased):
        return False
    return True


async def erase_holds_of_accounts(ctx: AppContext, accounts: list[str], what: str, by: str, why: str) -> int:
    """Erase the holds of accounts that no visit has any more, unless one is active. Returns of how many accounts."""
    count = 0
    for account in await _without_visits(ctx, accounts):
        count += await _erase_holds_of_account(ctx, account, what, by, why)
    return count


@transaction
async def _erase_holds_of_account(ctx: AppContext, tx: Transaction, account: str, what: str, by: str, why: str) -> bool:
    rows = await holds.rows_to_erase(ctx, tx, account)
    if not rows:
        return False
    about = Erasure(what=what, subject="account_holds", by=by, why=why, rows=0, digest="")
    await erasing.add_erasure(ctx, tx, ctx.new_id(), about, rows)
    for row in rows:  # not by account: a hold that was set meanwhile stays
        await tx.execute("erase_account_hold", id=row)
    return True


async def _without_visits(ctx: AppContext, accounts: list[str]) -> list[str]:
    return [one for one in accounts if not await customers.find(ctx, one, by=("account",))]


async def _erase_account_holds(ctx: AppContext, keys: list[Key]) -> int:
    return await erase_holds_of_accounts(ctx, keys, "retention", BY, WHY)


async def _count_left_over(ctx: AppContext, keys: list[Key]) -> int:
    return len(await _without_visits(ctx, keys))


async def _erase_staff(ctx: AppContext, keys: list[Key]) -> int:
    count = 0
    for login in keys:
        try:
            await staff.erase_person(ctx, login, BY, WHY)
        except errors.Erased:
            continue
        count += 1
    return count


def _rows(subject: str, query: str, looks: str = "") -> Step:
    """Erases rows that have leaves: all of a step in one erasure."""

    @transaction
    async def erase(ctx: AppContext, tx: Transaction, keys: list[Key]) -> int:
        rows = {bytes(key): subject for key in keys}
        for key in keys if looks else ():
            for (look,) in await tx.fetch_all(looks, what=f"quarantine/{UUID(bytes=bytes(key))}"):
                rows[bytes(look)] = "access_log"
            if decision := await tx.fetch_one("decision_of_input", id=key):
                rows[bytes(decision[0])] = "decisions"
        about = Erasure(what="retention", subject=subject, by=BY, why=WHY, rows=0, digest="")
        await erasing.add_erasure(ctx, tx, ctx.new_id(), about, rows)
        queries = {subject: query, "access_log": "erase_access"}
        for key, place in rows.items():
            if place in queries:  # a decision is in the row of its input
                await tx.execute(queries[place], id=key)
        return len(keys)

    return erase


async def _erase_looks(ctx: AppContext, keys: list[Key]) -> int:
    return await _erase_access(ctx, [look for _, look in keys])


_erase_access = _rows("access_log", "erase_access")


async def _erase_uploads(ctx: AppContext, keys: list[Key]) -> int:
    files = [bytes(key) for key in keys]
    await _erase_upload_rows(ctx, files)
    await erasing.remove_copies(ctx, files, [])
    return len(files)


@transaction
async def _erase_upload_rows(ctx: AppContext, tx: Transaction, files: list[bytes]) -> None:
    about = Erasure(what="retention", subject="uploads", by=BY, why=WHY, rows=0, digest="")
    rows = dict.fromkeys(files, "blobs")
    for file in files:
        rows |= await places.rows_of_file(tx, file)
    await erasing.add_erasure(ctx, tx, ctx.new_id(), about, rows)
    await erasing.erase_files(tx, files)


def _of_people(query: str, owner: str) -> Step:
    """Deletes what let people in once. An event of each says what they have now (`accounts/person_state`)."""

    @transaction
    async def delete(ctx: AppContext, tx: Transaction, keys: list[Key]) -> int:
        owners = [await tx.fetch_one(owner, id=key) for key in keys]
        await tx.execute_many(query, [{"id": key} for key in keys])
        for login in sorted({row[0] for row in owners if row is not None}):
            await record_event(ctx, tx, PersonEvent(what="sign-ins-deleted", person=login, by=BY))
        return len(keys)

    return delete


def _plain(query: str) -> Step:
    """Deletes rows that no leaf is about."""

    @transaction
    async def delete(_: AppContext, tx: Transaction, keys: list[Key]) -> int:
        await tx.execute_many(query, [{"id": key} for key in keys])
        return len(keys)

    return delete


SETTINGS = {"codes": "sign_ins", "account_holds": "visits"}
"""The field of the policy, where a kind has another name."""
TERMS = (
    Term("account_holds", "due_account_holds", _erase_account_holds, "", _count_left_over),
    Term("visits", "due_visits", _erase_visits, START, _count_free_visits),
    Term("quarantine", "due_quarantine", _rows("quarantine", "erase_input", "looks_at_input")),
    Term("uploads", "due_uploads", _erase_uploads, step="blobs_step"),
    Term("looks", "due_looks", _erase_looks, START),
    Term("sign_ins", "due_sign_ins", _of_people("delete_token", "owner_of_token")),
    Term("codes", "due_codes", _of_people("delete_code", "owner_of_code")),
    Term("mails", "due_mails", _plain("delete_mail")),
    Term("staff", "due_staff", _erase_staff, ""),
)
"""In this order: holds of accounts go the night after their last visit, as a preview says. Positions are reduced
besides (`positions`)."""
