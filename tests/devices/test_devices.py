"""A phone is enrolled in a minute by a code, and locked out in a second."""

import asyncio
from base64 import urlsafe_b64encode
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.api_client import VISIT, World, problem, record
from tests.support.browser import later
from tests.support.devices import client_with_token, enrol_phone, enrolment_code, register_phone


async def test_a_phone_is_enrolled_by_a_code_once(world: World):
    answer = (await world.ask("wang", "POST", "/v1/enrolments", {"person": "li"})).json()
    assert answer["url"] == f"{world.ctx.company.url}/enrol#{answer['code']}"
    assert len(answer["code"]) == 22  # 128 bits
    assert answer["qr_svg"].startswith("<svg")
    content = {"code": answer["code"], "name": "李的手机", "unknown": "field"}
    first = await world.ask(None, "POST", "/v1/devices", content)
    assert first.status_code == 201
    device = first.json()["device"]
    assert (device["person"], device["name"], device["signs"], device["revoked_at"]) == ("li", "李的手机", False, None)
    assert first.json()["person"]["name"] == "李"
    phone = client_with_token(world, first.json()["token"])
    assert (await phone("GET", "/v1/me")).json()["login"] == "li"
    await world.plan()
    assert (await phone("PUT", f"/v1/records/{record()['id']}", record())).status_code == 201
    assert problem(await world.ask(None, "POST", "/v1/devices", content)) == (404, "unknown-code")


async def test_a_code_is_good_for_ten_minutes(world: World):
    code = await enrolment_code(world)
    later(world, minutes=10)
    assert problem(await world.ask(None, "POST", "/v1/devices", {"code": code, "name": "x"})) == (404, "unknown-code")


async def test_a_code_used_by_two_phones_at_once_enrols_one(world: World):
    content = {"code": await enrolment_code(world), "name": "x"}
    answers = await asyncio.gather(*(world.ask(None, "POST", "/v1/devices", content) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 404, 404, 404, 404]


async def test_a_person_has_at_most_two_active_devices(world: World):
    first, _ = await register_phone(world), await register_phone(world)
    code = await enrolment_code(world)
    refused = await world.ask(None, "POST", "/v1/devices", {"code": code, "name": "third"})
    assert problem(refused) == (409, "too-many-devices")
    assert (await world.ask("wang", "DELETE", f"/v1/devices/{first['device']['id']}")).status_code == 204
    again = await world.ask(None, "POST", "/v1/devices", {"code": code, "name": "third"})
    assert again.status_code == 201  # the code was not used up by the refusal


async def test_a_revoked_device_is_out_with_its_next_request(world: World):
    await world.plan()
    device = await register_phone(world)
    phone = client_with_token(world, device["token"])
    assert (await phone("GET", "/v1/visits")).status_code == 200
    assert (await world.ask("wang", "DELETE", f"/v1/devices/{device['device']['id']}")).status_code == 204
    for method, path, content in (
        ("GET", "/v1/visits", None),
        ("PUT", f"/v1/records/{record()['id']}", record()),
        ("PUT", f"/v1/records/{record()['id']}", b"{"),
    ):
        assert problem(await phone(method, path, content)) == (401, "device-revoked")
    assert (await world.ask("wang", "DELETE", f"/v1/devices/{device['device']['id']}")).status_code == 204
    assert (await world.ask("wang", "GET", "/v1/quarantine")).json()["items"] == []
    seen = (await world.ask("wang", "GET", "/v1/devices")).json()["items"][0]
    assert seen["revoked_by"] == "wang"


async def test_a_token_is_replaced_when_the_new_one_is_first_used(world: World):
    device = await register_phone(world)
    path = f"/v1/devices/{device['device']['id']}/token"
    old = client_with_token(world, device["token"])
    lost = await old("POST", path)
    assert lost.status_code == 201
    new = client_with_token(world, (await old("POST", path)).json()["token"])
    assert (await old("GET", "/v1/me")).status_code == 200
    assert problem(await client_with_token(world, lost.json()["token"])("GET", "/v1/me")) == (401, "not-signed-in")
    assert (await new("GET", "/v1/me")).status_code == 200
    assert problem(await old("GET", "/v1/me")) == (401, "not-signed-in")
    assert (await new("GET", "/v1/me")).status_code == 200
    other = await enrol_phone(world, "sun")
    assert problem(await other("POST", path)) == (404, "not-found")
    assert problem(await world.ask("li", "POST", path)) == (404, "not-found")  # a script's token is no device


async def test_last_seen_and_version_are_written_once_a_minute(world: World):
    device = await register_phone(world)
    phone = client_with_token(world, device["token"])

    async def seen() -> tuple[str, str]:
        one = (await world.ask("wang", "GET", "/v1/devices")).json()["items"][0]
        return one["seen_at"], one["app"]

    await phone("GET", "/v1/me", x_app="doorstep 1.0")
    first = await seen()
    assert first[1] == "doorstep 1.0"
    later(world, seconds=59)
    await phone("GET", "/v1/me", x_app="doorstep 1.1")
    assert await seen() == first
    later(world, seconds=1)
    await phone("GET", "/v1/me", x_app="doorstep 1.1")
    assert (await seen())[1] == "doorstep 1.1"
    assert await seen() > first
    later(world, minutes=2)
    await phone("GET", "/v1/me", x_app="x" * 65)
    assert (await seen())[1] == "doorstep 1.1"


async def test_devices_are_seen_and_revoked_by_their_owner_and_who_oversees_him(world: World):
    device = (await register_phone(world))["device"]["id"]

    async def seen(who: str) -> list[str]:
        return [one["id"] for one in (await world.ask(who, "GET", "/v1/devices")).json()["items"]]

    assert await seen("li") == await seen("wang") == await seen("admin") == [device]
    assert await seen("sun") == await seen("qian") == []
    assert problem(await world.ask("zhao", "GET", "/v1/devices")) == (403, "not-allowed")
    for who in ("sun", "qian", "zhao"):
        assert problem(await world.ask(who, "DELETE", f"/v1/devices/{device}")) == (404, "not-found")
    assert problem(await world.ask("li", "DELETE", f"/v1/devices/{UUID(int=9)}")) == (404, "not-found")
    assert (await world.ask("li", "DELETE", f"/v1/devices/{device}")).status_code == 204


async def test_only_technicians_of_ones_area_get_a_phone(world: World):
    for who, person, expected in (
        ("qian", "li", (422, "unknown-person")),
        ("wang", "zhao", (422, "unknown-person")),
        ("wang", "nobody", (422, "unknown-person")),
        ("li", "li", (403, "not-allowed")),
        ("zhao", "li", (403, "not-allowed")),
    ):
        assert problem(await world.ask(who, "POST", "/v1/enrolments", {"person": person})) == expected
    assert (await world.ask("admin", "POST", "/v1/enrolments", {"person": "li"})).status_code == 201


async def test_quarantine_is_kept_by_device_whatever_its_token_is(world: World):
    device = await register_phone(world)
    phone = client_with_token(world, device["token"])
    first = (await phone("PUT", f"/v1/records/{VISIT}", b"{")).json()["quarantine"]
    token = (await phone("POST", f"/v1/devices/{device['device']['id']}/token")).json()["token"]
    assert (await client_with_token(world, token)("PUT", f"/v1/records/{VISIT}", b"{")).json()["quarantine"] == first
    other = await enrol_phone(world)
    assert (await other("PUT", f"/v1/records/{VISIT}", b"{")).json()["quarantine"] != first


def a_key() -> dict[str, str]:
    """A phone's public key."""
    numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    x, y = (urlsafe_b64encode(one.to_bytes(32, "big")).decode().rstrip("=") for one in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


async def test_a_phone_whose_answer_was_lost_asks_again_and_is_the_same_device(world: World):
    content = {"code": await enrolment_code(world), "name": "手机", "public_key": a_key()}
    lost, again = [(await world.ask(None, "POST", "/v1/devices", content)) for _ in range(2)]
    assert (lost.status_code, again.status_code) == (201, 201)
    assert lost.json()["device"] == again.json()["device"]
    assert problem(await client_with_token(world, lost.json()["token"])("GET", "/v1/me")) == (401, "not-signed-in")
    third = await world.ask(None, "POST", "/v1/devices", content)
    phone = client_with_token(world, third.json()["token"])
    assert (await phone("GET", "/v1/me")).json()["login"] == "li"
    assert problem(await world.ask(None, "POST", "/v1/devices", content)) == (404, "unknown-code")  # it was used
    assert (await phone("GET", "/v1/me")).status_code == 200
    assert len((await world.ask("li", "GET", "/v1/devices")).json()["items"]) == 1


async def test_asking_again_needs_the_same_key_a_living_code_and_a_device_that_is_not_revoked(world: World):
    async def refused(content: dict[str, Any]) -> bool:
        return problem(await world.ask(None, "POST", "/v1/devices", content)) == (404, "unknown-code")

    plain = {"code": await enrolment_code(world), "name": "x"}
    device = (await world.ask(None, "POST", "/v1/devices", plain)).json()["device"]["id"]
    assert await refused(plain)  # without a key nobody shows that it is the same phone
    assert await refused({**plain, "public_key": a_key()})
    await world.ask("wang", "DELETE", f"/v1/devices/{device}")

    keyed = {"code": await enrolment_code(world), "name": "x", "public_key": a_key()}
    device = (await world.ask(None, "POST", "/v1/devices", keyed)).json()["device"]["id"]
    assert await refused({**keyed, "public_key": a_key()})
    assert await refused({"code": keyed["code"], "name": "x"})
    assert (await world.ask(None, "POST", "/v1/devices", keyed)).status_code == 201  # the control
    await world.ask("wang", "DELETE", f"/v1/devices/{device}")
    assert await refused(keyed)

    late = {"code": await enrolment_code(world), "name": "x", "public_key": a_key()}
    assert (await world.ask(None, "POST", "/v1/devices", late)).status_code == 201
    later(world, minutes=10)
    assert await refused(late)


async def test_a_code_used_many_times_at_once_with_one_key_gives_one_device_and_one_good_token(world: World):
    content = {"code": await enrolment_code(world), "name": "x", "public_key": a_key()}
    answers = await asyncio.gather(*(world.ask(None, "POST", "/v1/devices", content) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["device"]["id"] for answer in answers}) == 1
    seen = [(await client_with_token(world, one.json()["token"])("GET", "/v1/me")).status_code for one in answers]
    assert sorted(seen) == [200, 401, 401, 401, 401, 401]


async def test_two_phones_with_two_keys_and_one_code_enrol_one(world: World):
    code = await enrolment_code(world)
    contents = [{"code": code, "name": "x", "public_key": a_key()} for _ in range(4)]
    answers = await asyncio.gather(*(world.ask(None, "POST", "/v1/devices", one) for one in contents))
    assert sorted(answer.status_code for answer in answers) == [201, 404, 404, 404]


async def test_who_left_does_not_get_a_lost_answer_again(world: World):
    content = {"code": await enrolment_code(world), "name": "x", "public_key": a_key()}
    assert (await world.ask(None, "POST", "/v1/devices", content)).status_code == 201
    await world.ask("admin", "PUT", "/v1/people/li/departure", {"reason": "退休"})
    assert problem(await world.ask(None, "POST", "/v1/devices", content)) == (404, "unknown-code")
