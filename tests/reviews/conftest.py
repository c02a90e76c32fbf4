"""A visit to review."""

import pytest

from tests.reviews import desk
from tests.support.api_client import World
from tests.support.desk import DeskBrowser, signed_in


@pytest.fixture
async def finished(world: World) -> World:
    """A visit that is over: the technician rang when they were in already."""
    await desk.finished(world)
    return world


@pytest.fixture
async def wang(finished: World) -> DeskBrowser:
    """The supervisor, before a visit that is over."""
    return await signed_in(finished, "wang")
