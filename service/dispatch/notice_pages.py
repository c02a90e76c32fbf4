"""The desk's page that sends all notices of a day: first the texts, then the result."""

from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from service.accounts.desk import Desk, DeskController, render_desk
from service.errors import FieldError, InvalidBody
from service.messages.due_notices import OF_PLANNING, DueNoticesRequest, send_due_notices
from service.messages.kind_words import KIND_WORDS
from service.messages.kinds import KINDS, MessageKind
from service.web.language import PageText, TextPair
from service.web.query import choice_parameter, text_parameter
from service.web.templates import redirect

from .board import day_board
from .pages import parse_day

CustomerChannel = Literal["sms", "wecom"]
Kinds = Literal["planning", "all"]
KINDS_OF: dict[Kinds, tuple[MessageKind, ...]] = {"planning": OF_PLANNING, "all": tuple(KINDS)}
CHANNELS: dict[CustomerChannel, PageText] = {"sms": PageText("短信"), "wecom": PageText("企业微信")}
"""Not e-mail: no customer's address is known. Nor the file, by which no customer gets anything."""


class NoticePagesController(DeskController):
    """The notices that are due on a day."""

    path = "/desk/notices"

    @get()
    async def preview(
        self,
        desk: Desk,
        wanted_date: Annotated[str | None, text_parameter("The day; without it, today.", "date")] = None,
        area: Annotated[str | None, text_parameter("One area (片区).")] = None,
        channel: Annotated[CustomerChannel | None, choice_parameter("How they are sent.", tuple(CHANNELS))] = None,
        kinds: Annotated[
            Kinds | None, choice_parameter("Which messages: those about appointments, or all.", tuple(KINDS_OF))
        ] = None,
        sent: Annotated[str | None, text_parameter("How many were just sent.")] = None,
    ) -> ASGIResponse:
        """Who would get which text, and who would be skipped and why; after some were sent, what is left."""
        day = parse_day(wanted_date) if wanted_date else desk.ctx.now().date()
        chosen = kinds or "planning"
        wanted = DueNoticesRequest(
            channel=channel or "sms", dry_run=True, date=day, area=area or None, kinds=KINDS_OF[chosen]
        )
        result = await send_due_notices(desk.ctx, desk.token, wanted)
        board = await day_board(desk.ctx, desk.token, day, area or "")
        rows = [(notice, TextPair(*notice.detail.split(" / ")) if notice.detail else None) for notice in result.notices]
        view = {
            "day": day,
            "area": area or "",
            "channel": wanted.channel,
            "channels": CHANNELS,
            "kinds": chosen,
            "kind_words": KIND_WORDS,
            "just_sent": int(sent) if sent and sent.isascii() and sent.isdecimal() and len(sent) < 6 else 0,
            "result": result,
            "rows": rows,
            "sendable": " ".join(dict.fromkeys(one.visit for one in result.notices if one.state == "would_send")),
            "visits": {str(visit.id): visit for visit in board.visits},
        }
        return render_desk(desk, "dispatch/notices.html", view, section="today")

    @post(status_code=303)
    async def send(self, desk: Desk) -> ASGIResponse:
        """Send the notices that were shown. Repeating the form sends nothing twice."""
        area, day = desk.form.get("area", ""), parse_day(desk.form.get("date", ""))
        try:
            visits = msgspec.convert(desk.form.get("visits", "").split(), tuple[UUID, ...])
            channel = msgspec.convert(desk.form.get("channel"), CustomerChannel)
            kinds = msgspec.convert(desk.form.get("kinds") or "planning", Kinds)
        except msgspec.ValidationError:
            raise InvalidBody from None
        if not visits:
            raise InvalidBody("", (FieldError("/visits", "missing", "没有要发的通知 / there is no notice to send"),))
        wanted = DueNoticesRequest(channel=channel, dry_run=False, visits=visits, kinds=KINDS_OF[kinds])
        result = await send_due_notices(desk.ctx, desk.token, wanted)
        shown = {"date": day.isoformat(), "channel": channel, "sent": result.sent}
        shown |= ({"area": area} if area else {}) | ({"kinds": kinds} if kinds != "planning" else {})
        return redirect(f"/desk/notices?{urlencode(shown)}")


ROUTES = (NoticePagesController,)
