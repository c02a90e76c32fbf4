"""Records come in: kept once, as they came, whatever they say; receipts tell what they made."""

import asyncio
import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from service import errors
from service.accounts import credentials
from service.audit_log.merkle import leaf
from service.db.database import Transaction
from service.dispatch import views
from service.records import submit
from service.visits import batches, loading
from tests.support import example_visits as stories
from tests.support import leaves
from tests.support.factories import TOKENS, Town, a_record, encode, said, uid

DOOR = [said("09:05", "arrived"), said("09:06", "door_signal"), said("09:07", "met_customer")]


def codes(receipt: Any) -> list[str]:
    return [finding.code for finding in receipt.findings]


@pytest.mark.parametrize("name", stories.NAMES)
async def test_a_story_sent_in_parts_gives_the_findings_of_the_contract(town: Town, name: str) -> None:
    bundle, expected = stories.story(name)
    raw = json.loads((stories.FOLDER / f"{name}.json").read_bytes())
    told = {key: raw["visit"][key] for key in ("type", "window", "assigned", "exempt_reason") if key in raw["visit"]}
    visit = await town.planned(name, **told)
    town.now = bundle.now
    own = [e for e in raw["entries"] if e["by"] == "technician" or e["what"] == "meter_order_signed"]
    office = [e for e in raw["entries"] if e["by"] == "dispatcher"]
    if office:
        await town.noted(visit, *office)
    half = len(own) // 2
    await town.submitted(a_record("first", visit, *own[:half]))
    receipt = await town.submitted(a_record("second", visit, *own[half:]))
    said_by_customer = {"disputed.id_shown"}  # comes by the customer's own link, never in a record
    found = sorted(f"{f.severity} {f.code}" for f in receipt.findings)
    assert found == [line for line in expected["findings"] if line.split()[1] not in said_by_customer]
    assert receipt.verdict == expected["verdict"]
    assert receipt.ignored == ()


async def test_the_receipt_says_what_came_and_names_what_is_missing(town: Town) -> None:
    visit = await town.planned()
    photo = {"kind": "photo", "sha256": "c" * 64}
    raw = a_record("r", visit, *DOOR, said("09:40", "site_cleared", evidence=[photo, photo]))
    receipt = await town.submitted(raw)
    assert receipt.record == str(uid("r"))
    assert receipt.visit == str(visit)
    assert receipt.sha256 == sha256(raw).hexdigest()
    assert receipt.received_at == town.now
    assert receipt.received_at.utcoffset() == timedelta(hours=8)
    assert receipt.state == "awaiting_evidence"
    assert receipt.missing_evidence == ("c" * 64,)
    assert not receipt.replayed
    assert (await town.submitted(a_record("r2", visit, *DOOR))).state == "complete"


async def test_repeating_returns_the_receipt_as_of_now(town: Town) -> None:
    visit = await town.planned()
    raw = a_record("r", visit, *DOOR, said("09:30", "own_damage", thing="tile"))
    first = await town.submitted(raw)
    assert "open.damage_made_good[tile]" in codes(first)
    town.now += timedelta(days=8)
    again = await town.submitted(raw)
    assert again.replayed
    assert again.received_at == first.received_at
    assert "missing.damage_made_good[tile]" in codes(again)
    assert len(await town.ctx.db.read(lambda tx: batches.batches_of(tx, visit))) == 1


async def test_the_same_record_at_the_same_time_is_kept_once(town: Town) -> None:
    visit = await town.planned()
    raw = a_record("r", visit, *DOOR)
    receipts = await asyncio.gather(*(town.submitted(raw) for _ in range(8)))
    assert sorted(receipt.replayed for receipt in receipts) == [False] + [True] * 7
    assert len(await town.ctx.db.read(lambda tx: batches.batches_of(tx, visit))) == 1


async def test_other_bytes_under_the_same_id_are_409_and_kept_in_quarantine(town: Town) -> None:
    visit = await town.planned()
    await town.submitted(a_record("r", visit, *DOOR))
    with pytest.raises(errors.IdReusedWithOtherContent) as caught:
        await town.submitted(a_record("r", visit, *DOOR, said("09:08", "id_shown")))
    assert caught.value.extra["quarantine"]


async def test_an_id_of_another_visits_record_is_409(town: Town) -> None:
    one, two = await town.planned("one"), await town.planned("two")
    await town.submitted(a_record("r", one, *DOOR))
    with pytest.raises(errors.IdReusedWithOtherContent):
        await town.submitted(a_record("r", two, *DOOR))


async def test_the_bytes_are_kept_exactly_as_they_came(town: Town) -> None:
    visit = await town.planned()
    raw = a_record("r", visit, *DOOR, later_field={"from": "a newer phone"}).replace(b'","', b'" ,\n "')
    await town.submitted(raw)
    assert await submit.body(town.ctx, TOKENS["li"], uid("r")) == raw


async def test_every_record_has_one_leaf_that_commits_to_its_bytes(town: Town) -> None:
    visit = await town.planned()
    raw = a_record("r", visit, *DOOR)
    await town.submitted(raw)
    await town.submitted(raw)

    async def both(tx: Transaction) -> tuple[Any, Any]:
        return await batches.get_batch(tx, uid("r")), await leaves.get_leaf(tx, uid("r"))

    row, kept = await town.ctx.db.read(both)
    beside = batches.batch_commitment(row)
    assert kept.leaf == leaf("visit.submitted", row.salt, sha256(raw).digest(), row.received_at, beside)
    assert len(row.salt) == 32
    assert b"li" not in kept.leaf


async def test_a_refused_record_leaves_no_leaf(town: Town) -> None:
    with pytest.raises(errors.UnknownVisit):
        await town.submitted(a_record("r", uid("nowhere"), *DOOR))
    assert await town.ctx.db.read(lambda tx: leaves.get_leaf(tx, uid("r"))) is None


@pytest.mark.parametrize(
    ("problem", "change"),
    [
        (errors.UnknownVisit, {"visit": str(uid("nowhere"))}),
        (errors.UnknownChecklist, {"checklist": "onsite@99"}),
        (errors.UnknownChecklist, {"checklist": "other@1"}),
        (errors.UnknownChecklist, {"checklist": ""}),
        (errors.InvalidBody, {"visit": "S01"}),
        (errors.InvalidBody, {"entries": {}}),
        (errors.InvalidBody, {"entries": [{**DOOR[0], "at": "2026-03-02T09:05:00"}]}),
        (errors.InvalidBody, {"entries": [{**DOOR[0], "holds": 1}]}),
        (errors.InvalidBody, {"entries": [{**DOOR[0], "id": "1"}]}),
        (errors.InvalidBody, {"entries": [{**DOOR[0], "label": "a\0b"}]}),
        (errors.InvalidBody, {"entries": [{**DOOR[0], "thing": "椅子"}]}),
        (errors.InvalidBody, {"entries": [{**DOOR[0], "thing": "chair\n"}]}),
        (errors.InvalidBody, {"entries": [{**DOOR[0], "evidence": [{"kind": "photo", "sha256": "a" * 64 + "\n"}]}]}),
        (errors.InvalidBody, {"entries": [{**DOOR[0], "fields": {"a": [1]}}]}),
    ],
)
async def test_what_cannot_be_taken_is_a_problem_and_kept(
    town: Town, problem: type[errors.Problem], change: dict[str, Any]
) -> None:
    visit = await town.planned()
    raw = encode({**json.loads(a_record("r", visit, *DOOR)), **change})
    with pytest.raises(problem) as caught:
        await town.submitted(raw)
    with pytest.raises(problem) as again:
        await town.submitted(raw)
    assert caught.value.extra["quarantine"] == again.value.extra["quarantine"]
    assert await town.ctx.db.read(lambda tx: batches.batches_of(tx, visit)) == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"id": NaN}',
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b"[" * 100_000,
        b'{"x":' + b"[" * 100_000,
    ],
)
async def test_what_is_not_json_is_kept_too(town: Town, raw: bytes) -> None:
    with pytest.raises(errors.Problem) as caught:
        await submit.submit_record(town.ctx, TOKENS["li"], uid("r"), raw)
    assert caught.value.status in (400, 422)
    assert caught.value.extra["quarantine"]


async def test_a_wrong_type_is_told_with_its_place(town: Town) -> None:
    visit = await town.planned()
    with pytest.raises(errors.InvalidBody) as caught:
        await town.submitted(
            a_record("r", visit, DOOR[0], {**DOOR[1], "evidence": [{"kind": "photo", "sha256": "xyz"}]})
        )
    assert caught.value.errors[0].pointer == "/entries/1/evidence/0/sha256"


async def test_the_id_in_the_address_is_the_id_in_the_body(town: Town) -> None:
    visit = await town.planned()
    with pytest.raises(errors.IdMismatch):
        await submit.submit_record(town.ctx, TOKENS["li"], uid("other"), a_record("r", visit, *DOOR))


async def test_more_entries_than_the_limit_are_refused_and_kept(town: Town) -> None:
    visit = await town.planned()
    many = [said("09:05", "arrived", id=str(uid(f"e{n}"))) for n in range(5000)]
    with pytest.raises(errors.TooManyEntries) as caught:
        await town.submitted(a_record("r", visit, *many))
    assert caught.value.extra["quarantine"]
    assert (await town.submitted(a_record("r2", visit, *many[:2000]))).verdict is not None


async def test_of_duplicate_keys_the_last_one_counts(town: Town) -> None:
    visit = await town.planned()
    raw = a_record("r", visit, *DOOR).replace(b'"checklist":"onsite@1"', b'"checklist":"none@0","checklist":"onsite@1"')
    assert (await town.submitted(raw)).record == str(uid("r"))


async def test_one_wrong_entry_never_costs_the_rest(town: Town) -> None:
    visit = await town.planned()
    await town.submitted(a_record("a", visit, DOOR[0]))
    wrong = [
        said("09:06", "arrived", id=DOOR[0]["id"]),  # an id with other content
        said("09:10", "damage_customer_satisfied", "customer", thing="tile"),  # the customer speaks for himself
        said("09:10", "damage_made_good", "supervisor", thing="tile"),
        said("09:10", "an_item_of_tomorrow"),
        said("09:10", "id_shown", "customer", says="yes"),
    ]
    receipt = await town.submitted(a_record("b", visit, *DOOR, *wrong))
    assert [(one.entry, one.code) for one in receipt.ignored] == [
        (wrong[0]["id"], "entry-changed"),
        (wrong[1]["id"], "not-by-technician"),
        (wrong[2]["id"], "not-by-technician"),
        (wrong[3]["id"], "unknown-item"),
        (wrong[4]["id"], "not-by-technician"),
    ]
    seen = await views.get_visit(town.ctx, TOKENS["li"], visit)
    assert {entry.id for entry in seen.entries} == {entry["id"] for entry in DOOR}
    assert all(entry.via == "record" for entry in seen.entries)


async def test_an_id_with_other_content_inside_one_record_is_ignored(town: Town) -> None:
    visit = await town.planned()
    receipt = await town.submitted(a_record("r", visit, *DOOR, said("09:59", "left", id=DOOR[0]["id"])))
    assert [one.code for one in receipt.ignored] == ["entry-changed"]


async def test_a_customers_signature_comes_with_the_record_but_his_word_does_not(town: Town) -> None:
    visit = await town.planned()
    signature = {"kind": "signature", "sha256": "d" * 64, "signer": "陶", "relation": "tenant"}
    signed = said("09:40", "meter_order_signed", "customer", evidence=[signature])
    bare = said("09:41", "meter_order_signed", "customer")
    receipt = await town.submitted(a_record("r", visit, *DOOR, signed, bare))
    assert [one.entry for one in receipt.ignored] == [bare["id"]]


async def test_a_phone_cannot_say_by_which_way_an_entry_came(town: Town) -> None:
    visit = await town.planned()
    card = said("09:08", "id_shown", via="scan", evidence=[{"kind": "customer_confirm"}])
    await town.submitted(a_record("r", visit, *DOOR, card))
    seen = await views.get_visit(town.ctx, TOKENS["li"], visit)
    assert {entry.via for entry in seen.entries} == {"record"}


async def test_what_has_arrived_is_seen_whatever_its_clock_says(town: Town) -> None:
    visit = await town.planned()
    receipt = await town.submitted(a_record("r", visit, said("23:30", "arrived")))
    assert receipt.verdict is not None
    assert "late.arrival_in_window" in codes(receipt)
    judged = await loading.judgement_at(town.ctx, TOKENS["li"], visit, None)
    assert (judged.verdict, judged.findings) == (receipt.verdict, receipt.findings)
    assert "clock" in (await views.get_visit(town.ctx, TOKENS["li"], visit)).flags


async def test_only_the_visits_technician_and_crew_may_submit(town: Town) -> None:
    visit, shared = await town.planned("v"), await town.planned("w", crew=["sun"])
    with pytest.raises(errors.NotYourVisit) as caught:
        await town.submitted(a_record("r", visit, *DOOR), by="sun")
    assert caught.value.extra["quarantine"]
    assert (await town.submitted(a_record("s", shared, *DOOR), by="sun")).record == str(uid("s"))
    for other in ("zhao", "wang", "admin"):
        with pytest.raises(errors.PermissionDenied):
            await town.submitted(a_record("t", visit, *DOOR), by=other)


async def test_a_revoked_token_is_out_on_the_next_request(town: Town) -> None:
    visit = await town.planned()
    await town.submitted(a_record("r", visit, *DOOR))
    await town.ctx.db.write(lambda tx: credentials.revoke_token(tx, TOKENS["li"], 1))
    for attempt in (a_record("r", visit, *DOOR), b"nonsense"):
        with pytest.raises(errors.NotAuthenticated):
            await submit.submit_record(town.ctx, TOKENS["li"], uid("r"), attempt)


async def test_a_receipt_is_seen_by_who_may_see_the_visit(town: Town) -> None:
    visit = await town.planned()
    await town.submitted(a_record("r", visit, *DOOR))
    for login in ("li", "zhao", "wang"):
        assert (await submit.receipt(town.ctx, TOKENS[login], uid("r"))).replayed
    for login in ("sun", "qian", "admin"):
        with pytest.raises(errors.NotFound):
            await submit.receipt(town.ctx, TOKENS[login], uid("r"))
        with pytest.raises(errors.NotFound):
            await submit.body(town.ctx, TOKENS[login], uid("r"))


async def test_a_batch_of_the_office_is_no_record(town: Town) -> None:
    visit = await town.planned()
    await town.noted(visit, said("08:00", "appointment_agreed", "dispatcher"))
    rows = await town.ctx.db.read(lambda tx: batches.batches_of(tx, visit))
    with pytest.raises(errors.NotFound):
        await submit.receipt(town.ctx, TOKENS["zhao"], rows[0].id)
    stolen = encode({"id": str(rows[0].id), "visit": str(visit), "checklist": "onsite@1", "entries": []})
    with pytest.raises(errors.IdReusedWithOtherContent):
        await submit.submit_record(town.ctx, TOKENS["li"], rows[0].id, stolen)


async def test_a_record_cannot_withdraw_what_the_customer_said(town: Town) -> None:
    visit = await town.planned()
    signature = {"kind": "signature", "sha256": "d" * 64, "signer": "陶", "relation": "tenant"}
    signed = said("09:40", "meter_order_signed", "customer", evidence=[signature])
    back = {**signed, "id": str(uid("back")), "withdraws": signed["id"], "reason": "不算"}
    receipt = await town.submitted(a_record("r", visit, *DOOR, signed, back))
    assert [one.entry for one in receipt.ignored] == [back["id"]]


async def test_one_is_not_true_when_an_id_comes_again(town: Town) -> None:
    visit = await town.planned()
    await town.submitted(a_record("a", visit, said("09:05", "arrived", fields={"count": 1})))
    again = said("09:05", "arrived", fields={"count": True})
    receipt = await town.submitted(a_record("b", visit, again))
    assert [one.code for one in receipt.ignored] == ["entry-changed"]


async def test_nothing_is_taken_that_could_not_be_read_again(town: Town) -> None:
    """However deep the nesting: what is answered with 201 can be shown afterwards, and the next record is taken."""
    visit = await town.planned()
    for depth in (50, 500, 800, 850, 900, 950, 980):
        raw = a_record(f"r{depth}", visit, said("09:05", "arrived")).replace(
            b'"entries"', b'"x":%b%b,"entries"' % (b"[" * depth, b"]" * depth)
        )
        try:
            await submit.submit_record(town.ctx, TOKENS["li"], uid(f"r{depth}"), raw)
        except errors.MalformedJson:
            assert depth > 500
    await views.get_visit(town.ctx, TOKENS["li"], visit)
    await town.submitted(a_record("after", visit, *DOOR))
