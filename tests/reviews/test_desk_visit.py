"""The desk's page of a visit: what each role sees and may do there, and what happens when two do it at once."""

import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import httpx
import pytest

from tests.reviews.desk import ENTRIES, NO_CARD, PAGE, RANG_LATE, shown
from tests.support.api_client import VISIT, World, record
from tests.support.desk import DeskBrowser, field_of, signed_in
from tests.support.evidence import record_naming
from tests.support.factories import said, uid
from tests.support.pictures import name, noise, picture
from tests.support.reviews import close, later, reasons


def actions(page: str) -> set[str]:
    """What forms of the page post to, without the visit's address."""
    return {one.removeprefix(PAGE) for one in re.findall('<form[^>]* action="(/desk/visits/[^"]*)"', page)}


async def review_of(desk: DeskBrowser) -> dict[str, Any]:
    return (await desk.world.ask("wang", "GET", f"/v1/visits/{VISIT}/review")).json()


async def done(desk: DeskBrowser, path: str, fields: dict[str, str], *, to: str = "") -> None:
    """Send a form that is accepted; a review leads to the heading of a visit."""
    answer = await desk.post(f"{PAGE}{path}", fields)
    to = to or PAGE + ("#visit" if path == "/review" else "")
    assert (answer.status_code, answer.headers.get("location")) == (303, to), answer.text


async def decide(desk: DeskBrowser, **fields: str) -> httpx.Response:
    tag = await desk.field(PAGE, "tag")
    return await desk.post(f"{PAGE}/review", {"tag": tag, **fields})


async def test_a_supervisor_sees_the_broken_order_the_clause_and_all_forms(wang: DeskBrowser) -> None:
    page = await shown(wang)
    assert "应在「入内」（09:09）之前" in page
    assert page.count('class="broken') >= 3
    assert "4.3.5</cite> 需进入客户室内时，应先按门铃或轻轻敲门" in page
    assert actions(page) == {"/review", "/assignee", "/inquiries", "/corrections", "/callbacks"}
    assert "谁做了什么" in page


async def test_a_dispatcher_sees_it_without_the_forms(wang: DeskBrowser) -> None:
    zhao = await signed_in(wang.world, "zhao")
    page = await shown(zhao)
    assert "应在「入内」（09:09）之前" in page
    assert "谁做了什么" in page
    assert actions(page) == set()


async def test_a_technician_sees_their_own_visit_without_the_parts_of_the_office(wang: DeskBrowser) -> None:
    await done(wang, "/review", {"tag": await wang.field(PAGE, "tag"), "comment": "下周抽查"})
    li = await signed_in(wang.world, "li")
    page = await shown(li)
    assert "应在「入内」（09:09）之前" in page
    assert actions(page) == {"/explanations"}
    for private in ("谁做了什么", "为什么需要您", "下周抽查", "没有人认领"):
        assert private not in page


async def test_of_others_there_is_no_such_page(wang: DeskBrowser) -> None:
    for who in ("sun", "qian", "admin"):
        other = await signed_in(wang.world, who)
        assert (await other.get(PAGE)).status_code == 404, who
        assert (await other.post(f"{PAGE}/assignee", {"person": who})).status_code in (403, 404), who
    stranger = DeskBrowser(wang.world)
    answer = await stranger.get(PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={PAGE}")


@pytest.mark.parametrize("who", ["zhao", "li"])
async def test_who_may_not_review_cannot_post_either(wang: DeskBrowser, who: str) -> None:
    other, call = await signed_in(wang.world, who), str(uid("x"))
    given = {
        "/review": {"tag": "0-1-0", f"decision:{RANG_LATE}": "uphold"},
        "/assignee": {"person": who},
        "/inquiries": {"id": call, "finding": RANG_LATE, "text": "为什么？"},
        "/corrections": {"id": call, "item:id_shown": "1", "why:id_shown": "缺", "due": "2026-03-03T18:00"},
        "/corrections/withdraw": {"correction": call},
        "/callbacks": {"id": call, "called": "陶", "at": "2026-03-02T11:00", "text": "好", "answer:id_shown": "good"},
    }
    before = await review_of(wang)
    for path, fields in given.items():
        answer = await other.post(f"{PAGE}{path}", fields)
        assert answer.status_code == (404 if "withdraw" in path else 403), path
        assert answer.headers["content-type"].startswith("text/html")
    if who == "zhao":
        explained = await other.post(f"{PAGE}/explanations", {"id": call, "finding": RANG_LATE, "text": "我说"})
        assert explained.status_code == 403
    assert await review_of(wang) == before


async def test_each_finding_is_decided_and_the_visit_ends(wang: DeskBrowser) -> None:
    decided = {f"decision:{RANG_LATE}": "override", f"reason:{RANG_LATE}": "客户先开的门", "rest": "uphold"}
    calls = re.findall('name="(calls:[^"]*)"', await shown(wang))
    await done(wang, "/review", {"tag": await wang.field(PAGE, "tag"), **decided, **dict.fromkeys(calls, "1")})
    review = await review_of(wang)
    assert review["state"] == "closed"
    by_code = {one["finding"]["code"]: one["decision"] for one in review["findings"]}
    assert (by_code[RANG_LATE]["decision"], by_code[RANG_LATE]["reason"]) == ("override", "客户先开的门")
    assert by_code[NO_CARD]["decision"] == "uphold"
    page = await shown(wang)
    assert "决定已保存" in page
    assert "已办结" in page


async def test_saving_leads_to_the_next_visit_that_nobody_else_looks_at(wang: DeskBrowser) -> None:
    for n in ("b", "c"):
        assert (await wang.world.plan(uid(n))).status_code == 201
        entries = [{**one, "id": str(uid(one["id"] + n))} for one in ENTRIES]
        content = {**record(uid(f"r{n}"), uid(n)), "entries": entries}
        assert (await wang.world.submit(content, uid(f"r{n}"))).status_code == 201
    queue = (await wang.world.ask("wang", "GET", "/v1/reviews")).json()["reviews"]
    first = next(one["visit"] for one in queue if one["visit"] != str(VISIT))
    answer = await decide(wang, **{f"decision:{RANG_LATE}": "uphold", "then": "next"})
    assert answer.headers["location"] == f"/desk/visits/{first}#visit"
    calls = re.findall('name="(calls:[^"]*)"', await shown(wang))
    for visit in (VISIT, uid("b"), uid("c")):
        path = f"/desk/visits/{visit}"
        fields = {"tag": await wang.field(path, "tag"), "rest": "uphold", "then": "next"}
        answer = await wang.post(f"{path}/review", {**fields, **dict.fromkeys(calls, "1"), f"calls:{RANG_LATE}": "1"})
    assert answer.headers["location"] == "/desk/queue#queue"


async def test_overriding_without_a_reason_is_told_and_keeps_what_was_typed(wang: DeskBrowser) -> None:
    fields = {f"decision:{RANG_LATE}": "override", f"decision:{NO_CARD}": "override", f"reason:{NO_CARD}": "看过录像"}
    answer = await decide(wang, **fields, comment="请注意")
    page = unescape(answer.text)
    assert answer.status_code == 422
    assert "不计的要写理由" in page
    assert 'value="看过录像"' in page
    assert 'value="请注意"' in page
    assert f'name="decision:{RANG_LATE}" value="override" checked' in page
    assert (await review_of(wang))["state"] == "to_review"


async def test_of_two_supervisors_at_once_one_looks_again_and_nothing_typed_is_lost(wang: DeskBrowser) -> None:
    tag = await wang.field(PAGE, "tag")
    await done(wang, "/assignee", {"person": "wang"})
    answer = await wang.post(f"{PAGE}/review", {"tag": tag, f"decision:{NO_CARD}": "uphold", "comment": "我看过了"})
    page = unescape(answer.text)
    assert answer.status_code == 412
    assert "有新内容，请再看一遍" in page
    assert 'value="我看过了"' in page
    assert f'name="decision:{NO_CARD}" value="uphold" checked' not in page
    assert "您刚才选的是“成立”，没有保存" in page
    fresh = re.search('name="tag" value="([^"]*)"', page)
    assert fresh is not None
    await done(wang, "/review", {"tag": fresh[1], f"decision:{NO_CARD}": "uphold"})


async def test_a_reason_for_a_finding_that_is_gone_is_shown_again(wang: DeskBrowser) -> None:
    fields = {"decision:missing.no_such": "override", "reason:missing.no_such": "写了很久的理由"}
    answer = await decide(wang, **fields)
    assert answer.status_code == 409
    assert "有新内容，请再看一遍" in answer.text
    assert "写了很久的理由" in answer.text


async def test_a_form_of_another_site_changes_nothing(wang: DeskBrowser) -> None:
    fields = {"person": "wang", "csrf": "guessed"}
    assert (await wang.post(f"{PAGE}/assignee", fields)).status_code == 403
    foreign = await wang.post(f"{PAGE}/assignee", {"person": "wang"}, origin="https://evil.test", sec_fetch_site=None)
    assert foreign.status_code == 403
    assert (await review_of(wang))["assignee"] is None


async def test_taking_and_letting_go_returns_to_where_one_was(wang: DeskBrowser) -> None:
    back = "/desk/queue?reason=violation&area=%E5%9F%8E%E4%B8%9C"
    await done(wang, "/assignee", {"person": "wang", "back": back}, to=back)
    assert "王 在看" in await shown(wang)
    await done(wang, "/assignee", {"person": "", "back": "https://evil.test/"})
    assert (await review_of(wang))["assignee"] is None


async def test_who_takes_a_visit_from_a_colleague_is_asked_first(wang: DeskBrowser) -> None:
    given = {"roles": ["supervisor"], "areas": ["城东"]}
    assert (await wang.world.ask("admin", "PUT", "/v1/people/zhao/roles", given)).status_code == 200
    zhao = await signed_in(wang.world, "zhao")
    await done(zhao, "/assignee", {"person": "zhao"})
    asked = await wang.post(f"{PAGE}/assignee", {"person": "wang", "back": "/desk/queue"})
    assert asked.status_code == 409
    assert "在看，仍要接手？" in asked.text
    assert (await review_of(wang))["assignee"] == "zhao"
    assert '<input type="hidden" name="back" value="/desk/queue">' in asked.text
    form = {"confirmed": field_of(asked, "confirmed"), "back": "/desk/queue"}
    await done(wang, "/assignee", {**form, "person": "wang"}, to="/desk/queue")
    assert (await review_of(wang))["assignee"] == "wang"


async def test_where_nothing_was_recorded_a_review_says_why(world: World) -> None:
    await world.plan()
    later(world, days=1)
    wang = await signed_in(world, "wang")
    page = await shown(wang)
    assert "先问技术员（李）" in page
    assert f'href="{PAGE}/plan"' in page
    refused = await decide(wang, unrecorded=await wang.field(PAGE, "unrecorded"), comment=" ")
    assert refused.status_code == 422
    assert "附言：没有任何记录：请写下为什么" in refused.text
    await done(wang, "/review", {"tag": field_of(refused, "tag"), "unrecorded": "1", "comment": "客户不在家"})
    assert f'href="{PAGE}/plan"' not in await shown(wang)


async def test_a_visit_that_is_over_is_not_moved_and_the_deadline_is_that_of_the_queue(wang: DeskBrowser) -> None:
    page = await shown(wang)
    assert f'href="{PAGE}/plan"' not in page
    queue = (await wang.world.ask("wang", "GET", "/v1/reviews")).json()["reviews"]
    due = datetime.fromisoformat(queue[0]["due_at"])
    assert f"处理期限：{due.month}月{due.day}日 {due:%H:%M}" in page


async def test_items_go_back_with_a_due_date_and_can_be_withdrawn(wang: DeskBrowser) -> None:
    fields = {"id": str(uid("c")), "item:id_shown": "1", "why:id_shown": "没有出示证件", "due": "2026-03-03T18:00"}
    await done(wang, "/corrections", fields)
    await done(wang, "/corrections", fields)  # sent twice, for example because the answer was lost
    (correction,) = (await review_of(wang))["corrections"]
    assert (correction["due"], correction["items"][0]["reason"]) == ("2026-03-03T18:00:00+08:00", "没有出示证件")
    assert "王 退回，3月3日 18:00 前补正" in await shown(wang)
    li = await signed_in(wang.world, "li")
    assert "没有出示证件" in await shown(li)
    await done(wang, "/corrections/withdraw", {"correction": str(uid("c"))})
    assert (await review_of(wang))["corrections"] == []


async def test_the_answer_of_the_phone_is_shown(wang: DeskBrowser) -> None:
    fields = {"id": str(uid("c")), "item:id_shown": "1", "why:id_shown": "没有", "due": "2026-03-03T18:00"}
    await done(wang, "/corrections", fields)
    answer = {**record(uid("r2")), "correction": str(uid("c")), "entries": [said("09:06", "id_shown")]}
    assert (await wang.world.submit(answer, uid("r2"))).status_code == 201
    page = await shown(wang)
    assert re.search("李 3月2日 12:00 补正了.*?退回时要求.*?出示证件 · 没有", page, re.DOTALL)
    assert re.search(
        "出示证件</strong>.*?更正前</dt><dd>没有记录</dd>.*?更正后</dt><dd>\\s*<time>3月2日 09:06", page, re.DOTALL
    )


async def test_what_cannot_be_returned_is_told_and_keeps_what_was_typed(wang: DeskBrowser) -> None:
    fields = {"id": str(uid("c")), "item:door_signal": "1", "why:door_signal": "顺序", "due": "2026-03-03T18:00"}
    answer = await wang.post(f"{PAGE}/corrections", fields)
    assert answer.status_code == 422
    assert "补记改变不了这一项" in answer.text
    assert 'value="2026-03-03T18:00"' in answer.text
    for broken in ({**fields, "due": "soon"}, {"id": fields["id"], "due": fields["due"]}, {**fields, "id": "x"}):
        assert (await wang.post(f"{PAGE}/corrections", broken)).status_code == 422


async def test_before_an_item_goes_back_the_page_says_what_that_cannot_mend(wang: DeskBrowser) -> None:
    page = (await shown(wang)).partition('id="return"')[2]
    rows = {one.partition('"')[0]: one for one in page.split('name="item:')[1:]}
    assert "现在补记，会判为次序不对或太晚" in rows["id_shown"]
    assert "现在补记" not in rows["borrowed"]


async def test_what_was_written_down_later_says_when_it_happened(wang: DeskBrowser) -> None:
    late = {**said("09:30", "id_shown"), "claimed_at": "2026-03-02T09:06:00+08:00"}
    fields = {"id": str(uid("c")), "item:id_shown": "1", "why:id_shown": "没有", "due": "2026-03-03T18:00"}
    await done(wang, "/corrections", fields)
    answer = {**record(uid("r2")), "correction": str(uid("c")), "entries": [late]}
    assert (await wang.world.submit(answer, uid("r2"))).status_code == 201
    page = await shown(wang)
    assert "出示证件 · 补记：发生于 03-02 09:06" in page  # in the order of acts
    assert re.search("更正后</dt><dd>.*?补记：发生于 3月2日 09:06", page, re.DOTALL)


async def test_the_technician_is_asked_and_explains(wang: DeskBrowser) -> None:
    question = {"id": str(uid("q")), "finding": RANG_LATE, "text": "为什么进门后才按门铃？"}
    await done(wang, "/inquiries", question)
    li = await signed_in(wang.world, "li")
    assert "为什么进门后才按门铃？" in await shown(li)
    await done(li, "/explanations", {"id": str(uid("e")), "finding": RANG_LATE, "text": "门<b>本来</b>就开着"})
    page = (await wang.get(PAGE)).text
    assert "门&lt;b&gt;本来&lt;/b&gt;就开着" in page
    assert "技术员有说明" in page


async def test_words_that_cannot_be_taken_are_kept(wang: DeskBrowser) -> None:
    question = {"id": str(uid("q")), "finding": NO_CARD, "text": "问" * 1001}
    answer = await wang.post(f"{PAGE}/inquiries", question)
    assert answer.status_code == 422
    assert "问" * 1001 in answer.text


async def test_a_call_to_the_customer_is_written_down(wang: DeskBrowser) -> None:
    call = {"id": str(uid("k")), "called": "陶 13800000000", "at": "2026-03-02T11:30", "text": "他出示了证件"}
    await done(wang, "/callbacks", {**call, "answer:id_shown": "good", "answer:manner_ok": "bad", "answer:x": ""})
    page = await shown(wang)
    assert "电话回访" in page
    assert "他出示了证件" in page  # the customer's word beside the technician's
    codes = [one["finding"]["code"] for one in (await review_of(wang))["findings"]]
    assert "disputed.manner_ok" in codes
    assert NO_CARD in codes  # the technician did not record it: the customer's word stands beside the finding
    entries = (await wang.world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()["entries"]
    assert [one["says"] for one in entries if one["what"] == "id_shown"] == ["yes"]


async def test_a_call_in_the_future_or_without_an_answer_is_told(wang: DeskBrowser) -> None:
    call = {"id": str(uid("k")), "called": "陶", "at": "2026-03-02T12:30", "text": "很满意"}
    early = await wang.post(f"{PAGE}/callbacks", {**call, "answer:id_shown": "good"})
    assert early.status_code == 422
    assert "通话时间还没有到" in early.text
    assert "很满意</textarea>" in early.text
    assert (await wang.post(f"{PAGE}/callbacks", call)).status_code == 422


async def test_evidence_is_shown_beside_its_finding_once_it_has_come(wang: DeskBrowser) -> None:
    photo = noise((80, 60))
    piece = {"kind": "photo", "sha256": name(photo), "taken_at": "2026-03-02T09:30:00+08:00"}
    withdrawn = {"withdraws": said("09:10", "door_signal")["id"], "reason": "补上照片"}
    entries = [
        said("09:50", "door_signal", id=str(uid("w")), **withdrawn),
        said("09:10", "door_signal", id=str(uid("again")), evidence=[piece]),
    ]
    assert (await wang.world.submit({**record(uid("r2")), "entries": entries}, uid("r2"))).status_code == 201
    assert "照片还没有到" in await shown(wang)
    sent = await wang.world.ask("li", "PUT", f"/v1/evidence/{name(photo)}", photo, content_type="image/jpeg")
    assert sent.status_code == 201
    page = await shown(wang)
    assert "照片还没有到" not in page
    assert f'<img src="/v1/evidence/{name(photo)}"' in page
    assert (await wang.get(f"/v1/evidence/{name(photo)}")).status_code == 200


async def test_a_supervisor_who_was_on_the_visit_leaves_it_to_others(world: World) -> None:
    await world.plan()
    changed = {"technician": "sun", "reason": "换人"}
    assert (
        await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/technician", changed, if_match='"0"')
    ).status_code == 200
    both = await world.ask(
        "admin", "PUT", "/v1/people/li/roles", {"roles": ["technician", "supervisor"], "areas": ["城东"]}
    )
    assert both.status_code == 200, both.text
    li = await signed_in(world, "li")
    page = await shown(li)
    assert actions(page) == set()
    assert "谁做了什么" not in page
    answer = await li.post(f"{PAGE}/review", {"tag": "1-0-0", "comment": "自己看过"})
    assert answer.status_code == 403
    assert "不能审核自己参加的上门任务" in answer.text


async def test_a_visit_without_a_record_and_the_page_in_english(world: World) -> None:
    await world.plan()
    wang = await signed_in(world, "wang")
    page = await wang.get(PAGE, accept_language="en")
    assert "There is no record yet." in page.text
    later = world.ctx.clock() + int(timedelta(hours=11).total_seconds() * 1000)
    world.ctx.clock = lambda: later
    assert ">没有记录<" in await shown(await signed_in(world, "wang"))


async def test_saving_without_a_decision_is_no_review(wang: DeskBrowser) -> None:
    answer = await decide(wang, **{f"calls:{RANG_LATE}": "1"})
    assert answer.status_code == 422
    assert "还没有作出决定" in answer.text
    assert (await review_of(wang))["comments"] == []
    history = (await wang.world.ask("wang", "GET", f"/v1/visits/{VISIT}/history")).json()["steps"]
    assert "review" not in [one["kind"] for one in history]


async def test_a_technician_sees_first_what_was_returned_to_them(wang: DeskBrowser) -> None:
    given = {"id": str(uid("c")), "item:id_shown": "1", "why:id_shown": "没有记录", "due": "2026-03-03T18:00"}
    await done(wang, "/corrections", given)
    li = await signed_in(wang.world, "li")
    assert "退回给您补正的" in await shown(li, "/desk/today")
    assert f'href="{PAGE}"' in await shown(li, "/desk/today")
    assert "退回给您补正的" not in await shown(wang, "/desk/today")


async def test_a_return_needs_a_date_to_come_and_says_what_was_done_about_it(wang: DeskBrowser) -> None:
    given = {"id": str(uid("c")), "item:id_shown": "1", "why:id_shown": "没有记录"}
    past = await wang.post(f"{PAGE}/corrections", {**given, "due": "2026-03-02T11:59"})
    assert past.status_code == 422
    assert "期限已经过了，请写以后的时间" in past.text
    item = {"item": "id_shown", "reason": "没有记录"}
    content: dict[str, Any] = {"visit": str(VISIT), "items": [item], "due": "2026-03-02T12:00:00+08:00"}
    path = f"/v1/corrections/{uid('c')}"
    refused = await wang.world.ask("wang", "PUT", path, content)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/due")
    content["due"] = "2026-03-02T12:05:00+08:00"
    assert (await wang.world.ask("wang", "PUT", path, content)).status_code == 201
    assert "3月2日 12:05 前补正</span>" in await shown(wang)
    later(wang.world, minutes=6)
    assert (await wang.world.ask("wang", "PUT", path, content)).status_code == 200
    entries = [{**said("09:06", "id_shown"), "id": str(uid("card"))}]
    mended = {**record(uid("r2")), "entries": entries, "correction": str(uid("c"))}
    assert (await wang.world.submit(mended, uid("r2"))).status_code == 201
    page = await shown(wang)
    assert "补正已交" in page
    assert "技术员有说明" not in page
    question = {"id": str(uid("q")), "finding": RANG_LATE, "text": "为什么先进门？"}
    assert (await wang.post(f"{PAGE}/inquiries", question)).status_code == 303
    unanswered = "技术员还没有回答的询问"
    assert re.search(f"(?s){unanswered}.*?为什么先进门？.*?看到回答再结案", await shown(wang))
    await close(wang.world)
    page = await shown(wang)
    assert "已办结" in page
    assert unanswered in page
    answer = {"finding": RANG_LATE, "text": "客户开着门"}
    path = f"/v1/visits/{VISIT}/explanations/{uid('e')}"
    assert (await wang.world.ask("li", "PUT", path, answer)).status_code == 201
    page = await shown(wang)
    assert "技术员有说明" in page
    assert unanswered not in page


async def test_missing_files_are_listed_with_their_item_and_sender_also_when_it_is_closed(world: World) -> None:
    assert (await world.plan()).status_code == 201
    assert (await world.submit(record_naming(picture(1)))).status_code == 201
    wang = await signed_in(world, "wang")
    missing = "(?s)还没有到的照片.*?·\\s*李\\s*·\\s*自 3月2日 12:00"
    assert re.search(missing, await shown(wang))
    later(world, hours=25)
    await reasons(world)
    assert (await close(world))["state"] == "closed"
    page = await shown(await signed_in(world, "wang"))
    assert "已办结" in page
    assert re.search(missing, page)
    assert "审核后结案，照片到了会补上" in page
