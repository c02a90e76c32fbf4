"""The code on the customer's page: how long it lasts, what is said when it ended, and that going back is no mistake."""

from service.messages import worker
from tests.support.api_client import World
from tests.support.customer import UNSIGNED, advance_clock, change_cause, example_customer
from tests.support.customer_browser import Page, Visitor

ENDED = "验证已过半小时，请重新获取验证码"
GIVEN = {"signer": "陶先生", "relation": "account_holder"}


async def test_the_page_says_until_when_he_is_known_and_then_that_it_ended(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04", drop=UNSIGNED))
    assert ENDED not in await visitor.html()
    answer = await visitor.sends("code-entry", {"code": await visitor.code()})
    assert answer.headers["location"] == visitor.path  # where the step to sign is open
    html = await visitor.html()
    until = advance_clock(world, minutes=30).astimezone(world.ctx.zone)
    assert f"✓ 已验证，{until:%H:%M} 前有效" in html
    step = html.partition('id="sign"')[2]
    assert step.index("✓ 已验证") < step.index('id="read-')  # he reads it, and goes on downwards
    assert (await tao.seen())["level"] == "own_device"
    form = (await visitor.page()).form(does="signature")
    advance_clock(world, seconds=1)
    assert ENDED in await visitor.html()
    late = await tao.client.post(visitor.path, data=form.fields | GIVEN)
    assert late.status_code == 403
    assert Page(late.text).text.count(ENDED) == 2  # at the top, and above the button
    assert "先输入短信验证码" not in late.text
    assert ENDED in (await tao.client.get(f"{visitor.path}/copy")).text


async def test_what_went_well_is_said_calmly(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04", drop=UNSIGNED))
    await visitor.enters()
    form = (await visitor.page()).form(does="signature")
    advance_clock(world, minutes=31)
    late = await tao.client.post(visitor.path, data=form.fields | GIVEN)
    assert 'role="alert"' in late.text
    ask = Page(late.text).form(does="code")
    sent = await tao.client.post(visitor.path, data=ask.fields)
    entry = Page(sent.text).form(does="code-entry")
    await worker.deliver_due(world.ctx)
    code = tao.post.letters[-1].text.partition("验证码 ")[2][:6]
    right = await tao.client.post(visitor.path, data=entry.fields | {"code": code})
    for answer, words in ((sent, "验证码已发出"), (right, "验证好了")):
        assert words in answer.text
        assert 'role="status"' in answer.text
        assert 'role="alert"' not in answer.text
        assert 'class="trouble"' not in answer.text
    assert Page(right.text).form(does="signature").fields["signer"] == "陶先生"


async def test_after_five_wrong_tries_he_is_told_that_only_a_new_code_helps(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04"))
    code = await visitor.code()
    page = await visitor.page()
    form = page.form(does="code-entry")
    told_so = []
    for n in (1, 2, 3, 4, 5, 6):
        wrong = {"code": f"{(int(code) + n) % 10**6:06}"}
        told_so.append(
            "已输错 5 次，请重新获取" in (await tao.client.post(visitor.path, data=form.fields | wrong)).text
        )
    assert told_so == [False] * 4 + [True] * 2
    right = await tao.client.post(visitor.path, data=form.fields | {"code": code})
    assert (right.status_code, "已输错 5 次" in right.text) == (403, True)
    assert (await tao.seen())["level"] is None


async def test_the_code_that_opened_the_page_is_no_mistake_while_it_is_open(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04"))
    code = await visitor.code()
    form = (await visitor.page()).form(does="code-entry")
    for _ in range(3):  # he goes back and presses the button again
        advance_clock(world, minutes=9)
        answer = await tao.client.post(visitor.path, data=form.fields | {"code": code})
        assert answer.status_code == 303, answer.text
    wrong = await tao.client.post(visitor.path, data=form.fields | {"code": f"{(int(code) + 1) % 10**6:06}"})
    assert (wrong.status_code, "已输错" in wrong.text) == (403, False)
    advance_clock(world, minutes=20)  # and it opens nothing anew
    assert (await tao.seen())["level"] is None
    again = await tao.client.post(visitor.path, data=form.fields | {"code": code})
    assert (again.status_code, "已输错" in again.text) == (403, False)
    assert (await tao.seen())["level"] is None


async def test_what_was_said_before_the_code_is_told_apart(world: World) -> None:
    visitor = Visitor(await example_customer(world, "S04"))
    await visitor.done("answers", {"answer-q_clean": "bad", "comment": "地上都是水"}, form="answers")
    assert "未验证时写的" not in await visitor.html()
    await visitor.enters()
    html = await visitor.html()
    assert html.count("未验证时写的") == 2
    advance_clock(world, seconds=5)
    await visitor.done("answers", {"answer-q_clean": "good"}, form="answers")
    assert (await visitor.html()).count("未验证时写的") == 1  # his words; the question he answered again


async def test_the_reminder_of_damage_stays_until_the_damage_is_told(world: World) -> None:
    visitor = Visitor(await example_customer(world, "S04"))
    await visitor.enters()
    await visitor.done("answers", {"answer-q_damage": "bad"}, form="answers")
    for fact, reminded in (("complaint_received", True), ("own_damage", False)):
        advance_clock(world, seconds=5)
        await visitor.done("raised", {"fact": fact, "text": "茶几裂了"})
        assert ("请在这里写明是什么" in await visitor.html()) == reminded


async def test_a_changed_statement_is_led_to_and_marked(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04", drop=UNSIGNED))
    await visitor.enters()
    form = (await visitor.page()).form(does="signature")
    await change_cause(tao)
    answer = await tao.client.post(visitor.path, data=form.fields | GIVEN)
    assert answer.status_code == 409
    page = Page(answer.text)
    there = answer.text.partition('role="alert"')[2].partition('href="#')[2].partition('"')[0]
    assert there.startswith("read-")
    assert there in page.ids
    section = answer.text.partition(f'id="{there}"')[2]
    assert section.index("内容刚有变化") < section.index("<h2>")
