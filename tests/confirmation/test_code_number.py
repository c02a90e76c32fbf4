"""To which number the one-time code of a signature went is kept with it, and a changed one is looked at."""

import msgspec

from service.messages import automatic, worker
from service.reviews.pages import link_maker
from service.visits.customer_link import made_at_door
from tests.support.api_client import World, problem
from tests.support.customer import UNSIGNED, Customer, advance_clock, change_number, example_customer
from tests.support.desk import signed_in, text_of


async def reasons(tao: Customer) -> list[str]:
    review = await tao.world.ask("wang", "GET", f"/v1/visits/{tao.visit}/review")
    return [one["kind"] for one in review.json()["reasons"]]


async def test_the_number_is_kept_masked_and_since_when_it_is_the_visits(world: World) -> None:
    tao = await example_customer(world, "S04", drop=UNSIGNED)
    await tao.enters()
    assert (await tao.signs()).status_code == 200
    (answer,) = (await tao.whole())["said"]
    assert answer["level"] == "own_device"
    number = answer["number"]
    assert "*" in number["masked"]
    assert (number["changed_by"], len(number["digest"])) == ("", 64)
    assert number["since"] < answer["at"]
    assert "changed_number" not in await reasons(tao)


async def test_a_number_changed_by_who_made_the_link_is_not_the_customers_own_device(world: World) -> None:
    tao = await example_customer(world, "S04", drop=UNSIGNED)
    advance_clock(world, minutes=2)
    await change_number(tao, "13911112222")
    await tao.enters()
    assert (await tao.signs()).status_code == 200
    (answer,) = (await tao.whole())["said"]
    number = answer["number"]
    assert (answer["level"], number["changed_by"], number["link_by"]) == ("phone", "zhao", "zhao")
    assert number["masked"].endswith("2222")
    assert "changed_number" in await reasons(tao)
    page = text_of(await (await signed_in(world, "wang")).get(f"/desk/visits/{tao.visit}"))
    for words in ("验证码发往改过的号码", f"验证码发往 {number['masked']}", "由 zhao 改", "链接由 zhao 生成"):
        assert words in page, words
    await change_number(tao, "13800000000")  # putting it back hides nothing
    assert "changed_number" in await reasons(tao)


async def test_a_number_changed_by_somebody_else_counts(world: World) -> None:
    tao = await example_customer(world, "S04", drop=UNSIGNED)
    advance_clock(world, minutes=2)
    await change_number(tao, "13911112222", "wang")
    await tao.enters()
    assert (await tao.signs()).status_code == 200
    (answer,) = (await tao.whole())["said"]
    assert (answer["level"], answer["number"]["changed_by"]) == ("own_device", "wang")
    assert "changed_number" not in await reasons(tao)


async def test_a_link_that_went_by_itself_to_a_changed_number_vouches_for_nobody(world: World) -> None:
    """Whoever changes the number need not make a link: the service sends one there."""
    tao = await example_customer(world, "S04", drop=UNSIGNED)
    world.ctx.company = msgspec.structs.replace(world.ctx.company, automatic=frozenset(("please_sign",)))
    advance_clock(world, minutes=2)
    await change_number(tao, "13911112222")
    await automatic.send_owed(world.ctx)
    await worker.deliver_due(world.ctx)
    (letter,) = [one for one in tao.post.letters if one.about == "please_sign"]
    assert letter.to.endswith("13911112222")
    tao.token = letter.text.rpartition("/c/")[2][:26]
    await tao.enters()
    assert (await tao.signs()).status_code == 200
    (answer,) = (await tao.whole())["said"]
    assert (answer["level"], answer["number"]["link_by"]) == ("phone", "the service")
    assert "changed_number" in await reasons(tao)
    page = text_of(await (await signed_in(world, "wang")).get(f"/desk/visits/{tao.visit}"))
    assert "由 zhao 改 · 链接由系统自动发出" in page
    assert "the service" not in page


async def test_who_got_the_code_at_a_number_that_was_corrected_since_is_not_the_customer(world: World) -> None:
    tao = await example_customer(world, "S04", drop=UNSIGNED)
    await tao.enters()
    assert (await tao.seen())["level"] == "own_device"
    advance_clock(world, minutes=2)
    await change_number(tao, "13911112222", "wang")
    seen = await tao.seen()
    assert (seen["level"], seen["code_until"], seen["open_until"]) == (None, None, None)
    assert problem(await tao.signs()) == (403, "code-needed")
    await tao.enters()  # a new one is sent at once, to the new number
    assert tao.post.letters[-1].to == "13911112222"
    assert (await tao.signs()).status_code == 200
    (answer,) = (await tao.whole())["said"]
    assert answer["number"]["masked"].endswith("2222")


async def test_the_desk_says_that_a_number_was_corrected_after_the_signature(sqlite_world: World) -> None:
    tao = await example_customer(sqlite_world, "S04", drop=UNSIGNED)
    await tao.enters()
    assert (await tao.signs()).status_code == 200
    wang = await signed_in(sqlite_world, "wang")
    path = f"/desk/visits/{tao.visit}"
    advance_clock(sqlite_world, minutes=2)
    await change_number(tao, "138-0000-0000 / 13911112222", "zhao")
    assert "更正成了别的号码" not in text_of(await wang.get(path))
    await change_number(tao, "13911112222", "zhao")
    assert "起是本次上门的号码 · 9月10日 16:18 更正成了别的号码" in text_of(await wang.get(path))
    await change_number(tao, "13800000000", "zhao")
    assert "更正成了别的号码" not in text_of(await wang.get(path))


async def test_a_code_on_its_way_to_a_number_that_was_corrected_since_opens_nothing(world: World) -> None:
    tao = await example_customer(world, "S04", drop=UNSIGNED)
    code = await tao.code()
    await change_number(tao, "13911112222", "wang")
    assert (await tao.seen())["code_until"] is None
    assert problem(await tao.ask("PUT", "/code", {"code": code})) == (403, "wrong-code")
    assert (await tao.seen())["level"] is None
    await tao.enters()
    await change_number(tao, "139 1111 2222", "wang")  # the same number stays good
    assert (await tao.seen())["level"] == "own_device"


def test_the_maker_of_a_link_is_named_in_words() -> None:
    said = {by: link_maker(by) for by in ("zhao", made_at_door("li", same_network=False), "the service")}
    assert [one.zh % one.values for one in said.values()] == [
        "链接由 zhao 生成",
        "链接来自 li 出示的二维码",
        "链接由系统自动发出",
    ]
