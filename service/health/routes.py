"""Is the process alive, and can it keep what it is sent."""

import msgspec
from litestar import get
from litestar.types import ASGIApp

from service.errors import Busy, Defect
from service.web.endpoint import AnyRequest, Says, house_of
from service.web.responses import answer

from . import health


class Health(msgspec.Struct, frozen=True):
    """`ok`; nothing about the inside, because anybody may ask."""

    status: str = "ok"


LIVE = Says(
    tag="health", summary="The process runs", gives={200: Health}, problems=(Defect,), public=True, limited=False
)
READY = Says(
    tag="health",
    summary="What is sent can be kept; 503 when it cannot",
    gives={200: Health},
    problems=(Busy, Defect),
    public=True,
    limited=False,  # a watcher behind a busy address must not take the house for dead
)


@get("/health/live", opt={"says": LIVE})
async def live() -> ASGIApp:
    """The process runs."""
    return answer(Health())


@get("/health/ready", opt={"says": READY})
async def ready(request: AnyRequest) -> ASGIApp:
    """What is sent can be kept: something just was."""
    await health.keep(house_of(request))
    return answer(Health())


ROUTES = (live, ready)
