"""The desk's pages of the quarantine: the list, a look with a reason, and the decision."""

import re
from html import unescape

import pytest

from tests.support.api_client import RECORD, VISIT, World, problem, record
from tests.support.desk import DeskBrowser, signed_in
from tests.support.factories import encode, uid

PAGE = "/desk/quarantine"


@pytest.fixture
async def wang(world: World) -> DeskBrowser:
    """The supervisor, before a record of a visit that was not planned when it came."""
    answer = await world.submit(record())
    assert problem(answer) == (404, "unknown-visit")
    return await signed_in(world, "wang")


async def input_of(desk: DeskBrowser) -> str:
    """The address of the only input."""
    (item,) = (await desk.world.ask("wang", "GET", "/v1/quarantine")).json()["items"]
    return f"{PAGE}/{item['id']}"


async def test_the_list_says_why_it_was_refused_and_shows_no_content(wang: DeskBrowser) -> None:
    page = (await wang.get(PAGE)).text
    assert f'<a href="{await input_of(wang)}">没有这个上门任务，请核对编号</a>' in page
    assert "arrived" not in page
    assert "arrived" not in (await wang.get(await input_of(wang))).text


async def test_a_look_needs_a_reason_and_is_logged(wang: DeskBrowser) -> None:
    path = await input_of(wang)
    refused = await wang.post(f"{path}/look", {"look_reason": " "})
    assert (refused.status_code, "请写明理由" in refused.text) == (422, True)
    assert "arrived" not in refused.text
    answer = await wang.post(f"{path}/look", {"look_reason": "客户来电"})
    assert answer.status_code == 200
    assert '"what": "arrived"' in unescape(answer.text)
    rows = await wang.world.ctx.db.read(
        lambda tx: tx.fetch_all("looks_at", what=f"quarantine/{path.rpartition('/')[2]}")
    )
    assert [(who, reason) for _, who, reason in rows] == [("wang", "客户来电")]


async def test_content_is_text_and_nothing_else(world: World) -> None:
    await world.submit(b'{"id": "<script>alert(1)</script>"', uid("hostile"))
    await world.submit(b"\xff\xfe\x00nonsense", uid("bytes"))
    wang = await signed_in(world, "wang")
    for item in (await world.ask("wang", "GET", "/v1/quarantine")).json()["items"]:
        answer = await wang.post(f"{PAGE}/{item['id']}/look", {"look_reason": "看"})
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text


async def test_taking_submits_it_again(wang: DeskBrowser) -> None:
    path = await input_of(wang)
    refused = await wang.post(f"{path}/decision", {"decision": "take", "reason": "补派工"})
    assert (refused.status_code, "没有这个上门任务" in refused.text) == (404, True)
    assert 'value="补派工"' in refused.text
    await wang.world.plan()
    answer = await wang.post(f"{path}/decision", {"decision": "take", "reason": "已补派工"})
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    assert "已收下这份记录" in (await wang.get(PAGE)).text
    assert (await wang.world.ask("li", "PUT", f"/v1/records/{RECORD}", encode(record()))).status_code == 200
    assert "已补派工" in (await wang.get(f"{PAGE}?decided=true")).text


async def test_discarding_needs_a_reason_and_is_final(wang: DeskBrowser) -> None:
    path = await input_of(wang)
    refused = await wang.post(f"{path}/decision", {"decision": "discard", "reason": ""})
    assert (refused.status_code, "请写明理由" in refused.text) == (422, True)
    unsure = await wang.post(f"{path}/decision", {"decision": "discard", "reason": "测试"})
    assert (unsure.status_code, "请先勾选" in unsure.text) == (422, True)
    sure = {"decision": "discard", "reason": "测试", "sure": "yes"}
    assert (await wang.post(f"{path}/decision", sure)).status_code == 303
    assert "没有要决定的内容" in (await wang.get(PAGE)).text
    assert (await wang.post(f"{path}/decision", {"decision": "take", "reason": "还是要"})).status_code == 409
    assert f"{path}/decision" not in (await wang.get(path)).text


async def test_who_may_see_it(wang: DeskBrowser) -> None:
    path = await input_of(wang)
    for who, status in (("zhao", 403), ("li", 403), ("qian", 404), ("admin", 200)):
        other = await signed_in(wang.world, who)
        assert (await other.get(path)).status_code == status, who
        assert (await other.post(f"{path}/look", {"look_reason": "看"})).status_code == status, who
        if status != 200:
            answer = await other.post(f"{path}/decision", {"decision": "discard", "reason": "不要", "sure": "yes"})
            assert answer.status_code == status, who
    assert "没有要决定的内容" in (await (await signed_in(wang.world, "qian")).get(PAGE)).text
    assert (await DeskBrowser(wang.world).get(path)).status_code == 303


async def mendable(world: World) -> tuple[DeskBrowser, str, bytes]:
    """The supervisor, the address of a record with a field of the wrong type, and its mended copy."""
    await world.plan()
    assert problem(await world.submit({**record(), "entries": "none"})) == (422, "invalid-body")
    wang = await signed_in(world, "wang")
    return wang, (await input_of(wang)).rpartition("/")[2], encode(record())


async def test_a_mended_copy_is_taken_in_and_the_original_stays(world: World) -> None:
    wang, kept, copy = await mendable(world)
    looked = await wang.post(f"{PAGE}/{kept}/look", {"look_reason": "改正"})
    assert 'name="body"' in looked.text
    fields = {"decision": "take", "reason": "补上记录", "body": "{"}
    refused = await wang.post(f"{PAGE}/{kept}/decision", fields)
    assert (refused.status_code, ">\n{</textarea>" in refused.text) == (400, True)
    assert [item["id"] for item in (await world.ask("wang", "GET", "/v1/quarantine")).json()["items"]] == [kept]
    answer = await wang.post(f"{PAGE}/{kept}/decision", {**fields, "body": copy.decode()})
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    receipt = (await world.ask("li", "GET", f"/v1/records/{RECORD}")).json()
    assert (receipt["record"], receipt["taken_in_by"]) == (str(RECORD), "wang")
    (item,) = (await world.ask("wang", "GET", "/v1/quarantine?decided=true")).json()["items"]
    assert (item["taken_as"], item["decided_by"]) == (str(RECORD), "wang")
    assert "a mended copy was taken: 补上记录" in item["reason"]
    original = await world.ask("wang", "GET", f"/v1/quarantine/{kept}?reason=x")
    assert b'"none"' in original.content


async def test_only_a_supervisor_takes_in_a_mended_copy_and_only_once(world: World) -> None:
    _, kept, copy = await mendable(world)
    path, mended = f"/v1/quarantine/{kept}/decision", {"decision": "take", "reason": "x", "body": copy.decode()}
    for who, status in (("admin", 403), ("zhao", 403), ("li", 403), ("qian", 404)):
        assert (await world.ask(who, "PUT", path, mended)).status_code == status, who
    assert problem(await world.ask("wang", "PUT", path, {**mended, "decision": "discard"})) == (422, "invalid-body")
    other = {**mended, "body": encode(record(uid("other"))).decode()}
    assert problem(await world.ask("wang", "PUT", path, other)) == (422, "id-mismatch")
    unknown = {**mended, "body": encode(record(visit=uid("none"))).decode()}
    assert problem(await world.ask("wang", "PUT", path, unknown)) == (404, "unknown-visit")
    assert (await world.ask("li", "GET", f"/v1/records/{RECORD}")).status_code == 404
    first = await world.ask("wang", "PUT", path, mended)
    assert (first.status_code, first.json()["receipt"]["taken_in_by"]) == (200, "wang")
    again = await world.ask("wang", "PUT", path, mended)
    assert (again.status_code, again.json()["quarantine"]) == (200, first.json()["quarantine"])
    for changed in ({**mended, "body": copy.decode() + " "}, {"decision": "take", "reason": "x"}):
        assert problem(await world.ask("wang", "PUT", path, changed)) == (409, "already-decided")


async def rows_of(desk: DeskBrowser, path: str = PAGE, language: str = "zh") -> list[str]:
    """The rows of the list as a person reads them."""
    answer = await desk.get(path, accept_language=language)
    found = re.findall(r"(?s)<tr data-row>(.*?)</tr>", answer.text)
    return [" ".join(unescape(re.sub("<[^>]+>", " ", one)).split()) for one in found]


async def test_the_list_and_the_page_name_the_visit_that_the_bytes_name(world: World) -> None:
    await world.plan(external_ref="GD-77")
    assert (await world.submit({**record(), "checklist": "onsite@9"})).status_code == 422
    lacks = {**record(uid("elsewhere"), uid("nowhere"))}
    assert (await world.submit(lacks, uid("elsewhere"))).status_code == 404
    assert (await world.submit(b"nothing", uid("nothing"))).status_code == 400
    long = encode({**record(uid("long")), "checklist": "onsite@9", "app": "x" * 200})
    last = long.replace(b'"visit"', b'"was"').rstrip(b"}") + b" " * 9000 + b',"visit":"%s"' % str(VISIT).encode()
    assert (await world.submit(last, uid("long"))).status_code >= 400  # cut off, and names the visit at its end
    wang = await signed_in(world, "wang")
    known, unknown, none, at_the_end = await rows_of(wang)
    assert "陶 李" in known
    assert "GD-77" in known
    assert "查不到写明的这次上门" in unknown
    assert "内容里没有写明" in none
    assert "GD-77" in at_the_end
    items = (await world.ask("wang", "GET", "/v1/quarantine")).json()["items"]
    pages = [(await wang.get(f"{PAGE}/{item['id']}")).text for item in items]
    assert f'<a href="/desk/visits/{VISIT}">陶</a>' in pages[0]
    assert str(uid("nowhere")) in pages[1]
    assert "内容里没有写明" in pages[2]


async def test_who_may_not_see_the_visit_does_not_learn_whose_it_is(world: World) -> None:
    await world.plan(external_ref="GD-77")
    assert (await world.submit({**record(), "checklist": "onsite@9"})).status_code == 422
    (row,) = await rows_of(await signed_in(world, "admin"))
    assert "查不到写明的这次上门" in row
    assert "GD-77" not in row


async def test_what_the_service_writes_into_a_reason_is_in_one_language(wang: DeskBrowser) -> None:
    path = await input_of(wang)
    await wang.world.plan()
    mended = {"decision": "take", "reason": "补 A / B", "body": encode(record()).decode()}
    assert (await wang.post(f"{path}/decision", mended)).status_code == 303
    (chinese,) = await rows_of(wang, f"{PAGE}?decided=true")
    (english,) = await rows_of(wang, f"{PAGE}?decided=true", "en")
    assert "收下的是改正后的记录：补 A / B" in chinese
    assert "a mended copy was taken: 补 A / B" in english
    assert ("mended copy" in chinese, "改正后" in english) == (False, False)
    assert "mended copy" not in (await wang.get(path)).text
