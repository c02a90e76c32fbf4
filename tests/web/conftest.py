"""A server of its own for the tests of a module that speak to a socket, and a technician whom it knows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.running import Running, hired, running


@pytest.fixture(scope="module")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of that server."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def technician(server_folder: Path) -> str:
    """The value of their Authorization header."""
    return hired(server_folder, "li", "technician")["authorization"]


@pytest.fixture(scope="module")
def server(server_folder: Path, technician: str) -> Iterator[Running]:
    """The started server."""
    with running(server_folder) as started:
        yield started
