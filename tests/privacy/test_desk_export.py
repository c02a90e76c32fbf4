"""A customer's copy at the desk: found first, of the supervisor's own areas alone, after a recent sign-in, noted."""

from io import BytesIO
from uuid import UUID
from zipfile import ZipFile

import httpx
import pytest

from service.errors import NotFound
from service.privacy import export
from tests.support.api_client import VISIT, World
from tests.support.desk import leftovers, signed_in, text_of
from tests.support.factories import a_plan, uid
from tests.support.pictures import name
from tests.support.privacy import ACCOUNT, ADDRESS, NAME, OLD_PHONE, PHONE, PHOTO, lived_through

PAGE, FILE = "/desk/privacy/customer", "/desk/privacy/customer/export"
FAR, REASON = uid("in another area"), "本人申请 2026-17"
GIVEN = {"customer": PHONE, "reason": REASON, f"visit:{VISIT}": "on", f"visit:{FAR}": "on"}


async def planned(world: World, who: str, visit: UUID, area: str) -> None:
    customer = {"name": NAME, "phone": PHONE, "account": ACCOUNT, "address": ADDRESS}
    answer = await world.ask(who, "PUT", f"/v1/visits/{visit}", a_plan(area=area, customer=customer))
    assert answer.status_code == 201, answer.text


async def looks(world: World, visit: UUID = VISIT, who: str = "wang") -> list[tuple[str, str]]:
    shown = (await world.ask(who, "GET", f"/v1/visits/{visit}/history")).json()["steps"]
    return [(one["by"], one["text"]) for one in shown if one["kind"] == "viewed" and one["text"]]


def names(answer: httpx.Response) -> list[str]:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip"), answer.text
    with ZipFile(BytesIO(answer.content)) as archive:
        return archive.namelist()


@pytest.mark.parametrize("text", [PHONE, OLD_PHONE, ACCOUNT.lower()])
async def test_the_page_shows_what_there_is_and_then_gives_the_file(sqlite_world: World, text: str) -> None:
    world = sqlite_world
    await lived_through(world)
    wang = await signed_in(world, "wang")
    assert f'href="{PAGE}"' in (await wang.get("/desk/privacy")).text
    assert "下载" not in text_of(await wang.get(PAGE))
    page = await wang.post(PAGE, {"customer": text})
    assert (page.status_code, leftovers(page)) == (200, [])
    assert "共 1 次上门。电话可能几个人共用，也可能换过人：不是这位客户的，请不要选。" in text_of(page)
    assert f"客户 时间 地址 户号 是这位客户的 {NAME}" in text_of(page)
    assert ADDRESS in text_of(page)
    assert await looks(world) == []  # nothing is copied yet
    answer = await wang.post(FILE, {**GIVEN, "customer": text})
    assert {f"{VISIT}/visit.json", f"{VISIT}/{name(PHOTO)}.jpg", "about.json"} <= set(names(answer))
    assert answer.headers["cache-control"] == "no-store"
    assert await looks(world) == [("wang", f"导出 / exported: {REASON}")]


async def test_only_visits_of_ones_own_areas_are_found_copied_and_noted(sqlite_world: World) -> None:
    world = sqlite_world
    await planned(world, "zhao", VISIT, "城东")
    await planned(world, "qian", FAR, "城西")
    for who, own, foreign in (("wang", VISIT, FAR), ("qian", FAR, VISIT)):
        browser = await signed_in(world, who)
        page = await browser.post(PAGE, {"customer": PHONE})
        assert "共 1 次上门" in text_of(page)
        assert str(foreign) not in page.text
        assert names(await browser.post(FILE, GIVEN)) == [f"{own}/visit.json", "about.json"]
    assert await looks(world) == [("wang", f"导出 / exported: {REASON}")]
    with ZipFile(BytesIO(await export.export_customer(world.ctx, PHONE, "console", REASON))) as archive:
        assert f"{FAR}/visit.json" in archive.namelist()  # the control: the command reaches both


async def test_what_is_not_this_customers_is_left_out(sqlite_world: World) -> None:
    """Several people may share a telephone."""
    world, others = sqlite_world, uid("of another customer")
    for visit in (VISIT, others):
        await planned(world, "zhao", visit, "城东")
    wang = await signed_in(world, "wang")
    page = await wang.post(PAGE, {"customer": PHONE})
    assert page.text.count(" checked>") == 2
    one = {name: text for name, text in GIVEN.items() if name != f"visit:{FAR}"}
    assert names(await wang.post(FILE, one)) == [f"{VISIT}/visit.json", "about.json"]
    assert await looks(world, others) == []
    del one[f"visit:{VISIT}"]
    page = await wang.post(FILE, one)
    assert (page.status_code, " checked>" in page.text) == (422, False)
    assert "这位客户的上门：不能为空，请填写" in text_of(page)
    page = await wang.post(FILE, {**one, f"visit:{FAR}": "on"})  # one that was not found
    assert page.status_code == 404


async def test_what_cannot_be_copied_is_refused_in_words(sqlite_world: World) -> None:
    world = sqlite_world
    await planned(world, "qian", FAR, "城西")
    wang, zhao, admin = [await signed_in(world, who) for who in ("wang", "zhao", "admin")]
    for address, given in ((PAGE, {"customer": PHONE}), (FILE, GIVEN)):
        for text in (PHONE, "13311112222", NAME, "", " - "):  # of another area, of nobody, no number
            page = await wang.post(address, {**given, "customer": text})
            assert page.status_code in ((200,) if address == PAGE else (404, 422)), text
            assert "共" not in text_of(page).partition("1. 查找")[2]
        page = await wang.post(address, given)
        assert (page.status_code, NotFound.title_zh in text_of(page)) == (200 if address == PAGE else 404, True)
        assert PHONE in page.text  # to be corrected
        for browser in (zhao, admin):
            assert (await browser.post(address, given)).status_code == 403
    await planned(world, "zhao", VISIT, "城东")
    page = await wang.post(FILE, {**GIVEN, "reason": "  "})
    assert page.status_code == 422
    assert "理由：" in text_of(page)
    assert "共 1 次上门" in text_of(page)
    assert await looks(world) == []


async def test_a_sign_in_long_ago_is_not_enough(sqlite_world: World) -> None:
    world = sqlite_world
    await planned(world, "zhao", VISIT, "城东")
    wang = await signed_in(world, "wang")
    assert (await wang.post(FILE, GIVEN)).status_code == 200  # the control
    now = world.ctx.clock() + world.ctx.sign_in.proof_minutes * 60_000
    world.ctx.clock = lambda: now
    for answer in (await wang.get(PAGE), await wang.post(PAGE, {"customer": PHONE}), await wang.post(FILE, GIVEN)):
        assert (answer.status_code, answer.headers["location"].endswith("again=1"), answer.text) == (303, True, "")
    assert len(await looks(world)) == 1
