"""Events over the API and in the desk: who sees which, filters, pages, the table, and signs of an attack."""

import ast
import html
import re
from pathlib import Path
from typing import Any

import service
from service.accounts.validation import NewPerson
from service.staff import event_listing, event_routes
from service.staff.event_words import WORDS
from service.staff.people import create_person
from tests.support.api_client import World, problem
from tests.support.browser import Browser, later, with_password
from tests.support.desk import LEFTOVERS, signed_in, text_of
from tests.support.devices import register_phone


async def items(world: World, who: str = "admin", query: str = "") -> list[dict[str, Any]]:
    answer = await world.ask(who, "GET", f"/v1/events{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def whats(world: World, who: str = "admin", query: str = "") -> list[str]:
    return [one["what"] for one in await items(world, who, query)]


async def test_an_admin_sees_all_and_a_supervisor_those_of_their_people(world: World) -> None:
    later(world, minutes=1)
    new = {"login": "far", "name": "远", "roles": ["technician"], "areas": ["城西"]}
    assert (await world.ask("admin", "POST", "/v1/people", new)).status_code == 201
    await register_phone(world)
    assert await whats(world) == ["enrolled", "enrolment-code", "added", "coverage"]
    assert await whats(world, "wang") == ["enrolled", "enrolment-code"]
    assert await whats(world, "qian") == ["added"]
    enrolled, code, *_ = await items(world, "wang")
    assert (code["by"], code["person"], enrolled["details"]["made_by"]) == ("wang", "li", "wang")
    assert problem(await world.ask("zhao", "GET", "/v1/events"))[0] == 403
    (device,) = (await world.ask("li", "GET", "/v1/devices")).json()["items"]
    assert device["code_by"] == "wang"  # the technician sees who made the code


async def test_events_are_filtered_and_paged(world: World) -> None:
    for login in ("a", "b", "c"):
        new = {"login": login, "name": "某", "roles": ["technician"], "areas": ["城东"]}
        assert (await world.ask("admin", "POST", "/v1/people", new)).status_code == 201
        later(world, hours=1)
    assert [one["person"] for one in await items(world, query="?what=added")] == ["c", "b", "a"]
    assert await whats(world, query="?person=b") == ["added"]
    moment = (await items(world, query="?person=b"))[0]["at"].replace("+", "%2B")
    assert [one["person"] for one in await items(world, query=f"?what=added&since={moment}")] == ["c", "b"]
    assert [one["person"] for one in await items(world, query=f"?what=added&until={moment}")] == ["a"]
    assert problem(await world.ask("admin", "GET", "/v1/events?since=yesterday"))[0] == 400


async def test_pages_have_every_event_once(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(event_listing, "PAGE", 3)
    for number in range(5):
        new = {"login": f"p{number}", "name": "某", "roles": ["technician"], "areas": ["城东"]}
        assert (await world.ask("admin", "POST", "/v1/people", new)).status_code == 201
    for who, expected in (("admin", 6), ("wang", 5)):
        found, after = list[str](), ""
        while after is not None:
            page = (await world.ask(who, "GET", f"/v1/events{after and '?after=' + after}")).json()
            found += [one["id"] for one in page["items"]]
            after = page["after"]
        assert (len(found), len(set(found))) == (expected, expected)


async def test_the_table_of_a_supervisor_has_the_events_of_their_people_behind_many_others(
    world: World, monkeypatch: Any
) -> None:
    for module in (event_listing, event_routes):
        monkeypatch.setattr(module, "SCANNED", 2)
    for number, area in enumerate(("城东", "城东", "城西", "城西", "城西", "城东", "城西", "城西", "城西")):
        new = {"login": f"p{number}", "name": "某", "roles": ["technician"], "areas": [area]}
        assert (await world.ask("admin", "POST", "/v1/people", new)).status_code == 201
        later(world, minutes=1)
    for who, expected in (("wang", "510"), ("admin", "876543210")):
        table = (await world.ask(who, "GET", "/v1/events.csv?what=added")).content.decode("utf-8-sig")
        rows = [line.split(",") for line in table.splitlines()[1:]]
        assert "".join(row[3].removeprefix("p") for row in rows) == expected


async def test_failed_sign_ins_are_signs_of_an_attack_and_throttled_ones_leave_nothing(world: World) -> None:
    await with_password(world, "li")
    for login, count in (("li", 8), ("nobody", 2)):
        for _ in range(count):
            await Browser(world).sign_in(login, "a wrong password")
    failed = [one for one in await items(world) if one["what"] == "sign-in-failed"]
    assert len(failed) == 5 + 2  # the person is locked out after five
    assert {one["person"] for one in failed} == {"li", ""}
    assert "nobody" not in str(failed)
    signs = (await world.ask("admin", "GET", "/v1/events")).json()["signs"]
    assert [(one["what"], one["person"], bool(one["address"]), one["count"]) for one in signs] == [
        ("sign-in-failed", "", True, 7),
        ("sign-in-failed", "li", False, 5),
        ("lockout", "li", False, 1),
    ]
    assert (await world.ask("wang", "GET", "/v1/events")).json()["signs"][0]["count"] == 5  # of their people only


async def test_the_table_has_words_and_no_formulas(world: World) -> None:
    await world.ask("admin", "PUT", "/v1/people/li/departure", {"reason": "=1+1"})
    answer = await world.ask("admin", "GET", "/v1/events.csv?person=li")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("时间,事件,what")
    assert "离职,left,li,admin,'=1+1," in lines[1]


async def test_the_page_says_who_did_what_in_plain_words(world: World) -> None:
    await with_password(world, "li")
    await register_phone(world)
    for _ in range(6):
        await Browser(world).sign_in("li", "a wrong password")
    desk = await signed_in(world, "wang")
    page = await desk.get("/desk/events")
    assert page.status_code == 200
    assert not LEFTOVERS.search(page.text)
    seen = text_of(page)
    for words in (
        "一天内的可疑迹象",
        "登录多次失败",
        "从同一个网络地址试得太多",
        "登记手机",
        "给出登记手机的一次性码",
        "设置密码",
        "李",
    ):
        assert words in seen, words
    only = text_of(await desk.get("/desk/events?what=enrolled&first=2026-03-02&last=2026-03-02"))
    assert "王 wang" not in only  # the code that wang made is not among them
    assert "没有这样的事件" in text_of(await desk.get("/desk/events?first=2026-03-03"))
    assert (await desk.get("/desk/events?first=x")).status_code == 400
    english = await desk.get("/desk/events", accept_language="en")
    words = text_of(english)
    assert "Code to enrol a phone issued" in words
    assert "Last attempt" in words
    assert "Visits" not in words.partition("Signs of an attack")[2].partition("Whom it is about")[0], "attempts"


async def test_the_page_names_roles_and_the_command_line_and_gives_the_table(world: World) -> None:
    await create_person(world.ctx, NewPerson("kong", "孔", ("technician", "dispatcher"), ("城东",)), with_token=False)
    desk, query = await signed_in(world, "admin"), "?person=kong&what=added&first=2026-03-02"
    for language, words in {
        "zh": ("角色：技术员、调度", "经手 系统或命令行"),
        "en": ("technician, dispatcher", "system or command line"),
    }.items():
        seen = text_of(await desk.get(f"/desk/events{query}", accept_language=language))
        for word in words:
            assert word.lower() in seen.lower(), (language, seen)
    address = re.search(r'href="(/v1/events.csv[^"]*)"', (await desk.get(f"/desk/events{query}")).text)
    assert address
    table = (await desk.get(html.unescape(address[1]))).content.decode("utf-8-sig").splitlines()
    assert (len(table), "kong" in table[1]) == (2, True)


def test_every_event_has_words() -> None:
    """The words of all events that the code records."""
    used = set[str]()
    for path in Path(service.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("PersonEvent", "DeviceEvent", "Act"):
                given = [one.value for one in node.keywords if one.arg == "what"]
                used |= {
                    one.value for part in given for one in ast.walk(part) if isinstance(one, ast.Constant) and one.value
                }
    assert used <= set(WORDS), used - set(WORDS)
    assert {"signed-in", "left", "enrolled"} <= used
