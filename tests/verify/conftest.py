"""The town that is copied for each edit, made once."""

import asyncio

import pytest

from tests.support.edited_town import Made, make


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return asyncio.run(make(tmp_path_factory.mktemp("town"), tmp_path_factory.mktemp("kept") / "checkpoint"))
