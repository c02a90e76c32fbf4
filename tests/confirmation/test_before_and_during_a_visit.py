"""Before and during a visit the page says no more than is so."""

from tests.support import example_visits as stories
from tests.support.api_client import VISIT, World, record
from tests.support.customer import confirmation_link
from tests.support.factories import said, uid
from tests.support.fake_gateway import set_up, stand

SCAN = "请扫他手机上的二维码"


async def test_a_departure_and_an_arrival_agree_to_nothing_and_the_visit_is_not_over(sqlite_world: World) -> None:
    world = sqlite_world
    set_up(world.ctx, "06:00")
    assert (await world.plan()).status_code == 201
    link = await confirmation_link(world)
    page = f"/c/{link}"
    assert "待约" in (await world.client.get(page)).text
    stand(world.ctx, "08:45")
    left = {"at": stories.clock("08:40"), "minutes": 25}
    assert (await world.ask("li", "PUT", f"/v1/visits/{VISIT}/departure", left)).status_code == 201
    html = (await world.client.get(page)).text
    assert "已约" not in html
    assert "<li>未约</li>" in html
    assert SCAN in html
    stand(world.ctx, "09:10")
    assert (await world.submit(record())).status_code == 201
    html = (await world.client.get(page)).text
    assert "已约" not in html
    assert "这次没有要您签认的" not in html
    assert html.count("上门还没有结束") == 2  # nothing to sign yet, nothing to rate yet
    assert SCAN in html
    stand(world.ctx, "09:40")
    entries = [said("09:30", "left")]
    assert (await world.submit(record(uid("left"), entries=entries), uid("left"))).status_code == 201
    html = (await world.client.get(page)).text
    assert "已约" not in html
    assert "上门还没有结束" not in html
    assert SCAN not in html
