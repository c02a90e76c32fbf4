"""People come with a one-time code instead of a mailed password, and leave with everything at once."""

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from service.accounts import repository as accounts_repository
from service.accounts.permissions import Person
from service.verify import log
from tests.support.api_client import RECORD, VISIT, World, problem, record
from tests.support.browser import PASSWORD, Browser, code_now, later, with_factor, with_password
from tests.support.devices import enrol_phone

NEW = {"login": "zhou", "name": "周", "roles": ["technician"], "areas": ["城东"]}


async def test_an_admin_adds_somebody_who_sets_his_own_password(world: World):
    added = await world.ask("admin", "POST", "/v1/people", NEW)
    assert added.status_code == 201
    content = added.json()
    assert content["person"] == NEW
    assert content["url"] == f"{world.ctx.company.url}/invitation#{content['code']}"
    path = f"/v1/invitations/{content['code']}/password"
    for weak in ("short", "elevenchars", "a" * 12, "x" * 201):
        refused = await world.ask(None, "PUT", path, {"password": weak})
        assert problem(refused) == (422, "invalid-body")
        assert refused.json()["errors"][0]["pointer"] == "/password"
    accepted = await world.ask(None, "PUT", path, {"password": PASSWORD})
    assert accepted.json() == {"login": "zhou", "name": "周"}
    assert problem(await world.ask(None, "PUT", path, {"password": PASSWORD})) == (404, "unknown-code")
    assert (await Browser(world).sign_in("zhou")).status_code == 204
    assert problem(await world.ask("admin", "POST", "/v1/people", NEW)) == (409, "login-taken")


async def test_a_person_that_does_not_fit_is_refused(world: World):
    for wrong in ({"login": "a b"}, {"login": ""}, {"login": "a/b"}, {"name": " "}, {"roles": []}, {"roles": ["king"]}):
        assert problem(await world.ask("admin", "POST", "/v1/people", NEW | wrong)) == (422, "invalid-body")
    two = await world.ask("admin", "POST", "/v1/people", NEW | {"areas": ["城东", "城西"]})
    assert problem(two) == (422, "invalid-body")
    for who in ("wang", "zhao", "li"):
        assert problem(await world.ask(who, "POST", "/v1/people", NEW)) == (403, "not-allowed")
        assert problem(await world.ask(who, "POST", "/v1/invitations", {"person": "sun"})) == (403, "not-allowed")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"name": "周\n强"}, "/name"),
        ({"name": "周" * 5000}, "/name"),
        ({"name": "\u0007"}, "/name"),
        ({"badge": "1\r2"}, "/badge"),
        ({"login": ".."}, "/login"),
        ({"login": "zh\u0007ou"}, "/login"),
        ({"login": "zhou\u200b"}, "/login"),
        ({"login": "ｚｈｏｕ"}, "/login"),
        ({"login": "admіn"}, "/login"),  # with a Cyrillic letter
        ({"login": "zhοu"}, "/login"),  # with a Greek one
        ({"login": "z" * 65}, "/login"),
        ({"areas": [" "]}, "/areas"),
        ({"areas": ["城" * 201]}, "/areas/0"),
    ],
)
async def test_what_cannot_be_on_a_card_cannot_be_given_at_the_start(world: World, wrong: dict[str, Any], pointer: str):
    refused = await world.ask("admin", "POST", "/v1/people", NEW | wrong)
    assert problem(refused) == (422, "invalid-body")
    assert [fault["pointer"] for fault in refused.json()["errors"]] == [pointer]


async def test_a_login_is_not_given_again_in_another_case(world: World):
    assert (await world.ask("admin", "POST", "/v1/people", NEW)).status_code == 201
    for login in ("Zhou", "ZHOU", "LI"):
        assert problem(await world.ask("admin", "POST", "/v1/people", NEW | {"login": login})) == (409, "login-taken")
    for login in ("zhou2", "周强", "zhou@east", "z.hou"):
        assert (await world.ask("admin", "POST", "/v1/people", NEW | {"login": login})).status_code == 201


async def test_blanks_around_texts_are_taken_off(world: World):
    given = {"name": " 周 ", "areas": [" 城东", "城东 "], "badge": " 7 "}
    added = await world.ask("admin", "POST", "/v1/people", NEW | given)
    assert added.json()["person"] == NEW
    assert (await listed(world, "zhou"))["badge"] == "7"
    moved = await world.ask("admin", "PUT", "/v1/people/zhou/roles", {"roles": ["technician"], "areas": [" 城西 "]})
    assert moved.json()["areas"] == ["城西"]


async def test_a_login_that_would_not_be_given_now_stays_good(world: World):
    old = Person("Ｌi\u200b", "老李\n", ("technician",), ("城东",))
    await world.ctx.db.write(lambda tx: accounts_repository.add_person(tx, old, 0))
    path = f"/v1/people/{quote(old.login)}"
    assert (await world.ask("admin", "PUT", f"{path}/card", CARD)).status_code == 200
    assert (await world.ask("admin", "PUT", f"{path}/roles", ROLES)).json()["areas"] == ROLES["areas"]
    assert (await world.plan(technician=old.login)).status_code == 422  # he is no technician now
    await world.ask("admin", "PUT", f"{path}/roles", {"roles": ["technician"], "areas": ["城东"]})
    assert (await world.plan(technician=old.login)).status_code == 201


async def test_an_invitation_is_good_for_72_hours(world: World):
    code = (await world.ask("admin", "POST", "/v1/invitations", {"person": "li"})).json()["code"]
    later(world, hours=72)
    for given in (code, "guess"):
        answer = await world.ask(None, "PUT", f"/v1/invitations/{given}/password", {"password": PASSWORD})
        assert problem(answer) == (404, "unknown-code")
    unknown = await world.ask("admin", "POST", "/v1/invitations", {"person": "nobody"})
    assert problem(unknown) == (422, "unknown-person")


async def test_a_code_used_twice_at_the_same_time_counts_once(world: World):
    code = (await world.ask("admin", "POST", "/v1/invitations", {"person": "li"})).json()["code"]
    path = f"/v1/invitations/{code}/password"
    answers = await asyncio.gather(*(world.ask(None, "PUT", path, {"password": f"{PASSWORD} {n}"}) for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]


async def test_guessing_codes_is_slowed_down_by_address(world: World):
    path = "/v1/invitations/guess/password"
    for _ in range(50):
        await world.ask(None, "PUT", path, {"password": "weak"})  # answered before any hashing, and counted
    refused = await world.ask(None, "PUT", path, {"password": PASSWORD})
    assert problem(refused) == (429, "too-many-requests")
    assert 0 < int(refused.headers["retry-after"]) <= 900
    later(world, minutes=15, seconds=1)
    assert problem(await world.ask(None, "PUT", path, {"password": PASSWORD})) == (404, "unknown-code")


async def test_a_new_password_ends_the_sessions_of_the_old_one(world: World):
    await with_password(world, "zhao")
    browser = Browser(world)
    await browser.sign_in("zhao")
    await with_password(world, "zhao", "another password entirely")
    assert problem(await browser.ask("GET", "/v1/me")) == (401, "not-signed-in")
    assert problem(await browser.sign_in("zhao")) == (403, "sign-in-failed")
    assert (await browser.sign_in("zhao", "another password entirely")).status_code == 204


async def test_a_lost_authenticator_is_reset_by_an_admin(world: World):
    await with_password(world, "wang")
    secret = await with_factor(world, "wang")
    browser = Browser(world)
    assert (await browser.sign_in("wang", code=code_now(world, secret))).status_code == 204
    reset = await world.ask("admin", "POST", "/v1/invitations", {"person": "wang", "reset": True})
    assert problem(await browser.ask("GET", "/v1/me")) == (401, "not-signed-in")
    assert problem(await browser.sign_in("wang")) == (403, "sign-in-failed")
    await world.ask(None, "PUT", f"/v1/invitations/{reset.json()['code']}/password", {"password": PASSWORD})
    assert (await browser.sign_in("wang")).json()["enrol"] is True


async def test_who_leaves_loses_everything_at_once_and_keeps_his_name(world: World):
    await world.plan()
    await world.submit(record())
    await with_password(world, "li")
    browser, phone = Browser(world), await enrol_phone(world, "li")
    await browser.sign_in("li")
    invited = (await world.ask("admin", "POST", "/v1/invitations", {"person": "li"})).json()["code"]
    enrol = (await world.ask("wang", "POST", "/v1/enrolments", {"person": "li"})).json()["code"]
    left = await world.ask("admin", "PUT", "/v1/people/li/departure", {"reason": "退休"})
    assert left.status_code == 200
    assert left.json()["left_at"]
    assert problem(await world.ask("li", "GET", "/v1/me")) == (401, "not-signed-in")
    assert problem(await browser.ask("GET", "/v1/me")) == (401, "not-signed-in")
    assert problem(await phone("GET", "/v1/me")) == (401, "device-revoked")
    assert problem(await browser.sign_in("li")) == (403, "sign-in-failed")
    used = await world.ask(None, "PUT", f"/v1/invitations/{invited}/password", {"password": PASSWORD})
    assert problem(used) == (404, "unknown-code")
    assert problem(await world.ask(None, "POST", "/v1/devices", {"code": enrol, "name": "x"})) == (404, "unknown-code")
    seen = (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json()
    assert [one["writer"] for one in seen["records"]] == ["li"]
    people = (await world.ask("wang", "GET", "/v1/people")).json()["items"]
    assert [one["left_at"] is not None for one in people if one["login"] == "li"] == [True]
    again = await world.ask("admin", "PUT", "/v1/people/li/departure", {"reason": "退休"})
    assert again.json() == left.json()
    for wrong in ("nobody", "%00"):
        missing = await world.ask("admin", "PUT", f"/v1/people/{wrong}/departure", {"reason": "x"})
        assert problem(missing) == (404, "not-found")
    own = await world.ask("admin", "PUT", "/v1/people/admin/departure", {"reason": "x"})
    assert problem(own) == (403, "not-allowed")


async def test_people_are_seen_by_who_works_in_their_area(world: World):
    async def seen(who: str) -> set[str]:
        return {one["login"] for one in (await world.ask(who, "GET", "/v1/people")).json()["items"]}

    assert await seen("wang") == await seen("zhao") == {"li", "sun", "wang", "zhao"}
    assert await seen("qian") == {"qian"}
    assert await seen("admin") == {"li", "sun", "wang", "zhao", "qian", "admin"}
    assert problem(await world.ask("li", "GET", "/v1/people")) == (403, "not-allowed")


ROLES = {"roles": ["dispatcher", "supervisor"], "areas": ["城东", "城西"]}
CARD = {"name": "李强", "badge": "0042", "title": "维修员"}


async def leaves(world: World) -> int:
    rows = (await log.verify(world.ctx)).rows
    return rows["leaves_numbered"] + rows["leaves_waiting"]


async def listed(world: World, login: str) -> dict[str, Any]:
    people = (await world.ask("admin", "GET", "/v1/people")).json()["items"]
    return next(one for one in people if one["login"] == login)


async def test_a_card_is_given_with_the_person_and_changed_later(world: World):
    card = {"badge": "0007", "title": "抄表员"}
    assert (await world.ask("admin", "POST", "/v1/people", NEW | card)).status_code == 201
    assert {name: (await listed(world, "zhou"))[name] for name in card} == card
    for wrong in ({"badge": "x" * 101}, {"title": "a\nb"}):
        refused = await world.ask("admin", "POST", "/v1/people", NEW | {"login": "wu"} | wrong)
        assert problem(refused) == (422, "invalid-body")
    before = await leaves(world)
    given = await world.ask("admin", "PUT", "/v1/people/li/card", CARD)
    assert {name: given.json()[name] for name in CARD} == CARD
    assert await leaves(world) == before + 1
    assert (await world.ask("admin", "PUT", "/v1/people/li/card", CARD)).json() == given.json()
    assert await leaves(world) == before + 1  # the same again is no change
    await world.plan(window={"from": "2026-03-03T09:00:00+08:00", "to": "2026-03-03T10:00:00+08:00"})
    offer = (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}/notice")).json()
    assert "维修员李强（0042）" in offer["text"]
    for wrong in ({"name": " "}, {"name": "a\nb"}, {"name": "x" * 201}, {"badge": "1"}, CARD | {"title": "x" * 101}):
        assert problem(await world.ask("admin", "PUT", "/v1/people/li/card", wrong)) == (422, "invalid-body")
    for nobody in ("nobody", "%00"):
        assert problem(await world.ask("admin", "PUT", f"/v1/people/{nobody}/card", CARD)) == (404, "not-found")


async def test_roles_and_areas_are_changed_and_count_at_once(world: World):
    await world.plan()
    before = await leaves(world)
    assert problem(await world.ask("sun", "GET", f"/v1/visits/{VISIT}")) == (404, "not-found")
    given = await world.ask("admin", "PUT", "/v1/people/sun/roles", ROLES)
    assert (given.json()["roles"], given.json()["areas"]) == (ROLES["roles"], ROLES["areas"])
    assert (await world.ask("sun", "GET", f"/v1/visits/{VISIT}")).status_code == 200
    turned = {"roles": ROLES["roles"][::-1], "areas": ROLES["areas"][::-1]}
    assert (await world.ask("admin", "PUT", "/v1/people/sun/roles", turned)).json() == given.json()
    assert await leaves(world) == before + 2  # the roles, and that they looked
    assert (await log.verify(world.ctx)).faults == []
    for wrong in (
        {"roles": []},
        {"roles": ["king"]},
        {"roles": ["technician"], "areas": ["城东", "城西"]},
        {"roles": ["dispatcher"], "areas": [" "]},
    ):
        assert problem(await world.ask("admin", "PUT", "/v1/people/sun/roles", wrong)) == (422, "invalid-body")


async def test_who_gets_a_role_that_needs_the_authenticator_signs_in_with_it(world: World):
    await with_password(world, "zhao")
    browser = Browser(world)
    await browser.sign_in("zhao")
    await world.ask("admin", "PUT", "/v1/people/zhao/roles", {"roles": ["dispatcher"], "areas": ["城西"]})
    assert (await browser.ask("GET", "/v1/me")).status_code == 200  # the control: other areas end nothing
    await world.ask("admin", "PUT", "/v1/people/zhao/roles", {"roles": ["dispatcher", "admin"]})
    assert problem(await browser.ask("GET", "/v1/me")) == (401, "not-signed-in")
    assert problem(await browser.sign_in("zhao")) == (403, "second-factor-needed")


async def test_nobody_takes_the_last_admins_role(world: World):
    own = await world.ask("admin", "PUT", "/v1/people/admin/roles", {"roles": ["supervisor"]})
    assert problem(own) == (403, "not-allowed")
    assert (await world.ask("admin", "PUT", "/v1/people/admin/roles", {"roles": ["admin", "supervisor"]})).is_success
    await world.ask("admin", "PUT", "/v1/people/wang/roles", {"roles": ["admin"]})
    answers = await asyncio.gather(
        world.ask("admin", "PUT", "/v1/people/wang/roles", {"roles": ["supervisor"]}),
        world.ask("wang", "PUT", "/v1/people/admin/roles", {"roles": ["supervisor"]}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 403]
    people = [await listed(world, login) for login in ("admin", "wang")]
    assert sum("admin" in one["roles"] for one in people) == 1


async def test_of_two_admins_who_send_each_other_away_one_stays(world: World):
    await world.ask("admin", "PUT", "/v1/people/wang/roles", {"roles": ["admin"]})
    answers = await asyncio.gather(
        world.ask("admin", "PUT", "/v1/people/wang/departure", {"reason": "x"}),
        world.ask("wang", "PUT", "/v1/people/admin/departure", {"reason": "x"}),
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 401], [200, 403])


async def test_who_is_no_technician_any_more_hands_his_records_in_from_a_file(world: World):
    await world.plan()
    phone = await enrol_phone(world, "li")
    code = (await world.ask("wang", "POST", "/v1/enrolments", {"person": "li"})).json()["code"]
    await world.ask("admin", "PUT", "/v1/people/li/roles", {"roles": ["dispatcher"]})
    assert problem(await phone("PUT", f"/v1/records/{RECORD}", record())) == (401, "device-revoked")
    assert problem(await world.ask(None, "POST", "/v1/devices", {"code": code, "name": "x"})) == (404, "unknown-code")
    taken = await world.ask("wang", "PUT", f"/v1/visits/{VISIT}/taken-in/{RECORD}", record())
    assert (taken.status_code, taken.json()["taken_in_by"]) == (201, "wang")


async def test_a_reset_ends_the_tokens_of_scripts_too_and_no_phone(world: World):
    phone = await enrol_phone(world, "li")
    assert (await world.ask("li", "GET", "/v1/me")).status_code == 200
    await world.ask("admin", "POST", "/v1/invitations", {"person": "li"})
    assert (await world.ask("li", "GET", "/v1/me")).status_code == 200  # the control: a code alone ends nothing
    await world.ask("admin", "POST", "/v1/invitations", {"person": "li", "reset": True})
    assert problem(await world.ask("li", "GET", "/v1/me")) == (401, "not-signed-in")
    assert (await phone("GET", "/v1/me")).status_code == 200
