"""Files of spreadsheet programs, made by hand where a library does not write what they do."""

import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns"


class Raw(str):
    """A cell as the file has it."""


def number(value: float | str, style: int = 0) -> Raw:
    """A cell of an XLSX file with a number and the index of its format."""
    return Raw(f'<c s="{style}"><v>{value}</v></c>')


def xlsx(
    rows: Sequence[Sequence[str]],
    *,
    formats: Sequence[str] = (),
    before: str = "",
    after: str = "",
    shared: str = "",
    row_attributes: dict[int, str] | None = None,
    date1904: bool = False,
    sheets: Sequence[tuple[str, str, Sequence[Sequence[str]]]] = (),
    comments: Sequence[str] = (),
) -> bytes:
    """A workbook. `formats` are the codes of the styles from 1 on, `before` and `after` stand around the cells, and
    `sheets` are further ones: name, state and rows."""
    every = [("第一张", "visible", rows), *sheets]
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{at}" state="{state}" r:id="r{at}"/>'
        for at, (name, state, _) in enumerate(every, 1)
    )
    parts = {
        "[Content_Types].xml": _types({"workbook": "sheet.main", "sharedStrings": "sharedStrings"}),
        "_rels/.rels": _relations({"a": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><workbookPr date1904="{int(date1904)}"/>'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(
            {f"r{at}": ("worksheet", f"worksheets/sheet{at}.xml") for at in range(1, len(every) + 1)}
            | {"st": ("styles", "styles.xml"), "sh": ("sharedStrings", "sharedStrings.xml")}
        ),
        "xl/styles.xml": _styles(formats),
        "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}">{shared}</sst>',
    }
    for at, (_, _, lines) in enumerate(every, 1):
        attributes = (row_attributes or {}) if at == 1 else {}
        cells = "".join(
            f'<row r="{n}" {attributes.get(n, "")}>{"".join(map(_xlsx_cell, line))}</row>'
            for n, line in enumerate(lines, 1)
        )
        around = (before, after) if at == 1 else ("", "")
        parts[f"xl/worksheets/sheet{at}.xml"] = (
            f'<worksheet xmlns="{_MAIN}">{around[0]}<sheetData>{cells}</sheetData>{around[1]}</worksheet>'
        )
    if comments:
        parts["xl/worksheets/_rels/sheet1.xml.rels"] = _relations({"c": ("comments", "../comments1.xml")})
        listed = "".join(f'<comment ref="{at}"/>' for at in comments)
        parts["xl/comments1.xml"] = f'<comments xmlns="{_MAIN}"><commentList>{listed}</commentList></comments>'
    return packed(parts)


def packed(parts: dict[str, str]) -> bytes:
    """An archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def _relations(targets: dict[str, tuple[str, str]]) -> str:
    every = "".join(
        f'<Relationship Id="{at}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for at, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{_PACKAGE}">{every}</Relationships>'


def _types(parts: dict[str, str]) -> str:
    every = "".join(
        f'<Override PartName="/xl/{name}.xml" ContentType="{_TYPE}.{kind}+xml"/>' for name, kind in parts.items()
    )
    return f'<Types xmlns="{_TYPES}">{every}</Types>'


def _styles(formats: Sequence[str]) -> str:
    codes = "".join(f'<numFmt numFmtId="{164 + n}" formatCode={quoteattr(code)}/>' for n, code in enumerate(formats))
    styles = "".join(f'<xf numFmtId="{164 + n}"/>' for n in range(len(formats)))
    return (
        f'<styleSheet xmlns="{_MAIN}"><numFmts>{codes}</numFmts><cellStyleXfs><xf numFmtId="9"/></cellStyleXfs>'
        f'<cellXfs><xf numFmtId="0"/>{styles}</cellXfs></styleSheet>'
    )


def _xlsx_cell(cell: str) -> str:
    if isinstance(cell, Raw):
        return cell
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'


def ods(rows: Sequence[Sequence[str]], *, columns: str = "", styles: str = "", more: str = "") -> bytes:
    """A workbook of LibreOffice. A row that is `Raw` stands as it is; `more` are further sheets."""
    lines = "".join(
        line if isinstance(line, Raw) else f"<table:table-row>{''.join(map(_ods_cell, line))}</table:table-row>"
        for line in rows
    )
    names = " ".join(f'xmlns:{name}="{_OFFICE}:{name}:1.0"' for name in ("office", "table", "text", "style"))
    content = (
        f"<office:document-content {names}><office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f'<office:spreadsheet><table:table table:name="第一张">{columns}{lines}</table:table>{more}'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return packed({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})


def ods_text(shown: str, attributes: str = "") -> Raw:
    """A cell of an ODS file with a text."""
    return Raw(f'<table:table-cell {attributes} office:value-type="string"><text:p>{shown}</text:p></table:table-cell>')


def ods_value(kind: str, value: str, shown: str) -> Raw:
    """A cell of an ODS file with a value and what it shows."""
    name = {"date": "date-value", "time": "time-value", "boolean": "boolean-value"}.get(kind, "value")
    return Raw(
        f'<table:table-cell office:value-type="{kind}" office:{name}="{value}"><text:p>{shown}</text:p>'
        "</table:table-cell>"
    )


def _ods_cell(cell: str) -> str:
    if isinstance(cell, Raw):
        return cell
    text = escape(cell).replace("\n", "<text:line-break/>").replace("  ", '<text:s text:c="2"/>')
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
