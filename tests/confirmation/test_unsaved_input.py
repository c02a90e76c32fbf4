"""Nothing that a customer typed is lost: his half hour ends, the text changes, he presses the wrong button."""

from html import unescape

from tests.support.api_client import World
from tests.support.customer import STROKES, UNSIGNED, advance_clock, example_customer
from tests.support.customer_browser import HOSTILE_TEXT, Page, Visitor


async def ended(world: World, *, drop: tuple[str, ...] = UNSIGNED) -> Visitor:
    """陶 has entered a code, opened his page, and takes more than half an hour."""
    visitor = Visitor(await example_customer(world, "S04", drop=drop))
    await visitor.enters()
    return visitor


async def carried_through(visitor: Visitor, refused: Page) -> Page:
    """With the page at which his form was not taken he asks for a code and enters it; the page then."""
    form = refused.form(does="code")
    asked = await visitor.tao.client.post(form.action, data=form.fields)
    assert asked.status_code == 200
    code = await visitor.code()
    form = Page(asked.text).form(does="code-entry")
    slip = await visitor.tao.client.post(form.action, data=form.fields | {"code": "12"})
    assert slip.status_code == 422
    wrong = f"{(int(code) + 1) % 10**6:06}"
    again = Page(slip.text).form(does="code-entry")
    missed = await visitor.tao.client.post(again.action, data=again.fields | {"code": wrong})
    assert missed.status_code == 403
    last = Page(missed.text).form(does="code-entry")
    checked = await visitor.tao.client.post(last.action, data=last.fields | {"code": code})
    assert checked.status_code == 200
    assert "您刚才填的还在" in checked.text
    return Page(checked.text)


async def test_a_form_that_was_sent_too_late_stands_filled_in_after_the_new_code(world: World) -> None:
    visitor = await ended(world)
    drawn = str(STROKES).replace(" ", "")
    for does, having, fields in (
        ("signature", {}, {"signer": HOSTILE_TEXT, "relation": "tenant", "strokes": drawn}),
        (
            "refusal",
            {"outcome": "unable"},
            {"reason": f"手\n{HOSTILE_TEXT}", "helper": "小王", "helper_relation": "neighbour"},
        ),
        ("raised", {}, {"fact": "own_damage", "text": HOSTILE_TEXT}),
        (
            "answers",
            {"form": "answers"},
            {"answer-no_gifts": "bad", "answer-site_cleared": "good", "comment": HOSTILE_TEXT},
        ),
    ):
        form = (await visitor.page()).form(does=does, **having)
        advance_clock(world, minutes=61)
        late = await visitor.tao.client.post(form.action, data=form.fields | fields)
        assert late.status_code == 403, does
        assert "验证已过半小时" in late.text
        assert unescape(late.text).count(HOSTILE_TEXT) > 1  # he sees that it is not lost
        assert "<script>" not in late.text
        filled = (await carried_through(visitor, Page(late.text))).form(does=does, **having)
        assert {name: filled.fields[name] for name in fields} == fields
        taken = await visitor.tao.client.post(filled.action, data=filled.fields)
        assert taken.status_code == 303, does
        advance_clock(world, seconds=5)
    whole = await visitor.tao.whole()
    assert [one["level"] for one in whole["said"]] == ["own_device"] * 4
    assert [one["comment"] for one in whole["said"]][-1] == HOSTILE_TEXT


async def test_what_is_kept_of_a_form_is_only_text_and_opens_nothing(world: World) -> None:
    visitor = Visitor(await example_customer(world, "S04", drop=UNSIGNED))
    for kept in ("x", "[]", '{"form": 1}', '{"does": "refusal"}', "[" * 5000, '{"form": "<b>", "signer": "<script>"}'):
        answer = await visitor.tao.client.post(visitor.path, data={"does": "code-entry", "code": "1", "kept": kept})
        assert answer.status_code == 422
        assert "<script>" not in answer.text
        assert 'id="<b>' not in answer.text
    assert not (await visitor.tao.whole())["said"]


async def test_the_reason_stays_in_its_form_when_the_text_has_changed_meanwhile(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04", drop=UNSIGNED))
    await visitor.enters()
    form = (await visitor.page()).form(does="refusal", outcome="partly")
    at = advance_clock(world, minutes=5)
    entry = {"id": "0190f0f0-0000-7000-8000-000000000001", "what": "meter_cause_analysed", "at": at.isoformat()}
    entry |= {"by": "technician", "fields": {"cause": "frost"}}
    record = {"id": "0190f0f0-0000-7000-8000-000000000002", "visit": str(tao.visit), "checklist": "onsite@1"}
    assert (await world.ask("li", "PUT", f"/v1/records/{record['id']}", {**record, "entries": [entry]})).is_success
    stale = await tao.client.post(form.action, data=form.fields | {"reason": "不是装修"})
    assert stale.status_code == 409
    fresh = Page(stale.text).form(does="refusal", outcome="partly").fields
    assert fresh["reason"] == "不是装修"
    assert fresh["statement"] != form.fields["statement"]


async def test_all_right_in_one_tap_takes_his_words_along_and_leaves_what_he_ticked(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04"))
    await visitor.enters()
    form = (await visitor.page()).form(does="answers")
    ticked = {"answer-site_cleared": "bad", "answer-id_shown": "good", "comment": "水在地上"}
    assert (await tao.client.post(form.action, data=form.fields | ticked | {"all": "yes"})).status_code == 303
    (said,) = (await tao.whole())["said"]
    assert said["comment"] == "水在地上"
    given = {one["item"]: one["good"] for one in said["answers"]}
    assert (given["site_cleared"], given["id_shown"], given["shoe_covers_on"]) == (False, True, True)
    assert not {"no_gifts", "meter_cause_confirmed"} & given.keys()


async def test_a_key_that_sends_the_form_says_never_that_all_was_well(world: World) -> None:
    visitor = Visitor(await example_customer(world, "S04"))
    html = (await visitor.html()).partition('value="answers"')[2]
    assert html.index('<button hidden tabindex="-1">') < html.index('name="all"')


async def test_a_thousand_characters_are_a_thousand_also_with_line_breaks(world: World) -> None:
    visitor = Visitor(tao := await example_customer(world, "S04"))
    lines = "\r\n".join("字" * 9 for _ in range(100))  # as a browser sends 999 characters that it counted
    await visitor.done("answers", {"comment": lines}, form="answers")
    (said,) = (await tao.whole())["said"]
    assert said["comment"] == lines.replace("\r\n", "\n")
    long = await visitor.sends("answers", {"comment": "字" * 1001}, form="answers")
    assert (long.status_code, "最多 1000 字，您写了 1001 字" in long.text) == (422, True)
    assert Page(long.text).form(does="answers").fields["comment"] == "字" * 1001
