"""People in every relation to a visit and its technician, and a town with something of everything about it."""

from base64 import b64encode

import httpx

from service.accounts import repository as accounts_repository
from service.accounts.authentication import token_digest
from service.accounts.permissions import Person
from service.context import Receiver
from service.db.database import Transaction
from service.messages import automatic
from tests.support.api_client import VISIT, World, record
from tests.support.devices import register_phone
from tests.support.factories import said, uid
from tests.support.pictures import name as name_of
from tests.support.pictures import picture

# 李 is the visit's technician; the others stand in one relation each to it and to him
OWN, SAME, FAR = "li", "sun", "tech far"
DISPATCH, DISPATCH_FAR, SUPER, SUPER_FAR, ADMIN = "zhao", "dispatch far", "wang", "super far", "admin"
EVERYBODY = frozenset({OWN, SAME, FAR, DISPATCH, DISPATCH_FAR, SUPER, SUPER_FAR, ADMIN})
TECHNICIANS, SUPERVISORS = frozenset({OWN, SAME, FAR}), frozenset({SUPER, SUPER_FAR})
DISPATCHERS = frozenset({DISPATCH, DISPATCH_FAR})
OFFICE = frozenset({DISPATCH, SUPER})
VISITORS = OFFICE | {OWN}
NOBODY = frozenset[str]()
FAR_PEOPLE = (
    Person(FAR, "远", ("technician",), ("城西",)),
    Person(DISPATCH_FAR, "郑", ("dispatcher",), ("城西",)),
    Person(SUPER_FAR, "吴", ("supervisor",), ("城西",)),
)
SENDERS = EVERYBODY - {ADMIN}
PHOTO, OTHER = picture(1), picture(2)
JPEG = {"content_type": "image/jpeg"}
TUS = {"tus_resumable": "1.0.0", "upload_metadata": f"sha256 {b64encode(name_of(OTHER).encode()).decode()}"}
PART = {"upload_offset": "0", "content_type": "application/offset+octet-stream"}
REF = "GD-2026-0077"
SECRETS = ("陶女士", "13800000000", "虚构路", "quarantined", REF)
CUSTOMER = {"name": "陶女士", "phone": "13800000000", "address": "虚构路 1 号", "account": "1001"}
CORRECTION = {
    "visit": str(VISIT),
    "items": [{"item": "id_shown", "reason": "没有记录"}],
    "due": "2026-03-03T18:00:00+08:00",
}


async def settled(world: World) -> tuple[World, dict[str, str]]:
    """A visit with a record, an event about it, something in quarantine, a device; and people who work elsewhere."""

    async def hire(tx: Transaction) -> None:
        for person in FAR_PEOPLE:
            await accounts_repository.add_person(tx, person, 0)
            await accounts_repository.add_token(tx, token_digest(f"token of {person.login}"), person.login, 0)

    await world.ctx.db.write(hire)
    assert (await world.plan(customer=CUSTOMER, area="城东", external_ref=REF)).status_code == 201
    assert (await world.submit(record())).status_code == 201
    kept = (await world.submit(b"quarantined")).json()["quarantine"]
    pieces = [{"kind": "photo", "sha256": name_of(one)} for one in (PHOTO, OTHER)]
    named = record(uid("photo"), entries=[said("09:07", "shoe_covers_on", evidence=pieces)])
    assert (await world.submit(named, uid("photo"))).status_code == 201
    assert (await world.ask(OWN, "PUT", f"/v1/evidence/{name_of(PHOTO)}", PHOTO, **JPEG)).status_code == 201
    upload = await world.ask(OWN, "POST", "/v1/uploads", **TUS, upload_length=str(len(OTHER)))
    assert (await world.ask(SUPER, "PUT", f"/v1/corrections/{uid('returned')}", CORRECTION)).status_code == 201
    for held, what in (("held", {"visit": str(VISIT)}), ("account held", {"account": CUSTOMER["account"]})):
        hold = await world.ask(SUPER, "PUT", f"/v1/holds/{uid(held)}", {**what, "reason": "诉讼"})
        assert hold.status_code == 201
    ids = {"upload": upload.headers["location"].rpartition("/")[2]}
    world.ctx.receivers = (Receiver("gis", "http://127.0.0.1:1/in", (bytes(24),)),)
    await automatic.send_owed(world.ctx)
    event = (await world.ask(ADMIN, "GET", "/v1/webhooks/events")).json()["items"][0]["id"]
    return world, ids | {"event": event, "kept": kept, "device": (await register_phone(world))["device"]["id"]}


def leaks(answer: httpx.Response) -> bool:
    """Whether something of the visit is in an answer."""
    return any(secret in answer.text for secret in SECRETS)
