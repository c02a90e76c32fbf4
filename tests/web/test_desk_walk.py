"""Every page of the desk in a real browser, read from the application: looked at by axe, and nothing scrolls sideways.

`SCREENSHOTS=FOLDER` keeps a picture of each.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page

from service.accounts import repository as accounts_repository
from service.accounts.permissions import Person
from service.db.database import Transaction
from tests.support import example_visits as stories
from tests.support.api_client import VISIT, World
from tests.support.chromium import open_page, serve_world
from tests.support.desk import leftovers, signed_in
from tests.support.desk_chromium import DESKTOP, PHONE, TABLET, faults, open_session
from tests.support.desk_routes import desk_routes
from tests.support.endurance import IS_LONG
from tests.support.factories import said, uid
from tests.support.rights import settled

SIZES = dict.fromkeys(("zh", "en"), (DESKTOP, TABLET, PHONE)) if IS_LONG else {"zh": (DESKTOP, PHONE), "en": (TABLET,)}
LONG = {"name": "欧阳上官司马诸葛" * 8, "phone": "13800000000", "address": "虚构路一号" * 12, "account": "1001"}
REFERENCE = "GD-2026-03-02-0000-1111-2222-3333-4444-5555-6666"
EVERYTHING = Person("chief", "欧阳上官司马诸葛夏侯" * 4, ("dispatcher", "supervisor", "admin"), ())
PAGES = [route.path for route in desk_routes().values() if route.method == "GET"]
ELSEWHERE = {"/desk": "a redirect", "/desk/imports/template": "a file"}


async def lively(world: World) -> dict[str, Any]:
    """Something of everything, with long names; the ids in addresses."""
    _, ids = await settled(world)

    async def hire(tx: Transaction) -> None:
        await accounts_repository.add_person(tx, EVERYTHING, 0)

    await world.ctx.db.write(hire)
    done = uid("done")
    assert (await world.plan(done, customer=LONG, external_ref=REFERENCE)).status_code == 201
    damage = said("09:20", "own_damage", thing="tile", label="很长很长的名称" * 20, holds=True)
    entries = [said("09:05", "arrived", id=str(uid("a"))), damage, said("09:40", "left", id=str(uid("l")))]
    content = {"id": str(uid("d")), "visit": str(done), "checklist": "onsite@1", "entries": entries}
    assert (await world.submit(content, uid("d"))).status_code == 201
    wang = await signed_in(world, "wang")
    call = {
        "id": str(uid("k")),
        "called": "陶",
        "at": "2026-03-02T11:30",
        "text": "态度不好",
        "answer:manner_ok": "bad",
    }
    assert (await wang.post(f"/desk/visits/{VISIT}/callbacks", call)).status_code == 303
    window = {"from": stories.clock("15:00"), "to": stories.clock("16:00")}
    assert (await world.plan(uid("to be told"), customer=LONG, window=window)).status_code == 201
    return {
        "visit_id": done,
        "input_id": ids["kept"],
        "device_id": ids["device"],
        "login": "li",
        "checklist_id": "onsite",
        "version": "1",
    }


async def pages(page: Page, base: str, ids: dict[str, Any]) -> AsyncIterator[str]:
    """Go to one page after the other, and to those that only a form leads to; their names."""
    for path in PAGES:
        if path not in ELSEWHERE:
            await page.goto(base + path.format(**ids))
            yield path.format(**dict.fromkeys(ids, "x")).strip("/").replace("/", "-")
    await page.goto(f"{base}/desk/visits/{VISIT}")
    yield "visit-returned"
    await page.goto(f"{base}/desk/nowhere")
    yield "nowhere"
    await page.goto(f"{base}/desk/search?q=1380000000")
    yield "found"
    await page.goto(f"{base}/desk/quarantine/{ids['input_id']}")
    await page.locator("[name=look_reason]").fill("看看是什么")
    await sent(page, "look")
    yield "quarantined-shown"
    for action in ("enrolment", "invitation"):
        await page.goto(f"{base}/desk/people/li")
        await sent(page, action)
        yield action
    await page.goto(f"{base}/desk/imports")
    table = "工单号,姓名,电话\nGD-1,陶,138\n".encode()
    await page.locator("input[type=file]").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": table})
    await sent(page, "imports")
    yield "imports-refused"
    await page.goto(f"{base}/desk/people/new")
    await page.locator("[name=login]").fill("li")
    await page.locator("[name=name]").fill("李")
    await page.locator("[name='role:technician']").check()
    await sent(page, "new")
    yield "people-new-refused"
    await page.goto(f"{base}/sign-in")
    await page.locator("[name=login]").fill("li")
    await page.locator("[name=password]").fill("wrong")
    await sent(page, "sign-in")
    yield "sign-in-refused"


async def sent(page: Page, action: str) -> None:
    """Send the form whose address ends so, by its button, and wait for the page that answers."""
    async with page.expect_navigation():
        await page.locator(f"form[method=post][action$='/{action}'] button").last.click()


@pytest.mark.parametrize("language", SIZES)
async def test_every_page_is_accessible_and_fits(sqlite_world: World, language: str) -> None:
    ids = await lively(sqlite_world)
    async with (
        serve_world(sqlite_world) as base,
        open_page(scripts=True, size=DESKTOP, locale="zh-CN" if language == "zh" else "en") as page,
    ):
        await open_session(page, base, await signed_in(sqlite_world, EVERYTHING.login))
        seen, wrong = set[str](), list[Any]()
        async for name in pages(page, base, ids):
            assert name not in seen, name
            seen.add(name)
            wrong += await faults(page, f"{name}-{language}", *SIZES[language], axe=language == "zh" or IS_LONG)
        assert len(seen) > len(PAGES)
        assert wrong == [], "\n".join(map(str, wrong))


async def test_no_page_shows_what_only_a_program_reads(world: World) -> None:
    ids = await lively(world)
    for login in ("chief", "li"):
        browser = await signed_in(world, login)
        paths = [one.format(**ids) for one in PAGES if one not in ELSEWHERE]
        for path in (*paths, f"/desk/visits/{VISIT}", "/desk/search?q=1380000000"):
            page = await browser.get(path)
            assert page.status_code in (200, 303, 403, 404), (path, page.text)
            assert leftovers(page) == [], (login, path)
