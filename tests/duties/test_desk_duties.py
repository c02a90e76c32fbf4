"""The desk's page of duties: by due date with what is overdue first, by owner, with a link to write down a call."""

import re

import pytest

from service.duties import listing
from tests.reviews.desk import ENTRIES
from tests.support.api_client import VISIT, World, record
from tests.support.desk import DeskBrowser, signed_in
from tests.support.factories import said

PAGE = "/desk/duties"


@pytest.fixture
async def wang(world: World) -> DeskBrowser:
    """The supervisor, before a complaint that the office has to answer and a damage that was not settled."""
    await world.plan()
    told = [said("09:12", "own_damage", thing="cabinet", label="柜门"), said("09:30", "complaint_received")]
    assert (await world.submit({**record(), "entries": [*ENTRIES, *told]})).status_code == 201
    return await signed_in(world, "wang")


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
    assert "complaint_answered_5d" not in (await wang.get(page)).text
    li = await signed_in(wang.world, "li")
    assert f"{page}/entries" not in (await li.get(page)).text
    assert (await li.post(f"{page}/entries", {**form, "text": "我来答复"})).status_code == 403
