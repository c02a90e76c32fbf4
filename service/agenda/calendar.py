"""A technician's visits as a calendar (RFC 5545) at a secret address: time, type and address only."""

import asyncio
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Annotated, Any, cast

import icalendar
import msgspec
from icalendar import Event
from msgspec import Meta

from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.events import PersonEvent, record_event
from service.checklists.rules_cache import compiled_rules
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.errors import NotFound
from service.judge.moments import in_zone, later
from service.visits import repository as visits_repository
from service.visits import summaries
from service.visits.loading import PLAN_DECODER
from service.visits.repository import VisitRow
from service.visits.summaries import VisitFilter, VisitSummaryRow
from service.web.defects import or_unreadable

DAY_MS = 86_400_000
PAST_WINDOW_MS, FUTURE_WINDOW_MS, MAX_EVENTS = 30 * DAY_MS, 180 * DAY_MS, 1000
UNREADABLE = "无法显示，请联系调度 / cannot be shown, ask your dispatcher"
REFRESH = timedelta(minutes=15)
_WITHOUT_WINDOW = timedelta(hours=1)


class Calendar(msgspec.Struct, frozen=True):
    """The address, shown once."""

    url: Annotated[str, Meta(description="The address for a calendar app to subscribe to.")]


@transaction
async def create_calendar(ctx: AppContext, tx: Transaction, token: bytes) -> Calendar:
    """A new secret address (128 bits); it replaces the previous one."""
    person = await authenticate_token(tx, token)
    require_permission(person, "see own visits")
    secret = token_urlsafe(16)
    await tx.execute("set_calendar", login=person.login, digest=sha256(secret.encode()).digest(), at=ctx.clock())
    await record_event(ctx, tx, PersonEvent(what="calendar", person=person.login, by=person.login))
    return Calendar(f"{ctx.company.url}/calendar/{secret}.ics")


@transaction
async def revoke_calendar(ctx: AppContext, tx: Transaction, token: bytes) -> None:
    """The address is not found from now on."""
    person = await authenticate_token(tx, token)
    require_permission(person, "see own visits")
    if await tx.execute("delete_calendar", login=person.login):
        await record_event(ctx, tx, PersonEvent(what="calendar-ended", person=person.login, by=person.login))


async def calendar(ctx: AppContext, secret: str) -> bytes:
    """The calendar at a secret address. NotFound also once its owner left the company."""
    feed = icalendar.Calendar()
    for name, value in (("version", "2.0"), ("prodid", "-//Doorstep//visits//ZH"), ("method", "PUBLISH")):
        _add(feed, name, value)
    _add(feed, "name", f"{ctx.company.company} 上门")  # RFC 7986, 5.1 and 5.7
    cast("Any", feed).add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for event in await _events(ctx, sha256(secret.encode()).digest()):
        feed.add_component(event)
    return await asyncio.to_thread(feed.to_ical)  # a tenth of a second for a thousand visits


@read_only
async def _events(ctx: AppContext, tx: Transaction, digest: bytes) -> list[Event]:
    owner, now = await tx.fetch_one("calendar_owner", digest=digest), ctx.clock()
    if owner is None:
        raise NotFound
    wanted = VisitFilter(technician=owner[0], from_at=now - PAST_WINDOW_MS, to_at=now + FUTURE_WINDOW_MS)
    events: list[Event] = []
    for summary in await summaries.list_summaries(tx, wanted, size=MAX_EVENTS):
        row = await visits_repository.get_visit(tx, summary.visit)
        if row is not None:
            event = await or_unreadable(ctx, summary.visit, _event(ctx, tx, row, summary))
            events.append(_unreadable_event(ctx, summary) if event is None else event)
    return events


async def _event(ctx: AppContext, tx: Transaction, row: VisitRow, summary: VisitSummaryRow) -> Event:
    rules = await compiled_rules(ctx, tx, row.checklist, row.checklist_version)
    kind, plan = rules.checklist.visit_types.get(summary.type), PLAN_DECODER.decode(summary.plan)
    start = plan.window.start if plan.window else ctx.to_local_time(summary.planned_at)
    end = plan.window.end if plan.window else later(start, _WITHOUT_WINDOW)
    return _make_event(ctx, summary, start, end, kind.zh if kind else summary.type, plan.customer.address)


def _unreadable_event(ctx: AppContext, summary: VisitSummaryRow) -> Event:
    start = ctx.to_local_time(summary.planned_at)
    return _make_event(ctx, summary, start, later(start, _WITHOUT_WINDOW), UNREADABLE)


def _make_event(
    ctx: AppContext, summary: VisitSummaryRow, start: datetime, end: datetime, title: str, address: str = ""
) -> Event:
    event = Event()
    _add(event, "uid", f"{summary.visit}@doorstep")
    _add(event, "dtstamp", in_zone(ctx.now(), UTC))
    _add(event, "dtstart", in_zone(start, UTC))
    if end > start:  # RFC 5545, 3.8.2.2; without it the event is one moment
        _add(event, "dtend", in_zone(end, UTC))
    _add(event, "status", "CANCELLED" if summary.state == "cancelled" else "CONFIRMED")
    _add(event, "sequence", summary.revision)
    _add(event, "summary", _without_controls(title))
    if address:
        _add(event, "location", _without_controls(address))
    return event


def _add(component: icalendar.Component, name: str, value: object) -> None:
    cast("Any", component).add(name, value)  # the library has no type for a value


def _without_controls(text: str) -> str:
    """Control characters are not allowed in a text value (RFC 5545, 3.3.11); the library does not remove them."""
    return "\n".join("".join(c for c in line if c >= " " and c != "\x7f") for line in text.splitlines())
