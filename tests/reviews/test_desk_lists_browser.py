"""The lists of supervisors in a real browser: long names, large text, paper."""

import pytest
from playwright.async_api import Page

from tests.reviews.desk import ENTRIES
from tests.support.api_client import VISIT, World, record
from tests.support.chromium import WIDE, open_page, serve_world
from tests.support.desk import signed_in
from tests.support.desk_chromium import open_session
from tests.support.factories import said

DESKTOP, TABLET = (1366, 768), (820, 1180)
LONG = {"name": "欧阳上官司马诸葛" * 5, "phone": "13800000000", "address": "虚构路一号" * 8, "account": "1001"}
LISTS = ("/desk/queue", "/desk/duties", "/desk/quarantine")
CUT = """() => [...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth)
    .map(one => one.innerText)"""
WIDTHS = """() => [...document.querySelectorAll('table')]
    .map(table => [...table.querySelectorAll('thead th')].map(one => Math.round(one.getBoundingClientRect().width)))"""
LINES = """() => [...document.querySelectorAll('.number')].filter(one => one.checkVisibility())
    .map(one => one.getClientRects().length)"""

BADGES = """() => [...document.querySelectorAll('.badge')].map(one => getComputedStyle(one))
    .map(style => `${style.color} on ${style.backgroundColor}`)"""


async def owing(world: World) -> None:
    """A visit of a customer with a long name that owes something now and later, and something that was refused."""
    assert (await world.plan(customer=LONG, external_ref="GD-20260302-001")).status_code == 201
    told = [said("09:12", "borrowed", thing="chair", label="椅子" * 20), said("09:30", "complaint_received")]
    assert (await world.submit({**record(), "entries": [*ENTRIES, *told]})).status_code == 201
    assert (await world.submit({**record(VISIT), "checklist": "onsite@9"}, VISIT)).status_code == 422


async def opened(page: Page, base: str, world: World) -> None:
    await open_session(page, base, await signed_in(world, "wang"))


async def test_with_text_of_twice_the_size_nothing_is_cut_or_has_to_be_scrolled_to(sqlite_world: World) -> None:
    await owing(sqlite_world)
    async with serve_world(sqlite_world) as base, open_page(scripts=True, size=TABLET) as page:
        await opened(page, base, sqlite_world)
        for path in LISTS:
            await page.goto(base + path)
            await page.evaluate("document.documentElement.style.fontSize = '200%'")
            assert (await page.evaluate(WIDE), await page.evaluate(CUT)) == (False, []), path


async def test_tables_of_one_page_have_the_same_columns_and_numbers_stay_on_a_line(sqlite_world: World) -> None:
    await owing(sqlite_world)
    async with serve_world(sqlite_world) as base, open_page(scripts=True, size=DESKTOP) as page:
        await opened(page, base, sqlite_world)
        await page.goto(f"{base}/desk/duties")
        overdue, later = await page.evaluate(WIDTHS)
        assert overdue == later
        for path in (*LISTS, f"/desk/visits/{VISIT}"):
            await page.goto(base + path)
            lines = await page.evaluate(LINES)
            assert (bool(lines), {*lines}) == (True, {1}), path


async def test_the_form_of_decisions_does_not_cover_a_small_screen(sqlite_world: World) -> None:
    await owing(sqlite_world)
    position = "getComputedStyle(document.querySelector('#decide')).position"
    async with serve_world(sqlite_world) as base, open_page(scripts=True, size=DESKTOP) as page:
        await opened(page, base, sqlite_world)
        await page.goto(f"{base}/desk/visits/{VISIT}")
        assert await page.evaluate(position) != "sticky"
        await page.set_viewport_size({"width": 1600, "height": 1000})
        assert await page.evaluate(position) == "sticky"


@pytest.mark.parametrize("path", [*LISTS, f"/desk/visits/{VISIT}"])
async def test_on_paper_the_company_is_named_and_a_status_is_not_told_by_its_colour(
    sqlite_world: World, path: str
) -> None:
    await owing(sqlite_world)
    async with serve_world(sqlite_world) as base, open_page(scripts=True, size=(700, 990)) as page:
        await opened(page, base, sqlite_world)
        await page.goto(base + path)
        company = page.locator(".printed.company")
        assert not await company.is_visible()
        await page.emulate_media(media="print")
        assert await company.inner_text() == sqlite_world.ctx.company.company
        assert {*await page.evaluate(BADGES)} <= {"rgb(0, 0, 0) on rgba(0, 0, 0, 0)"}
        assert not await page.evaluate(WIDE)
