"""Demonstration data: invented people, the visits of a town around today, and three visits to try things with.

Seeding is idempotent, also after seeding by another version: ids are derived from content, so changed content makes
new visits beside the old ones. On another day it goes on with the visits that nobody has touched.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from service.accounts.authentication import token_digest
from service.audit_log import erasures
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.dispatch import planning
from service.errors import Erased, Problem
from service.judge.moments import to_ms
from service.messages import worker
from service.reviews import refresh
from service.visits import customer_link
from service.visits import repository as visits_repository
from service.visits.batches import BatchRow
from service.visits.loading import LoadedVisit, load_visit
from service.visits.unassigned import ACTIVE_STATES

from . import acts, pictures
from .acts import Actors, Entries, record_of, with_ids
from .people import EAST, TECHNICIANS, Access, add_people
from .scenes import Scenes
from .stories import Story
from .town import DAYS_BEFORE, SLOTS, Photos, Town

HOTLINE = "021-00000000"
PRICE_LIST = "水表赔偿价目表 2026 版：DN15 120 元，DN20 160 元，DN25 210 元"
HALF_HOUR = timedelta(minutes=30)
DATA = Path(__file__).parent
AT_ONCE = 64  # visits that go on at once: they share commits
FINISHED = 2**62


class Demo(msgspec.Struct, frozen=True):
    """How people sign in, the link of a customer, that of one with a statement to sign, and a record to submit."""

    people: dict[str, Access]
    link: str
    to_sign: str
    record: UUID
    body: bytes

    @property
    def tokens(self) -> dict[str, str]:
        """The tokens by login."""
        return {login: access.token for login, access in self.people.items()}


async def seed(ctx: AppContext) -> Demo:
    """Add the people and visits: those of the town; and one just finished without its record, one planned, one to
    sign."""
    company = ctx.company
    ctx.company = msgspec.structs.replace(
        company, hotline=company.hotline or HOTLINE, price_list=company.price_list or PRICE_LIST
    )
    people = await add_people(ctx)
    actors = Actors(ctx, {login: token_digest(access.token) for login, access in people.items()})
    await _town(actors)
    now = ctx.now()
    just = _start_of_half_hour(now - 3 * HALF_HOUR)
    while not _is_free(just):
        just -= HALF_HOUR
    visit = await _plan(actors, {**_plan_for("顾女士"), **_window(just)})
    planned = await _plan(actors, {**_plan_for("沈先生"), **_window(_next_daytime(now))})
    record, body = record_of(visit, with_ids(visit, _timed_entries("leak_repair", just)))
    link = await customer_link.create_link(ctx, actors.tokens["zhao"], planned)
    return Demo(people, link.url, await _meter_damage(actors), record, body)


async def _town(actors: Actors) -> None:
    """The visits around today, as far as they would be by now."""
    ctx, now = actors.ctx, actors.ctx.now()
    town = Town(ctx.zone, await _asked_facts(ctx), await _send_photos(actors.at(now - timedelta(days=DAYS_BEFORE + 1))))
    scenes = Scenes(town, now)
    at_work = scenes.under_way("zhou")
    ordinary = (one for one in town.ordinary_visits(now.date()) if not one.overlaps(at_work))
    stories = [*ordinary, at_work, *scenes.all()]
    written = await _last_written(ctx, stories)
    limit = asyncio.Semaphore(AT_ONCE)

    async def go_on(story: Story) -> None:
        async with limit:
            await _take_steps(actors, story, now, written.get(story.id))

    await asyncio.gather(*map(go_on, stories))
    while await refresh.refresh_due(ctx) == refresh.BATCH_SIZE:
        pass


async def _take_steps(actors: Actors, story: Story, now: datetime, written: int | None) -> None:
    """Take the steps until now. Of a visit that was there before, only those after what was `written` last: what does
    not fit any more, because somebody changed the visit, is left out."""
    try:
        for at, step in sorted(story.steps, key=lambda pair: pair[0]):
            if at <= now and (written is None or to_ms(at) > written):
                await step(actors.at(at))
        if story.notice and story.notice <= now < story.start and written is None:
            await acts.notify(actors, story.dispatcher, story.id)
    except Erased:
        pass  # somebody tried that, and it stays so
    except Problem:
        if written is None:
            raise


@read_only
async def _last_written(ctx: AppContext, tx: Transaction, stories: Iterable[Story]) -> dict[UUID, int]:
    """When something was written last (ms UTC) about each visit that is there; `FINISHED` where it is over or somebody
    changed it."""
    found: dict[UUID, int] = {}
    for story in stories:
        row = await visits_repository.get_visit(tx, story.id)
        if row is not None:
            untouched = row.state in ACTIVE_STATES and not row.revision
            found[row.id] = _latest(await load_visit(ctx, tx, row)) if untouched else FINISHED
    return found


def _latest(visit: LoadedVisit) -> int:
    rows = (*visit.batch_rows, *visit.reviews.rows, *visit.departures)
    times = (row.received_at if isinstance(row, BatchRow) else row.at for row in rows)
    return max(visit.row.created_at, *times, 0)


@read_only
async def _asked_facts(ctx: AppContext, tx: Transaction) -> dict[str, tuple[str, ...]]:
    """By type of visit: the facts that a technician has to answer."""
    _, rules = await planning.newest_rules(ctx, tx)
    return {
        name: tuple(fact for fact in dict.fromkeys(kind.incidents) if rules.facts[fact].type == "declared")
        for name, kind in rules.checklist.visit_types.items()
    }


async def _send_photos(actors: Actors) -> dict[str, Photos]:
    """Each technician's pictures are there before the records that name them."""
    sent: dict[str, Photos] = {}
    for number, technician in enumerate(TECHNICIANS):
        drawn = pictures.named(
            meter=pictures.draw_meter(311 * number + 27, broken=False),
            cleared=pictures.draw_place(number),
            signature=pictures.draw_signature(number),
        )
        for _, raw in drawn.values():
            await acts.send_photo(actors, technician.login, raw)
        sent[technician.login] = Photos(**{name: digest for name, (digest, _) in drawn.items()})
    return sent


async def _meter_damage(actors: Actors) -> str:
    """Yesterday's visit: the customer damaged the meter and has not signed yet. Returns the link to sign."""
    photos = pictures.meter_photos()
    for _, raw in photos.values():
        await acts.send_photo(actors, "li", raw)
    start = actors.ctx.now().replace(hour=14, minute=30, second=0, microsecond=0) - timedelta(days=1)
    entries = _timed_entries(
        "meter_damage", start + timedelta(minutes=10), {name: digest for name, (digest, _) in photos.items()}
    )
    plan = {
        **_plan_for("陆先生"),
        **_window(start),
        "type": "meter_replacement",
        "assigned": {"meter_exchanged": True},
        "work": {"content": "更换损坏的水表", "place": "厨房"},
    }
    visit = await _plan(actors, plan, entries)
    entries = with_ids(visit, entries)
    office = [entry for entry in entries if entry["by"] == "dispatcher"]
    await acts.note(actors, "zhao", visit, office)
    await acts.submit_entries(actors, "li", visit, [entry for entry in entries if entry not in office])
    with suppress(Problem):  # an older version notified the customer already
        await acts.notify(actors, "zhao", visit)
    # before the link is made: that of a message which is delivered later would replace it
    while await worker.deliver_due(actors.ctx):
        pass
    return (await customer_link.create_link(actors.ctx, actors.tokens["zhao"], visit)).url


async def _plan(actors: Actors, plan: dict[str, Any], *story: Any) -> UUID:
    """Plan a visit. Its id also depends on `story`: another version's story makes another visit."""
    visit = acts.stable_id(plan, *story)
    while await _is_erased(actors.ctx, visit):  # somebody tried that: another one takes its place
        visit = acts.stable_id(str(visit))
    await acts.plan(actors, "zhao", visit, plan)
    return visit


@read_only
async def _is_erased(_: AppContext, tx: Transaction, visit: UUID) -> bool:
    return await erasures.is_erased(tx, visit.bytes)


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
    """A time between 8:00 and 18:00, far enough ahead for the customer to move it, at which 李强 has no other visit."""
    start = _start_of_half_hour(now) + 7 * HALF_HOUR
    while not (8 <= start.hour < 17 and _is_free(start)):
        start += HALF_HOUR
    return start


def _is_free(start: datetime) -> bool:
    """Whether the visits of the day leave an hour to the first technician (see `Town.ordinary_visits`)."""
    others = (start.replace(hour=slot.hour, minute=slot.minute) for slot in SLOTS)
    return all(abs(start - other) >= 2 * HALF_HOUR for other in others)


def _window(start: datetime) -> dict[str, Any]:
    """A window of an hour."""
    return {"window": {"from": start.isoformat(), "to": (start + 2 * HALF_HOUR).isoformat()}}


def _plan_for(name: str) -> dict[str, Any]:
    return {
        "type": "repair_leak",
        "technician": "li",
        "area": EAST,
        "customer": {
            "name": name,
            "phone": "13800000000",
            "address": "虚构路 12 号 3 单元 502",
            "account": "100200300",
        },
        "work": {"content": "检修漏水", "place": "厨房"},
    }
