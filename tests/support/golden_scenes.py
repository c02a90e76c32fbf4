"""The scenes of the golden pages: every state of every page, reached over HTTP only.

    .venv/bin/python -m tests.support.golden_scenes [group …]

records them again (`golden_pages` describes what is recorded). Do so after an intended change only, and read the diff.
"""

import asyncio
import hashlib
import logging
import resource
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import structlog

from service.messages import worker
from tests.support import example_visits as stories
from tests.support.api_client import VISIT, World, opened_world
from tests.support.api_client import record as a_record
from tests.support.browser import PASSWORD, code_now, unsecret
from tests.support.customer import STROKES, UNSIGNED, Customer, example_customer, photo
from tests.support.customer_browser import Page
from tests.support.databases import copy_sqlite
from tests.support.factories import said, uid
from tests.support.fake_gateway import URL, Post, set_up, stand
from tests.support.golden_pages import ACCEPT, MODES, Mode, Record, dumped, path_of, record
from tests.support.pictures import picture

DRAWN = str(STROKES).replace(" ", "")
HOSTILE = "\"><script>alert(1)</script>'&<b>"
A_MORNING = {"day": "2026-03-03", "half": "morning"}
OFFERED = "2026-03-03T10:00+08:00"
NINE, TWO = stories.clock("09:00"), stories.clock("14:00")


class Shots:
    """The recorded pages of a group, by name."""

    def __init__(self, mode: Mode) -> None:
        self.mode: Mode = mode
        self.taken: dict[str, Record] = {}
        self.hide: dict[str, str] = {}

    def take(self, name: str, answer: httpx.Response) -> httpx.Response:
        """Record a response under a unique name."""
        assert name not in self.taken, name
        self.taken[name] = self.record(answer)
        return answer

    def record(self, answer: httpx.Response) -> Record:
        """The record of a response."""
        return record(answer, self.hide)


Scene = Callable[[World, Shots], Awaitable[None]]


class Guest:
    """A customer with a browser without scripts, whose pages are recorded."""

    def __init__(self, shots: Shots, tao: Customer) -> None:
        self.shots, self.tao, self.world, self.path = shots, tao, tao.world, f"/c/{tao.token}"
        tao.client.headers["accept-language"] = ACCEPT[shots.mode]

    async def sees(self, name: str, path: str = "") -> Page:
        """Open the page and record it."""
        return Page(self.shots.take(name, await self.tao.client.get(self.path + path)).text)

    async def page(self) -> Page:
        """Open the page."""
        return Page((await self.tao.client.get(self.path)).text)

    async def sends(
        self, name: str, does: str, fields: dict[str, str] | None = None, page: Page | None = None, **having: str
    ) -> Page:
        """Fill in a form and send it; the response is recorded."""
        form = (page or await self.page()).form(does=does, **having)
        return await self.posts(name, form.fields | (fields or {}))

    async def posts(self, name: str, fields: dict[str, str]) -> Page:
        """Send fields that no form on the page has."""
        return Page(self.shots.take(name, await self.tao.client.post(self.path, data=fields)).text)

    async def done(self, does: str, fields: dict[str, str] | None = None, **having: str) -> None:
        """Send a form that is accepted; nothing is recorded."""
        form = (await self.page()).form(does=does, **having)
        answer = await self.tao.client.post(self.path, data=form.fields | (fields or {}))
        assert answer.status_code == 303, answer.text

    async def code(self) -> str:
        """Request a code, and read it from the message."""
        await self.done("code")
        await worker.deliver_due(self.world.ctx)
        return self.tao.post.letters[-1].text.partition("验证码 ")[2][:6]

    async def enters(self) -> None:
        """Request a code and enter it, after the time of the record."""
        later(self.world, seconds=1)
        await self.done("code-entry", {"code": await self.code()})

    async def statement(self) -> str:
        """The digest of the statement to sign."""
        return (await self.tao.seen())["statement_sha256"]


def later(world: World, **by: float) -> datetime:
    """Advance the clock; returns the new time."""
    stand(world.ctx, world.ctx.now() + timedelta(**by))
    return world.ctx.now()


def wrong(code: str) -> str:
    """Another code."""
    return f"{(int(code) + 1) % 10**6:06}"


async def planned(
    world: World, shots: Shots, *, now: str = "06:00", desk: dict[str, Any] | None = None, **more: Any
) -> Guest:
    """A visit from nine to ten, whose customer has a link."""
    post = set_up(world.ctx, now, **(desk or {}))
    answer = await world.plan(**more)
    assert answer.status_code == 201, answer.text
    return await linked(world, shots, post)


async def linked(world: World, shots: Shots, post: Post) -> Guest:
    """A customer with a new link."""
    made = await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")
    return Guest(shots, Customer(world, post, made.json()["token"], VISIT))


async def lived(world: World, shots: Shots, story: str = "S04", *, drop: tuple[str, ...] = ()) -> Guest:
    """Replay a story; its customer has a link."""
    return Guest(shots, await example_customer(world, story, drop=drop))


async def submitted(world: World, visit: Any, *entries: dict[str, Any], name: str = "more") -> None:
    """The technician's phone sends entries."""
    content = a_record(uid(name), visit, entries=list(entries))
    answer = await world.submit(content, uid(name))
    assert answer.status_code == 201, answer.text


def entry(world: World, what: str, by: str = "technician", **more: Any) -> dict[str, Any]:
    """An entry at the current time."""
    at = more.pop("at", world.ctx.now()).isoformat()
    return said("09:00", what, by, **{"id": str(uid(f"{at} {what} {by}")), **more}) | {"at": at}


async def office(world: World, visit: Any, *entries: dict[str, Any]) -> None:
    """The dispatcher writes entries."""
    answer = await world.ask("zhao", "POST", f"/v1/visits/{visit}/entries", {"entries": entries})
    assert answer.status_code == 201, answer.text


async def moved(world: World, start: str = TWO, end: str = stories.clock("15:00"), revision: int = 0) -> None:
    """The window is moved."""
    window = {"from": start, "to": end, "reason": "前一家未完"}
    answer = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/window", window, if_match=f'"{revision}"')
    assert answer.status_code == 200, answer.text


async def cancelled(world: World) -> None:
    """The visit is cancelled."""
    answer = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/cancellation", {"reason": "退单"}, if_match='"0"')
    assert answer.status_code == 200, answer.text


async def faced(world: World) -> None:
    """Give the technician a badge number, a title and a photo."""
    card = {"name": "李", "badge": "工 0042", "title": "维修员"}
    assert (await world.ask("admin", "PUT", "/v1/people/li/card", card)).status_code == 200
    face = await world.ask("admin", "PUT", "/v1/people/li/photo", picture(7), content_type="image/jpeg")
    assert face.status_code == 204


async def beside_the_technician(guest: Guest) -> Guest:
    """The same customer at an address that the technician's phone also uses."""
    world = guest.world
    enrolment = await world.ask("wang", "POST", "/v1/enrolments", {"person": "li"})
    made = await world.ask(None, "POST", "/v1/devices", {"code": enrolment.json()["code"], "name": "李的手机"})
    beside = Guest(guest.shots, Customer(world, guest.tao.post, guest.tao.token, guest.tao.visit, "192.0.2.44"))
    bearer = {"authorization": f"Bearer {made.json()['token']}"}
    assert (await beside.tao.client.get("/v1/me", headers=bearer)).status_code == 200
    return beside


# The appointment, before the work


async def agreeing(world: World, shots: Shots) -> None:
    guest = await planned(world, shots)
    page = await guest.sees("planned")
    await guest.sends("agree", "appointment", page=page)
    await guest.sees("agreed")
    await guest.sends("agree again", "appointment", page=page)
    later(world, minutes=1)
    await guest.sends("ask for another time", "another-time", {"when": "call", "wish": f"周六上午{HOSTILE}"})
    await guest.sees("asked for another time after agreeing")
    later(world, minutes=1)
    await guest.done("appointment")
    await guest.sees("agreed after all")


async def wishing(world: World, shots: Shots) -> None:
    guest = await planned(world, shots)
    await guest.sends("a wish without words", "another-time", {"wish": " \r\n "})
    await guest.sends("a wish that is too long", "another-time", {"when": "call", "wish": "周" * 251})
    await guest.sends("a day without half of it", "another-time", {"when": "day", "day": "2026-03-05"})
    await guest.sends("words without a time", "another-time", {"wish": "周六"})
    await guest.done("another-time", {"when": "call"})
    await guest.sees("asked to be called")
    later(world, minutes=1)
    await guest.done("another-time", {"when": OFFERED, "wish": "早一点"})
    await guest.sees("asked for a time that is offered")
    later(world, minutes=1)
    await guest.done("another-time", {"when": "day", "day": "2026-03-05", "half": "afternoon"})
    await guest.sees("asked for an afternoon")
    stand(world.ctx, "09:30")
    await guest.sees("asked, at the time of the visit")
    stand(world.ctx, "06:30")
    for number in range(9):
        await guest.done("another-time", {"when": "call", "wish": f"第 {number} 次"})
        later(world, seconds=1)
    await guest.sends("one wish too many", "another-time", {"when": "call", "wish": "再改"})


async def moving(world: World, shots: Shots) -> None:
    guest = await planned(world, shots)
    old = await guest.page()
    await guest.done("appointment")
    later(world, minutes=30)
    await moved(world)
    await guest.sees("moved after it was agreed")
    await guest.sends("agree to the time before", "appointment", page=old)
    await guest.sends(
        "ask about the time before",
        "another-time",
        A_MORNING | {"wish": "晚上<b>"},
        page=old,
    )
    later(world, minutes=1)
    await guest.done("another-time", {"when": "call", "wish": "明天"})
    await guest.sees("moved, and asked for another time")
    later(world, minutes=1)
    await guest.done("appointment")
    await guest.sees("agreed to the new time")
    later(world, minutes=1)
    await moved(world, "2026-03-03T22:00:00+08:00", "2026-03-04T02:00:00+08:00", 1)
    await guest.sees("moved to a night")
    later(world, minutes=1)
    await moved(world, "2026-03-05T08:00:00+08:00", "2026-03-05T08:00:00+08:00", 2)
    await guest.sees("moved to a moment")


async def too_late(world: World, shots: Shots) -> None:
    guest = await planned(world, shots)
    page = await guest.page()
    stand(world.ctx, "07:30")
    await guest.sees("too late to ask for another time")
    await guest.sends("ask too late", "another-time", A_MORNING, page=page)
    await guest.sends("choose too late", "another-time", {"when": "call"}, page=page)
    await guest.done("appointment")
    await guest.sees("agreed when it was too late to ask")
    stand(world.ctx, "10:01")
    await guest.sees("the time is past, though agreed")


async def missed(world: World, shots: Shots) -> None:
    guest = await planned(world, shots)
    page = await guest.page()
    stand(world.ctx, "09:59")
    await guest.sees("just before the end of the time")
    stand(world.ctx, "10:01")
    await guest.sees("the time is past")
    await guest.sends("agree when the time is past", "appointment", page=page)


async def without_hotline(world: World, shots: Shots) -> None:
    guest = await planned(world, shots, desk={"hotline": ""})
    await guest.sees("planned, no hotline")
    stand(world.ctx, "07:30")
    await guest.sees("too late to ask, no hotline")
    stand(world.ctx, "10:01")
    await guest.sees("the time is past, no hotline")
    await cancelled(world)
    await guest.sees("cancelled, no hotline")


async def cancelling(world: World, shots: Shots) -> None:
    guest = await planned(world, shots)
    page = await guest.page()
    await cancelled(world)
    await guest.sees("cancelled")
    await guest.sends("agree to what was cancelled", "appointment", page=page)
    await guest.sends(
        "ask about what was cancelled", "another-time", {"day": "2026-03-03", "half": "morning"}, page=page
    )


async def exempt(world: World, shots: Shots) -> None:
    guest = await planned(world, shots, window=None, assigned={"appointment_exempt": True}, exempt_reason="抢修")
    await guest.sees("no time was planned")


async def agreed_by_telephone(world: World, shots: Shots) -> None:
    guest = await planned(world, shots)
    log = {"kind": "message_log", "channel": "phone"}
    await office(world, VISIT, entry(world, "appointment_agreed", "dispatcher", evidence=[log]))
    await guest.sees("agreed by telephone")


async def known_face(world: World, shots: Shots) -> None:
    guest = await planned(world, shots)
    await faced(world)
    await guest.sees("who comes has a photo, a number and a title")


async def little_known(world: World, shots: Shots) -> None:
    customer = {"name": HOSTILE, "phone": "", "address": "", "account": ""}
    guest = await planned(world, shots, customer=customer, work={"content": f"检修{HOSTILE}", "place": ""})
    await guest.sees("nearly nothing is known, and the name is hostile")


async def no_forms_of_ours(world: World, shots: Shots) -> None:
    guest = await planned(world, shots)
    await guest.posts("a form that does nothing", {"does": "nothing"})
    form = {"content-type": "application/x-www-form-urlencoded"}
    for what, raw in (("empty", b""), ("not ASCII", "does=答".encode()), ("of too many fields", b"a=b&" * 21)):
        shots.take(f"a form that is {what}", await guest.tao.client.post(guest.path, content=raw, headers=form))
    for window in ("soon", "2026-03-02T09:00:00"):
        await guest.posts(f"a window that cannot be read: {window}", {"does": "appointment", "window": window})
    await guest.posts("a field with U+0000", {"does": "\0"})
    await guest.posts("a form that is too large", {"does": "x" * 400_000})
    shots.take("JSON instead of a form", await guest.tao.client.post(guest.path, json={}))
    await guest.posts("a code before the work", {"does": "code", "form": "code"})
    await guest.posts("an answer before the work", {"does": "answers", "answer-q_clean": "good"})
    await guest.posts("words before the work", {"does": "answers", "comment": "请早点来", "form": "answers"})
    await guest.sees("after words before the work")


# The one-time code


async def code(world: World, shots: Shots) -> None:
    guest = await lived(world, shots, drop=UNSIGNED)
    page = await guest.sees("before the code")
    await guest.sees("a copy before the code", "/copy")
    await guest.sends("send a code", "code", page=page)
    page = await guest.sees("the code was sent")
    await guest.sends("too few digits", "code-entry", {"code": "12 3"}, page=page)
    await worker.deliver_due(world.ctx)
    first = guest.tao.post.letters[-1].text.partition("验证码 ")[2][:6]
    shots.hide[wrong(first)] = "WRONG-1"
    await guest.sends("a wrong code", "code-entry", {"code": wrong(first)}, page=page)
    later(world, minutes=9, seconds=30)
    await guest.sees("the code ends soon")
    later(world, minutes=1)
    await guest.sees("the code has ended")
    second = await guest.code()
    shots.hide[wrong(second)] = "WRONG-2"
    page = await guest.page()
    for _ in range(4):
        await guest.tao.client.post(guest.path, data=page.form(does="code-entry").fields | {"code": wrong(second)})
    await guest.sends("five wrong codes", "code-entry", {"code": wrong(second)}, page=page)
    third = await guest.code()
    await guest.sends("one code too many", "code")
    digits = " ".join(chr(ord(digit) + 0xFEE0) for digit in third)
    await guest.sends("the right code, in wide digits", "code-entry", {"code": digits})
    await guest.sees("the code was entered")
    later(world, minutes=31)
    await guest.sees("half an hour is over")
    await guest.sees("a copy after half an hour", "/copy")


async def code_beside(world: World, shots: Shots) -> None:
    guest = await lived(world, shots, drop=UNSIGNED)
    near = await beside_the_technician(guest)
    await near.enters()
    page = await near.sees("open beside the technician")
    await near.posts(
        "a question for his own phone", {"does": "answers", "form": "answers", "answer-q_integrity": "good"}
    )
    await near.sends("sign beside the technician", "signature", {"signer": "陶", "relation": "tenant"}, page=page)
    await near.sees("signed beside the technician")
    await near.sees("a copy of what was signed beside the technician", "/copy")
    await guest.enters()
    await guest.sees("signed beside the technician, on his own phone")


async def no_telephone(world: World, shots: Shots) -> None:
    guest = await planned(
        world, shots, customer={"name": "陶", "phone": "", "address": "虚构路 1 号 2 室", "account": "1"}
    )
    stand(world.ctx, "09:30")
    assert (await world.submit(a_record())).status_code == 201
    await guest.sees("no telephone is known")
    await guest.posts("send a code without a telephone", {"does": "code", "form": "code"})
    world.ctx.company = set_up_again(world, hotline="")
    await guest.sees("no telephone is known, no hotline")


def set_up_again(world: World, **more: Any) -> Any:
    """Change the company's profile, but not the clock."""
    now = world.ctx.now()
    set_up(world.ctx, "06:00", **more)
    stand(world.ctx, now)
    return world.ctx.company


# The work, its questions, and reports


async def under_way(world: World, shots: Shots) -> None:
    guest = await planned(world, shots)
    page = await guest.page()
    stand(world.ctx, "09:10")
    assert (await world.submit(a_record())).status_code == 201
    await guest.sees("they have arrived")
    await guest.sends(
        "ask for another time when they are there", "another-time", {"day": "2026-03-03", "half": "morning"}, page=page
    )
    await guest.sends("nothing to tell", "answers", {"comment": " "})
    await guest.sends("something to tell", "answers", {"comment": "师傅很准时"})
    await guest.sees("something was told before the code")
    await guest.enters()
    await guest.sees("they have arrived, after the code")
    await guest.done("raised", {"fact": "entered", "text": "没有穿鞋套就进门了"})
    await guest.sees("raised while they are there")
    stand(world.ctx, "10:30")
    await guest.sees("still there after the time is over")


async def arrived_only(world: World, shots: Shots) -> None:
    guest = await planned(world, shots)
    stand(world.ctx, "09:10")
    await office(world, VISIT, entry(world, "arrived", "dispatcher"))
    await guest.sees("the office says that they arrived")
    await cancelled(world)
    await guest.sees("cancelled after they arrived")
    await guest.enters()
    await guest.sees("cancelled after they arrived, after the code")


async def absent(world: World, shots: Shots) -> None:
    guest = await planned(world, shots)
    stand(world.ctx, "09:40")
    entries = [said("09:05", "arrived"), said("09:10", "nobody_home", holds=True), said("09:30", "left")]
    await submitted(world, VISIT, *entries)
    await guest.sees("nobody was at home")
    await guest.enters()
    await guest.sees("nobody was at home, after the code")


async def nothing_to_sign(world: World, shots: Shots) -> None:
    guest = await lived(world, shots, "S01")
    await guest.sees("nothing to sign")
    await guest.sends("one good answer", "answers", {"answer-q_clean": "good"})
    await guest.sees("done after one good answer")


async def inspected(world: World, shots: Shots) -> None:
    guest = await lived(world, shots, "S01", drop=("left",))
    await guest.sees("the work is done, and they are still there")


async def questions(world: World, shots: Shots) -> None:
    guest = await lived(world, shots, drop=UNSIGNED)
    old = await guest.page()
    given = {"answer-q_clean": "bad", "answer-q_entry": "good", "comment": f"地上都是水\n{HOSTILE}"}
    await guest.sends("answers before the code", "answers", given, page=old)
    await guest.sees("answered before the code")
    await guest.posts(
        "a question for after the code", {"does": "answers", "form": "answers", "answer-q_integrity": "bad"}
    )
    await guest.enters()
    page = await guest.sees("answered before the code, and entered it")
    await guest.sends("nothing chosen", "answers", page=page)
    both = {"answer-q_clean": "bad", "answer-q_time": "good", "comment": "水在地上", "all": "yes"}
    await guest.sends("not right and all right at once", "answers", both, page=page)
    await guest.sends("words that are too long", "answers", {"comment": "字" * 1001}, page=page)
    stale = {"does": "answers", "form": "answers", "answer-q_borrow": "good", "answer-q_clean": "good"}
    await guest.posts("a question that is not asked any more", stale)
    later(world, seconds=5)
    await guest.sends("all right", "answers", {"all": "yes"}, page=page)
    await guest.sees("all right was said")
    later(world, seconds=5)
    await guest.sends("not right, and nobody named it", "answers", {"answer-q_damage": "bad"})
    await guest.sees("not right, and nobody named it: what is it")
    await guest.sends("raise nothing", "raised", {"fact": "", "text": HOSTILE})
    await guest.sends("raise without words", "raised", {"fact": "own_damage", "text": " "})
    later(world, seconds=5)
    await guest.sends("raise a damage", "raised", {"fact": "own_damage", "text": "茶几裂了"})
    await guest.sends("raise a damage, sent again", "raised", {"fact": "own_damage", "text": "茶几裂了"})
    await guest.sees("raised a damage")
    for fact in ("complaint_received", "report_received"):
        later(world, seconds=5)
        await guest.done("raised", {"fact": fact, "text": f"说的是 {fact}"})
    await guest.sees("complained and reported")
    await guest.sees("a copy with answers and what was raised", "/copy")


async def things(world: World, shots: Shots) -> None:
    guest = await lived(world, shots, "S08")
    await guest.sees("a damage of ours")
    await guest.enters()
    await guest.sees("a damage of ours, after the code")
    bad = {"answer-q_damage": "bad", "answer-q_borrow": "bad", "comment": "椅子没有擦"}
    await guest.sends("not right, and it is known what", "answers", bad)
    await guest.sees("not satisfied with the damage")
    later(world, seconds=5)
    await guest.tao.says(answers=[{"item": "borrow_cleaned", "thing": "chair", "good": False}])
    await guest.sees("an answer about one thing")
    later(world, seconds=5)
    await guest.done("signature", {"signer": "陶先生", "relation": "tenant"})
    await guest.sees("signed that he is satisfied")
    await guest.sees("a copy about a damage of ours", "/copy")


async def so_much_said(world: World, shots: Shots) -> None:
    guest = await lived(world, shots)
    for number in range(20):
        assert (await guest.tao.says(comment=f"第 {number} 次")).status_code == 200
        later(world, seconds=1)
    await guest.sends("so much was said", "answers", {"comment": "还有一句"})


async def full(world: World, shots: Shots) -> None:
    guest = await lived(world, shots)
    page = await guest.page()
    with no_room():
        await guest.sends("the disk is full", "answers", {"comment": "满意"}, page=page)


@contextmanager
def no_room() -> Iterator[None]:
    """Make writes to files fail."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# Statements: signed, or not


async def signing(world: World, shots: Shots) -> None:
    guest = await lived(world, shots, drop=UNSIGNED)
    await guest.enters()
    page = await guest.sees("to sign")
    await guest.sends("sign without a relation", "signature", {"signer": HOSTILE, "relation": ""}, page=page)
    await guest.sends("sign without a name", "signature", {"signer": " ", "relation": "tenant"}, page=page)
    await guest.sends("sign with a long name", "signature", {"signer": "陶" * 61, "relation": "tenant"}, page=page)
    bad = {"signer": "陶", "relation": "account_holder", "strokes": "[[["}
    await guest.sends("a drawing that cannot be read", "signature", bad, page=page)
    empty = {"signer": "陶", "relation": "account_holder", "strokes": "[]"}
    await guest.sends("a drawing of nothing", "signature", empty, page=page)
    typed = {"signer": "陶先生", "relation": "account_holder"}
    await guest.sends("sign by name", "signature", typed, page=page)
    await guest.sends("sign by name, sent again", "signature", typed, page=page)
    await guest.sees("signed by name")
    await guest.sees("a copy signed by name", "/copy")
    later(world, seconds=2)
    await guest.sends("change one's mind and leave the name out", "signature", {"signer": "", "relation": "tenant"})
    await guest.done("refusal", {"reason": "只愿承担一半"}, outcome="partly")
    await guest.sees("signed, then disagreed in part")
    await guest.sees("a copy of signed, then disagreed in part", "/copy")
    later(world, seconds=2)
    await guest.done("signature", {**typed, "strokes": DRAWN})
    await guest.sees("signed again, drawn")
    await guest.sees("a copy signed again, drawn", "/copy")
    later(world, minutes=31)
    await guest.sees("signed, half an hour is over")
    await guest.enters()
    form = await guest.page()
    later(world, minutes=2)
    await submitted(world, guest.tao.visit, entry(world, "meter_cause_analysed", fields={"cause": "frost"}))
    later(world, minutes=1)
    await guest.sees("changed after the signature")
    await guest.sees("a copy of what changed after the signature", "/copy")
    await guest.sends("sign what has changed", "signature", {**typed, "strokes": DRAWN}, page=form)
    await guest.sends("refuse what has changed", "refusal", {"reason": "不是这样"}, page=form, outcome="refused")


async def weaker(world: World, shots: Shots) -> None:
    guest = await lived(world, shots, drop=UNSIGNED)
    await guest.enters()
    digest = await guest.statement()
    await guest.done("signature", {"signer": "陶先生", "relation": "account_holder"})
    later(world, minutes=2)
    await signed_on_the_phone(guest, "陶小明", "minor", digest)
    await guest.sees("signed on the own phone, then on ours")


async def signed_on_the_phone(guest: Guest, signer: str, relation: str, digest: str | None, name: str = "ink") -> None:
    """Somebody signs on the technician's phone."""
    ink = photo(f"signature {name}")
    piece: dict[str, Any] = {"kind": "signature", "sha256": hashlib.sha256(ink).hexdigest(), "signer": signer}
    piece |= {"relation": relation} | ({"statement_sha256": digest} if digest else {})
    signed = entry(guest.world, "meter_order_signed", "customer", evidence=[piece])
    await submitted(guest.world, guest.tao.visit, signed, name=f"signed {name}")
    path = f"/v1/evidence/{piece['sha256']}"
    assert (await guest.world.ask("li", "PUT", path, ink, content_type="image/jpeg")).status_code == 201


async def on_our_phone(world: World, shots: Shots) -> None:
    guest = await lived(world, shots, drop=UNSIGNED)
    later(world, minutes=1)
    await signed_on_the_phone(guest, "陶先生", "adult_household_member", await guest.statement())
    later(world, minutes=1)
    await guest.sees("signed on our phone")
    await guest.enters()
    await guest.sees("signed on our phone, after the code")
    await guest.sees("a copy of what was signed on our phone", "/copy")
    await guest.done("refusal", {"reason": "没有看清就签了"}, outcome="refused")
    await guest.sees("signed on our phone, then refused")
    later(world, minutes=1)
    await signed_on_the_phone(guest, "陶先生", "adult_household_member", await guest.statement(), "again")
    later(world, minutes=1)
    await guest.sees("signed on our phone again, after a refusal")


async def not_allowed(world: World, shots: Shots) -> None:
    guest = await lived(world, shots, drop=UNSIGNED)
    later(world, minutes=1)
    await signed_on_the_phone(guest, "保安", "property_staff", await guest.statement())
    later(world, minutes=1)
    await guest.sees("signed by somebody who may not")
    await guest.enters()
    await guest.sees("signed by somebody who may not, after the code")
    await guest.done("signature", {"signer": "王阿姨", "relation": "neighbour"})
    await guest.sees("signed by the link by somebody who may not")


async def another_text(world: World, shots: Shots) -> None:
    guest = await lived(world, shots, drop=UNSIGNED)
    later(world, minutes=1)
    await signed_on_the_phone(guest, "陶先生", "somebody", "ab" * 32)
    later(world, minutes=1)
    await guest.sees("the signature names another text")
    await guest.enters()
    await guest.sees("the signature names another text, after the code")


async def no_text(world: World, shots: Shots) -> None:
    guest = await lived(world, shots)
    await guest.sees("the signature names no text")
    await guest.enters()
    await guest.sees("the signature names no text, after the code")
    await guest.sees("a copy of a signature that names no text", "/copy")


async def refusing(world: World, shots: Shots) -> None:
    guest = await lived(world, shots, drop=UNSIGNED)
    await guest.enters()
    page = await guest.page()
    for outcome in ("partly", "refused", "unable"):
        await guest.sends(
            f"{outcome}, without a reason", "refusal", {"reason": " ", "helper": HOSTILE}, page, outcome=outcome
        )
    await guest.sends("a reason that is too long", "refusal", {"reason": "不" * 1001}, page, outcome="refused")
    await guest.sends("disagree in part", "refusal", {"reason": f"表是自己坏的\n{HOSTILE}"}, page, outcome="partly")
    again = {"reason": f"表是自己坏的\n{HOSTILE}"}
    await guest.sends("disagree in part, sent again", "refusal", again, page, outcome="partly")
    await guest.sees("disagreed in part")
    await guest.sees("a copy of a disagreement in part", "/copy")
    later(world, seconds=5)
    await guest.done("refusal", {"reason": "不同意"}, outcome="refused")
    await guest.sees("refused")
    later(world, seconds=5)
    helped = {"reason": "手受伤了", "helper": "陶小明", "helper_relation": "adult_household_member"}
    await guest.done("refusal", helped, outcome="unable")
    await guest.sees("unable, with somebody who helps")
    later(world, seconds=5)
    await guest.done("refusal", {"reason": "眼睛不好", "helper": "小王"}, outcome="unable")
    await guest.sees("unable, with a helper of whom nothing is known")
    later(world, minutes=31)
    await guest.sees("unable, half an hour is over")
    await guest.enters()
    later(world, minutes=2)
    await submitted(world, guest.tao.visit, entry(world, "meter_cause_analysed", fields={"cause": "frost"}))
    later(world, minutes=1)
    await guest.sees("what was refused has changed")
    await guest.sees("a copy of what was refused and has changed", "/copy")
    await guest.done("signature", {"signer": "陶先生", "relation": "account_holder"})
    await guest.sees("signed after what was refused had changed")


async def refused_at_the_door(world: World, shots: Shots) -> None:
    guest = await lived(world, shots, "S04R")
    await guest.sees("the technician writes that it was not signed")
    await guest.enters()
    await guest.sees("the technician writes that it was not signed, after the code")
    await guest.done("signature", {"signer": "陶先生", "relation": "account_holder"})
    await guest.sees("signed after the technician wrote that it was not")


async def not_there_to_sign(world: World, shots: Shots) -> None:
    guest = await lived(world, shots, drop=UNSIGNED)
    for outcome in ("absent", "unable"):
        later(world, minutes=1)
        piece = {"kind": "signature", "sha256": "cd" * 32, "signer": "孙阿姨", "relation": "neighbour"}
        refused = {"reason": "户主不在" if outcome == "absent" else "手受伤了", "outcome": outcome}
        evidence = [piece] if outcome == "unable" else []
        written = entry(world, "meter_order_signed", refused=refused, evidence=evidence)
        await submitted(world, guest.tao.visit, written, name=outcome)
    await guest.sees("not there, then unable with a helper, the technician writes")
    await guest.enters()
    await guest.sees("not there, then unable with a helper, after the code")
    await guest.sees("a copy of not there, then unable, with a file that has not come", "/copy")


async def rectified(world: World, shots: Shots) -> None:
    guest = await planned(world, shots, type="engineering_acceptance")
    stand(world.ctx, "10:30")
    text = {"kind": "text", "text": "坡度不够"}
    entries = [
        said("09:05", "arrived"),
        said("09:10", "noncompliance_found", holds=True),
        said("09:20", "acceptance_explained", evidence=[text]),
        said("09:30", "rectification_left", evidence=[{"kind": "notice", "number": "整-7"}], fields={"points": 1}),
        said("09:40", "work_finished"),
        said("09:50", "left"),
    ]
    await submitted(world, VISIT, *entries)
    await guest.sees("a notice to be received")
    await guest.enters()
    await guest.sees("a notice to be received, after the code")
    await guest.done("signature", {"signer": "陶先生", "relation": "account_holder", "strokes": DRAWN})
    await guest.sees("the notice was received")


async def file_lacking(world: World, shots: Shots) -> None:
    guest = await lived(world, shots, drop=UNSIGNED)
    later(world, minutes=1)
    piece = {"kind": "photo", "sha256": "ef" * 32}
    await submitted(world, guest.tao.visit, entry(world, "meter_damage_photo", evidence=[piece]))
    await guest.enters()
    await guest.sees("a photo has not come")
    await guest.sees("a copy with a photo that has not come", "/copy")


# Input is never lost


async def too_late_to_sign(world: World, shots: Shots) -> None:
    guest = await lived(world, shots, drop=UNSIGNED)
    await guest.enters()
    given = {"signer": HOSTILE, "relation": "tenant", "strokes": DRAWN}
    page = await guest.page()
    later(world, minutes=31)
    late = await guest.sends("sign after half an hour", "signature", given, page=page)
    asked = await guest.sends("a new code, with the signature kept", "code", page=late)
    await worker.deliver_due(world.ctx)
    right = guest.tao.post.letters[-1].text.partition("验证码 ")[2][:6]
    shots.hide[wrong(right)] = "WRONG"
    slip = await guest.sends("too few digits, with the signature kept", "code-entry", {"code": "12"}, page=asked)
    again = await guest.sends("a wrong code, with the signature kept", "code-entry", {"code": wrong(right)}, page=slip)
    back = await guest.sends("the right code, with the signature kept", "code-entry", {"code": right}, page=again)
    await guest.sends("sign at last", "signature", page=back)
    later(world, seconds=5)
    page = await guest.page()
    later(world, minutes=61)
    refused = {"reason": f"手\n{HOSTILE}", "helper": "小王", "helper_relation": "neighbour"}
    await guest.sends("refuse after half an hour", "refusal", refused, page=page, outcome="unable")
    await guest.sends("raise after half an hour", "raised", {"fact": "own_damage", "text": HOSTILE}, page=page)
    both = {"answer-q_integrity": "bad", "answer-q_clean": "good", "comment": HOSTILE}
    late = await guest.sends("answer after half an hour", "answers", both, page=page)
    asked = await guest.sends("a new code, with the answers kept", "code", page=late)
    await worker.deliver_due(world.ctx)
    right = guest.tao.post.letters[-1].text.partition("验证码 ")[2][:6]
    await guest.sends("the right code, with the answers kept", "code-entry", {"code": right}, page=asked)


async def kept_by_others(world: World, shots: Shots) -> None:
    guest = await lived(world, shots, drop=UNSIGNED)
    for number, kept in enumerate(("[]", '{"does": "refusal"}', '{"form": "<b>", "signer": "<script>"}')):
        await guest.posts(f"what is kept is not ours {number}", {"does": "code-entry", "code": "1", "kept": kept})
    await guest.posts(
        "sign without a code", {"does": "signature", "signer": "陶", "relation": "tenant", "statement": "0" * 64}
    )
    await guest.posts(
        "raise without a code", {"does": "raised", "form": "raised", "fact": "own_damage", "text": "坏了"}
    )
    await guest.enters()
    await guest.posts("refuse in a way that is none", {"does": "refusal", "reason": "x", "statement": "0" * 64})
    await guest.posts(
        "sign nothing that is there", {"does": "signature", "signer": "陶", "relation": "tenant", "statement": "0" * 64}
    )
    await guest.posts("raise what is none", {"does": "raised", "form": "raised", "fact": "moon", "text": "x"})


# The door


async def at_the_door(world: World, shots: Shots, **desk: Any) -> Post:
    """A visit at nine whose notice waits to be sent, at five past nine."""
    world.client.headers["accept-language"] = ACCEPT[shots.mode]
    post = set_up(world.ctx, "08:00", **desk)
    assert (await world.plan()).status_code == 201
    assert (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/notice", {"channel": "sms"})).status_code == 201
    stand(world.ctx, "09:05")
    return post


async def shown(world: World, shots: Shots) -> str:
    """The path of the door code that the technician shows."""
    answer = (await world.ask("li", "GET", f"/v1/visits/{VISIT}/doorstep")).json()
    shots.hide[answer["word"]] = "WORD"
    return answer["url"].removeprefix(URL)


def ticket(answer: httpx.Response) -> dict[str, str]:
    """What each form of the page sends."""
    return {"ticket": Page(answer.text).forms[-1].fields["ticket"]}


async def genuine(world: World, shots: Shots) -> None:
    await at_the_door(world, shots)
    code = await shown(world, shots)
    shots.take("genuine, no word was told", await world.client.get(code))
    await worker.deliver_due(world.ctx)
    page = shots.take("genuine, with the word", await world.client.get(code))
    for name, headers in (("cookie", {"cookie": "__Host-doorstep=his"}), ("token", {"authorization": "Bearer his"})):
        shots.take(f"opened where somebody of ours is signed in: {name}", await world.client.get(code, headers=headers))
        shots.take(
            f"confirmed where somebody of ours is signed in: {name}",
            await world.client.post(code, data=ticket(page), headers=headers),
        )
    shots.take("confirmed by JSON", await world.client.post(code, json={}))
    shots.take("confirmed without a ticket", await world.client.post(code, data={"ticket": ""}))
    stand(world.ctx, "09:10")
    done = shots.take("confirmed", await world.client.post(code, data=ticket(page)))
    own = {"cookie": done.headers["set-cookie"].partition(";")[0]}
    world.client.cookies.clear()
    shots.take("confirmed before, in this browser", await world.client.get(code, headers=own))
    shots.take("confirmed before, in another browser", await world.client.get(code))
    shots.take("confirmed again", await world.client.post(code, data=ticket(page)))
    await faced(world)
    stand(world.ctx, "09:12")
    shots.take("genuine, with a photo, a number and a title", await world.client.get(await shown(world, shots)))


async def genuine_without_hotline(world: World, shots: Shots) -> None:
    await at_the_door(world, shots, hotline="")
    code = await shown(world, shots)
    page = shots.take("genuine, no hotline", await world.client.get(code))
    await world.client.post(code, data=ticket(page))
    world.client.cookies.clear()
    shots.take("confirmed before, no hotline", await world.client.get(code))
    shots.take("not genuine, no hotline", await world.client.get("/d/x"))


async def opening(world: World, shots: Shots) -> None:
    await at_the_door(world, shots)
    await submitted(world, VISIT, said("09:00", "arrived"), said("09:04", "work_finished"))
    code = await shown(world, shots)
    page = shots.take("genuine, after the work", await world.client.get(code))
    done = await world.client.post(code, data=ticket(page))
    own = {"cookie": done.headers["set-cookie"].partition(";")[0]}
    page = shots.take("confirmed after the work", await world.client.get(code, headers=own))
    to_page = ticket(page) | {"does": "page"}
    without = {"ticket": "", "does": "page"}
    shots.take("the customer's page without a ticket", await world.client.post(code, data=without))
    cookie = {"cookie": "__Host-doorstep=his"}
    shots.take(
        "the customer's page where somebody of ours is signed in",
        await world.client.post(code, data=to_page, headers=cookie),
    )
    shots.take("the customer's page", await world.client.post(code, data=to_page))
    shots.take("after the customer's page", await world.client.get(code, headers=own))


async def not_genuine(world: World, shots: Shots) -> None:
    await at_the_door(world, shots)
    code = await shown(world, shots)
    page = await world.client.get(code)
    shots.take("forged", await world.client.get(f"{code[:-1]}{'a' if code[-1] != 'a' else 'b'}"))
    shots.take("no code at all", await world.client.get("/d/x"))
    shots.take("no code at all, confirmed", await world.client.post("/d/x", data={"ticket": "1.00"}))
    stand(world.ctx, "09:21")
    shots.take("expired", await world.client.get(code))
    shots.take("confirmed too late", await world.client.post(code, data=ticket(page)))
    stand(world.ctx, "09:22")
    fresh = await shown(world, shots)
    await cancelled(world)
    shots.take("the visit was cancelled", await world.client.get(fresh))
    for _ in range(30):
        answer = await world.client.get("/d/x")
    shots.take("not genuine too often", answer)
    shots.take("confirmed, not genuine too often", await world.client.post("/d/x", data={"ticket": "1.00"}))


# Invalid links


async def links(world: World, shots: Shots) -> None:
    guest = await planned(world, shots)
    wrong = f"/c/{'a' * 26}"
    shots.take("a link that nobody has", await guest.tao.client.get(wrong))
    shots.take("a copy by a link that nobody has", await guest.tao.client.get(f"{wrong}/copy"))
    shots.take("a form by a link that nobody has", await guest.tao.client.post(wrong, data={"does": "code"}))
    new = await linked(world, shots, guest.tao.post)
    await guest.sees("a link that was replaced")
    await guest.posts("a form by a link that was replaced", {"does": "appointment", "window": NINE})
    later(world, days=8)
    await new.sees("a link that has ended")
    for _ in range(31):
        answer = await guest.tao.client.get(wrong)
    shots.take("so many links that nobody has", answer)
    stand(world.ctx, "06:00")
    world.ctx.address_rate_limit = type(world.ctx.address_rate_limit)(1)
    for _ in range(200):
        answer = await guest.tao.client.get(new.path)
        if answer.status_code == 429:
            break
    shots.take("so many pages", answer)
    set_up_again(world, hotline="")
    await new.sees("so many pages, no hotline")


# Staff


async def invited(world: World, login: str) -> str:
    """The code of an invitation."""
    return (await world.ask("admin", "POST", "/v1/invitations", {"person": login})).json()["code"]


def twice(password: str) -> dict[str, str]:
    """The fields of a new password."""
    return {"password": password, "again": password}


async def invitation(world: World, shots: Shots) -> None:
    world.client.headers["accept-language"] = ACCEPT[shots.mode]
    set_up(world.ctx, "06:00")
    shots.take("an invitation", await world.client.get("/invitation"))
    code = await invited(world, "li")
    shots.hide[code] = "INVITATION"
    fields: dict[str, dict[str, str]] = {
        "too short": twice("kurz"),
        "not twice the same": {"password": PASSWORD, "again": "x"},
        "no password": {},
        "no such code": {"code": HOSTILE, **twice(PASSWORD)},
        "U+0000": {"code": "a\0b", **twice(PASSWORD)},
    }
    for what, given in fields.items():
        answer = await world.client.post("/invitation", data={"code": code, **given})
        shots.take(f"a password that cannot be taken: {what}", answer)
    shots.take("a password by JSON", await world.client.post("/invitation", json={}))
    shots.take("a password that is too large", await world.client.post("/invitation", data={"code": "x" * 9000}))
    shots.take(
        "a technician's password", await world.client.post("/invitation", data={"code": code, **twice(PASSWORD)})
    )
    again = await world.client.post("/invitation", data={"code": code, **twice(PASSWORD)})
    shots.take("an invitation that was used", again)
    code = await invited(world, "zhao")
    shots.take(
        "a dispatcher's password", await world.client.post("/invitation", data={"code": code, **twice(PASSWORD)})
    )
    for _ in range(60):
        answer = await world.client.post("/invitation", data={"code": "x", **twice("kurz")})
        if answer.status_code == 429:
            break
    shots.take("so many passwords that cannot be taken", answer)


async def authenticator(world: World, shots: Shots) -> None:
    world.client.headers["accept-language"] = ACCEPT[shots.mode]
    set_up(world.ctx, "06:00")
    code = await invited(world, "wang")
    answer = await world.client.post("/invitation", data={"code": code, **twice(PASSWORD)})
    secret = answer.text.partition('class="code">')[2].partition("<")[0]
    shots.hide[secret] = "SECRET"
    shots.take("a supervisor's password, and his authenticator", answer)
    now = code_now(world, unsecret(secret.replace(" ", "")))
    given = {"login": "wang", "password": PASSWORD, "code": now}
    check, wrong_code = "/invitation/check", "000000" if now != "000000" else "000001"
    shots.take("a wrong code of the authenticator", await world.client.post(check, data=given | {"code": wrong_code}))
    shots.take("no code of the authenticator", await world.client.post(check, data=given | {"code": ""}))
    shots.take("nothing filled in", await world.client.post(check, data={"login": "", "password": "", "code": ""}))
    hostile = await world.client.post(check, data={"login": HOSTILE, "password": "x", "code": "1"})
    shots.take("a hostile login", hostile)
    foreign = {"origin": "https://evil.example"}
    shots.take("from another site", await world.client.post(check, data=given, headers=foreign))
    shots.take(
        "the first code of the authenticator", await world.client.post(check, data=given, headers={"origin": URL})
    )
    code = await invited(world, "wang")
    kept = await world.client.post("/invitation", data={"code": code, **twice(f"{PASSWORD} neu")})
    shots.take("a new password, with the authenticator of before", kept)
    for _ in range(60):
        answer = await world.client.post(check, data=given | {"code": wrong_code})
        if answer.status_code == 429:
            break
    shots.take("so many codes of the authenticator", answer)


async def enrolment(world: World, shots: Shots) -> None:
    world.client.headers["accept-language"] = ACCEPT[shots.mode]
    shots.take("an enrolment", await world.client.get("/enrol"))


GROUPS: dict[str, tuple[Scene, ...]] = {
    "appointment": (
        agreeing,
        wishing,
        moving,
        too_late,
        missed,
        without_hotline,
        cancelling,
        exempt,
        agreed_by_telephone,
        known_face,
        little_known,
        no_forms_of_ours,
    ),
    "code": (code, code_beside, no_telephone),
    "work": (under_way, arrived_only, absent, nothing_to_sign, inspected, questions, things, so_much_said, full),
    "signatures": (signing, weaker, on_our_phone, not_allowed, another_text, no_text, rectified, file_lacking),
    "refusals": (refusing, refused_at_the_door, not_there_to_sign),
    "kept": (too_late_to_sign, kept_by_others),
    "door": (genuine, genuine_without_hotline, opening, not_genuine),
    "links": (links,),
    "staff": (invitation, authenticator, enrolment),
}
"""The scenes of each golden file. Each has its own database."""


@asynccontextmanager
async def a_world() -> AsyncIterator[World]:
    """A small utility on SQLite: pages do not depend on the engine."""
    with TemporaryDirectory(prefix="doorstep-golden-") as folder:
        async with opened_world(await copy_sqlite(Path(folder) / "doorstep.db")) as world:
            yield world


async def pages(group: str, shots: Shots) -> dict[str, Record]:
    """All recorded pages of a group, by name."""
    for scene in GROUPS[group]:
        shots.hide = {}
        async with a_world() as world:
            await scene(world, shots)
    return shots.taken


def main(groups: list[str]) -> None:
    """Record."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    for group in groups or GROUPS:
        for mode in MODES:
            found = asyncio.run(pages(group, Shots(mode)))
            path_of(group, mode).write_text(dumped(found))
            print(f"{group} {mode}: {len(found)} pages")  # noqa: T201 - it is a program


if __name__ == "__main__":
    main(sys.argv[1:])
