"""Limits as settings make them, and what fills them."""

from typing import Any
from uuid import UUID

import httpx

from service.config.loading import load_settings
from service.lifecycle import build_context
from tests.support.api_client import VISIT, World
from tests.support.factories import said, uid
from tests.support.pictures import name, noise

DAY = 86_400_000
PHOTOS = [noise((60 + n, 40)) for n in range(5)]
SIZE = max(map(len, PHOTOS))


def limited(world: World, **settings: int) -> None:
    """The world with limits as the service has them by these settings."""
    ctx = build_context(load_settings({f"DOORSTEP_{name.upper()}": str(value) for name, value in settings.items()}))
    world.ctx.visit_limits, world.ctx.daily_quota = ctx.visit_limits, ctx.daily_quota


def later(world: World, ms: int) -> None:
    """The clock goes on."""
    before = world.ctx.clock()
    world.ctx.clock = lambda: before + ms


def a_record(record: str, *entries: dict[str, Any], visit: UUID = VISIT, **more: Any) -> dict[str, Any]:
    return {"id": str(uid(record)), "visit": str(visit), "checklist": "onsite@1", "entries": entries, **more}


def entries(count: int, first: str = "", **more: Any) -> list[dict[str, Any]]:
    """Different entries about the same."""
    return [said("09:30", "work_started", id=str(uid(f"{first} {n}")), **more) for n in range(count)]


async def submit(world: World, record: str, *given: dict[str, Any], who: str = "li", **more: Any) -> httpx.Response:
    return await world.submit(a_record(record, *given, **more), uid(record), who)


async def send(world: World, raw: bytes, who: str = "li") -> httpx.Response:
    return await world.ask(who, "PUT", f"/v1/evidence/{name(raw)}", raw, content_type="image/jpeg")
