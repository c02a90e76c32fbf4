"""People come with a one-time code instead of a mailed password, and leave with everything at once."""

import asyncio

from .browser import PASSWORD, Browser, code_now, later, with_factor, with_password
from .test_devices import enrolled
from .world import VISIT, World, problem, record

NEW = {"login": "zhou", "name": "周", "roles": ["technician"], "areas": ["城东"]}


async def test_an_admin_adds_somebody_who_sets_his_own_password(world: World):
    added = await world.ask("admin", "POST", "/v1/people", NEW)
    assert added.status_code == 201
    content = added.json()
    assert content["person"] == NEW
    assert content["url"] == f"{world.house.desk.url}/invitation#{content['code']}"
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


async def test_an_invitation_is_good_for_72_hours_and_the_newest_alone(world: World):
    codes = [(await world.ask("admin", "POST", "/v1/invitations", {"person": "li"})).json()["code"] for _ in range(3)]
    paths = [f"/v1/invitations/{code}/password" for code in (*codes, "guess")]
    for path in (paths[0], paths[1], paths[3]):
        assert problem(await world.ask(None, "PUT", path, {"password": PASSWORD})) == (404, "unknown-code")
    later(world, hours=72)
    assert problem(await world.ask(None, "PUT", paths[2], {"password": PASSWORD})) == (404, "unknown-code")
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
    browser, phone = Browser(world), await enrolled(world, "li")
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
