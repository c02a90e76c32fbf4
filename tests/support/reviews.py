"""A supervisor reviews a visit: shortcuts for tests."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from service.reviews import refresh
from tests.support.api_client import VISIT, World


def later(world: World, **delta: float) -> None:
    """Move the clock."""
    now = world.ctx.clock() + int(timedelta(**delta).total_seconds() * 1000)
    world.ctx.clock = lambda: now


async def review_of(world: World, who: str = "wang", visit: UUID = VISIT) -> tuple[dict[str, Any], str]:
    """The review of a visit, and its ETag."""
    answer = await world.ask(who, "GET", f"/v1/visits/{visit}/review")
    assert answer.status_code == 200, answer.text
    return answer.json(), answer.headers["etag"]


async def review(
    world: World, tag: str, *decisions: dict[str, str], who: str = "wang", visit: UUID = VISIT, **more: Any
) -> Any:
    """Review a visit."""
    content = {"findings": decisions, **more}
    return await world.ask(who, "PUT", f"/v1/visits/{visit}/review", content, if_match=tag)


def upheld(shown: dict[str, Any]) -> list[dict[str, str]]:
    """A decision for each reason that comes from a finding."""
    codes = {one["finding"]["code"] for one in shown["findings"]}
    return [{"code": one["source"], "decision": "uphold"} for one in shown["reasons"] if one["source"] in codes]


async def state_of(world: World, who: str = "wang", visit: UUID = VISIT) -> str:
    """The state of a visit."""
    return str((await world.ask(who, "GET", f"/v1/visits/{visit}")).json()["state"])


async def reasons(world: World, visit: UUID = VISIT) -> list[str]:
    """What calls for a person, once whatever changes by itself has changed; the queue says the same."""
    while await refresh.refresh_due(world.ctx):
        pass
    shown, _ = await review_of(world, visit=visit)
    kinds = list(dict.fromkeys(one["kind"] for one in shown["reasons"]))
    queue = (await world.ask("wang", "GET", "/v1/reviews")).json()
    assert {one["visit"]: one["reasons"] for one in queue["reviews"]}.get(str(visit), []) == kinds
    return kinds


async def close(world: World, visit: UUID = VISIT) -> dict[str, Any]:
    """Decide all that calls for a person; the review then."""
    shown, tag = await review_of(world, visit=visit)
    done = await review(world, tag, *upheld(shown), visit=visit)
    assert done.status_code == 200, done.text
    return dict(done.json())
