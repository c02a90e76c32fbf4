"""A paper by which the customer pays for a damaged meter is shown with the price list, which is no part of it."""

from datetime import datetime
from typing import Any

import msgspec
import pytest

from tests.support.api_client import World, record
from tests.support.customer import UNSIGNED, Customer, advance_clock, example_customer
from tests.support.factories import uid
from tests.support.pdf_words import words_of_pdf

PRICES = "2026 版：DN15 120 元 <b>；https://water.example/prices"
SHOWN = "2026 版：DN15 120 元 &lt;b&gt;；"


def priced(world: World, prices: str = PRICES) -> None:
    world.ctx.company = msgspec.structs.replace(world.ctx.company, price_list=prices)


async def meter(world: World, charge: str | None) -> Customer:
    """The customer of a damaged meter, of which the technician has written who pays for it."""
    customer = await example_customer(world, "S04", drop=UNSIGNED)
    if charge is not None:
        at = advance_clock(world, minutes=1)
        await written(world, customer, at, charge)
    return customer


async def written(world: World, customer: Customer, at: datetime, charge: str) -> None:
    fields = {"opinion": "agrees", "charge": charge}
    what = "meter_cause_confirmed"
    entry: dict[str, Any] = {"id": str(uid(f"{at}")), "at": at.isoformat(), "by": "technician", "what": what}
    content = record(uid(f"record {at}"), visit=customer.visit, entries=[entry | {"fields": fields}])
    assert (await world.submit(content, uid(f"record {at}"))).status_code == 201


@pytest.mark.parametrize(("language", "name"), [("zh", "价目表"), ("en", "Price list")])
async def test_a_paper_that_is_charged_is_shown_with_the_price_list(
    sqlite_world: World, language: str, name: str
) -> None:
    world = sqlite_world
    customer = await meter(world, "charged")
    headers = {"accept-language": language}
    page = f"/c/{customer.token}"
    assert name not in (await customer.client.get(page, headers=headers)).text  # none is set: nothing is said
    before = await customer.seen()
    assert (before["price_list"], before["statements"][0]["charged"]) == ("", True)
    priced(world)
    shown = (await customer.client.get(page, headers=headers)).text
    assert name in shown
    assert SHOWN in shown
    assert 'href="https://water.example/prices"' in shown
    after = await customer.seen()
    assert after["price_list"] == PRICES
    assert [(one["sha256"], one["statement"]) for one in after["statements"]] == [
        (one["sha256"], one["statement"]) for one in before["statements"]
    ]
    await customer.enters()
    assert (await customer.signs()).status_code == 200
    copy = (await customer.client.get(f"{page}/copy", headers=headers)).text
    assert name in copy
    assert SHOWN in copy
    assert "href=" not in copy  # one file without references to others
    apart = {"zh": "公司提供，不是签字内容的一部分", "en": "by the company; no part of what is signed"}[language]
    pdf = words_of_pdf((await customer.client.get(f"{page}/copy.pdf", headers=headers)).content)
    for text in (shown, copy, pdf):
        assert apart.replace(" ", "") in text.replace(" ", "")  # a PDF breaks lines


@pytest.mark.parametrize("charge", [None, "free"])
async def test_a_paper_that_is_not_charged_has_none(sqlite_world: World, charge: str | None) -> None:
    customer = await meter(sqlite_world, charge)
    priced(sqlite_world)
    assert "价目表" not in (await customer.client.get(f"/c/{customer.token}")).text
    assert not any(one["charged"] for one in (await customer.seen())["statements"])


async def test_the_last_word_about_the_charge_counts(sqlite_world: World) -> None:
    customer = await meter(sqlite_world, "charged")
    priced(sqlite_world)
    assert "价目表" in (await customer.client.get(f"/c/{customer.token}")).text
    await written(sqlite_world, customer, advance_clock(sqlite_world, minutes=1), "free")
    assert "价目表" not in (await customer.client.get(f"/c/{customer.token}")).text


async def test_phones_get_it_with_the_agenda(sqlite_world: World) -> None:
    agenda = (await sqlite_world.ask("li", "GET", "/v1/agenda")).json()
    assert agenda["price_list"] == ""
    priced(sqlite_world)
    same = (await sqlite_world.ask("li", "GET", f"/v1/agenda?since={agenda['cursor']}")).json()
    assert (same["visits"], same["price_list"]) == ([], PRICES)
