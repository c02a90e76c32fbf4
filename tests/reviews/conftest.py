"""A visit to review."""

import pytest

from tests.reviews import desk
from tests.support.api_client import World


@pytest.fixture
async def finished(world: World) -> World:
    """A visit that is over: the technician rang when they were in already."""
    await desk.finished(world)
    return world
