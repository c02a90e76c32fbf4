"""A login is one however it is written: to sign in, to be locked out, and wherever the office names somebody."""

import asyncio
from urllib.parse import urlencode

import pytest

from tests.support.api_client import VISIT, World, problem
from tests.support.browser import PASSWORD, Browser, with_password
from tests.support.factories import a_plan

WRITTEN = ["li", "Li", "LI", "li ", "ｌｉ", "Ｌi", "l\u200bi", "\u200eli", "li\u3000"]


@pytest.mark.parametrize("written", ["zhao", "Zhao", "ZHAO", " zhao ", "ｚｈａｏ", "zh\u200bao"])
async def test_signing_in(world: World, written: str) -> None:
    await with_password(world, "zhao")
    browser = Browser(world)
    assert (await browser.sign_in(written)).status_code == 204
    assert (await browser.ask("GET", "/v1/me")).json()["login"] == "zhao"


async def test_the_form_to_sign_in_is_the_same_door(world: World) -> None:
    await with_password(world, "zhao")
    form = {"content_type": "application/x-www-form-urlencoded", "origin": world.ctx.company.url}
    for written in ("Zhao", "%EF%BD%9Ahao", "zhao%20", "zh%E2%80%8Bao"):
        body = f"login={written}&password=x".encode()
        wrong = await world.ask(None, "POST", "/sign-in", body, **form)
        assert wrong.status_code == 403
    right = urlencode({"login": "ZHAO", "password": PASSWORD}).encode()
    assert (await world.ask(None, "POST", "/sign-in", right, **form)).status_code == 303


async def test_who_is_locked_out_is_locked_out_in_every_spelling(world: World) -> None:
    await with_password(world, "zhao")
    for written in ("zhao", "Zhao", "ｚhao", "zhao ", "zh\u200bao"):
        assert problem(await Browser(world).sign_in(written, "wrong")) == (403, "sign-in-failed")
    assert problem(await Browser(world).sign_in("zhao")) == (429, "too-many-requests")
    assert problem(await Browser(world).sign_in("ZHAO")) == (429, "too-many-requests")


async def test_no_two_logins_look_alike(world: World) -> None:
    for written in ("Li", "LI"):
        new = {"login": written, "name": "李", "roles": ["technician"]}
        assert problem(await world.ask("admin", "POST", "/v1/people", new)) == (409, "login-taken")


async def test_of_logins_that_look_alike_and_come_at_once_one_is_added(world: World) -> None:
    for name in ("zed", "yan", "xu"):
        spellings = (name, name.upper(), name.capitalize(), name[:-1] + name[-1].upper())
        added = await asyncio.gather(
            *(
                world.ask("admin", "POST", "/v1/people", {"login": one, "name": "新人", "roles": ["technician"]})
                for one in spellings
            )
        )
        assert sorted(answer.status_code for answer in added) == [201, 409, 409, 409]


@pytest.mark.parametrize("written", WRITTEN)
async def test_the_office_names_a_technician(world: World, written: str) -> None:
    plan = a_plan(technician=written, crew=["Sun"])
    for status in (201, 200):  # a repetition is the same
        answer = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}", plan)
        assert (answer.status_code, answer.json()["technician"], answer.json()["crew"]) == (status, "li", ["sun"])
    assert [one["id"] for one in (await world.ask("li", "GET", "/v1/agenda")).json()["visits"]] == [str(VISIT)]
    listed = await world.client.get(
        "/v1/visits", params={"technician": written}, headers={"authorization": "Bearer token of zhao"}
    )
    assert [one["id"] for one in listed.json()["items"]] == [str(VISIT)]
    code = await world.ask("wang", "POST", "/v1/enrolments", {"person": written})
    assert code.status_code in {200, 201}, code.text
    invited = await world.ask("admin", "POST", "/v1/invitations", {"person": written})
    assert invited.json()["person"]["login"] == "li"


async def test_a_handover_and_an_assignee(world: World) -> None:
    await world.plan()
    moved = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/technician", {"technician": "ＳＵＮ"}, if_match='"0"')
    assert moved.json()["technician"] == "sun"
    again = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/technician", {"technician": "Sun"}, if_match='"0"')
    assert again.status_code == 200  # it is applied already
    looks = await world.ask("wang", "PUT", f"/v1/visits/{VISIT}/assignee", {"person": "Wang"})
    assert looks.json()["assignee"] == "wang"


async def test_a_person_at_their_address(world: World) -> None:
    card = {"name": "李强\u200b", "badge": "０７ ", "title": "维修员"}
    answer = await world.ask("admin", "PUT", "/v1/people/Li/card", card)
    assert (answer.status_code, answer.json()["login"], answer.json()["name"]) == (200, "li", "李强")


async def test_who_is_nobody_is_nobody(world: World) -> None:
    for written in ("l-i", "lii", "\u200b", "l1"):
        assert (await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}", a_plan(technician=written))).status_code == 422
