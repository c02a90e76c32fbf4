"""A client of the HTTP API, in process: requests on behalf of a person."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import httpx
import msgspec
from litestar import Litestar
from litestar.datastructures import State

from service import app
from service.blobs.evidence_storage import open_evidence_storage
from service.context import AppContext
from service.db.connect import open_database
from tests.support.factories import Town, a_plan, encode, said, uid

VISIT, RECORD = uid("v"), uid("r")
_litestar = app.litestar
_routes = cache(_litestar)


def _copied(ctx: AppContext | None = None, max_body: int = 0, lifespan: app.Lifespan = ()) -> Litestar:
    """Litestar takes a tenth of a second to register all handlers, so do it once, and give each copy its own state."""
    if lifespan:
        return _litestar(ctx, max_body, lifespan)
    copied = copy(_routes())
    copied.state = State({"ctx": ctx, "max_body": max_body})
    return copied


app.litestar = _copied


def record(record_id: UUID = RECORD, visit: UUID = VISIT, **more: Any) -> dict[str, Any]:
    """A record of two entries."""
    entries = [said("09:05", "arrived"), said("09:06", "entered")]
    return {"id": str(record_id), "visit": str(visit), "checklist": "onsite@1", "entries": entries, **more}


class World:
    """The application's context, and an HTTP client for requests on behalf of people."""

    def __init__(self, ctx: AppContext, client: httpx.AsyncClient) -> None:
        self.ctx, self.client = ctx, client

    async def ask(self, who: str | None, method: str, path: str, content: Any = None, **headers: str) -> httpx.Response:
        """Send a request as a person (None: without a token). `content` becomes JSON unless it is bytes."""
        sent = {"content-type": "application/json"} if content is not None else {}
        if who is not None:
            sent["authorization"] = f"Bearer token of {who}"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        body = content if content is None or isinstance(content, bytes) else encode(content)
        return await self.client.request(method, path, content=body, headers=sent)

    async def plan(self, visit: UUID = VISIT, **more: Any) -> httpx.Response:
        """Dispatcher 赵 plans a visit for technician 李."""
        return await self.ask("zhao", "PUT", f"/v1/visits/{visit}", a_plan(**more))

    async def submit(self, content: Any, record_id: UUID = RECORD, who: str = "li", **headers: str) -> httpx.Response:
        """Technician 李 submits a record."""
        return await self.ask(who, "PUT", f"/v1/records/{record_id}", content, **headers)


@asynccontextmanager
async def opened_world(address: str, max_body: int = 2**21, max_entries: int = 2000) -> AsyncIterator[World]:
    """The utility on the database at `address`, behind HTTP."""
    db = open_database(address)
    await db.start()
    town = await Town(db).open()
    with TemporaryDirectory(prefix="doorstep-files-") as folder:
        ctx = msgspec.structs.replace(
            town.ctx, max_entries=max_entries, evidence_storage=open_evidence_storage(Path(folder))
        )
        transport = httpx.ASGITransport(app.create_app(ctx, max_body))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://doorstep.test") as client:
            yield World(ctx, client)
    await db.close()


def problem(response: httpx.Response) -> tuple[int, str]:
    """The status and code of a problem, whose form is checked."""
    assert response.headers["content-type"] == "application/problem+json"
    content = response.json()
    assert content["status"] == response.status_code
    assert content["type"] == f"urn:doorstep:problem:{content['code']}"
    assert content["title"]
    return response.status_code, content["code"]
