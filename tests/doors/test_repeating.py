"""Every creation may be repeated when its answer was lost, and every limit says what frees it."""

import re
from pathlib import Path
from typing import Any

import pytest

from service import errors
from service.errors import Problem
from tests.support.api_client import RECORD, VISIT, World, problem, record
from tests.support.browser import with_password
from tests.support.factories import a_plan, said, uid
from tests.support.fake_gateway import set_up
from tests.support.openapi_document import DOCUMENT

OPERATIONS = (Path(__file__).parents[2] / "docs" / "operations.en.md").read_text("utf-8")
PERSON = {"login": "zhou", "name": "周强", "roles": ["technician"], "areas": ["城东"], "badge": "7", "title": "维修员"}
MOVED = {"from": "2026-03-02T14:00:00+08:00", "to": "2026-03-02T15:00:00+08:00", "reason": "改"}
ENTRY = said("09:00", "agreed_by_phone", by="dispatcher")
CALL = {"called": "陶女士 13800000000", "text": "我们明天上午来。"}
CREATIONS: list[tuple[str, str, str, Any]] = [
    ("zhao", "PUT", f"/v1/visits/{VISIT}", a_plan()),
    ("li", "PUT", f"/v1/records/{RECORD}", record()),
    ("zhao", "PUT", f"/v1/visits/{VISIT}/window", MOVED),
    ("zhao", "PUT", f"/v1/visits/{VISIT}/technician", {"technician": "sun"}),
    (
        "zhao",
        "PUT",
        f"/v1/visits/{VISIT}/details",
        {"reason": "错", "customer": {"name": "陶"}},
    ),
    ("zhao", "PUT", f"/v1/visits/{VISIT}/cancellation", {"reason": "客户取消"}),
    ("zhao", "PUT", f"/v1/visits/{VISIT}/notice-calls/{uid('call')}", CALL),
    ("zhao", "POST", f"/v1/visits/{VISIT}/notice", {"channel": "sms", "id": str(uid("notice"))}),
    ("wang", "PUT", f"/v1/visits/{VISIT}/assignee", {"person": "wang"}),
    ("admin", "POST", "/v1/people", PERSON),
    ("admin", "PUT", "/v1/people/li/card", {"name": "李强", "badge": "1", "title": "维修员"}),
    ("admin", "PUT", "/v1/people/li/departure", {"reason": "退休"}),
]


@pytest.mark.parametrize(("who", "method", "path", "content"), CREATIONS)
async def test_a_repetition_changes_nothing(world: World, who: str, method: str, path: str, content: Any) -> None:
    set_up(world.ctx, "08:00")
    if path != f"/v1/visits/{VISIT}":
        await world.plan()
    first = await world.ask(who, method, path, content, if_match='"0"')
    assert first.status_code < 300, first.text
    again = await world.ask(who, method, path, content, if_match='"0"')
    assert again.status_code < 300, again.text
    ours = {
        name: value for name, value in first.json().items() if name in ("id", "revision", "record", "login", "about")
    }
    assert ours == {name: again.json()[name] for name in ours}
    await world.ask("wang", "GET", f"/v1/visits/{VISIT}/history")  # a first look is noted in it
    history = await world.ask("wang", "GET", f"/v1/visits/{VISIT}/history")
    third = await world.ask(who, method, path, content, if_match='"0"')
    assert third.status_code < 300
    assert (await world.ask("wang", "GET", f"/v1/visits/{VISIT}/history")).json() == history.json()


async def test_a_person_is_added_once(world: World) -> None:
    codes = {(await world.ask("admin", "POST", "/v1/people", PERSON)).json()["code"] for _ in range(3)}
    assert len(codes) == 3  # the newest is good
    for other in ({"name": "周"}, {"roles": ["dispatcher"]}, {"areas": []}, {"badge": ""}):
        answer = await world.ask("admin", "POST", "/v1/people", PERSON | other)
        assert problem(answer) == (409, "login-taken")
    await with_password(world, "zhou")
    assert problem(await world.ask("admin", "POST", "/v1/people", PERSON)) == (409, "login-taken")


def limits() -> list[type[Problem]]:
    return [one for one in Problem.__subclasses__() if one.status in (429, 503, 507)]


@pytest.mark.parametrize("limit", limits(), ids=lambda limit: limit.code)
def test_every_limit_says_what_frees_it(limit: type[Problem]) -> None:
    assert re.search("稍后|联系|请先", limit.title_zh)
    assert re.search("later|tell|submit", limit.title_en)
    assert re.search("保留|请先", limit.title_zh)  # nothing that was written is lost
    if limit.status == 429 and limit is not errors.TooManyRequests:
        assert f"`{limit.code}`" in OPERATIONS.partition("## Limits of a visit")[2].partition("## Another origin")[0]


def test_every_operation_with_a_limit_sends_when_to_come_again() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            for status in {"429", "503", "507"} & operation["responses"].keys():
                answer = operation["responses"][status]
                if "application/problem+json" in answer["content"]:
                    assert "Retry-After" in answer["headers"], (method, path, status)
