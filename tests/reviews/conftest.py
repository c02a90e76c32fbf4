"""A visit to review."""

import pytest

from tests.support.api_client import World, record
from tests.support.factories import said


@pytest.fixture
async def finished(world: World) -> World:
    """A visit that is over: the technician rang when they were in already."""
    assert (await world.plan()).status_code == 201
    entries = [
        said("09:05", "arrived"),
        said("09:06", "met_customer"),
        said("09:07", "shoe_covers_on"),
        said("09:08", "entry_consent"),
        said("09:09", "entered"),
        said("09:10", "door_signal"),
        said("09:11", "work_started"),
        said("09:40", "left"),
    ]
    assert (await world.submit({**record(), "entries": entries})).status_code == 201
    return world
