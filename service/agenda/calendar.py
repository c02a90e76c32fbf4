"""A technician's visits as a calendar (RFC 5545), at a secret address: time, type and address only."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Annotated

import msgspec

from service.accounts.authentication import authenticate_token, require_permission
from service.checklists.rules_cache import compiled_rules
from service.context import AppContext
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


async def revoke_calendar(ctx: AppContext, token: bytes) -> None:
    """The address is no longer good."""

    async def work(tx: Transaction) -> None:
        person = await authenticate_token(tx, token)
        require_permission(person, "see own visits")
        await repository.drop_calendar(tx, person.login)

    await ctx.db.write(work)


async def calendar(ctx: AppContext, secret: str) -> bytes:
    """The calendar at a secret address."""
    digest = sha256(secret.encode()).digest()
    now = ctx.clock()

    async def work(tx: Transaction) -> list[bytes]:
        login = await repository.owner(tx, digest)
        if login is None:
            raise NotFound
        wanted = VisitFilter(technician=login, from_at=now - PAST_WINDOW_MS, to_at=now + FUTURE_WINDOW_MS)
        lines: list[str] = []
        for posted in await summaries.list_summaries(tx, wanted, size=MANY):
            row = await visits_repository.get_visit(tx, posted.visit)
            if row is not None and posted.state != "cancelled":
                event = await or_unreadable(ctx, posted.visit, _event(ctx, tx, row, posted))
                lines += _unreadable(ctx, posted) if event is None else event
        return [fold_line(line) for line in lines]

    head = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Doorstep//visits//ZH", "METHOD:PUBLISH")
    body = await ctx.db.read(work)
    return b"".join([*map(fold_line, head), *body, fold_line("END:VCALENDAR")])


async def _event(ctx: AppContext, tx: Transaction, row: VisitRow, posted: VisitSummaryRow) -> list[str]:
    rules = await compiled_rules(ctx, tx, row.checklist, row.checklist_version)
    kind, plan = rules.checklist.visit_types.get(posted.type), PLAN_DECODER.decode(posted.plan)
    start = plan.window.start if plan.window else ctx.to_local_time(posted.planned_at)
    end = plan.window.end if plan.window else later(start, _WITHOUT_WINDOW)
    return list(_lines(ctx, posted, start, end, kind.zh if kind else posted.type, plan.customer.address))


def _unreadable(ctx: AppContext, posted: VisitSummaryRow) -> Iterator[str]:
    """A visit that cannot be read: when it was planned for is known all the same."""
    start = ctx.to_local_time(posted.planned_at)
    return _lines(ctx, posted, start, later(start, _WITHOUT_WINDOW), UNREADABLE)


def _lines(
    ctx: AppContext, posted: VisitSummaryRow, start: datetime, end: datetime, summary: str, address: str = ""
) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{posted.visit}@doorstep"
    yield f"DTSTAMP:{_utc(ctx.now())}"
    yield f"DTSTART:{_utc(start)}"
    yield f"DTEND:{_utc(end)}"
    yield f"SEQUENCE:{posted.revision}"
    yield f"SUMMARY:{escape_text(summary)}"
    if address:
        yield f"LOCATION:{escape_text(address)}"
    yield "END:VEVENT"


def _utc(moment: datetime) -> str:
    at = in_zone(moment, UTC)
    return f"{at.year:04}{at:%m%dT%H%M%SZ}"  # %Y does not fill up on Linux


def escape_text(text: str) -> str:
    """A text value (RFC 5545, 3.3.11)."""
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join("".join(c for c in line if c >= " " and c != "\x7f") for line in text.splitlines())


def fold_line(line: str) -> bytes:
    """A content line of at most 75 octets, going on after CRLF and a blank; no character is cut (RFC 5545, 3.1)."""
    parts: list[bytes] = [b""]
    for character in line:
        octets = character.encode()
        if len(parts[-1]) + len(octets) > (75 if len(parts) == 1 else 74):
            parts.append(b"")
        parts[-1] += octets
    return b"\r\n ".join(parts) + b"\r\n"
