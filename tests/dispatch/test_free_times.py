"""A technician's free time is planned with a click, from the board and from the form."""

import html
import re
from datetime import date, datetime

import httpx
import pytest

from service.visits.free_times import free_times, past
from tests.support.api_client import World
from tests.support.desk import field_of, signed_in, text_of
from tests.support.example_visits import clock
from tests.support.factories import a_plan, uid
from tests.support.fake_gateway import stand

DAY = "/desk/today?date=2026-03-02"
FREE = re.compile(r'<td colspan="\d+" class="free"><a href="([^"]+)"')


def hours(start: str, end: str) -> dict[str, str]:
    return {"from": clock(start), "to": clock(end)}


def offered(form: httpx.Response) -> list[str]:
    """The free times that the form offers."""
    return re.findall(r'<button name="free" value="([^"]+)"', form.text)


def found(*busy: tuple[int, int]) -> list[tuple[str, str]]:
    return [(one.begins, one.ends) for one in free_times(busy, 8 * 60, 12 * 60)]


@pytest.mark.parametrize(
    ("busy", "free"),
    [
        ([], [("08:00", "09:00"), ("09:00", "10:00"), ("10:00", "11:00"), ("11:00", "12:00")]),
        ([(8 * 60, 12 * 60)], []),
        ([(0, 11 * 60)], [("11:00", "12:00")]),
        ([(8 * 60, 9 * 60 + 30), (9 * 60, 11 * 60 + 15)], [("11:15", "12:00")]),
        ([(8 * 60 + 20, 11 * 60 + 45)], []),  # too short to go anywhere
        ([(8 * 60, 9 * 60 + 40)], [("09:40", "10:40"), ("10:00", "11:00"), ("11:00", "12:00")]),
        ([(10 * 60 + 30, 12 * 60)], [("08:00", "09:00"), ("09:00", "10:00"), ("10:00", "10:30")]),
    ],
)
def test_an_hour_is_offered_from_each_full_hour_and_after_each_visit(
    busy: list[tuple[int, int]], free: list[tuple[str, str]]
) -> None:
    assert found(*busy) == free


@pytest.mark.parametrize(
    ("day", "minutes"), [("2026-03-01", 1440), ("2026-03-02", 10 * 60 + 15), ("2026-03-03", 0), ("2027-01-01", 0)]
)
def test_what_is_over_is_not_free(day: str, minutes: int) -> None:
    assert past(date.fromisoformat(day), datetime.fromisoformat("2026-03-02T10:05:00+08:00")) == (0, minutes)


async def test_free_time_on_the_board_leads_to_a_form_that_is_filled_in(world: World) -> None:
    stand(world.ctx, "07:00")
    await world.plan(window=hours("09:00", "10:30"))
    zhao = await signed_in(world, "zhao")
    page = await zhao.get(DAY)
    links = [html.unescape(one) for one in FREE.findall(page.text)]
    assert "/desk/visits/new?date=2026-03-02&technician=li&from=08:00&to=09:00" in links
    assert "/desk/visits/new?date=2026-03-02&technician=li&from=10:30&to=11:30" in links
    assert not any("technician=li&from=09:00" in one or "technician=li&from=10:00" in one for one in links)
    form = await zhao.get("/desk/visits/new?date=2026-03-02&technician=li&from=10:30&to=11:30")
    assert [field_of(form, name) for name in ("date", "from", "to")] == ["2026-03-02", "10:30", "11:30"]
    assert '<option value="li" selected>' in form.text
    # with the keyboard there is one link for a technician: the form offers the other times
    stops = [one for one in re.findall(r"<a [^>]*technician=li[^>]*>", page.text) if "tabindex" not in one]
    assert len(stops) == 1
    assert "from=08:00&amp;to=09:00" in stops[0]
    times = offered(form)
    assert ("08:00 09:00" in times, "10:30 11:30" in times, "09:00 10:00" in times) == (True, True, False)


async def test_a_free_time_is_taken_without_loss_of_what_was_typed(world: World) -> None:
    stand(world.ctx, "07:00")
    await world.plan(window=hours("09:00", "10:30"))
    zhao = await signed_in(world, "zhao")
    form = await zhao.get("/desk/visits/new?date=2026-03-02&technician=li&from=09:00&to=10:00")
    typed = {
        "id": field_of(form, "id"),
        "date": "2026-03-02",
        "from": "09:00",
        "to": "10:00",
        "type": "meter_read",
        "technician": "li",
        "name": "欧阳明月",
        "content": "抄表",
    }
    warned = await zhao.post("/desk/visits/new", typed)
    assert warned.status_code == 409
    taken = await zhao.post("/desk/visits/new", {**typed, "confirmed": "x", "free": offered(warned)[-1]})
    assert taken.status_code == 200
    times = [field_of(taken, name) for name in ("from", "to")]
    assert " ".join(times) == offered(warned)[-1]
    assert [field_of(taken, name) for name in ("id", "name", "content")] == [typed["id"], "欧阳明月", "抄表"]
    assert len((await world.ask("zhao", "GET", "/v1/visits")).json()["items"]) == 1  # it plans nothing


async def test_the_enter_key_saves_and_takes_no_free_time(world: World) -> None:
    stand(world.ctx, "07:00")
    zhao = await signed_in(world, "zhao")
    form = await zhao.get("/desk/visits/new?date=2026-03-02&technician=li")
    posted = form.text[form.text.index('action="/desk/visits/new"') :]
    first = re.findall(r"<button[^>]*>", posted)[0]
    assert "name=" not in first


async def test_the_crew_of_a_visit_is_not_free_and_has_it_in_its_row(world: World) -> None:
    stand(world.ctx, "07:00")
    await world.plan(crew=["sun"], window=hours("09:00", "10:00"))
    zhao = await signed_in(world, "zhao")
    page = await zhao.get(DAY)
    assert "technician=sun&amp;from=08:00" in page.text
    assert "technician=sun&amp;from=09:00" not in page.text
    assert page.text.count('class="block planned"') == 2
    assert "同行" in text_of(page)
    times = offered(await zhao.get("/desk/visits/new?date=2026-03-02&technician=sun"))
    assert ("08:00 09:00" in times, "09:00 10:00" in times) == (True, False)


async def test_a_visit_of_another_area_takes_time_until_it_is_cancelled_and_shows_nothing(world: World) -> None:
    stand(world.ctx, "07:00")
    west = a_plan(area="城西", customer={"name": "城西客户"}, window=hours("09:00", "10:00"))
    assert (await world.ask("qian", "PUT", f"/v1/visits/{uid('w')}", west)).status_code == 201
    zhao = await signed_in(world, "zhao")
    page = await zhao.get("/desk/visits/new?date=2026-03-02&technician=li")
    assert "09:00 10:00" not in offered(page)
    assert "城西客户" not in page.text
    gone = await world.ask("qian", "PUT", f"/v1/visits/{uid('w')}/cancellation", {"reason": "不去"}, if_match='"0"')
    assert gone.status_code == 200, gone.text
    assert "09:00 10:00" in offered(await zhao.get("/desk/visits/new?date=2026-03-02&technician=li"))


async def test_only_who_plans_is_offered_free_time_and_none_that_is_over(world: World) -> None:
    stand(world.ctx, "10:05")
    await world.plan(window=hours("11:00", "12:00"))
    for login in ("wang", "li"):
        assert "/desk/visits/new" not in (await (await signed_in(world, login)).get(DAY)).text
    zhao = await signed_in(world, "zhao")
    page = await zhao.get(DAY)
    times = re.findall(r"technician=li&amp;from=([\d:]+)", page.text)
    assert min(times) == "10:15"
    assert FREE.findall((await zhao.get("/desk/today?date=2026-03-01")).text) == []
