"""The real tus-js-client against the real server, over a network that cuts: at most one part is sent again."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from service.app import create_app
from tests.support import nodejs
from tests.support.api_client import RECORD, World
from tests.support.evidence import record_naming
from tests.support.flaky_proxy import bad_network
from tests.support.pictures import name, noise
from tests.support.serving import serve

CHUNK = 256 * 1024
HEADERS = 1200  # bytes of a request beside its body, at most
FILE = noise((1700, 1300))


@asynccontextmanager
async def served(world: World) -> AsyncIterator[int]:
    """The world behind a socket; its port."""
    async with serve(create_app(world.ctx, 2**21), http="httptools", access_log=False) as port:
        yield port


async def send(world: World, folder: Path, cuts: list[int]) -> tuple[int, int, dict[str, object]]:
    """Send FILE with cuts; bytes that were sent, requests at most, and what the client saw."""
    path = folder / "photo.jpg"
    path.write_bytes(FILE)
    async with served(world) as port, bad_network(port, cuts) as (network, bad_port):
        await world.plan()
        await world.submit(record_naming(FILE))
        endpoint = f"http://127.0.0.1:{bad_port}/v1/uploads"
        seen = await nodejs.run("tus-client.cjs", endpoint, "token of li", str(path), str(CHUNK))
        assert network.cut == len(cuts), (network.cut, network.cuts)
        assert seen["error"] is None, seen
        receipt = (await world.ask("li", "GET", f"/v1/records/{RECORD}")).json()
        assert receipt["state"] == "complete"
        requests = 1 + len(FILE) // CHUNK + 1 + 2 * seen["retries"]
        return network.sent, requests, seen


async def test_without_cuts_every_byte_is_sent_once(world: World, tmp_path: Path):
    sent, requests, seen = await send(world, tmp_path, [])
    assert seen["retries"] == 0
    assert len(FILE) < sent < len(FILE) + requests * HEADERS


async def test_after_each_cut_at_most_one_part_is_sent_again(world: World, tmp_path: Path):
    cuts = [CHUNK // 2, 3 * CHUNK + 100, 700, CHUNK + 5000, 40_000, 2 * CHUNK]
    sent, requests, seen = await send(world, tmp_path, cuts)
    assert seen["retries"] >= len(cuts) - 1
    again = sent - len(FILE)
    assert again <= len(cuts) * CHUNK + requests * HEADERS


async def test_an_answer_that_got_lost_costs_one_part_at_most(world: World, tmp_path: Path):
    """Also the last answer: the file is there, and is not sent again."""
    sent, requests, _ = await send(world, tmp_path, [-CHUNK - 2000, -len(FILE) + 2 * CHUNK])
    assert sent - len(FILE) <= 2 * CHUNK + requests * HEADERS


async def test_the_control_a_file_in_one_piece_is_sent_again_whole(world: World):
    async with served(world) as port, bad_network(port, [len(FILE) // 2] * 3) as (network, bad_port):
        url = f"http://127.0.0.1:{bad_port}/v1/evidence/{name(FILE)}"
        headers = {"authorization": "Bearer token of li", "content-type": "image/jpeg"}
        async with httpx.AsyncClient() as client:
            for _ in range(3):
                with pytest.raises(httpx.HTTPError):
                    await client.put(url, content=FILE, headers=headers)
            assert (await client.put(url, content=FILE, headers=headers)).status_code == 201
    assert network.sent - len(FILE) > len(FILE)
    assert not [path for path in world.ctx.evidence_storage.incoming.rglob("*") if path.is_file()]


def test_the_vendored_packages_are_as_listed():
    script = Path(__file__).parents[2] / "scripts" / "vendor"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
