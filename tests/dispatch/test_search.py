"""Visits are found by a part of a name, address, phone, account or order number, also of two Chinese characters."""

from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import errors
from service.dispatch import listing, search
from service.text import search_key, search_query
from service.visits.search_tokens import query_tokens, tokenize
from tests.support import example_visits as stories
from tests.support.api_client import VISIT, World
from tests.support.desk import signed_in, text_of
from tests.support.factories import TOKENS, Town, a_record, change_visit, encode, said, uid

TEXT = st.text("张三丰路1234a号 Ｂ栋", max_size=12)


@given(TEXT, TEXT)
def test_who_contains_a_query_has_its_grams(text: str, query: str) -> None:
    text, query = search_key(text), search_key(query)
    if query and query in text:
        assert set(query_tokens(query)) <= tokenize([text])
        assert any(gram.startswith(query[:1]) for gram in tokenize([text]))
        if not query_tokens(query):
            assert any(gram.startswith(query) for gram in tokenize([text]))


async def found(town: Town, q: str, login: str = "wang", **query: str) -> set[str]:
    """Names of the visits found, over all pages; none of them comes twice."""
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = await listing.list_visits(town.ctx, TOKENS[login], {"q": q, **query, **after})
        seen += [item.id for item in page.items]
        if page.after is None:
            break
        after = {"after": page.after}
    assert len(seen) == len(set(seen))
    names = {str(uid(name)): name for name in ("a", "b", "c", *(f"n{number}" for number in range(130)))}
    return {names[one] for one in seen}


async def three(town: Town) -> None:
    for name, who, where, phone, account, ref in (
        ("a", "张三丰", "虚构路12号3单元", "13800001111", "1001", "GD-2026-0001"),
        ("b", "李张三", "虚构东路2号", "13900002222", "2001", "GD-2026-0002"),
        ("c", "欧阳修", "张三路 5 号", "13900003333", "3001", "gd-2026-1003"),
    ):
        customer = {"name": who, "address": where, "phone": phone, "account": account}
        await town.planned(name, customer=customer, external_ref=ref)


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("张三", "abc"),
        ("张三丰", "a"),
        ("三丰", "a"),
        ("阳修", "c"),
        ("张", "abc"),
        ("丰", "a"),
        ("虚构路12号", "a"),
        ("2号", "ab"),
        ("5号", "c"),
        ("路5", "c"),
        ("13900002222", "b"),
        ("2222", "b"),
        ("1390000", "bc"),
        ("139", "bc"),
        ("2001", "b"),
        ("GD-2026-000", "ab"),
        ("ｇｄ－2026－0001", "a"),
        ("三张", ""),
        ("没有", ""),
        ("99999", ""),
    ],
)
async def test_parts_are_found(town: Town, q: str, names: str) -> None:
    await three(town)
    assert await found(town, q) == set(names)


async def test_only_ones_own_are_found_and_filters_hold(town: Town) -> None:
    await three(town)
    await town.planned("n1", technician="sun", customer={"name": "张三"}, type="meter_reading")
    assert await found(town, "张三", "qian") == set()
    assert await found(town, "张三", "sun") == {"n1"}
    assert await found(town, "张三", "li") == set("abc")
    assert await found(town, "张三", technician="sun") == {"n1"}
    assert await found(town, "张三", type="meter_reading") == {"n1"}
    await town.submitted(a_record("r", uid("a"), said("09:05", "arrived")))
    assert await found(town, "张三", state="under_way") == {"a"}
    assert await found(town, "张三", state="planned") == {"b", "c", "n1"}


async def test_what_was_mended_is_found_by_what_it_is_now(town: Town) -> None:
    await three(town)
    content: Any = encode({"reason": "姓名写错", "customer": {"name": "王五", "address": "虚构路12号3单元"}})
    await change_visit(town.ctx, TOKENS["zhao"], uid("a"), "details", content, frozenset({0}))
    assert await found(town, "三丰") == set()
    assert await found(town, "王五") == {"a"}
    assert await found(town, "虚构路12") == {"a"}


async def test_many_come_in_pages(town: Town) -> None:
    for number in range(130):
        await town.planned(f"n{number}", customer={"name": "张三", "address": f"路{number}号、路{number + 1}号"})
    everybody = {f"n{number}" for number in range(130)}
    assert await found(town, "张三") == everybody
    assert await found(town, "张") == everybody
    assert await found(town, "路") == everybody
    for bad in ({"q": " "}, {"q": "张" * 101}, {"q": "张", "after": "%%%"}, {"q": "张", "after": "AAAA"}):
        with pytest.raises(errors.InvalidQuery):
            await listing.list_visits(town.ctx, TOKENS["wang"], bad)


async def test_lists_by_state_follow_what_was_written(town: Town) -> None:
    for name in "abc":
        await town.planned(name)
    await town.submitted(a_record("r", uid("b"), said("09:05", "arrived"), said("09:20", "left")))
    await change_visit(town.ctx, TOKENS["zhao"], uid("c"), "cancellation", encode({"reason": "取消"}), frozenset({0}))
    for login in ("wang", "li"):
        for state, names in (("planned", "a"), ("to_review", "b"), ("cancelled", "c"), ("closed", "")):
            page = await listing.list_visits(town.ctx, TOKENS[login], {"state": state})
            assert [item.id for item in page.items] == [str(uid(name)) for name in names]
            assert {item.state for item in page.items} <= {state}


TINY = {"COUNT_STAGES": ((2, 16), (5, 4)), "MAX_SCOPE": 12, "MAX_BEGINNING": 4, "STEP_SIZES": (1, 2, 5)}
WORDS = ("张三丰", "张三", "李四", "张三路12号", "三丰路1号2栋", "丰张", "12345", "2345", "GD-1234", "a1", "")

QUERIES = "张 三 1 12 123 张三 三丰 三路 张三路12 号2 2345 gd-1 丰路1号2 没".split()


async def crowd(town: Town, random: Random) -> dict[str, dict[str, Any]]:
    """Visits with texts that have much in common; what was planned, by id."""
    plans: dict[str, dict[str, Any]] = {}
    for number in range(60):
        name, *rest = (random.choice(WORDS) for _ in range(4))
        start = f"{9 + number % 8:02}:00"
        plan = {
            "customer": {"name": name or "王", "address": rest[0], "account": rest[1], "phone": rest[2]},
            "type": random.choice(("repair_leak", "meter_reading")),
            "technician": random.choice(("li", "sun")),
            "window": {"from": stories.clock(start), "to": stories.clock(start)},
        }
        visit = await town.planned(f"crowd {random.random()}", **plan)
        plans[str(visit)] = plan
    for visit in list(plans)[::7]:
        content = encode({"reason": "取消"})
        await change_visit(town.ctx, TOKENS["zhao"], UUID(visit), "cancellation", content, frozenset({0}))
        plans[visit]["state"] = "cancelled"
    return plans


@pytest.mark.parametrize("tiny", [False, True])
async def test_search_finds_what_a_look_at_every_visit_finds(
    town: Town, monkeypatch: pytest.MonkeyPatch, tiny: bool
) -> None:
    """Whichever way it takes: with tiny limits it walks in many steps, and through filters, from page to page."""
    random = Random(6)
    plans = await crowd(town, random)
    for name, value in TINY.items() if tiny else ():
        monkeypatch.setattr(search, name, value)
        monkeypatch.setattr(listing, "PAGE", 3)
    for q in QUERIES:
        for _ in range(3):
            query = {
                name: value
                for name, value in (
                    ("state", random.choice(("planned", "cancelled"))),
                    ("type", random.choice(("repair_leak", "meter_reading"))),
                    ("technician", random.choice(("li", "sun"))),
                    ("from", stories.clock(f"{random.randrange(9, 17):02}:00")),
                )
                if random.random() < 0.4
            }
            expected = {
                visit
                for visit, plan in plans.items()
                if any(search_query(q) in search_key(text) for text in plan["customer"].values())
                and query.get("state", plan.get("state", "planned")) == plan.get("state", "planned")
                and all(query.get(name, plan[name]) == plan[name] for name in ("type", "technician"))
                and query.get("from", "") <= plan["window"]["from"]
            }
            seen: list[str] = []
            after: dict[str, str] = {}
            while True:
                page = await listing.list_visits(town.ctx, TOKENS["wang"], {"q": q, **query, **after})
                seen += [item.id for item in page.items]
                if page.after is None:
                    break
                after = {"after": page.after}
            assert sorted(seen) == sorted(expected), (q, query)


async def test_a_query_that_is_too_long_is_named_so_at_the_desk(world: World) -> None:
    zhao = await signed_in(world, "zhao")
    page = await zhao.get(f"/desk/search?q={'a' * 300}")
    assert (page.status_code, "太长" in text_of(page)) == (400, True)
    assert "不查技术员" in text_of(await zhao.get("/desk/search?q=nobody"))


async def test_a_receipt_number_that_the_office_wrote_is_found_by_the_office_alone(world: World) -> None:
    await world.plan()
    number = {"kind": "number", "number": "TS-20260302-01"}
    entry = {"id": str(uid("n")), "at": world.ctx.now().isoformat(), "what": "complaint_recorded_forwarded"}
    content = {"entries": [{**entry, "by": "office", "evidence": [number]}]}
    written = await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/entries", content)
    assert written.status_code == 201, written.text
    for login, many in (("zhao", 1), ("wang", 1), ("li", 0)):
        shown = (await world.ask(login, "GET", "/v1/visits?q=ts-20260302-01")).json()["items"]
        assert len(shown) == many, login
