"""The customer's page after the work, used as a browser without JavaScript uses it: forms and nothing else."""

import hashlib
import re
from html import unescape

import pytest

from service.confirmation.forms import FORM_ACTIONS
from tests.support.api_client import World, record
from tests.support.customer import STROKES, UNSIGNED, Customer, advance_clock, example_customer
from tests.support.customer_browser import HOSTILE_TEXT, Page, Visitor
from tests.support.factories import said, uid


async def test_the_page_shows_who_came_what_was_done_and_masks_until_the_code_passes(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04"))
    html = await visitor.html()
    for part in (
        "李",
        "东城供水",
        "到达时间",
        "在工作人员手机上签名",
        "张，输入验证码后可看",
        "138****0000",
        "证明是您本人",
    ):
        assert part in html, part
    for secret in ("13800000000", "签字人", "<img", 'value="signature"', 'value="refusal"'):
        assert secret not in html, secret
    assert "签**（" in html
    await visitor.enters()
    html = await visitor.html()
    for part in (
        "13800000000",
        "签字人（",
        "<img",
        'value="signature"',
        'value="refusal"',
        'value="raised"',
        "成年家庭成员",
    ):
        assert part in html, part
    assert await tao.judged() == []


async def test_every_page_has_one_heading_and_every_field_a_label_and_an_id_of_its_own(world: World) -> None:
    visitor = Visitor(await example_customer(world, "S04", drop=UNSIGNED))
    for _ in range(2):
        html = await visitor.html()
        page = Page(html)
        assert page.headings == ["h1"]
        assert len(page.ids) == len(set(page.ids))
        fields = re.findall(r"<(?:input|textarea|select)[^>]*>", html)
        for field in fields:
            if 'type="hidden"' in field or 'type="radio"' in field:  # a radio button stands inside its label
                continue
            assert re.search(r'id="([^"]+)"', field)[1] in page.labelled, field
        assert " checked" not in html
        assert " selected" not in html
        if page.has("code"):
            await visitor.enters()


async def test_the_code_is_asked_for_entered_wrong_and_entered_right(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04"))
    assert not (await visitor.page()).has("code-entry")
    code = await visitor.code()
    html = await visitor.html()
    assert "10 分钟内有效" in html
    assert 'inputmode="numeric" autocomplete="one-time-code"' in html
    wrong = await visitor.sends("code-entry", {"code": f"{(int(code) + 1) % 10**6:06}"})
    assert wrong.status_code == 403
    assert "验证码不对或已失效" in wrong.text
    assert wrong.text.index('class="trouble"') < wrong.text.index('name="code"')
    assert Page(wrong.text).has("code-entry")
    wide = " ".join(chr(ord(digit) + 0xFEE0) for digit in code)  # as a Chinese keyboard writes digits
    await visitor.done("code-entry", {"code": wide})
    assert (await tao.seen())["level"] == "own_device"
    assert not (await visitor.page()).has("code-entry")


async def test_too_many_codes_and_too_many_tries_are_told_on_the_page(world: World) -> None:
    visitor = Visitor(await example_customer(world, "S04"))
    code = await visitor.code()
    for n in range(1, 6):
        assert (await visitor.sends("code-entry", {"code": f"{(int(code) + n) % 10**6:06}"})).status_code == 403
    page = await visitor.page()
    assert not page.has("code-entry")  # only a new one helps
    for _ in range(2):
        await visitor.done("code", {})
    slow = await visitor.sends("code", {})
    assert slow.status_code == 429
    assert int(slow.headers["retry-after"]) > 0
    assert re.search(r"请 \d+ 分钟后再试", slow.text)
    assert (await visitor.page()).has("answers")


async def test_signing_by_name_and_code_alone_and_a_copy_that_proves_itself(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04", drop=("meter_order_signed",)))
    assert not any("/copy" in link for link in (await visitor.page()).links)
    early = await tao.client.get(f"{visitor.path}/copy")
    assert (early.status_code, "先输入短信验证码" in early.text) == (403, True)
    await visitor.enters()
    html = await visitor.html()
    assert html.index('class="declares"') < html.index('<button class="sign">')
    await visitor.done("signature", {"signer": "陶先生", "relation": "adult_household_member"})
    assert await tao.judged() == []
    page = await visitor.page()
    assert "本人手机验证码签认" in page.text
    assert "您已经答复" in page.text
    assert "改变主意" in page.text  # who signed may still disagree
    assert ">陶先生<" in await visitor.html()  # the name is the signature: no picture of it
    assert "以输入姓名和验证码签认" in page.text
    assert f"{visitor.path}/copy" in page.links
    copy = await tao.client.get(f"{visitor.path}/copy")
    assert copy.headers["content-disposition"].startswith("attachment;")
    for part in (
        "陶先生",
        "本人手机验证码签认",
        "13800000000",
        "签名有效",
        "sha256sum",
        "没有手写",
        "原照片的 SHA-256",
    ):
        assert part in copy.text
    assert not re.search(r'(?:src|href)="(?!data:)', copy.text)
    seen = await tao.seen()
    texts = [unescape(text) for text in re.findall("<pre>(.*?)</pre>", copy.text, re.DOTALL)]
    assert [hashlib.sha256(text.encode()).hexdigest() for text in texts] == [
        one["sha256"] for one in seen["statements"]
    ]
    assert all(one["sha256"] in copy.text for one in seen["statements"])


async def test_a_drawing_comes_with_the_form_and_is_seen_by_its_link(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04", drop=("meter_order_signed",)))
    await visitor.enters()
    bad = await visitor.sends("signature", {"signer": "陶", "relation": "account_holder", "strokes": "[[["})
    assert (bad.status_code, "签名读不出来" in bad.text) == (422, True)
    drawn = str(STROKES).replace(" ", "")
    await visitor.done("signature", {"signer": "陶", "relation": "account_holder", "strokes": drawn})
    (sha256,) = [one["signature"]["sha256"] for one in (await tao.seen())["statements"] if one["signature"]]
    picture = await tao.client.get(f"{visitor.path}/photo/{sha256}?size=small")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    again = await tao.client.get(
        f"{visitor.path}/photo/{sha256}?size=small", headers={"if-none-match": picture.headers["etag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("outcome", "words"), [("partly", "部分不同意"), ("refused", "不同意"), ("unable", "不方便签字")]
)
async def test_not_signing_is_a_choice_like_signing(world: World, outcome: str, words: str) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04", drop=UNSIGNED))
    await visitor.enters()
    html = await visitor.html()
    summaries = [one for one in re.findall("<summary>(.*?)<", html) if one]
    assert summaries[:4] == ["签字", "部分不同意", "不同意，拒绝签字", "不方便签字"]
    fields = {"reason": "表是自己坏的"}
    if outcome == "unable":
        fields |= {"helper": "陶小明", "helper_relation": "adult_household_member"}
    await visitor.done("refusal", fields, outcome=outcome)
    assert await tao.judged() == ["open open.meter_cause_confirmed", "open open.meter_order_signed"]
    (declined,) = [one for paper in (await tao.seen())["statements"] for one in paper["declined"]]
    assert (declined["outcome"], declined["by"]) == (outcome, "customer")
    page = await visitor.page()
    assert words in page.text
    assert "表是自己坏的" in page.text
    assert ("协助人：陶小明，成年家庭成员" in page.text) == (outcome == "unable")
    assert page.has("signature")  # he may still sign
    assert f"{visitor.path}/copy" in page.links


async def test_what_was_left_out_is_said_and_what_was_written_stays(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04", drop=UNSIGNED))
    await visitor.enters()
    for does, having, fields, words in (
        ("signature", {}, {"signer": HOSTILE_TEXT, "relation": ""}, "请选择您与户主的关系"),
        ("signature", {}, {"signer": " ", "relation": "tenant"}, "请填写签字人姓名"),
        ("refusal", {"outcome": "unable"}, {"reason": " ", "helper": HOSTILE_TEXT}, "请写明原因"),
        ("raised", {}, {"fact": "", "text": HOSTILE_TEXT}, "请选择发生了什么"),
        ("answers", {"form": "answers"}, {}, "您还没有选"),
    ):
        answer = await visitor.sends(does, fields, **having)
        assert answer.status_code == 422
        page = Page(answer.text)
        assert page.text.count(words) == 2, words  # at the top, and above its form
        assert "<script>" not in answer.text
        kept = page.form(does=does, **having).fields
        assert {name: kept[name] for name in fields} == dict(fields)
    assert not (await tao.whole())["said"]


async def test_one_button_says_that_all_was_well_and_silence_says_nothing(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04"))
    await visitor.enters()
    questions = (await tao.seen())["questions"]
    assert "q_integrity" in [one["id"] for one in questions]
    parts = [part for one in questions for part in one["parts"]]
    alone = {part["item"] for part in parts if part["alone"]}
    assert {"no_gifts", "meter_cause_confirmed", None} <= alone  # None: whether anything was damaged
    await visitor.done("answers", {"answer-site_cleared": "bad", "comment": "地上都是水"}, form="answers")
    assert "violation disputed.site_cleared" in await tao.judged()
    said = [one for one in (await tao.whole())["entries"] if one.get("says")]
    assert {one["what"] for one in said} == {"site_cleared"}  # the others stay open
    html = await visitor.html()
    assert "已收到您的意见，时间 " in html
    assert " checked" not in html
    advance_clock(world, seconds=5)
    await visitor.done("answers", {"all": "yes"}, form="answers")
    assert await tao.judged() == []
    last = (await tao.whole())["said"][-1]["answers"]
    assert {one["item"] for one in last} == {part["item"] for part in parts} - alone  # money, gifts, damage: never
    assert {one["says"] for one in (await tao.whole())["entries"] if one.get("says")} == {"yes", "no"}


async def test_questions_of_his_own_device_stand_only_there(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04"))
    assert "no_gifts" not in await visitor.html()
    await visitor.done("answers", {"answer-q_clean": "bad"}, form="answers")  # words, before the code
    assert await tao.judged() == ["violation disputed.site_cleared"]
    hidden = await tao.client.post(visitor.path, data={"does": "answers", "answer-q_integrity": "good"})
    assert (hidden.status_code, "先输入短信验证码" in hidden.text) == (403, True)
    await visitor.enters()
    assert "no_gifts" in await visitor.html()


async def test_a_denied_damage_is_raised_by_a_form(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04"))
    await visitor.enters()
    await visitor.done("raised", {"fact": "own_damage", "text": f"茶几裂了{HOSTILE_TEXT}"})
    assert [code for code in await tao.judged() if "missing.damage_choice_followed[customer-" in code]
    html = await visitor.html()
    assert "<script>" not in html


async def test_a_statement_that_changed_meanwhile_has_to_be_read_again(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04", drop=("meter_order_signed",)))
    await visitor.enters()
    form = (await visitor.page()).form(does="signature")
    at = advance_clock(world, minutes=5)
    entry = said("09:00", "meter_cause_analysed", fields={"cause": "frost"}) | {"at": at.isoformat()}
    again = record(uid("r2"), tao.visit, entries=[entry])
    assert (await world.submit(again, uid("r2"))).status_code == 201
    given = {"signer": "陶先生", "relation": "account_holder"}
    answer = await tao.client.post(form.action, data=form.fields | given)
    assert (answer.status_code, "内容刚有变化，请重新核对" in answer.text) == (409, True)
    assert not (await tao.whole())["said"]
    advance_clock(world, minutes=1)
    await visitor.done("signature", given)
    entry = said("09:00", "meter_cause_analysed", fields={"cause": "pressure"}) | {"id": str(uid("third"))}
    entry["at"] = advance_clock(world, minutes=1).isoformat()
    assert (await world.submit(record(uid("r3"), tao.visit, entries=[entry]), uid("r3"))).status_code == 201
    html = await visitor.html()
    assert "签字后内容有变更，签名已失效，请重新核对" in html
    assert Page(html).has("signature")


async def test_hostile_names_labels_and_reasons_are_only_text(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04", drop=UNSIGNED))
    await visitor.enters()
    await visitor.done("refusal", {"reason": HOSTILE_TEXT}, outcome="partly")
    advance_clock(world, seconds=5)
    await visitor.done("signature", {"signer": HOSTILE_TEXT, "relation": "tenant"})
    entry = said("09:00", "meter_cause_analysed", label=HOSTILE_TEXT, fields={"cause": HOSTILE_TEXT})
    entry["at"] = advance_clock(world, minutes=1).isoformat()
    assert (await world.submit(record(uid("r2"), tao.visit, entries=[entry]), uid("r2"))).status_code == 201
    for path in ("", "/copy"):
        answer = await tao.client.get(visitor.path + path)
        assert answer.status_code == 200
        assert HOSTILE_TEXT in unescape(answer.text)
        assert "<script>alert" not in answer.text
        assert re.search(r"<[^>]*alert\(1\)", answer.text) is None  # nor in an attribute


async def test_pictures_are_for_who_entered_the_code_and_only_those_of_his_statements(world: World) -> None:
    tao = await example_customer(world, "S04")
    visitor = Visitor(tao)
    photos = [
        one
        for paper in (await tao.seen())["statements"]
        for line in paper["statement"]["lines"]
        for one in line.get("photos", ())
    ]
    assert photos
    addresses = [f"{visitor.path}/photo/{one}{size}" for one in photos for size in ("", "?size=small")]
    for address in addresses:
        assert (await tao.client.get(address)).status_code == 404
    await visitor.enters()
    for address in addresses:
        picture = await tao.client.get(address)
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
        assert picture.headers["x-content-type-options"] == "nosniff"
    elsewhere = Customer(world, tao.post, tao.token, tao.visit, "198.51.100.9")
    assert (await elsewhere.client.get(addresses[0])).status_code == 404
    other = hashlib.sha256(b"another").hexdigest()
    for file in (other, "..%2f..%2fetc", "x" * 64, photos[0].upper()):
        assert (await tao.client.get(f"{visitor.path}/photo/{file}")).status_code == 404
    assert (await tao.client.get(f"/c/{'a' * 26}/photo/{photos[0]}")).status_code == 404


async def test_looking_and_the_robots_of_messengers_change_nothing(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04"))
    await visitor.enters()
    before = await tao.whole()
    for method in ("GET", "HEAD", "GET", "OPTIONS"):
        for path in ("", "/copy", "/photo/x"):
            await tao.client.request(method, visitor.path + path, headers={"user-agent": "a preview robot"})
    assert await tao.whole() == before
    assert (await tao.seen())["level"] == "own_device"


async def test_wrong_and_ended_links_give_the_same_page_for_every_form(world: World) -> None:
    tao = await example_customer(world, "S04")
    ended = tao.token
    assert (await world.ask("zhao", "POST", f"/v1/visits/{tao.visit}/confirmation-link")).status_code == 201
    texts = set[tuple[bool, str]]()
    for token in (ended, "a" * 26):
        for does in (*FORM_ACTIONS, "nothing"):
            fields = {
                "does": does,
                "code": "000000",
                "answer-q_clean": "bad",
                "signer": "x",
                "relation": "x",
                "reason": "x",
                "fact": "x",
                "text": "x",
            }
            answer = await tao.client.post(f"/c/{token}", data=fields)
            assert answer.status_code in (404, 410), answer.text
            texts.add((token == ended, answer.text.replace(token, "TOKEN")))
        copy = (await tao.client.get(f"/c/{token}/copy")).text.replace(f"{token}/copy", "TOKEN")
        texts.add((token == ended, copy))
    assert len(texts) == 2
    assert not (await tao.whole())["said"]


async def test_forms_that_are_none_of_ours_are_told_in_the_page(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04"))
    unfit = {"does": "answers", "asked": "q_none"}
    for fields in ({"x": "y"}, {"does": "nothing"}, {"does": "refusal", "reason": "x"}, unfit):
        answer = await tao.client.post(visitor.path, data=fields)
        assert answer.status_code in (403, 422)
        assert 'role="alert"' in answer.text
    large = {"does": "signature", "strokes": "x" * 400_000}
    assert (await tao.client.post(visitor.path, data=large)).status_code == 413
    assert (await tao.client.post(visitor.path, json={})).status_code == 415
    assert not (await tao.whole())["said"]


async def test_only_scripts_of_this_site_run_and_only_where_there_is_something_to_write(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04", drop=("meter_order_signed",)))

    async def policy() -> str:
        return (await tao.client.get(visitor.path)).headers["content-security-policy"]

    before = await policy()
    assert "script-src 'self'" in before
    assert "img-src" not in before
    assert re.findall('src="([^"]+)"', await visitor.html()) == ["/web/customer/choices.js"]
    await visitor.enters()
    assert "script-src 'self'; img-src 'self'" in await policy()
    for each in (before, await policy()):
        assert re.match(r"default-src 'none'; style-src 'sha256-[^' ]+'; form-action", each)
        assert "connect-src" not in each
        assert "unsafe" not in each
