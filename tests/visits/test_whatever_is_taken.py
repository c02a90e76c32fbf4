"""Whatever is taken can be shown: strange plans, entries and answers, and then every view of each visit.

There are 400 of them on SQLite and 100 on PostgreSQL; `scripts/endure` takes 10,000 and 1,000.
Nothing that was once taken is refused to who may see it, and `doorstep verify` finds no fault in it.
"""

import asyncio
import json
import os
import re
import sys
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import jsonschema_rs
import pytest

from service.messages import worker
from service.verify.log import verify
from tests.support.api_client import World, opened_world
from tests.support.customer import Customer
from tests.support.factories import uid
from tests.support.fake_gateway import Post, set_up
from tests.support.pictures import name, picture
from tests.support.strange import CLOCK_STANDS, NOW, TEXTS, Strange

STRANGE = int(os.environ.get("STRANGE", "400"))
SHARE = {"sqlite": STRANGE, "postgres": max(100, STRANGE // 10)}
SEED = int(os.environ.get("STRANGE_SEED", "9"))
EVERYBODY = ("li", "sun", "zhao", "wang", "qian", "admin")
MOMENTS = (
    "2000-01-01T00:00:00+14:00",
    "2000-01-01T00:00:00Z",
    "2026-03-02T12:00:00+08:00",
    "2100-01-01T00:00:00-12:00",
    "2100-12-31T23:59:59.999999-12:00",
)


def without_patterns(schema: Any) -> Any:
    """What is white space is not the same for all who read patterns; of strange texts they say other things."""
    if isinstance(schema, list):
        return [without_patterns(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    left_out = isinstance(schema.get("pattern"), str)
    return {key: without_patterns(one) for key, one in schema.items() if not (left_out and key == "pattern")}


DOCUMENT = without_patterns(json.loads((Path(__file__).parents[2] / "openapi" / "openapi.json").read_text()))


def form(path: str) -> Any:
    """What the OpenAPI document says of the answer to a GET."""
    answer = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator({**answer, "components": DOCUMENT["components"]})


class Days:
    """A utility where only strange things happen, and what is wrong with how they are shown."""

    def __init__(self, world: World, post: Post, strange: Strange) -> None:
        self.world, self.post, self.strange = world, post, strange
        self.taken = self.refused = self.views = 0
        self.faults: list[str] = []
        self.visits: list[str] = []
        self.records: list[str] = []
        self.forms = {path: form(path) for path in ("/v1/visits/{visit_id}", "/v1/agenda", "/v1/visits")}

    def noted(self, response: httpx.Response, who: str | None = None, *wanted: int) -> httpx.Response:
        """A fault, if it is one."""
        request = response.request
        asked = f"{who} {request.method} {request.url.path}{'?' if request.url.query else ''}"
        if response.status_code >= 500 or (wanted and response.status_code not in wanted):
            self.faults.append(f"{asked}: {response.status_code} {response.text[:300]}")
        return response

    async def does(self, who: str, method: str, path: str, content: Any, counts: int = 1, **headers: str) -> bool:
        """Send something strange; whether it was taken."""
        raw = self.strange.encoded(content)
        answer = self.noted(await self.world.ask(who, method, path, raw, **headers), who)
        taken = answer.is_success
        self.taken += counts if taken else 0
        self.refused += 0 if taken else counts
        return taken

    async def sees(self, who: str | None, path: str, *wanted: int, form: str = "") -> httpx.Response:
        """Look at something."""
        self.views += 1
        answer = self.noted(await self.world.ask(who, "GET", path), who, *wanted)
        if form and answer.is_success:
            for error in self.forms[form].iter_errors(answer.json()):
                self.faults.append(f"{who} GET {form}: {error.message[:200]} at {error.instance_path}")
        return answer

    async def records_of(self, visit: str, entries: list[dict[str, Any]]) -> None:
        """A record; where it is refused, in halves, until what is wrong stands alone."""
        record = self.strange.record(visit, entries)
        path = f"/v1/records/{record['id']}"
        who = self.strange.one(("li", "li", "sun"))
        answer = self.noted(await self.world.ask(who, "PUT", path, self.strange.encoded(record)), who)
        if answer.is_success:
            self.taken += len(entries)
            self.records.append(record["id"])
        elif answer.status_code == 403 and who == "sun":
            await self.records_of(visit, entries)
        elif len(entries) > 1:
            await self.records_of(visit, entries[: len(entries) // 2])
            await self.records_of(visit, entries[len(entries) // 2 :])
        else:
            self.refused += 1

    async def lives(self, number: int) -> None:
        """One visit from the plan to the customer's last word, and every view of it."""
        strange, visit = self.strange, str(uid(f"strange {number}"))
        strange.ids = []
        path = f"/v1/visits/{visit}"
        plan = strange.plan()
        if self.visits and strange.maybe(0.2):
            plan["follows"] = strange.one(self.visits)
        if not await self.does("zhao", "PUT", path, plan):
            return
        self.visits.append(visit)
        if strange.maybe(0.5):
            await self.notice(path)
        link = await self.world.ask("zhao", "POST", f"{path}/confirmation-link")
        self.noted(link, "zhao", 200, 201)
        customer = Customer(self.world, self.post, link.json()["token"], uid(f"strange {number}"))
        if strange.maybe(0.4):  # before anybody came
            await self.says(customer, opened=False)
        await self.sees(None, f"/c/{customer.token}", 200)
        await self.records_of(visit, [*strange.door(), *strange.entries()])
        await self.changes(path)
        await self.records_of(visit, strange.entries())
        for who, by in (("zhao", ("dispatcher", "office")), ("wang", ("supervisor", "office"))):
            for _ in range(strange.random.randint(0, 3)):
                await self.does(who, "POST", f"{path}/entries", {"entries": [strange.entry(by)]})
        await self.confirms(customer)
        await self.changes(path)
        if strange.maybe(0.4):
            await self.records_of(visit, strange.entries())
        await self.looked_at(path, customer)
        await customer.client.aclose()

    async def notice(self, path: str) -> None:
        content: dict[str, Any] = {"channel": self.strange.one(("sms", "file", "email"))}
        if self.strange.maybe(0.5):
            content |= {"text": self.strange.text(blank=False), "to": "x"}
        await self.sees("zhao", f"{path}/notice", 200)
        await self.does("zhao", "POST", f"{path}/notice", content)
        await worker.deliver_due(self.world.ctx)

    async def changes(self, path: str) -> None:
        for part, content in self.strange.changes():
            tag = (await self.world.ask("zhao", "GET", path)).headers.get("etag", '"0"')
            await self.does("zhao", "PUT", f"{path}/{part}", content, if_match=tag)

    async def says(self, customer: Customer, *, opened: bool) -> None:
        answer = self.noted(await customer.ask("GET"), "customer", 200)
        if not answer.is_success:
            return
        seen = answer.json()
        if seen["statement_sha256"]:
            self.strange.digests = [*self.strange.digests[-5:], seen["statement_sha256"]]
        said = self.strange.says(seen, opened=opened)
        answer = self.noted(await customer.ask("PUT", content=said), "customer")
        self.taken += 1 if answer.is_success else 0
        self.refused += 0 if answer.is_success else 1

    async def confirms(self, customer: Customer) -> None:
        """The customer before the code and after it, page and JSON."""
        for opened in (False, True):
            if opened and not await self.opens(customer):
                return
            for _ in range(self.strange.random.randint(1, 3)):
                await self.says(customer, opened=opened)
            for path in (f"/c/{customer.token}", f"/v1/confirmations/{customer.token}"):
                self.noted(await customer.client.get(path), "customer", 200)
        copy = await customer.client.get(f"/c/{customer.token}/copy")
        self.noted(copy, "customer", 200)

    async def opens(self, customer: Customer) -> bool:
        """Enter the code out of the text message, where the visit has a number for one."""
        self.post.letters.clear()
        if self.noted(await customer.ask("POST", "/code"), "customer").status_code != 200:
            return False
        while await worker.deliver_due(self.world.ctx):
            pass
        codes = [found for one in self.post.letters if (found := re.search("验证码 ([0-9]{6})", one.text))]
        return self.noted(await customer.ask("PUT", "/code", {"code": codes[-1][1]}), "customer", 200).is_success

    async def looked_at(self, path: str, customer: Customer) -> None:
        """Every view of a visit by everybody."""
        for who in EVERYBODY:
            wanted = (200,) if who in ("zhao", "wang") else (200, 403, 404)
            await self.sees(who, path, *wanted, form="/v1/visits/{visit_id}")
            at = quote(self.strange.one(MOMENTS))
            await self.sees(who, f"{path}/judgement?at={at}", *wanted)
        await self.sees("zhao", f"{path}/judgement", 200)
        await self.sees("zhao", f"{path}/notice", 200)
        await self.sees("li", f"{path}/doorstep")
        for record in self.records[-2:]:
            await self.sees("wang", f"/v1/records/{record}", 200)
            await self.sees("li", f"/v1/records/{record}", 200, 404)
            await self.sees("li", f"/v1/records/{record}/body", 200, 404)
        for address in (f"/c/{customer.token}", f"/v1/confirmations/{customer.token}"):
            await self.sees(None, address, 200)

    async def all_looked_at(self, calendar: str, *, again: bool = False) -> None:
        """Lists, search, agendas and the calendar; `again`: without all that can be searched for."""
        for who in ("li", "sun"):
            cursor, seen, more = "", set[str](), True
            while more:
                answer = (await self.sees(who, f"/v1/agenda?since={cursor}", 200, form="/v1/agenda")).json()
                seen |= {one["id"] for one in answer["visits"]}
                self.faults += [f"{who}: the agenda cannot show {one}" for one in answer["unreadable"]]
                cursor, more = answer["cursor"], answer["more"]
            if not seen:
                self.faults.append(f"{who}: the agenda is empty")
        states = ("planned", "under_way", "to_review", "cancelled")
        flags = (
            "awaiting_evidence",
            "open_duties",
            "absent",
            "answered",
            "complaint",
            "asked_time",
            "no_technician",
            "clock",
        )
        filters = [f"state={one}" for one in states] + [f"flag={one}" for one in flags]
        filters += [f"from={quote(one)}" for one in MOMENTS] + [f"to={quote(one)}" for one in MOMENTS]
        filters += ["", "area=城东", *(f"type={one}" for one in self.strange.types)]
        filters += [f"q={quote(text)}" for text in TEXTS if text.strip()] + ["q=1", "q=陶"]
        filters = [""] if again else filters
        for who in EVERYBODY[:5]:
            for one in filters:
                after = ""
                while after is not None:
                    page = await self.sees(who, f"/v1/visits?{one}{after}", form="/v1/visits")
                    content = page.json() if page.is_success else {"unreadable": (), "after": None}
                    self.faults += [f"{who}: {one} cannot show {visit}" for visit in content["unreadable"]]
                    after = f"&after={content['after']}" if content["after"] and not one else None
        for who in ("li", "wang", "admin"):
            for path in ("/v1/quarantine", "/v1/devices", "/v1/me"):
                await self.sees(who, path)
        feed = await self.sees(None, calendar, 200)
        if "无法显示" in feed.text:
            self.faults.append("the calendar has what cannot be shown")


def goes(world: World, moment: datetime) -> None:
    """The clock goes on from a moment, a millisecond each time that somebody looks at it; or it stands."""
    milliseconds = count(int(moment.timestamp() * 1000), 0 if CLOCK_STANDS else 1)
    world.ctx.clock = lambda: next(milliseconds)


async def verified(world: World, address: str) -> dict[str, Any]:
    """What `doorstep verify` says, run beside the service."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "service", "verify"),
        env=os.environ | {"DOORSTEP_DATABASE": address, "DOORSTEP_DATA": str(world.ctx.evidence_storage.data)},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    return {**json.loads(out), "exit": process.returncode}


@pytest.mark.timeout(1200)  # some 30 seconds of a processor, which others may need too
async def test_whatever_is_taken_can_be_shown_to_everybody_and_verified(engine: str, address: str) -> None:
    async with opened_world(address) as world:
        post = set_up(world.ctx, "12:00")
        goes(world, NOW)
        photos = [picture(number) for number in range(4)]
        checklist = (await world.ask("li", "GET", "/v1/checklists/onsite/1")).json()
        days = Days(world, post, Strange(SEED, checklist, [name(one) for one in photos]))
        for number, one in enumerate(photos[:2]):
            sent = await world.ask(
                ("li", "sun")[number], "PUT", f"/v1/evidence/{name(one)}", one, content_type="image/jpeg"
            )
            assert sent.status_code == 201
        opened = (await world.ask("li", "PUT", "/v1/me/calendar")).json()["url"]
        calendar = "/calendar/" + opened.rpartition("/")[2]
        number = 0
        while days.taken < SHARE[engine]:
            await days.lives(number)
            number += 1
            goes(world, NOW + timedelta(seconds=number))
        await days.all_looked_at(calendar)
        assert (await verify(world.ctx)).faults[:20] == []
        goes(world, NOW + timedelta(days=40))
        await days.all_looked_at(calendar, again=True)
        assert days.faults[:20] == []
        found = await verified(world, address)
        assert (found["faults"][:20], found["exit"]) == ([], 0)
        assert days.refused < days.taken / 5, (days.taken, days.refused)  # the control: most of it was taken
