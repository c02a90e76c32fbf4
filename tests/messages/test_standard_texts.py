"""How many parts a text message has, and that every standard text fits two with the longest usual values."""

import re
from datetime import time
from pathlib import Path

import pytest

from service.config.errors import SettingsError
from service.config.loading import load_settings
from service.config.settings import Settings
from service.lifecycle import build_context
from service.messages import outbox
from service.messages.kinds import KINDS
from service.messages.segments import MAX_STANDARD_SEGMENTS, count_segments
from service.visits.notice_flags import AFTERWARDS

LONGEST = {
    "company": "安泰供水",
    "customer": "欧阳女士",
    "time": "12月28日 09:00–10:00",
    "technician": "王建国",
    "content": "更换智能水表",
    "place": "人民东路 128 号 3 幢 1202 室",
    "word": "青山 绿水",
    "link": "https://shuiwu.example.cn/c/" + 26 * "a",
    "arrival": "预计09:05到",
    "contact": "请致电0571-88881234",
    "date": "12月28日",
    "count": "3",
    "change": "改到",
    "request": "请配合答复",
    "number": "TS-20261228-04711893",
    "due": "12月31日",
}


@pytest.mark.parametrize("about", KINDS)
def test_a_standard_text_fits_two_parts(about: str):
    text = re.sub(r"\{(\w+)\}", lambda found: LONGEST[found[1]], KINDS[about].text)  # type: ignore[index]
    assert count_segments(text) <= MAX_STANDARD_SEGMENTS, f"{len(text)}: {text}"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),  # two septets each
        ("€" * 81, 2),
        ("a" + "€" * 152, 2),
        ("€" * 77 + "a" * 153, 3),  # none is divided between two parts
        ("水" * 70, 1),
        ("水" * 71, 2),
        ("水" * 134, 2),
        ("水" * 135, 3),
        ("a" * 69 + "水", 1),
        ("a" * 70 + "水", 2),
        ("😀" * 35, 1),  # two units each
        ("😀" * 36, 2),
        ("水" + "😀" * 66, 2),
        ("水" * 66 + "😀" + "水" * 66, 3),
        ("`", 1),
        ("`" * 71, 2),  # not in the alphabet of GSM
    ],
)
def test_parts_are_counted_as_networks_count_them(text: str, parts: int):
    assert count_segments(text) == parts


@pytest.mark.parametrize("about", KINDS)
def test_the_texts_to_register_are_documented_as_they_are_sent(about: str):
    kind = KINDS[about]  # type: ignore[index]
    pages = (Path(__file__).parents[2] / "docs" / "messages.md").read_text("utf-8")
    (row,) = [line for line in pages.splitlines() if line.startswith(f"| `{about}` |")]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    sent = "自动" if about in Settings().automatic else "由调度发"
    sent += "，不避开安静时段" if kind.urgent else ""
    link = "有" if "{link}" in kind.text else "无"
    assert cells == [f"`{about}`", kind.purpose, kind.condition, kind.text, link, sent]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DOORSTEP_AUTOMATIC", "reminder, appointmnt"),
        ("DOORSTEP_AUTOMATIC", "code"),
        ("DOORSTEP_SMS_TEMPLATES", "appointment=SMS_1, birthday=SMS_2"),
        ("DOORSTEP_SMS_TEMPLATES", "appointment"),
        ("DOORSTEP_SMS_TEMPLATES", "appointment="),
    ],
)
def test_a_setting_names_kinds_that_there_are(name: str, value: str):
    with pytest.raises(SettingsError, match=name):
        build_context(load_settings({name: value}))


def test_settings_say_which_messages_are_sent_by_themselves_and_how_they_are_registered():
    given = {
        "DOORSTEP_AUTOMATIC": "reminder, cancellation",
        "DOORSTEP_SMS_TEMPLATES": "appointment=SMS_1, reminder = SMS_2",
        "DOORSTEP_QUIET": "22:00-07:30",
        "DOORSTEP_SMS_REPORTS": "a secret of the gateway",
    }
    company = build_context(load_settings(given)).company
    assert company.automatic == {"reminder", "cancellation"}
    assert company.templates == {"appointment": "SMS_1", "reminder": "SMS_2"}
    assert company.quiet_hours == (time(22), time(7, 30))
    assert company.report_secret == "a secret of the gateway"
    usual = build_context(load_settings({})).company
    assert usual.automatic == {about for about, kind in KINDS.items() if kind.automatic}
    assert (
        build_context(load_settings({"DOORSTEP_AUTOMATIC": "none", "DOORSTEP_QUIET": "none"})).company.automatic
        == set()
    )


def test_what_is_not_about_a_visit_to_come_is_not_withdrawn_by_another_time():
    """The two lists of such kinds agree with each other and with the table."""
    sql = (Path(outbox.__file__).parent / "outbox.sql").read_text("utf-8")
    kept = re.findall(r"'(\w+)'", sql.partition("about NOT IN")[2].partition(")")[0])
    assert {*kept, "other"} == set(AFTERWARDS)
    ahead = {"appointment", "reschedule", "handover", "reminder", "on_the_way"}
    assert set(kept) == set(KINDS) - ahead
