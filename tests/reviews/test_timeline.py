"""The order of acts as a drawing: acts from top to bottom, and an arrow for each broken order."""

import re
from datetime import datetime, timedelta

from service.judge.checklist import Text
from service.judge.judge import Evaluation
from service.judge.timeline import to_microseconds
from service.reviews.timeline_svg import (
    AXIS,
    MAX_ACTS,
    Act,
    BrokenOrder,
    Drawing,
    OrderOfActs,
    draw,
    order_of_acts,
    sentence,
    wrap,
)
from tests.support.example_visits import RULES, entry, visit

NINE = datetime.fromisoformat("2026-03-02T09:00:00+08:00")


def acts(*told: str) -> OrderOfActs:
    """The order of acts of a visit, each told as `09:05 arrived` or `09:30 borrowed chair`."""
    entries = [entry(at, what, thing=thing or None) for at, what, thing in ((*one.split(), "")[:3] for one in told)]
    evaluation = Evaluation(RULES, visit(), entries, to_microseconds(NINE + timedelta(days=1)))
    judgement = evaluation.evaluate()
    return order_of_acts(RULES, evaluation.timeline, judgement.findings, {"chair": "椅子"}, NINE.tzinfo)


def invented(count: int, *broken: tuple[int, int]) -> OrderOfActs:
    """Acts a minute apart, the order of some of which is broken."""
    made = tuple(Act(NINE + timedelta(minutes=n), Text(f"第{n}步", f"step {n}"), "technician") for n in range(count))
    return OrderOfActs(made, tuple(BrokenOrder(a, b, after=False, violation=True) for a, b in broken))


def test_what_the_customer_refused_has_its_place() -> None:
    refusal = {"refused": {"reason": "不签"}, "evidence": [{"kind": "text", "text": "不签"}]}
    entries = [
        entry("09:05", "arrived"),
        entry("09:40", "meter_order_signed", **refusal),
        entry("09:50", "left"),
    ]
    evaluation = Evaluation(RULES, visit("meter_repair"), entries, to_microseconds(NINE + timedelta(days=1)))
    evaluation.evaluate()
    order = order_of_acts(RULES, evaluation.timeline, (), {}, NINE.tzinfo)
    assert [one.refused for one in order.acts] == [False, True, False]
    assert "客户拒绝" in draw(order, "zh").sentences[1]


def test_acts_are_in_the_order_of_time() -> None:
    order = acts("09:20 work_started", "09:05 arrived", "09:10 entered")
    assert [act.label.zh for act in order.acts] == ["到场", "入内", "开始作业"]
    assert order.broken == ()
    drawing = draw(order, "zh")
    assert [act.time for act in drawing.acts] == ["09:05", "09:10", "09:20"]
    heights = [act.y for act in drawing.acts]
    assert heights == sorted(set(heights))
    assert drawing.height > heights[-1]


def test_what_came_too_late_has_an_arrow_to_what_it_had_to_come_before() -> None:
    order = acts("09:05 arrived", "09:09 entered", "09:10 door_signal")
    (broken,) = [one for one in order.broken if order.acts[one.act].label.zh == "按门铃或敲门"]
    assert (order.acts[broken.other].label.zh, broken.after, broken.violation) == ("入内", False, True)
    assert sentence(order, broken, "zh") == "应在「入内」（09:09）之前"
    drawing = draw(order, "zh")
    (arrow,) = drawing.arrows
    late, early = drawing.acts[broken.act], drawing.acts[broken.other]
    assert arrow.path.startswith(f"M{AXIS + 9} {late.y}H")
    assert arrow.path.endswith(f"{early.y}H{AXIS + 16}")
    assert early.y < arrow.y < late.y
    assert [line.text for line in late.faults] == ["应在「入内」（09:09）之前"]
    assert not early.faults
    assert "应在「入内」（09:09）之前" in drawing.sentences[broken.act]


def test_what_came_too_early_points_down() -> None:
    order = acts("09:05 arrived", "09:07 shoe_covers_on", "09:08 entry_consent", "09:09 entered")
    early = next(one for one in order.broken if order.acts[one.act].label.zh == "穿鞋套")
    assert sentence(order, early, "zh") == "应在「征得入内同意」（09:08）之后"
    assert early.act < early.other


def test_of_things_each_has_its_own_acts() -> None:
    told = ("09:05 arrived", "09:12 borrowed chair", "09:35 borrow_returned chair", "09:36 borrow_cleaned chair")
    order = acts(*told)
    (broken,) = [one for one in order.broken if order.acts[one.act].thing]
    assert [order.acts[n].label.zh for n in (broken.act, broken.other)] == ["清洁借用物品", "放回原处"]
    assert order.acts[broken.act].thing == "椅子"
    assert "椅子" in draw(order, "en").sentences[broken.act]


def test_arrows_that_overlap_lie_side_by_side() -> None:
    drawing = draw(invented(8, (1, 0), (3, 2), (4, 0), (6, 5)), "zh")
    by_ends = [arrow.x for arrow in drawing.arrows]
    assert by_ends[0] == by_ends[1] == by_ends[3]
    assert by_ends[2] > by_ends[0]
    assert all(arrow.x < drawing.text_x for arrow in drawing.arrows)


def test_with_many_arrows_the_text_still_has_room() -> None:
    drawing = draw(invented(30, *((n + 10, n) for n in range(20))), "zh")
    assert len(drawing.arrows) == 20
    assert drawing.text_x < drawing.width / 2
    assert all(arrow.x < drawing.text_x for arrow in drawing.arrows)


def test_of_very_many_acts_those_in_the_wrong_order_are_drawn() -> None:
    told = [f"09:{n // 60:02}:{n % 60:02} borrowed chair{n}" for n in range(MAX_ACTS + 20)]
    order = acts("08:50 arrived", *told, "10:00 entered", "10:01 door_signal")
    assert [act.label.zh for act in order.acts[-2:]] == ["入内", "按门铃或敲门"]
    assert order.omitted > 0
    assert draw(order, "zh").omitted == order.omitted


def test_a_new_day_has_its_date() -> None:
    order = invented(2)
    later = OrderOfActs((order.acts[0], Act(NINE + timedelta(days=2), Text("回访", "call"), "office")), ())
    drawing = draw(later, "zh")
    assert [day.at.day for day in drawing.days] == [2, 4]
    assert [line.text for line in drawing.acts[1].lines] == ["回访 · 办公室"]


def test_texts_are_wrapped_within_the_width() -> None:
    assert wrap("一二三四五六七八", 4) == ["一二三四", "五六七八"]
    assert wrap("had to come before the other", 9) == ["had to come", "before the", "other"]
    assert wrap("借用客户（椅子）", 5) == ["借用客户", "（椅子）"]
    assert wrap("Donaudampfschifffahrt", 4) == ["Donaudampfschifffahrt"]
    assert wrap("", 4) == []


def test_the_languages_do_not_mix() -> None:
    order = acts("09:05 arrived", "09:09 entered", "09:10 door_signal")
    assert not re.search("[\u4e00-\u9fff]", _texts(draw(order, "en")))
    assert "bell" not in _texts(draw(order, "zh"))


def _texts(drawing: Drawing) -> str:
    return " ".join(line.text for act in drawing.acts for line in (*act.lines, *act.faults))
