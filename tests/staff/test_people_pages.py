"""The desk's pages of people: who sees whom, and what an admin changes."""

import pytest

from tests.support.api_client import World
from tests.support.browser import PASSWORD
from tests.support.desk import DeskBrowser, field_of, signed_in, text_of
from tests.support.devices import register_phone

SURE = {"sure": "yes"}
"""What is ticked before something that cannot be undone."""


@pytest.fixture
async def admin(world: World) -> DeskBrowser:
    return await signed_in(world, "admin")


NEW = {"login": "zhou", "name": "周强", "badge": "0042", "title": "维修员", "role:technician": "on", "areas": "城东"}


async def test_everybody_sees_only_the_people_they_may(world: World, admin: DeskBrowser):
    for login, seen, unseen in (("zhao", "/desk/people/li", "/desk/people/qian"), ("qian", "/qian", "/desk/people/li")):
        page = await (await signed_in(world, login)).get("/desk/people")
        assert page.status_code == 200
        assert (seen in page.text, unseen in page.text, "/desk/people/new" in page.text) == (True, False, False)
    assert "/desk/people/new" in (await admin.get("/desk/people")).text
    assert (await (await signed_in(world, "li")).get("/desk/people")).status_code == 403
    assert (await (await signed_in(world, "qian")).get("/desk/people/li")).status_code == 404


async def test_an_admin_adds_a_person_and_hands_over_the_invitation(world: World, admin: DeskBrowser):
    done = await admin.post("/desk/people/new", NEW)
    assert done.status_code == 200, done.text
    code = done.text.partition("/invitation#")[2].partition("<")[0]
    answer = await world.ask(None, "PUT", f"/v1/invitations/{code}/password", {"password": PASSWORD})
    assert answer.json() == {"login": "zhou", "name": "周强"}
    again = await admin.post("/desk/people/new", NEW)
    assert (again.status_code, "这个登录名已被使用" in again.text) == (409, True)
    assert (field_of(again, "name"), 'name="role:technician" checked' in again.text) == ("周强", True)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"login": "a b"}, "登录名：1 至 64 个字符"),
        ({"role:technician": "on", "areas": "城东、城西"}, "只能有一个片区"),
    ],
)
async def test_the_form_says_what_is_wrong(admin: DeskBrowser, fields: dict[str, str], words: str):
    page = await admin.post("/desk/people/new", {**NEW, **fields})
    assert (page.status_code, words in page.text) == (422, True)


async def test_an_admin_changes_card_and_roles_and_lets_a_person_go(world: World, admin: DeskBrowser):
    card = {"name": "李强", "badge": "7", "title": "维修员"}
    assert (await admin.post("/desk/people/li/card", card)).headers["location"] == "/desk/people/li"
    roles = {"role:dispatcher": "on", "areas": "城西，城东"}
    assert (await admin.post("/desk/people/li/roles", roles)).status_code == 303
    page = await admin.get("/desk/people/li")
    for part in ("李强", "角色 调度", "城西、城东", "工号 7"):
        assert part in text_of(page), part
    assert (await admin.post("/desk/people/li/departure", {"reason": " "})).status_code == 422
    unsure = await admin.post("/desk/people/li/departure", {"reason": "退休"})
    assert (unsure.status_code, "请先勾选" in unsure.text) == (422, True)
    assert (await admin.post("/desk/people/li/departure", {"reason": "退休", "sure": "yes"})).status_code == 303
    page = await admin.get("/desk/people/li")
    assert ("已离职" in text_of(page), "/departure" in page.text) == (True, False)
    assert "/departure" not in (await admin.get("/desk/people/admin")).text


async def test_a_new_invitation_can_void_the_old_password(world: World, admin: DeskBrowser):
    page = await admin.post("/desk/people/zhao/invitation", {"reset": "on"})
    assert "/invitation#" in page.text
    assert (await world.ask("zhao", "GET", "/v1/me")).status_code == 401


async def test_a_supervisor_shows_a_code_for_a_phone_and_changes_nothing_else(world: World):
    wang = await signed_in(world, "wang")
    page = await wang.get("/desk/people/li")
    assert ("/enrolment" in page.text, "/departure" in page.text) == (True, False)
    shown = await wang.post("/desk/people/li/enrolment", {})
    assert '<div class="qr"><svg' in shown.text
    for action in ("card", "roles", "departure", "invitation"):
        fields = {"name": "x", "reason": "x", "role:admin": "on", **SURE}
        assert (await wang.post(f"/desk/people/li/{action}", fields)).status_code == 403, action
    assert "李" in text_of(await wang.get("/desk/people/li"))


async def test_a_supervisor_and_an_admin_list_and_revoke_the_phones_of_a_person(world: World, admin: DeskBrowser):
    first = await register_phone(world, "li")
    wang = await signed_in(world, "wang")
    page = await wang.get("/desk/people/li")
    for part in (first["device"]["name"], "使用中", "记录不带签名", "登记时间"):
        assert part in text_of(page), part
    revocation = f"/desk/people/li/devices/{first['device']['id']}/revocation"
    assert f'action="{revocation}"' in page.text
    unsure = await wang.post(revocation, {})
    assert (unsure.status_code, "请先勾选" in unsure.text) == (422, True)
    for login in ("zhao", "qian", "sun"):  # no right, another area, a colleague
        other = await signed_in(world, login)
        assert (await other.post(revocation, SURE)).status_code in (403, 404), login
        assert "/revocation" not in (await other.get("/desk/people/li")).text
    done = await wang.post(revocation, SURE)
    assert (done.status_code, done.headers["location"]) == (303, "/desk/people/li")
    page = await wang.get("/desk/people/li")
    assert ("设备已停用" in page.text, "已停用" in text_of(page), "/revocation" in page.text) == (True, True, False)
    second = await register_phone(world, "li")
    assert (await admin.post(f"/desk/people/li/devices/{second['device']['id']}/revocation", SURE)).status_code == 303
    assert "/revocation" not in (await admin.get("/desk/people/li")).text


async def test_an_area_that_nobody_has_is_taken_only_when_it_is_meant(admin: DeskBrowser):
    for path, fields in (("/desk/people/li/roles", {"role:technician": "on"}), ("/desk/people/new", NEW)):
        wrong = {**fields, "areas": "成东"}
        page = await admin.post(path, wrong)
        assert (page.status_code, "还没有“成东”这个片区" in page.text) == (422, True), path
        assert 'name="new_areas" value="成东"' in page.text
        assert "已有的片区：" in page.text
    assert "片区 成东" not in text_of(await admin.get("/desk/people/li"))
    meant = {"role:technician": "on", "areas": "成东", "new_areas": "成东"}
    assert (await admin.post("/desk/people/li/roles", meant)).status_code == 303
    assert "片区 成东" in text_of(await admin.get("/desk/people/li"))
