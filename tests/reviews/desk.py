"""A visit for tests of the desk's pages of review."""

from html import unescape
from typing import Any
from uuid import UUID

from tests.support.api_client import VISIT, World, record
from tests.support.desk import DeskBrowser
from tests.support.factories import said, uid

PAGE = f"/desk/visits/{VISIT}"
RANG_LATE = "order.door_signal.before.entered"
NO_CARD = "missing.id_shown"

ENTRIES = [
    said("09:05", "arrived"),
    said("09:06", "met_customer"),
    said("09:07", "shoe_covers_on"),
    said("09:08", "entry_consent"),
    said("09:09", "entered"),
    said("09:10", "door_signal"),
    said("09:11", "work_started"),
    said("09:40", "left"),
]


async def finished(world: World, **plan: Any) -> None:
    """A visit that is over: the technician rang when they were in already."""
    assert (await world.plan(**plan)).status_code == 201
    assert (await world.submit({**record(), "entries": ENTRIES})).status_code == 201


def record_of(visit: UUID) -> dict[str, Any]:
    """The record of such a visit, which also broke a tile."""
    damage = said("09:20", "own_damage", thing="tile", label="地砖", holds=True)
    entries = [{**one, "id": str(uid(f"{visit} {one['id']}"))} for one in (*ENTRIES, damage)]
    return {**record(uid(f"record of {visit}"), visit), "entries": entries}


async def shown(desk: DeskBrowser, path: str = PAGE) -> str:
    """A page of the desk, by default that of the visit."""
    answer = await desk.get(path)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)
