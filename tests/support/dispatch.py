"""Changes to a visit by the dispatcher."""

from typing import Any

import httpx

from tests.support.api_client import VISIT, World
from tests.support.example_visits import clock

PATH = f"/v1/visits/{VISIT}"
LATER_WINDOW = {"from": clock("14:00"), "to": clock("15:00"), "reason": "客户下午才在家"}


async def change_visit(
    world: World, part: str, content: Any, match: str | None = '"0"', who: str = "zhao"
) -> httpx.Response:
    return await world.ask(who, "PUT", f"{PATH}/{part}", content, **({"if_match": match} if match else {}))
