"""A year that nothing can show is named at its own field, at every date and time of the desk."""

import html
import re

import pytest

from tests.support.api_client import VISIT, World, record
from tests.support.desk import signed_in
from tests.support.fake_gateway import stand

PLAN = {"type": "repair_leak", "technician": "li", "name": "陶", "content": "检修", "from": "09:00", "to": "10:00"}
MOVE = {"from": "09:00", "to": "10:00", "reason": "x", "revision": "0"}
CALL = {"called": "陶", "text": "好", "answer:shoe_covers_on": "good"}
RETURN = {"item:id_shown": "1", "why:id_shown": "没有"}
NEW = {"id": "01956e2c-8a00-7000-8000-000000000009"}


@pytest.mark.parametrize("year", ["0001", "1999", "2100", "9999"])
@pytest.mark.parametrize(
    ("path", "login", "fields", "name", "rest"),
    [
        ("/desk/visits/new", "zhao", PLAN | NEW, "date", "-03-02"),
        (f"/desk/visits/{VISIT}/move", "zhao", MOVE, "date", "-03-02"),
        (f"/desk/visits/{VISIT}/callbacks", "wang", CALL | NEW, "at", "-03-02T10:00"),
        (f"/desk/visits/{VISIT}/corrections", "wang", RETURN | NEW, "due", "-03-02T10:00"),
    ],
)
async def test_a_year_is_named_at_its_field(
    sqlite_world: World, path: str, login: str, fields: dict[str, str], name: str, rest: str, year: str
) -> None:
    stand(sqlite_world.ctx, "12:00")
    await sqlite_world.plan()
    if login == "wang":
        assert (await sqlite_world.submit(record())).status_code == 201
    browser = await signed_in(sqlite_world, login)
    page = await browser.post(path, fields | {name: year + rest})
    assert page.status_code == 422, page.text
    assert re.search(rf'<a href="#{name}">[^<]*年份须在 2001 到 2099 之间', html.unescape(page.text))
    assert re.search(rf'id="{name}"[^>]* aria-invalid="true"', page.text)


async def test_the_day_and_a_table_say_which_years_there_are(sqlite_world: World) -> None:
    browser = await signed_in(sqlite_world, "zhao")
    for year in ("0001", "9999"):
        page = await browser.get(f"/desk/today?date={year}-12-31")
        assert (page.status_code, "年份在 2001 到 2099 之间" in page.text) == (400, True)
