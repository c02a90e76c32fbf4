"""The customer's page is the utility's: its name, colour and logo; what it says of a visit, in every state."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from service.config.errors import SettingsError
from service.confirmation.pdf import FONT_FILE
from service.web.brand import LEAST_CONTRAST, contrast_with_white, read_logo, readable
from tests.support import example_visits as stories
from tests.support.api_client import VISIT, World, record
from tests.support.customer import (
    UNSIGNED,
    advance_clock,
    confirmation_link,
    example_customer,
)
from tests.support.customer_browser import Page, Visitor
from tests.support.factories import said, uid
from tests.support.fake_gateway import set_up, stand
from tests.support.pictures import picture


@pytest.mark.parametrize("colour", ["#ffffff", "#ffcc00", "#00aaff", "#808080", "#0b5cad", "#000000"])
def test_a_colour_is_dark_enough_to_be_read(colour: str) -> None:
    made = readable(colour)
    assert contrast_with_white([int(made[n : n + 2], 16) for n in (1, 3, 5)]) >= LEAST_CONTRAST
    assert (made == colour) == (colour in ("#0b5cad", "#000000"))


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "cannot be read"), (b"GIF89a", "no PNG, JPEG or SVG"), (b"\xff\xd8\xff" + b"x" * 200_000, "larger than")],
)
def test_a_logo_that_cannot_be_shown_is_said_at_the_start(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "logo"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=says):
        read_logo(str(path))
    assert read_logo("") is None


async def planned(world: World, **company: Any) -> str:
    set_up(world.ctx, "06:00")
    world.ctx.company = msgspec.structs.replace(world.ctx.company, **company)
    assert (await world.plan(external_ref="HB-2026-0042")).status_code == 201
    return await confirmation_link(world)


async def test_name_logo_colour_number_and_official_account_are_on_the_page(small_world: World, tmp_path: Path) -> None:
    path = tmp_path / "logo.png"
    path.write_bytes(picture(form="PNG"))
    official = "本页网址 shangmen.example.cn；公众号“东城供水”"
    link = await planned(small_world, logo=read_logo(str(path)), colour="#7a1f5c", official=official)
    answer = await small_world.client.get(f"/c/{link}")
    for part in ("东城供水", "HB-2026-0042", official, '<meta name="theme-color" content="#7a1f5c">'):
        assert part in answer.text
    assert "img-src 'self'" in answer.headers["content-security-policy"]
    (logo,) = re.findall(r'<img src="(/brand/logo\?v=[0-9a-f]{32})"', answer.text)
    shown = await small_world.client.get(logo)
    assert (shown.status_code, shown.content, shown.headers["content-type"]) == (200, path.read_bytes(), "image/png")
    assert "immutable" in shown.headers["cache-control"]
    again = await small_world.client.get(logo, headers={"if-none-match": shown.headers["etag"]})
    assert again.status_code == 304


async def test_the_styles_are_inside_the_page_and_the_policy_allows_no_others(small_world: World) -> None:
    link = await planned(small_world, colour="#7a1f5c")
    for path in (f"/c/{link}", f"/c/{'a' * 26}", "/privacy"):
        answer = await small_world.client.get(path)
        (styles,) = re.findall("<style>(.+?)</style>", answer.text, re.DOTALL)
        assert styles.endswith(":root{--brand:#7a1f5c}")
        digest = b64encode(sha256(styles.encode()).digest()).decode()
        assert f"; style-src 'sha256-{digest}'; " in answer.headers["content-security-policy"]
        assert "stylesheet" not in answer.text  # a file would be one more round trip before the first paint


async def test_without_a_logo_there_is_none(small_world: World) -> None:
    link = await planned(small_world)
    assert "/brand/logo" not in (await small_world.client.get(f"/c/{link}")).text
    assert (await small_world.client.get("/brand/logo")).status_code == 404


async def test_programs_that_check_links_find_them_alive(small_world: World) -> None:
    link = await planned(small_world)
    for token, status in ((link, 200), ("a" * 26, 404)):
        answer = await small_world.client.head(f"/c/{token}")
        assert (answer.status_code, answer.content) == (status, b"")
        assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_a_cancelled_page_says_who_why_and_what_next_and_names_nobody_who_comes(small_world: World) -> None:
    link = await planned(small_world)
    done = {"reason": "管道抢修，改日再来"}
    path = f"/v1/visits/{VISIT}/cancellation"
    assert (await small_world.ask("zhao", "PUT", path, done, if_match='"0"')).status_code == 200
    html = (await small_world.client.get(f"/c/{link}")).text
    for part in ("东城供水，2026年3月2日 06:00", "管道抢修，改日再来", "我们另约时间", "不会有人上门"):
        assert part in html
    assert "来人</dt>" not in html
    page = (await small_world.ask(None, "GET", f"/v1/confirmations/{link}")).json()
    assert page["cancelled"] == {"at": "2026-03-02T06:00:00+08:00", "reason": "管道抢修，改日再来"}


async def test_who_is_on_the_way_is_on_the_line_of_the_visit(small_world: World) -> None:
    link = await planned(small_world)
    stand(small_world.ctx, "08:45")
    left = {"at": stories.clock("08:40"), "minutes": 25}
    assert (await small_world.ask("li", "PUT", f"/v1/visits/{VISIT}/departure", left)).status_code == 201
    html = (await small_world.client.get(f"/c/{link}")).text
    for part in (
        "工作人员已经出发",
        "预计 09:05 左右到",
        '<li class="passed" aria-current="step">出发<time>08:45</time>',
    ):
        assert part in html
    stand(small_world.ctx, "09:10")
    assert (await small_world.submit(record())).status_code == 201
    html = (await small_world.client.get(f"/c/{link}")).text
    assert "工作人员已经到了" in html
    assert "左右到" not in html


async def test_after_a_change_old_and_new_stand_side_by_side_with_the_reason(sqlite_world: World) -> None:
    tao = await example_customer(sqlite_world, "S04", drop=UNSIGNED)
    visitor = Visitor(tao)

    async def analysed(cause: str, *more: dict[str, Any]) -> None:
        at = advance_clock(sqlite_world, minutes=2).isoformat()
        entry = said("09:00", "meter_cause_analysed", fields={"cause": cause}) | {"id": str(uid(cause)), "at": at}
        content = record(uid(f"r {cause}"), tao.visit, entries=[entry, *({**one, "at": at} for one in more)])
        assert (await sqlite_world.submit(content, uid(f"r {cause}"))).status_code == 201
        advance_clock(sqlite_world, minutes=1)

    await analysed("frost")
    await visitor.enters()
    await visitor.done("signature", {"signer": "陶先生", "relation": "account_holder"})
    assert "您答复之后改了什么" not in await visitor.html()
    slip = {"id": str(uid("slip")), "by": "technician", "what": "meter_cause_analysed"}
    await analysed("renovation", {**slip, "withdraws": str(uid("frost")), "reason": "看错了，是装修时碰坏的"})
    diff = (await visitor.html()).partition("您答复之后改了什么")[2].partition("<h3>")[0]
    assert re.search(r"原来.*<s>防冻不当</s>.*现在.*<p>装修.*原因：看错了，是装修时碰坏的", diff, re.DOTALL), diff
    (paper,) = [one for one in (await tao.seen())["statements"] if one["signs"]]
    assert paper["changed_because"] == ["看错了，是装修时碰坏的"]
    assert any(line["value"] == ["防冻不当"] for line in paper["before"]["lines"])


async def test_who_may_not_sign_is_told_before_and_replaces_nobodys_answer(sqlite_world: World) -> None:
    visitor = Visitor(tao := await example_customer(sqlite_world, "S04", drop=UNSIGNED))
    await visitor.enters()
    html = await visitor.html()
    assert "物业人员、邻居、未成年人不能代签" in html
    assert '<option value="neighbour">' not in html.partition('value="refusal"')[0]
    await visitor.done("refusal", {"reason": "只愿承担一半"}, outcome="partly")
    before = await tao.judged()
    advance_clock(sqlite_world, seconds=5)
    neighbour = {"signer": "王阿姨", "relation": "neighbour"}
    await visitor.done("signature", neighbour)
    assert await tao.judged() == before
    html = await visitor.html()
    assert "您现在的答复" in html.rpartition("部分不同意")[0]
    assert "签名有效" not in html
    assert any(one.get("evidence", [{}])[0].get("signer") == "王阿姨" for one in (await tao.whole())["entries"])


async def test_a_refusal_after_somebody_else_signed_is_a_refusal_as_without_it(sqlite_world: World) -> None:
    visitor = Visitor(tao := await example_customer(sqlite_world, "S04", drop=UNSIGNED))
    await visitor.enters()
    await visitor.done("signature", {"signer": "王阿姨", "relation": "neighbour"})
    assert "violation signer.signer_is_customer" in await tao.judged()
    html = await visitor.html()
    assert "签名不算数" in html
    assert "签名有效" not in html
    advance_clock(sqlite_world, seconds=5)
    await visitor.done("refusal", {"reason": "不是我签的"}, outcome="refused")
    assert await tao.judged() == ["open open.meter_cause_confirmed", "open open.meter_order_signed"]
    seen = (await sqlite_world.ask("li", "GET", f"/v1/visits/{tao.visit}")).json()
    assert any(one.get("withdraws") for one in seen["entries"])  # the technician's phone judges the same


async def test_the_copy_is_a_pdf_with_its_font_inside_for_who_entered_the_code(sqlite_world: World) -> None:
    visitor = Visitor(tao := await example_customer(sqlite_world, "S04", drop=UNSIGNED))
    path = f"{visitor.path}/copy.pdf"
    assert (await tao.client.get(path)).status_code == 403
    await visitor.enters()
    await visitor.done("signature", {"signer": "䶮女士", "relation": "account_holder"})
    assert path in (await visitor.page()).links
    await visitor.done("complaint", {"fact": "complaint_received", "text": "<b>&\x0b" + "字\n" * 480})  # pages long
    made = await tao.client.get(path)
    assert (made.status_code, made.headers["content-type"]) == (200, "application/pdf")
    assert made.content.startswith(b"%PDF-")
    assert b"/FontFile2" in made.content  # it is shown where no Chinese font is installed
    assert b"/ToUnicode" in made.content  # and can be searched
    assert made.content.count(b"/Type /Page\n") > 8
    assert len(made.content) < 200_000 < FONT_FILE.stat().st_size  # only the signs that are used


async def test_steps_fold_when_they_are_done_and_open_without_a_script(sqlite_world: World) -> None:
    visitor = Visitor(tao := await example_customer(sqlite_world, "S04", drop=UNSIGNED))

    async def opened(query: str = "") -> str:
        html = (await tao.client.get(visitor.path + query)).text
        assert len(Page(html).ids) == len(set(Page(html).ids))
        return " ".join(re.findall(r'<details class="step[^>]* id="(\w+)" open>', html))

    assert await opened() == "check"
    assert await opened("?step=sign") == "sign"
    assert await opened("?step=review") == "review"
    assert await opened("?step=x") == "check"  # what a page cannot read it leaves out
    await visitor.enters()
    assert await opened() == "sign"
    await visitor.done("signature", {"signer": "陶先生", "relation": "account_holder"})
    assert await opened() == "review"
    await visitor.done("answers", {"answer-site_cleared": "good"}, form="answers")
    assert await opened() == ""
