"""What has to be arranged with customers is found over all days, not only on the one that is shown."""

from tests.support.api_client import VISIT, World
from tests.support.desk import signed_in, text_of
from tests.support.factories import a_plan, uid
from tests.support.fake_gateway import set_up

LATER = {"from": "2026-03-09T14:00:00+08:00", "to": "2026-03-09T15:00:00+08:00"}


async def test_open_wishes_and_due_notices_of_other_days_are_counted_with_links(world: World) -> None:
    set_up(world.ctx, "06:00")
    await world.plan()
    await world.plan(uid("later"), window=LATER)
    await world.ask("qian", "PUT", f"/v1/visits/{uid('west')}", a_plan(area="城西", window=LATER))
    link = (await world.ask("zhao", "POST", f"/v1/visits/{uid('later')}/confirmation-link")).json()["token"]
    asked = await world.ask(None, "PUT", f"/v1/confirmations/{link}", {"another_time": {"wish": "周六"}})
    assert asked.status_code == 200
    zhao = await signed_in(world, "zhao")
    page = await zhao.get("/desk/today?date=2026-03-20")
    assert "以后要办的：客户要改约1、待通知2" in text_of(page).replace(" ", "")
    assert 'href="/desk/today?date=2026-03-09&amp;flag=asked_time"' in page.text
    assert 'href="/desk/today?date=2026-03-02&amp;flag=notice_due"' in page.text
    assert "以后要办的" not in text_of(await (await signed_in(world, "li")).get("/desk/today"))
    assert str(VISIT) not in page.text
