"""A customer finds again what he answered, and where: how surely it was his, and that the office hears of it."""

from datetime import datetime, timedelta

import msgspec

from tests.support.api_client import World, problem
from tests.support.customer import UNSIGNED, Customer, advance_clock, example_customer
from tests.support.customer_browser import Page, Visitor
from tests.support.fake_gateway import stand

BY_LINK = "通过链接、凭验证码签字；当时与工作人员同一网络或设备，按在场签字计"


async def near_the_technician(world: World, tao: Customer) -> Visitor:
    """陶's link at an address at which 李's phone is seen too."""
    enrolment = await world.ask("wang", "POST", "/v1/enrolments", {"person": "li"})
    made = await world.ask(None, "POST", "/v1/devices", {"code": enrolment.json()["code"], "name": "李的手机"})
    beside = Customer(world, tao.post, tao.token, tao.visit, "192.0.2.44")
    bearer = {"authorization": f"Bearer {made.json()['token']}"}
    assert (await beside.client.get("/v1/me", headers=bearer)).status_code == 200
    return Visitor(beside)


async def test_a_signature_by_the_link_is_never_said_to_be_one_on_the_technicians_phone(world: World) -> None:
    tao = await example_customer(world, "S04", drop=("meter_order_signed",))
    visitor = await near_the_technician(world, tao)
    await visitor.enters()
    assert "按在场签字计" in await visitor.html()  # he is told before he signs
    await visitor.done("signature", {"signer": "陶先生", "relation": "account_holder"})
    copy = (await visitor.tao.client.get(f"{visitor.path}/copy")).text
    for html in (await visitor.html(), copy):
        assert BY_LINK in html
        assert "在工作人员手机上签名" not in html
    (signature,) = [one["signature"] for one in (await visitor.tao.seen())["statements"] if one["signature"]]
    assert (signature["via"], signature["level"]) == ("link", "phone")


async def test_who_answered_finds_his_answer_and_the_choices_behind_one_more_touch(world: World) -> None:
    visitor = Visitor(await example_customer(world, "S04", drop=UNSIGNED))
    await visitor.enters()
    before = await visitor.html()
    assert "请您选择，四项同等有效" in before
    assert "改变主意" not in before
    await visitor.done("refusal", {"reason": "表是自己坏的"}, outcome="refused")
    after = await visitor.html()
    assert "请您选择" not in after
    assert after.index("不同意，没有签字") < after.index("您已经答复，见上面") < after.index("改变主意")
    assert after.index("改变主意") < after.index("不同意，拒绝签字")
    advance_clock(world, seconds=5)
    wrong = await visitor.sends("signature", {"signer": "", "relation": "tenant"})
    assert '<details class="more" open>\n<summary>改变主意' in wrong.text  # else what he typed would be out of sight
    await visitor.done("signature", {"signer": "陶先生", "relation": "account_holder"})
    assert "您已经答复，见上面" in await visitor.html()


async def test_a_refusal_of_another_text_answers_nothing_of_this_one(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04", drop=UNSIGNED))
    await visitor.enters()
    await visitor.done("refusal", {"reason": "不是装修弄坏的"}, outcome="partly")
    at = advance_clock(world, minutes=5)
    entry = {"id": "0190f0f0-0000-7000-8000-000000000001", "what": "meter_cause_analysed", "at": at.isoformat()}
    entry |= {"by": "technician", "fields": {"cause": "frost"}}
    record = {"id": "0190f0f0-0000-7000-8000-000000000002", "visit": str(tao.visit), "checklist": "onsite@1"}
    assert (await world.ask("li", "PUT", f"/v1/records/{record['id']}", {**record, "entries": [entry]})).is_success
    html = await visitor.html()
    assert "部分不同意" in html
    assert "请您选择，四项同等有效" in html
    declined = [one for paper in (await tao.seen())["statements"] for one in paper["declined"]]
    assert [one["same"] for one in declined] == [False]


async def test_his_answers_and_own_words_are_on_the_page_and_in_the_copy(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04", drop=UNSIGNED))
    given = {"answer-q_clean": "bad", "answer-q_entry": "good", "comment": "地上都是水<b>"}
    await visitor.done("answers", given, form="answers")
    assert "地上都是水" not in await visitor.html()  # before the code: whoever has the link would read it
    assert (await tao.seen())["said"] == []
    await visitor.enters()
    await visitor.done("refusal", {"reason": "不同意"}, outcome="refused")
    at = datetime.fromtimestamp(world.ctx.clock() / 1000).astimezone(world.ctx.zone)
    copy = (await tao.client.get(f"{visitor.path}/copy")).text
    for html in (await visitor.html(), copy):
        part = html.partition("您已回答")[2]
        assert part.index("现场是否清理干净") < part.index("✗ 有问题")
        assert part.index("是否经您同意") < part.index("✓ 没问题")
        assert f"{at:%H:%M}）" in part
        assert "地上都是水&lt;b&gt;" in part
    advance_clock(world, seconds=5)
    await visitor.done("answers", {"answer-q_clean": "good"}, form="answers")
    await visitor.done("raised", {"fact": "own_damage", "text": "茶几裂了"})
    copy = (await tao.client.get(f"{visitor.path}/copy")).text
    for html in (await visitor.html(), copy):
        part = html.partition("您已回答")[2].partition("您的话")[0]
        assert "✗" not in part  # each question as he answered it last
        assert "茶几裂了" in html


async def test_what_he_said_on_his_own_device_is_not_shown_where_the_technician_may_look_on(world: World) -> None:
    tao = await example_customer(world, "S04")
    await tao.enters()
    answers = [{"question": "q_integrity", "good": False}]
    assert (await tao.says(answers=answers, comment="收了我一条烟")).status_code == 200
    await tao.says(raises=[{"fact": "own_damage", "text": "茶几裂了"}])
    assert len((await tao.seen())["said"]) == len((await tao.seen())["raised"]) == 1
    beside = await near_the_technician(world, tao)
    await beside.enters()
    assert (await beside.tao.seen())["level"] == "phone"
    for html in (await beside.html(), (await beside.tao.client.get(f"{beside.path}/copy")).text):
        for secret in ("一条烟", "茶几", "收受财物"):
            assert secret not in html


async def test_a_bad_answer_of_which_there_is_no_finding_is_seen_by_the_office_alone(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04"))
    await visitor.enters()
    before = await tao.judged()
    answer = await visitor.sends("answers", {"answer-q_damage": "bad"}, form="answers")
    assert answer.headers["location"] == f"{visitor.path}?step=review#raised"
    html = await visitor.html()
    assert "您答了“有问题”" in html
    assert '<details class="fold" open>\n<summary>我要补充情况' in html
    assert await tao.judged() == before  # nobody declared a damage: there is no duty that could be disputed
    whole = await tao.whole()
    assert whole["flags"] == ["answered", "complaint"]
    (said,) = whole["said"]
    assert said["answers"] == [{"good": False, "question": "q_damage", "item": None, "thing": None}]
    listed = (await world.ask("wang", "GET", "/v1/visits?flag=complaint")).json()["items"]
    assert [one["id"] for one in listed] == [str(tao.visit)]
    his = (await world.ask("li", "GET", f"/v1/visits/{tao.visit}")).json()
    assert "complaint" not in his["flags"]
    assert problem(await world.ask("li", "GET", "/v1/visits?flag=complaint")) == (403, "not-allowed")
    advance_clock(world, seconds=5)
    await visitor.done("raised", {"fact": "own_damage", "text": "茶几裂了"})
    assert "您答了“有问题”" not in await visitor.html()
    assert "complaint" in (await tao.whole())["flags"]


async def test_who_says_at_last_that_all_was_well_complains_no_more(world: World) -> None:
    tao = await example_customer(world, "S04")
    await tao.enters()
    await tao.says(answers=[{"question": "q_damage", "good": False}])
    stand(world.ctx, datetime.fromtimestamp(world.ctx.clock() / 1000).astimezone() + timedelta(seconds=5))
    await tao.says(answers=[{"question": "q_damage", "good": True}])
    assert (await tao.whole())["flags"] == ["answered"]


async def test_a_question_names_what_happened_and_nothing_else(world: World) -> None:
    tao = await example_customer(world, "S04")
    await tao.enters()
    (asked,) = [one for one in (await tao.seen())["questions"] if one["id"] == "q_incident"]
    assert asked["items"] == ["meter_cause_analysed", "meter_cause_confirmed", "outage_eta_told"]
    assert asked["zh"] == "以下各项是否做到：分析损坏原因、客户确认原因、告知恢复供水时间？"
    assert asked["en"] == "Was this done: cause analysed, cause confirmed by the customer, restoration time told?"
    await tao.says(answers=[{"question": "q_incident", "good": True}])
    assert (await tao.seen())["said"][0]["answers"][0]["zh"] == asked["zh"]


async def test_without_a_hotline_nobody_is_sent_to_one(world: World) -> None:
    visitor = Visitor(await example_customer(world, "S04"))
    assert "拨打热线" in await visitor.html()
    world.ctx.company = msgspec.structs.replace(world.ctx.company, hotline="")
    html = await visitor.html()
    assert "热线" not in html
    assert Page(html).has("code")
