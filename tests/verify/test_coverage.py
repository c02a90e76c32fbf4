"""From when on everything has a leaf: rows from before are counted, and none is added to them afterwards."""

from hashlib import sha256
from pathlib import Path

import pytest

from service.accounts import coverage
from service.accounts.coverage import COVERAGE_ID
from service.accounts.events import PersonEvent, record_event
from service.audit_log import log
from service.context import AppContext
from service.evidence import thumbnails
from service.verify import people
from service.verify.log import verify
from tests.support.api_client import World, opened_world
from tests.support.evidence import record_naming, send_evidence
from tests.support.factories import uid
from tests.support.pictures import name, picture
from tests.support.tampering import tampered

PHOTO = picture(1)
FORGED = (
    "INSERT INTO access_log (id, at, who, what, reason, salt)"
    " SELECT salt, 1, 'li', 'quarantine/x', 'x', NULL FROM visits LIMIT 1"
)


def copies_of(world: World) -> list[Path]:
    """The files with copies of photos."""
    return [one for one in world.ctx.evidence_storage.copies.rglob("*.jpg") if one.is_file()]


async def look(world: World) -> None:
    """Somebody reads an input in quarantine."""
    assert (await world.submit(b"{", uid("q"))).status_code == 400
    (one,) = (await world.ask("wang", "GET", "/v1/quarantine")).json()["items"]
    assert (await world.ask("wang", "GET", f"/v1/quarantine/{one['id']}?reason=x")).status_code == 200


@pytest.mark.parametrize("engine", ["sqlite"])  # the statements that make the rows old are SQLite's
async def test_rows_from_before_are_counted_and_none_is_added(address: str) -> None:
    async with opened_world(address) as world:
        await world.plan()
        await look(world)
        of_rows = "(SELECT id FROM access_log UNION SELECT id FROM quarantine UNION SELECT id FROM events)"
        await tampered(  # as an older version left it
            address,
            f"DELETE FROM log_leaves WHERE id IN {of_rows}",  # noqa: S608 - of this file
            "DELETE FROM events",
            "UPDATE access_log SET salt = NULL",
            "UPDATE quarantine SET salt = NULL",
        )
        assert "nothing says since when everything has a leaf" in (await verify(world.ctx)).faults
        await coverage.begin(world.ctx)
        await coverage.begin(world.ctx)  # it is written once
        assert (await verify(world.ctx)).faults == []
        await tampered(address, FORGED)
        assert (await verify(world.ctx)).faults == ["access_log: 2 rows have no leaf, and 1 are that old"]
        await tampered(address, "DELETE FROM access_log")
        assert (await verify(world.ctx)).faults == ["access_log: 0 rows have no leaf, and 1 are that old"]


async def test_a_second_coverage_cannot_replace_the_first(address: str) -> None:
    async with opened_world(address) as world:
        await look(world)
        key = f"x'{COVERAGE_ID.hex}'" if address.startswith("sqlite") else f"'\\x{COVERAGE_ID.hex}'"
        await tampered(address, f"DELETE FROM events WHERE id = {key}", "UPDATE access_log SET salt = NULL")  # noqa: S608
        await coverage.begin(world.ctx)
        assert (await verify(world.ctx)).faults


async def test_events_of_a_person_are_numbered_without_gaps(address: str) -> None:
    async with opened_world(address) as world:
        for _ in range(3):
            event = PersonEvent(what="calendar-ended", person="li", by="li")
            await world.ctx.db.write(lambda tx, event=event: record_event(world.ctx, tx, event))
        assert (await verify(world.ctx)).faults == []
        last = "(SELECT max(id) FROM events WHERE what = 'calendar-ended')"
        await tampered(  # the last one is taken out together with its leaf
            address,
            f"DELETE FROM log_leaves WHERE id = {last}",  # noqa: S608 - of this file
            f"DELETE FROM events WHERE id = {last}",  # noqa: S608
        )
        assert "person li: their events are not those that were counted" in (await verify(world.ctx)).faults


async def test_a_copy_of_a_photo_that_was_changed_is_not_served(address: str) -> None:
    async with opened_world(address) as world:
        await world.plan()
        await world.submit(record_naming(PHOTO))
        await send_evidence(world, PHOTO)
        path = f"/v1/evidence/{name(PHOTO)}"
        first = await world.ask("wang", "GET", path)
        assert first.status_code == 200
        (copy,) = copies_of(world)
        copy.write_bytes(picture(7))
        assert any(fault.endswith("the bytes were changed") for fault in (await verify(world.ctx)).faults)
        again = await world.ask("wang", "GET", path)
        assert again.content == first.content
        assert sha256(copy.read_bytes()).digest() == sha256(first.content).digest()
        assert (await verify(world.ctx)).faults == []
        copy.unlink()  # as after a restore: it is made again
        assert (await world.ask("wang", "GET", path)).content == first.content
        assert await thumbnails.get_small_rendition(world.ctx, bytes.fromhex(name(PHOTO)))
        await log.assign_sequence_numbers(world.ctx.db)
        assert (await verify(world.ctx)).faults == []


async def test_what_happens_to_people_meanwhile_is_no_fault(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading all events takes minutes, and somebody may be guessing a password the whole time."""
    async with opened_world(address) as world:
        await coverage.begin(world.ctx)
        guessed = PersonEvent(what="sign-in-failed", person="wang", by="")
        await world.ctx.db.write(lambda tx: record_event(world.ctx, tx, guessed))
        read, seen = people._check_person, list[str]()

        async def while_somebody_guesses(ctx: AppContext, login: str, facts: people.Facts) -> list[str]:
            seen.append(login)
            await ctx.db.write(lambda tx: record_event(ctx, tx, guessed))
            return await read(ctx, login, facts)

        monkeypatch.setattr(people, "_check_person", while_somebody_guesses)
        assert await people.check(world.ctx) == []
        assert "wang" in seen
