"""The customer of an example visit, at their confirmation link."""

import hashlib
import json
import re
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import httpx
import msgspec
from PIL import Image

from service.messages import worker
from tests.support import example_visits as stories
from tests.support.api_client import VISIT, World, record
from tests.support.factories import said, uid
from tests.support.fake_gateway import Post, set_up, stand

STROKES = [[[10, 10], [60, 80], [110, 12]], [[40, 50]]]
SIGNER = {"signer": "陶先生", "relation": "adult_household_member"}


class Customer:
    """The customer 陶 with a link, at an IP address."""

    def __init__(
        self, world: World, post: Post, token: str, visit: UUID, address: str = "203.0.113.7", *, cookies: bool = False
    ) -> None:
        self.world, self.post, self.token, self.visit = world, post, token, visit
        site = f"http{'s' if cookies else ''}://doorstep.test"  # the cookie is only sent over https
        transport = httpx.ASGITransport(world.client._transport.app, client=(address, 4000))  # type: ignore[attr-defined]
        self.client = httpx.AsyncClient(transport=transport, base_url=site)

    async def ask(self, method: str, path: str = "", content: Any = None) -> httpx.Response:
        body = {} if content is None else {"content": msgspec.json.encode(content)}
        headers = {"content-type": "application/json"} if content is not None else {}
        address = f"/v1/confirmations/{self.token}{path}"
        return await self.client.request(method, address, headers=headers, **body)

    async def seen(self) -> dict[str, Any]:
        return (await self.ask("GET")).json()

    async def says(self, **answers: Any) -> httpx.Response:
        return await self.ask("PUT", content=answers)

    async def code(self) -> str:
        """Request a code, and read it from the text message, which is the last one."""
        await worker.deliver_due(self.world.ctx)  # what others wait for
        assert (await self.ask("POST", "/code")).status_code == 200
        await worker.deliver_due(self.world.ctx)
        return self.post.letters[-1].text.partition("验证码 ")[2][:6]

    async def enters(self) -> None:
        assert (await self.ask("PUT", "/code", {"code": await self.code()})).status_code == 200

    async def signs(self, **more: Any) -> httpx.Response:
        return await self.says(signature={**SIGNER, "strokes": STROKES, **await self.digest(), **more})

    async def digest(self) -> dict[str, str]:
        return {"statement_sha256": (await self.seen())["statement_sha256"]}

    async def whole(self) -> dict[str, Any]:
        """The visit as supervisor 王 sees it."""
        return (await self.world.ask("wang", "GET", f"/v1/visits/{self.visit}")).json()

    async def judged(self) -> list[str]:
        return [f"{one['severity']} {one['code']}" for one in (await self.whole())["judgement"]["findings"]]


def photo(seed: str) -> bytes:
    """A distinct photo for each seed."""
    image = Image.new("RGB", (64, 48), tuple(hashlib.sha256(seed.encode()).digest()[:3]))
    out = BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()


def with_photos(raw: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """A story with files: each digest is replaced by that of a real image."""
    text = raw.decode()
    files = {one: photo(one) for one in set(re.findall('"sha256": ?"([0-9a-f]{64})"', text))}
    for one, content in files.items():
        text = text.replace(one, hashlib.sha256(content).hexdigest())
    return json.loads(text), list(files.values())


async def example_customer(
    world: World, name: str, *, drop: tuple[str, ...] = (), now: datetime | None = None
) -> Customer:
    """Replay a story over HTTP: plan, office entries, record, photos; all at its end or at `now`. Returns its customer,
    with a link."""
    bundle, files = with_photos((stories.FOLDER / f"{name}.json").read_bytes())
    visit, given = uid(f"visit {name}"), bundle["visit"]
    planned = {key: given[key] for key in ("type", "window", "assigned") if key in given}
    now = now or datetime.fromisoformat(bundle["now"])
    post = set_up(world.ctx, "06:00")
    planned_for = datetime.fromisoformat(given["window"]["from"]) if given.get("window") else now
    stand(world.ctx, planned_for - timedelta(days=3))
    assert (await world.plan(visit, **planned)).status_code == 201
    entries = [one for one in bundle["entries"] if one["what"] not in drop]
    stand(world.ctx, now)
    office = [one for one in entries if one["by"] not in ("technician", "customer")]
    if office:
        assert (await world.ask("zhao", "POST", f"/v1/visits/{visit}/entries", {"entries": office})).status_code == 201
    mine = [one for one in entries if one["by"] in ("technician", "customer")]
    content = {"id": str(uid(f"record {name}")), "visit": str(visit), "checklist": "onsite@1", "entries": mine}
    receipt = await world.submit(content, uid(f"record {name}"))
    assert receipt.status_code == 201, receipt.text
    assert receipt.json()["state"] == ("awaiting_evidence" if files else "complete")
    for raw in files:
        sent = await world.ask(
            "li", "PUT", f"/v1/evidence/{hashlib.sha256(raw).hexdigest()}", raw, content_type="image/jpeg"
        )
        assert sent.status_code == 201, sent.text
    now_complete = await world.ask("li", "GET", f"/v1/records/{uid(f'record {name}')}")
    assert (now_complete.json()["state"], now_complete.json()["missing_evidence"]) == ("complete", [])
    link = await world.ask("zhao", "POST", f"/v1/visits/{visit}/confirmation-link")
    return Customer(world, post, link.json()["token"], visit)


UNSIGNED = ("meter_order_signed", "meter_cause_confirmed")


def advance_clock(world: World, **more: float) -> datetime:
    at = datetime.fromtimestamp(world.ctx.clock() / 1000).astimezone() + timedelta(**more)
    stand(world.ctx, at)
    return at


def link_holder(tao: Customer, address: str = "198.51.100.9", *, cookies: bool = False) -> Customer:
    """Somebody else who has the link."""
    return Customer(tao.world, tao.post, tao.token, tao.visit, address, cookies=cookies)


AGREEMENT = {"answers": [{"item": "appointment_agreed", "good": True}]}


async def confirmation_link(world: World) -> str:
    return (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")).json()["token"]


async def visit_entries(world: World) -> list[dict[str, Any]]:
    return (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}")).json()["entries"]


async def move_window(world: World, revision: int = 0) -> None:
    window = {"from": "2026-03-02T14:00:00+08:00", "to": "2026-03-02T15:00:00+08:00", "reason": "前一家未完"}
    answer = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/window", window, if_match=f'"{revision}"')
    assert answer.status_code == 200


async def change_cause(tao: Customer, cause: str = "frost") -> None:
    """The technician records another cause."""
    at = advance_clock(tao.world, minutes=2)
    entry = said("09:00", "meter_cause_analysed", fields={"cause": cause}) | {"id": str(uid(cause))}
    entry["at"] = at.isoformat()
    content = record(uid(f"record {cause}"), tao.visit, entries=[entry])
    assert (await tao.world.submit(content, uid(f"record {cause}"))).status_code == 201
    advance_clock(tao.world, minutes=1)


async def complaining(world: World) -> Customer:
    """The customer of an example visit, who complained on the page."""
    tao = await example_customer(world, "S01")
    advance_clock(world, minutes=2)
    await tao.enters()
    assert (await tao.says(raises=[{"fact": "complaint_received", "text": "师傅态度不好"}])).status_code == 200
    return tao


async def change_number(tao: Customer, phone: str, who: str = "zhao") -> None:
    """Change the customer's telephone number."""
    path = f"/v1/visits/{tao.visit}"
    shown = (await tao.world.ask("wang", "GET", path)).json()
    change = {"customer": {**shown["customer"], "phone": phone}, "reason": "号码写错"}
    answer = await tao.world.ask(who, "PUT", f"{path}/details", change, if_match=f'"{shown["revision"]}"')
    assert answer.status_code == 200, answer.text
    advance_clock(tao.world, minutes=1)
