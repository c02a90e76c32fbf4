"""A file and the record that names it at the same moment: neither misses the other, and nobody waits in a circle."""

import asyncio
from pathlib import Path
from typing import Any

from service.accounts import repository as accounts_repository
from service.accounts.permissions import Person
from service.blobs.evidence_storage import open_evidence_storage
from service.context import AppContext
from service.db import postgres
from service.db.database import Transaction
from service.db.postgres import Postgres
from service.dispatch import views
from service.evidence import attach
from service.records import submit
from service.visits import status, summaries
from tests.support.factories import TOKENS, Town, a_plan, a_record, encode, plan_visit, said, uid
from tests.support.pictures import name, picture

LI = Person("li", "李", ("technician",), ("城东",))
RAW = picture(9)


async def opened(db: Postgres, tmp_path: Path) -> tuple[AppContext, submit.DecodedRecord]:
    """A visit, and a record of it that names RAW, not yet kept."""
    town = await Town(db).open()
    town.ctx.evidence_storage = open_evidence_storage(tmp_path)
    visit = await town.planned()
    entry = said("09:06", "shoe_covers_on", evidence=[{"kind": "photo", "sha256": name(RAW)}])
    return town.ctx, submit.decode_record(town.ctx, uid("r"), a_record("r", visit, entry))


async def stands(ctx: AppContext, taken: submit.DecodedRecord) -> tuple[bool, bool]:
    """Whether the board says that a file is awaited, and whether the visit itself does."""
    posted = await ctx.db.read(lambda tx: summaries.get_summary(tx, taken.visit))
    seen = await views.get_visit(ctx, TOKENS["li"], taken.visit)
    assert posted is not None
    return "awaiting_evidence" in posted.flags, "awaiting_evidence" in seen.flags


async def test_a_file_waits_for_the_record_that_is_just_being_kept(postgres_database: Postgres, tmp_path: Path):
    ctx, taken = await opened(postgres_database, tmp_path)
    kept, go_on = asyncio.Event(), asyncio.Event()

    async def slow(tx: Transaction) -> Any:
        receipt = await submit.store_record(ctx, tx, LI, taken)
        kept.set()
        await go_on.wait()
        return receipt

    record = asyncio.create_task(ctx.db.write(slow))
    await kept.wait()
    sealed = await attach.store_bytes(ctx, RAW, bytes.fromhex(name(RAW)))
    file = asyncio.create_task(attach.register_upload(ctx, sealed, "li"))
    await asyncio.sleep(0.3)
    assert not file.done()  # without the lock it would have missed the record
    go_on.set()
    assert (await record).state == "awaiting_evidence"
    assert await file
    assert await stands(ctx, taken) == (False, False)


async def test_a_record_waits_for_the_file_that_is_just_being_noted(postgres_database: Postgres, tmp_path: Path):
    ctx, taken = await opened(postgres_database, tmp_path)
    sealed = await attach.store_bytes(ctx, RAW, bytes.fromhex(name(RAW)))
    noted, go_on = asyncio.Event(), asyncio.Event()

    async def slow(tx: Transaction) -> bool:
        first = await attach.record_sender(ctx, tx, sealed, "li")
        noted.set()
        await go_on.wait()
        return first

    file = asyncio.create_task(ctx.db.write(slow))
    await noted.wait()
    record = asyncio.create_task(ctx.db.write(lambda tx: submit.store_record(ctx, tx, LI, taken)))
    await asyncio.sleep(0.3)
    assert not record.done()
    go_on.set()
    assert await file
    assert (await record).state == "complete"
    assert await stands(ctx, taken) == (False, False)


async def test_a_record_and_its_file_at_the_same_time_never_miss_one_another(town: Town):
    visits = [await town.planned(f"v{n}") for n in range(12)]
    for n, visit in enumerate(visits):
        raw = picture(1000 + n)
        piece = {"kind": "photo", "sha256": name(raw)}
        entry = said("09:06", "shoe_covers_on", evidence=[piece], id=str(uid(f"e{n}")))

        async def parts(raw: bytes = raw):
            yield raw

        submitting = town.submitted(a_record(f"r{n}", visit, said("09:05", "arrived"), entry))
        attaching = attach.attach_file(town.ctx, TOKENS["li"], bytes.fromhex(name(raw)), parts())
        receipt, _ = await asyncio.gather(submitting, attaching)
        posted = await town.ctx.db.read(lambda tx, visit=visit: summaries.get_summary(tx, visit))
        assert "awaiting_evidence" not in posted.flags, (n, receipt.state)
        seen = await views.get_visit(town.ctx, TOKENS["li"], visit)
        assert seen.records[0].missing_evidence == ()


async def test_many_records_that_name_one_file_do_not_wait_in_a_circle(town: Town):
    visits = [await town.planned(f"v{n}") for n in range(8)]
    files = [picture(n) for n in range(3)]
    pieces = [{"kind": "photo", "sha256": name(file)} for file in files]

    async def parts(raw: bytes):
        yield raw

    def sent(raw: bytes):
        return attach.attach_file(town.ctx, TOKENS["li"], bytes.fromhex(name(raw)), parts(raw))

    work: list[Any] = []
    for n, visit in enumerate(visits):
        turned = pieces if n % 2 else pieces[::-1]
        entry = said("09:06", "shoe_covers_on", evidence=turned, id=str(uid(f"{n}")))
        work.append(town.submitted(a_record(f"r{n}", visit, entry)))
    await asyncio.wait_for(asyncio.gather(*work, *map(sent, files)), 60)
    for visit in visits:
        posted = await town.ctx.db.read(lambda tx, visit=visit: summaries.get_summary(tx, visit))
        assert "awaiting_evidence" not in posted.flags


async def test_files_that_several_visits_name_do_not_wait_in_a_circle_for_agendas(
    postgres_database: Postgres, tmp_path: Path, monkeypatch: Any
):
    """One file touches the agendas of a, then b; the other one of b, then a. Without an order one starts anew."""
    town = await Town(postgres_database).open()
    town.ctx.evidence_storage = open_evidence_storage(tmp_path)
    for login in ("a", "b"):
        one = Person(login, login, ("technician",), ("城东",))
        await town.ctx.db.write(lambda tx, one=one: accounts_repository.add_person(tx, one, 0))
    crews = dict(zip(sorted(map(uid, ("1", "2", "3", "4"))), ("a", "b", "b", "a"), strict=True))
    files: list[bytes] = []
    for number, visit in enumerate(crews):
        await plan_visit(town.ctx, TOKENS["zhao"], visit, encode(a_plan(crew=[crews[visit]])))
        files.append(picture(40 + number // 2))
        piece = [{"kind": "photo", "sha256": name(files[-1])}]
        entry = said("09:06", "shoe_covers_on", evidence=piece, id=str(uid(f"{number}")))
        await town.submitted(a_record(f"r{number}", visit, entry))
    sealed = [await attach.store_bytes(town.ctx, raw, bytes.fromhex(name(raw))) for raw in files[::2]]
    stand = status.recompute_status

    async def slowly(*given: Any) -> None:
        await stand(*given)
        await asyncio.sleep(0.3)

    monkeypatch.setattr(status, "recompute_status", slowly)
    monkeypatch.setattr(postgres, "RETRYABLE", ())
    assert await asyncio.gather(*(attach.register_upload(town.ctx, one, "li") for one in sealed)) == [True, True]
