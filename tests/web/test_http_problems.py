"""Problems on the wire: their form, their languages, and nothing of the input in them."""

import logging
from io import BytesIO

import httpx
import msgspec
import pytest

from service import errors
from service.app import create_app
from service.errors import Problem
from service.web import access_log
from service.web.problems import to_response
from tests.support.api_client import RECORD, VISIT, World, problem, record
from tests.support.factories import said

SCOPE = {"type": "http", "headers": [], "state": {}}


@pytest.mark.parametrize(
    ("url", "header"), [("https://doorstep.test", "max-age=31536000"), ("http://doorstep.test", None)]
)
async def test_browsers_come_by_https_only_where_the_address_is_https(small_world: World, url: str, header: str | None):
    company = msgspec.structs.replace(small_world.ctx.company, url=url)
    app = create_app(msgspec.structs.replace(small_world.ctx, company=company), 2**20)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=url) as client:
        for path in ("/", "/v1/nothing", "/health/live"):
            assert (await client.get(path)).headers.get("strict-transport-security") == header, path


async def test_an_unknown_address_is_a_problem(small_world: World):
    assert problem(await small_world.ask("li", "GET", "/v1/nothing")) == (404, "not-found")


async def test_a_wrong_method_is_a_problem_that_names_the_right_ones(small_world: World):
    answer = await small_world.ask("li", "PATCH", "/v1/me")
    assert problem(answer) == (405, "method-not-allowed")
    assert "GET" in answer.headers["allow"]


async def test_nobody_is_asked_to_sign_in(small_world: World):
    for path in ("/v1/me", "/v1/visits", f"/v1/records/{RECORD}", "/v1/checklists", "/v1/quarantine"):
        answer = await small_world.ask(None, "GET", path)
        assert problem(answer) == (401, "not-signed-in")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert problem(await small_world.ask("nobody", "GET", "/v1/me")) == (401, "not-signed-in")


async def test_another_scheme_is_no_token(small_world: World):
    answer = await small_world.ask(None, "GET", "/v1/me", authorization="Basic dG9rZW4tb2YtbGk6")
    assert problem(answer) == (401, "not-signed-in")


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("", "zh-CN"),
        ("en", "en"),
        ("en-GB,zh;q=0.5", "en"),
        ("zh;q=0.9,en;q=0.8", "zh-CN"),
        ("fr", "zh-CN"),
        ("en;q=x", "zh-CN"),
    ],
)
async def test_the_title_is_in_the_language_asked_for_chinese_first(small_world: World, wanted, language):
    answer = await small_world.ask(None, "GET", "/v1/me", accept_language=wanted)
    assert answer.headers["content-language"] == language
    title = errors.NotAuthenticated.title_zh if language == "zh-CN" else errors.NotAuthenticated.title_en
    assert answer.json()["title"] == title


async def test_a_wrong_place_is_told_with_a_json_pointer(small_world: World):
    answer = await small_world.submit(
        record(entries=[said("09:05", "arrived"), said("09:06", "entered") | {"at": "9 o'clock"}])
    )
    assert problem(answer) == (422, "invalid-body")
    assert answer.json()["errors"][0]["pointer"] == "/entries/1/at"


async def test_input_is_never_echoed(small_world: World):
    secret = "陶女士的门锁密码"
    for content in (
        record(checklist=secret),
        record(visit=secret),
        record(entries=[{**said("09:05", "arrived"), "by": secret}]),
        record(entries=[{**said("09:05", "arrived"), "id": secret}]),
        {secret: secret},
        f'{{"{secret}'.encode(),
    ):
        answer = await small_world.submit(content)
        assert answer.status_code >= 400
        assert secret not in answer.text
    assert secret not in (await small_world.ask("li", "GET", f"/v1/visits?{secret}={secret}")).text
    assert secret not in (await small_world.ask("li", "GET", f"/v1/visits/{secret}")).text


def test_a_full_disk_and_a_busy_server_say_when_to_come_again():
    for problem_class in (errors.StorageFull, errors.ServiceUnavailable):
        answer = to_response(SCOPE, problem_class())
        assert answer.status_code == problem_class.status
        assert answer.headers["retry-after"] == "5"


def test_what_nobody_foresaw_is_a_defect_that_tells_nothing():
    stream = BytesIO()
    access_log.configure_logging("json", "info", stream)
    try:
        int("陶女士 13800000000")
    except ValueError as error:
        answer = to_response(SCOPE, error)
    assert answer.status_code == 500
    logged = stream.getvalue()
    assert b"ValueError" in logged
    assert b"test_http_problems.py" in logged
    for text in (answer.body, logged):
        assert "陶女士".encode() not in text
        assert b"13800000000" not in text


def test_every_problem_has_a_code_of_its_own_and_two_titles():
    codes = [one.code for one in Problem.__subclasses__()]
    assert len(codes) == len(set(codes))
    for one in Problem.__subclasses__():
        assert one.title_zh
        assert one.title_en.isascii()
        assert 400 <= one.status < 600


def test_the_libraries_log_through_the_same_stream():
    stream = BytesIO()
    access_log.configure_logging("json", "info", stream)
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    assert b'"event":"Invalid HTTP request received."' in stream.getvalue()


async def test_an_id_that_is_no_uuid_is_not_found(small_world: World):
    for path in ("/v1/visits/x", "/v1/records/x", f"/v1/visits/{VISIT}x/judgement", f"/v1/records/{{{RECORD}}}"):
        assert problem(await small_world.ask("li", "GET", path)) == (404, "not-found")
