"""The desk's page of events for other systems."""

from datetime import timedelta
from typing import Annotated, get_args
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from service.accounts.desk import Desk, DeskController, redirect_with_notice, render_desk
from service.web.language import AnyText, PageText
from service.web.pagination import query_string
from service.web.query import choice_parameter, path_text, text_parameter

from . import listing
from .events import DeliveryState, EventType

TYPES: dict[EventType, AnyText] = {
    "visit.planned": PageText("新任务"),
    "visit.updated": PageText("任务有变化"),
    "test": PageText("测试"),
}
STATES: dict[DeliveryState, AnyText] = {
    "waiting": PageText("等待发送"),
    "delivered": PageText("已送达"),
    "refused": PageText("对方不要"),
    "given_up": PageText("已放弃"),
}
QUEUED = PageText("已排入发送，稍后刷新看结果")
DAY = timedelta(days=1)


class WebhookPagesController(DeskController):
    """The page of events for other systems."""

    path = "/desk/webhooks"

    @get()
    async def show_webhooks(
        self,
        desk: Desk,
        wanted_state: Annotated[
            DeliveryState | None,
            choice_parameter("Events with a delivery in this state.", get_args(DeliveryState), "state"),
        ] = None,
        after: Annotated[str | None, text_parameter("The cursor of the page before.")] = None,
    ) -> ASGIResponse:
        """The receivers, and the events with the answers that they got."""
        given = {"state": wanted_state} if wanted_state else dict[str, str]()
        view = {
            "receivers": (await listing.list_receivers(desk.ctx, desk.token)).items,
            "found": await listing.list_events(desk.ctx, desk.token, after, wanted_state),
            "given": given,
            "query": query_string,
            "types": TYPES,
            "readable": _readable,
            "states": STATES,
        }
        return render_desk(desk, "webhooks/webhooks.html", view, section="webhooks")

    @post("/{receiver:str}/test")
    async def test_receiver(
        self, desk: Desk, receiver: Annotated[str, path_text("The receiver's name.")]
    ) -> ASGIResponse:
        """Send a test."""
        await listing.send_test(desk.ctx, desk.token, receiver)
        return redirect_with_notice("/desk/webhooks", QUEUED)

    @post("/{receiver:str}/again")
    async def send_day_again(
        self, desk: Desk, receiver: Annotated[str, path_text("The receiver's name.")]
    ) -> ASGIResponse:
        """Send everything of the last 24 hours again."""
        await listing.send_all_again(desk.ctx, desk.token, receiver, desk.ctx.now() - DAY)
        return redirect_with_notice("/desk/webhooks", QUEUED)

    @post("/events/{event_id:uuid}/again")
    async def send_event_again(self, desk: Desk, event_id: FromPath[UUID]) -> ASGIResponse:
        """Send one event again."""
        await listing.send_again(desk.ctx, desk.token, event_id)
        return redirect_with_notice("/desk/webhooks", QUEUED)


def _readable(body: str) -> str:
    return msgspec.json.format(body, indent=2)


ROUTES = (WebhookPagesController,)
