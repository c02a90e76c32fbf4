"""All notices that are due are sent in one step: each by itself, once, and none that would be false."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from service import errors
from service.messages import due_notices, notices, worker
from service.messages.notices import NoticeRequest
from service.privacy import erasing
from tests.support import example_visits as stories
from tests.support.api_client import World, problem
from tests.support.desk import DeskBrowser, field_of, signed_in, text_of
from tests.support.factories import TOKENS, Town, a_plan, a_record, said, uid
from tests.support.fake_gateway import Post, set_up, stand

DAY = "2026-03-02"
ZHAO = TOKENS["zhao"]
CUSTOMER = {"name": "陶女士", "phone": "13800000000", "address": "虚构路 1 号"}
SECRETS = ("陶女士", "13800000000", "虚构路")


async def plan(world: World, name: str, by: str = "zhao", **more: Any) -> str:
    """Plan a visit at 09:00."""
    content = a_plan(**{"area": "城东", "customer": CUSTOMER, **more})
    assert (await world.ask(by, "PUT", f"/v1/visits/{uid(name)}", content)).status_code == 201
    return str(uid(name))


async def ask(world: World, who: str = "zhao", **more: Any) -> Any:
    """The answer for the day, or for some visits."""
    what = {"channel": "sms", "dry_run": False, **({} if "visits" in more else {"date": DAY}), **more}
    answer = await world.ask(who, "POST", "/v1/notices", what)
    assert answer.status_code == 200, answer.text
    return answer.json()


def states(answer: Any) -> dict[str, str]:
    """The code or the state of each visit."""
    return {one["visit"]: one.get("code", one["state"]) for one in answer["notices"]}


async def delivered(world: World, post: Post) -> int:
    while await worker.deliver_due(world.ctx):
        pass
    return len(post.letters)


async def test_all_due_notices_of_a_day_are_sent_once(world: World):
    post = set_up(world.ctx, "07:00")
    first, second = await plan(world, "a"), await plan(world, "b")
    tomorrow = {"from": "2026-03-03T09:00:00+08:00", "to": "2026-03-03T10:00:00+08:00"}
    await plan(world, "tomorrow", window=tomorrow)
    shown = await ask(world, dry_run=True)
    assert states(shown) == {first: "would_send", second: "would_send"}
    assert (shown["sent"], shown["skipped"]) == (2, 0)
    assert await delivered(world, post) == 0
    offer = (await world.ask("zhao", "GET", f"/v1/visits/{first}/notice")).json()
    assert {(one["text"], one["to"]) for one in shown["notices"]} == {(offer["text"], "13800000000")}
    done = await ask(world)
    assert states(done) == {first: "sent", second: "sent"}
    assert [one["text"] for one in done["notices"]] == [one["text"] for one in shown["notices"]]
    assert await ask(world) == {"notices": [], "sent": 0, "skipped": 0}
    assert await delivered(world, post) == 2
    entries = (await world.ask("zhao", "GET", f"/v1/visits/{first}")).json()["entries"]
    assert "work_content_told" in [one["what"] for one in entries]


async def test_who_cannot_be_notified_is_skipped_and_stops_nobody(world: World):
    post = set_up(world.ctx, "07:00")
    early = {"from": stories.clock("07:10"), "to": stories.clock("07:20")}
    names = {
        "none": await plan(world, "none", customer={"name": "无"}),
        "cancelled": await plan(world, "cancelled"),
        "over": await plan(world, "over", window=early),
        "begun": await plan(world, "begun"),
        "done": await plan(world, "done"),
        "exempt": await plan(world, "exempt", assigned={"appointment_exempt": True}, exempt_reason="抢修"),
        "west": await plan(world, "west", by="qian", area="城西"),
        "unknown": str(uid("unknown")),
        "good": await plan(world, "good"),
    }
    cancelled = {"reason": "客户取消"}
    path = f"/v1/visits/{names['cancelled']}/cancellation"
    assert (await world.ask("zhao", "PUT", path, cancelled, if_match='"0"')).status_code == 200
    sent = await world.ask("zhao", "POST", f"/v1/visits/{names['done']}/notice", {"channel": "sms"})
    assert sent.status_code == 201
    stand(world.ctx, "08:30")
    record = a_record("r", UUID(names["begun"]), said("08:10", "arrived"))
    assert (await world.submit(record, uid("r"))).status_code == 201
    expected = {
        "none": "no-recipient",
        "cancelled": "visit-cancelled",
        "over": "notice-too-late",
        "begun": "notice-too-late",
        "done": "notice-not-due",
        "exempt": "notice-not-due",
        "west": "not-found",
        "unknown": "not-found",
    }
    visits = list(names.values())
    for dry_run, state in ((True, "would_send"), (False, "sent"), (False, "notice-not-due")):
        answer = await ask(world, visits=[*visits, visits[0]], dry_run=dry_run)
        assert states(answer) == {names[name]: code for name, code in (expected | {"good": state}).items()}
        assert answer["skipped"] == len(answer["notices"]) - answer["sent"]
        assert all(("text" in one) != ("detail" in one) for one in answer["notices"])
    assert await delivered(world, post) == 2


async def test_a_visit_that_was_erased_since_the_page_was_shown_stops_nobody(world: World):
    set_up(world.ctx, "07:00")
    first, second, third = [await plan(world, name) for name in "abc"]
    await erasing.erase_visit(world.ctx, UUID(second), "admin", "客户要求")
    answer = await ask(world, visits=[first, second, third])
    assert states(answer) == {first: "sent", second: "erased", third: "sent"}


async def test_a_visit_that_cannot_be_read_stops_nobody(world: World, monkeypatch: pytest.MonkeyPatch):
    set_up(world.ctx, "07:00")
    broken, good = await plan(world, "a"), await plan(world, "b")
    original = due_notices.situation_of

    async def found(ctx: Any, tx: Any, visit: Any) -> Any:
        if str(visit.row.id) == broken:
            raise LookupError
        return await original(ctx, tx, visit)

    monkeypatch.setattr(due_notices, "situation_of", found)
    assert states(await ask(world, visits=[broken, good])) == {broken: "defect", good: "sent"}


async def test_two_who_send_at_once_send_each_notice_once(world: World):
    post = set_up(world.ctx, "07:00")
    for name in "abcd":
        await plan(world, name)
    both = await asyncio.gather(ask(world), ask(world, "wang"))
    assert sum(answer["sent"] for answer in both) == 4
    assert await delivered(world, post) == 4


async def test_nobody_sends_or_sees_notices_of_other_areas(world: World):
    set_up(world.ctx, "07:00")
    visit = await plan(world, "a")
    for which in ({"date": DAY}, {"visits": [visit]}):
        for dry_run in (True, False):
            what = {"channel": "sms", "dry_run": dry_run, **which}
            answer = await world.ask("qian", "POST", "/v1/notices", what)
            assert answer.status_code == 200
            assert answer.json()["sent"] == 0
            assert not any(secret in answer.text for secret in SECRETS)
    for who, content in (("li", {}), ("admin", {}), ("qian", {"area": "城东"})):
        what = {"channel": "sms", "dry_run": True, "date": DAY, **content}
        assert problem(await world.ask(who, "POST", "/v1/notices", what)) == (403, "not-allowed")
    assert states(await ask(world, "wang", area="城东", dry_run=True)) == {visit: "would_send"}


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"date": DAY, "visits": [str(uid("v"))]},
        {"visits": []},
        {"visits": [str(uid(f"v{number}")) for number in range(201)]},
        {"visits": [str(uid("v"))], "area": "城东"},
        {"date": "2026-02-30"},
        {"date": "0001-01-01"},
        {"date": "9999-12-31"},
        {"date": DAY, "text": "别的"},
        {"date": DAY, "dry_run": None},
    ],
)
async def test_a_request_that_is_not_clear_sends_nothing(world: World, content: dict[str, Any]):
    what = {"channel": "sms", "dry_run": False, **content}
    assert problem(await world.ask("zhao", "POST", "/v1/notices", what)) == (422, "invalid-body")


async def test_a_notice_that_would_be_false_is_refused(town: Town) -> None:
    set_up(town.ctx, "07:00")
    over, begun = await town.planned("over"), await town.planned("begun")
    assert (await notices.draft_notice(town.ctx, ZHAO, over)).due
    stand(town.ctx, "09:30")
    await town.submitted(a_record("r", begun, said("09:05", "arrived")))
    stand(town.ctx, "09:59")
    await notices.send(town.ctx, ZHAO, over, NoticeRequest(channel="file"))
    stand(town.ctx, "10:00")
    for visit in (over, begun):
        assert not (await notices.draft_notice(town.ctx, ZHAO, visit)).due
        for text in (None, "今天上门检修漏水，请您配合"):
            with pytest.raises(errors.NoticeTooLate):
                await notices.send(town.ctx, ZHAO, visit, NoticeRequest(channel="sms", text=text))
        _, sent = await notices.send(town.ctx, ZHAO, visit, NoticeRequest(channel="sms", text="请核对并签认：{link}"))
        assert sent.proves == ()


@pytest.fixture
async def zhao(world: World) -> DeskBrowser:
    set_up(world.ctx, "07:00")
    return await signed_in(world, "zhao")


async def test_the_desk_shows_the_texts_and_sends_them(zhao: DeskBrowser, world: World):
    post = set_up(world.ctx, "07:00")
    await plan(world, "a")
    await plan(world, "b", customer={"name": "没电话"})
    day = await zhao.get(f"/desk/today?date={DAY}")
    assert "通知全部待通知的客户（2）" in text_of(day)
    assert f'href="/desk/notices?date={DAY}"' in day.text
    page = await zhao.get(f"/desk/notices?date={DAY}")
    for part in (
        "将发送 1",
        "不能发送 1",
        "没有能拨通的客户电话",
        "检修漏水",
        "13800000000",
        "没电话",
        "发送这 1 条通知",
    ):
        assert part in text_of(page), part
    assert await delivered(world, post) == 0
    fields = {name: field_of(page, name) for name in ("date", "area", "channel", "visits")}
    assert (await zhao.post("/desk/notices", fields | {"csrf": "guess"})).status_code == 403
    assert (await zhao.post("/desk/notices", fields | {"visits": ""})).status_code == 422
    for channel in ("pigeon", "email", "file"):  # no customer gets anything by a file
        assert (await zhao.post("/desk/notices", fields | {"channel": channel})).status_code == 422, channel
    assert "写入文件" not in page.text
    done = await zhao.post("/desk/notices", fields)
    assert done.status_code == 303
    left = text_of(await zhao.get(done.headers["location"]))
    assert ("已提交发送 1 条通知" in left, "没电话" in left, "13800000000" in left) == (True, True, False)
    again = await zhao.post("/desk/notices", fields)
    assert "sent=0" in again.headers["location"]
    assert await delivered(world, post) == 1
    assert "通知全部待通知的客户（1）" in text_of(await zhao.get(f"/desk/today?date={DAY}"))


async def test_the_desk_says_when_nothing_is_due_and_refuses_technicians(zhao: DeskBrowser, world: World):
    assert "通知全部" not in (await zhao.get(f"/desk/today?date={DAY}")).text
    assert "没有待通知的客户" in (await zhao.get(f"/desk/notices?date={DAY}")).text
    assert (await zhao.get("/desk/notices?date=morgen")).status_code == 400
    visit = await plan(world, "a")
    li = await signed_in(world, "li")
    assert "通知全部" not in (await li.get(f"/desk/today?date={DAY}")).text
    assert (await li.get(f"/desk/notices?date={DAY}")).status_code == 403
    fields = {"date": DAY, "area": "", "channel": "sms", "visits": visit}
    assert (await li.post("/desk/notices", fields)).status_code == 403
    qian = await signed_in(world, "qian")
    done = await qian.post("/desk/notices", fields)
    page = (await qian.get(done.headers["location"])).text
    assert not any(secret in page for secret in SECRETS)
    assert states(await ask(world, dry_run=True)) == {visit: "would_send"}


@pytest.mark.parametrize("phone", ["12345", "无", "1380000"])
async def test_a_number_that_nobody_can_dial_gets_no_notice_and_stays_due(world: World, phone: str):
    post = set_up(world.ctx, "07:00")
    wrong = await plan(world, "wrong", customer={**CUSTOMER, "phone": phone})
    for dry_run in (True, False):
        assert states(await ask(world, dry_run=dry_run)) == {wrong: "no-recipient"}
    single = await world.ask("zhao", "POST", f"/v1/visits/{wrong}/notice", {"channel": "sms"})
    assert problem(single) == (422, "invalid-body")
    zhao = await signed_in(world, "zhao")
    by_desk = await zhao.post(f"/desk/visits/{wrong}/notice", {})
    assert (by_desk.status_code, "没有能拨通的客户电话" in by_desk.text) == (422, True)
    page = await zhao.get(f"/desk/notices?date={DAY}")
    assert f'href="/desk/visits/{wrong}/plan#details"' in page.text
    assert await delivered(world, post) == 0
    assert "notice_due" in (await world.ask("zhao", "GET", f"/v1/visits/{wrong}")).json()["flags"]
