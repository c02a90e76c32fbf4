"""The log over HTTP, as C2SP `tlog-tiles` wants it: media types, caching, and only what a checkpoint covers."""

import gzip

import pytest

from service.audit_log import log
from tests.support.api_client import World, problem
from tests.support.log_growth import grow


async def test_nothing_before_the_first_checkpoint(world: World) -> None:
    await log.assign_sequence_numbers(world.ctx.db)
    for path in ("checkpoint", "tile/0/000.p/1", "tile/entries/000.p/1"):
        assert problem(await world.ask(None, "GET", f"/log/{path}")) == (404, "not-found")


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_tiles_never_change_and_checkpoints_are_fresh(world: World) -> None:
    await grow(world.ctx, 298)
    note = await world.ask(None, "GET", "/log/checkpoint")
    assert note.headers["content-type"] == "text/plain; charset=utf-8"
    assert note.headers["cache-control"] == "public, max-age=5"
    whole, part = [await world.ask(None, "GET", f"/log/tile/0/{name}") for name in ("000", "001.p/44")]
    for answer, size in ((whole, 256), (part, 44)):
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert len(answer.content) == 32 * size
    bundle = await world.ask(None, "GET", "/log/tile/entries/000", accept_encoding="identity")
    assert "content-encoding" not in bundle.headers
    packed = await world.ask(None, "GET", "/log/tile/entries/000", accept_encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == bundle.content
    assert len(gzip.compress(bundle.content)) < len(bundle.content)
    earlier = await world.ask(None, "GET", "/log/tile/0/001.p/7")
    assert earlier.content == part.content[: 7 * 32]
    await grow(world.ctx, 1, sign=False)
    await log.assign_sequence_numbers(world.ctx.db)
    for path in ("0/001", "0/001.p/45", "1/000", "1/000.p/2", "2/000.p/1", "0/002", "entries/001.p/45", "x"):
        assert problem(await world.ask(None, "GET", f"/log/tile/{path}")) == (404, "not-found"), path
