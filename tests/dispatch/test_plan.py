"""Dispatch plans visits; people see those that are theirs."""

from datetime import timedelta

import pytest

from service import errors
from service.dispatch import listing, views
from tests.support.api_client import VISIT, World, problem
from tests.support.factories import TOKENS, Town, a_plan, a_record, encode, plan_visit, said, uid


async def test_a_visit_is_planned_once_and_the_same_again_is_no_change(town: Town) -> None:
    raw = encode(a_plan())
    created, planned = await plan_visit(town.ctx, TOKENS["zhao"], uid("v"), raw)
    assert created
    assert (planned.checklist, planned.area, planned.state) == ("onsite@1", "城东", "planned")
    assert planned.judgement.verdict is None
    town.now += timedelta(days=1)
    again, same = await plan_visit(town.ctx, TOKENS["zhao"], uid("v"), raw)
    assert not again
    assert same.created_at == planned.created_at
    with pytest.raises(errors.IdReusedWithOtherContent):
        await plan_visit(town.ctx, TOKENS["zhao"], uid("v"), encode(a_plan(technician="sun")))


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"type": "picnic"}, "/type"),
        ({"window": None}, "/window"),
        ({"window": {"from": "2026-03-02T10:00:00+08:00", "to": "2026-03-02T09:00:00+08:00"}}, "/window/to"),
        ({"window": {"from": "2026-03-02T10:00:00", "to": "2026-03-02T11:00:00+08:00"}}, "/window/from"),
        ({"assigned": {"borrowed": True}}, "/assigned"),
        ({"policies": {"p_unknown": True}}, "/policies"),
        ({"policies": {"id_shown": False}}, "/policies"),
        ({"policies": {"<b>/~": 0}}, "/policies"),
        ({"due": {"damage_made_good[!!": "2026-03-02T10:00:00+08:00"}}, "/due"),
        ({"due": {"id_shown[x]": "2026-03-02T10:00:00+08:00"}}, "/due"),
        ({"due": {"nothing[tile]": "2026-03-02T10:00:00+08:00"}}, "/due"),
        ({"technician": ""}, "/technician"),
        ({"customer": {"phone": "1"}}, "/customer"),
    ],
)
async def test_a_plan_that_cannot_be_is_refused_with_its_place(
    town: Town, change: dict[str, object], pointer: str
) -> None:
    with pytest.raises(errors.InvalidBody) as caught:
        await plan_visit(town.ctx, TOKENS["zhao"], uid("v"), encode(a_plan(**change)))
    assert [fault.pointer for fault in caught.value.errors] == [pointer]


async def test_only_technicians_can_be_sent(town: Town) -> None:
    for change in ({"technician": "nobody"}, {"technician": "wang"}, {"crew": ["nobody"]}):
        with pytest.raises(errors.UnknownPerson):
            await plan_visit(town.ctx, TOKENS["zhao"], uid("v"), encode(a_plan(**change)))


async def test_a_dispatcher_plans_in_his_own_areas(town: Town) -> None:
    with pytest.raises(errors.PermissionDenied):
        await plan_visit(town.ctx, TOKENS["qian"], uid("v"), encode(a_plan()))
    for other in ("li", "wang", "admin"):
        with pytest.raises(errors.PermissionDenied):
            await plan_visit(town.ctx, TOKENS[other], uid("v"), encode(a_plan()))


async def test_a_visit_without_appointment_needs_no_window(town: Town) -> None:
    exempt = a_plan(window=None, assigned={"appointment_exempt": True}, exempt_reason="爆管", type="emergency_burst")
    created, _ = await plan_visit(town.ctx, TOKENS["zhao"], uid("v"), encode(exempt))
    assert created


async def test_who_may_not_see_a_visit_is_told_that_there_is_none(town: Town) -> None:
    visit = await town.planned()
    for login in ("li", "zhao", "wang"):
        assert (await views.get_visit(town.ctx, TOKENS[login], visit)).id == str(visit)
    for login in ("sun", "qian", "admin"):
        with pytest.raises(errors.NotFound):
            await views.get_visit(town.ctx, TOKENS[login], visit)


async def test_the_state_follows_from_what_was_written(town: Town) -> None:
    visit = await town.planned()
    await town.submitted(a_record("r", visit, said("09:05", "arrived"), said("09:20", "own_damage", thing="tile")))
    seen = await views.get_visit(town.ctx, TOKENS["wang"], visit)
    assert (seen.state, seen.flags) == ("under_way", ("open_duties",))
    photo = {"kind": "photo", "sha256": "e" * 64}
    await town.submitted(a_record("s", visit, said("09:50", "left", evidence=[photo])))
    seen = await views.get_visit(town.ctx, TOKENS["wang"], visit)
    assert (seen.state, seen.flags) == ("to_review", ("awaiting_evidence", "open_duties"))
    assert [record.record for record in seen.records] == [str(uid("r")), str(uid("s"))]


async def test_lists_go_on_from_a_cursor_and_show_each_visit_once(town: Town) -> None:
    for number in range(120):
        start = f"2026-03-{number % 28 + 1:02}T09:00:00+08:00"
        await town.planned(f"v{number}", window={"from": start, "to": start})
    seen: list[str] = []
    query: dict[str, str] = {}
    while True:
        found = await listing.list_visits(town.ctx, TOKENS["li"], query)
        seen += [item.id for item in found.items]
        if found.after is None:
            break
        query = {"after": found.after}
    assert sorted(seen) == sorted(str(uid(f"v{n}")) for n in range(120))


async def test_lists_are_filtered_and_never_show_what_is_not_ones_own(town: Town) -> None:
    await town.planned("a")
    await town.planned(
        "b",
        technician="sun",
        type="meter_reading",
        window={"from": "2026-04-01T09:00:00+08:00", "to": "2026-04-01T10:00:00+08:00"},
    )
    await town.planned("c", technician="sun", crew=["li"])

    async def ids(login: str, **query: str) -> set[str]:
        page = await listing.list_visits(town.ctx, TOKENS[login], query)
        return {name for name in "abc" if str(uid(name)) in {item.id for item in page.items}}

    assert await ids("wang") == {"a", "b", "c"}
    assert await ids("qian") == set()
    assert await ids("li") == {"a", "c"}
    assert await ids("wang", technician="sun") == {"b", "c"}
    assert await ids("wang", type="meter_reading") == {"b"}
    assert await ids("wang", **{"from": "2026-03-15T00:00:00+08:00"}) == {"b"}
    assert await ids("wang", to="2026-03-15T00:00:00+08:00") == {"a", "c"}
    for wrong in ({"technician": "sun"},):
        with pytest.raises(errors.PermissionDenied):
            await ids("li", **wrong)
    with pytest.raises(errors.PermissionDenied):
        await ids("wang", area="城西")
    for bad in ({"from": "soon"}, {"from": "2026-03-15T00:00:00"}, {"after": "%%%"}, {"after": "AAAA"}):
        with pytest.raises(errors.InvalidQuery):
            await ids("wang", **bad)


async def test_a_slip_that_was_withdrawn_does_not_change_the_state(town: Town) -> None:
    visit = await town.planned()
    slip = said("09:50", "left")
    gone = said("09:49", "nobody_home")
    said_back = {"reason": "点错了"}
    back = [said("09:51", e["what"], withdraws=e["id"], id=str(uid(e["what"])), **said_back) for e in (slip, gone)]
    await town.submitted(a_record("r", visit, said("09:05", "arrived"), slip, gone, *back))
    seen = await views.get_visit(town.ctx, TOKENS["wang"], visit)
    assert (seen.state, seen.flags) == ("under_way", ())


async def test_who_is_not_signed_in_learns_nothing_about_his_body(world: World) -> None:
    for raw in (b"{", encode(a_plan())):
        for who, refused in ((None, (401, "not-signed-in")), ("li", (403, "not-allowed"))):
            assert problem(await world.ask(who, "PUT", f"/v1/visits/{VISIT}", raw)) == refused
