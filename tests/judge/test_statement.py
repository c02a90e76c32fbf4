"""A signature is worth what it names: the statement made from what was there when it was given (4.3.7)."""

from typing import Any

import msgspec
import pytest

from service.judge.entries import Entry
from service.judge.judge import judge
from service.judge.rules import CompiledChecklist
from service.judge.signoffs import SignOff, sign_offs
from service.judge.statements import render_statement
from service.judge.timeline import Timeline, to_microseconds
from service.judge.visit import Visit
from tests.support import example_visits as stories
from tests.support.vectors import rules

READY = rules()
VISIT = msgspec.convert({"id": "v", "type": "repair_leak", "checklist": "onsite@1"}, Visit)
PHOTO = {"kind": "photo", "sha256": "a" * 64}


def said(at: str, what: str, by: str = "technician", **more: Any) -> dict[str, Any]:
    more.setdefault("id", f"{what} {at} {by}")
    return {"at": stories.clock(at), "what": what, "by": by, **more}


DAMAGE = [
    said("09:10", "meter_damage_by_customer"),
    said("09:12", "meter_damage_photo", evidence=[PHOTO], fields={"meter_number": "SH1", "reading": 1274.5}),
    said("09:20", "meter_cause_analysed", fields={"cause": "renovation"}),
    said("09:25", "meter_cause_confirmed", fields={"charge": "charged"}),
]


def read(content: list[dict[str, Any]]) -> list[Entry]:
    return msgspec.json.decode(msgspec.json.encode(content), type=list[Entry])


def digest_at(content: list[dict[str, Any]], at: str) -> str:
    """The digest that a phone shows at a moment."""
    seen = Timeline(READY, read(content), to_microseconds(read([said(at, "left")])[0].at))
    table = next(one for one in READY.checklist.statements if one.id == "meter_damage")
    return render_statement(READY, table, "v", seen).sha256


def signature(at: str, digest: str | None, **more: Any) -> dict[str, Any]:
    piece = {"kind": "signature", "sha256": "b" * 64, "signer": "陶女士", "relation": "account_holder"}
    piece |= {} if digest is None else {"statement_sha256": digest}
    return said(at, "meter_order_signed", "customer", evidence=[piece], **more)


def found(content: list[dict[str, Any]], ready: CompiledChecklist = READY) -> list[str]:
    findings = judge(ready, VISIT, read(content), read([said("20:00", "left")])[0].at).findings
    return [one.code for one in findings if one.item == "signed_content_fixed"]


def paper(content: list[dict[str, Any]]) -> SignOff:
    entries, now = read(content), read([said("20:00", "left")])[0].at
    true = judge(READY, VISIT, entries, now).facts
    return next(
        one
        for one in sign_offs(READY, VISIT, entries, Timeline(READY, entries, to_microseconds(now)), true)
        if one.made.table.id == "meter_damage"
    )


def state(content: list[dict[str, Any]]) -> str | None:
    signed = paper(content).signature
    return signed and signed.state


def test_what_is_dated_back_and_came_later_changes_a_signed_statement() -> None:
    signed = [*DAMAGE, signature("09:30", digest_at(DAMAGE, "09:30"))]
    back = said("09:25", "meter_cause_analysed", fields={"cause": "frost"})
    assert state([*signed, back]) == "changed"
    assert state([*DAMAGE, back, signature("09:30", digest_at(DAMAGE, "09:30"))]) == "wrong"  # it was there before
    assert found([*signed, back]) == ["changed_after_signature.signed_content_fixed"]


def test_a_signature_on_the_statement_as_it_was_holds() -> None:
    visit = [*DAMAGE, signature("09:30", digest_at(DAMAGE, "09:30"))]
    assert found(visit) == []
    assert state(visit) == "holds"


def test_a_signature_that_names_no_digest_is_judged_by_the_times_alone() -> None:
    visit = [*DAMAGE, signature("09:30", None)]
    assert found(visit) == []
    assert state(visit) == "unbound"


def test_a_signature_on_another_statement_is_changed_after_signature() -> None:
    visit = [*DAMAGE, signature("09:30", "c" * 64)]
    assert found(visit) == ["changed_after_signature.signed_content_fixed"]
    assert state(visit) == "wrong"


def test_what_was_shown_before_something_was_added_is_not_what_was_signed() -> None:
    early = digest_at(DAMAGE, "09:22")  # the cause was there, the charge was not
    assert found([*DAMAGE, signature("09:30", early)]) == ["changed_after_signature.signed_content_fixed"]


@pytest.mark.parametrize(
    "later",
    [
        [said("09:40", "meter_cause_analysed", fields={"cause": "frost"})],
        [said("09:40", "meter_damage_photo", evidence=[{"kind": "photo", "sha256": "d" * 64}])],
    ],
)
def test_a_later_change_voids_the_signature_for_all_to_see(later: list[dict[str, Any]]) -> None:
    visit = [*DAMAGE, signature("09:30", digest_at(DAMAGE, "09:30")), *later]
    assert found(visit) == ["changed_after_signature.signed_content_fixed"]
    assert state(visit) == "changed"


def test_withdrawing_what_was_signed_voids_the_signature() -> None:
    signed = [*DAMAGE, signature("09:30", digest_at(DAMAGE, "09:30"))]
    slip = {"id": "w", "at": stories.clock("09:50"), "by": "technician", "reason": "写错"}
    assert found([*signed, {**slip, "withdraws": DAMAGE[2]["id"]}]) == ["changed_after_signature.signed_content_fixed"]
    assert found([*signed, {**slip, "withdraws": DAMAGE[2]["id"], "reason": " "}]) == []  # no reason, no effect


def test_a_new_signature_on_the_new_statement_counts() -> None:
    more = [*DAMAGE, said("09:40", "meter_cause_analysed", fields={"cause": "frost"})]
    visit = [*more, signature("09:30", digest_at(DAMAGE, "09:30")), signature("10:00", digest_at(more, "10:00"))]
    assert found(visit) == []
    assert state(visit) == "holds"


def test_entries_that_the_phone_did_not_know_of_do_not_touch_the_statement() -> None:
    visit = [
        *DAMAGE,
        said("09:15", "own_damage", "customer", thing="tile", label="瓷砖"),
        said("09:16", "meter_cause_analysed", "customer", says="no", evidence=[{"kind": "text", "text": "没有"}]),
        said("09:05", "appointment_agreed", "dispatcher", evidence=[{"kind": "message_log", "channel": "sms"}]),
        signature("09:30", digest_at(DAMAGE, "09:30")),
    ]
    assert found(visit) == []


def test_a_refusal_stands_beside_the_statement_with_who_helped_one_who_was_unable() -> None:
    helped = {"kind": "signature", "sha256": "e" * 64, "signer": "陶小妹", "relation": "adult_household_member"}
    refused = {"reason": "右手骨折", "outcome": "unable"}
    visit = [*DAMAGE, said("09:30", "meter_order_signed", refused=refused, evidence=[PHOTO, helped])]
    (declined,) = paper(visit).declined
    assert (declined.outcome, declined.reason, declined.valid) == ("unable", "右手骨折", True)
    assert (declined.helper, declined.relation) == ("陶小妹", "adult_household_member")
    assert paper(visit).signature is None
    (bare,) = paper([*DAMAGE, said("09:30", "meter_order_signed", refused=refused)]).declined
    assert not bare.valid  # a technician's word alone is none
