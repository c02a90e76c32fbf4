"""A customer did not write the address of a page: whatever was added to it, the page is shown, in their language."""

import pytest

from tests.support.api_client import VISIT, World, record
from tests.support.desk import signed_in

MANY = "&".join(f"a{number}=1" for number in range(60))
ADDED = [
    MANY,
    f"{MANY}&step=sign",
    "step=x",
    "step=sign&step=rate",
    "step=%00",
    "step=%ff",
    f"step={'x' * 300}",
    "%",
    "lang=&;=&&",
]
LANGUAGES = {"zh": "zh-CN", "en": "en"}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_pages_outside_of_the_desk_are_shown(sqlite_world: World, language: str) -> None:
    world = sqlite_world
    await world.plan()
    await world.submit(record())
    link = (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")).json()["token"]
    code = (await world.ask("li", "GET", f"/v1/visits/{VISIT}/doorstep")).json()["url"].rpartition("/")[2]
    for path in (f"/c/{link}", "/c/x", f"/d/{code}", "/d/x", "/privacy", "/invitation", "/enrol", "/phone", "/"):
        plain = await world.client.get(path, headers={"accept-language": language})
        for added in ADDED:
            page = await world.client.get(f"{path}?{added}", headers={"accept-language": language})
            assert page.status_code == plain.status_code, (path, added)
            assert page.headers["content-type"] == "text/html; charset=utf-8"
            assert f'lang="{LANGUAGES[language]}"' in page.text


async def test_at_the_desk_a_page_says_that_the_address_cannot_be_read(sqlite_world: World) -> None:
    desk = await signed_in(sqlite_world, "wang")
    for path in ("/desk/today", "/desk/queue", "/desk/duties"):
        page = await desk.get(f"{path}?{MANY}")
        assert (page.status_code, page.headers["content-type"]) == (400, "text/html; charset=utf-8")
        assert "地址里的查询条件看不懂" in page.text


async def test_the_interface_names_a_parameter_that_it_does_not_know(sqlite_world: World) -> None:
    answer = await sqlite_world.ask("zhao", "GET", f"/v1/visits?{MANY}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-query")
