"""Under a statement the customer's answer of now stands out from what he said before, on the page and in the copy."""

import re
from datetime import timedelta

from tests.support.api_client import World, record
from tests.support.customer import SIGNER, STROKES, UNSIGNED, advance_clock, change_cause, example_customer
from tests.support.customer_browser import Visitor
from tests.support.factories import said, uid

NOW, BEFORE, HOLDS = "您现在的答复", "此前的答复，已由后来的代替", "签名有效，内容没有变更"
OF_OTHER = "这是对此前内容的意见，内容后来有变更"


async def shown(visitor: Visitor) -> list[tuple[str, ...]]:
    """What stands in each mark, in the order of the page; the copy has the same."""
    html, copy = await visitor.html(), (await visitor.tao.client.get(f"{visitor.path}/copy")).text
    words = (NOW, BEFORE, HOLDS, OF_OTHER, "已签字", "签过字", "部分不同意", "签名已失效", "另一次签名")
    found = [
        [
            tuple(word for word in words if word in mark)
            for mark in re.findall('<div class="mark.*?</div>', text, re.DOTALL)
        ]
        for text in (html, copy)
    ]
    assert found[0] == found[1]
    return found[0]


async def signs(visitor: Visitor) -> None:
    await visitor.done("signature", {"signer": "陶先生", "relation": "account_holder"})


async def test_of_a_signature_and_a_refusal_the_later_one_is_the_answer(world: World) -> None:
    visitor = Visitor(await example_customer(world, "S04", drop=UNSIGNED))
    await visitor.enters()
    await signs(visitor)
    assert await shown(visitor) == [(NOW, HOLDS, "已签字")]
    advance_clock(world, seconds=2)  # the same minute: what is shown is no help to tell them apart
    await visitor.done("refusal", {"reason": "只愿承担一半"}, outcome="partly")
    assert await shown(visitor) == [(BEFORE, "签过字"), (NOW, "部分不同意")]
    advance_clock(world, seconds=2)
    await signs(visitor)
    assert await shown(visitor) == [(BEFORE, "签过字"), (BEFORE, "部分不同意"), (NOW, HOLDS, "已签字")]
    html = await visitor.html()
    assert html.count(HOLDS) == html.count(NOW) == 1


async def test_what_was_said_to_another_text_is_no_answer_to_this_one(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04", drop=UNSIGNED))
    await visitor.enters()
    await visitor.done("refusal", {"reason": "不是装修弄坏的"}, outcome="partly")
    await change_cause(tao)
    assert await shown(visitor) == [(OF_OTHER, "部分不同意")]
    await signs(visitor)
    assert await shown(visitor) == [(OF_OTHER, "部分不同意"), (NOW, HOLDS, "已签字")]
    await change_cause(tao, "pressure")
    assert await shown(visitor) == [(OF_OTHER, "部分不同意"), ("签名已失效",)]


async def test_a_weaker_signature_of_later_replaces_nothing(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04", drop=UNSIGNED))
    await visitor.enters()
    await signs(visitor)
    (signature,) = [one["signature"] for one in (await tao.seen())["statements"] if one["signature"]]
    at = advance_clock(world, minutes=2) - timedelta(minutes=1)
    piece = {"kind": "signature", "sha256": "ab" * 32, "signer": "陶", "relation": "tenant"}
    piece["statement_sha256"] = signature["statement_sha256"]
    entry = said("09:00", "meter_order_signed", evidence=[piece]) | {"at": at.isoformat()}
    assert (await world.submit(record(uid("weak"), tao.visit, entries=[entry]), uid("weak"))).status_code == 201
    assert await shown(visitor) == [(NOW, HOLDS, "已签字"), ("另一次签名",)]


async def test_labels_stand_in_english_too_and_the_signed_bytes_are_chinese(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04", drop=UNSIGNED))
    await visitor.enters()
    (paper,) = [one for one in (await tao.seen())["statements"] if one["statement"]["statement"] == "meter_damage"]
    assert len(paper["english"]) == len(paper["statement"]["lines"])
    assert set(paper["statement"]["lines"][0]) <= {"label", "value", "photos"}
    assert (await tao.says(signature={**SIGNER, "strokes": STROKES, "statement_sha256": paper["sha256"]})).is_success
    for path in (visitor.path, f"{visitor.path}/copy"):
        chinese = (await tao.client.get(path)).text
        html = (await tao.client.get(path, headers={"accept-language": "en"})).text
        for line, english in zip(paper["statement"]["lines"], paper["english"], strict=True):
            assert f"<dt>{line['label']}</dt>" in chinese
            assert f"<dt>{english}</dt>" in html
        assert paper["statement"]["declaration"] in chinese
        assert paper["declares"] in html


async def test_in_the_copy_each_photo_has_the_label_of_its_line(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04"))
    await visitor.enters()
    copy = (await tao.client.get(f"{visitor.path}/copy")).text
    lines = [line for one in (await tao.seen())["statements"] for line in one["statement"]["lines"]]
    photos = [(line["label"], file) for line in lines for file in line.get("photos", ())]
    assert len({label for label, _ in photos}) > 1
    for label, file in photos:
        before = copy.partition(f'<span class="digest">{file}')[0]
        assert before.rpartition("<p><strong>")[2].startswith(label)
