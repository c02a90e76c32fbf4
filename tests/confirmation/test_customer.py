"""The customer's link over HTTP: a page that changes nothing by being looked at, and answers that are his."""

import pytest

from service.messages import worker
from tests.support.api_client import VISIT, World, problem
from tests.support.customer import AGREEMENT, confirmation_link, move_window, visit_entries
from tests.support.customer_browser import Page
from tests.support.fake_gateway import Post, set_up, stand


@pytest.fixture
async def post(world: World) -> Post:
    """A visit whose customer has a link."""
    made = set_up(world.ctx, "06:00")
    assert (await world.plan()).status_code == 201
    assert (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/notice", {"channel": "sms"})).status_code == 201
    return made


async def test_the_page_says_who_comes_when_and_masks_the_rest(world: World, post: Post) -> None:
    token = await confirmation_link(world)
    answer = await world.client.get(f"/c/{token}")
    assert answer.status_code == 200
    html = answer.text
    for part in ("09:00–10:00", "检修漏水", "李", "138****0000", "东城供水", "021-96000"):
        assert part in html
    assert "13800000000" not in html
    assert html.count("<script") == html.count('<script type="module" src="/web/customer/choices.js"') == 1
    headers = answer.headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")


async def test_looking_however_often_writes_nothing(world: World, post: Post) -> None:
    token = await confirmation_link(world)
    for method in ("GET", "HEAD", "GET", "OPTIONS"):
        await world.client.request(method, f"/c/{token}", headers={"user-agent": "a preview robot"})
    assert await visit_entries(world) == []
    assert (await world.client.get(f"/c/{token}")).status_code == 200


async def test_one_button_agrees_and_pressing_it_again_changes_nothing(world: World, post: Post) -> None:
    token = await confirmation_link(world)
    form = Page((await world.client.get(f"/c/{token}")).text).form(does="appointment")
    for _ in range(2):
        answer = await world.client.post(form.action, data=form.fields)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/c/{token}")
    (entry,) = await visit_entries(world)
    assert (entry["what"], entry["by"], entry["via"]) == ("appointment_agreed", "customer", "link")
    assert [one["kind"] for one in entry["evidence"]] == ["customer_confirm", "message_log"]
    html = (await world.client.get(f"/c/{token}")).text
    assert "已约好" in html
    assert not Page(html).has("appointment")


async def test_a_wish_for_another_time_is_shown_to_dispatch_until_the_cut_off(world: World, post: Post) -> None:
    token = await confirmation_link(world)
    form = Page((await world.client.get(f"/c/{token}")).text).form(does="another-time")
    blank = await world.client.post(form.action, data={**form.fields, "wish": " \r\n "})
    assert (blank.status_code, "请选一个时间，或请我们先打电话" in blank.text) == (422, True)
    assert await visit_entries(world) == []  # a slip of the finger moves no visit
    given = {**form.fields, "day": "2026-03-07", "half": "afternoon", "wish": "周六上午<b>"}
    assert (await world.client.post(form.action, data=given)).status_code == 303
    stands = (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}/notice")).json()["appointment"]
    assert stands["asked"]["wish"] == "改到 3月7日（周六） 13:00–18:00；周六上午<b>"
    wished = {"from": "2026-03-07T13:00:00+08:00", "to": "2026-03-07T18:00:00+08:00"}
    assert stands["asked"]["window"] == wished
    assert not stands["agreed"]
    assert "周六上午&lt;b&gt;" in (await world.client.get(f"/c/{token}")).text
    stand(world.ctx, "07:30")  # less than two hours before the window
    assert not Page((await world.client.get(f"/c/{token}")).text).has("another-time")
    late = await world.client.post(form.action, data={**form.fields, "wish": "明天"})
    assert late.status_code == 409
    assert "现在已不能这样答复，请拨打热线" in late.text
    assert "明天" in late.text  # what he wrote is not lost
    assert late.headers["content-type"].startswith("text/html")
    assert len(await visit_entries(world)) == 1


async def test_who_asked_for_another_time_may_still_agree(world: World, post: Post) -> None:
    token = await confirmation_link(world)
    path = f"/v1/confirmations/{token}"
    asked = await world.ask(None, "PUT", path, {"another_time": {"wish": "下午"}})
    assert asked.status_code == 200
    stand(world.ctx, "06:01")
    agreed = (await world.ask(None, "PUT", path, AGREEMENT)).json()
    assert agreed["appointment"]["agreed"]
    stand(world.ctx, "06:02")
    again = (await world.ask(None, "PUT", path, {"another_time": {"wish": "晚上"}})).json()
    assert not again["appointment"]["agreed"]
    stand(world.ctx, "06:03")
    assert (await world.ask(None, "PUT", path, AGREEMENT)).json()["state"] == "agreed"
    assert len(await visit_entries(world)) == 4


async def test_the_json_says_the_same_and_asks_what_is_due(world: World, post: Post) -> None:
    token = await confirmation_link(world)
    seen = (await world.ask(None, "GET", f"/v1/confirmations/{token}")).json()
    assert seen["state"] == "appointment"
    assert [one["items"] for one in seen["questions"]] == [["appointment_agreed"]]
    done = (await world.ask(None, "PUT", f"/v1/confirmations/{token}", AGREEMENT)).json()
    assert (done["state"], done["questions"]) == ("agreed", [])
    stale = await world.ask(
        None, "PUT", f"/v1/confirmations/{token}", {**AGREEMENT, "window_from": "2026-03-02T11:00:00+08:00"}
    )
    assert problem(stale) == (409, "appointment-changed")
    other = await world.ask(
        None, "PUT", f"/v1/confirmations/{token}", {"answers": [{"item": "id_shown", "good": True}]}
    )
    assert problem(other) == (422, "invalid-body")


async def test_wrong_and_ended_links_give_one_plain_page(world: World, post: Post) -> None:
    token = await confirmation_link(world)
    await confirmation_link(world)
    ended = await world.client.get(f"/c/{token}")
    wrong = await world.client.get(f"/c/{'a' * 26}")
    assert (ended.status_code, wrong.status_code) == (410, 404)
    for page, says in ((ended, "这个链接已换成新的"), (wrong, "这个链接无效或已失效")):
        for part in (says, "请打开我们最近给您的链接", "东城供水", "拨打热线 021-96000"):
            assert part in page.text
    assert problem(await world.ask(None, "GET", f"/v1/confirmations/{token}")) == (410, "link-ended")
    given = {"does": "appointment", "window": "2026-03-02T09:00:00+08:00"}
    for path in (f"/c/{token}", f"/c/{'a' * 26}"):
        assert (await world.client.post(path, data=given)).status_code in (404, 410)
    assert await visit_entries(world) == []


async def test_guessing_is_slowed_down_and_good_links_are_not(world: World, post: Post) -> None:
    token = await confirmation_link(world)
    for _ in range(30):
        assert (await world.client.get(f"/c/{'b' * 26}")).status_code == 404
    slow = await world.client.get(f"/c/{'b' * 26}")
    assert slow.status_code == 429
    assert int(slow.headers["retry-after"]) > 0
    assert (await world.client.get(f"/c/{token}")).status_code == 200


async def test_forms_that_are_none_of_ours_are_told_on_a_page(world: World, post: Post) -> None:
    token = await confirmation_link(world)
    path = f"/c/{token}"
    assert (
        await world.client.post(path, content=b"{}", headers={"content-type": "application/json"})
    ).status_code == 415
    for window in ("soon", "", "2026-03-02T09:00:00", "x" * 9000):
        for does in ("appointment", "another-time"):
            assert (await world.client.post(path, data={"does": does, "window": window})).status_code == 422
    assert (await world.client.post(path, data={"window": "x" * 400_000})).status_code == 413
    assert await visit_entries(world) == []


async def test_a_moved_window_asks_for_a_new_notice_and_a_new_agreement(world: World, post: Post) -> None:
    await worker.deliver_due(world.ctx)
    token = post.token
    path = f"/v1/confirmations/{token}"
    assert (await world.ask(None, "PUT", path, AGREEMENT)).json()["state"] == "agreed"
    old = {"does": "another-time", "form": "another-time", "window": "2026-03-02T09:00:00+08:00", "wish": "晚上<b>"}
    stand(world.ctx, "06:30")
    await move_window(world)
    offer = (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}/notice")).json()
    assert (offer["about"], offer["due"], offer["appointment"]["agreed"]) == ("reschedule", True, False)
    assert "14:00–15:00" in offer["text"]
    assert "reschedule_notified" in offer["proves"]
    html = (await world.client.get(f"/c/{token}")).text
    assert "上门时间有变" in html
    for fields in ({**old, "does": "appointment"}, old):  # by the page that he still had open
        stale = await world.client.post(f"/c/{token}", data=fields)
        assert stale.status_code == 409
        assert "上门时间刚有变化" in stale.text
        fresh = Page(stale.text)  # and he goes on from there, with what he wrote
        assert fresh.form(does="appointment").fields["window"] == "2026-03-02T14:00:00+08:00"
        assert fresh.form(does="another-time").fields["wish"] == "晚上<b>"
    stand(world.ctx, "06:40")
    assert (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/notice", {"channel": "sms"})).status_code == 201
    await worker.deliver_due(world.ctx)
    agreed = await world.ask(None, "PUT", f"/v1/confirmations/{post.token}", AGREEMENT)
    assert agreed.json()["appointment"]["agreed"]
    said = [(entry["what"], entry["by"]) for entry in await visit_entries(world)]
    assert ("reschedule_notified", "dispatcher") in said
    assert ("reschedule_notified", "customer") in said
    assert said.count(("appointment_agreed", "customer")) == 2


async def test_who_saw_a_shorter_time_agrees_to_no_longer_one(world: World, post: Post) -> None:
    token = await confirmation_link(world)
    old = Page((await world.client.get(f"/c/{token}")).text).form(does="appointment")
    longer = {"from": "2026-03-02T09:00:00+08:00", "to": "2026-03-02T17:00:00+08:00", "reason": "前一家未完"}
    assert (await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/window", longer, if_match='"0"')).status_code == 200
    stale = await world.client.post(old.action, data=old.fields)
    assert stale.status_code == 409
    assert "上门时间刚有变化" in stale.text
    seen = AGREEMENT | {"window_from": longer["from"], "window_to": "2026-03-02T10:00:00+08:00"}
    answer = await world.ask(None, "PUT", f"/v1/confirmations/{token}", seen)
    assert problem(answer) == (409, "appointment-changed")
    assert await visit_entries(world) == []
    fresh = Page(stale.text).form(does="appointment")
    assert (await world.client.post(fresh.action, data=fresh.fields)).status_code == 303


async def test_a_cancelled_visit_says_so_and_takes_no_answer(world: World, post: Post) -> None:
    token = await confirmation_link(world)
    done = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/cancellation", {"reason": "客户退单"}, if_match='"0"')
    assert done.status_code == 200
    assert "这次上门已取消" in (await world.client.get(f"/c/{token}")).text
    assert problem(await world.ask(None, "PUT", f"/v1/confirmations/{token}", AGREEMENT)) == (409, "too-late")


async def test_a_replaced_link_of_a_cancelled_visit_says_that_nobody_comes(world: World, post: Post) -> None:
    old = await confirmation_link(world)
    new = (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")).json()["token"]
    assert "这个链接已换成新的" in (await world.client.get(f"/c/{old}")).text
    done = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/cancellation", {"reason": "客户退单"}, if_match='"0"')
    assert done.status_code == 200
    for link in (old, new):
        page = await world.client.get(f"/c/{link}")
        assert ("这次上门已取消" in page.text, "虚构路" in page.text and link == old) == (True, False)
    assert problem(await world.ask(None, "GET", f"/v1/confirmations/{old}")) == (410, "link-ended")
