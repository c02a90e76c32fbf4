"""What those who go, or who have the customer's link without his code, learn of what he said: nothing. Both engines."""

from uuid import uuid4

from service.accounts import repository as accounts_repository
from service.accounts.authentication import token_digest
from service.accounts.permissions import Person
from service.db.database import Transaction
from tests.support.api_client import World
from tests.support.customer import advance_clock, example_customer, link_holder
from tests.support.factories import uid


async def test_a_technician_learns_nothing_from_lists_and_agenda(world: World) -> None:
    tao = await example_customer(world, "S04")
    agenda = (await world.ask("li", "GET", "/v1/agenda")).json()["cursor"]
    lists = [
        f"/v1/visits?{query}"
        for query in ("flag=open_duties", "state=to_review", "q=138", "q=138&flag=open_duties", "technician=li")
    ]
    before = [(await world.ask("li", "GET", one)).json() for one in lists]
    await tao.enters()
    await tao.says(
        raises=[{"fact": "own_damage", "text": "茶几裂了"}], answers=[{"question": "q_clean", "good": False}]
    )
    whole = await tao.whole()
    assert "open_duties" in whole["flags"] or whole["verdict"] == "non_compliant"
    assert (await world.ask("li", "GET", f"/v1/agenda?since={agenda}")).json()["visits"] == []
    assert [(await world.ask("li", "GET", one)).json() for one in lists] == before
    assert (await tao.signs(signer="陶太太")).status_code == 200  # that he signs is no secret
    (news,) = (await world.ask("li", "GET", f"/v1/agenda?since={agenda}")).json()["visits"]
    assert "茶几裂了" not in str(news)


async def test_who_was_to_go_and_works_at_the_desk_does_not_read_the_answers(world: World) -> None:
    tao, feng = (
        await example_customer(world, "S04"),
        Person("feng", "冯", ("technician", "dispatcher", "supervisor"), ("城东",)),
    )

    async def joins(tx: Transaction) -> None:
        await accounts_repository.add_person(tx, feng, 0)
        await accounts_repository.add_token(tx, token_digest("token of feng"), "feng", 0)

    await world.ctx.db.write(joins)
    for who in ("feng", "li"):  # handed over, and back
        etag = {"if_match": (await world.ask("wang", "GET", f"/v1/visits/{tao.visit}")).headers["etag"]}
        handed = {"technician": who, "reason": "转派"}
        answer = await world.ask("wang", "PUT", f"/v1/visits/{tao.visit}/technician", handed, **etag)
        assert answer.status_code == 200, answer.text
    await tao.enters()
    assert (await tao.says(comment="地上都是水", answers=[{"question": "q_clean", "good": False}])).status_code == 200
    entry = {"id": str(uid("e9")), "what": "appointment_agreed", "by": "office", "at": "2026-03-02T07:00:00+08:00"}
    entries, mended = {"entries": [entry]}, {"reason": "写错了", "work": {"content": "换表", "place": "厨房"}}
    got = [
        await world.ask("feng", "GET", f"/v1/visits/{tao.visit}"),
        await world.ask("feng", "GET", "/v1/visits"),
        await world.ask("feng", "GET", "/v1/visits?technician=feng"),
        await world.ask("feng", "GET", f"/v1/records/{uid('record S04')}"),
        await world.ask("feng", "POST", f"/v1/visits/{tao.visit}/entries", entries),
        await world.ask("feng", "POST", f"/v1/visits/{tao.visit}/entries", entries),
    ]
    etag = {"if_match": got[0].headers["etag"]}
    got += [await world.ask("feng", "PUT", f"/v1/visits/{tao.visit}/details", mended, **etag) for _ in range(2)]
    for one in got:
        assert one.status_code in (200, 201), one.text
        for secret in ("地上都是水", "disputed", '"says"', "answered"):
            assert secret not in one.text, (one.request.method, str(one.request.url), secret)
    his = await world.ask("wang", "GET", f"/v1/visits/{tao.visit}")
    assert "disputed" in his.text
    assert "地上都是水" in his.text


async def test_who_has_only_the_link_or_the_technicians_network_learns_nothing_of_what_was_said(world: World) -> None:
    tao = await example_customer(world, "S08")
    before = await link_holder(tao).seen()
    await tao.enters()
    raised = [{"fact": "own_damage", "text": "茶几裂了"}]
    assert (await tao.says(raises=raised, comment="椅子没有擦")).status_code == 200
    assert (await tao.says(answers=[{"question": "q_borrow", "good": False}])).status_code == 200
    assert (await tao.seen())["answered_at"] is not None
    assert "customer-" in str((await tao.seen())["questions"])
    assert await link_holder(tao).seen() == before
    staff = link_holder(tao)
    await staff.enters()
    staff.client.headers["cookie"] = "__Host-doorstep=whatever"
    seen = await staff.seen()
    assert seen["level"] == "phone"
    for secret in ("茶几", "customer-", "椅子没有擦"):
        assert secret not in str(seen), secret


async def test_words_without_a_code_are_not_read_on_a_device_in_the_technicians_hand(world: World) -> None:
    tao = await example_customer(world, "S04")
    bad = [{"question": "q_clean", "good": False}]
    assert (await tao.says(answers=bad, comment="他收了红包，别让他知道")).status_code == 200
    assert (await tao.seen())["answered_at"] is not None
    his = link_holder(tao)
    assert (await his.seen())["answered_at"] is None
    await his.enters()
    his.client.headers["cookie"] = "__Host-doorstep=whatever"
    seen = await his.seen()
    assert (seen["level"], seen["answered_at"], "红包" in str(seen)) == ("phone", None, False)
    await tao.enters()
    assert "红包" in str(await tao.seen())


async def test_an_answer_about_the_time_after_the_work_is_one_like_any_other(world: World) -> None:
    tao = await example_customer(world, "S04")
    agenda = (await world.ask("li", "GET", "/v1/agenda")).json()["cursor"]
    before = (await world.ask("li", "GET", f"/v1/visits/{tao.visit}")).json()
    assert (await tao.says(answers=[{"item": "appointment_agreed", "good": False}])).status_code == 200
    assert "violation disputed.appointment_agreed" in await tao.judged()
    assert (await world.ask("li", "GET", f"/v1/visits/{tao.visit}")).json() == before
    assert (await world.ask("li", "GET", f"/v1/agenda?since={agenda}")).json()["visits"] == []


async def test_what_the_office_does_about_a_damage_that_was_denied_does_not_tell_who_denied_it(world: World) -> None:
    tao = await example_customer(world, "S04")
    await tao.enters()
    assert (await tao.says(raises=[{"fact": "own_damage", "text": "茶几裂了"}])).status_code == 200
    agenda = (await world.ask("li", "GET", "/v1/agenda")).json()["cursor"]
    before = (await world.ask("li", "GET", f"/v1/visits/{tao.visit}")).json()
    thing = next(one["thing"] for one in (await tao.whole())["entries"] if one.get("thing", "").startswith("customer-"))
    at = (advance_clock(world, minutes=1)).isoformat()
    entry = {"id": str(uuid4()), "what": "damage_made_good", "by": "office", "thing": thing, "at": at}
    path = f"/v1/visits/{tao.visit}"
    assert (await world.ask("wang", "POST", f"{path}/entries", {"entries": [entry]})).status_code == 201
    assert (await world.ask("li", "GET", f"/v1/agenda?since={agenda}")).json()["visits"] == []
    etag = {"if_match": (await world.ask("wang", "GET", path)).headers["etag"]}
    due = {f"damage_made_good[{thing}]": "2026-04-01T12:00:00+08:00"}
    dated = await world.ask("wang", "PUT", f"{path}/due", due, **etag)
    assert (dated.status_code, thing in dated.text) == (200, True)
    for where in (path, "/v1/agenda", "/v1/visits", f"{path}/judgement", f"/v1/records/{uid('record S04')}"):
        assert "customer-" not in (await world.ask("li", "GET", where)).text, where
    now = (await world.ask("li", "GET", path)).json()
    assert now["judgement"]["findings"] == before["judgement"]["findings"]
    assert now["flags"] == before["flags"]


async def test_pages_of_his_visits_are_as_long_whatever_customers_said(world: World) -> None:
    tao = await example_customer(world, "S04")
    for n in range(55):
        assert (await world.plan(uid(f"more {n}"))).status_code == 201
    lists = [f"/v1/visits?{one}" for one in ("state=planned", "state=to_review", "flag=absent", "state=under_way")]
    before = [(await world.ask("li", "GET", one)).json() for one in lists]
    assert len(before[0]["items"]) == 50
    rest = await world.ask("li", "GET", f"{lists[0]}&after={before[0]['after']}")
    assert (len(rest.json()["items"]), rest.json()["after"]) == (5, None)
    assert (await tao.says(comment="地上都是水")).status_code == 200
    assert [(await world.ask("li", "GET", one)).json() for one in lists] == before


async def test_a_phone_has_the_rights_of_a_technician_and_no_others(world: World) -> None:
    await example_customer(world, "S04")
    code = (await world.ask("wang", "POST", "/v1/enrolments", {"person": "li"})).json()["code"]
    made = (await world.ask(None, "POST", "/v1/devices", {"code": code, "name": "李的手机"})).json()
    phone = {"authorization": f"Bearer {made['token']}"}
    more = {"roles": ["technician", "supervisor", "admin"], "areas": ["城东"]}
    assert (await world.ask("admin", "PUT", "/v1/people/li/roles", more)).status_code == 200
    me = (await world.client.get("/v1/me", headers=phone)).json()
    assert me["roles"] == ["technician"]
    assert (await world.client.get("/v1/quarantine", headers=phone)).status_code == 403
    assert (await world.client.get("/v1/people", headers=phone)).status_code == 403
    assert (await world.client.get("/v1/agenda", headers=phone)).status_code == 200
