"""The office writes entries: each once, in its own voice."""

import pytest

from service import errors
from service.dispatch import views
from service.visits import batches, loading
from tests.support.factories import TOKENS, Town, a_record, said, uid

CALLED = said("08:00", "appointment_agreed", "dispatcher", evidence=[{"kind": "message_log", "channel": "phone"}])


async def test_what_the_office_writes_counts_and_repeating_is_no_change(town: Town) -> None:
    visit = await town.planned()
    await town.submitted(a_record("r", visit, said("09:05", "arrived")))
    created, judged = await town.noted(visit, CALLED)
    assert created
    assert "missing.appointment_agreed" not in [finding.code for finding in judged.findings]
    created, _ = await town.noted(visit, CALLED)
    assert not created
    assert len(await town.ctx.db.read(lambda tx: batches.batches_of(tx, visit))) == 2


async def test_the_same_id_with_other_content_is_409_and_keeps_nothing(town: Town) -> None:
    visit = await town.planned()
    await town.noted(visit, CALLED)
    new = said("08:01", "work_place_told", "dispatcher")
    with pytest.raises(errors.EntryIdReused) as caught:
        await town.noted(visit, new, {**CALLED, "label": "改了"})
    assert [fault.pointer for fault in caught.value.errors] == ["/entries/1/id"]
    seen = await views.get_visit(town.ctx, TOKENS["zhao"], visit)
    assert [entry.id for entry in seen.entries] == [CALLED["id"]]


async def test_nobody_writes_in_anothers_voice(town: Town) -> None:
    visit = await town.planned()
    for by in ("technician", "customer", "supervisor"):
        with pytest.raises(errors.InvalidBody):
            await town.noted(visit, said("08:00", "badge_worn", by))
    assert (await town.noted(visit, said("08:00", "damage_made_good", "office", thing="t")))[0]
    assert (await town.noted(visit, said("08:02", "damage_made_good", "supervisor", thing="t"), by="wang"))[0]


async def test_an_item_that_the_checklist_does_not_have_is_told_at_once(town: Town) -> None:
    visit = await town.planned()
    with pytest.raises(errors.InvalidBody) as caught:
        await town.noted(visit, CALLED, said("08:00", "no_such_item", "dispatcher"))
    assert caught.value.errors[0].pointer == "/entries/1/what"
    assert await town.ctx.db.read(lambda tx: batches.batches_of(tx, visit)) == []


async def test_other_areas_and_technicians_learn_nothing(town: Town) -> None:
    visit = await town.planned()
    with pytest.raises(errors.NotFound):
        await town.noted(visit, CALLED, by="qian")
    with pytest.raises(errors.PermissionDenied):
        await town.noted(visit, CALLED, by="li")
    with pytest.raises(errors.NotFound):
        await town.noted(uid("nowhere"), CALLED)


async def test_the_judgement_at_any_moment_is_that_of_what_was_seen_then(town: Town) -> None:
    visit = await town.planned()
    await town.submitted(a_record("r", visit, said("09:05", "arrived"), said("09:30", "own_damage", thing="tile")))
    early = await loading.judgement_at(town.ctx, TOKENS["wang"], visit, "2026-03-02T09:00:00+08:00")
    assert early.verdict is None
    later = await loading.judgement_at(town.ctx, TOKENS["wang"], visit, "2027-01-01T00:00:00+08:00")
    assert "missing.damage_made_good[tile]" in [finding.code for finding in later.findings]
    for wrong in ("yesterday", "2026-03-02T09:00:00", ""):
        with pytest.raises(errors.InvalidQuery):
            await loading.judgement_at(town.ctx, TOKENS["wang"], visit, wrong)
