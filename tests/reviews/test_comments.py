"""Words of the customer that need no decision stay in front of the supervisors until one of them has looked."""

import re

import pytest

from service.reviews import refresh
from tests.support.api_client import World
from tests.support.customer import Customer, advance_clock, example_customer
from tests.support.desk import signed_in, text_of
from tests.support.reviews import close, review_of, state_of

WORDS = "水管还有点响，有空再来看看"


@pytest.fixture
async def tao(world: World) -> Customer:
    """A customer with whom all went well, and who wrote something nevertheless."""
    tao = await example_customer(world, "S01")
    advance_clock(world, minutes=2)
    await tao.enters()
    good = [{"item": "site_cleared", "good": True}]
    assert (await tao.says(answers=good, comment=WORDS)).status_code == 200
    return tao


async def flags(world: World, tao: Customer, who: str = "wang") -> list[str]:
    return list((await world.ask(who, "GET", f"/v1/visits/{tao.visit}")).json()["flags"])


async def listed(world: World, who: str) -> tuple[int, list[str]]:
    answer = await world.ask(who, "GET", "/v1/visits?flag=comment")
    return answer.status_code, [one["id"] for one in answer.json().get("items", ())]


async def unread(world: World) -> list[str]:
    """The visits of which the queue's page says that nobody read the words."""
    page = (await (await signed_in(world, "wang")).get("/desk/queue")).text
    _, _, section = page.partition('id="commented"')
    return re.findall('href="/desk/visits/([^"]+)"', section)


async def test_they_are_on_the_page_of_the_queue_until_somebody_reviews_the_visit(world: World, tao: Customer) -> None:
    assert (await review_of(world, visit=tao.visit))[0]["reasons"] == []
    assert "comment" in await flags(world, tao)
    assert await listed(world, "wang") == (200, [str(tao.visit)])
    assert await unread(world) == [str(tao.visit)]
    shown = text_of(await (await signed_in(world, "wang")).get(f"/desk/visits/{tao.visit}"))
    assert "有客户留言" in shown
    assert WORDS in shown
    await close(world, tao.visit)
    assert "comment" not in await flags(world, tao)
    assert await listed(world, "wang") == (200, [])
    assert await unread(world) == []


async def test_later_words_are_unread_again(world: World, tao: Customer) -> None:
    await close(world, tao.visit)
    assert (await tao.says(comment="还有一件事")).status_code == 200
    assert "comment" in await flags(world, tao)
    assert await unread(world) == [str(tao.visit)]


async def test_a_visit_that_closes_by_itself_still_has_unread_words(world: World, tao: Customer) -> None:
    advance_clock(world, minutes=8 * 24 * 60)
    while await refresh.refresh_due(world.ctx):
        pass
    assert await state_of(world, visit=tao.visit) == "closed"
    assert await unread(world) == [str(tao.visit)]


async def test_a_technician_does_not_learn_that_there_are_words(world: World, tao: Customer) -> None:
    assert "comment" not in await flags(world, tao, "li")
    assert (await listed(world, "li"))[0] == 403
    everything = (await world.ask("li", "GET", "/v1/agenda")).text + (await world.ask("li", "GET", "/v1/visits")).text
    assert '"comment"' not in everything
    assert WORDS not in everything


async def test_a_visit_with_a_reason_has_its_words_in_the_queue_itself(world: World, tao: Customer) -> None:
    bad = [{"item": "id_shown", "good": False}]
    assert (await tao.says(answers=bad)).status_code == 200
    assert await unread(world) == []
    page = text_of(await (await signed_in(world, "wang")).get("/desk/queue"))
    assert "有客户留言" in page


async def test_who_has_read_them_is_led_to_the_next_ones(world: World, tao: Customer) -> None:
    other = await example_customer(world, "S08")
    advance_clock(world, minutes=2)
    await other.enters()
    assert (await other.says(comment="谢谢")).status_code == 200
    await close(world, other.visit)
    assert (await other.says(comment="还有一句")).status_code == 200
    wang = await signed_in(world, "wang")
    for here, there in ((str(tao.visit), f"/desk/visits/{other.visit}#visit"), (str(other.visit), "/desk/queue#queue")):
        path = f"/desk/visits/{here}"
        assert 'name="then" value="words"' in (await wang.get(path)).text
        answer = await wang.post(f"{path}/review", {"tag": await wang.field(path, "tag"), "then": "words"})
        assert answer.headers["location"] == there
    assert "客户留言都看过了" in text_of(await wang.get("/desk/queue"))
