"""The desk's page of a visit shows what customers signed and said, and what changed since."""

import re
from datetime import timedelta
from html import unescape

from tests.support.api_client import World, record
from tests.support.customer import Customer, advance_clock, change_cause, example_customer
from tests.support.desk import signed_in
from tests.support.factories import said, uid


async def page_of(world: World, tao: Customer, who: str = "wang") -> str:
    answer = await (await signed_in(world, who)).get(f"/desk/visits/{tao.visit}")
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


async def signing(world: World, cause: str = "") -> Customer:
    """The customer of a visit with a damaged meter, who has entered the code and signed."""
    tao = await example_customer(world, "S04", drop=("meter_order_signed",))
    advance_clock(world, minutes=2)
    if cause:
        await change_cause(tao, cause)
    await tao.enters()
    assert (await tao.signs()).status_code == 200
    return tao


async def test_a_signature_that_holds_says_so_and_shows_no_change(world: World) -> None:
    page = await page_of(world, await signing(world))
    assert "签名有效" in page
    assert "陶先生" in page
    assert "签字以后的变更" not in page


def changes(page: str) -> list[tuple[str, str, str]]:
    """The lines of the table of changes: label, when signed, now."""
    (table,) = re.findall("(?s)签字以后的变更</caption>.*?</table>", page)
    return re.findall('<tr><th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td><td>[^<]+</td></tr>', table)


async def test_a_line_that_came_after_the_signature_is_shown(world: World) -> None:
    tao = await signing(world)
    await change_cause(tao, "frost")
    page = await page_of(world, tao)
    assert "签字后内容有变更，没有再签字" in page
    assert changes(page) == [("损坏原因", "（无）", "防冻不当")]


async def test_a_line_that_changed_since_the_signature_is_shown_old_and_new(world: World) -> None:
    tao = await signing(world, "frost")
    await change_cause(tao, "impact")
    assert changes(await page_of(world, tao)) == [("损坏原因", "防冻不当", "外力撞击")]


async def test_the_customers_word_stands_beside_the_technicians_for_the_office_only(world: World) -> None:
    tao = await example_customer(world, "S01")
    advance_clock(world, minutes=2)
    await tao.enters()
    complaint = {"fact": "complaint_received", "text": "师傅态度不好"}
    given = {"raises": [complaint], "answers": [{"item": "shoe_covers_on", "good": False}], "comment": "地板脏了"}
    answer = await tao.says(**given)
    assert answer.status_code == 200, answer.text
    page = await page_of(world, tao)
    assert "师傅态度不好" in page
    assert "地板脏了" in page
    assert re.search(
        '(?s)<th scope="row">穿鞋套</th>\\s*<td>\\s*<strong>没有做到</strong>.*?<strong>做到了</strong>', page
    )
    for private in ("师傅态度不好", "地板脏了", "客户怎么说"):
        assert private not in await page_of(world, tao, "li")


async def test_the_page_says_what_was_changed_after_the_signature_and_when(world: World) -> None:
    tao = await signing(world)
    await change_cause(tao, "frost")
    at = world.ctx.now() - timedelta(minutes=1)
    page = await page_of(world, tao)
    assert "签字，后来改了以下内容，改后没有再签字" in page
    assert re.search(f"<li>分析损坏原因 <time>{at.month}月{at.day}日 {at:%H:%M}</time></li>", page)
    assert "签名失效" not in page


async def test_the_page_says_that_a_correction_was_not_signed_again(world: World) -> None:
    tao = await signing(world, "frost")
    asked, due = uid("c"), (world.ctx.now() + timedelta(days=1)).isoformat()
    items = [{"item": "meter_cause_analysed", "reason": "原因不清"}]
    path, correction = f"/v1/corrections/{asked}", {"visit": str(tao.visit), "items": items, "due": due}
    assert (await world.ask("wang", "PUT", path, correction)).status_code == 201
    at = advance_clock(world, minutes=2).isoformat()
    entry = {**said("09:00", "meter_cause_analysed", fields={"cause": "impact"}), "id": str(uid("e")), "at": at}
    content = {**record(uid("r"), tao.visit), "correction": str(asked), "entries": [entry]}
    assert (await world.submit(content, uid("r"))).status_code == 201
    page = await page_of(world, tao)
    assert "签字，后来补正了以下内容，补正后没有再签字" in page
    assert re.search(
        "(?s)更正前</dt><dd>.*?<strong>防冻不当</strong>.*?更正后</dt><dd>.*?<strong>外力撞击</strong>", page
    )


async def test_where_there_is_no_signature_nothing_is_said_of_one(world: World) -> None:
    tao = await example_customer(world, "S04", drop=("meter_order_signed",))
    at = advance_clock(world, minutes=2).isoformat()
    entry = {**said("09:00", "meter_order_signed"), "id": str(uid("s")), "at": at}
    content = {**record(uid("r"), tao.visit), "entries": [entry]}
    assert (await world.submit(content, uid("r"))).status_code == 201
    await change_cause(tao, "frost")
    review = (await world.ask("wang", "GET", f"/v1/visits/{tao.visit}/review")).json()
    found = {one["source"]: one["kind"] for one in review["reasons"]}
    assert found["changed_after_signature.signed_content_fixed"] == "violation"
    page = await page_of(world, tao)
    assert "签了字，但没有签名" in page
    assert "签名与内容不符" not in page
