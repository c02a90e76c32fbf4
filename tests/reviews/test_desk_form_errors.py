"""A form of the visit's page that cannot be accepted names the field, what to write, and leads there."""

import re

import pytest

from tests.reviews.desk import NO_CARD, PAGE, RANG_LATE
from tests.support.desk import DeskBrowser
from tests.support.factories import uid

RETURN = {"id": str(uid("c")), "due": "2026-03-03T18:00"}
ITEM = {"item:id_shown": "1", "why:id_shown": "没有"}
CALL = {"id": str(uid("k")), "called": "陶", "at": "2026-03-02T11:30", "text": "很满意"}
ANSWER = {"answer:id_shown": "good"}
WORDS = {"id": str(uid("q")), "finding": RANG_LATE, "text": " "}


@pytest.mark.parametrize(
    ("form", "fields", "sentence"),
    [
        ("corrections", RETURN, "要退回的事项：至少选 1 项"),
        ("corrections", {**RETURN, **ITEM, "due": "2126-03-03T18:00"}, "何时之前：年份须在 2001 到 2099 之间"),
        ("corrections", {**RETURN, **ITEM, "due": ""}, "何时之前：不能为空，请填写"),
        ("corrections", {**RETURN, **ITEM, "why:id_shown": " "}, "缺什么：不能为空，请填写"),
        ("callbacks", {**CALL, **ANSWER, "at": "2026-03-02T12:30"}, "什么时候：通话时间还没有到"),
        ("callbacks", {**CALL, **ANSWER, "text": ""}, "客户说了什么：不能为空，请填写"),
        ("callbacks", CALL, "客户的回答：至少选 1 项"),
        ("inquiries", WORDS, "要问的话：不能为空，请填写"),
        ("inquiries", {**WORDS, "text": "问" * 1001}, "要问的话：太长，最多 1000 个字"),
        ("review", {f"decision:{NO_CARD}": "override", f"reason:{NO_CARD}": " "}, "理由：不计的要写理由"),
        ("review", {f"calls:{RANG_LATE}": "1"}, "决定：还没有作出决定：请选成立或不计"),
        ("review", {"comment": "附" * 2001}, "附言：太长，最多 2000 个字"),
    ],
)
async def test_the_sentence_leads_to_the_field_that_is_marked(
    wang: DeskBrowser, form: str, fields: dict[str, str], sentence: str
) -> None:
    tag = {"tag": await wang.field(PAGE, "tag")} if form == "review" else {}
    answer = await wang.post(f"{PAGE}/{form}", {**tag, **fields})
    assert answer.status_code == 422
    led = re.search(f'<p><a href="#([^"]+)">{sentence}</a></p>', answer.text)
    assert led, answer.text
    element = re.search(f'<[^>]* id="{led[1]}"[^>]*>', answer.text)
    assert element, led[1]
    if not led[1].startswith("finding-"):
        assert 'aria-invalid="true"' in element[0]
        assert f'<p class="wrong" id="{led[1]}-wrong">' in answer.text
