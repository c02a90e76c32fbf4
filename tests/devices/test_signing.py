"""Records may be signed by the device's key over their exact bytes; a lost device's records come in from a file."""

import json
from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.support.api_client import RECORD, VISIT, World, problem, record
from tests.support.devices import client_with_token, enrol_phone, enrolment_code, register_phone
from tests.support.factories import encode, uid

KEY = ec.generate_private_key(ec.SECP256R1())
PEM = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
DER = KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def jwk() -> dict[str, str]:
    """The key as a browser exports it."""
    numbers = KEY.public_key().public_numbers()
    x, y = (urlsafe_b64encode(n.to_bytes(32, "big")).decode().rstrip("=") for n in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "ext": "true"}


FORMS: dict[str, Any] = {"PEM": PEM.decode(), "DER": b64encode(DER).decode(), "JWK": jwk()}


def der(raw: bytes) -> str:
    """The signature as most libraries write it."""
    return b64encode(KEY.sign(raw, ec.ECDSA(hashes.SHA256()))).decode()


def plain(raw: bytes) -> str:
    """The signature as a browser writes it: r and s."""
    r, s = decode_dss_signature(KEY.sign(raw, ec.ECDSA(hashes.SHA256())))
    return urlsafe_b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode().rstrip("=")


@pytest.mark.parametrize("form", FORMS)
async def test_a_signature_over_the_exact_bytes_is_verified_and_shown(small_world: World, form: str):
    await small_world.plan()
    phone = await enrol_phone(small_world, public_key=FORMS[form])
    for number, sign in enumerate((der, plain)):
        raw = encode(record(uid(f"r{number}")))
        path = f"/v1/records/{uid(f'r{number}')}"
        answer = await phone("PUT", path, raw, x_signature=sign(raw))
        assert (answer.status_code, answer.json()["signature"]) == (201, "verified")
        again = await phone("PUT", path, raw)
        assert (again.status_code, again.json()["signature"]) == (200, "verified")
    seen = (await small_world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json()["records"]
    assert [one["signature"] for one in seen] == ["verified", "verified"]


async def test_a_wrong_signature_is_told_and_never_refused(world: World):
    await world.plan()
    phone = await enrol_phone(world, public_key=FORMS["PEM"])
    raw = encode(record())
    good = der(raw)
    other = ec.generate_private_key(ec.SECP256R1()).sign(raw, ec.ECDSA(hashes.SHA256()))
    for number, wrong in enumerate(
        (
            der(raw + b" "),
            good[:-6] + "AAAA==",
            "no base64!",
            "",
            "A" * 400,
            b64encode(other).decode(),
            b64encode(bytes(64)).decode(),
        )
    ):
        content = encode(record(uid(f"w{number}")))
        answer = await phone("PUT", f"/v1/records/{uid(f'w{number}')}", content, x_signature=wrong)
        assert (answer.status_code, answer.json()["signature"]) == (201, "wrong"), wrong
    unsigned = await phone("PUT", f"/v1/records/{RECORD}", raw)
    assert (unsigned.status_code, unsigned.json()["signature"]) == (201, "none")


async def test_without_a_key_there_is_nothing_to_hold_a_signature_against(small_world: World):
    await small_world.plan()
    raw = encode(record())
    phone = await enrol_phone(small_world)
    answer = await phone("PUT", f"/v1/records/{RECORD}", raw, x_signature=der(raw))
    assert answer.json()["signature"] == "none"


async def test_other_keys_are_refused_at_enrolment_and_the_code_stays_good(small_world: World):
    p384 = ec.generate_private_key(ec.SECP384R1()).public_key()
    edwards = ed25519.Ed25519PrivateKey.generate().public_key()
    spki = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    code = await enrolment_code(small_world)
    for wrong in (
        p384.public_bytes(*spki).decode(),
        edwards.public_bytes(*spki).decode(),
        "-----BEGIN PUBLIC KEY-----",
        "not a key",
        "",
        jwk() | {"crv": "P-384"},
        jwk() | {"x": jwk()["y"]},
        jwk() | {"x": "ü"},
    ):
        answer = await small_world.ask(None, "POST", "/v1/devices", {"code": code, "name": "x", "public_key": wrong})
        assert problem(answer) == (422, "invalid-body"), wrong
        assert answer.json()["errors"][0]["pointer"] == "/public_key"
    good = await small_world.ask(None, "POST", "/v1/devices", {"code": code, "name": "x", "public_key": FORMS["JWK"]})
    assert good.json()["device"]["signs"] is True


async def test_a_supervisor_takes_in_what_a_lost_device_did_not_send(world: World):
    await world.plan()
    device = await register_phone(world, public_key=FORMS["PEM"])
    phone = client_with_token(world, device["token"])
    await world.ask("wang", "DELETE", f"/v1/devices/{device['device']['id']}")
    raw = encode(record())
    assert problem(await phone("PUT", f"/v1/records/{RECORD}", raw)) == (401, "device-revoked")
    path = f"/v1/visits/{VISIT}/taken-in/{RECORD}"
    taken = await world.ask("wang", "PUT", path, raw, x_signature=der(raw))
    assert taken.status_code == 201
    assert (taken.json()["signature"], taken.json()["taken_in_by"]) == ("verified", "wang")
    again = await world.ask("wang", "PUT", path, raw)
    assert (again.status_code, again.json()["replayed"]) == (200, True)
    seen = json.loads((await world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).content)["records"]
    assert [(one["writer"], one["taken_in_by"]) for one in seen] == [("li", "wang")]
    assert problem(await world.ask("wang", "PUT", path, encode(record(app="other")))) == (409, "content-differs")
    # the phone of the technician, enrolled again, may still come with it
    assert (await world.submit(raw)).status_code == 200


async def test_a_file_of_somebody_else_or_of_another_visit_is_not_taken_in(world: World):
    await world.plan()
    await world.plan(uid("other"))
    raw, path = encode(record()), f"/v1/visits/{VISIT}/taken-in/{RECORD}"
    assert (
        problem(await world.ask("wang", "PUT", f"/v1/visits/{uid('other')}/taken-in/{RECORD}", raw))[1] == "id-mismatch"
    )
    for login in ("sun", "nobody", "wang"):
        answer = await world.ask("wang", "PUT", f"{path}?technician={login}", raw)
        assert problem(answer) == (403, "not-your-visit")
    for who in ("qian", "li", "zhao", "admin"):
        assert (await world.ask(who, "PUT", path, raw)).status_code in (403, 404)
    assert problem(await world.ask("wang", "PUT", path, b"{")) == (400, "malformed-json")
    assert (await world.ask("wang", "GET", "/v1/quarantine")).json()["items"] == []
    await world.ask("admin", "PUT", "/v1/people/li/departure", {"reason": "离职"})
    assert (await world.ask("wang", "PUT", path, raw)).status_code == 201  # also of who left


async def test_what_is_taken_out_of_quarantine_keeps_its_device_and_its_signature(world: World):
    phone = await enrol_phone(world, public_key=FORMS["PEM"])
    raw, path = encode(record()), f"/v1/records/{RECORD}"
    kept = (await phone("PUT", path, raw, x_signature=der(raw))).json()["quarantine"]
    wrong = encode(record(uid("w")))
    also = (await phone("PUT", f"/v1/records/{uid('w')}", wrong, x_signature=der(raw))).json()["quarantine"]
    await world.plan()
    take = {"decision": "take", "reason": "任务已补建"}
    for row, worth in ((kept, "verified"), (also, "wrong")):
        decided = await world.ask("wang", "PUT", f"/v1/quarantine/{row}/decision", take)
        assert decided.json()["receipt"]["signature"] == worth
    for query, count in (("", 0), ("?decided=true", 2)):
        assert len((await world.ask("wang", "GET", f"/v1/quarantine{query}")).json()["items"]) == count
    assert problem(await world.ask("wang", "GET", "/v1/quarantine?decided=maybe")) == (400, "invalid-query")


async def handed_over(world: World) -> None:
    await world.plan()
    answer = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/technician", {"technician": "sun"}, if_match='"0"')
    assert answer.status_code == 200


async def test_a_signature_tells_who_wrote_a_file_whoever_goes_now(world: World):
    device = await register_phone(world, public_key=FORMS["PEM"])
    await handed_over(world)
    await world.ask("wang", "DELETE", f"/v1/devices/{device['device']['id']}")
    raw, path = encode(record()), f"/v1/visits/{VISIT}/taken-in/{RECORD}"
    other = await world.ask("wang", "PUT", f"{path}?technician=sun", raw, x_signature=der(raw))
    assert problem(other) == (400, "invalid-query")
    taken = await world.ask("wang", "PUT", path, raw, x_signature=der(raw))
    assert (taken.status_code, taken.json()["signature"]) == (201, "verified")
    seen = (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json()["records"]
    assert [one["writer"] for one in seen] == ["li"]


async def test_without_a_signature_it_is_said_who_of_several_wrote_a_file(world: World):
    await handed_over(world)
    raw, path = encode(record()), f"/v1/visits/{VISIT}/taken-in/{RECORD}"
    unsaid = await world.ask("wang", "PUT", path, raw)
    assert problem(unsaid) == (400, "invalid-query")
    assert unsaid.json()["errors"][0]["pointer"] == "/technician"
    assert (await world.ask("wang", "PUT", f"{path}?technician=li", raw)).status_code == 201
    assert problem(await world.ask("wang", "PUT", f"{path}?technician=sun", raw)) == (409, "content-differs")
    for query in ("", "?technician=li"):
        assert (await world.ask("wang", "PUT", path + query, raw)).json()["replayed"] is True
    seen = (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json()["records"]
    assert [one["writer"] for one in seen] == ["li"]
