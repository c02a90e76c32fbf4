"""Demonstration data: invented people, and the visits in `stories`, `leak_repair.json` and `meter_damage.json`.

Seeding is idempotent, also after seeding by another version: ids are derived from content, so changed content makes
new visits beside the old ones.
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
from service.context import AppContext, transaction
from service.db.database import Transaction
from service.dispatch import planning
from service.evidence import attach
from service.records import office_entries, submit
from service.visits import customer_link
from service.visits.plan import Plan
from service.visits.wire import OfficeEntries
from service.web.decoding import to_json

from .meter_photos import meter_photos

AREA = "城东片区"
PEOPLE = (
    Person("zhao", "赵敏（调度）", ("dispatcher",), (AREA,)),
    Person("li", "李强（技术员）", ("technician",), (AREA,)),
    Person("wang", "王芳（主管）", ("supervisor",), (AREA,)),
)
HOTLINE = "021-00000000"
HALF_HOUR = timedelta(minutes=30)
DATA = Path(__file__).parent
Entries = list[dict[str, Any]]


class Demo(msgspec.Struct, frozen=True):
    """A token per login, the link of a customer, that of one with a statement to sign, and a record to submit."""

    tokens: dict[str, str]
    link: str
    to_sign: str
    record: UUID
    body: bytes


async def seed(ctx: AppContext) -> Demo:
    """Add the people and visits: the stories, one just finished and without its record, one planned, one to sign."""
    ctx.company = msgspec.structs.replace(ctx.company, hotline=ctx.company.hotline or HOTLINE)
    tokens = {person.login: token_urlsafe(32) for person in PEOPLE}
    await _add_people(ctx, tokens)
    zhao, li = token_digest(tokens["zhao"]), token_digest(tokens["li"])
    for path in sorted(DATA.glob("stories/*.json")):
        await _story(ctx, zhao, li, msgspec.json.decode(path.read_bytes()))
    now = ctx.now()
    just = _start_of_half_hour(now - 3 * HALF_HOUR)
    visit = await _plan(ctx, zhao, {**_plan_for("刚才"), **_window(just)})
    planned = await _plan(ctx, zhao, {**_plan_for("待约"), **_window(_next_daytime(now))})
    record, body = _record(visit, _with_ids(visit, _timed_entries("leak_repair", just)))
    link = await customer_link.create_link(ctx, zhao, planned)
    return Demo(tokens, link.url, await _meter_damage(ctx, zhao, li), record, body)


@transaction
async def _add_people(ctx: AppContext, tx: Transaction, tokens: dict[str, str]) -> None:
    for person in PEOPLE:
        login, now = person.login, ctx.clock()
        if await accounts_repository.add_person(tx, person, now):
            event = PersonEvent(what="added", person=login, by="doorstep", roles=person.roles, areas=person.areas)
            await record_event(ctx, tx, event)
        await accounts_repository.add_token(tx, token_digest(tokens[login]), login, now)


async def _meter_damage(ctx: AppContext, zhao: bytes, li: bytes) -> str:
    """Yesterday's visit: the customer damaged the meter and has not signed yet. Returns the link to sign."""
    photos = meter_photos()
    for digest, raw in photos.values():
        await attach.register_upload(ctx, await attach.store_bytes(ctx, raw, bytes.fromhex(digest)), "li")
    start = ctx.now().replace(hour=14, minute=0, second=0, microsecond=0) - timedelta(days=1)
    entries = _timed_entries(
        "meter_damage", start + timedelta(minutes=10), {name: digest for name, (digest, _) in photos.items()}
    )
    plan = {
        **_plan_for("换表"),
        **_window(start),
        "type": "meter_replacement",
        "assigned": {"meter_exchanged": True},
        "work": {"content": "更换损坏的水表", "place": "厨房"},
    }
    visit = await _plan(ctx, zhao, plan, entries)
    await _add_entries(ctx, zhao, li, visit, _with_ids(visit, entries))
    return (await customer_link.create_link(ctx, zhao, visit)).url


async def _story(ctx: AppContext, zhao: bytes, li: bytes, story: dict[str, Any]) -> None:
    original = story["visit"]
    copied = ("type", "window", "assigned", "exempt_reason")
    plan = {name: original[name] for name in copied if name in original}
    visit = await _plan(ctx, zhao, {**_plan_for(original["id"]), **plan, "external_ref": original["id"]}, story)
    # the customer's answers come via their link, never in a technician's record
    await _add_entries(ctx, zhao, li, visit, [entry for entry in story["entries"] if entry.get("says") is None])


async def _plan(ctx: AppContext, zhao: bytes, plan: dict[str, Any], *story: Any) -> UUID:
    """Plan a visit. Its id also depends on `story`: another version's story makes another visit."""
    visit, raw = _id(plan, *story), to_json(plan)
    await planning.create(ctx, zhao, visit, msgspec.json.decode(raw, type=Plan), raw)
    return visit


async def _add_entries(ctx: AppContext, zhao: bytes, li: bytes, visit: UUID, entries: Entries) -> None:
    """Add the dispatcher's entries as the office's, and the others as the technician's record."""
    office = [entry for entry in entries if entry["by"] == "dispatcher"]
    if office:
        raw = to_json({"entries": office})
        await office_entries.add_office_entries(ctx, zhao, visit, msgspec.json.decode(raw, type=OfficeEntries), raw)
    await submit.submit_record(ctx, li, *_record(visit, [entry for entry in entries if entry["by"] != "dispatcher"]))


def _timed_entries(name: str, start: datetime, photos: dict[str, str] | None = None) -> Entries:
    """The entries of a file, timed in minutes from `start`; `{name}` is replaced with a photo's digest."""
    text = (DATA / f"{name}.json").read_text()
    for photo, digest in (photos or {}).items():
        text = text.replace(f"{{{photo}}}", digest)
    entries: Entries = msgspec.json.decode(text)
    return [
        {"by": "technician", "at": (start + timedelta(minutes=entry.pop("minute"))).isoformat(), **entry}
        for entry in entries
    ]


def _start_of_half_hour(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute // 30 * 30, second=0, microsecond=0)


def _next_daytime(now: datetime) -> datetime:
    """A time between 8:00 and 18:00, far enough ahead for the customer to move it."""
    start = _start_of_half_hour(now) + 7 * HALF_HOUR
    if start.hour >= 18:
        start = start.replace(hour=9, minute=0) + timedelta(days=1)
    return start.replace(hour=9, minute=0) if start.hour < 8 else start


def _window(start: datetime) -> dict[str, Any]:
    """A window of an hour."""
    return {"window": {"from": start.isoformat(), "to": (start + 2 * HALF_HOUR).isoformat()}}


def _plan_for(name: str) -> dict[str, Any]:
    return {
        "type": "repair_leak",
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


def _record(visit_id: UUID, entries: Entries) -> tuple[UUID, bytes]:
    """A record's id and bytes."""
    record = _id(str(visit_id), entries)
    content = {"id": str(record), "visit": str(visit_id), "checklist": "onsite@1", "entries": entries, "app": "demo"}
    return record, to_json(content)


def _with_ids(visit_id: UUID, entries: Entries) -> Entries:
    return [{"id": str(_id(str(visit_id), entry)), **entry} for entry in entries]


def _id(*content: Any) -> UUID:
    return uuid5(NAMESPACE_URL, f"doorstep demo {to_json(content).decode()}")
