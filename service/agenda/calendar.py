"""A technician's visits as a calendar (RFC 5545), at a secret address: time, type and address only."""

import asyncio
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Annotated

import icalendar
import msgspec
from icalendar import Event

from service.accounts.authentication import authenticate_token, require_permission
from service.checklists.rules_cache import compiled_rules
from service.context import AppContext, transaction
from service.db.database import Transaction
from service.errors import NotFound
from service.judge.moments import in_zone, later
from service.visits import repository as visits_repository
from service.visits import summaries
from service.visits.loading import PLAN_DECODER
from service.visits.repository import VisitRow
from service.visits.summaries import VisitFilter, VisitSummaryRow
from service.web.defects import or_unreadable

from . import repository

DAY = 86_400_000
PAST_WINDOW_MS, FUTURE_WINDOW_MS, MANY = 30 * DAY, 180 * DAY, 1000
UNREADABLE = "无法显示，请联系调度 / cannot be shown, ask your dispatcher"
_WITHOUT_WINDOW = timedelta(hours=1)


class Calendar(msgspec.Struct, frozen=True):
    """The address, told once."""

    url: Annotated[str, msgspec.Meta(description="The address for a calendar app to subscribe to.")]


async def create_calendar(ctx: AppContext, token: bytes) -> Calendar:
    """A new secret address (128 bits); the one before ends."""
    secret = token_urlsafe(16)

    async def work(tx: Transaction) -> None:
        person = await authenticate_token(tx, token)
        require_permission(person, "see own visits")
        await repository.set_calendar(tx, person.login, sha256(secret.encode()).digest(), ctx.clock())

    await ctx.db.write(work)
    return Calendar(f"{ctx.company.url}/calendar/{secret}.ics")


@transaction
async def revoke_calendar(_: AppContext, tx: Transaction, token: bytes) -> None:
    """The address is no longer good."""
    person = await authenticate_token(tx, token)
    require_permission(person, "see own visits")
    await repository.drop_calendar(tx, person.login)


async def calendar(ctx: AppContext, secret: str) -> bytes:
    """The calendar at a secret address."""
    digest = sha256(secret.encode()).digest()
    now = ctx.clock()

    async def work(tx: Transaction) -> list[Event]:
        login = await repository.owner(tx, digest)
        if login is None:
            raise NotFound
        wanted = VisitFilter(technician=login, from_at=now - PAST_WINDOW_MS, to_at=now + FUTURE_WINDOW_MS)
        events: list[Event] = []
        for posted in await summaries.list_summaries(tx, wanted, size=MANY):
            row = await visits_repository.get_visit(tx, posted.visit)
            if row is not None and posted.state != "cancelled":
                event = await or_unreadable(ctx, posted.visit, _event(ctx, tx, row, posted))
                events.append(_unreadable(ctx, posted) if event is None else event)
        return events

    feed = icalendar.Calendar()
    for name, value in (("version", "2.0"), ("prodid", "-//Doorstep//visits//ZH"), ("method", "PUBLISH")):
        feed.add(name, value)
    for event in await ctx.db.read(work):
        feed.add_component(event)
    return await asyncio.to_thread(feed.to_ical)  # a tenth of a second for a thousand visits


async def _event(ctx: AppContext, tx: Transaction, row: VisitRow, posted: VisitSummaryRow) -> Event:
    rules = await compiled_rules(ctx, tx, row.checklist, row.checklist_version)
    kind, plan = rules.checklist.visit_types.get(posted.type), PLAN_DECODER.decode(posted.plan)
    start = plan.window.start if plan.window else ctx.to_local_time(posted.planned_at)
    end = plan.window.end if plan.window else later(start, _WITHOUT_WINDOW)
    return _make_event(ctx, posted, start, end, kind.zh if kind else posted.type, plan.customer.address)


def _unreadable(ctx: AppContext, posted: VisitSummaryRow) -> Event:
    """A visit that cannot be read: when it was planned for is known all the same."""
    start = ctx.to_local_time(posted.planned_at)
    return _make_event(ctx, posted, start, later(start, _WITHOUT_WINDOW), UNREADABLE)


def _make_event(
    ctx: AppContext, posted: VisitSummaryRow, start: datetime, end: datetime, summary: str, address: str = ""
) -> Event:
    event = Event()
    event.add("uid", f"{posted.visit}@doorstep")
    event.add("dtstamp", in_zone(ctx.now(), UTC))
    event.add("dtstart", in_zone(start, UTC))
    event.add("dtend", in_zone(end, UTC))
    event.add("sequence", posted.revision)
    event.add("summary", _without_controls(summary))
    if address:
        event.add("location", _without_controls(address))
    return event


def _without_controls(text: str) -> str:
    """Control characters have no place in a text value (RFC 5545, 3.3.11); the library leaves them in."""
    return "\n".join("".join(c for c in line if c >= " " and c != "\x7f") for line in text.splitlines())
