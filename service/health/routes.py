"""Health checks."""

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
    """`ok`, and no details, because the operation is public."""

    status: Annotated[str, msgspec.Meta(description="`ok`.")] = "ok"


class HealthController(Controller):
    """For monitors. Without a rate limit, so that one behind a busy address does not take the service for dead."""

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
        """Checks nothing: restart the process when this does not answer."""
        return Health()

    @get(
        "/health/ready",
        summary="What is sent can be kept; 503 when it cannot",
        operation_class=example(answer=Health()),
        responses=problems(ServiceUnavailable, InternalError),
    )
    async def ready(self, context: Context) -> Health:
        """Makes a small test write, at most once a second for all clients."""
        await health.check_storage(context)
        return Health()


ROUTES = (HealthController,)
