"""What is read of a day's plan as people keep it and as exports write it, and what is said about the rest."""

import re
from collections.abc import Sequence
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.dispatch.import_cells import clean_cell
from service.dispatch.import_columns import COLUMNS
from service.dispatch.import_rows import TableRow
from service.dispatch.tabulator import TableOptions, TableOutcome, read_table
from service.spreadsheets.words import load_table_words
from tests.support.workbooks import Raw, number, ods, xlsx

WORDS = load_table_words()
HEAD = ["工单号", "类型", "开始", "结束", "技术员", "姓名", "电话", "地址", "户号", "工作内容", "工作地点"]
GOOD = {
    "工单号": "GD-1", "类型": "维修", "开始": "2026-03-02 09:00", "结束": "10:00", "技术员": "li", "姓名": "陶女士",
    "电话": "13800138000", "地址": "虚构路 1 号", "户号": "00012345", "工作内容": "检修漏水", "工作地点": "厨房",
}  # fmt: skip


def read(raw: bytes, zone: str = "Asia/Shanghai") -> TableOutcome:
    return read_table(TableOptions(zone, WORDS.columns, WORDS.slots), raw)


def rows_of(*changes: dict[str, str], head: Sequence[str] = HEAD) -> list[list[str]]:
    return [list(head), *([(GOOD | change).get(name, "") for name in head] for change in changes)]


def csv(rows: Sequence[Sequence[str]], separator: str = ",", encoding: str = "utf-8") -> bytes:
    quoted = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in rows]
    return "\r\n".join(map(separator.join, quoted)).encode(encoding)


def only(outcome: TableOutcome) -> TableRow:
    assert not outcome.faults, outcome.faults
    (row,) = outcome.rows
    return row


def said(row: TableRow) -> list[str]:
    return [f"{one.column}：{one.zh}" for one in (*row.faults, *row.time_faults)]


def noted(row: TableRow) -> list[str]:
    return [f"{one.column}：{one.zh}" for one in row.notes]


def notes(outcome: TableOutcome) -> str:
    assert all(one.en for one in outcome.notes)
    return "\n".join(one.zh for one in outcome.notes)


EXPORT = [
    "工单编号",
    "用户名称",
    "联系电话",
    "处理人",
    "预约日期",
    "预约时段",
    "用水地址",
    "业务类型",
    "任务内容",
    "备注",
]
LINE = ["P-1", "陶女士", "13800138000", "李强", "2026-03-02", "09:00-10:00", "虚构路 1 号", "更换水表", "换表", "尽快"]


def test_a_raw_export_is_read_as_it_is() -> None:
    """A title, when it was exported, headings in other words, those again on the next page, a total and who made it."""
    lines = [["供水公司上门任务表"], ["导出时间：2026-03-01 17:00"], EXPORT, LINE, EXPORT, ["P-2", *LINE[1:]]]
    lines += [["合计", "", "2"], ["制表人：王"]]
    for raw in (csv(lines), csv(lines, ";", "gb18030"), xlsx(lines), ods(lines)):
        found = read(raw)
        assert (found.faults, found.heading_row) == ((), 3)
        assert [row.cells["external_ref"] for row in found.rows] == ["P-1", "P-2"]
        assert [row.number for row in found.rows] == [4, 6]
        row = found.rows[0]
        assert (row.start, row.end) == (at(9), at(10))
        assert [row.cells[name] for name in ("name", "technician", "type", "content")] == LINE[1:4:2] + LINE[7:9]
        assert said(row) == noted(row) == []
        for part in (
            "备注（J 列）",
            "供水公司上门任务表",
            "导出时间",
            "第 7 行不是任务",
            "第 8 行不是任务",
            "第 5 行：重复",
        ):
            assert part in notes(found), part


def at(hour: int, minute: int = 0, day: int = 2) -> datetime:
    return datetime.fromisoformat(f"2026-03-{day:02}T{hour:02}:{minute:02}+08:00")


@pytest.mark.parametrize(
    "heading",
    ["工单编号", " 工单 编号 ", "*工单编号", "工单编号（必填）", "工单编号：", "工单编号\u200b", "ＯＲＤＥＲ　number",
     "External_Ref", "工单\n编号", "派单号"],
)  # fmt: skip
def test_a_heading_in_other_words_or_letters(heading: str) -> None:
    rows = rows_of({}, head=[heading, *HEAD[1:]])
    rows[1][0] = "GD-1"
    assert only(read(csv(rows))).cells["external_ref"] == "GD-1"
    assert only(read(xlsx(rows))).cells["external_ref"] == "GD-1"


def test_a_heading_of_two_rows_is_one() -> None:
    upper = ["工单号", "类型", "上门时间", "", "技术员", "客户信息", "", "", "", "工作内容", "工作地点"]
    lower = ["", "", "开始", "结束", "", "姓名", "电话", "地址", "户号", "", ""]
    merged = '<mergeCells><mergeCell ref="A1:A2"/><mergeCell ref="C1:D1"/><mergeCell ref="F1:I1"/></mergeCells>'
    lines = [upper, lower, rows_of({})[1]]
    for raw in (xlsx(lines, after=merged), csv(lines)):
        row = only(read(raw))
        assert {zh: row.cells[COLUMNS[zh]] for zh in HEAD} == GOOD


def test_a_merged_heading_has_two_columns_of_times() -> None:
    head = [*(name for name in HEAD if name not in ("开始", "结束")), "预约时间", ""]
    lines = [head, [*(GOOD[name] for name in head[:-2]), "2026-03-02", "9点到10点半"]]
    row = only(read(xlsx(lines, after='<mergeCells><mergeCell ref="J1:K1"/></mergeCells>')))
    assert (row.start, row.end, said(row)) == (at(9), at(10, 30), [])


SLOTS = [
    ("2026-03-02", "08:00-09:00", at(8), at(9)),
    ("2026/3/2", "08:00~09:00", at(8), at(9)),
    ("2026年3月2日", "8点到9点", at(8), at(9)),
    ("20260302", "8-9点", at(8), at(9)),
    ("46083", "8:00—9:30", at(8), at(9, 30)),
    ("2026-03-02 00:00:00", "08:00至09:00", at(8), at(9)),
    ("2026-03-02（周一）", "08：00－09：00", at(8), at(9)),
    ("2026-03-02 星期一", "下午2点-3点半", at(14), at(15, 30)),
    ("2026-03-02", "上午10点-12点", at(10), at(12)),
    ("2026-03-02", "上午9点到下午2点", at(9), at(14)),
    ("2026-03-02", "上午", at(8), at(12)),
    ("2026-03-02", "（下午）", at(13), at(17)),
    ("2026-03-02", "全天", at(8), at(17)),
    ("2026-03-02", "上午 08:00-12:00", at(8), at(12)),
    ("2026-03-02", "08:00-12:00（上午）", at(8), at(12)),
    ("2026-03-02", "22:00-24:00", at(22), at(0, day=3)),
    ("2026-03-02", "23:00-次日1:30", at(23), at(1, 30, day=3)),
    ("2026-03-02", "2026-03-02 08:00-09:00", at(8), at(9)),
    ("", "2026-03-02 08:00-09:00", at(8), at(9)),
    ("", "2026-03-02 22:00 至 2026-03-03 06:00", at(22), at(6, day=3)),
    ("2026-03-02 08:00-09:00", "", at(8), at(9)),
    ("2026-03-02 上午", "", at(8), at(12)),
]


@pytest.mark.parametrize(("day", "slot", "start", "end"), SLOTS)
def test_a_day_and_a_time_of_day_make_a_window(day: str, slot: str, start: datetime, end: datetime) -> None:
    line = [*LINE[:4], day, slot, *LINE[6:]]
    for raw in (csv([EXPORT, line]), xlsx([EXPORT, line])):
        row = only(read(raw))
        assert (row.start, row.end, said(row)) == (start, end, [])


@pytest.mark.parametrize(
    ("day", "slot", "words"),
    [
        ("2026-03-02", "", "预约时段：不能为空"),
        ("", "08:00-09:00", "预约时段：时段请写成 09:00-10:00"),
        ("明天", "08:00-09:00", "预约日期：日期请写成 2026-03-02"),
        ("2026-02-30", "08:00-09:00", "预约日期：日期请写成 2026-03-02"),
        ("2026-03-02 周二", "08:00-09:00", "预约日期：日期和星期对不上：2026-03-02 星期一"),
        ("2026-03-02", "09:00-08:00", "预约时段：结束须晚于开始"),
        ("2026-03-02", "2点-3点", "预约时段：说不清是中午还是夜里"),
        ("2026-03-02", "上午10点-1点", "预约时段：说不清是中午还是夜里"),
        ("2026-03-02", "上午9点", "预约时段：只有开始，没有结束"),
        ("2026-03-02", "09:00-10:00-11:00", "预约时段：时段请写成"),
        ("2026-03-02", "9:00-", "预约时段：时段请写成"),
        ("2026-03-02", "25:00-26:00", "预约时段：时段请写成"),
        ("2026-03-02", "等电话", "预约时段：时段请写成"),
    ],
)
def test_no_window_is_made_up(day: str, slot: str, words: str) -> None:
    row = only(read(csv([EXPORT, [*LINE[:4], day, slot, *LINE[6:]]])))
    assert [one[: len(words)] for one in said(row)] == [words]


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2027-03-28 02:30", "2027-03-28 04:30", ["开始：当天没有 2027-03-28 02:30"]),
        ("2027-03-28 01:30", "02:15", ["结束：当天没有 2027-03-28 02:15"]),
        ("2027-10-31 02:15", "2027-10-31 02:45", ["开始：当天有两个 2027-10-31 02:15", "结束：当天有两个"]),
        ("46474.1041666667", "2027-03-28 04:30", ["开始：当天没有 2027-03-28 02:30"]),
        ("2027-10-31T02:15+01:00", "2027-10-31T02:45+01:00", []),
        ("2027-10-31 01:59", "2027-10-31 03:00", []),
        ("2027-03-28 03:00", "2027-03-28 03:30", []),
    ],
)
def test_times_that_the_clocks_skip_or_repeat(start: str, end: str, words: list[str]) -> None:
    row = only(read(csv(rows_of({"开始": start, "结束": end})), "Europe/Berlin"))
    assert all(one.startswith(word) for one, word in zip(said(row), words, strict=True)), said(row)
    assert said(only(read(csv(rows_of({"开始": start, "结束": end}))))) == []  # where the clocks stay as they are


CHANGED = [  # column, cell, format, what is read, what is wrong, what is said
    ("户号", number(12345, 1), "00000000", "00012345", "", ""),
    ("工单号", number(42, 1), '"WO"000000', "WO000042", "", ""),
    ("电话", number(13800138000, 1), "000-0000-0000", "138-0013-8000", "", ""),
    ("电话", number("13800138000.0"), "", "13800138000", "", ""),
    ("电话", number(13800138000, 1), "0.00E+00", "13800138000", "", "1.38E+10"),
    ("电话", number(13800138000, 1), "#,##0", "13800138000", "", "13,800,138,000"),
    ("户号", number("123456789012345678"), "", None, "15 位", ""),
    ("户号", number(0.12, 1), "0%", None, "百分数", ""),
    ("户号", number(46083, 1), 'm"月"d"日"', None, "变成了日期", ""),
    ("地址", number(46083, 1), 'm"月"d"日"', None, "变成了日期", ""),
    ("姓名", Raw('<c t="b"><v>0</v></c>'), "", None, "FALSE", ""),
    ("姓名", Raw('<c t="e"><v>#N/A</v></c>'), "", None, "公式错误 #N/A", ""),
    ("地址", Raw("<c><f>A1</f></c>"), "", None, "公式没有算出的结果", ""),
    ("工作内容", Raw("<c><f>A1</f></c>"), "", None, "公式没有算出的结果", ""),
    ("开始", number(46083.375, 1), "yyyy/m/d", "2026-03-02 09:00", "", "没显示的时间 09:00"),
    ("开始", number(46083.375, 1), "h:mm", "09:00", "", "没显示的日期是 2026-03-02"),
    ("开始", number(46083, 1), "yyyy/m/d", None, "只有日期", ""),
    ("开始", number(46083.375), "", "46083.375", "", ""),
    ("结束", number(0.4166666667, 1), "h:mm", "10:00", "", ""),
    ("结束", number(45000.4166666667, 1), "h:mm", "10:00", "", "没显示的日期 2023-03-15 没有用"),
    ("结束", number(0.4166666667), "", "0.4166666667", "", ""),
]


@pytest.mark.parametrize(("column", "cell", "code", "wanted", "wrong", "remark"), CHANGED)
def test_what_a_spreadsheet_program_did_to_a_value_is_said(
    column: str, cell: Raw, code: str, wanted: str | None, wrong: str, remark: str
) -> None:
    row = only(read(xlsx(rows_of({column: cell}), formats=[code or "General"])))
    assert wanted is None or row.cells[COLUMNS[column]] == wanted
    assert [bool(re.fullmatch(f"{column}：.*{re.escape(wrong)}.*", one)) for one in said(row)] == [True] * bool(wrong)
    assert [bool(re.fullmatch(f"{column}：.*{re.escape(remark)}.*", one)) for one in noted(row)] == [True] * bool(
        remark
    )
    if wanted is not None and column == "结束":
        assert row.end == at(10)


@pytest.mark.parametrize(
    ("column", "cell", "wanted", "wrong", "remark"),
    [
        ("电话", "１３８００１３８０００", "13800138000", "", ""),
        ("电话", "\u202d13800138000\u202c", "13800138000", "", ""),
        ("电话", "'13800138000", "13800138000", "", ""),
        ("电话", "13800138000.0", "13800138000", "", ""),
        ("电话", "57188881234", "57188881234", "", "0 丢了"),
        ("电话", "4008123456", "4008123456", "", ""),
        ("户号", "\u200e00012345", "00012345", "", ""),
        ("户号", "\u00a000012345\t", "00012345", "", ""),
        ("户号", "12345.00", "12345", "", "读作 12345"),
        ("户号", "12,345", "12345", "", "读作 12345"),
        ("户号", "12%", None, "百分数", ""),
        ("户号", "1.2E+9", None, "科学计数", ""),
        ("户号", "3月2日", None, "改成了日期", ""),
        ("户号", "2-Mar", None, "改成了日期", ""),
        ("户号", "6222021234567890000", "6222021234567890000", "", "第 16 位起都是 0"),
        ("地址", "2-Mar", "2-Mar", "", "像是表格程序改出来的日期"),
        ("地址", "虚构路\r\n1 号", "虚构路 1 号", "", ""),
        ("地址", "#REF!", None, "公式错误", ""),
        ("姓名", "陶\u200b女士", "陶女士", "", ""),
        ("姓名", "??", None, "问号", ""),
        ("技术员", "ＬＩ\u200b", "LI", "", ""),
        ("工作内容", "检修\u2028换阀", "检修\n换阀", "", ""),
        ("工作内容", "TRUE", "TRUE", "", ""),
        ("工作地点", "——", "", "", ""),
    ],
)
def test_what_an_export_did_to_a_text_is_mended_or_said(
    column: str, cell: str, wanted: str | None, wrong: str, remark: str
) -> None:
    rows = rows_of({column: cell})
    for raw in (
        csv(rows),
        csv(rows, "\t", "utf-16"),
        xlsx([[x.replace("\r", "_x000D_") for x in row] for row in rows]),
    ):
        row = only(read(raw))
        assert wanted is None or row.cells[COLUMNS[column]] == wanted
        assert [wrong in one for one in said(row)] == [True] * bool(wrong)
        assert [remark in one for one in noted(row)] == [True] * bool(remark)


def test_what_was_changed_is_kept_beside_it_in_letters_that_can_be_seen() -> None:
    row = only(read(csv(rows_of({"姓名": "陶\u200b女士", "电话": "１３８００１３８０００"}))))
    assert row.original == {"name": "陶⟨U+200B⟩女士", "phone": "１３８００１３８０００"}


def test_a_number_unlike_its_neighbours_is_said() -> None:
    accounts = ["0100211985", "0100211986", "0100211987", "100211988", "01002119880", "A-7"]
    found = read(csv(rows_of(*({"工单号": f"G-{n}", "户号": one} for n, one in enumerate(accounts)))))
    assert [len(row.notes) for row in found.rows] == [0, 0, 0, 1, 1, 0]
    assert "9 位，别的行是 10 位（如 0100211985），开头的 0 可能丢了" in noted(found.rows[3])[0]
    assert "0 可能丢了" not in noted(found.rows[4])[0]
    mixed = read(csv(rows_of(*({"户号": one} for one in ("1", "22", "333", "4444")))))
    assert [row.notes for row in mixed.rows] == [()] * 4


def test_hidden_rows_are_left_out_and_hidden_columns_are_named() -> None:
    rows = rows_of({}, {"工单号": "GD-2"}, {"工单号": "GD-3"}, {"工单号": "GD-4"})
    raw = xlsx(
        rows, row_attributes={3: 'hidden="1"', 4: 'hidden="1"'}, before='<cols><col min="9" max="9" width="0"/></cols>'
    )
    found = read(raw)
    assert [row.cells["external_ref"] for row in found.rows] == ["GD-1", "GD-4"]
    assert "第 3–4 行：隐藏或筛选掉的行，没有导入" in notes(found)
    assert "隐藏的列也读了：户号（I 列）" in notes(found)


def test_the_sheet_that_is_the_plan_is_read_and_the_others_are_named() -> None:
    found = read(
        xlsx([["说明"], ["请勿修改"]], sheets=[("备份", "hidden", rows_of({})), ("三月", "visible", rows_of({}))])
    )
    assert (found.sheet, len(found.rows)) == ("三月", 1)
    assert "“第一张”" in notes(found)
    assert "“备份”（隐藏的）" in notes(found)


def test_a_hidden_sheet_is_read_only_where_no_other_has_the_headings() -> None:
    found = read(xlsx([["说明"]], sheets=[("备份", "hidden", rows_of({}))]))
    assert (found.sheet, len(found.rows)) == ("备份", 1)
    assert "只有隐藏的工作表“备份”有列名" in notes(found)


def test_a_day_may_have_a_start_and_an_end_beside_it() -> None:
    head = ["日期", "开始时间", "结束时间", *(name for name in HEAD if name not in ("开始", "结束"))]
    line = [number(46083, 1), "9:00", number("0.4166666667", 2), *(GOOD[name] for name in head[3:])]
    row = only(read(xlsx([head, line], formats=["yyyy/m/d", "h:mm"])))
    assert (row.start, row.end, said(row)) == (at(9), at(10), [])


def test_a_merged_area_counts_for_each_of_its_rows() -> None:
    rows = rows_of({}, {"工单号": "GD-2"}, {"工单号": "GD-3"}, head=[*HEAD, "片区"])
    for row, area in zip(rows[1:], ("城西片区", "", ""), strict=True):
        row[11] = area
    rows[2][6] = rows[3][6] = rows[2][7] = rows[3][7] = ""
    merged = "".join(f'<mergeCell ref="{letter}2:{letter}4"/>' for letter in "GHL")
    found = read(xlsx(rows, after=f"<mergeCells>{merged}</mergeCells>"))
    cells = [[row.cells[name] for name in ("phone", "address", "area")] for row in found.rows]
    assert cells == [["13800138000", "虚构路 1 号", "城西片区"]] * 3


def test_a_record_longer_than_the_heading_is_said() -> None:
    raw = (",".join(HEAD) + "\n" + ",".join(GOOD.values()) + ",多\n").encode()
    assert said(only(read(raw)))[0].startswith("：这一行比标题行多出“多”")
    short = (",".join(HEAD) + "\n" + ",".join(list(GOOD.values())[:-1]) + "\n").encode()
    assert said(only(read(short))) == []


def test_two_columns_for_one_thing_lose_nothing() -> None:
    head = [*HEAD, "联系电话"]
    rows = rows_of({}, {"工单号": "GD-2", "电话": ""}, {"工单号": "GD-3"}, head=HEAD)
    lines = [head, [*rows[1], "13900000000"], [*rows[2], "13900000000"], [*rows[3], "13800138000"]]
    one, two, three = read(csv(lines)).rows
    assert [row.cells["phone"] for row in (one, two, three)] == ["13800138000", "13900000000", "13800138000"]
    assert [noted(row) for row in (two, three)] == [[], []]
    assert noted(one) == ["电话：没有用 联系电话（L 列）的 13900000000"]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"a,b\n1,2\n", "第一行读到的列名：a、b"),
        ("说明\n\n工单号,姓名,电话\n1,2,3\n".encode(), "第 3 行读到的列名：工单号、姓名、电话"),
        (csv([["工单编号", "工单编号", *HEAD[1:]], ["1"] * 12]), "重复的列：工单编号"),
    ],
)
def test_a_heading_that_lacks_columns_says_what_was_read(raw: bytes, words: str) -> None:
    (fault,) = read(raw).faults
    assert fault.code == "heading"
    assert words in fault.detail


def test_every_word_of_the_settings_means_one_thing() -> None:
    words = [word for words in WORDS.columns.values() for word in words]
    assert sorted(words) == sorted(set(words))
    assert WORDS.columns.keys() == {*COLUMNS.values(), "day", "slot"}
    types = [word for words in WORDS.types.values() for word in words]
    assert sorted(types) == sorted(set(types))


_LETTERS = st.characters(codec="gb18030", exclude_categories=("Cc", "Cs", "Co", "Cn"), exclude_characters="\ufffd")
_LINES = st.text(_LETTERS, min_size=1, max_size=12)
_NUMBERS = st.from_regex(r"[0-9]{1,12}|[A-Z]{1,3}-[0-9]{1,8}|0[0-9]{2,3}-[0-9]{7,8}", fullmatch=True)
_ROWS = st.lists(
    st.fixed_dictionaries(
        {"工单号": _NUMBERS, "电话": _NUMBERS, "户号": _NUMBERS, "姓名": _LINES, "地址": _LINES, "工作内容": _LINES}
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(_ROWS)
def test_whatever_stands_in_a_sheet_comes_out_equal_or_is_said(given_rows: list[dict[str, str]]) -> None:
    rows = rows_of(*given_rows)
    plain = [[cell.replace('"', "”") for cell in row] for row in rows]
    files = (
        csv(rows), csv(rows, ";"), csv(rows, "\t", "utf-16"), csv(rows, ",", "gb18030"), xlsx(rows), ods(rows),
        "\n".join("\t".join(row) for row in plain).encode("utf-8-sig"),
    )  # fmt: skip
    for raw in files:
        found = read(raw)
        assert not found.faults, found.faults
        by_number = {row.number: row for row in found.rows}
        for number_, change in enumerate(given_rows, 2):
            row = by_number.get(number_)
            if row is None:
                assert f"第 {number_} 行" in notes(found)
                continue
            told = {one.column for one in (*row.faults, *row.notes)}
            for column, text in change.items():
                shown = text.replace('"', "”") if raw is files[-1] else text
                read_as = row.cells[COLUMNS[column]]
                assert read_as == clean_cell(COLUMNS[column], shown) or column in told, (column, text, read_as)
