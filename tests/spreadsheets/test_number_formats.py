"""What a person sees of a number is what is read; what else is stored is said."""

import pytest

from service.spreadsheets.number_format import BUILT_IN, formatted_text, number_cell

SHOWN = [
    ("12345", "00000000", "00012345"),
    ("42", '"WO"000000', "WO000042"),
    ("42", "\\W\\O000", "WO042"),
    ("42", '0"-"0', "4-2"),
    ("13800138000", "000-0000-0000", "138-0013-8000"),
    ("57188881234", '"0"###-########', "0571-88881234"),
    ("5551234", "[<=9999999]###-####;(###) ###-####", "555-1234"),
    ("5551234567", "[<=9999999]###-####;(###) ###-####", "(555) 123-4567"),
    ("13800138000", "General", "13800138000"),
    ("13800138000.0", "General", "13800138000"),
    ("1.3800138E10", "General", "13800138000"),
    ("123456789012345", "0", "123456789012345"),
    ("0.30000000000000004", "General", "0.3"),
    ("42", 'General"号"', "42号"),
    ("42", "@", "42"),
    ("42", "0_);[Red]\\(0\\)", "42"),
    ("-5", "0;(0)", "(5)"),
    ("0.12", "0%", "12%"),
    ("0.125", "0.0%", "12.5%"),
    ("2.5", "0.##", "2.5"),
    ("46083", "yyyy/m/d", "2026/3/2"),
    ("46083.375", "yyyy/m/d h:mm", "2026/3/2 9:00"),
    ("46083.645833", '[$-804]yyyy"年"m"月"d"日" 上午/下午h"点"mm;@', "2026年3月2日 下午3点30"),
    ("46083", "[$-804]aaaa", "星期一"),
    ("0.375", "h:mm AM/PM", "9:00 AM"),
    ("1.25", "[h]:mm", "30:00"),
    ("46083.9999999", "yyyy-mm-dd hh:mm", "2026-03-03 00:00"),
]


@pytest.mark.parametrize(("stored", "code", "shown"), SHOWN)
def test_a_number_is_read_as_it_is_shown(stored: str, code: str, shown: str) -> None:
    cell = number_cell(stored, code)
    assert (cell.text, cell.fault, cell.notes) == (shown, None, ())


@pytest.mark.parametrize(
    ("stored", "code", "read", "said"),
    [
        ("12345", "#,##0", "12345", "12,345"),
        ("42", "000,000", "42", "000,042"),
        ("13800138000", "0.00E+00", "13800138000", "1.38E+10"),
        ("12345", "0.00", "12345", "12345.00"),
        ("12345.678", "0", "12346", "12345.678"),
        ("42", "# ?/?", "42", "看不懂"),
        ("42", "[DBNum1]0", "42", "看不懂"),
        ("42", ";;;", "", "藏起来"),
        ("0.5", '"有";"无"', "有", "0.5"),
        ("46083.375", "yyyy/m/d", "2026/3/2", "09:00"),
    ],
)
def test_what_a_format_hides_is_said(stored: str, code: str, read: str, said: str) -> None:
    cell = number_cell(stored, code)
    assert (cell.text, cell.fault) == (read, None)
    assert any(said in zh for zh, _ in cell.notes), cell


@pytest.mark.parametrize(
    ("stored", "code", "said"),
    [
        ("123456789012345678", "0", "15 位"),
        ("1.23456789012346E+17", "General", "15 位"),
        ("-1", "yyyy/m/d", "日期为负"),
        ("1E+300", "yyyy/m/d", "日期为负或太大"),
        ("NaN", "0", "不是数字"),
    ],
)
def test_what_is_lost_is_an_error(stored: str, code: str, said: str) -> None:
    cell = number_cell(stored, code)
    assert cell.fault is not None
    assert said in cell.fault[0]
    assert cell.fault[1].isascii()


@pytest.mark.parametrize(
    ("stored", "code", "is_1904", "moment", "day"),
    [
        ("46083.375", "yyyy/m/d h:mm", False, "2026-03-02 09:00", ""),
        ("44621.375", "yyyy/m/d h:mm", True, "2026-03-02 09:00", ""),
        ("46083", "yyyy/m/d", False, "2026-03-02", ""),
        ("46083", "yyyy/m/d h:mm", False, "2026-03-02 00:00", ""),
        ("0.375", "h:mm", False, "09:00", ""),
        ("0.375", "h:mm", True, "09:00", ""),
        ("46083.375", "h:mm", False, "09:00", "2026-03-02"),
        ("46083.375", 'm"月"d"日"h"时"', False, "2026-03-02 09:00", ""),
    ],
)
def test_the_moment_in_a_cell_is_exact(stored: str, code: str, is_1904: bool, moment: str, day: str) -> None:
    cell = number_cell(stored, code, is_1904=is_1904)
    assert (cell.moment, cell.day, cell.fault) == (moment, day, None)


def test_a_date_of_the_other_system_without_its_format_is_said() -> None:
    assert "1904" in number_cell("44621", "General", is_1904=True).notes[0][0]
    assert number_cell("44621", "General").notes == ()


def test_a_text_may_have_a_format_too() -> None:
    assert formatted_text("42", '"WO"@').text == "WO42"
    assert formatted_text("42", '0;0;0;"x"@').text == "x42"
    assert formatted_text("42", "yyyy/m/d").text == "42"
    assert "42" in formatted_text("42", ";;;").notes[0][0]


@pytest.mark.parametrize(
    "code", [*BUILT_IN.values(), "", ";", ";;;;;;", '"', "[", "\\", "_", "*", "[h", "E+", "??", "#" * 300]
)
def test_no_format_is_too_odd(code: str) -> None:
    for stored in ("0", "-1.5", "46083.375", "99999999999", "1e-9"):
        number_cell(stored, code)
    formatted_text("a", code)
