"""Logs: one line per request, its id, and no personal data."""

import json
import re
from io import BytesIO
from pathlib import Path

import pytest

from service.web import access_log
from tests.support.api_client import RECORD, World, opened_world, record
from tests.support.databases import copy_sqlite

STREAM = BytesIO()


@pytest.fixture
async def logged(tmp_path: Path):
    """A small utility whose log is STREAM."""
    STREAM.seek(0)
    STREAM.truncate()
    access_log.configure_logging("json", "info", STREAM)
    async with opened_world(await copy_sqlite(tmp_path / "doorstep.db")) as opened:
        yield opened


def lines():
    """What was logged, as JSON."""
    return [json.loads(line) for line in STREAM.getvalue().splitlines()]


async def test_a_request_is_one_line_with_the_routes_template(logged: World):
    await logged.plan()
    await logged.submit(record())
    await logged.ask("li", "GET", f"/v1/records/{RECORD}?who=陶女士")
    await logged.ask("li", "GET", "/v1/陶女士")
    told = [(line["method"], line["route"], line["status"]) for line in lines()]
    assert told == [
        ("PUT", "/v1/visits/{visit_id}", 201),
        ("PUT", "/v1/records/{record_id}", 201),
        ("GET", "/v1/records/{record_id}", 400),  # no such parameter, and it is not repeated
        ("GET", "(none)", 404),
    ]
    assert all(line["ms"] >= 0 and line["at"] and line["level"] == "info" for line in lines())


async def test_nothing_of_path_query_body_or_token_is_in_it(logged: World):
    await logged.plan()
    await logged.submit(record())
    await logged.submit(b"{")
    text = json.dumps(lines())
    for secret in ("陶女士", "13800000000", "token-of", str(RECORD), "虚构路", "李强"):
        assert secret not in text


async def test_the_request_id_is_on_the_line_and_on_the_answer(logged: World):
    answer = await logged.ask("li", "GET", "/v1/me")
    assert answer.headers["x-request-id"] == lines()[0]["request"]


@pytest.mark.parametrize("given", ["a" * 65, "short", "with blanks in it", "陶女士陶女士陶女士".encode().hex() + "!"])
async def test_an_odd_request_id_is_replaced(logged: World, given):
    answer = await logged.ask("li", "GET", "/v1/me", x_request_id=given)
    assert answer.headers["x-request-id"] != given
    kept = await logged.ask("li", "GET", "/v1/me", x_request_id="trace-0123456789")
    assert kept.headers["x-request-id"] == "trace-0123456789"


async def test_health_is_not_logged_while_all_is_well(logged: World):
    assert (await logged.ask(None, "GET", "/health/live")).json() == {"status": "ok"}
    assert (await logged.ask(None, "GET", "/health/ready")).status_code == 200
    assert lines() == []
    await logged.ctx.db.close()
    assert (await logged.ask(None, "GET", "/health/ready")).status_code == 503
    assert (await logged.ask(None, "GET", "/health/live")).status_code == 200
    assert [line["status"] for line in lines()] == [503]


def test_a_human_reads_plain_lines():
    stream = BytesIO()
    access_log.configure_logging("human", "info", stream)
    access_log.get_logger().warning("leaves wait", code="busy")
    line = stream.getvalue().decode()
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d{4} warning leaves wait code=busy", line), line


def test_what_is_less_grave_than_the_level_is_left_out():
    stream = BytesIO()
    access_log.configure_logging("json", "error", stream)
    access_log.get_logger().info("request")
    assert stream.getvalue() == b""
