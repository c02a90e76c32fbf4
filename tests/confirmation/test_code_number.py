"""To which number the one-time code of a signature went is kept with it, and a changed one is looked at."""

from tests.support.api_client import World
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
