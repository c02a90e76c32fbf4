"""The customer's page says what happened, in the language that was chosen, and asks nothing that is over."""

import msgspec
import pytest

from tests.support.api_client import VISIT, World
from tests.support.customer import STROKES, UNSIGNED, advance_clock, example_customer
from tests.support.customer_browser import Page, Visitor
from tests.support.factories import said
from tests.support.fake_gateway import set_up, stand
from tests.support.golden_scenes import (
    Guest,
    Shots,
    cancelled,
    entry,
    no_room,
    office,
    planned,
    set_up_again,
    submitted,
)

EN = {"accept-language": "en"}


async def guest_of(world: World) -> Guest:
    return await planned(world, Shots("zh"))


async def text_of(guest: Guest, language: str = "zh") -> str:
    return (await guest.tao.client.get(guest.path, headers={"accept-language": language})).text


async def test_what_was_chosen_too_late_is_not_lost(small_world: World) -> None:
    guest = await guest_of(small_world)
    form = (await guest.page()).form(does="another-time")
    stand(small_world.ctx, "07:30")
    sent = form.fields | {"when": "call", "wish": "周六<b>"}
    late = await guest.tao.client.post(guest.path, data=sent)
    assert late.status_code == 409
    for part in ("您刚才写的还没有提交", "请先打电话和我商量", "周六&lt;b&gt;"):
        assert part in late.text
    english = (await guest.tao.client.post(guest.path, data=sent, headers=EN)).text
    assert "Call me first" in english


async def test_nobody_was_at_home_is_told_and_not_while_somebody_still_may_come(small_world: World) -> None:
    guest = await guest_of(small_world)
    stand(small_world.ctx, "09:40")
    await submitted(small_world, VISIT, said("09:05", "arrived"), said("09:10", "nobody_home", holds=True))
    assert "家里没有人" not in await text_of(guest)
    await submitted(small_world, VISIT, said("09:30", "left"), name="left")
    assert "工作人员来过，家里没有人。" in await text_of(guest)
    assert "Our staff came, and nobody was at home." in await text_of(guest, "en")


async def test_who_has_come_needs_no_agreement(small_world: World) -> None:
    guest = await guest_of(small_world)
    stand(small_world.ctx, "09:10")
    await office(small_world, VISIT, entry(small_world, "arrived", "dispatcher"))
    html = await text_of(guest)
    assert "工作人员已经到了" in html
    assert not Page(html).has("appointment")
    assert not any(name.startswith("answer-") for form in Page(html).forms for name in form.fields)
    await cancelled(small_world)
    html = await text_of(guest)
    for part in ("这次上门已取消", "工作人员到达后，这次上门取消了", "不会再有人上门"):
        assert part in html


async def test_no_hotline_is_named_where_there_is_none(small_world: World) -> None:
    guest = await guest_of(small_world)
    form = (await guest.page()).form(does="another-time")
    small_world.ctx.company = set_up_again(small_world, hotline="")
    stand(small_world.ctx, "07:30")
    late = await guest.tao.client.post(guest.path, data=form.fields | {"when": "call"})
    assert "现在已不能这样答复，请联系供水公司" in late.text
    assert "热线" not in late.text
    english = await guest.tao.client.post(guest.path, data=form.fields | {"when": "call"}, headers=EN)
    assert "please contact the utility" in english.text
    assert "hotline" not in english.text


@pytest.mark.parametrize(
    ("given", "status"),
    [({"json": {}}, 415), ({"data": {"does": "\0"}}, 422), ({"data": {"does": "x" * 400_000}}, 413)],
)
async def test_a_page_does_not_speak_to_a_client(small_world: World, given: dict[str, object], status: int) -> None:
    guest = await guest_of(small_world)
    answer = await guest.tao.client.post(guest.path, **given)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert "请返回页面" in answer.text
    for word in ("内容类型", "所列", "分几次"):
        assert word not in answer.text


async def test_on_a_full_disk_nothing_typed_is_lost(small_world: World) -> None:
    guest = await guest_of(small_world)
    form = (await guest.page()).form(does="another-time")
    with no_room():
        full = await guest.tao.client.post(guest.path, data=form.fields | {"when": "call", "wish": "周六"})
    assert full.status_code == 507
    again = Page(full.text).form(does="another-time")
    assert (again.fields["when"], again.fields["wish"]) == ("call", "周六")
    assert (await guest.tao.client.post(again.action, data=again.fields)).status_code == 303


async def test_a_redirect_leads_to_no_part_that_the_page_does_not_have(small_world: World) -> None:
    guest = await guest_of(small_world)
    for fields in ({"does": "code", "form": "code"}, {"does": "answers", "form": "answers", "comment": "请早点来"}):
        answer = await guest.tao.client.post(guest.path, data=fields)
        assert (answer.status_code, answer.headers["location"]) == (303, guest.path)
    stand(small_world.ctx, "09:10")
    await submitted(small_world, VISIT, said("09:05", "arrived"))
    answer = await guest.tao.client.post(guest.path, data={"does": "answers", "form": "answers", "comment": "好"})
    assert answer.headers["location"] == guest.path  # folded at the top
    answer = await guest.tao.client.post(guest.path, data={"does": "code", "form": "code"})
    assert answer.headers["location"] == f"{guest.path}?step=sign#code"
    assert "code" in Page(await text_of(guest)).ids


async def test_a_question_answered_again_is_shown_once_however_it_was_worded(world: World) -> None:
    """The words of a question name the items that it was about, and these change; its code does not."""
    visitor = Visitor(tao := await example_customer(world, "S04", drop=UNSIGNED))
    await visitor.enters()
    await visitor.done("answers", {"answer-q_incident": "good"}, form="answers")
    before = answers(await visitor.html())
    advance_clock(world, minutes=1)
    asked = [
        entry(world, what, thing="tap", label="换水龙头", holds=True) for what in ("request_raised", "request_refused")
    ]
    await submitted(world, tao.visit, *asked)
    advance_clock(world, minutes=1)
    await visitor.done("answers", {"answer-q_incident": "bad"}, form="answers")
    after = answers(await visitor.html())
    assert before.partition("</dt>")[0] != after.partition("</dt>")[0]
    assert (before.count("<dt>"), after.count("<dt>"), "✗ 有问题" in after) == (1, 1, True)


def answers(html: str) -> str:
    return html.partition("您已回答")[2].partition("</dl>")[0]


async def test_a_switch_of_the_language_takes_along_what_could_not_be_taken(world: World) -> None:
    visitor = Visitor(await example_customer(world, "S04", drop=UNSIGNED))
    await visitor.enters()
    form = (await visitor.page()).form(does="signature")
    drawn = str(STROKES).replace(" ", "")
    refused = await visitor.tao.client.post(
        form.action, data=form.fields | {"signer": "陶<b>", "relation": "", "strokes": drawn}
    )
    assert refused.status_code == 422
    switch = Page(refused.text).form(does="language")
    english = await visitor.tao.client.post(switch.action, data=switch.fields | {"language": "en"})
    assert english.status_code == 200
    assert english.headers["content-language"] == "en"
    assert english.headers["set-cookie"].startswith("__Host-doorstep-language=en;")
    again = Page(english.text).form(does="signature")
    assert (again.fields["signer"], again.fields["strokes"]) == ("陶<b>", drawn)
    advance_clock(world, minutes=31)  # what waits for a new code is taken along too
    late = await visitor.tao.client.post(form.action, data=form.fields | {"signer": "陶", "relation": "tenant"})
    assert late.status_code == 403
    switch = Page(late.text).form(does="language")
    english = await visitor.tao.client.post(switch.action, data=switch.fields | {"language": "en"})
    assert "it is kept here. After the code send it again" in english.text
    kept = Page(english.text).form(does="code").fields["kept"]
    assert msgspec.json.decode(kept)["signer"] == "陶"


async def test_a_forged_switch_changes_nothing(small_world: World) -> None:
    guest = await guest_of(small_world)
    for fields in ({}, {"kept": "[]"}, {"typed": '{"does": "appointment"}'}, {"kept": '{"form": "<b>"}'}):
        answer = await guest.tao.client.post(guest.path, data={"does": "language", "language": "fr", **fields})
        assert answer.status_code in (200, 303)
        assert "<b>" not in answer.text
    assert (
        await guest.tao.client.post(f"/c/{'a' * 26}", data={"does": "language", "kept": '{"form": "x"}'})
    ).status_code == 404


async def test_english_says_what_only_chinese_said(small_world: World) -> None:
    set_up(small_world.ctx, "06:00")
    guest = await guest_of(small_world)
    html = await text_of(guest, "en")
    for part in (
        "Please confirm the time",
        "Monday 2 March, 09:00–10:00",
        "until 2 March, 07:00",
        "Call the hotline 021-96000",
    ):
        assert part in html
    await guest.done("another-time", {"when": "call", "wish": "周六"})
    html = await text_of(guest, "en")
    assert "the planned one stands: Monday 2 March, 09:00–10:00." in html
    assert "Call me first; 周六" in html
    assert "请先打电话和我商量；周六" in await text_of(guest)
