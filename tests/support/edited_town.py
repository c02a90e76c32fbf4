"""A town in which everything has happened once, in a folder that can be copied and edited."""

import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from service.audit_log import checkpoints, log
from service.audit_log.notes import Checkpoint, parse_verifier_key, sign
from service.blobs.evidence_storage import open_evidence_storage
from service.db.connect import open_database
from service.verify.log import VerificationReport, verify
from tests.support.api_client import World, opened_world
from tests.support.browser import Browser, code_now, with_factor, with_password
from tests.support.customer import Customer, example_customer
from tests.support.devices import register_phone
from tests.support.doorstep import doorstep_path, doorstep_ticket
from tests.support.factories import Town, uid
from tests.support.fake_gateway import set_up, stand
from tests.support.pictures import picture

FACE = picture(9)


class Made(NamedTuple):
    """A town in a folder: `town.sqlite` and `files`; the time at which it ends; the key of its log, and a signed
    checkpoint of all its leaves in a file elsewhere."""

    folder: Path
    now: int
    key: str
    kept: Path


async def make(folder: Path, kept: Path) -> Made:
    """Make it in an empty folder, with the checkpoint in another place."""
    address = f"sqlite:///{folder / 'town.sqlite'}"
    async with opened_world(address) as world:
        await log.assign_sequence_numbers(world.ctx.db)  # of the coverage, before anything else happens
        tao = await example_customer(world, "S04")
        phone = await _everybody_comes(world)
        await _customer_signs(world, tao)
        await _quarantine(world)
        await _office_sends(world, phone)
        while await log.assign_sequence_numbers(world.ctx.db):
            pass
        report = await verify(world.ctx)
        assert report.faults == []  # the control
        key = checkpoints.verifier_key(world.ctx)
        checkpoint = Checkpoint(parse_verifier_key(key).name, report.leaves, bytes.fromhex(report.root))
        kept.write_bytes(sign(checkpoint.text, world.ctx.keys.log))  # noqa: ASYNC240
        shutil.copytree(world.ctx.evidence_storage.data, folder / "files")
        now = world.ctx.clock()
    with sqlite3.connect(folder / "town.sqlite") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Made(folder, now, key, kept)


async def _everybody_comes(world: World) -> str:
    """Returns the token of a phone."""
    new = {"login": "zhou", "name": "周", "roles": ["technician"], "areas": ["城东"], "badge": "07", "title": "技术员"}
    assert (await world.ask("admin", "POST", "/v1/people", new)).status_code == 201
    face = await world.ask("admin", "PUT", "/v1/people/zhou/photo", FACE, content_type="image/jpeg")
    assert face.status_code == 204
    await with_password(world, "wang")
    secret = await with_factor(world, "wang")
    browser = Browser(world)
    assert (await browser.sign_in("wang", "a wrong password")).status_code == 403
    assert (await browser.sign_in("nobody")).status_code == 403
    assert (await browser.sign_in("wang", code=code_now(world, secret))).status_code == 204
    assert (await browser.ask("DELETE", "/v1/session")).status_code == 204
    first, second = await register_phone(world), await register_phone(world)
    assert (await world.ask("wang", "DELETE", f"/v1/devices/{first['device']['id']}")).status_code == 204
    assert (await world.ask("li", "PUT", "/v1/me/calendar")).status_code in (200, 201)
    return second["token"]


async def _customer_signs(world: World, tao: Customer) -> None:
    await tao.enters()
    assert (await tao.signs()).status_code == 200
    file = (await world.ctx.db.read(lambda tx: tx.fetch_all("blobs_keys", first=b"", size=9)))[0][0]
    seen = await world.ask("wang", "GET", f"/v1/evidence/{file.hex()}")
    assert seen.status_code in (200, 422), seen.text  # a copy is made


async def _quarantine(world: World) -> None:
    for name in ("q", "q2"):
        assert (await world.submit(b"{" + name.encode(), uid(name))).status_code == 400
    listed = (await world.ask("wang", "GET", "/v1/quarantine")).json()["items"]
    first = f"/v1/quarantine/{listed[0]['id']}"
    assert (await world.ask("wang", "GET", f"{first}?reason=check")).status_code == 200
    decided = await world.ask("wang", "PUT", f"{first}/decision", {"decision": "discard", "reason": "乱码"})
    assert decided.status_code == 200, decided.text


async def _office_sends(world: World, phone: str) -> None:
    """A visit to come with a notice, a scan at its door, and a second link that replaces the first."""
    set_up(world.ctx, "06:00")
    stand(world.ctx, "08:00")
    assert (await world.plan(uid("w"), area="城东")).status_code == 201
    for _ in range(2):
        made = await world.ask("zhao", "POST", f"/v1/visits/{uid('w')}/confirmation-link")
        assert made.status_code == 201, made.text
    stand(world.ctx, "09:05")
    code = (await world.ask("li", "GET", f"/v1/visits/{uid('w')}/doorstep")).json()
    shown = await world.ask(None, "GET", doorstep_path(code))
    ticket = doorstep_ticket(shown.text)
    form = {"content_type": "application/x-www-form-urlencoded", "origin": world.ctx.company.url}
    scanned = await world.ask(None, "POST", doorstep_path(code), f"ticket={ticket}".encode(), **form)
    assert scanned.status_code == 303, scanned.text
    bearer = {"authorization": f"Bearer {phone}"}
    assert (await world.ask(None, "GET", "/v1/agenda", **bearer)).status_code == 200  # where it is


async def verified(folder: Path, now: int) -> list[str]:
    """The faults that `verify` finds."""
    return (await report_on(folder, now)).faults


async def report_on(folder: Path, now: int, kept: Sequence[Path] = (), key: str = "") -> VerificationReport:
    """What `verify` says of a copy, alone or with kept checkpoints."""
    db = open_database(f"sqlite:///{folder / 'town.sqlite'}")
    await db.start()
    ctx = msgspec.structs.replace(
        Town(db).ctx, clock=lambda: now, evidence_storage=open_evidence_storage(folder / "files")
    )
    try:
        return await verify(ctx, kept, key)
    finally:
        await db.close()
