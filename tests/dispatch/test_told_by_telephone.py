"""A call that told the customer counts as a notice: about the appointment, another time, or the cancellation."""

import re
from datetime import time
from typing import Any

import pytest

from service.messages import worker
from tests.support.api_client import VISIT, World
from tests.support.desk import DeskBrowser, field_of, signed_in, text_of
from tests.support.factories import a_plan, uid
from tests.support.fake_gateway import set_up, stand

PLAN = f"/desk/visits/{VISIT}/plan"


@pytest.fixture
async def zhao(world: World) -> DeskBrowser:
    stand(world.ctx, "07:00")
    await world.plan()
    return await signed_in(world, "zhao")


async def call(zhao: DeskBrowser, **fields: str) -> int:
    """Record the call that the page proposes."""
    page = await zhao.get(PLAN)
    proposed = re.search(r'(?s)<textarea id="text"[^>]*>\n(.*?)</textarea>', page.text)
    given = {"id": field_of(page, "id"), "called": field_of(page, "called"), "text": proposed[1] if proposed else ""}
    return (await zhao.post(f"/desk/visits/{VISIT}/call", given | fields)).status_code


async def visit_of(world: World) -> dict[str, Any]:
    return (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json()


async def test_a_call_settles_the_notice_and_proves_what_was_said_until_the_time_changes(
    zhao: DeskBrowser, world: World
) -> None:
    assert "notice_due" in (await visit_of(world))["flags"]
    link = (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")).json()["url"]
    assert await call(zhao) == 303
    visit = await visit_of(world)
    assert "notice_due" not in visit["flags"]
    told = [(one["what"], one["evidence"][0]["channel"]) for one in visit["entries"]]
    assert ("work_content_told", "phone") in told
    assert "赵已在 3月2日 07:00 电话告知 陶 13800000000。" in text_of(await zhao.get(PLAN))
    assert re.search(r"通知客户.*预约通知.*已电话告知", text_of(await zhao.get(f"/desk/visits/{VISIT}")))
    assert (await zhao.ask("GET", link.partition("//")[2].partition("/")[2].join(("/", "")))).status_code == 200
    stand(world.ctx, "07:10")
    moved = {"date": "2026-03-02", "from": "14:00", "to": "15:00", "reason": "改", "revision": "0"}
    assert (await zhao.post(f"/desk/visits/{VISIT}/move", moved)).status_code == 303
    assert "notice_due" in (await visit_of(world))["flags"]
    assert await call(zhao) == 303
    visit = await visit_of(world)
    assert "notice_due" not in visit["flags"]
    assert "reschedule_notified" in {one["what"] for one in visit["entries"]}


async def test_after_a_cancellation_the_page_says_that_the_customer_has_to_be_called_until_somebody_did(
    zhao: DeskBrowser, world: World
) -> None:
    assert await call(zhao) == 303
    gone = await zhao.post(f"/desk/visits/{VISIT}/cancel", {"revision": "0", "reason": "退单", "sure": "yes"})
    assert gone.status_code == 303
    assert "还不知道已经取消：请打电话告诉客户" in text_of(await zhao.get(PLAN))
    assert await call(zhao) == 303
    page = text_of(await zhao.get(PLAN))
    assert ("已在 3月2日 07:00 电话告知" in page, "请打电话" in page) == (True, False)
    sent = (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}/notice")).json()["sent"]
    assert [(one["about"], one["channel"], one["state"]) for one in sent] == [
        ("appointment", "phone", "delivered"),
        ("cancellation", "phone", "delivered"),
    ]
    assert "取消通知" in text_of(await zhao.get(f"/desk/visits/{VISIT}"))


async def test_nobody_who_knew_of_nothing_has_to_be_called(zhao: DeskBrowser) -> None:
    await zhao.post(f"/desk/visits/{VISIT}/cancel", {"revision": "0", "reason": "退单", "sure": "yes"})
    page = await zhao.get(PLAN)
    assert "没有给客户发过通知" in page.text
    assert 'action="/desk/visits/' not in page.text


async def test_a_customer_who_was_called_before_the_desk_had_notices_has_to_hear_of_the_cancellation(
    zhao: DeskBrowser, world: World
) -> None:
    log = {"kind": "message_log", "channel": "phone", "text": "电话约定"}
    entry = {"id": str(uid("e")), "what": "appointment_agreed", "by": "dispatcher", "at": "2026-03-02T06:59:00+08:00"}
    entries = {"entries": [{**entry, "evidence": [log]}]}
    assert (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/entries", entries)).status_code in (200, 201)
    await zhao.post(f"/desk/visits/{VISIT}/cancel", {"revision": "0", "reason": "退单", "sure": "yes"})
    assert "请打电话告诉客户" in text_of(await zhao.get(PLAN))


@pytest.mark.parametrize("name", ["called", "text"])
async def test_a_call_says_which_field_is_wrong_and_keeps_the_other(zhao: DeskBrowser, world: World, name: str) -> None:
    fields = {"id": str(uid("c")), "called": "他的女儿", "text": "明天九点", name: " "}
    page = await zhao.post(f"/desk/visits/{VISIT}/call", fields)
    assert (page.status_code, f'id="{name}-wrong"' in page.text) == (422, True)
    assert ("他的女儿" in page.text) == (name == "text")
    assert "notice_due" in (await visit_of(world))["flags"]


async def test_the_api_records_a_call_once(zhao: DeskBrowser, world: World) -> None:
    path, content = f"/v1/visits/{VISIT}/notice-calls/{uid('c')}", {"called": "陶女士", "text": "明天九点到十点来"}
    statuses = [(await world.ask("zhao", "PUT", path, content)).status_code for _ in range(2)]
    assert statuses == [201, 200]
    other = await world.ask("zhao", "PUT", path, content | {"text": "别的"})
    assert other.status_code == 409
    assert (await world.ask("li", "PUT", path, content)).status_code == 403
    assert (await world.ask("qian", "PUT", path, content)).status_code == 404
    assert (await world.ask("zhao", "PUT", f"/v1/visits/{uid('w')}", a_plan())).status_code == 201
    taken = await world.ask("zhao", "PUT", f"/v1/visits/{uid('w')}/notice-calls/{uid('c')}", content)
    assert taken.status_code == 409
    stand(world.ctx, "10:30")
    late = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/notice-calls/{uid('d')}", content)
    assert (late.status_code, late.json()["code"]) == (409, "notice-too-late")


async def test_the_page_offers_what_the_customer_does_not_know_yet_and_sends_it(
    zhao: DeskBrowser, world: World
) -> None:
    post = set_up(world.ctx, "07:00", quiet_hours=(time(21), time(8)))
    page = text_of(await zhao.get(PLAN))
    assert "现在就发，不等到 08:00" in page
    assert "李上门检修漏水" in page
    assert (await zhao.post(f"/desk/visits/{VISIT}/notice", {"about": "appointment", "now": "yes"})).status_code == 303
    await worker.deliver_due(world.ctx)
    stand(world.ctx, "07:05")
    moved = {"technician": "sun", "reason": "请假", "revision": "0"}
    assert (await zhao.post(f"/desk/visits/{VISIT}/handover", moved)).status_code == 303
    page = text_of(await zhao.get(PLAN))
    assert ("换人通知" in page, "上门的人员改为孙" in page) == (True, True)
    for about, status in (("handover", 303), ("handover", 409), ("cancellation", 409), ("pigeon", 422)):
        answer = await zhao.post(f"/desk/visits/{VISIT}/notice", {"about": about, "now": "yes"})
        assert answer.status_code == status, about
    await worker.deliver_due(world.ctx)
    gone = await zhao.post(f"/desk/visits/{VISIT}/cancel", {"revision": "1", "reason": "退单", "sure": "yes"})
    assert gone.status_code == 303
    page = text_of(await zhao.get(PLAN))
    assert "取消通知" in page
    assert (await zhao.post(f"/desk/visits/{VISIT}/notice", {"about": "cancellation"})).status_code == 303
    await worker.deliver_due(world.ctx)
    assert [one.about for one in post.letters] == ["appointment", "handover", "cancellation"]
    page = text_of(await zhao.get(PLAN))
    assert ("通知已在" in page, "发短信通知客户" in page) == (True, False)


async def test_all_that_is_due_on_a_day_is_sent_from_one_page(zhao: DeskBrowser, world: World) -> None:
    post = set_up(world.ctx, "07:00")
    await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/notice", {"channel": "sms"})
    await worker.deliver_due(world.ctx)
    stand(world.ctx, "07:05")
    moved = {"technician": "sun", "reason": "请假"}
    assert (await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/technician", moved, if_match='"0"')).status_code == 200
    assert "没有待通知的客户" in text_of(await zhao.get("/desk/notices?date=2026-03-02"))
    page = await zhao.get("/desk/notices?date=2026-03-02&kinds=all")
    assert ("换人通知" in text_of(page), "将发送 1" in text_of(page)) == (True, True)
    fields = {name: field_of(page, name) for name in ("date", "area", "channel", "visits", "kinds")}
    done = await zhao.post("/desk/notices", fields)
    assert (done.status_code, "kinds=all" in done.headers["location"]) == (303, True)
    await worker.deliver_due(world.ctx)
    assert post.letters[-1].about == "handover"
    assert (await zhao.post("/desk/notices", fields | {"kinds": "some"})).status_code == 422
