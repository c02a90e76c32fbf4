"""Is the process alive, and can it keep what it is sent."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from litestar import Controller, get

from service.accounts.caller import Context
from service.errors import InternalError, ServiceUnavailable
from service.web.api_document import PUBLIC, example, problems

from . import health

_OPEN: Mapping[str, Any] = {"exclude_from_auth": True, "any_query": True}


class Health(msgspec.Struct, frozen=True):
    """`ok`; nothing about the inside, because anybody may ask."""

    status: Annotated[str, msgspec.Meta(description="`ok`.")] = "ok"


class HealthController(Controller):
    """For watchers. Not limited: one behind a busy address must not take the service for dead."""

    tags = ("health",)
    opt = _OPEN
    security = PUBLIC

    @get(
        "/health/live",
        summary="The process runs",
        operation_class=example(answer=Health()),
        responses=problems(InternalError),
    )
    async def live(self) -> Health:
        """Looks at nothing: restart the process when this does not answer."""
        return Health()

    @get(
        "/health/ready",
        summary="What is sent can be kept; 503 when it cannot",
        operation_class=example(answer=Health()),
        responses=problems(ServiceUnavailable, InternalError),
    )
    async def ready(self, context: Context) -> Health:
        """Something small is written as everything is, at most once a second for all who ask."""
        await health.check_storage(context)
        return Health()


ROUTES = (HealthController,)
