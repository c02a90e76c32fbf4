"""The demonstration's addresses sign somebody in; without them, there is no such address."""

import httpx

from service.app import create_app
from service.demo.sign_in import with_demo_sign_in
from tests.support.api_client import World
from tests.support.factories import TOKENS


async def test_an_address_signs_one_person_in_and_exists_only_in_the_demonstration(world: World):
    plain = create_app(world.ctx, 2**20)
    app = with_demo_sign_in(plain, world.ctx, {"right": "zhao", "technician": "li"}, TOKENS["admin"])
    base = "http://doorstep.test"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base) as client:  # type: ignore[arg-type]
        assert (await client.get("/demo/wrong")).status_code == 404
        assert (await client.post("/demo/right")).status_code == 404
        assert (await client.get("/demo/")).status_code == 404
        done = await client.get("/demo/right")
        assert (done.status_code, done.headers["location"]) == (303, "/desk")
        cookie = done.headers.get_list("set-cookie")[0].partition(";")[0]
        me = await client.get("/v1/me", headers={"cookie": cookie})
        assert me.json()["login"] == "zhao"
        phone = await client.get("/demo/technician/phone")
        page, _, code = phone.headers["location"].partition("#")
        assert (phone.status_code, page.endswith("/enrol")) == (303, True)
        enrolled = await client.post("/v1/devices", json={"code": code, "name": "手机"})
        assert (enrolled.status_code, enrolled.json()["person"]["login"]) == (201, "li")
        assert (await client.get("/demo/right/phone")).headers["location"] == "/desk"
        assert (await client.get("/demo/wrong/phone")).status_code == 404
    assert (await world.client.get("/demo/right")).status_code == 404
