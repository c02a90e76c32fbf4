"""A code that was printed or sent keeps working when a newer one is issued, until one of them is used.

Somebody holds the older one: the admin pressed twice, the answer was lost, the sheet was printed before.
"""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from service.accounts.credentials import MAX_CODES
from tests.support.api_client import World, problem
from tests.support.browser import PASSWORD, later
from tests.support.devices import enrolment_code

UNKNOWN = (404, "unknown-code")
Issue = Callable[[World], Awaitable[str]]
Use = Callable[[World, str], Awaitable[httpx.Response]]


async def invite(world: World, **more: bool) -> str:
    answer = await world.ask("admin", "POST", "/v1/invitations", {"person": "li", **more})
    code: str = answer.json()["code"]
    return code


async def set_password(world: World, code: str) -> httpx.Response:
    return await world.ask(None, "PUT", f"/v1/invitations/{code}/password", {"password": PASSWORD})


async def enrol(world: World, code: str) -> httpx.Response:
    return await world.ask(None, "POST", "/v1/devices", {"code": code, "name": "手机"})


KINDS = {"invitation": (invite, set_password), "enrolment": (enrolment_code, enrol)}
each_kind = pytest.mark.parametrize(("issue", "use"), KINDS.values(), ids=KINDS)


@each_kind
async def test_an_earlier_code_works_until_one_is_used(world: World, issue: Issue, use: Use):
    codes = [await issue(world) for _ in range(3)]
    assert (await use(world, codes[1])).is_success
    for code in codes:
        assert problem(await use(world, code)) == UNKNOWN
    assert (await use(world, await issue(world))).is_success  # a new one is good


@each_kind
async def test_of_too_many_codes_the_oldest_expire(world: World, issue: Issue, use: Use):
    codes = []
    for _ in range(MAX_CODES + 1):
        codes.append(await issue(world))
        later(world, seconds=1)
    assert problem(await use(world, codes[0])) == UNKNOWN
    assert (await use(world, codes[1])).is_success


@each_kind
async def test_of_two_codes_used_at_once_one_counts(world: World, issue: Issue, use: Use):
    codes = [await issue(world) for _ in range(4)]
    answers = await asyncio.gather(*(use(world, code) for code in codes))
    assert sorted(answer.is_success for answer in answers) == [False, False, False, True]


@each_kind
async def test_all_codes_end_with_a_departure(world: World, issue: Issue, use: Use):
    codes = [await issue(world) for _ in range(2)]
    await world.ask("admin", "PUT", "/v1/people/li/departure", {"reason": "退休"})
    for code in codes:
        assert problem(await use(world, code)) == UNKNOWN


async def test_a_reset_ends_the_invitations_before_it(world: World):
    before, after = await invite(world), await invite(world, reset=True)
    assert problem(await set_password(world, before)) == UNKNOWN
    assert (await set_password(world, after)).is_success


async def test_a_code_that_was_used_ends_no_code_of_another_kind_or_person(world: World):
    others = await enrolment_code(world), await enrolment_code(world, "sun")
    assert (await set_password(world, await invite(world))).is_success
    for code in others:
        assert (await enrol(world, code)).is_success
