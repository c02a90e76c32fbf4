"""The desk's page of a visit: what each role sees and does there."""

import re

import pytest

from tests.reviews.desk import Desk, finished, seat
from tests.support.api_client import VISIT, World

PAGE = f"/desk/visits/{VISIT}"


@pytest.fixture
async def wang(world: World) -> Desk:
    await finished(world)
    return await seat(world, "wang")


async def test_show(wang: Desk) -> None:
    answer = await wang.get(PAGE)
    assert answer.status_code == 200, answer.text
    print(answer.text)
