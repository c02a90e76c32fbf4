"""Is the process alive, and can it keep what it is sent."""

import msgspec
from litestar import get
from litestar.types import ASGIApp

from service.errors import InternalError, ServiceUnavailable
from service.web.endpoint import AnyRequest, RouteMetadata, context_of
from service.web.responses import json_answer

from . import health


class Health(msgspec.Struct, frozen=True):
    """`ok`; nothing about the inside, because anybody may ask."""

    status: str = "ok"


LIVE = RouteMetadata(
    tag="health",
    summary="The process runs",
    responses={200: Health},
    problems=(InternalError,),
    public=True,
    limited=False,
)
READY = RouteMetadata(
    tag="health",
    summary="What is sent can be kept; 503 when it cannot",
    responses={200: Health},
    problems=(ServiceUnavailable, InternalError),
    public=True,
    limited=False,  # a watcher behind a busy address must not take the house for dead
)


@get("/health/live", opt={"says": LIVE})
async def live() -> ASGIApp:
    """The process runs."""
    return json_answer(Health())


@get("/health/ready", opt={"says": READY})
async def ready(request: AnyRequest) -> ASGIApp:
    """What is sent can be kept: something just was."""
    await health.check_storage(context_of(request))
    return json_answer(Health())


ROUTES = (live, ready)
