"""The steps of judging, one by one, where the examples do not reach."""

from datetime import datetime, timedelta

import msgspec
import pytest

from service.judge.judge import judge
from tests.support.example_visits import RULES, clock, entry, found, photo, visit

BEGUN = [entry("09:05", "arrived")]


def test_a_visit_without_any_entry_by_a_technician_has_not_begun() -> None:
    judgement = judge(
        RULES, visit(), [entry("08:00", "appointment_agreed", "dispatcher")], datetime.fromisoformat(clock("23:00"))
    )
    assert judgement.verdict is None
    assert judgement.findings == ()


def test_no_appointment_needs_a_reason() -> None:
    exempt = {"assigned": {"appointment_exempt": True}, "window": None}
    assert found(visit(**exempt), BEGUN, about="appointment_agreed") == ["violation bad_waiver.appointment_agreed"]
    assert found(visit(**exempt, exempt_reason=" "), BEGUN, about="appointment_agreed") == [
        "violation bad_waiver.appointment_agreed"
    ]
    assert found(visit(**exempt, exempt_reason="爆管"), BEGUN, about="appointment_agreed") == [
        "info waived.appointment_agreed"
    ]


def test_an_assigned_fact_cannot_be_written_by_anybody() -> None:
    entries = [*BEGUN, entry("09:06", "appointment_exempt", "dispatcher")]
    assert found(visit(), entries, about="appointment_agreed") == ["violation missing.appointment_agreed"]


def test_must_tell_facts_are_asked_once_work_has_started() -> None:
    assert found(visit(), BEGUN, about="entered") == []
    assert found(visit(), [*BEGUN, entry("09:10", "work_started")], about="entered") == ["warning undeclared.entered"]
    told = [*BEGUN, entry("09:10", "work_started"), entry("09:11", "entered", holds=False)]
    assert found(visit(), told, about="entered") == []


def test_a_fact_whose_thing_is_named_by_an_act_is_declared() -> None:
    assert found(visit(), BEGUN, about="borrowed") == ["warning undeclared.borrowed"]
    assert found(visit(), [*BEGUN, entry("09:20", "borrow_consent", thing="chair")], about="borrowed") == []


def test_a_fact_with_things_that_names_none_is_not_seen() -> None:
    assert found(visit(), [*BEGUN, entry("09:20", "borrowed")], about="borrowed") == ["warning undeclared.borrowed"]
    assert found(visit(), [*BEGUN, entry("09:20", "borrowed", holds=False)], about="borrowed") == []


def test_none_does_not_unname_a_thing() -> None:
    entries = [*BEGUN, entry("09:20", "borrowed", thing="chair"), entry("09:50", "borrowed", holds=False)]
    assert found(visit(), entries, about="borrow_returned") == ["violation missing.borrow_returned[chair]"]


def test_things_are_judged_in_the_order_of_naming() -> None:
    entries = [*BEGUN, entry("09:30", "borrowed", thing="a"), entry("09:20", "borrow_used", thing="b")]
    assert found(visit(), entries, about="borrow_thanked") == [
        "warning missing.borrow_thanked[b]",
        "warning missing.borrow_thanked[a]",
    ]


def test_a_refused_request_is_a_request_and_need_not_be_met() -> None:
    entries = [*BEGUN, entry("09:20", "request_refused", thing="r"), entry("09:21", "request_raised", thing="s")]
    assert found(visit(), entries, about="request_declined_explained") == [
        "violation missing.request_declined_explained[r]"
    ]
    assert found(visit(), entries, about="request_met") == ["info missing.request_met[s]"]


def test_an_explained_refusal_says_that_the_request_was_refused() -> None:
    explained = entry(
        "09:20", "request_declined_explained", thing="r", evidence=[{"kind": "text", "text": "管道在用户侧"}]
    )
    assert found(visit(), [*BEGUN, explained], about="request_met") == []
    assert found(visit(), [*BEGUN, explained], about="request_declined_explained") == []
    assert found(visit(), [*BEGUN, explained], about="request_raised") == []


def test_the_customers_last_word_on_the_thing_goes_before_that_on_the_whole() -> None:
    base = [*BEGUN, entry("09:20", "borrow_cleaned", thing="a"), entry("09:20", "borrow_cleaned", thing="b")]
    no = entry("12:00", "borrow_cleaned", "customer", says="no")
    yes = entry("12:01", "borrow_cleaned", "customer", says="yes", thing="a")
    assert found(visit(), [*base, no, yes], about="borrow_cleaned") == ["violation disputed.borrow_cleaned[b]"]


def test_a_technician_cannot_say_yes_for_the_customer() -> None:
    entries = [*BEGUN, entry("09:06", "met_customer"), entry("09:07", "id_shown", says="yes")]
    assert found(visit(), entries, about="id_shown") == ["violation missing.id_shown"]


def test_a_prohibition_breaks_only_on_the_customers_word() -> None:
    met = [*BEGUN, entry("09:06", "met_customer")]
    assert found(visit(), met, about="no_gifts") == []
    assert found(visit(), [*met, entry("12:00", "no_gifts", "customer", says="no")], about="no_gifts") == [
        "violation disputed.no_gifts"
    ]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("08:45", []),
        ("10:15", []),
        ("10:15:01", ["warning late.arrival_in_window"]),
        ("08:44:59", ["warning late.arrival_in_window"]),
    ],
)
def test_the_arrival_has_a_grace_on_both_sides(at: str, expected: list[str]) -> None:
    assert found(visit(), [entry(at, "arrived")], about="arrival_in_window") == expected


def test_a_supervisor_may_waive_a_late_arrival() -> None:
    waiver = entry("12:00", "arrival_in_window", "supervisor", waived={"by": "supervisor", "reason": "暴雨封路"})
    assert found(visit(), [entry("10:30", "arrived"), waiver], about="arrival_in_window") == [
        "info waived.arrival_in_window"
    ]


def test_an_arrival_more_than_an_hour_outside_is_a_moved_appointment() -> None:
    assert found(visit(), [entry("11:00", "arrived")], about="reschedule_notified") == []
    assert found(visit(), [entry("11:00:01", "arrived")], about="reschedule_notified") == [
        "violation missing.reschedule_notified"
    ]


def test_the_window_in_force_is_the_last_before_the_arrival() -> None:
    moved = [
        {"at": clock("08:00"), "from": clock("13:00"), "to": clock("14:00")},
        {"at": clock("13:30"), "from": clock("15:00"), "to": clock("16:00")},
    ]
    assert found(visit(rescheduled=moved), [entry("13:10", "arrived")], about="arrival_in_window") == []


def test_telling_the_new_time_after_the_old_window_is_a_warning() -> None:
    moved = visit(rescheduled=[{"at": clock("08:00"), "from": clock("13:00"), "to": clock("14:00")}])
    log = [{"kind": "message_log", "channel": "sms"}]
    entries = [entry("13:10", "arrived"), entry("10:30", "reschedule_notified", "dispatcher", evidence=log)]
    assert found(moved, entries, about="reschedule_notified") == ["warning order.reschedule_notified.before.window_end"]


def test_a_refusal_needs_a_reason_and_a_photo_when_the_technician_writes_it() -> None:
    damage = [*BEGUN, entry("09:20", "meter_damage_by_customer")]

    def signed(**more: object) -> list[str]:
        return found(visit(), [*damage, entry("09:40", "meter_order_signed", **more)], about="meter_order_signed")

    assert signed(refused={"reason": "要等家人"}) == ["violation missing.meter_order_signed"]
    assert signed(refused={"reason": " "}, evidence=[photo()]) == ["violation missing.meter_order_signed"]
    assert signed(refused={"reason": "要等家人"}, evidence=[photo()]) == ["open open.meter_order_signed"]
    assert signed(by="customer", refused={"reason": "不同意"}) == ["open open.meter_order_signed"]
    assert signed(by="office", refused={"reason": "不同意"}, evidence=[photo()]) == [
        "violation missing.meter_order_signed"
    ]


def test_a_waiver_counts_only_from_who_may_give_it() -> None:
    went_in = [*BEGUN, entry("09:10", "entered")]

    def bell(by: str, of: str, reason: str = "门开着") -> list[str]:
        waiver = entry("09:08", "door_signal", by, waived={"by": of, "reason": reason})
        return found(visit(), [*went_in, waiver], about="door_signal")

    assert bell("technician", "customer") == ["info waived.door_signal"]
    assert bell("customer", "customer") == ["info waived.door_signal"]
    assert bell("dispatcher", "customer") == ["violation bad_waiver.door_signal"]
    assert bell("technician", "technician") == ["violation bad_waiver.door_signal"]
    assert bell("technician", "customer", "") == ["violation bad_waiver.door_signal"]


def test_an_act_goes_before_a_waiver_of_the_same_item() -> None:
    entries = [
        *BEGUN,
        entry("09:10", "entered"),
        entry("09:06", "door_signal"),
        entry("09:07", "door_signal", waived={"by": "technician", "reason": "x"}, id="w"),
    ]
    assert found(visit(), entries, about="door_signal") == []


def damage(*more: object) -> list[str]:
    entries = [*BEGUN, entry("09:20", "own_damage", thing="tile"), *more]
    return found(visit(due={"damage_made_good[tile]": clock("20:00")}), entries, "21:00", "damage_made_good")  # type: ignore[list-item]


def test_a_damage_is_open_until_its_date_and_then_missing() -> None:
    entries = [*BEGUN, entry("09:20", "own_damage", thing="tile")]
    due = visit(due={"damage_made_good": clock("22:00"), "damage_made_good[tile]": clock("20:00")})
    assert found(due, entries, "19:59", "damage_made_good") == ["open open.damage_made_good[tile]"]
    assert found(due, entries, "20:00", "damage_made_good") == ["violation missing.damage_made_good[tile]"]


def test_the_judge_says_until_when_its_answer_stands() -> None:
    entries = [*BEGUN, entry("09:20", "own_damage", thing="tile")]
    due = visit(due={"damage_made_good[tile]": clock("20:00"), "damage_customer_satisfied": clock("21:00")})
    until = judge(RULES, due, entries, datetime.fromisoformat(clock("12:00"))).until
    assert until == datetime.fromisoformat(clock("20:00")).timestamp() * 1_000_000
    assert judge(RULES, due, entries, datetime.fromisoformat(clock("22:00"))).until is None


def test_without_any_date_a_damage_falls_due_seven_days_after_it_was_named() -> None:
    entries = [*BEGUN, entry("09:20", "own_damage", thing="tile")]
    at = datetime.fromisoformat(clock("09:20")) + timedelta(days=7)
    before = judge(RULES, visit(), entries, at - timedelta(microseconds=1)).findings
    after = judge(RULES, visit(), entries, at).findings
    assert "open.damage_made_good[tile]" in [f.code for f in before]
    assert "missing.damage_made_good[tile]" in [f.code for f in after]


def test_made_good_after_the_date_is_late() -> None:
    proof = [photo(), {"kind": "text", "text": "已换新砖"}]
    assert "warning late.damage_made_good[tile]" in damage(
        entry("20:30", "damage_made_good", "office", thing="tile", evidence=proof)
    )


def test_evidence_is_pooled_over_all_acts_and_fields_count_as_text() -> None:
    def witnessed(*acts: object) -> list[str]:
        return found(visit(assigned={"meter_exchanged": True}), [*BEGUN, *acts], about="p_meter_readings_witnessed")  # type: ignore[list-item]

    name = "p_meter_readings_witnessed"
    first = entry("09:30", name, evidence=[photo()], id="x1")
    assert witnessed(first) == ["warning evidence.p_meter_readings_witnessed.text"]
    assert witnessed(first, entry("11:00", name, evidence=[{"kind": "text", "text": "1234"}], id="x2")) == []
    assert witnessed(first, entry("11:00", name, fields={"old_reading": 1234}, id="x3")) == []


def test_a_customer_confirmation_that_the_technician_sends_does_not_count() -> None:
    happened = [
        *BEGUN,
        entry("09:20", "own_damage", thing="tile"),
        entry("09:30", "damage_made_good", "office", thing="tile"),
    ]
    word = entry(
        "10:00", "damage_customer_satisfied", "customer", thing="tile", evidence=[{"kind": "customer_confirm"}]
    )
    assert found(visit(), [*happened, word], about="damage_customer_satisfied") == []
    sent = msgspec.structs.replace(word, via="record")
    assert found(visit(), [*happened, sent], about="damage_customer_satisfied") == [
        "warning evidence.damage_customer_satisfied[tile].customer_confirm"
    ]


def test_a_missing_signature_is_a_violation_and_a_missing_photo_a_warning() -> None:
    entries = [
        *BEGUN,
        entry("09:20", "meter_damage_by_customer"),
        entry("09:25", "meter_damage_photo"),
        entry("09:40", "meter_order_signed", "customer"),
    ]
    assert found(visit(), entries, about="meter_damage_photo") == ["warning evidence.meter_damage_photo.photo"]
    assert found(visit(), entries, about="meter_order_signed") == ["violation evidence.meter_order_signed.signature"]


def signing(relation: str, at: str = "09:40") -> object:
    signature = {"kind": "signature", "sha256": "b" * 64, "signer": "陶", "relation": relation}
    return entry(at, "meter_order_signed", "customer", evidence=[signature])


def test_a_neighbour_may_not_sign_and_the_last_signature_counts() -> None:
    base = [*BEGUN, entry("09:20", "meter_damage_by_customer")]
    assert found(visit(), [*base, signing("neighbour")], about="signer_is_customer") == [
        "violation signer.signer_is_customer"
    ]  # type: ignore[list-item]
    assert found(visit(), [*base, signing("neighbour"), signing("tenant", "09:50")], about="signer_is_customer") == []  # type: ignore[list-item]


def test_what_was_signed_may_not_change_afterwards() -> None:
    base = [*BEGUN, entry("09:20", "meter_damage_by_customer"), signing("tenant")]
    later = entry("09:41", "meter_cause_analysed", evidence=[{"kind": "text", "text": "另有原因"}])
    assert found(visit(), [*base, later], about="signed_content_fixed") == [
        "violation changed_after_signature.signed_content_fixed"
    ]  # type: ignore[list-item]
    assert found(visit(), [*base, later, signing("tenant", "09:45")], about="signed_content_fixed") == []  # type: ignore[list-item]


def test_recorded_long_after_it_is_said_to_have_happened_is_a_warning_unless_a_photo_shows_it() -> None:
    def covers(**more: object) -> list[str]:
        return found(
            visit(),
            [*BEGUN, entry("09:40", "shoe_covers_on", **more), entry("09:41", "entered")],
            about="shoe_covers_on",
        )

    assert covers(claimed_at=clock("09:35")) == []
    assert covers(claimed_at=clock("09:34:59")) == ["warning late_entry.shoe_covers_on"]
    assert covers(claimed_at=clock("09:34:59"), evidence=[photo()]) == []


def test_who_turns_up_in_mid_work_is_shown_the_card_without_breaking_the_order() -> None:
    work = [*BEGUN, entry("09:10", "work_started")]
    late = [*work, entry("09:30", "met_customer"), entry("09:31", "id_shown")]
    assert found(visit(), late, about="id_shown") == []
    early = [*work, entry("09:06", "met_customer"), entry("09:11", "id_shown")]
    assert found(visit(), early, about="id_shown") == ["violation order.id_shown.before.work_started"]


def test_one_of_card_or_introduction_identifies_at_the_door() -> None:
    door = [*BEGUN, entry("09:06", "door_signal"), entry("09:08", "entry_consent"), entry("09:10", "entered")]
    assert found(visit(), door, about="door_identified") == ["violation missing.door_identified"]
    assert found(visit(), [*door, entry("09:07", "self_introduced")], about="door_identified") == []
    assert found(visit(), [*door, entry("09:07", "door_identified")], about="door_identified") == [
        "violation missing.door_identified"
    ]
    assert found(visit(), [*door, entry("09:09", "id_shown")], about="door_identified") == [
        "violation order.door_identified.before.entry_consent"
    ]


def test_the_first_act_by_somebody_who_may_attest_it_counts() -> None:
    base = [*BEGUN, entry("09:20", "own_damage", thing="t"), entry("09:30", "damage_made_good", "office", thing="t")]
    technician = entry("09:40", "damage_customer_satisfied", thing="t")
    customer = entry(
        "10:00", "damage_customer_satisfied", "customer", thing="t", evidence=[{"kind": "customer_confirm"}]
    )
    assert found(visit(), [*base, technician], about="damage_customer_satisfied") == [
        "violation attest.damage_customer_satisfied[t]"
    ]
    assert found(visit(), [*base, technician, customer], about="damage_customer_satisfied") == []


def test_a_policy_is_off_unless_its_default_or_the_visit_says_so() -> None:
    base = [*BEGUN, entry("09:06", "met_customer"), entry("09:10", "work_started")]
    assert found(visit(), base, about="p_result_told") == []
    assert found(visit(policies={"p_result_told": True}), base, about="p_result_told") == [
        "warning missing.p_result_told"
    ]
    exchange = {"assigned": {"meter_exchanged": True}}
    assert found(visit(**exchange), base, about="p_meter_readings_witnessed") == [
        "warning missing.p_meter_readings_witnessed"
    ]
    assert (
        found(
            visit(**exchange, policies={"p_meter_readings_witnessed": False}), base, about="p_meter_readings_witnessed"
        )
        == []
    )


def test_two_inspectors_are_counted_from_the_plan() -> None:
    on = {"policies": {"p_two_inspectors": True}, "assigned": {"inspector_on_site": True}}
    assert found(visit("water_use_inspection", **on), BEGUN, about="p_two_inspectors") == [
        "warning missing.p_two_inspectors"
    ]
    assert found(visit("water_use_inspection", **on, inspectors=2), BEGUN, about="p_two_inspectors") == []


def test_a_slip_is_withdrawn_with_a_reason_by_who_wrote_it() -> None:
    slip = entry("09:06", "own_damage", thing="tile", id="slip")

    def left(**more: object) -> bool:
        taken_back = entry("09:07", "own_damage", thing="tile", withdraws="slip", id="w", **more)
        return found(visit(), [*BEGUN, slip, taken_back], about="own_damage_recorded") != []

    assert not left(reason="点错了")
    assert left()
    assert left(reason="  ")
    assert left(reason="点错了", by="customer")


def test_a_withdrawal_cannot_come_before_the_entry_nor_be_withdrawn() -> None:
    slip = entry("09:06", "own_damage", thing="tile", id="slip")
    early = entry("09:05", "own_damage", thing="tile", withdraws="slip", reason="x", id="w0")
    assert found(visit(), [*BEGUN, slip, early], about="own_damage_recorded") != []
    back = entry("09:07", "own_damage", thing="tile", withdraws="slip", reason="x", id="w1")
    again = entry("09:08", "own_damage", thing="tile", withdraws="w1", reason="x", id="w2")
    assert found(visit(), [*BEGUN, slip, back, again], about="own_damage_recorded") == []


def test_order_is_judged_by_the_monotonic_clock_of_a_session() -> None:
    # the phone's clock was set back by an hour between consent and entry; the ticks go on
    clocked = {"session": "s1"}
    entries = [
        *BEGUN,
        entry("09:06", "door_signal", tick=1000, **clocked),
        entry("09:07", "entry_consent", tick=61_000, **clocked),
        entry("08:08", "shoe_covers_on", tick=121_000, **clocked),
        entry("08:09", "entered", tick=181_000, **clocked),
    ]
    assert found(visit(), entries, about="shoe_covers_on") == []
    assert found(visit(), entries, about="entry_consent") == []


def test_entering_before_consent_is_found_by_ticks_whatever_the_wall_clock_says() -> None:
    entries = [
        *BEGUN,
        entry("09:06", "entered", tick=5_000, session="s"),
        entry("09:06", "entry_consent", tick=6_000, session="s"),
    ]
    assert found(visit(), entries, about="entry_consent") == ["violation order.entry_consent.before.entered"]


def test_a_typed_answer_out_of_bounds_is_a_warning_and_a_corrected_one_is_none() -> None:
    exchange = visit(assigned={"meter_exchanged": True})
    name = "p_meter_readings_witnessed"

    def reading(value: object, *more: object) -> list[str]:
        first = entry("09:30", name, evidence=[photo()], fields={"old_reading": value}, id="r1")
        return found(exchange, [*BEGUN, first, *more], about=name)  # type: ignore[list-item]

    assert reading(1234.5) == []
    assert reading(-1) == ["warning value.p_meter_readings_witnessed.old_reading"]
    assert reading("12") == ["warning value.p_meter_readings_witnessed.old_reading"]
    assert reading(True) == ["warning value.p_meter_readings_witnessed.old_reading"]
    assert reading(-1, entry("09:31", name, fields={"old_reading": 7}, id="r2")) == []


def test_a_typed_time_is_rfc_3339_with_an_offset() -> None:
    def warnings(time: str) -> list[str]:
        evidence = [{"kind": "text", "text": "已告知"}]
        shut = entry("09:20", "outage_caused")
        answer = entry("09:30", "outage_eta_told", evidence=evidence, fields={"restored_at": time})
        return [line for line in found(visit(), [*BEGUN, shut, answer], about="outage_eta_told") if "value" in line]

    for time in ("2026-03-02T12:00:00+08:00", "2026-03-02 04:00:00.5z"):
        assert warnings(time) == []
    for time in ("2026-03-02T12:00:00", "2026-03-02T12:00+08:00", "20260302T120000+08:00", "2026-W10-1T12:00:00Z", ""):
        assert warnings(time) == ["warning value.outage_eta_told.restored_at"]


def test_the_label_of_a_withdrawn_slip_is_not_shown() -> None:
    slip = entry("09:06", "own_damage", thing="d", label="花瓶", id="slip")
    back = entry("09:07", "own_damage", thing="d", withdraws="slip", reason="写错了", id="w")
    again = entry("09:08", "own_damage", thing="d", label="瓷砖", id="again")
    judgement = judge(RULES, visit(), [*BEGUN, slip, back, again], datetime.fromisoformat(clock("23:00")))
    assert judgement.labels == {"d": "瓷砖"}
