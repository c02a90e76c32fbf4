"""What the page of a visit shows as decided, chosen and corrected, and what its form sends again."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

from tests.reviews.desk import ENTRIES, NO_CARD, PAGE, RANG_LATE, shown
from tests.support.api_client import VISIT, World, record
from tests.support.customer import advance_clock, example_customer
from tests.support.desk import DeskBrowser, signed_in
from tests.support.factories import said, uid


def article(page: str, code: str) -> str:
    """The part of the page about a finding that can be decided."""
    found = [one for one in re.findall("(?s)<article.*?</article>", page) if f'name="decision:{code}"' in one]
    assert len(found) == 1, code
    return found[0]


def ticked(part: str) -> list[str]:
    return re.findall('value="(uphold|override)" checked', part)


async def decide(desk: DeskBrowser, **choices: str) -> None:
    answer = await desk.post(f"{PAGE}/review", {"tag": await desk.field(PAGE, "tag"), **choices})
    assert answer.status_code == 303, answer.text


async def decisions(world: World) -> dict[str, Any]:
    review = (await world.ask("wang", "GET", f"/v1/visits/{VISIT}/review")).json()
    return {one["finding"]["code"]: one["decision"] for one in review["findings"] if one["decision"]}


async def second_supervisor(world: World) -> DeskBrowser:
    changed = {"roles": ["supervisor"], "areas": ["城东"]}
    answer = await world.ask("admin", "PUT", "/v1/people/sun/roles", changed)
    assert answer.status_code == 200, answer.text
    return await signed_in(world, "sun")


async def test_an_overridden_finding_shows_what_was_decided_by_whom_and_why(wang: DeskBrowser) -> None:
    await decide(wang, **{f"decision:{RANG_LATE}": "override", f"reason:{RANG_LATE}": "客户先开的门"})
    part = article(await shown(wang), RANG_LATE)
    assert '<span class="badge plain">不计</span>' in part
    assert "badge bad" not in part
    assert re.search("(?s)不计</strong> · 王 · <time>3月2日 12:00</time>.*?系统判为违规.*?客户先开的门", part)
    assert ticked(part) == ["override"]
    assert 'value="客户先开的门"' in part


async def test_an_upheld_finding_says_so_and_stays_a_violation(wang: DeskBrowser) -> None:
    await decide(wang, **{f"decision:{NO_CARD}": "uphold"})
    part = article(await shown(wang), NO_CARD)
    assert '<span class="badge bad">违规 · 成立</span>' in part
    assert ticked(part) == ["uphold"]


async def test_what_was_decided_before_is_not_decided_again_by_whoever_saves_the_form(wang: DeskBrowser) -> None:
    await decide(wang, **{f"decision:{RANG_LATE}": "override", f"reason:{RANG_LATE}": "客户 先开的门"})
    other = await second_supervisor(wang.world)
    page = await shown(other)
    was = re.search(f'name="was:{re.escape(RANG_LATE)}" value="([^"]*)"', page)
    assert was is not None
    kept = {f"was:{RANG_LATE}": was[1], f"decision:{RANG_LATE}": "override", f"reason:{RANG_LATE}": "客户 先开的门"}
    await decide(other, **kept, **{f"decision:{NO_CARD}": "uphold"})
    found = await decisions(wang.world)
    assert (found[RANG_LATE]["by"], found[NO_CARD]["by"]) == ("wang", "sun")
    await decide(other, **{**kept, f"decision:{RANG_LATE}": "uphold"})
    assert (await decisions(wang.world))[RANG_LATE]["by"] == "sun"


async def test_who_was_slower_sees_the_decision_and_what_they_had_chosen_themselves(wang: DeskBrowser) -> None:
    other = await second_supervisor(wang.world)
    tag = await other.field(PAGE, "tag")
    await decide(wang, **{f"decision:{RANG_LATE}": "override", f"reason:{RANG_LATE}": "客户先开的门"})
    chosen = {f"decision:{RANG_LATE}": "uphold", f"reason:{RANG_LATE}": "录像里没有", f"calls:{NO_CARD}": "1"}
    answer = await other.post(
        f"{PAGE}/review", {"tag": tag, **chosen, "rest": "uphold", "comment": "看过录像", f"reason:{NO_CARD}": "没有证"}
    )
    assert answer.status_code == 412
    page = unescape(answer.text)
    assert 'value="看过录像"' in page
    part = article(page, RANG_LATE)
    assert ticked(part) == ["override"]
    assert 'value="客户先开的门"' in part
    assert re.search("您刚才选的是“成立”，没有保存。\\s*您写的理由：录像里没有", part)
    rest = article(page, NO_CARD)
    assert ticked(rest) == []
    assert "您刚才选的是“成立”，没有保存" in rest
    assert 'value="没有证"' in rest  # nobody decided about it: the words stay
    assert 'name="rest" value="uphold" checked' not in page
    tag = re.search('name="tag" value="([^"]*)"', page)
    was = re.search(f'name="was:{re.escape(RANG_LATE)}" value="([^"]*)"', page)
    assert tag is not None
    assert was is not None
    again = {f"was:{RANG_LATE}": was[1], f"decision:{RANG_LATE}": "override", f"reason:{RANG_LATE}": "客户先开的门"}
    await decide(other, **again, comment="看过录像")
    assert (await decisions(wang.world))[RANG_LATE]["by"] == "wang"


async def test_a_withdrawn_entry_stands_beside_the_one_that_replaced_it(wang: DeskBrowser) -> None:
    old = said("09:10", "door_signal")
    slip = {**said("09:50", "door_signal"), "id": str(uid("w")), "withdraws": old["id"], "reason": "时间记错"}
    new = {**said("09:12", "door_signal"), "id": str(uid("n"))}
    assert (await wang.world.submit({**record(uid("r2")), "entries": [slip, new]}, uid("r2"))).status_code == 201
    part = article(await shown(wang), RANG_LATE)
    assert re.search("(?s)更正前</dt><dd>\\s*<time>3月2日 09:10.*?更正后</dt><dd>\\s*<time>3月2日 09:12", part)
    assert "时间记错" in part
    assert "更正前" not in article(await shown(wang), NO_CARD)


async def test_what_was_said_about_a_finding_stays_when_a_record_mends_it(wang: DeskBrowser) -> None:
    question = {"id": str(uid("q")), "finding": NO_CARD, "text": "证件给客户看了吗？"}
    assert (await wang.post(f"{PAGE}/inquiries", question)).status_code == 303
    assert "更正后没有了" not in await shown(wang)
    await decide(wang, **{f"decision:{NO_CARD}": "override", f"reason:{NO_CARD}": "客户说看过"})
    entries = [{**said("09:06", "id_shown"), "id": str(uid("card"))}]
    assert (await wang.world.submit({**record(uid("r2")), "entries": entries}, uid("r2"))).status_code == 201
    page = await shown(wang)
    assert f'name="decision:{NO_CARD}"' not in page
    assert re.search("(?s)更正后没有了的 1 项.*?出示证件.*?证件给客户看了吗？.*?不计</strong> · 王.*?客户说看过", page)
    li = await shown(await signed_in(wang.world, "li"))
    assert "证件给客户看了吗？" in li
    assert "客户说看过" not in li  # a decision is the office's


async def test_a_technician_sees_first_what_they_were_asked_and_what_came_back(wang: DeskBrowser) -> None:
    codes = list(re.findall('name="decision:([^"]*)" value="uphold"', await shown(wang)))
    question = {"id": str(uid("q")), "finding": codes[-1], "text": "这是为什么？"}
    assert (await wang.post(f"{PAGE}/inquiries", question)).status_code == 303
    given = {"id": str(uid("c")), "item:id_shown": "1", "why:id_shown": "没有记录", "due": "2026-03-03T18:00"}
    assert (await wang.post(f"{PAGE}/corrections", given)).status_code == 303
    li = await signed_in(wang.world, "li")
    page = await shown(li)
    first = re.findall("(?s)<article.*?</article>", page)[0]
    assert "这是为什么？" in first
    assert '<details class="fold acting" open>' in first
    assert page.index("请在手机上补正") < page.index("<article")
    answer = {"id": str(uid("e")), "finding": codes[-1], "text": "客户让我先进"}
    assert (await li.post(f"{PAGE}/explanations", answer)).status_code == 303
    assert 'acting" open' not in await shown(li)


async def test_what_needs_nobody_waits_to_close_and_says_until_when(world: World) -> None:
    tao = await example_customer(world, "S01")
    wang, zhao = await signed_in(world, "wang"), await signed_in(world, "zhao")
    page = await shown(wang, f"/desk/visits/{tao.visit}")
    closes = world.ctx.now() + timedelta(days=world.ctx.review_policy.close_days)
    assert f"没有要处理的事，{closes.month}月{closes.day}日 {closes:%H:%M} 自动结案" in page
    assert '<span class="badge plain">待结案</span>' in page
    search, day = "/desk/search?q=13800000000", f"/desk/today?date={(await tao.whole())['window']['from'][:10]}"
    for path in (search, day):
        found = await shown(zhao, path)
        assert "待结案" in found
        assert "待审核" not in found
    advance_clock(world, minutes=2)
    await tao.enters()
    assert (await tao.says(raises=[{"fact": "complaint_received", "text": "又漏了"}])).status_code == 200
    for path in (f"/desk/visits/{tao.visit}", search, day):
        found = await shown(wang, path)
        assert "待审核" in found
        assert "待结案" not in found
        assert "自动结案" not in found


async def test_while_the_work_goes_on_there_is_nothing_to_decide(world: World) -> None:
    assert (await world.plan()).status_code == 201
    assert (await world.submit({**record(), "entries": ENTRIES[:4]})).status_code == 201
    page = await shown(await signed_in(world, "wang"))
    assert "技术员还在现场" in page
    assert 'name="decision:' not in page
    assert 'id="decide"' not in page
    later = [{**said("09:40", "left"), "id": str(uid("gone"))}]
    assert (await world.submit({**record(uid("r2")), "entries": later}, uid("r2"))).status_code == 201
    page = await shown(await signed_in(world, "wang"))
    assert "技术员还在现场" not in page
    assert 'name="decision:' in page


async def test_a_form_sent_after_the_session_ended_says_that_nothing_was_saved(wang: DeskBrowser) -> None:
    fields = {"tag": await wang.field(PAGE, "tag"), "comment": "写了很久"}
    stranger = DeskBrowser(wang.world)
    origin = wang.world.ctx.company.url
    answer = await stranger.post(f"{PAGE}/review", fields, referer=f"{origin}{PAGE}?call=1")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={PAGE}%3Fcall%3D1&unsaved=1")
    page = (await stranger.get(answer.headers["location"])).text
    assert "刚才填的没有保存" in page
    assert f'name="next" value="{PAGE}?call=1"' in page
    assert "刚才填的没有保存" not in (await stranger.get(f"/sign-in?next={PAGE}")).text
    for foreign in ("https://evil.test//evil.test/", ""):
        elsewhere = await stranger.post(f"{PAGE}/review", fields, referer=foreign)
        assert elsewhere.headers["location"] == "/sign-in?next=/desk&unsaved=1"


async def test_the_address_of_a_form_that_was_shown_again_leads_to_the_page(wang: DeskBrowser) -> None:
    answer = await wang.get(f"{PAGE}/review")
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)


async def test_the_history_says_decisions_and_names_in_words(wang: DeskBrowser) -> None:
    path = f"/v1/visits/{VISIT}/assignee"
    for person in ("wang", None):
        assert (await wang.world.ask("wang", "PUT", path, {"person": person})).status_code == 200
    made = {f"decision:{NO_CARD}": "override", f"reason:{NO_CARD}": "看过录像", "comment": "下周再看"}
    fields = {"tag": await wang.field(PAGE, "tag"), **made}
    assert (await wang.post(f"{PAGE}/review", fields)).status_code == 303
    entry = {**said("09:20", "no_such_item"), "id": str(uid("strange"))}
    assert (await wang.world.submit({**record(uid("r9")), "entries": [entry]}, uid("r9"))).status_code == 201
    history = re.sub(r"\s+", " ", (await shown(wang)).partition('id="history-title"')[2])
    assert (
        '<span class="line muted">不计、出示证件、没有做、看过录像</span> <span class="line muted">下周再看</span>'
        in history
    )
    assert "<strong>认领</strong>" in history
    assert "<strong>放开</strong>" in history
    assert '<span class="line late">不计入判定：no_such_item</span>' in history
