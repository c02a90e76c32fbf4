"""Routes about events for other systems."""

from datetime import datetime
from typing import Annotated, get_args
from uuid import UUID

from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody

from service.accounts.caller import Caller, requires
from service.errors import NotFound
from service.web.api_document import CHANGE_ERRORS, READ_ERRORS, WRITE_ERRORS, example, problems
from service.web.query import choice_parameter, path_text, text_parameter
from service.web.strict_body import StrictBody

from . import listing
from .events import DeliveryState
from .listing import Attempt, Delivery, Queued, SendAgain, SentEvent, SentEvents, WebhookReceiver, WebhookReceivers

_NOON = datetime.fromisoformat("2026-03-02T12:00:00+08:00")
_OK, _DOWN = Attempt(2, _NOON, "delivered", "HTTP 204"), Attempt(1, _NOON, "failed", "HTTP 502")
_SENT = SentEvent(
    UUID("01956e2c-8a00-7000-8000-000000000001"),
    "visit.updated",
    _NOON,
    UUID("01956e2c-8a00-7000-8000-000000000002"),
    '{"type":"visit.updated","timestamp":"2026-03-02T12:00:00+08:00","data":{"state":"to_review"},"previous":{"state":"under_way"}}',
    (Delivery("gis", "delivered", None, (_OK, _DOWN)),),
)
ReceiverName = Annotated[str, path_text("The receiver's name in the settings.")]


class WebhooksController(Controller):
    """Events about visits for other systems. Receivers are in the settings (`DOORSTEP_WEBHOOKS`)."""

    tags = ("webhooks",)
    return_dto = None
    guards = (requires("see webhooks"),)

    @get(
        "/v1/webhooks",
        summary="The receivers of events",
        operation_class=example(
            answer=WebhookReceivers((WebhookReceiver("gis", "https://gis.example", 0, None, _OK),))
        ),
        responses=problems(*READ_ERRORS),
    )
    async def list_webhooks(self, caller: Caller) -> WebhookReceivers:
        """With what waits for each, and its last answer."""
        return await listing.list_receivers(*caller)

    @get(
        "/v1/webhooks/events",
        summary="The events of the last 30 days, the latest first",
        operation_class=example(answer=SentEvents((_SENT,), None)),
        responses=problems(*READ_ERRORS),
    )
    async def list_webhook_events(
        self,
        caller: Caller,
        wanted_state: Annotated[
            DeliveryState | None,
            choice_parameter("Events with a delivery in this state.", get_args(DeliveryState), "state"),
        ] = None,
        after: Annotated[str | None, text_parameter("The cursor of the page before.")] = None,
    ) -> SentEvents:
        """Each with all attempts to deliver it."""
        return await listing.list_events(*caller, after, wanted_state)

    @post(
        "/v1/webhooks/events/{event_id:uuid}/deliveries",
        summary="Send an event again",
        status_code=202,
        operation_class=example(answer=Queued(1)),
        responses=problems(*CHANGE_ERRORS, NotFound),
    )
    async def send_webhook_again(self, caller: Caller, event_id: FromPath[UUID]) -> Queued:
        """To all receivers, with the same id, by which they may know that they have it."""
        return await listing.send_again(*caller, event_id)

    @post(
        "/v1/webhooks/{receiver:str}/tests",
        summary="Send a receiver a test",
        status_code=202,
        operation_class=example(answer=Queued(1)),
        responses=problems(*CHANGE_ERRORS, NotFound),
    )
    async def test_webhook(self, caller: Caller, receiver: ReceiverName) -> Queued:
        """An event of the type `test`; the list of events shows the answer."""
        return await listing.send_test(*caller, receiver)

    @post(
        "/v1/webhooks/{receiver:str}/deliveries",
        summary="Send a receiver everything since a time again",
        status_code=202,
        dto=StrictBody[SendAgain],
        operation_class=example({"since": "2026-03-02T00:00:00+08:00"}, Queued(120)),
        responses=problems(*WRITE_ERRORS, NotFound),
    )
    async def send_webhooks_again(self, caller: Caller, receiver: ReceiverName, data: JSONBody[SendAgain]) -> Queued:
        """For a receiver that lost data, or that was added later."""
        return await listing.send_all_again(*caller, receiver, data.since)


ROUTES = (WebhooksController,)
