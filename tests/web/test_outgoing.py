"""What the server asks of others is bounded as a whole, whatever they answer."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from service.web.outgoing import Answer, RequestFailed, send_request
from tests.support.serving import serve

SERVICE = Path(__file__).parents[2] / "service"
LIMIT = 100_000


async def answers(scope: Any, receive: Any, send: Any) -> None:
    """By the path: a size in bytes, `slowly` or `endless`."""
    await receive()
    gone, wanted = asyncio.create_task(receive()), scope["path"][1:]
    headers = dict(scope["headers"])
    if wanted == "packed":  # as a server does that packs for whoever takes it
        packed = b"gzip" in headers.get(b"accept-encoding", b"")
        body = gzip.compress(bytes(50_000_000)) if packed else b"plain"
        head = [(b"content-encoding", b"gzip")] if packed else []
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": body})
        return
    await send({"type": "http.response.start", "status": 203, "headers": []})
    if wanted.isdigit():
        await send({"type": "http.response.body", "body": bytes(int(wanted))})
    while not wanted.isdigit() and not gone.done():
        await send({"type": "http.response.body", "body": bytes(1 if wanted == "slowly" else 65536), "more_body": True})
        await asyncio.sleep(0.05 if wanted == "slowly" else 0)
    gone.cancel()


@pytest.fixture
async def other() -> AsyncIterator[str]:
    async with serve(answers) as port:
        yield f"http://127.0.0.1:{port}"


async def test_an_answer_is_read_up_to_its_bound(other: str) -> None:
    assert await send_request("GET", f"{other}/{LIMIT}", seconds=5, limit=LIMIT) == Answer(203, bytes(LIMIT))
    for path in (f"{LIMIT + 1}", "endless"):
        with pytest.raises(RequestFailed, match=f"the answer has more than {LIMIT} bytes"):
            await asyncio.wait_for(send_request("GET", f"{other}/{path}", seconds=60, limit=LIMIT), 10)
    for path in ("endless", "slowly"):
        assert await send_request("GET", f"{other}/{path}", seconds=5, limit=None) == Answer(203, b"")


async def test_a_small_answer_unpacks_to_no_large_one(other: str) -> None:
    assert await send_request("GET", f"{other}/packed", seconds=5, limit=LIMIT) == Answer(200, b"plain")


async def test_the_time_is_for_the_whole_and_not_for_each_byte(other: str) -> None:
    start = time.monotonic()
    with pytest.raises(RequestFailed, match="no answer within 1 s"):
        await send_request("GET", f"{other}/slowly", seconds=1, limit=LIMIT)
    assert time.monotonic() - start < 5


async def test_what_fails_says_how_without_the_address() -> None:
    for address, kind in (("http://127.0.0.1:1/secret", "ConnectError"), ("http://a.example:port/", "InvalidURL")):
        with pytest.raises(RequestFailed) as failure:
            await send_request("GET", address, seconds=5, limit=LIMIT)
        assert str(failure.value) == kind


def test_nothing_else_talks_http_by_itself() -> None:
    users = [path for path in SERVICE.rglob("*.py") if "httpx" in path.read_text("utf-8")]
    assert [path.relative_to(SERVICE).as_posix() for path in users] == ["web/outgoing.py"]
