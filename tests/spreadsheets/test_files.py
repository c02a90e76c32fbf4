"""Files as spreadsheet programs and exports write them: the same cells, whatever the file is."""

import io
from pathlib import Path

import openpyxl
import pytest
from xlrd.compdoc import SIGNATURE

from service.errors import InvalidBody
from service.spreadsheets.reading import read_book
from service.spreadsheets.sheet import Book, Sheet
from tests.support.workbooks import Raw, number, ods, ods_text, ods_value, packed, xlsx

KINDS = Path(__file__).with_name("kinds.xls")


def book(raw: bytes) -> Book:
    return read_book(raw, lambda texts: sum(text in ("工单号", "姓名", "电话") for text in texts))


def texts(sheet: Sheet) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in sheet.rows]


def first(raw: bytes) -> list[list[str]]:
    return texts(book(raw).read(0))


ROWS = [["工单号", "姓名", "电话"], ["A1", "张三", "0571-88881234"], ["A2", "李四", "13800138000"]]


def page(rows: list[list[str]], head: str = "") -> str:
    """A web page that an export calls `.xls`."""
    lines = "".join("<tr>" + "".join(f"<td style='mso-number-format:\\@'>{cell}</td>" for cell in row) for row in rows)
    return f"<html><head>{head}<style>td {{}}</style></head><body><table>{lines}</table></body></html>"


PLAIN = "\n".join(map(",".join, ROWS))


@pytest.mark.parametrize(
    "raw",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("gb18030"),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-32"),
        PLAIN.replace("\n", "\r\n").encode() + b"\x1a",
        PLAIN.replace("\n", "\r").encode(),
        PLAIN.replace("\n", "\r\n", 1).encode() + b"\r",
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.replace(",", "|").encode(),
        PLAIN.replace(",", "，").encode(),
        ("sep=;\r\n" + PLAIN.replace(",", ";")).encode(),
        ("\ufeffsep=,\n" + PLAIN).encode(),
        "\n".join(",".join(f'"{cell}"' for cell in row) for row in ROWS).encode(),
        "\n".join(",".join(f'="{cell}"' for cell in row) for row in ROWS).encode(),
        xlsx(ROWS),
        ods(ROWS),
        page(ROWS).encode(),
        page(ROWS, '<meta http-equiv="Content-Type" content="text/html; charset=gb2312">').encode("gb18030"),
    ],
)
def test_the_same_rows_in_any_file(raw: bytes) -> None:
    assert first(raw) == ROWS


@pytest.mark.parametrize(
    ("cell", "read", "fault"),
    [
        ('"SOHO"5号', '"SOHO"5号', False),
        ('5号"SOHO"', '5号"SOHO"', False),
        ('"5号""SOHO"', '5号"SOHO', False),
        ('"a,b"', "a,b", False),
        ('"a\nb"', "a\nb", False),
        ('"张三', '"张三', True),
        ('"', '"', True),
    ],
)
def test_a_quotation_mark_costs_no_other_row(cell: str, read: str, fault: bool) -> None:
    raw = f"工单号,姓名,电话\nA1,{cell},1\nA2,b,2\nA3,c,3\nA4,d,4"
    sheet = book(raw.encode()).read(0)
    assert (sheet.rows[1].cells[1].text, sheet.rows[1].cells[1].fault is not None) == (read, fault)
    assert texts(sheet)[2:] == [["A2", "b", "2"], ["A3", "c", "3"], ["A4", "d", "4"]]


def test_a_mark_that_closes_rows_later_swallows_none() -> None:
    rows = texts(book('工单号,姓名,电话,a\nA1,"b,1,\nA2,c,2,\nA3,d",3,\n'.encode()).read(0))
    assert [row[0] for row in rows] == ["工单号", "A1", "A2", "A3"]


def test_a_letter_that_was_cut_spoils_its_cell_only() -> None:
    sheet = book(PLAIN.encode().replace("张三".encode(), "张三".encode()[:-1])).read(0)
    assert [cell.fault is not None for cell in sheet.rows[1].cells] == [False, True, False]


@pytest.mark.parametrize(
    "text",
    ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#GETTING_DATA", "#SPILL!", "#CALC!",
     "#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!", "Err:502", "Err：502", "错误:522", "#####", "???",
     "锟斤拷", "张\ufffd"],
)  # fmt: skip
def test_what_is_left_of_a_value_is_none(text: str) -> None:
    for raw in (f"姓名,电话\n{text},1".encode(), xlsx([["姓名"], [text]]), ods([["姓名"], [text]])):
        assert book(raw).read(0).rows[1].cells[0].fault is not None
    for good in ("#3 楼", "N/A 公司", "Err", "3?", "#"):
        assert book(f"姓名\n{good}".encode()).read(0).rows[1].cells[0].fault is None


XLSX_CELLS = [
    (Raw('<c t="e"><f>VLOOKUP(A1,B:B,1)</f><v>#N/A</v></c>'), "#N/A", True),
    (Raw('<c t="e"><v>#SPILL!</v></c>'), "#SPILL!", True),
    (Raw("<c><f>A1+1</f></c>"), "", True),
    (Raw("<c><f>A1+1</f><v/></c>"), "", True),
    (Raw("<c><f>A1+1</f><v>7</v></c>"), "7", False),
    (Raw('<c t="str"><f>"甲"&amp;"乙"</f><v>甲乙</v></c>'), "甲乙", False),
    (Raw('<c t="str"><f>""</f><v></v></c>'), "", False),
    (Raw('<c t="b"><v>1</v></c>'), "TRUE", False),
    (Raw('<c t="s"><v>0</v></c>'), "张三", False),
    (Raw('<c t="s"><v>1</v></c>'), "甲\n乙", False),
    (Raw('<c t="s"><v>9</v></c>'), "", True),
    (Raw("<c><v>x</v></c>"), "", True),
    (Raw('<c t="d"><v>2026-03-02T09:00:00</v></c>'), "2026-03-02 09:00", False),
    (
        Raw('<c t="inlineStr"><is><r><t>甲</t></r><r><t>乙</t></r><rPh sb="0" eb="1"><t>jia</t></rPh></is></c>'),
        "甲乙",
        False,
    ),
    (Raw('<c t="inlineStr"><is><t>a_xD83D__xDE00_</t></is></c>'), "a\U0001f600", False),
    (Raw('<c t="inlineStr"><is><t>a_xD83D_</t></is></c>'), "a\ufffd", True),
    (number("00042", 1), "WO000042", False),
    (number(5), "5", False),
]


@pytest.mark.parametrize(("cell", "text", "fault"), XLSX_CELLS)
def test_a_cell_of_a_workbook_is_what_it_shows(cell: Raw, text: str, fault: bool) -> None:
    shared = '<si><r><t>张</t></r><r><t>三</t></r><rPh sb="0" eb="1"><t>zhang</t></rPh></si><si><t>甲_x000A_乙</t></si>'
    sheet = book(xlsx([["姓名", "x"], [cell, "x"]], formats=['"WO"000000'], shared=shared)).read(0)
    found = sheet.rows[1].cells[0]
    assert (found.text, found.fault is not None) == (text, fault)


def test_merged_cells_have_their_value_in_each_row() -> None:
    rows = [["姓名", "电话", "地址"], ["张三", "138", "路 1 号"], ["李四", "", ""], ["王五", "", ""]]
    after = '<mergeCells><mergeCell ref="B2:B4"/><mergeCell ref="C2:C3"/></mergeCells>'
    wanted = [["张三", "138", "路 1 号"], ["李四", "138", "路 1 号"], ["王五", "138", ""]]
    assert first(xlsx(rows, after=after))[1:] == wanted
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append([cell or None for cell in row])
    made.active.merge_cells("B2:B4")
    made.active.merge_cells("C2:C3")
    made.save(out := io.BytesIO())
    assert [[*row, ""][:3] for row in first(out.getvalue())[1:]] == wanted
    span = ods_text("138", 'table:number-rows-spanned="3"')
    covered = Raw("<table:covered-table-cell/>")
    lines = [rows[0], ["张三", span, "x"], ["李四", covered, "x"], ["王五", covered, "x"]]
    assert [row[1] for row in first(ods(lines))[1:]] == ["138"] * 3


def test_a_cell_merged_with_its_neighbour_says_that_it_is_empty() -> None:
    raw = xlsx([["姓名", "电话"], ["张三 138", ""]], after='<mergeCells><mergeCell ref="A2:B2"/></mergeCells>')
    one, two = book(raw).read(0).rows[1].cells
    assert (one.text, two.text) == ("张三 138", "")
    assert "合并" in two.notes[0][0]


def test_a_page_is_what_a_browser_shows() -> None:
    raw = (
        "<table><tr><th>姓名<th>电话<th>地址</tr>"
        "<tr><td rowspan=2>张三</td><td>138&nbsp;0013</td><td>路<br>1 号</td></tr>"
        "<tr><td><b>1</b>39</td><td>a&amp;b</td></tr>"
        "<tr style='display:none'><td>x</td><td>y</td><td>z</td></tr></table>"
    )
    sheet = book(raw.encode()).read(0)
    wanted = [["姓名", "电话", "地址"], ["张三", "138 0013", "路\n1 号"], ["张三", "139", "a&b"], ["x", "y", "z"]]
    assert texts(sheet) == wanted
    assert [row.is_hidden for row in sheet.rows] == [False, False, False, True]


def test_what_is_hidden_is_known() -> None:
    raw = xlsx(
        [["姓名", "电话"], ["张三", "1"], ["李四", "2"]],
        before='<cols><col min="2" max="2" hidden="1"/></cols>',
        row_attributes={3: 'hidden="1"'},
        sheets=[("备份", "veryHidden", [["x"]])],
        comments=["B2"],
    )
    found = book(raw)
    assert [(one.name, one.is_hidden) for one in found.titles] == [("第一张", False), ("备份", True)]
    sheet = found.read(0)
    assert [row.is_hidden for row in sheet.rows] == [False, False, True]
    assert sheet.hidden_columns == {1}
    assert "B2" in sheet.notes[0][0]
    hidden = Raw(f'<table:table-row table:visibility="filter">{ods_text("李四")}</table:table-row>')
    columns = '<table:table-column/><table:table-column table:visibility="collapse"/>'
    sheet = book(ods([["姓名", "电话"], hidden], columns=columns)).read(0)
    assert ([row.is_hidden for row in sheet.rows], sheet.hidden_columns) == ([False, True], {1})


@pytest.mark.parametrize(
    ("cell", "text", "moment", "said"),
    [
        (ods_value("float", "12345", "00012345"), "00012345", "", ""),
        (ods_value("float", "13800138000", "1.38E+10"), "13800138000", "", "1.38E+10"),
        (ods_value("float", "12345", "12,345"), "12345", "", "12,345"),
        (ods_value("float", "42", ""), "", "", "藏"),
        (ods_value("percentage", "0.12", "12%"), "12%", "", ""),
        (ods_value("date", "2026-03-02T09:00:00", "3月2日 9:00"), "3月2日 9:00", "2026-03-02 09:00", ""),
        (ods_value("date", "2026-03-02", "3月2日"), "3月2日", "2026-03-02", ""),
        (ods_value("date", "2026-03-02T09:00:00", "3月2日"), "3月2日", "2026-03-02 09:00", "09:00"),
        (ods_value("time", "PT09H30M00S", "9:30"), "9:30", "09:30", ""),
        (ods_value("boolean", "true", "TRUE"), "TRUE", "", ""),
    ],
)
def test_a_cell_of_libreoffice_is_what_it_shows(cell: Raw, text: str, moment: str, said: str) -> None:
    found = book(ods([["姓名", "x"], [cell, "x"]])).read(0).rows[1].cells[0]
    assert (found.text, found.moment, found.fault) == (text, moment, None)
    assert not said or said in found.notes[0][0]
    assert said or not found.notes


def test_a_workbook_of_excel_97_is_read_with_its_formats() -> None:
    found = book(KINDS.read_bytes())
    assert [(one.name, one.is_hidden) for one in found.titles] == [("隐藏", True), ("任务", False)]
    sheet = found.read(1)
    by_number = {row.number: row for row in sheet.rows}
    assert by_number[1].cells[0].text == "上门任务表"
    assert [by_number[n].cells[8].text for n in (3, 4)] == ["00012345"] * 2
    assert [by_number[4].cells[n].text for n in (0, 6)] == ["WO000042", "138-0013-8000"]
    assert [by_number[3].cells[n].moment for n in (2, 3)] == ["2026-03-02 09:00", "10:30"]
    assert "公式" in by_number[5].cells[7].notes[0][0]
    assert by_number[6].cells[5].text == "TRUE"
    assert "15 位" in (by_number[7].cells[8].fault or ("",))[0]
    assert [number for number, row in by_number.items() if row.is_hidden] == [8]
    assert [by_number[n].cells[7].text for n in (9, 10)] == ["合并路 2 号"] * 2
    assert by_number[11].cells[9].text == "长" * 1500
    assert by_number[12].cells[9].text == "a" * 800 + "中" * 11
    assert by_number[40].cells[9].text == "a" * 800 + "中" * 39  # the texts go on in further records
    assert sheet.hidden_columns == {9}


@pytest.mark.parametrize(
    "raw",
    [
        b"PK", b"PK\x03\x04 no workbook",
        SIGNATURE, SIGNATURE + "EncryptedPackage".encode("utf-16-le"),
        b"%PDF-1.7", b"\x89PNG", b"<html><table>", b"<html>a",
        b"<?xml version='1.0'?>", b"", b"\xff\xfe", packed({"a.txt": "x"}), packed({"xl/workbook.bin": "x"}),
        packed({"word/document.xml": "x", "[Content_Types].xml": "x"}), packed({"content.xml": "<a"}),
        packed({"content.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}), packed({"xl/workbook.xml": "<workbook/>"}),
        KINDS.read_bytes()[:3000], KINDS.read_bytes()[:512], KINDS.read_bytes()[:512] * 20,
    ],
)  # fmt: skip
def test_what_is_no_table_is_said_in_both_languages(raw: bytes) -> None:
    with pytest.raises(InvalidBody) as caught:
        texts(book(raw).read(0))
    zh, slash, en = caught.value.errors[0].detail.partition(" / ")
    assert slash
    assert zh[0] >= "\u4e00"
    assert en
