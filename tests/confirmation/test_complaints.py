"""A customer complains by the link: the service records it, the office answers, and the page shows both."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from service.db.database import Transaction
from service.visits import status
from tests.support.api_client import World, problem
from tests.support.complaints import ANSWER, COMPLAINT, answers, complaining
from tests.support.customer import Customer, advance_clock, example_customer
from tests.support.customer_browser import Visitor
from tests.support.desk import signed_in, text_of
from tests.support.factories import uid
from tests.support.reviews import close

RECORDED = "complaint_recorded_forwarded"


async def flags(world: World, tao: Customer) -> list[str]:
    return (await world.ask("wang", "GET", f"/v1/visits/{tao.visit}")).json()["flags"]


async def reasons(world: World, tao: Customer) -> list[str]:
    review = (await world.ask("wang", "GET", f"/v1/visits/{tao.visit}/review")).json()
    return [one["kind"] for one in review["reasons"]]


async def as_seen_by_li(world: World, tao: Customer) -> str:
    """Everything that the technician gets about the visit, apart from the time of asking."""
    visit = (await world.ask("li", "GET", f"/v1/visits/{tao.visit}")).text
    judgement = (await world.ask("li", "GET", f"/v1/visits/{tao.visit}/judgement")).text
    listed = (await world.ask("li", "GET", "/v1/visits")).text
    agenda = (await world.ask("li", "GET", "/v1/agenda")).text
    return re.sub(r'"at":"2[^"]*","verdict"', "", visit + judgement + listed + agenda)


async def test_a_complaint_is_recorded_by_the_service_and_is_no_breach_of_the_technician(world: World) -> None:
    tao = await complaining(world)
    shown = await tao.whole()
    (recorded,) = [one for one in shown["entries"] if one["what"] == RECORDED]
    assert (recorded["by"], recorded["via"]) == ("office", "office")
    number, text = recorded["evidence"]
    assert re.fullmatch(r"TS-\d{8}-\d{8}", number["number"])
    assert text["text"] == "师傅态度不好"
    judged = await tao.judged()
    assert f"open open.{ANSWER}" in judged
    assert not [one for one in judged if RECORDED in one]
    steps = (await world.ask("wang", "GET", f"/v1/visits/{tao.visit}/history")).json()["steps"]
    assert ("office", "", RECORDED) in [(one["kind"], one["by"], one["text"]) for one in steps]


async def test_the_customer_gets_a_number_and_a_date_and_then_the_answer(world: World) -> None:
    tao = await complaining(world)
    visitor = Visitor(tao)
    (raised,) = (await tao.seen())["raised"]
    whole = await tao.whole()
    (recorded,) = [one for one in whole["entries"] if one["what"] == RECORDED]
    (complaint,) = [one for one in whole["entries"] if one["what"] == COMPLAINT["fact"]]
    assert raised["number"] == recorded["evidence"][0]["number"]
    assert raised["due_at"][:10] == f"{complaint['at'][:8]}{int(complaint['at'][8:10]) + 5:02}"
    assert (raised["answered_at"], raised["answer"]) == (None, None)
    html = await visitor.html()
    assert raised["number"] in html
    assert "正在办理，最晚" in html
    await answers(world, tao, "已致歉，并与师傅谈话")
    (raised,) = (await tao.seen())["raised"]
    assert (raised["answer"], raised["due_at"]) == ("已致歉，并与师傅谈话", None)
    assert raised["answered_at"] == world.ctx.now().isoformat()
    html = await visitor.html()
    assert "已致歉，并与师傅谈话" in html
    assert "正在办理" not in html
    assert "日内答复您" not in html


async def test_nothing_of_a_complaint_is_shown_before_the_code(world: World) -> None:
    tao = await complaining(world)
    await answers(world, tao, "已致歉")
    other = Visitor(Customer(world, tao.post, tao.token, tao.visit, "198.51.100.9"))
    html = await other.html()
    assert "师傅态度不好" not in html
    assert html.count("TS-") == 1  # its number alone, because it was answered
    assert "已致歉" not in html
    assert (await other.tao.seen())["raised"] == []


async def test_a_complaint_and_a_report_at_once_have_numbers_of_their_own(world: World) -> None:
    tao = await complaining(world, COMPLAINT, {"fact": "report_received", "text": "有人偷水"})
    first, second = (await tao.seen())["raised"]
    assert first["number"].startswith("TS-")
    assert second["number"].startswith("JB-")
    assert first["number"] != second["number"]
    again = await tao.says(raises=[COMPLAINT])
    assert [one["number"] for one in again.json()["raised"]] == [first["number"], second["number"]]


async def test_the_flag_and_the_reason_go_with_the_answer_and_come_again_with_another_complaint(world: World) -> None:
    tao = await complaining(world)
    assert "complaint" in await flags(world, tao)
    assert "complaint" in await reasons(world, tao)
    duties = (await world.ask("zhao", "GET", "/v1/duties?owner=office")).json()["duties"]
    assert [one["item"] for one in duties] == [ANSWER]
    await answers(world, tao, "已致歉")
    assert "complaint" not in await flags(world, tao)
    assert "complaint" not in await reasons(world, tao)
    assert (await world.ask("zhao", "GET", "/v1/duties?owner=office")).json()["duties"] == []
    closed = (await world.ask("zhao", "GET", "/v1/duties?state=closed")).json()["duties"]
    assert [one["item"] for one in closed] == [ANSWER]
    listed = (await world.ask("zhao", "GET", "/v1/visits?flag=complaint")).json()["items"]
    assert listed == []
    advance_clock(world, minutes=5)
    await tao.enters()
    assert (await tao.says(raises=[{**COMPLAINT, "text": "还是不满意"}])).status_code == 200
    assert "complaint" in await reasons(world, tao)


async def test_each_complaint_is_owed_an_answer_of_its_own(world: World) -> None:
    tao = await complaining(world)
    await answers(world, tao, "已致歉")
    advance_clock(world, days=2)
    await tao.enters()
    assert (await tao.says(raises=[{**COMPLAINT, "text": "又漏了"}])).status_code == 200
    asked = world.ctx.now()
    review = (await world.ask("wang", "GET", f"/v1/visits/{tao.visit}/review")).json()
    (reason,) = [one for one in review["reasons"] if one["kind"] == "complaint"]
    assert (reason["since"], reason["due_at"]) == (asked.isoformat(), (asked + timedelta(days=5)).isoformat())
    (duty,) = (await world.ask("zhao", "GET", "/v1/duties?owner=office")).json()["duties"]
    assert (duty["item"], duty["since"], duty["due_at"]) == (ANSWER, reason["since"], reason["due_at"])
    done = await close(world, tao.visit)  # only looking at it answers nobody
    assert (done["state"], [one["kind"] for one in done["reasons"]]) == ("to_review", ["complaint"])
    zhao = await signed_in(world, "zhao")
    assert f'value="{ANSWER}"' in (await zhao.get(f"/desk/visits/{tao.visit}")).text
    first, second = (await tao.seen())["raised"]
    assert (first["answer"], second["answer"]) == ("已致歉", None)
    assert second["due_at"] == reason["due_at"]
    advance_clock(world, minutes=5)
    await answers(world, tao, "已重修", name="b")
    first, second = (await tao.seen())["raised"]
    assert (first["answer"], second["answer"]) == ("已致歉", "已重修")
    assert await reasons(world, tao) == []
    advance_clock(world, minutes=5)
    assert (await tao.says(raises=[{**COMPLAINT, "text": "还在漏"}])).status_code == 200
    advance_clock(world, days=5, minutes=1)
    assert await reasons(world, tao) == ["complaint", "overdue_duty"]
    await answers(world, tao, "已换管", name="c")
    assert await reasons(world, tao) == []
    assert (await world.ask("zhao", "GET", "/v1/duties?owner=office")).json()["duties"] == []
    closed = (await world.ask("zhao", "GET", "/v1/duties?state=closed")).json()["duties"]
    assert [one["item"] for one in closed] == [ANSWER] * 3


async def test_the_technician_gets_nothing_of_a_complaint_nor_of_its_answer(world: World) -> None:
    tao = await example_customer(world, "S01")
    advance_clock(world, minutes=2)
    await tao.enters()
    before = await as_seen_by_li(world, tao)
    assert (await tao.says(raises=[COMPLAINT])).status_code == 200
    due = {ANSWER: "2030-01-01T10:00:00+08:00"}
    tag = f'"{(await tao.whole())["revision"]}"'
    assert await as_seen_by_li(world, tao) == before
    await answers(world, tao, "已致歉")
    assert await as_seen_by_li(world, tao) == before
    dated = await world.ask("zhao", "PUT", f"/v1/visits/{tao.visit}/due", due, if_match=tag)
    assert dated.status_code == 200, dated.text
    after = await as_seen_by_li(world, tao)
    assert "complaint" not in after
    assert "2030-01-01" not in after


async def test_the_technician_reads_a_complaint_that_they_are_asked_about(world: World) -> None:
    tao = await complaining(world)
    judged = (await tao.whole())["judgement"]["findings"]
    assert f"open.{ANSWER}" in [one["code"] for one in judged]
    question = {"finding": f"open.{ANSWER}", "text": "客户投诉态度，请说明"}
    asked = await world.ask("wang", "PUT", f"/v1/visits/{tao.visit}/inquiries/{uid('q')}", question)
    assert asked.status_code == 201, asked.text
    seen = (await world.ask("li", "GET", f"/v1/visits/{tao.visit}")).json()
    told: list[Any] = [one["what"] for one in seen["entries"]]
    assert COMPLAINT["fact"] in told
    assert RECORDED in told
    assert not [one for one in seen["judgement"]["findings"] if RECORDED in one["code"]]


async def test_who_complains_on_the_page_uses_its_own_form(world: World) -> None:
    tao = await example_customer(world, "S01")
    visitor = Visitor(tao)
    before = await visitor.sends("complaint", COMPLAINT)  # the code is asked for then, and the words are kept
    assert (before.status_code, COMPLAINT["text"] in before.text) == (403, True)
    await visitor.enters()
    refused = await visitor.sends("complaint", {"fact": "", "text": "态度不好"})
    assert (refused.status_code, "请选择发生了什么" in refused.text) == (422, True)
    sent = await visitor.sends("complaint", COMPLAINT)
    assert (sent.status_code, sent.headers["location"].partition("#")[2]) == (303, "complaint")
    assert "师傅态度不好" in await visitor.html()
    copy = (await tao.client.get(f"/c/{tao.token}/copy")).text
    assert "TS-" in copy
    assert problem(await tao.says(raises=[{"fact": "no_such", "text": "x"}])) == (422, "invalid-body")


async def test_a_complaint_that_the_office_took_down_is_on_the_page_with_its_answer_once(world: World) -> None:
    tao = await example_customer(world, "S01")
    advance_clock(world, minutes=2)
    text = {"kind": "text", "text": "客户来电，很生气"}
    noted = {"id": str(uid("phone")), "at": world.ctx.now().isoformat(), "what": "complaint_received"}
    content = {"entries": [{**noted, "by": "dispatcher", "holds": True, "evidence": [text]}]}
    assert (await world.ask("zhao", "POST", f"/v1/visits/{tao.visit}/entries", content)).status_code == 201
    assert (await tao.seen())["raised"] == []
    advance_clock(world, minutes=2)
    zhao = await signed_in(world, "zhao")
    form = {"id": str(uid("answer")), "subject": ANSWER, "channel": "phone", "text": "已上门重修"}
    assert (await zhao.post(f"/desk/visits/{tao.visit}/entries", form)).status_code == 303
    visitor = Visitor(tao)
    assert "已上门重修" not in await visitor.html()
    await visitor.enters()
    page = await visitor.html()
    assert page.count("已上门重修") == 1
    assert "很生气" not in page


async def number_of(tao: Customer) -> str:
    (raised,) = (await tao.seen())["raised"]
    return str(raised["number"])


async def found(world: World, who: str, text: str, **filters: str) -> list[str]:
    answer = await world.ask(who, "GET", f"/v1/visits?{urlencode({'q': text, **filters})}")
    return [one["id"] for one in answer.json()["items"]]


async def test_the_office_finds_the_visit_by_the_number_that_the_customer_got(world: World) -> None:
    tao = await complaining(world)
    number = await number_of(tao)
    for text in (number, number.lower(), number.replace("-", ""), f" {number} "):
        assert await found(world, "wang", text) == [str(tao.visit)]
    assert await found(world, "wang", number, type="repair_leak", area="城东") == [str(tao.visit)]
    assert await found(world, "wang", number, type="meter_reading") == []
    assert await found(world, "wang", number[:-1]) == []
    page = text_of(await (await signed_in(world, "wang")).get(f"/desk/search?q={number}"))
    assert "找到 1 次上门" in page
    assert "投诉受理编号" in page


async def test_a_technician_does_not_find_out_by_a_number_that_there_is_a_complaint(world: World) -> None:
    tao = await complaining(world)
    number = await number_of(tao)
    assert await found(world, "li", number) == []
    assert await found(world, "qian", number) == []  # of another area


async def test_numbers_of_before_the_index_are_found_once_it_is_made(world: World) -> None:
    tao = await complaining(world)
    number = await number_of(tao)

    async def forget(tx: Transaction) -> None:
        token = f"\n\n{number.lower().replace('-', '')}"
        await tx.execute("delete_search_token", token=token, visit=tao.visit.bytes)

    await world.ctx.db.write(forget)
    assert await found(world, "wang", number) == []

    async def begin_anew(tx: Transaction) -> None:  # as the migration does
        nothing = {"valid_until": None, "reasons": "", "urgent_at": None, "since": None, "assignee": ""}
        await tx.execute("update_summary_status", visit=tao.visit.bytes, state="", flags="", verdict="", **nothing)

    await world.ctx.db.write(begin_anew)
    assert await status.backfill_summaries(world.ctx) == 1
    assert await found(world, "wang", number) == [str(tao.visit)]


async def test_a_review_that_leaves_a_complaint_without_an_answer_says_so(world: World) -> None:
    tao = await complaining(world)
    wang, page = await signed_in(world, "wang"), f"/desk/visits/{tao.visit}"
    for notice in ("仍在待审里", "没有别的要看了"):
        fields = {"tag": await wang.field(page, "tag"), "comment": "看过", "then": "next"}
        answer = await wang.post(f"{page}/review", fields)
        assert answer.headers["location"] == "/desk/queue#queue"
        assert notice in text_of(await wang.get("/desk/queue"))
        if "complaint" in await reasons(world, tao):
            await answers(world, tao, "已致歉")
