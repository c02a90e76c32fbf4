"""Every state, flag and reason, and every kind of step in a history, is produced by some request."""

from datetime import datetime, timedelta
from typing import Any, get_args, get_type_hints
from uuid import UUID

from service.context import ReviewPolicy
from service.messages import worker
from service.messages.gateways import PermanentFailure
from service.reviews import refresh
from service.reviews.schemas import HistoryStep
from service.visits.attention import ReasonKind
from service.visits.status import Flag, State
from tests.support import example_visits as stories
from tests.support.api_client import World, record
from tests.support.customer import UNSIGNED, advance_clock, change_cause, change_number, example_customer
from tests.support.doorstep import doorstep_path, doorstep_ticket
from tests.support.evidence import record_naming
from tests.support.factories import said, uid
from tests.support.fake_gateway import Post, set_up, stand
from tests.support.pictures import picture
from tests.support.reviews import close, later, review_of


class Seen:
    """The values that answers contained."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.states, self.flags, self.reasons, self.steps = set[str](), set[str](), set[str](), set[str]()

    async def look(self, visit: UUID) -> None:
        """Ask for a visit in all ways."""
        path = f"/v1/visits/{visit}"
        shown = (await self.world.ask("wang", "GET", path)).json()
        review = (await self.world.ask("wang", "GET", f"{path}/review")).json()
        history = (await self.world.ask("wang", "GET", f"{path}/history")).json()
        assert shown["state"] == review["state"]
        self.states.add(shown["state"])
        self.flags.update(shown["flags"])
        self.reasons.update(one["kind"] for one in review["reasons"])
        self.steps.update(one["kind"] for one in history["steps"])


async def ask(world: World, who: str, method: str, path: str, content: Any = None, **headers: str) -> Any:
    answer = await world.ask(who, method, path, content, **headers)
    assert answer.status_code < 300, answer.text
    return answer


async def submitted(world: World, visit: UUID, name: str, *entries: dict[str, Any], **more: Any) -> None:
    own = [{**one, "id": str(uid(f"{name} {one['id']}"))} for one in entries]
    content = {**record(uid(name), visit), "entries": own, **more}
    assert (await world.submit(content, uid(name))).status_code == 201


async def appointments(world: World, seen: Seen, post: Post) -> None:
    """Visits to come: told, not told, agreed, asked for another time, nobody to go, cancelled, at the door."""
    told, failed, quiet, gone = (uid(name) for name in ("told", "failed", "quiet", "gone"))
    for visit in (told, failed, quiet, gone):
        await world.plan(visit)
    await ask(world, "zhao", "POST", f"/v1/visits/{told}/notice", {"channel": "sms"})
    await worker.deliver_due(world.ctx)
    agreement = {"answers": [{"item": "appointment_agreed", "good": True}]}
    await ask(world, "zhao", "PUT", f"/v1/confirmations/{post.token}", agreement)
    await ask(world, "li", "PUT", f"/v1/visits/{told}/departure", {"at": stories.clock("07:00")})
    code = (await ask(world, "li", "GET", f"/v1/visits/{told}/doorstep")).json()
    ticket = doorstep_ticket((await world.client.get(doorstep_path(code))).text)
    assert (await world.client.post(doorstep_path(code), data={"ticket": ticket})).status_code == 303
    post.trouble = PermanentFailure("no such number")
    await ask(world, "zhao", "POST", f"/v1/visits/{failed}/notice", {"channel": "sms"})
    await worker.deliver_due(world.ctx)
    post.trouble = None
    link = (await ask(world, "zhao", "POST", f"/v1/visits/{quiet}/confirmation-link")).json()["token"]
    await ask(world, "zhao", "PUT", f"/v1/confirmations/{link}", {"another_time": {"wish": "周六"}})
    await ask(world, "zhao", "PUT", f"/v1/visits/{gone}/cancellation", {"reason": "客户取消"}, if_match='"0"')
    for visit in (told, failed, quiet, gone):
        await seen.look(visit)
    window = {"from": stories.clock("06:00"), "to": stories.clock("06:30")}
    missed = uid("missed")
    await world.plan(missed, window=window)
    later(world, hours=13)
    await seen.look(missed)
    new = {"login": "zhou", "name": "周", "roles": ["technician"], "areas": ["城东"]}
    await ask(world, "admin", "POST", "/v1/people", new)
    await world.plan(uid("alone"), technician="zhou")
    await ask(world, "admin", "PUT", "/v1/people/zhou/departure", {"reason": "离职"})
    await seen.look(uid("alone"))


async def reviewed(world: World, seen: Seen) -> None:
    """A visit that is under way, returned, answered, explained and closed, after a look at what was refused."""
    visit = uid("reviewed")
    await world.plan(visit)
    refused = (await world.submit(b"half a record", uid("first"))).json()["quarantine"]
    await ask(world, "wang", "GET", f"/v1/quarantine/{refused}?reason=x")
    await submitted(world, visit, "first", said("12:05", "arrived"), said("12:06", "nobody_home"))
    await seen.look(visit)
    for held in ({"visit": str(visit)}, {"account": "1001"}):
        hold = f"/v1/holds/{uid(f'hold of {held}')}"
        await ask(world, "wang", "PUT", hold, {**held, "reason": "诉讼"})
        await ask(world, "wang", "PUT", f"{hold}/end", {"reason": "和解"})
    ahead = {"at": (world.ctx.now() + timedelta(hours=1)).isoformat(), "tick": 1, "session": str(uid("s"))}
    await submitted(
        world,
        visit,
        "second",
        said("12:10", "entered", place={"lat": 0, "lon": 0}),
        said("12:40", "left"),
        device_clock=ahead,
    )
    code = (await ask(world, "li", "GET", f"/v1/visits/{visit}/doorstep")).json()
    opening = {"ticket": doorstep_ticket((await world.client.get(doorstep_path(code))).text), "does": "page"}
    assert (await world.client.post(doorstep_path(code), data=opening)).headers["location"].startswith("/c/")
    await ask(world, "wang", "PUT", f"/v1/visits/{visit}/assignee", {"person": "wang"})
    items = [{"item": "id_shown", "reason": "没有记录"}]
    due = {"visit": str(visit), "items": items, "due": "2026-03-09T18:00:00+08:00"}
    await ask(world, "wang", "PUT", f"/v1/corrections/{uid('c')}", due)
    await seen.look(visit)
    await ask(world, "wang", "DELETE", f"/v1/corrections/{uid('c')}")
    shown, _ = await review_of(world, visit=visit)
    words = {"finding": shown["reasons"][0]["source"], "text": "为什么？"}
    await ask(world, "wang", "PUT", f"/v1/visits/{visit}/inquiries/{uid('q')}", words)
    await ask(world, "li", "PUT", f"/v1/visits/{visit}/explanations/{uid('e')}", words)
    moved = {"technician": "sun", "reason": "换人"}
    await ask(world, "zhao", "PUT", f"/v1/visits/{visit}/technician", moved, if_match='"0"')
    await seen.look(visit)
    await close(world, visit)
    await seen.look(visit)


async def waiting(world: World, seen: Seen) -> None:
    """A visit whose photo does not come."""
    visit = uid("waiting")
    await world.plan(visit)
    content = record_naming(picture(1), record_id=uid("photo"), visit=visit)
    content["entries"] = [{**one, "id": str(uid(f"photo {one['id']}"))} for one in content["entries"]]
    assert (await world.submit(content, uid("photo"))).status_code == 201
    later(world, days=1)
    await seen.look(visit)


async def with_customers(world: World, seen: Seen) -> None:
    """What customers refuse, sign, dispute and complain of."""
    tao = await example_customer(world, "S04R")
    await seen.look(tao.visit)
    tao = await example_customer(world, "S04", drop=UNSIGNED)
    advance_clock(world, minutes=2)
    await change_number(tao, "13911112222")
    await tao.enters()
    assert (await tao.signs()).status_code == 200
    await change_cause(tao)
    await seen.look(tao.visit)
    tao = await example_customer(world, "S01")
    world.ctx.review_policy = ReviewPolicy(sample_percent=100)
    advance_clock(world, minutes=2)
    await tao.enters()
    raises = [{"fact": "complaint_received", "text": "态度不好"}]
    answers = [{"question": "q_clean", "good": False}]
    assert (await tao.says(answers=answers, raises=raises, comment="谢谢")).status_code == 200
    await seen.look(tao.visit)
    call = {"called": "陶", "at": world.ctx.now().isoformat(), "text": "还在等"}
    call["answers"] = [{"item": "site_cleared", "good": True}]  # type: ignore[assignment]
    await ask(world, "wang", "PUT", f"/v1/visits/{tao.visit}/callbacks/{uid('call')}", call)
    later(world, days=6)
    await seen.look(tao.visit)


async def test_every_published_value_is_produced(world: World) -> None:
    seen = Seen(world)
    post = set_up(world.ctx, "07:00")
    await appointments(world, seen, post)
    stand(world.ctx, datetime.fromisoformat(stories.clock("13:00")))
    await reviewed(world, seen)
    await waiting(world, seen)
    await with_customers(world, seen)
    while await refresh.refresh_due(world.ctx):
        pass
    assert seen.states == {*get_args(State)}
    assert seen.flags == {*get_args(Flag)}
    assert seen.reasons == {*get_args(ReasonKind)}
    assert seen.steps == {*get_args(get_type_hints(HistoryStep)["kind"])}
