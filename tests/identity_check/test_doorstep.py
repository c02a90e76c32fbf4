"""The doorstep check: a code that changes, a green page or a red one, and the customer's word for it."""

import hmac
from base64 import b32encode
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from service.messages import worker
from service.visits import door_code
from tests.support.api_client import VISIT, World, problem, record
from tests.support.customer import Customer, confirmation_link, visit_entries
from tests.support.doorstep import doorstep_path, doorstep_ticket
from tests.support.factories import uid
from tests.support.fake_gateway import Post, set_up, stand
from tests.support.pictures import picture

PATH = f"/v1/visits/{VISIT}/doorstep"


@pytest.fixture
async def post(world: World) -> Post:
    """A visit at nine, and it is five past."""
    made = set_up(world.ctx, "08:00")
    await world.plan()
    await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/notice", {"channel": "sms"})
    stand(world.ctx, "09:05")
    return made


async def shown(world: World) -> dict[str, Any]:
    answer = await world.ask("li", "GET", PATH)
    assert answer.status_code == 200
    return answer.json()


async def test_a_genuine_code_shows_who_he_is_and_the_word_of_the_notice(world: World, post: Post) -> None:
    code = await shown(world)
    before = (await world.client.get(doorstep_path(code))).text
    assert "是我们的工作人员" in before
    for part in (code["word"], "口令"):  # he was told none yet: it would only frighten him
        assert part not in before
    assert "不是同一个人？请不要开门" in before
    assert await visit_entries(world) == []  # a preview robot looks, and writes nothing
    await worker.deliver_due(world.ctx)
    assert code["word"] in post.letters[-1].text
    page = await world.client.get(doorstep_path(code))
    assert page.status_code == 200
    for part in ("是我们的工作人员", "李", "检修漏水", code["word"], "口令不一样"):
        assert part in page.text


@pytest.mark.parametrize("added", ["。", "，请看", "）", "%20", ".", "/", "%E3%80%82", "%E2%80%8B"])
@pytest.mark.parametrize("capitals", [False, True])
async def test_a_link_is_read_as_a_messenger_passes_it_on(sqlite_world: World, added: str, capitals: bool) -> None:
    world = sqlite_world
    set_up(world.ctx, "08:00")
    await world.plan()
    stand(world.ctx, "09:05")
    path = doorstep_path(await shown(world))
    code = path.removeprefix("/d/").removesuffix("/")
    page = await world.client.get(f"/d/{code.upper() if capitals else code}{added}")
    assert (page.status_code, "是我们的工作人员" in page.text) == (200, True)
    assert f"/d/{code}" in page.text  # the form goes to the plain address


async def test_a_word_that_no_message_told_is_not_asked_about(world: World, post: Post) -> None:
    text = {"channel": "sms", "text": "明天上门检修漏水，请留人。{link}"}
    await world.plan(uid("plain"))
    assert (await world.ask("zhao", "POST", f"/v1/visits/{uid('plain')}/notice", text)).status_code == 201
    await worker.deliver_due(world.ctx)
    code = (await world.ask("li", "GET", f"/v1/visits/{uid('plain')}/doorstep")).json()
    assert "口令" not in (await world.client.get(doorstep_path(code))).text


async def test_the_button_writes_that_the_id_was_shown_once(world: World, post: Post) -> None:
    code = await shown(world)
    given = doorstep_ticket((await world.client.get(doorstep_path(code))).text)
    stand(world.ctx, "09:10")  # he reads slowly; the code itself is long past
    assert (await world.client.get(doorstep_path(code))).status_code == 410
    for _ in range(2):  # also when he reloads
        done = await world.client.post(doorstep_path(code), data={"ticket": given})
        assert (done.status_code, done.headers["location"]) == (303, doorstep_path(code))
    after = await world.client.get(doorstep_path(code))
    assert "已确认过" in after.text
    for part in (
        "不是真的",
        "是我们的工作人员",
        'action="/d/',
        'src="/d/',
    ):  # it proves nothing more, and denies nothing
        assert part not in after.text
    (entry,) = await visit_entries(world)
    assert (entry["what"], entry["by"], entry["via"]) == ("id_shown", "customer", "scan")
    assert entry["evidence"] == [{"kind": "customer_confirm"}]
    assert (await shown(world))["confirmed_at"]


async def test_the_browser_that_confirmed_is_thanked_and_every_other_one_is_warned(world: World, post: Post) -> None:
    first = doorstep_path(await shown(world))
    given = doorstep_ticket((await world.client.get(first)).text)
    done = await world.client.post(first, data={"ticket": given})
    cookie = done.headers["set-cookie"]
    assert "; Secure; HttpOnly; SameSite=Lax; Max-Age=900" in cookie
    own = {"cookie": cookie.partition(";")[0]}
    world.client.cookies.clear()
    seen = (await world.client.get(first, headers=own)).text
    assert "您已确认：李" in seen
    assert "是我们的工作人员" not in seen  # it proves nothing more
    for other in ({}, {"cookie": "__Host-doorstep-door=x"}, {"cookie": "__Host-doorstep-door=" + "0" * 64}):
        assert "如果不是您确认的，请不要开门" in (await world.client.get(first, headers=other)).text
    stand(world.ctx, "09:06")
    later = doorstep_path(await shown(world))
    assert "是我们的工作人员" in (await world.client.get(later, headers=own)).text  # it is for that code alone


async def test_an_old_code_proves_nothing_and_accuses_nobody(world: World, post: Post) -> None:
    code = doorstep_path(await shown(world))
    for time in ("09:07", "09:03"):  # too old, or of a time to come
        stand(world.ctx, time)
        answer = await world.client.get(code)
        assert answer.status_code == 410
        assert "这个码已过期" in answer.text
        for part in ("不是真的", "是我们的工作人员", "李", 'name="ticket"'):
            assert part not in answer.text
        assert (await world.client.get(f"{code}/who")).status_code in (404, 410)
    stand(world.ctx, "09:05")
    assert "是我们的工作人员" in (await world.client.get(code)).text


async def test_forged_and_strangers_codes_are_red(world: World, post: Post) -> None:
    code = doorstep_path(await shown(world))
    key = bytes(32)
    step = door_code.time_step(world.ctx.clock())
    forged = door_code.write(door_code.phone_key(key, VISIT, "li"), VISIT, step)
    for wrong in (f"/d/{forged}", f"{code[:-1]}{'a' if code[-1] != 'a' else 'b'}", "/d/x", f"/d/{'=' * 48}"):
        answer = await world.client.get(wrong)
        assert answer.status_code == 404
        assert "不是真的" in answer.text
        assert "021-96000" in answer.text
        assert (await world.client.post(wrong, data={"ticket": "1.00"})).status_code in (404, 429)
    assert await visit_entries(world) == []


async def test_without_having_opened_the_page_in_time_nothing_is_written(world: World, post: Post) -> None:
    code = await shown(world)
    for wrong in ("", "1", "x.y", f"{world.ctx.clock()}.00", "9" * 40 + ".00"):
        answer = await world.client.post(doorstep_path(code), data={"ticket": wrong})
        assert (answer.status_code, answer.headers["location"]) == (303, doorstep_path(code))
    given = doorstep_ticket((await world.client.get(doorstep_path(code))).text)
    stand(world.ctx, "09:21")
    assert (await world.client.post(doorstep_path(code), data={"ticket": given})).status_code == 303
    assert await visit_entries(world) == []


async def test_the_technicians_own_browser_confirms_nothing(world: World, post: Post) -> None:
    code = await shown(world)
    given = doorstep_ticket((await world.client.get(doorstep_path(code))).text)
    own = {"cookie": "__Host-doorstep=his"}
    assert (await world.client.post(doorstep_path(code), data={"ticket": given}, headers=own)).status_code == 403
    assert await visit_entries(world) == []


async def test_a_scan_on_the_technicians_network_says_so(world: World, post: Post) -> None:
    enrolment = await world.ask("wang", "POST", "/v1/enrolments", {"person": "li"})
    made = await world.ask(None, "POST", "/v1/devices", {"code": enrolment.json()["code"], "name": "李的手机"})
    his = {"authorization": f"Bearer {made.json()['token']}"}
    near, far = (Customer(world, post, "", VISIT, address).client for address in ("192.0.2.44", "192.0.2.45"))
    assert (await near.get("/v1/me", headers=his)).status_code == 200
    told = []
    for minute, client in enumerate((near, far), 6):
        stand(world.ctx, f"09:{minute:02}")
        code = doorstep_path(await shown(world))
        given = doorstep_ticket((await client.get(code)).text)
        assert (await client.post(code, data={"ticket": given})).status_code == 303
        told.append([piece["kind"] for piece in (await visit_entries(world))[-1]["evidence"]])
    assert told == [["customer_confirm", "text"], ["customer_confirm"]]


async def test_only_who_goes_there_gets_a_code_and_only_around_the_time(world: World, post: Post) -> None:
    assert problem(await world.ask("sun", "GET", PATH)) == (404, "not-found")
    assert problem(await world.ask("zhao", "GET", PATH)) == (403, "not-allowed")
    stand(world.ctx, "06:00")
    assert problem(await world.ask("li", "GET", PATH)) == (409, "not-now")


async def test_codes_change_every_half_minute_and_live_one_step_longer(world: World, post: Post) -> None:
    first = await shown(world)
    stand(world.ctx, "09:05:31")
    second = await shown(world)
    assert first["url"] != second["url"]
    assert (await world.client.get(doorstep_path(first))).status_code == 200
    stand(world.ctx, "09:06:01")
    assert (await world.client.get(doorstep_path(first))).status_code == 410


async def test_a_phone_makes_the_same_codes_without_the_network(world: World, post: Post) -> None:
    agenda = (await world.ask("li", "GET", "/v1/agenda")).json()
    own = agenda["door_keys"][str(VISIT)]
    code = await shown(world)
    step = (world.ctx.clock() // 30_000).to_bytes(4, "big")
    content = VISIT.bytes + step  # as docs/device.md says
    mac = hmac.digest(bytes.fromhex(own["key"]), content, "sha256")[:10]
    assert code["url"].endswith("/d/" + b32encode(content + mac).decode().lower())
    assert own["word"] == code["word"]
    stand(world.ctx, own["closes_at"][11:16])
    assert (await world.ask("li", "GET", PATH)).status_code == 200
    stand(world.ctx, "22:01")
    assert problem(await world.ask("li", "GET", PATH)) == (409, "not-now")
    handed = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/technician", {"technician": "sun"}, if_match='"0"')
    assert handed.status_code == 200
    assert (await world.ask("li", "GET", "/v1/agenda")).json()["door_keys"] == {}


async def test_who_handed_the_visit_over_is_no_longer_genuine(world: World, post: Post) -> None:
    code = await shown(world)
    handed = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/technician", {"technician": "sun"}, if_match='"0"')
    assert handed.status_code == 200
    assert (await world.client.get(doorstep_path(code))).status_code == 404
    new = (await world.ask("sun", "GET", PATH)).json()
    assert "孙" in (await world.client.get(doorstep_path(new))).text


async def test_badge_and_title_are_on_the_green_page_and_in_the_notice(world: World, post: Post) -> None:
    await world.ask("admin", "PUT", "/v1/people/li/card", {"name": "李", "badge": "工 0042", "title": "维修员"})
    html = (await world.client.get(doorstep_path(await shown(world)))).text
    assert "工 0042" in html
    assert "维修员 李" in html
    offer = (await world.ask("zhao", "GET", f"/v1/visits/{VISIT}/notice")).json()
    assert "维修员李（工 0042）" in offer["text"]


async def test_the_photo_on_his_id_card_is_on_the_green_page_while_the_code_is_fresh(world: World, post: Post) -> None:
    code, face = await shown(world), picture(7, size=(900, 1200), exif=b"Exif\0\0secret")
    assert (await world.client.get(f"{doorstep_path(code)}/who")).status_code == 404  # he has none yet
    assert "/who" not in (await world.client.get(doorstep_path(code))).text
    for _ in range(2):
        given = await world.ask("admin", "PUT", "/v1/people/li/photo", face, content_type="image/jpeg")
        assert given.status_code == 204
    page = await world.client.get(doorstep_path(code))
    assert f'src="{doorstep_path(code)}/who"' in page.text
    assert "img-src 'self'" in page.headers["content-security-policy"]
    seen = await world.client.get(f"{doorstep_path(code)}/who")
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/jpeg")
    with Image.open(BytesIO(seen.content)) as small:
        assert small.size == (360, 480)
    assert b"secret" not in seen.content
    token = post.token if post.letters else (await confirmation_link(world))
    assert (await world.client.get(f"/c/{token}/who")).content == seen.content
    stand(world.ctx, "09:20")
    assert (await world.client.get(f"{doorstep_path(code)}/who")).status_code == 404
    assert (await world.client.get("/d/guess/who")).status_code == 404


async def test_only_an_admin_sets_a_photo_and_only_a_photo_is_taken(world: World, post: Post) -> None:
    for who, status in (("li", 403), ("zhao", 403), ("wang", 403)):
        answer = await world.ask(who, "PUT", "/v1/people/li/photo", picture(), content_type="image/jpeg")
        assert answer.status_code == status
    svg = await world.ask("admin", "PUT", "/v1/people/li/photo", b"<svg/>", content_type="image/svg+xml")
    assert problem(svg) == (415, "not-photo")
    nobody = await world.ask("admin", "PUT", "/v1/people/nobody/photo", picture(), content_type="image/jpeg")
    assert problem(nobody) == (404, "not-found")


async def test_a_genuine_technician_of_a_cancelled_visit_is_told_apart_from_a_stranger(
    world: World, post: Post
) -> None:
    code = await shown(world)
    given = doorstep_ticket((await world.client.get(doorstep_path(code))).text)
    gone = await world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/cancellation", {"reason": "客户退单"}, if_match='"0"')
    assert gone.status_code == 200
    page = await world.client.get(doorstep_path(code))
    assert page.status_code == 200
    for part in ("来人是我们的工作人员，但这次上门已取消", "李", "请先不要开门，请拨打热线"):
        assert part in page.text
    assert 'name="ticket"' not in page.text
    assert (
        await world.client.get(f"{doorstep_path(code)[:-1]}{'a' if doorstep_path(code)[-1] != 'a' else 'b'}")
    ).status_code == 404
    done = await world.client.post(doorstep_path(code), data={"ticket": given})
    assert (done.status_code, done.headers["location"]) == (303, doorstep_path(code))
    assert await visit_entries(world) == []  # nobody was to come, and nothing was confirmed
    assert problem(await world.ask("li", "GET", PATH)) == (409, "not-now")
    stand(world.ctx, "09:21")  # the code has expired
    assert (await world.client.get(doorstep_path(code))).status_code == 410


async def unplanned(world: World) -> None:
    set_up(world.ctx, "08:00")
    await world.plan(window=None, assigned={"appointment_exempt": True}, exempt_reason="抢修")


def later(world: World, **by: float) -> None:
    stand(world.ctx, world.ctx.now() + timedelta(**by))


async def test_without_a_window_a_code_ends_half_a_day_after_the_first_record(world: World) -> None:
    await unplanned(world)
    await shown(world)
    later(world, days=3)  # he comes when he comes
    await shown(world)
    assert (await world.submit(record())).status_code == 201
    later(world, hours=11.9)
    await shown(world)
    later(world, hours=0.2)
    assert problem(await world.ask("li", "GET", PATH)) == (409, "not-now")


async def test_without_a_window_and_without_a_record_it_ends_after_thirty_days(world: World) -> None:
    await unplanned(world)
    later(world, days=29.9)
    await shown(world)
    later(world, days=0.2)
    assert problem(await world.ask("li", "GET", PATH)) == (409, "not-now")


def test_the_two_words_differ_and_those_that_differed_stay() -> None:
    key, twice = b"k" * 32, 0
    for number in range(2000):
        visit = UUID(int=number)
        mac = hmac.digest(key, b"word\0" + visit.bytes + b"\0\0" + b"0", "sha256")
        first, second = door_code.verification_words(key, visit).split(" ")
        assert first != second
        words = door_code._WORDS  # pyright: ignore[reportPrivateUsage]
        assert first == words[mac[0] % 64]
        twice += words[mac[1] % 64] != second
    assert 10 < twice < 100  # one in 64 would have been the same word twice
