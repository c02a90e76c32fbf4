"""The desk's page that sends all notices of a day: first the texts, then the result."""

from typing import Annotated, get_args
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from service.accounts.desk import Desk, DeskController, DeskRequest, render_desk
from service.errors import FieldError, InvalidBody
from service.messages.due_notices import DueNotices, DueNoticesRequest, send_due_notices
from service.messages.notices import Channel
from service.web.language import PageText, TextPair
from service.web.query import choice_parameter, text_parameter

from .board import DayBoard, day_board
from .pages import parse_day

CHANNELS: dict[str, PageText] = {"sms": PageText("短信"), "wecom": PageText("企业微信"), "file": PageText("写入文件")}
"""Not e-mail: no customer's address is known."""


class NoticePagesController(DeskController):
    """The notices that are due on a day."""

    path = "/desk/notices"

    @get()
    async def preview(
        self,
        desk: Desk,
        wanted_date: Annotated[str | None, text_parameter("The day; without it, today.", "date")] = None,
        area: Annotated[str | None, text_parameter("One area (片区).")] = None,
        channel: Annotated[Channel | None, choice_parameter("How they are sent.", get_args(Channel))] = None,
    ) -> ASGIResponse:
        """Who would get which text, and who would be skipped and why."""
        day = parse_day(wanted_date) if wanted_date else desk.ctx.now().date()
        wanted = DueNoticesRequest(channel=channel or "sms", dry_run=True, date=day, area=area or None)
        result = await send_due_notices(desk.ctx, desk.token, wanted)
        return _page(desk, wanted, result, await day_board(desk.ctx, desk.token, day, area or ""), area or "")

    @post(status_code=200)
    async def send(self, desk: Desk) -> ASGIResponse:
        """Send the notices that were shown. Repeating the form sends nothing twice."""
        area = desk.form.get("area", "")
        board = await day_board(desk.ctx, desk.token, parse_day(desk.form.get("date", "")), area)
        try:
            visits = msgspec.convert(desk.form.get("visits", "").split(), tuple[UUID, ...])
            channel = msgspec.convert(desk.form.get("channel"), Channel)
        except msgspec.ValidationError:
            raise InvalidBody from None
        if not visits:
            raise InvalidBody("", (FieldError("/visits", "missing", "没有要发的通知 / there is no notice to send"),))
        wanted = DueNoticesRequest(channel=channel, dry_run=False, visits=visits)
        result = await send_due_notices(desk.ctx, desk.token, wanted)
        return _page(desk, wanted, result, board, area)


def _page(desk: DeskRequest, wanted: DueNoticesRequest, result: DueNotices, board: DayBoard, area: str) -> ASGIResponse:
    rows = [(notice, TextPair(*notice.detail.split(" / ")) if notice.detail else None) for notice in result.notices]
    view = {
        "day": board.day,
        "area": area,
        "dry_run": wanted.dry_run,
        "channel": wanted.channel,
        "channels": CHANNELS,
        "result": result,
        "rows": rows,
        "sendable": " ".join(one.visit for one in result.notices if one.state == "would_send"),
        "visits": {str(visit.id): visit for visit in board.visits},
    }
    back = f"/desk/today?date={board.day.isoformat()}"
    return render_desk(desk, "dispatch/notices.html", view, section="today", back="" if wanted.dry_run else back)


ROUTES = (NoticePagesController,)
