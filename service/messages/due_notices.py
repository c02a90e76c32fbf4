"""The notices of many visits, sent in one step: each visit in its own transaction."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts.authentication import authenticate, authenticate_token
from service.accounts.permissions import require_area
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.errors import (
    FieldError,
    InternalError,
    InvalidBody,
    NoRecipient,
    NotFound,
    NoticeNotDue,
    NoticeTooLate,
    Problem,
    VisitCancelled,
)
from service.judge.bounds import FIRST_YEAR, LAST_YEAR, ShortText
from service.judge.moments import to_ms
from service.visits import summaries
from service.visits.notice_flags import NOTICE_DUE
from service.visits.summaries import VisitFilter
from service.web.defects import or_unreadable

from . import notices
from .notices import Channel, ComposedNotice

Day = date  # a field has the name
MAX_VISITS, MAX_OF_DAY = 200, 2000
SKIPPED = (NotFound, VisitCancelled, NoticeTooLate, NoticeNotDue, NoRecipient)
"""Problems of a single visit."""


class DueNoticesRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which notices to send: those that are due on a day, or those of some visits."""

    channel: Annotated[Channel, Meta(description="How they are sent, as for a single notice.")]
    dry_run: Annotated[bool, Meta(description="Whether only to show what would be sent.")]
    date: Annotated[Day | None, Meta(description="All visits of this day whose notice is due; or `visits`.")] = None
    area: Annotated[ShortText | None, Meta(description="With `date`: only one area (片区).")] = None
    visits: Annotated[
        Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=MAX_VISITS)] | None,
        Meta(description="The visits; or `date`."),
    ] = None


class DueNotice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The result for a visit. Those that are `skipped` have a `code`, the others a `text`."""

    visit: Annotated[str, Meta(description="The visit's id.")]
    state: Annotated[Literal["sent", "would_send", "skipped"], Meta(description="Sent means: in the outbox.")]
    code: Annotated[str | None, Meta(description="Why it was skipped: the code of a problem.")] = None
    detail: Annotated[str | None, Meta(description="The same in words, in Chinese and English.")] = None
    to: Annotated[str | None, Meta(description="The phone number; without one the customer's name.")] = None
    text: Annotated[str | None, Meta(description="The text; `{link}` and `{word}` are filled in on delivery.")] = None


class DueNotices(msgspec.Struct, frozen=True):
    """The results of all visits."""

    notices: Annotated[tuple[DueNotice, ...], Meta(description="The visits: of a day by time, else as asked for.")]
    sent: Annotated[int, Meta(description="How many notices were sent; in a dry run, would be.")]
    skipped: Annotated[int, Meta(description="How many visits were skipped.")]


async def send_due_notices(ctx: AppContext, token: bytes, wanted: DueNoticesRequest) -> DueNotices:
    """Send the notices that are due; visits whose customer cannot be notified are skipped."""
    await authenticate(ctx, token, "write entries of the office")
    if (wanted.date is None) == (wanted.visits is None):
        raise InvalidBody("", (FieldError("/date", "one-of", "either `date` or `visits`"),))
    if wanted.date is None:
        if wanted.area is not None:
            raise InvalidBody("", (FieldError("/area", "without-date", "only with `date`"),))
        visit_ids = list(dict.fromkeys(wanted.visits or ()))
    else:
        visit_ids = await _due_visits(ctx, token, wanted.date, wanted.area)
    results = [await _send(ctx, token, visit_id, wanted) for visit_id in visit_ids]
    skipped = sum(result.state == "skipped" for result in results)
    return DueNotices(tuple(results), len(results) - skipped, skipped)


@read_only
async def _due_visits(ctx: AppContext, tx: Transaction, token: bytes, day: date, area: str | None) -> list[UUID]:
    """The visits of a day in the person's areas, or in one of them, whose notice is due."""
    person = await authenticate_token(tx, token)
    if area is not None:
        require_area(person, area)
    if not FIRST_YEAR < day.year < LAST_YEAR:
        raise InvalidBody("", (FieldError("/date", "invalid", "日期超出范围 / the day is out of range"),))
    start, end = (to_ms(datetime.combine(one, time(), ctx.zone)) for one in (day, day + timedelta(days=1)))
    areas = (area,) if area is not None else person.areas or None
    due = VisitFilter(areas=areas, flag=NOTICE_DUE, from_at=start, to_at=end)
    return [row.visit for row in await summaries.list_summaries(tx, due, size=MAX_OF_DAY)]


async def _send(ctx: AppContext, token: bytes, visit_id: UUID, wanted: DueNoticesRequest) -> DueNotice:
    result = await or_unreadable(ctx, visit_id, _try_to_send(ctx, token, visit_id, wanted))
    if isinstance(result, ComposedNotice):
        state = "would_send" if wanted.dry_run else "sent"
        return DueNotice(visit=str(visit_id), state=state, to=result.to, text=result.text)
    problem = result or InternalError()
    if not isinstance(problem, (*SKIPPED, InternalError)):
        raise problem
    detail = f"{problem.title_zh} / {problem.title_en}"
    return DueNotice(visit=str(visit_id), state="skipped", code=problem.code, detail=detail)


async def _try_to_send(
    ctx: AppContext, token: bytes, visit_id: UUID, wanted: DueNoticesRequest
) -> ComposedNotice | Problem:
    send = notices.preview_due_notice if wanted.dry_run else notices.send_due_notice
    try:
        return await send(ctx, token, visit_id, wanted.channel)
    except Problem as problem:
        return problem
