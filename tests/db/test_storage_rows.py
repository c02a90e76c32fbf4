"""The rows of each noun, on both engines."""

import asyncio
from hashlib import sha256

import pytest

from service.accounts import credentials
from service.accounts import repository as accounts_repository
from service.accounts.permissions import Person
from service.checklists import repository as checklists_repository
from service.checklists.repository import ChecklistRow
from service.db.database import Database, Transaction
from service.records import repository as records_repository
from service.visits import summaries
from service.visits.batches import batches_of
from service.visits.repository import add_visit, get_visit, lock_visit
from service.visits.summaries import MIN_KEY, VisitFilter, VisitSummaryRow
from tests.support.row_factories import LI, NOON, ZHAO, a_batch, a_visit, add_batch, an_input, plan, uid

DIGEST = sha256(b"token").digest()


async def whose(tx: Transaction, digest: bytes) -> Person | None:
    """Whose token it is while it is good."""
    holder = await credentials.find_token_owner(tx, digest)
    return holder.person if holder is not None and holder.is_active else None


async def test_a_token_is_good_until_it_is_revoked(database: Database) -> None:
    await database.write(lambda tx: accounts_repository.add_person(tx, LI, NOON))
    await database.write(lambda tx: accounts_repository.add_token(tx, DIGEST, "li", NOON))
    assert await database.read(lambda tx: whose(tx, DIGEST)) == LI
    assert await database.read(lambda tx: whose(tx, sha256(b"other").digest())) is None
    assert await database.write(lambda tx: credentials.revoke_token(tx, DIGEST, NOON + 1))
    assert await database.read(lambda tx: whose(tx, DIGEST)) is None


async def test_who_left_has_no_token_and_leaves_his_login_to_nobody(database: Database) -> None:
    await database.write(lambda tx: accounts_repository.add_person(tx, LI, NOON))
    await database.write(lambda tx: accounts_repository.add_token(tx, DIGEST, "li", NOON))
    assert await database.write(lambda tx: accounts_repository.deactivate(tx, "li", NOON + 1))
    assert await database.read(lambda tx: whose(tx, DIGEST)) is None
    assert await database.read(lambda tx: accounts_repository.person(tx, "li")) is None
    assert not await database.write(lambda tx: accounts_repository.add_person(tx, LI, NOON + 2))


async def test_a_password_is_kept_as_its_hash(database: Database) -> None:
    await database.write(lambda tx: accounts_repository.add_person(tx, ZHAO, NOON))
    assert await database.read(lambda tx: accounts_repository.password_hash(tx, "zhao")) is None
    assert await database.write(lambda tx: accounts_repository.set_password_hash(tx, "zhao", "$argon2id$…"))
    assert await database.read(lambda tx: accounts_repository.password_hash(tx, "zhao")) == "$argon2id$…"
    assert not await database.write(lambda tx: accounts_repository.set_password_hash(tx, "nobody", "x"))


async def test_a_visit_is_added_once(database: Database) -> None:
    row = a_visit(1, crew=("wang",), window_from=NOON, window_to=NOON + 1)
    assert await database.write(lambda tx: add_visit(tx, row))
    assert not await database.write(lambda tx: add_visit(tx, a_visit(1, type="other")))
    assert await database.read(lambda tx: get_visit(tx, uid(1))) == row
    assert await database.write(lambda tx: lock_visit(tx, uid(1))) == row
    assert await database.write(lambda tx: lock_visit(tx, uid(2))) is None


async def walk(database: Database, wanted: VisitFilter, size: int = 3) -> list[int]:
    """All pages, as the numbers of the visits."""
    found: list[VisitSummaryRow] = []
    while page := await database.read(
        lambda tx: summaries.list_summaries(tx, wanted, found[-1].key if found else MIN_KEY, size)  # noqa: B023
    ):
        assert len(page) <= size
        found += page
    return [row.visit.int for row in found]


async def test_pages_of_visits_are_complete_and_in_order(database: Database) -> None:
    visits = [
        a_visit(
            number,
            technician="li" if number % 2 else "chen",
            crew=("li",) if number % 4 == 0 else (),
            area=("城东", "城西", "")[number % 3],
            type="home" if number % 5 else "meter",
            window_from=NOON + (number // 2) * 1000 if number < 20 else None,
            created_at=NOON + number,
        )
        for number in range(1, 25)
    ]
    await plan(database, *visits)

    def expected(test: object) -> list[int]:
        return [row.id.int for row in sorted(visits, key=lambda row: (row.planned_at, row.id)) if test(row)]  # type: ignore[operator]

    assert await walk(database, VisitFilter()) == expected(lambda row: True)
    assert await walk(database, VisitFilter(technician="li")) == expected(
        lambda row: "li" in (row.technician, *row.crew)
    )
    assert await walk(database, VisitFilter(areas=("城东", "城西"))) == expected(lambda row: row.area)
    assert await walk(database, VisitFilter(areas=("城西",), type="meter")) == expected(
        lambda row: row.area == "城西" and row.type == "meter"
    )
    assert await walk(database, VisitFilter(areas=("城东",), technician="chen")) == expected(
        lambda row: row.area == "城东" and row.technician == "chen"
    )
    assert await walk(database, VisitFilter(from_at=NOON + 2000, to_at=NOON + 5000)) == expected(
        lambda row: NOON + 2000 <= row.planned_at < NOON + 5000
    )
    assert await walk(database, VisitFilter(areas=())) == []
    assert await walk(database, VisitFilter(areas=("nowhere",))) == []


async def test_batches_come_in_the_order_they_were_written_whatever_the_clock_said(database: Database) -> None:
    await plan(database, a_visit(1), a_visit(2))
    rows = [a_batch(number, visit=1 + number % 2, received_at=NOON - number // 3) for number in range(12)]
    await asyncio.gather(*(database.write(lambda tx, row=row: add_batch(tx, row)) for row in rows))
    found = await database.read(lambda tx: batches_of(tx, uid(1)))
    assert found == sorted((row for row in rows if row.visit == uid(1)), key=lambda row: row.number)


async def test_a_checklist_version_is_published_once_and_the_newest_is_the_last(database: Database) -> None:
    rows = [
        ChecklistRow(
            id="norm-4.3",
            version=version,
            sha256=sha256(version.encode()).digest(),
            body=version.encode(),
            published_at=NOON + number,
            published_by="zhao",
            reason="first",
        )
        for number, version in enumerate(["9", "10"])
    ]
    assert await database.read(lambda tx: checklists_repository.latest_published(tx, "norm-4.3")) is None
    for row in rows:
        assert await database.write(lambda tx, row=row: checklists_repository.add_checklist(tx, row))
    assert not await database.write(lambda tx: checklists_repository.add_checklist(tx, rows[0]))
    assert await database.read(lambda tx: checklists_repository.latest_published(tx, "norm-4.3")) == rows[1]
    assert await database.read(lambda tx: checklists_repository.get_checklist(tx, "norm-4.3", "9")) == rows[0]
    assert await database.read(lambda tx: checklists_repository.get_checklist(tx, "norm-4.3", "8")) is None
    assert await database.read(checklists_repository.list_checklists) == rows


async def test_quarantine_has_one_row_per_device_and_digest(database: Database) -> None:
    inputs = [an_input(number, received_at=NOON) for number in range(1, 9)]
    ids = await asyncio.gather(
        *(database.write(lambda tx, row=row: records_repository.insert_input(tx, row)) for row in inputs)
    )
    assert len(set(ids)) == 1
    assert await database.write(lambda tx: records_repository.insert_input(tx, an_input(20, device=b"other"))) == uid(
        20
    )
    assert await database.write(lambda tx: records_repository.insert_input(tx, an_input(21, body=b"{"))) == uid(21)
    first_key = records_repository.FIRST_KEY
    page = await database.read(lambda tx: records_repository.list_inputs(tx, first_key, 50, include_decided=True))
    assert [row.id for row in page] == [ids[0], uid(20), uid(21)]
    key = page[0].received_at, page[0].id
    page = await database.read(lambda tx: records_repository.list_inputs(tx, key, 1, include_decided=True))
    assert [row.id for row in page] == [uid(20)]


async def test_quarantine_is_decided_once(database: Database) -> None:
    await database.write(lambda tx: records_repository.insert_input(tx, an_input(1)))
    decide = records_repository.record_decision
    assert await database.write(lambda tx: decide(tx, uid(1), "discard", "wang", NOON + 5, "a test"))
    assert not await database.write(lambda tx: decide(tx, uid(1), "take", "wang", NOON + 6, "no"))
    assert not await database.write(lambda tx: decide(tx, uid(2), "take", "wang", NOON + 6, "no"))
    row = await database.read(lambda tx: records_repository.get_input(tx, uid(1)))
    assert row == an_input(1, decision="discard", decided_by="wang", decided_at=NOON + 5, reason="a test")


@pytest.mark.parametrize("number", [1, 2])
async def test_a_fresh_database_is_empty(database: Database, number: int) -> None:
    assert await database.read(lambda tx: summaries.list_summaries(tx, VisitFilter())) == []
    await plan(database)
