"""A technician's visits in his own calendar, at a secret address that he can end."""

from datetime import datetime

import pytest
from icalendar import Calendar

from service import errors
from service.accounts import repository as accounts_repository
from service.agenda import calendar
from tests.support.factories import TOKENS, Town, a_plan


async def address(town: Town, login: str = "li") -> str:
    opened = await calendar.create_calendar(town.ctx, TOKENS[login])
    return opened.url.rpartition("/")[2].removesuffix(".ics")


async def test_the_calendar_shows_time_type_and_address_and_nothing_of_the_customer(town: Town) -> None:
    await town.planned()
    await town.planned("other", technician="sun")
    raw = await calendar.calendar(town.ctx, await address(town))
    text = raw.decode().replace("\r\n ", "")
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert text.count("BEGIN:VEVENT") == 1
    assert "DTSTART:20260302T010000Z" in text
    assert "虚构路 1 号" in text
    assert "维修（漏水）" in text
    assert "陶" not in text
    assert "13800000000" not in text
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))


async def test_a_calendar_reads_back_what_was_planned(town: Town) -> None:
    place = "虚构路 1 号; 2 栋, \\ 三层" + "很长" * 60
    body = a_plan()
    visit = await town.planned(customer={**body["customer"], "address": f"{place}\r\n门\x07前\x7f"})
    (event,) = Calendar.from_ical(await calendar.calendar(town.ctx, await address(town))).events
    assert (event["uid"], event["sequence"]) == (f"{visit}@doorstep", 0)
    assert event["location"] == f"{place} 门前"
    start, end = (datetime.fromisoformat(body["window"][name]) for name in ("from", "to"))
    assert (event.start, event.end) == (start, end)


async def test_an_address_ends_when_it_is_replaced_revoked_or_its_owner_leaves(town: Town) -> None:
    first = await address(town)
    second = await address(town)
    with pytest.raises(errors.NotFound):
        await calendar.calendar(town.ctx, first)
    await calendar.revoke_calendar(town.ctx, TOKENS["li"])
    with pytest.raises(errors.NotFound):
        await calendar.calendar(town.ctx, second)
    third = await address(town)
    await town.ctx.db.write(lambda tx: accounts_repository.deactivate(tx, "li", 1))
    for gone in (third, "", "guess"):
        with pytest.raises(errors.NotFound):
            await calendar.calendar(town.ctx, gone)
