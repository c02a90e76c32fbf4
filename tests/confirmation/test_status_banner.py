"""At the top of the customer's page stands what comes next, in each case; at its foot how long it lives."""

import re

import pytest

from service.messages import worker
from tests.support.api_client import VISIT, World
from tests.support.customer import AGREEMENT, UNSIGNED, advance_clock, confirmation_link, example_customer, move_window
from tests.support.customer_browser import Page, Visitor
from tests.support.fake_gateway import Post, set_up, stand
from tests.support.pdf_words import words_of_pdf

DONE, LEFT, READS = "您已办完，可以关闭本页", "请核对并签认", "供水公司的主管会看到"
RATE = "还可以评价（可不填）"
PAST = "约定的时间已过。如果没有人来，请拨打热线"


@pytest.fixture
async def post(world: World) -> Post:
    """A visit that is planned for nine."""
    made = set_up(world.ctx, "06:00")
    assert (await world.plan()).status_code == 201
    return made


def top(html: str) -> str:
    """What stands above who comes."""
    above, who, _ = html.partition("<dt>来人</dt>")
    assert who
    return above


async def test_what_is_left_to_sign_is_led_to_and_who_signed_and_rated_is_done(world: World) -> None:
    visitor = Visitor(await example_customer(world, "S04", drop=UNSIGNED))
    html = await visitor.html()
    assert LEFT in top(html)
    assert "?step=sign#sign" in Page(html).links
    assert "sign" in Page(html).ids
    assert DONE not in html
    await visitor.enters()
    await visitor.done("signature", {"signer": "陶先生", "relation": "account_holder"})
    html = await visitor.html()
    assert RATE in top(html)
    assert DONE not in html
    assert LEFT not in html
    assert READS not in html
    await visitor.done("answers", {"all": "yes"}, form="answers")
    html = await visitor.html()
    assert DONE in top(html)
    assert RATE not in html


async def test_who_looked_and_said_nothing_is_not_done(world: World) -> None:
    visitor = Visitor(await example_customer(world, "S01"))  # there is nothing to sign
    html = await visitor.html()
    assert LEFT not in html
    assert DONE not in html
    await visitor.done("answers", {"answer-site_cleared": "good"}, form="answers")
    assert DONE in top(await visitor.html())


async def test_who_disagrees_or_complains_is_told_who_reads_it_and_by_when(world: World) -> None:
    visitor = Visitor(await example_customer(world, "S04", drop=UNSIGNED))
    await visitor.enters()
    await visitor.done("refusal", {"reason": "不同意"}, outcome="refused")
    html = await visitor.html()
    assert READS in top(html)
    assert "日内答复" not in html  # the norm gives no date for that
    for fact, days in (("complaint_received", 5), ("report_received", 10)):
        advance_clock(world, seconds=5)
        await visitor.done("raised", {"fact": fact, "text": f"说的是{days}"})
        receipt = top(await visitor.html()).partition("您的投诉与举报")[2]
        assert f"说的是{days}" in receipt
        assert "受理编号" in receipt
        assert receipt.count("正在办理，最晚 ") == days // 5  # the report has one more


async def test_a_wish_moves_nothing_until_somebody_confirms(world: World, post: Post) -> None:
    token = await confirmation_link(world)
    await world.ask(None, "PUT", f"/v1/confirmations/{token}", {"another_time": {"wish": "周六上午"}})
    html = top((await world.client.get(f"/c/{token}")).text)
    assert "原定时间不变：3月2日（周一） 09:00–10:00" in html
    assert "周六上午" in html


@pytest.mark.parametrize("agreed", [True, False])
async def test_when_the_time_is_past_and_nobody_came_he_knows_whom_to_call(
    world: World, post: Post, agreed: object
) -> None:
    token = await confirmation_link(world)
    if agreed:
        await world.ask(None, "PUT", f"/v1/confirmations/{token}", AGREEMENT)
    stand(world.ctx, "09:59")
    assert PAST not in (await world.client.get(f"/c/{token}")).text
    stand(world.ctx, "10:01")
    html = (await world.client.get(f"/c/{token}")).text
    assert PAST in top(html)
    assert "已约好" not in html


async def test_a_time_is_called_agreed_only_when_it_was(world: World, post: Post) -> None:
    token = await confirmation_link(world)
    assert "计划时间" in (await world.client.get(f"/c/{token}")).text
    await world.ask(None, "PUT", f"/v1/confirmations/{token}", AGREEMENT)
    html = (await world.client.get(f"/c/{token}")).text
    assert "约定时间" in html
    assert "计划时间" not in html
    stand(world.ctx, "06:10")
    await move_window(world)
    html = (await world.client.get(f"/c/{token}")).text
    assert "约定时间" not in html
    for part in (
        '<span class="times">09:00–10:00</span></span></s>',
        '<span class="times">14:00–15:00</span>',
        "原因：前一家未完",
    ):
        assert part in html
    before = (await world.ask(None, "GET", f"/v1/confirmations/{token}")).json()["appointment"]["before"]
    assert before["from"] == "2026-03-02T09:00:00+08:00"
    await world.ask(None, "PUT", f"/v1/confirmations/{token}", AGREEMENT)
    html = (await world.client.get(f"/c/{token}")).text
    assert "约定时间" in html
    assert "时间的变化" not in html


async def test_the_foot_says_how_long_the_link_lives_and_what_is_kept(world: World, post: Post) -> None:
    made = (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")).json()
    foot = (await world.client.get(f"/c/{made['token']}")).text.partition('class="foot"')[2]
    assert made["expires_at"].startswith("2026-03-09T10:00")
    assert "这个链接 2026年3月9日 10:00 前有效" in foot
    assert "只用来防止冒用，不作他用" in foot
    assert 'href="/privacy"' in foot
    privacy = await world.client.get("/privacy")
    assert "网络地址和浏览器 cookie 的指纹" in privacy.text


@pytest.mark.parametrize("agrees", [False, True])
@pytest.mark.parametrize(
    ("language", "planned", "agreed"), [("zh", "计划时间", "约定时间"), ("en", "Planned time", "Agreed time")]
)
async def test_so_it_is_in_the_pdf(sqlite_world: World, agrees: bool, language: str, planned: str, agreed: str) -> None:
    tao = await example_customer(sqlite_world, "S04", drop=() if agrees else ("appointment_agreed",))
    assert (await tao.seen())["appointment"]["agreed"] is agrees
    await tao.enters()
    path, headers = f"/c/{tao.token}", {"accept-language": language}
    pdf = words_of_pdf((await tao.client.get(f"{path}/copy.pdf", headers=headers)).content)
    html = (await tao.client.get(path, headers=headers)).text
    assert (agreed in pdf, planned in pdf) == (agrees, not agrees)
    assert (f"<dt>{agreed}</dt>" in html, f"<dt>{planned}</dt>" in html) == (agrees, not agrees)


async def test_another_technician_is_shown_beside_the_one_who_was_announced(world: World, post: Post) -> None:
    async def hand_over(revision: int, technician: str) -> None:
        change = {"technician": technician, "reason": "请假"}
        path = f"/v1/visits/{VISIT}/technician"
        answer = await world.ask("zhao", "PUT", path, change, if_match=f'"{revision}"')
        assert answer.status_code == 200, answer.text

    async def sides() -> list[str]:
        html = (await world.client.get(f"/c/{token}", headers={"accept-language": "zh"})).text
        _, _, change = html.partition("来的人有变化")
        return [re.sub("<[^>]*>", "", one).strip() for one in re.findall(r"</p><p>(.*?)</p>", change)[:2]]

    token = await confirmation_link(world)
    assert await sides() == []
    await hand_over(0, "sun")
    assert await sides() == []  # they heard of nobody
    assert (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/notice", {"channel": "sms"})).status_code == 201
    await worker.deliver_due(world.ctx)
    token = post.token
    stand(world.ctx, "06:10")
    await hand_over(1, "li")
    assert await sides() == ["孙", "李"]
    await hand_over(2, "sun")
    assert await sides() == []  # the one they know comes
