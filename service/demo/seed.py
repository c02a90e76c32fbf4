"""Demonstration data: invented people, and the stories that travel with the program.

Repeating is harmless, also over what another version made: every id follows from the content that it names, so what is
told otherwise now is told beside it.
"""

from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from service.accounts import repository as accounts_repository
from service.accounts.authentication import token_digest
from service.accounts.events import PersonEvent, record_event
from service.accounts.permissions import Person
from service.context import AppContext
from service.db.database import Transaction
from service.dispatch import planning
from service.evidence import attach
from service.records import office_entries, submit
from service.visits import customer_link
from service.visits.plan import Plan
from service.visits.wire import OfficeEntries

from . import damage_story

AREA = "城东片区"
PEOPLE = (
    Person("zhao", "赵敏（调度）", ("dispatcher",), (AREA,)),
    Person("li", "李强（技术员）", ("technician",), (AREA,)),
    Person("wang", "王芳（主管）", ("supervisor",), (AREA,)),
)
HOTLINE = "021-00000000"
HALF_HOUR = timedelta(minutes=30)
STORIES = Path(__file__).parent / "stories"


class Demo(msgspec.Struct, frozen=True):
    """What to show a newcomer: a token per login, a customer's link, and a record that can be sent."""

    tokens: dict[str, str]
    link: str
    to_sign: str
    record: UUID
    body: bytes


async def seed(ctx: AppContext) -> Demo:
    """People, the stories as visits, one that just was with a record that was not sent yet, and one to be agreed."""
    ctx.company = msgspec.structs.replace(ctx.company, hotline=ctx.company.hotline or HOTLINE)
    tokens = {person.login: token_urlsafe(32) for person in PEOPLE}

    async def hire(tx: Transaction) -> None:
        for person in PEOPLE:
            if await accounts_repository.add_person(tx, person, ctx.clock()):
                who, roles, areas = person.login, person.roles, person.areas
                await record_event(
                    ctx, tx, PersonEvent(what="added", person=who, by="doorstep", roles=roles, areas=areas)
                )
            await accounts_repository.add_token(tx, token_digest(tokens[person.login]), person.login, ctx.clock())

    await ctx.db.write(hire)
    zhao, li = token_digest(tokens["zhao"]), token_digest(tokens["li"])
    for path in sorted(STORIES.glob("*.json")):
        await _story(ctx, zhao, li, msgspec.json.decode(path.read_bytes()))
    now = ctx.now()
    just, soon = _half(now - 3 * HALF_HOUR), _soon(now)
    visit = await _plan(ctx, zhao, _planned(just, "刚才"))
    next_one = await _plan(ctx, zhao, _planned(soon, "待约"))
    record, body = _record(visit, _named(visit, _acts(just)))
    link = await customer_link.create_link(ctx, zhao, next_one)
    to_sign = await _damage(ctx, zhao, li)
    return Demo(tokens, link.url, to_sign, record, body)


async def _damage(ctx: AppContext, zhao: bytes, li: bytes) -> str:
    """Yesterday's visit, which its customer has not signed; the address of his link."""
    day = ctx.now().replace(hour=14, minute=0, second=0, microsecond=0) - timedelta(days=1)
    window = {"from": day.isoformat(), "to": (day + timedelta(hours=1)).isoformat()}
    planned = {"type": "meter_replacement", "window": window, **_who("换表"), "assigned": {"meter_exchanged": True}}
    planned["work"] = {"content": "更换损坏的水表", "place": "厨房"}
    told = (day - timedelta(days=1)).isoformat()
    agreed = [
        {"what": what, "at": told, "by": "dispatcher", "evidence": damage_story.CALL}
        for what in ("appointment_agreed", "work_content_told", "work_place_told", "cooperation_requested")
    ]
    acts = damage_story.acts(day + timedelta(minutes=10))
    visit = await _plan(ctx, zhao, planned, agreed, acts)
    await _note(ctx, zhao, visit, _named(visit, agreed))
    for digest_of, raw in damage_story.photos().items():
        sealed = await attach.store_bytes(ctx, raw, bytes.fromhex(digest_of))
        await attach.register_upload(ctx, sealed, "li")
    await submit.submit_record(ctx, li, *_record(visit, _named(visit, acts)))
    return (await customer_link.create_link(ctx, zhao, visit)).url


async def _story(ctx: AppContext, zhao: bytes, li: bytes, story: dict[str, Any]) -> None:
    told = story["visit"]
    keep = ("type", "window", "assigned", "exempt_reason")
    planned = {**{name: told[name] for name in keep if name in told}, **_who(told["id"]), "external_ref": told["id"]}
    visit = await _plan(ctx, zhao, planned, story)
    # a customer's answer comes by his own link, never in a technician's record
    written = [entry for entry in story["entries"] if entry.get("says") is None]
    dispatch = [entry for entry in written if entry["by"] == "dispatcher"]
    if dispatch:
        await _note(ctx, zhao, visit, dispatch)
    await submit.submit_record(ctx, li, *_record(visit, [entry for entry in written if entry["by"] != "dispatcher"]))


async def _plan(ctx: AppContext, zhao: bytes, planned: dict[str, Any], *story: Any) -> UUID:
    """A visit; the rest of its story, where it is told at once, makes it another visit too."""
    visit = _id(planned, *story)
    raw = _encode(planned)
    await planning.create(ctx, zhao, visit, msgspec.json.decode(raw, type=Plan), raw)
    return visit


async def _note(ctx: AppContext, zhao: bytes, visit: UUID, entries: list[dict[str, Any]]) -> None:
    """Entries of the office."""
    raw = _encode({"entries": entries})
    await office_entries.add_office_entries(ctx, zhao, visit, msgspec.json.decode(raw, type=OfficeEntries), raw)


def _half(moment: datetime) -> datetime:
    """The half hour that has begun."""
    return moment.replace(minute=moment.minute // 30 * 30, second=0, microsecond=0)


def _soon(now: datetime) -> datetime:
    """A time of the day at which people receive visitors, far enough away to be moved by the customer."""
    start = _half(now) + 7 * HALF_HOUR
    if start.hour >= 18:
        start = start.replace(hour=9, minute=0) + timedelta(days=1)
    return start.replace(hour=9, minute=0) if start.hour < 8 else start


def _planned(start: datetime, name: str) -> dict[str, Any]:
    """A visit of an hour."""
    return {
        "type": "repair_leak",
        "window": {"from": start.isoformat(), "to": (start + 2 * HALF_HOUR).isoformat()},
        **_who(name),
        "assigned": {},
    }


def _acts(start: datetime) -> list[dict[str, Any]]:
    """Went in before asking, in shoe covers: the order is wrong though everything is ticked."""
    acts = [
        ("arrived", 5),
        ("door_signal", 6),
        ("met_customer", 7),
        ("id_shown", 7),
        ("self_introduced", 7),
        ("shoe_covers_on", 8),
        ("entered", 9),
        ("entry_consent", 10),
        ("work_started", 12),
        ("work_finished", 40),
        ("site_cleared", 42),
        ("thanked_at_end", 43),
        ("left", 45),
    ]
    return [
        {"what": what, "at": (start + timedelta(minutes=minute)).isoformat(), "by": "technician"}
        for what, minute in acts
    ]


def _who(name: str) -> dict[str, Any]:
    return {
        "technician": "li",
        "area": AREA,
        "customer": {
            "name": f"陶女士（{name}）",
            "phone": "13800000000",
            "address": "虚构路 12 号 3 单元 502",
            "account": "100200300",
        },
        "work": {"content": "检修漏水", "place": "厨房"},
    }


def _record(visit_id: UUID, entries: list[dict[str, Any]]) -> tuple[UUID, bytes]:
    """A record: its id and its bytes."""
    record = _id(str(visit_id), entries)
    content = {"id": str(record), "visit": str(visit_id), "checklist": "onsite@1", "entries": entries, "app": "demo"}
    return record, _encode(content)


def _named(visit_id: UUID, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": str(_id(str(visit_id), entry)), **entry} for entry in entries]


def _encode(content: Any) -> bytes:
    return msgspec.json.encode(content)


def _id(*content: Any) -> UUID:
    """Always the same for the same content."""
    return uuid5(NAMESPACE_URL, f"doorstep demo {_encode(content).decode()}")
