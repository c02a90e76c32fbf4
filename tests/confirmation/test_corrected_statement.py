"""After a correction the customer is told first of all, and what was signed before stays readable."""

import re

from service.audit_log import checkpoints
from service.verify.proof import verify_proofs
from tests.support.api_client import World
from tests.support.customer import UNSIGNED, advance_clock, change_cause, example_customer
from tests.support.customer_browser import Visitor
from tests.support.pdf_words import words_of_pdf

ME = {"signer": "陶先生", "relation": "account_holder"}


async def test_the_headline_names_the_correction_and_its_step_is_open(sqlite_world: World) -> None:
    visitor = Visitor(tao := await example_customer(sqlite_world, "S04", drop=UNSIGNED))
    assert "请核对并签认" in await visitor.html()
    await visitor.enters()
    await visitor.done("signature", ME)
    assert "内容有更正" not in await visitor.html()
    await change_cause(tao)
    for minutes in (0, 31):  # also when the code has to be entered again
        advance_clock(sqlite_world, minutes=minutes)
        html = await visitor.html()
        assert "<h1>内容有更正，请重新签认</h1>" in html
        assert re.findall(r'<details class="step[^>]* id="(\w+)" open>', html) == ["sign"]
        assert "您答复之后改了什么" in html.partition('id="sign" open>')[2]


async def test_what_was_signed_before_is_on_the_page_and_in_both_copies(sqlite_world: World) -> None:
    visitor = Visitor(tao := await example_customer(sqlite_world, "S04", drop=UNSIGNED))
    await change_cause(tao)
    await visitor.enters()
    await visitor.done("signature", ME)
    assert "当时签的是" not in await visitor.html()
    await change_cause(tao, "renovation")
    await visitor.done("signature", ME)
    html = await visitor.html()
    copy = (await tao.client.get(f"{visitor.path}/copy")).text
    pdf = words_of_pdf((await tao.client.get(f"{visitor.path}/copy.pdf")).content)
    for text in (html, copy, pdf):
        _, _, rest = text.partition("此前的答复，已由后来的代替")
        assert rest, text[:300]
        earlier = rest.partition("您现在的答复")[0]
        assert re.search("当时签的是：[^<]*防冻不当", earlier)
        assert "当时签的是" not in rest.partition("您现在的答复")[2]


async def test_a_copy_of_later_still_proves_the_words_that_were_signed(sqlite_world: World) -> None:
    visitor = Visitor(tao := await example_customer(sqlite_world, "S04", drop=UNSIGNED))
    await visitor.enters()
    await visitor.done("signature", ME)
    key = checkpoints.verifier_key(sqlite_world.ctx)
    at_once = verify_proofs((await tao.client.get(f"{visitor.path}/copy")).content, key)
    await change_cause(tao)
    later = verify_proofs((await tao.client.get(f"{visitor.path}/copy")).content, key)
    assert (at_once.faults, later.faults) == ([], [])
    assert len(at_once.texts) == 1
    assert later.texts == at_once.texts
    assert [one.statements for one in later.proofs if one.statements] == [dict.fromkeys(at_once.texts, True)]


async def test_an_english_pdf_is_written_as_english_is(sqlite_world: World) -> None:
    visitor = Visitor(tao := await example_customer(sqlite_world, "S04", drop=UNSIGNED))
    await visitor.enters()
    await visitor.done("signature", ME)
    made = {
        language: words_of_pdf(
            (await tao.client.get(f"{visitor.path}/copy.pdf", headers={"accept-language": language})).content
        )
        for language in ("en", "zh")
    }
    assert "Photos of the cause" in made["en"]
    assert "photos of the cause" not in made["en"]
    assert "陶先生 (account holder) 10 September" in made["en"]
    assert "陶先生（户主） 2025年9月10日" in made["zh"]


async def test_the_headline_and_the_folded_step_say_what_was_answered(sqlite_world: World) -> None:
    visitor = Visitor(await example_customer(sqlite_world, "S04", drop=UNSIGNED))
    await visitor.enters()
    for outcome, text in (
        ("partly", "您已表示部分不同意"),
        ("refused", "您已表示不同意"),
        ("unable", "您已说明不方便签字"),
        ("", "您已签字"),
    ):
        advance_clock(sqlite_world, seconds=5)
        if outcome:
            await visitor.done("refusal", {"reason": "原因"}, outcome=outcome)
        else:
            await visitor.done("signature", ME)
        html = await visitor.html()
        assert f"<h1>{text}</h1>" in html
        assert f'<span class="state">{text}</span>' in html


async def test_who_signs_as_the_account_holder_under_another_name_is_told_whose_name_is_registered(
    sqlite_world: World,
) -> None:
    visitor = Visitor(tao := await example_customer(sqlite_world, "S04", drop=UNSIGNED))
    await visitor.enters()
    name = (await tao.seen())["visit"]["customer"]
    await visitor.done("signature", {"signer": name, "relation": "account_holder"})
    assert "登记的户主是" not in await visitor.html()
    advance_clock(sqlite_world, seconds=5)
    await visitor.done("signature", {"signer": "周小云", "relation": "account_holder"})
    assert f"登记的户主是{name[0]}*" in await visitor.html()
