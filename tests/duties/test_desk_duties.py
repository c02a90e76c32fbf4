"""The desk's page of duties: by due date with what is overdue first, by owner, with a link to write down a call."""

import re
from typing import Any

import pytest

from service.duties import listing
from tests.reviews.desk import ENTRIES
from tests.support.api_client import VISIT, World, record
from tests.support.desk import DeskBrowser, signed_in
from tests.support.factories import said, uid
from tests.support.reviews import review_of, upheld

PAGE = "/desk/duties"


@pytest.fixture
async def wang(world: World) -> DeskBrowser:
    """The supervisor, before a complaint that the office has to answer and a damage that was not settled."""
    await world.plan()
    told = [said("09:12", "own_damage", thing="cabinet", label="柜门"), said("09:30", "complaint_received")]
    assert (await world.submit({**record(), "entries": [*ENTRIES, *told]})).status_code == 201
    return await signed_in(world, "wang")


async def duties(world: World, **query: str) -> list[dict[str, Any]]:
    """What the API lists."""
    listed = await world.ask("wang", "GET", "/v1/duties?" + "&".join(f"{key}={value}" for key, value in query.items()))
    return list(listed.json()["duties"])


async def groups(desk: DeskBrowser, path: str = PAGE) -> dict[str, int]:
    """How many duties are below each heading."""
    answer = await desk.get(path)
    assert answer.status_code == 200, answer.text
    parts = re.split('<h2 id="group-[0-9]+">', answer.text)[1:]
    return {part.partition("<")[0]: part.count('<th scope="row">') for part in parts}


async def test_what_is_overdue_comes_first(wang: DeskBrowser) -> None:
    found = await groups(wang)
    assert next(iter(found)) == "已逾期"
    assert list(found)[-1] == "以后到期"
    page = (await wang.get(PAGE)).text
    assert " · 柜门</a>" in page
    assert f'<a href="/desk/visits/{VISIT}">' in page


async def test_they_are_narrowed_by_owner_and_state(wang: DeskBrowser) -> None:
    every = sum((await groups(wang)).values())
    office = sum((await groups(wang, f"{PAGE}?owner=office")).values())
    technician = sum((await groups(wang, f"{PAGE}?owner=technician")).values())
    assert (office + technician, min(office, technician) > 0) == (every, True)
    assert list(await groups(wang, f"{PAGE}?state=overdue")) == ["已逾期"]
    assert await groups(wang, f"{PAGE}?state=closed") == {}
    assert "这样筛选，没有待办的事" in (await wang.get(f"{PAGE}?state=closed")).text


async def test_a_call_is_one_link_away_for_a_supervisor(wang: DeskBrowser) -> None:
    link = f"/desk/visits/{VISIT}?call=yes"
    assert f'href="{link}#callback"' in (await wang.get(PAGE)).text
    page = (await wang.get(link)).text
    assert re.search('id="callback".*?<details class="fold" open>', page, re.DOTALL)
    zhao = await signed_in(wang.world, "zhao")
    page = (await zhao.get(PAGE)).text
    assert f"/desk/visits/{VISIT}" in page
    assert "call=yes" not in page


async def test_a_call_settles_a_duty(wang: DeskBrowser) -> None:
    before = (await groups(wang))["以后到期"]
    call = {"id": "0190aaaa-0000-7000-8000-000000000001", "called": "陶", "at": "2026-03-02T11:00", "text": "很满意"}
    answer = await wang.post(
        f"/desk/visits/{VISIT}/callbacks", {**call, "answer:damage_customer_satisfied[cabinet]": "good"}
    )
    assert answer.status_code == 303, answer.text
    assert (await groups(wang))["以后到期"] == before - 1
    assert await groups(wang, f"{PAGE}?state=closed") == {"已办结": 1}


async def test_pages_follow_each_other(wang: DeskBrowser, monkeypatch: pytest.MonkeyPatch) -> None:
    every = sum((await groups(wang)).values())
    monkeypatch.setattr(listing, "PAGE", every - 1)
    assert sum((await groups(wang)).values()) == every - 1
    following = re.search('class="button" href="([^"]*)"', (await wang.get(PAGE)).text)
    assert following is not None
    assert sum((await groups(wang, following[1])).values()) == 1


async def test_without_duties_the_page_says_so_and_technicians_do_not_see_it(world: World) -> None:
    wang = await signed_in(world, "wang")
    assert "欠客户的事都办完了" in (await wang.get(PAGE)).text
    for who in ("li", "admin"):
        assert (await (await signed_in(world, who)).get(PAGE)).status_code == 403, who
    assert (await DeskBrowser(world).get(PAGE)).status_code == 303


async def test_the_office_answers_a_complaint_on_the_visits_page(wang: DeskBrowser) -> None:
    zhao = await signed_in(wang.world, "zhao")
    page = f"/desk/visits/{VISIT}"
    form = {"id": "0190aaaa-0000-7000-8000-000000000002", "subject": "complaint_answered_5d", "channel": "phone"}
    empty = await zhao.post(f"{page}/entries", {**form, "text": " "})
    assert empty.status_code == 422
    answer = await zhao.post(f"{page}/entries", {**form, "text": "已致歉，并调整了水费"})
    assert answer.status_code == 303, answer.text
    visit = (await wang.world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()
    (entry,) = [one for one in visit["entries"] if one["what"] == "complaint_answered_5d"]
    assert (entry["by"], entry["via"], entry["evidence"][0]["text"]) == ("office", "office", "已致歉，并调整了水费")
    assert "complaint" not in visit["flags"]
    seen = (await wang.get(page)).text
    assert "complaint_answered_5d" not in seen
    assert re.search(
        "(?s)<strong>答复</strong> 已致歉，并调整了水费</p>\\s*<footer>3月2日 12:00 · 赵 · 电话</footer>", seen
    )
    assert re.search('(?s)谁做了什么.*<span class="words">已致歉，并调整了水费</span>', seen)
    li = await signed_in(wang.world, "li")
    assert f"{page}/entries" not in (await li.get(page)).text
    assert (await li.post(f"{page}/entries", {**form, "text": "我来答复"})).status_code == 403


async def test_what_is_upheld_stays_owed_and_what_is_overridden_is_dropped_and_says_why(wang: DeskBrowser) -> None:
    world, visit = wang.world, f"/desk/visits/{VISIT}"
    borrowed = [
        {**said("09:15", "borrowed", thing="chair", label="椅子"), "id": str(uid("borrowed"))},
        {**said("09:16", "borrow_used", thing="chair"), "id": str(uid("used"))},
    ]
    assert (await world.submit({**record(uid("r2")), "entries": borrowed}, uid("r2"))).status_code == 201
    owed = {one["item"] for one in await duties(world) if one["thing"] == "chair"}
    assert owed == {"borrow_cleaned", "borrow_returned"}  # nobody can ask any more whether they may use it
    shown, _ = await review_of(world)
    calls = {f"calls:{one['code']}": "1" for one in upheld(shown)}
    tag = await wang.field(visit, "tag")
    answer = await wang.post(f"{visit}/review", {"tag": tag, "rest": "uphold", **calls})
    assert answer.status_code == 303, answer.text
    assert {one["item"] for one in await duties(world) if one["thing"] == "chair"} == owed
    assert {f"missing.{one}[chair]" for one in owed} <= set((await review_of(world))[0]["open_duties"])
    seen = (await world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()
    assert (seen["state"], "open_duties" in seen["flags"]) == ("to_review", True)
    assert await groups(wang, f"{PAGE}?state=closed") == {}
    code = "missing.borrow_cleaned[chair]"
    chosen = {f"decision:{code}": "override", f"reason:{code}": "客户说不用擦"}
    answer = await wang.post(f"{visit}/review", {"tag": await wang.field(visit, "tag"), **chosen})
    assert answer.status_code == 303, answer.text
    assert {one["item"] for one in await duties(world) if one["thing"] == "chair"} == {"borrow_returned"}
    returned = [{**said("09:38", "borrow_returned", thing="chair"), "id": str(uid("returned"))}]
    assert (await world.submit({**record(uid("r3")), "entries": returned}, uid("r3"))).status_code == 201
    closed = {one["item"]: one for one in await duties(world, state="closed")}
    assert closed["borrow_returned"]["dropped_by"] is None
    dropped = closed["borrow_cleaned"]
    assert (dropped["dropped_by"], dropped["dropped_reason"]) == ("wang", "客户说不用擦")
    assert await groups(wang, f"{PAGE}?state=closed") == {"不再办理": 1, "已办结": 1}
    assert "客户说不用擦" in (await wang.get(f"{PAGE}?state=closed")).text


async def test_they_are_narrowed_to_the_visits_of_one_technician_also_on_paper(wang: DeskBrowser) -> None:
    page = (await wang.get(f"{PAGE}?technician=li")).text
    assert sum((await groups(wang, f"{PAGE}?technician=li")).values()) == sum((await groups(wang)).values())
    assert '<p class="printed">技术员：李</p>' in page
    assert await groups(wang, f"{PAGE}?technician=sun") == {}
    assert '<option value="sun"' not in (await wang.get(PAGE)).text
    assert '<option value="li"' in (await wang.get(PAGE)).text
    qian = await signed_in(wang.world, "qian")  # of another area
    assert '<option value="li"' not in (await qian.get(PAGE)).text
