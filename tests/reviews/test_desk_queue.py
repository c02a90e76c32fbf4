"""The desk's page of the queue: order, filters, paging, taking and letting go, who may see it."""

import re
from html import unescape
from urllib.parse import quote

import pytest

from service.reviews import queue
from tests.reviews.desk import ENTRIES, finished
from tests.support.api_client import VISIT, World, record
from tests.support.desk import DeskBrowser, signed_in
from tests.support.factories import a_plan, said, uid

PAGE = "/desk/queue"


@pytest.fixture
async def wang(world: World) -> DeskBrowser:
    """The supervisor, before three visits: one has a complaint, one is of technician 孙."""
    await finished(world)
    await another(world, "b", said("09:30", "complaint_received"))
    await another(world, "c", technician="sun")
    return await signed_in(world, "wang")


async def another(world: World, name: str, *entries: dict[str, str], technician: str = "li") -> None:
    customer = {**a_plan()["customer"], "name": f"客户{name}"}
    assert (await world.plan(uid(name), technician=technician, customer=customer)).status_code == 201
    told = [{**one, "id": str(uid(one["id"] + name))} for one in (*ENTRIES, *entries)]
    content = {**record(uid(f"r{name}"), uid(name)), "entries": told}
    assert (await world.submit(content, uid(f"r{name}"), technician)).status_code == 201


async def names(desk: DeskBrowser, path: str = PAGE) -> list[str]:
    """The customers of the page, in its order."""
    answer = await desk.get(path)
    assert answer.status_code == 200, answer.text
    return re.findall('<a href="/desk/visits/[^"]*"[^>]*>([^<]*)</a>', answer.text)


async def test_the_most_urgent_comes_first_and_each_reason_has_its_count(wang: DeskBrowser) -> None:
    found = await names(wang)
    assert found[0] == "客户b"
    assert sorted(found) == ["客户b", "客户c", "陶"]
    page = (await wang.get(PAGE)).text
    assert re.search('href="/desk/queue\\?reason=violation">违规 <strong>3</strong>', page)
    assert re.search('href="/desk/queue\\?reason=complaint">投诉或差评 <strong>1</strong>', page)


async def test_the_list_is_narrowed_by_reason_technician_area_and_assignee(wang: DeskBrowser) -> None:
    assert await names(wang, f"{PAGE}?reason=complaint") == ["客户b"]
    assert await names(wang, f"{PAGE}?technician=sun") == ["客户c"]
    assert len(await names(wang, f"{PAGE}?area={quote('城东')}")) == 3
    assert len(await names(wang, f"{PAGE}?assignee=-")) == 3
    assert await names(wang, f"{PAGE}?reason=complaint&technician=sun") == []
    assert "这样筛选，没有要看的上门" in (await wang.get(f"{PAGE}?reason=complaint&technician=sun")).text
    assert (await wang.get(f"{PAGE}?area={quote('城西')}")).status_code == 403
    assert (await wang.get(f"{PAGE}?reason=whim")).status_code == 400
    assert len(await names(wang, f"{PAGE}?reason=&technician=&assignee=")) == 3  # as the form of filters sends them


async def test_one_takes_a_visit_and_lets_it_go_without_leaving_the_list(wang: DeskBrowser) -> None:
    page = unescape((await wang.get(f"{PAGE}?reason=violation")).text)
    back = re.search('name="back" value="([^"]*)"', page)
    assert back is not None
    fields = {"person": "wang", "back": back[1]}
    answer = await wang.post(f"/desk/visits/{VISIT}/assignee", fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?reason=violation")
    assert await names(wang, f"{PAGE}?assignee=wang") == ["陶"]
    assert len(await names(wang, f"{PAGE}?assignee=-")) == 2
    await wang.post(f"/desk/visits/{VISIT}/assignee", {**fields, "person": ""})
    assert await names(wang, f"{PAGE}?assignee=wang") == []


async def test_pages_follow_each_other(wang: DeskBrowser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "PAGE", 2)
    found, path = list[str](), f"{PAGE}?reason=violation"
    for _ in range(2):
        found += await names(wang, path)
        following = re.search('class="button" href="([^"]*)"', (await wang.get(path)).text)
        if following is None:
            break
        path = unescape(following[1])
        assert "reason=violation" in path
    assert sorted(found) == ["客户b", "客户c", "陶"]


async def test_an_empty_queue_says_so(world: World) -> None:
    wang = await signed_in(world, "wang")
    assert "都看完了，没有等您的上门。辛苦了！" in (await wang.get(PAGE)).text
    assert "All done" in (await wang.get(PAGE, accept_language="en")).text


async def test_only_supervisors_see_it_and_only_of_their_areas(wang: DeskBrowser) -> None:
    for who in ("zhao", "li", "admin"):
        assert (await (await signed_in(wang.world, who)).get(PAGE)).status_code == 403, who
    assert await names(await signed_in(wang.world, "qian")) == []
    answer = await DeskBrowser(wang.world).get(PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={PAGE}")
