"""The messages that are due to many customers, sent in one step: each visit in its own transaction."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts.authentication import authenticate, authenticate_token, require_permission
from service.accounts.permissions import require_area
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.errors import (
    Erased,
    FieldError,
    InternalError,
    InvalidBody,
    NoRecipient,
    NotFound,
    NoticeNotDue,
    NoticeTooEarly,
    NoticeTooLate,
    NoticeTooLong,
    Problem,
    VisitCancelled,
)
from service.judge.bounds import FIRST_YEAR, LAST_YEAR, ShortText, check_time
from service.judge.entries import AwareDatetime
from service.judge.moments import to_ms
from service.visits import customer_link, summaries
from service.visits.loading import load_visible_visit, load_visit
from service.visits.notice_flags import NOTICE_DUE, TELLING_OF_TIME
from service.visits.summaries import VisitFilter
from service.web.defects import or_unreadable

from .composing import Channel, ComposedNotice, compose_due
from .kinds import MessageKind
from .sending import add_to_outbox
from .situation import Situation, situation_of

Day = date  # a field has the name
MAX_VISITS, MAX_OF_DAY = 200, 2000
SKIPPED = (
    NotFound,
    Erased,
    VisitCancelled,
    NoticeTooLate,
    NoticeTooEarly,
    NoticeNotDue,
    NoticeTooLong,
    NoRecipient,
    InvalidBody,
)
"""Problems of a single visit."""
OF_PLANNING: tuple[MessageKind, ...] = ("appointment", "reschedule")


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
    kinds: Annotated[
        Annotated[tuple[MessageKind, ...], Meta(min_length=1, max_length=20)],
        Meta(description="The kinds of message; by default those that tell the time of a visit."),
    ] = OF_PLANNING
    send_at: Annotated[
        AwareDatetime | None, Meta(description="Not before this time; by default at once, or after the quiet hours.")
    ] = None

    def __post_init__(self) -> None:
        check_time("send_at", self.send_at)


class DueNotice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message, or a visit without one. Those that are `skipped` have a `code`, the others a `text`."""

    visit: Annotated[str, Meta(description="The visit's id.")]
    state: Annotated[Literal["sent", "would_send", "skipped"], Meta(description="Sent means: in the outbox.")]
    about: Annotated[str | None, Meta(description="The kind of message.")] = None
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
        visit_ids = await _visits_of_day(ctx, token, wanted.date, wanted.area, wanted.kinds)
    results: list[DueNotice] = []
    for visit_id in visit_ids:
        found = await _send(ctx, token, visit_id, wanted)
        if wanted.date is None or any(one.code != NoticeNotDue.code for one in found):
            results += found
    skipped = sum(result.state == "skipped" for result in results)
    return DueNotices(tuple(results), len(results) - skipped, skipped)


@read_only
async def _visits_of_day(
    ctx: AppContext, tx: Transaction, token: bytes, day: date, area: str | None, kinds: Sequence[MessageKind]
) -> list[UUID]:
    """The visits of a day in the person's areas, or in one of them; for messages that tell the time, those whose notice
    is due."""
    person = await authenticate_token(tx, token)
    if area is not None:
        require_area(person, area)
    if not FIRST_YEAR < day.year < LAST_YEAR:
        raise InvalidBody("", (FieldError("/date", "invalid", "日期超出范围 / the day is out of range"),))
    start, end = (to_ms(datetime.combine(one, time(), ctx.zone)) for one in (day, day + timedelta(days=1)))
    areas = (area,) if area is not None else person.areas or None
    flag = NOTICE_DUE if set(kinds) <= set(TELLING_OF_TIME) else ""
    due = VisitFilter(areas=areas, flag=flag, from_at=start, to_at=end)
    return [row.visit for row in await summaries.list_summaries(tx, due, size=MAX_OF_DAY)]


async def _send(ctx: AppContext, token: bytes, visit_id: UUID, wanted: DueNoticesRequest) -> list[DueNotice]:
    result = await or_unreadable(ctx, visit_id, _try_to_send(ctx, token, visit_id, wanted))
    if isinstance(result, list):
        state = "would_send" if wanted.dry_run else "sent"
        return [
            DueNotice(visit=str(visit_id), state=state, about=one.about, to=one.to, text=one.text) for one in result
        ]
    problem = result or InternalError()
    if not isinstance(problem, (*SKIPPED, InternalError)):
        raise problem
    detail = f"{problem.title_zh} / {problem.title_en}"
    return [DueNotice(visit=str(visit_id), state="skipped", code=problem.code, detail=detail)]


async def _try_to_send(
    ctx: AppContext, token: bytes, visit_id: UUID, wanted: DueNoticesRequest
) -> list[ComposedNotice] | Problem:
    send = _preview if wanted.dry_run else send_due
    try:
        return await send(ctx, token, visit_id, wanted)
    except Problem as problem:
        return problem


@read_only
async def _preview(
    ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, wanted: DueNoticesRequest
) -> list[ComposedNotice]:
    """What `send_due` would send, or the same problem."""
    person = await authenticate_token(tx, token)
    require_permission(person, "write entries of the office")
    situation = await situation_of(ctx, tx, await load_visible_visit(ctx, tx, person, visit_id))
    return _compose_all(ctx, situation, wanted)


@transaction
async def send_due(
    ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, wanted: DueNoticesRequest
) -> list[ComposedNotice]:
    """Send the messages of the wanted kinds that are due about a visit. One of SKIPPED when there is none."""
    row, person = await customer_link.lock_for_dispatcher(tx, token, visit_id)
    visit = await load_visit(ctx, tx, row)
    found = _compose_all(ctx, await situation_of(ctx, tx, visit), wanted)
    for composed in found:
        await add_to_outbox(ctx, tx, visit, composed, person.login, ctx.new_id())
    return found


def _compose_all(ctx: AppContext, situation: Situation, wanted: DueNoticesRequest) -> list[ComposedNotice]:
    """The messages that are due. Without any, the problem that a person can do something about, else the first one."""
    found: list[ComposedNotice] = []
    problems: list[Problem] = []
    for about in dict.fromkeys(wanted.kinds):
        try:
            found.append(compose_due(ctx, situation, wanted.channel, about, wanted.send_at))
        except SKIPPED as problem:
            problems.append(problem)
    if not found:
        raise next((one for one in problems if not isinstance(one, NoticeNotDue)), problems[0])
    return found
