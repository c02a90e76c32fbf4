"""The columns of a table of visits, and what is said about its cells to the person who filled it in."""

from typing import Annotated

import msgspec
from msgspec import Meta

from service.text import identifier_key

COLUMNS = {
    "工单号": "external_ref",
    "类型": "type",
    "开始": "from",
    "结束": "to",
    "技术员": "technician",
    "同行": "crew",
    "片区": "area",
    "姓名": "name",
    "电话": "phone",
    "地址": "address",
    "户号": "account",
    "工作内容": "content",
    "工作地点": "place",
}
"""Headings of the template and the names of their columns; a table may use either, or other words for them."""
DAY_AND_SLOT = {"预约日期": "day", "预约时段": "slot"}
"""What a table may have instead of 开始 and 结束."""
EXAMPLE = {
    "external_ref": "示例（这一行不会导入）",
    "type": "维修（漏水）",
    "from": "2026-03-02 09:00",
    "to": "2026-03-02 10:00",
    "technician": "李强",
    "name": "王女士",
    "phone": "13900000000",
    "address": "朝阳路 12 号 3 单元 502",
    "account": "100200300",
    "content": "检修厨房水管漏水",
    "place": "厨房",
}
"""The second row of the template. It may stay in the table: `is_example`."""
REQUIRED = ("external_ref", "type", "from", "to", "technician", "name", "content")
NUMBERS = ("external_ref", "phone", "account")
TIMES = ("from", "to", "day", "slot")
MAX_LENGTH = 200  # characters of a name or login
ZH = {name: zh for zh, name in (COLUMNS | DAY_AND_SLOT).items()}


class RowError(msgspec.Struct, frozen=True):
    """What is wrong in a row, or what to look at again."""

    column: Annotated[str, Meta(description="The column's heading.")]
    zh: Annotated[str, Meta(description="What to do, in Chinese.")]
    en: Annotated[str, Meta(description="What to do, in English.")]


class TableNote(msgspec.Struct, frozen=True):
    """Something about the whole table, such as columns and rows that were not read."""

    zh: Annotated[str, Meta(description="In Chinese.")]
    en: Annotated[str, Meta(description="In English.")]


def row_error(name: str, zh: str, en: str) -> RowError:
    """An error in a column, given by its name."""
    return RowError(ZH.get(name, name), zh, en)


def is_example(given: dict[str, str]) -> bool:
    """Whether a row is that of the template."""
    return identifier_key(given.get("external_ref", "")) == identifier_key(EXAMPLE["external_ref"])
