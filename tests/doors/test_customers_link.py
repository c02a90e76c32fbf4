"""What a customer types or draws is read as it is meant, by JSON and by the forms of the page."""

from base64 import b64encode
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageDraw

from service.messages import worker
from tests.support.api_client import VISIT, World, problem
from tests.support.customer import SIGNER, example_customer
from tests.support.customer_browser import Visitor
from tests.support.fake_gateway import set_up


def png(mode: str, size: tuple[int, int], ground: Any, pen: Any = None) -> str:
    """A PNG of one colour, and with a line if there is a pen."""
    image = Image.new(mode, size, ground)
    if pen is not None:
        ImageDraw.Draw(image).line([(20, 20), (200, 80), (280, 30)], fill=pen, width=3)
    out = BytesIO()
    image.save(out, "PNG")
    return b64encode(out.getvalue()).decode()


SIZE = (300, 100)
BLANK = {
    "transparent": png("RGBA", SIZE, (0, 0, 0, 0)),
    "white": png("L", SIZE, 255),
    "black": png("L", SIZE, 0),
    "a colour": png("RGB", SIZE, (12, 80, 200)),
    "one pixel": png("L", (1, 1), 0),
    "white on nothing": png("RGBA", SIZE, (0, 0, 0, 0), (255, 255, 255, 255)),
    "black but transparent": png("LA", SIZE, (0, 0)),
    "almost white": png("L", SIZE, 255, 250),
}
DRAWN = {
    "black on white": png("L", SIZE, 255, 0),
    "black on nothing": png("RGBA", SIZE, (0, 0, 0, 0), (0, 0, 0, 255)),
    "blue on nothing": png("RGBA", SIZE, (255, 255, 255, 0), (20, 40, 160, 255)),
    "white on black": png("RGB", SIZE, (0, 0, 0), (255, 255, 255)),
    "one bit": png("1", SIZE, 1, 0),
}


async def test_who_draws_nothing_has_not_signed(world: World) -> None:
    tao = await example_customer(world, "S04")
    await tao.enters()
    for name, picture in BLANK.items():
        answer = await tao.says(signature={**SIGNER, "png": picture, **await tao.digest()})
        assert problem(answer) == (422, "unreadable-signature"), name
        assert " / " in answer.json()["detail"]
    assert problem(await tao.signs(strokes=[[]])) == (422, "unreadable-signature")


@pytest.mark.parametrize("name", DRAWN)
async def test_whatever_can_be_seen_is_a_signature(world: World, name: str) -> None:
    tao = await example_customer(world, "S04")
    await tao.enters()
    answer = await tao.says(signature={**SIGNER, "png": DRAWN[name], **await tao.digest()})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("signer", ["\u200b\u200b", "\u3164", "\u2800 \u00a0", "\u115f", "\u202d", "\ufeff"])
async def test_nobody_signs_who_cannot_be_seen(world: World, signer: str) -> None:
    tao = await example_customer(world, "S04")
    await tao.enters()
    answer = await tao.signs(signer=signer)
    assert problem(answer) == (422, "invalid-body")
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [("/signature/signer", "missing")]
    for words in ({"refused": {"reason": signer}}, {"raises": [{"fact": "property_damaged", "text": signer}]}):
        assert (await tao.says(**words)).status_code == 422


async def test_a_name_is_kept_without_what_nobody_can_see(world: World) -> None:
    tao = await example_customer(world, "S04")
    await tao.enters()
    assert (await tao.signs(signer="陶\u200b先生\u3000")).status_code == 200
    (signature,) = [one["signature"] for one in (await tao.whole())["statements"] if one["signature"]]
    assert signature["signer"] == "陶先生"


def as_typed(code: str) -> list[str]:
    """A code as people and phones write it."""
    wide = code.translate({ord("0") + n: 0xFF10 + n for n in range(10)})
    return [wide, f"{code[:3]} {code[3:]}", f"{code[:3]}-{code[3:]}", f" {code}\n", f"{code[:3]}\u200b{code[3:]}"]


@pytest.mark.parametrize("way", range(5))
async def test_the_right_code_is_right_however_it_is_typed(world: World, way: int) -> None:
    tao = await example_customer(world, "S04")
    code = await tao.code()
    answer = await tao.ask("PUT", "/code", {"code": as_typed(code)[way]})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("way", range(5))
async def test_so_is_it_in_the_form_of_the_page(world: World, way: int) -> None:
    visitor = Visitor(await example_customer(world, "S04"))
    code = await visitor.code()
    await visitor.done("code-entry", {"code": as_typed(code)[way]})


@pytest.mark.parametrize("phone", ["", "abc", "#N/A", "0571-88881234", "1380013800", "微信 tao", "无"])
async def test_no_code_goes_where_no_text_message_can_arrive(world: World, phone: str) -> None:
    set_up(world.ctx, "08:00")
    customer = {"name": "陶", "phone": phone, "address": "虚构路 1 号", "account": "1001"}
    await world.plan(customer=customer)
    token = (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")).json()["token"]
    assert problem(await world.ask(None, "POST", f"/v1/confirmations/{token}/code")) == (409, "code-not-sent")


@pytest.mark.parametrize(
    "phone",
    [
        "１３８００１３８０００",
        "+86 138-0013-8000",
        "0571-88881234 / 13800138000",
        "13800138000.0",
        "\u202d13800138000",
    ],
)
async def test_a_code_goes_to_the_mobile_that_is_meant(world: World, phone: str) -> None:
    post = set_up(world.ctx, "08:00")
    customer = {"name": "陶", "phone": phone, "address": "虚构路 1 号", "account": "1001"}
    await world.plan(customer=customer)
    token = (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")).json()["token"]
    answer = await world.ask(None, "POST", f"/v1/confirmations/{token}/code")
    assert answer.json()["to"] == "138****8000"

    await worker.deliver_due(world.ctx)
    assert post.letters[-1].to == "13800138000"


async def test_what_apps_add_to_a_link_leads_to_the_same_page(sqlite_world: World) -> None:
    tao = await example_customer(sqlite_world, "S04")
    path = f"/c/{tao.token}"
    shown = await sqlite_world.client.get(path)
    added = ("?from=singlemessage&isappinstalled=0", "?utm_source=%C4%E3", "。", ".", "%E2%80%8B", "，请")
    for address in (*(path + one for one in added), f"/c/{tao.token.upper()}"):
        answer = await sqlite_world.client.get(address)
        assert answer.status_code == shown.status_code == 200, address
        assert (tao.token in answer.text) == (tao.token in shown.text), address
    for page in ("/", "/sign-in", "/enrol", "/invitation", "/phone", "/privacy"):
        assert (await sqlite_world.client.get(f"{page}?source=pwa")).status_code == 200, page
    assert (await sqlite_world.ask("zhao", "GET", "/v1/visits?source=pwa")).status_code == 400


@pytest.mark.parametrize("strokes", [[[[10, 10]]], [[[10, 10]] * 20], [[[10, 10], [11, 10]]]])
async def test_a_tap_is_no_signature(sqlite_world: World, strokes: Any) -> None:
    tao = await example_customer(sqlite_world, "S04")
    await tao.enters()
    assert problem(await tao.signs(strokes=strokes)) == (422, "unreadable-signature")
    dot = Image.new("L", SIZE, 255)
    ImageDraw.Draw(dot).ellipse((10, 10, 14, 14), fill=0)
    out = BytesIO()
    dot.save(out, "PNG")
    signed = {**SIGNER, "png": b64encode(out.getvalue()).decode(), **await tao.digest()}
    assert problem(await tao.says(signature=signed)) == (422, "unreadable-signature")
