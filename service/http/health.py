"""Is the process alive, and can it keep what it is sent."""

import msgspec
from litestar import get
from litestar.types import ASGIApp

from service.domain.errors import Busy, Defect

from .answers import answer
from .endpoint import Asked, Says, house_of


class Health(msgspec.Struct, frozen=True):
    """`ok`; nothing about the inside, because anybody may ask."""

    status: str = "ok"


LIVE = Says(
    tag="health", summary="The process runs", gives={200: Health}, problems=(Defect,), public=True, limited=False
)
READY = Says(
    tag="health",
    summary="The database answers; 503 when it does not",
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
async def ready(request: Asked) -> ASGIApp:
    """The database answers."""
    try:
        await house_of(request).db.read(lambda tx: tx.one("applied"))
    except Exception:  # noqa: BLE001 - whatever it is, records cannot be kept now
        raise Busy("the database does not answer") from None
    return answer(Health())


ROUTES = (live, ready)
