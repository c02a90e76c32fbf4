"""A page has one language: the one that was chosen, else the one that the browser asks for, else Chinese."""

import httpx
import pytest

from tests.support.api_client import World

GONE = f"/c/{'a' * 26}"
CHINESE, ENGLISH = "这个链接无效或已失效", "This link is not valid, or no longer"


@pytest.mark.parametrize(
    ("accept", "cookie", "tag"),
    [
        ("", "", "zh-CN"),
        ("fr", "", "zh-CN"),
        ("en-GB,en;q=0.9", "", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "", "zh-CN"),
        ("fr,en;q=0.5", "", "en"),
        ("en;q=0,zh;q=0.1", "", "zh-CN"),
        ("en;q=x", "", "zh-CN"),
        ("zh", "en", "en"),
        ("en", "zh", "zh-CN"),
        ("en", "fr", "en"),
    ],
)
async def test_the_language_of_a_page(small_world: World, accept: str, cookie: str, tag: str) -> None:
    headers = {"accept-language": accept} | ({"cookie": f"__Host-doorstep-language={cookie}"} if cookie else {})
    page = await small_world.client.get(GONE, headers=headers)
    assert page.headers["content-language"] == tag
    assert {"accept-language", "cookie"} <= {one.strip() for one in page.headers["vary"].split(",")}
    assert f'<html lang="{tag}">' in page.text
    said, other = (ENGLISH, CHINESE) if tag == "en" else (CHINESE, ENGLISH)
    assert said in page.text
    assert other not in page.text


async def switched(world: World, **fields: str) -> httpx.Response:
    return await world.client.post("/language", data=fields)


async def test_a_switch_is_remembered_and_leads_back(small_world: World) -> None:
    answer = await switched(small_world, language="en", back=GONE)
    assert (answer.status_code, answer.headers["location"]) == (303, GONE)
    assert answer.headers["set-cookie"].startswith(
        "__Host-doorstep-language=en; Path=/; Secure; HttpOnly; SameSite=Lax"
    )
    cookie = answer.headers["set-cookie"].partition(";")[0]
    page = await small_world.client.get(GONE, headers={"cookie": cookie, "accept-language": "zh"})
    assert ENGLISH in page.text


@pytest.mark.parametrize(
    "back",
    ["", "c/x", "//evil.example", "/\\evil.example", "https://evil.example", "/c/x?y", "/c/x\r\nset-cookie: a=b", "/ü"],
)
async def test_a_switch_leads_to_no_other_site(small_world: World, back: str) -> None:
    answer = await switched(small_world, language="en", back=back)
    assert answer.status_code == 422
    assert "location" not in answer.headers
    assert "set-cookie" not in answer.headers


async def test_a_switch_knows_two_languages(small_world: World) -> None:
    assert (await switched(small_world, language="fr", back=GONE)).status_code == 422


async def test_a_page_of_a_strange_address_can_be_switched_too(small_world: World) -> None:
    page = await small_world.client.get("/c/%22%3E%E4%BD%A0~")
    back = page.text.partition('name="back" value="')[2].partition('"')[0]
    assert back == "/c/%22%3E%E4%BD%A0~"
    assert (await switched(small_world, language="en", back=back)).headers["location"] == back
