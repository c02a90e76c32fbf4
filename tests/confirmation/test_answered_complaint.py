"""The link of the message that announces the answer to a complaint leads to it."""

from tests.support.api_client import World
from tests.support.complaints import answers, complaining
from tests.support.customer import Customer, link_holder
from tests.support.customer_browser import Page, Visitor


async def number_of(tao: Customer) -> str:
    return (await tao.seen())["raised"][0]["number"]


async def test_before_the_code_the_number_stands_at_the_top_and_after_it_the_answer(sqlite_world: World) -> None:
    tao = await complaining(sqlite_world)
    number, other = await number_of(tao), Visitor(link_holder(tao))
    assert number not in await other.html()  # there is no answer yet
    await answers(sqlite_world, tao, "已致歉，并与师傅谈话")
    html = await other.html()
    head = f"您的投诉（编号 {number}）已有答复，输入验证码查看"
    main = html.partition("</ol>")[2]
    assert main.index(head) < main.index("获取验证码") < main.index('class="step')
    for secret in ("师傅态度不好", "已致歉"):
        assert secret not in html
    assert Page(html).ids.count("code") == 1
    await other.enters()
    main = (await other.html()).partition("</ol>")[2]
    assert head not in main
    assert main.index("已致歉，并与师傅谈话") < main.index('class="step')


async def test_on_the_phone_on_which_it_was_written_the_answer_itself_stands_at_the_top(sqlite_world: World) -> None:
    tao = await complaining(sqlite_world)
    await answers(sqlite_world, tao, "已致歉")
    main = (await Visitor(tao).html()).partition("</ol>")[2]
    assert "已有答复，输入验证码" not in main
    assert main.index("已致歉") < main.index('class="step')


async def test_english_has_the_same(sqlite_world: World) -> None:
    tao = await complaining(sqlite_world)
    number = await number_of(tao)
    await answers(sqlite_world, tao, "已致歉")
    other = link_holder(tao)
    html = (await other.client.get(f"/c/{tao.token}", headers={"accept-language": "en"})).text
    assert f"Your complaint (number {number}) has been answered" in html
