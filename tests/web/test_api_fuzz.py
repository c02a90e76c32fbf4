"""Schemathesis against a running service: what the OpenAPI document allows, and what it does not.

No 5xx, no status and no form that is not in the document. FUZZ is about the number of cases: 800 unless given;
`scripts/endure` asks for 50,000, as many of each person, and other ones every time.
"""

import asyncio
import json
import os
import threading
import zlib
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from hypothesis.internal.conjecture import engine
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.accounts import credentials
from service.accounts.authentication import token_digest
from service.app import create_app
from service.db.database import Transaction
from service.web import access_log
from tests.support.api_client import RECORD, VISIT, opened_world, record
from tests.support.databases import copy_sqlite
from tests.support.devices import register_phone
from tests.support.factories import a_plan, said, uid
from tests.support.fake_gateway import set_up
from tests.support.openapi_document import DOCUMENT
from tests.support.pictures import name, picture

CASES = int(os.environ.get("FUZZ", "800"))
OPERATIONS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
IN_VAIN = 60  # tries to make a wrong request where hardly any is wrong; Hypothesis makes 458, which take seconds
WHO = ("zhao", "li", "phone", "wang", "admin", None)  # every role, 李's phone, and nobody


class Served:
    """The town behind a socket, in a thread of its own."""

    def __init__(self, path: str) -> None:
        self.path, self.base, self.ready = path, "", threading.Event()
        self.known: dict[str, list[str]] = {}
        self.tokens: dict[str, str] = {}
        self.phone: UUID | None = None
        self.cases = Counter[str | None]()
        self.loop: Any = None
        self.ctx: Any = None
        self.thread = threading.Thread(target=lambda: asyncio.run(self.run()))
        self.server: Any = None

    def sign_in(self) -> None:
        """New tokens for everybody: the requests of an operation may have ended theirs."""
        asyncio.run_coroutine_threadsafe(self.ctx.db.write(self._add_tokens), self.loop).result(20)

    async def _add_tokens(self, tx: Transaction) -> None:
        self.tokens = {who: token_urlsafe(16) for who in WHO if who is not None}
        for who, token in self.tokens.items():
            login, kind, device = ("li", "device", self.phone) if who == "phone" else (who, "script", None)
            await credentials.add_token(tx, token_digest(token), login, self.ctx.clock(), kind, device)

    async def run(self) -> None:
        async with opened_world(await copy_sqlite(Path(self.path))) as world:
            set_up(world.ctx, "08:00")
            await world.plan()
            photo = picture()
            pieces = [{"kind": "photo", "sha256": name(photo)}]
            await world.submit(record(entries=[said("09:05", "arrived", evidence=pieces)]))
            await world.ask("li", "PUT", f"/v1/evidence/{name(photo)}", photo, content_type="image/jpeg")
            metadata = f"sha256 {b64encode(name(photo).encode()).decode()}"
            upload = await world.ask(
                "li", "POST", "/v1/uploads", tus_resumable="1.0.0", upload_length="99", upload_metadata=metadata
            )
            made = await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")
            code = await world.ask("li", "GET", f"/v1/visits/{VISIT}/doorstep")
            await world.ask("zhao", "PUT", f"/v1/visits/{uid('w')}", a_plan())
            self.loop, self.ctx = asyncio.get_running_loop(), world.ctx
            self.phone = UUID((await register_phone(world))["device"]["id"])
            another = await register_phone(world, "sun")
            self.known = {
                "device_id": [another["device"]["id"]],
                "visit_id": [str(VISIT), str(uid("w"))],
                "record_id": [str(RECORD)],
                "token": [made.json()["token"]],
                "code": [code.json()["url"].rpartition("/")[2]],
                "checklist_id": ["onsite"],
                "version": ["1"],
                "login": ["sun", "qian"],
                "sha256": [name(photo)],
                "upload_id": [upload.headers["location"].rpartition("/")[2]],
            }
            self.server = uvicorn.Server(
                uvicorn.Config(create_app(world.ctx, 2**17), port=0, lifespan="off", log_config=None, ws="none")
            )
            task = asyncio.create_task(self.server.serve())
            while not self.server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.02)
            self.base = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"
            self.ready.set()
            await task


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    access_log.configure_logging("human", "error")
    made = Served(str(tmp_path_factory.mktemp("fuzz") / "doorstep.db"))
    made.thread.start()
    assert made.ready.wait(20)
    yield made
    made.server.should_exit = True
    made.thread.join(10)


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=[f"{method} {path}" for path, method in OPERATIONS])
def test_no_5xx_and_nothing_that_the_document_does_not_say(
    served: Served, path: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "FUZZ" not in os.environ:
        monkeypatch.setattr(engine, "INVALID_THRESHOLD_BASE", IN_VAIN)
    operation = SCHEMA[path][method.upper()]
    session = requests.Session()
    served.sign_in()
    each = max(4, -(-CASES // len(OPERATIONS) // 2))
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @settings(
            max_examples=each,
            deadline=None,
            database=None,
            derandomize="FUZZ" not in os.environ,
            suppress_health_check=list(HealthCheck),
        )
        @given(
            case=operation.as_strategy(generation_mode=mode), known=st.booleans(), number=st.integers(0, len(WHO) - 1)
        )
        def asked(case: Any, known: Any, number: Any) -> None:
            place = zlib.crc32(repr((case.path_parameters, case.query, case.headers, case.body)).encode())
            who = WHO[(place + number) % len(WHO)]  # Hypothesis prefers the first; the content of a case prefers nobody
            if known:
                mine = {name: served.known[name] for name in case.path_parameters or {} if name in served.known}
                case.path_parameters.update({name: ids[place % len(ids)] for name, ids in mine.items()})
            headers = {"Authorization": f"Bearer {served.tokens[who]}"} if who else {}
            served.cases[who] += 1
            response = case.call(base_url=served.base, session=session, headers=headers, timeout=20)
            case.validate_response(response, checks=CHECKS)

        with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
            asked()  # where nothing can be wrong, there is no wrong case
    session.close()


def test_every_role_was_tried_and_no_token_was_lost_on_the_way(served: Served) -> None:
    print(f"{served.cases.total()} cases: {dict(served.cases)}")  # noqa: T201 - for `pytest -s`
    assert set(served.cases) == set(WHO)
    served.sign_in()
    for who, token in served.tokens.items():
        me = requests.get(f"{served.base}/v1/me", headers={"Authorization": f"Bearer {token}"}, timeout=20)
        assert me.status_code == 200, who


def test_the_control_a_status_that_the_document_does_not_name_is_found(served: Served) -> None:
    poorer = json.loads(json.dumps(DOCUMENT))
    del poorer["paths"]["/v1/visits/{visit_id}"]["get"]["responses"]["401"]
    case = schemathesis.openapi.from_dict(poorer)["/v1/visits/{visit_id}"]["GET"].Case(
        path_parameters={"visit_id": str(VISIT)}
    )
    response = case.call(base_url=served.base)
    with pytest.raises(FailureGroup):
        case.validate_response(response, checks=CHECKS)
