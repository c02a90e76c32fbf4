"""A day's plan from a table: each row is a visit, taken whole or refused with what is wrong, in Chinese.

The visit's id follows from the work order number, so that the same table may be sent again.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from service.domain.errors import ContentDiffers, Fault, InvalidBody, NotAllowed, UnknownPerson
from service.domain.visit import Plan
from service.storage.database import Tx

from .access import need, person_of, sign_in
from .decode import decode, encoded
from .house import House
from .judging import plans
from .plan import plan_in
from .sheets import Cells, read_csv, read_xlsx

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
"""Heading in Chinese, or the name beside it. A table has the first three, 技术员, 姓名 and 工作内容 at least."""
NEEDED = ("external_ref", "type", "from", "technician", "name", "content")
_ZH = {name: zh for zh, name in COLUMNS.items()}
_PLACES = {
    "/type": "type",
    "/window": "from",
    "/window/to": "to",
    "/technician": "technician",
    "/area": "area",
    "/customer/name": "name",
}
_WORDS = {
    "unknown-type": "没有这种任务类型",
    "unknown-person": "没有这个技术员",
    "before-from": "结束早于开始",
}


class RowFault(msgspec.Struct, frozen=True):
    """What is wrong in a row: the column's heading, and what to do."""

    column: str
    zh: str


class Row(msgspec.Struct, frozen=True):
    """A row of the table (the heading is row 1) and what became of it; `would_create` in a dry run."""

    row: int
    external_ref: str
    visit: str | None
    outcome: Literal["created", "would_create", "known", "refused"]
    faults: tuple[RowFault, ...] = ()


class Imported(msgspec.Struct, frozen=True):
    """What became of each row."""

    dry_run: bool
    created: int
    known: int
    refused: int
    rows: tuple[Row, ...]


class _Refused(Exception):
    def __init__(self, *faults: RowFault) -> None:
        super().__init__()
        self.faults = faults


class _Looked(Exception):
    """Undoes a dry run."""


async def take(house: House, token: bytes, raw: bytes, form: Literal["csv", "xlsx"], *, dry_run: bool) -> Imported:
    """Import a table, each row for itself; or only say what would become of it."""
    await sign_in(house, token, "plan a visit")  # before the table is read: it costs
    read: Callable[[bytes], list[Cells]] = read_xlsx if form == "xlsx" else read_csv
    table = await asyncio.to_thread(read, raw)
    heading = _heading(table[0] if table else [])
    rows: list[Row] = []
    seen: set[str] = set()
    for number, cells in enumerate(table[1:], 2):
        if cells:
            given = dict(zip(heading, cells, strict=False))
            rows.append(await _row(house, token, number, given, seen, dry_run=dry_run))
    count = [row.outcome for row in rows].count
    made = count("created") + count("would_create")
    return Imported(dry_run, made, count("known"), count("refused"), tuple(rows))


def _heading(cells: Cells) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]  # a sheet may be wider than its table
    names = [COLUMNS.get(cell, cell) for cell in cells]
    missing = [_ZH[name] for name in NEEDED if name not in names]
    if missing or len(names) != len({*names}):
        detail = f"missing or twice (缺少或重复的列): {', '.join(missing)}"
        raise InvalidBody("", (Fault("", "heading", detail),))
    return names


async def _row(house: House, token: bytes, number: int, given: dict[str, str], seen: set[str], *, dry_run: bool) -> Row:
    ref = given.get("external_ref", "")
    try:
        if ref in seen:
            raise _Refused(RowFault(_ZH["external_ref"], "表中重复"))  # noqa: TRY301
        seen.add(ref)
        plan = _plan(house, given)
        visit = uuid5(NAMESPACE_URL, f"doorstep work order {ref}")
        created = await _keep(house, token, visit, plan, dry_run=dry_run)
    except _Refused as refused:
        return Row(number, ref[:200], None, "refused", refused.faults)
    except ContentDiffers:
        return Row(
            number, ref, None, "refused", (RowFault(_ZH["external_ref"], "这个工单号已有内容不同的任务；请改那个任务"),)
        )
    except NotAllowed:
        return Row(number, ref, None, "refused", (RowFault(_ZH["area"], "不是您的片区"),))
    except (InvalidBody, UnknownPerson) as problem:
        said = tuple(map(_said, problem.errors))
        return Row(number, ref, None, "refused", said or (RowFault("", problem.title["zh"]),))
    outcome = ("would_create" if dry_run else "created") if created else "known"
    return Row(number, ref, str(visit), outcome)


async def _keep(house: House, token: bytes, visit: UUID, plan: Plan, *, dry_run: bool) -> bool:
    raw = encoded(plan)
    decode(plans, raw)  # the same border as for everybody
    created = False

    async def work(tx: Tx) -> bool:
        nonlocal created
        person = await person_of(tx, token)
        need(person, "plan a visit")
        created, _ = await plan_in(house, tx, person, visit, plan, raw)
        if dry_run:
            raise _Looked
        return created

    try:
        return await house.db.write(work)
    except _Looked:
        return created


def _said(fault: Fault) -> RowFault:
    place = _PLACES.get(fault.pointer) or ("crew" if fault.pointer.startswith("/crew") else "")
    return RowFault(_ZH.get(place, fault.pointer), _WORDS.get(fault.code, "内容不正确"))


def _plan(house: House, given: dict[str, str]) -> Plan:
    faults = [RowFault(_ZH[name], "不能为空") for name in NEEDED if not given.get(name)]
    for name, text in given.items():
        number = text[1:].replace(" ", "").replace("-", "")
        if text[:1] in ("=", "@") or (text[:1] in ("+", "-") and not number.isdigit()):
            faults.append(RowFault(_ZH.get(name, "其他列"), "看起来是公式，请改成文字"))
    start, end = (_moment(house, given.get(name, ""), name, faults) for name in ("from", "to"))
    if faults or start is None:
        raise _Refused(*faults)
    text = {name: given.get(name, "") for name in COLUMNS.values()}
    plan = {
        "type": text["type"],
        "window": {"from": start, "to": end or start},
        "technician": text["technician"],
        "crew": [login for login in text["crew"].replace("，", ",").replace(";", ",").split(",") if login.strip()],
        "area": text["area"] or None,
        "customer": {name: text[name] for name in ("name", "phone", "address", "account")},
        "work": {"content": text["content"], "place": text["place"]},
        "external_ref": text["external_ref"],
    }
    try:
        return msgspec.convert(plan, Plan)
    except msgspec.ValidationError as error:
        paths = {f"$.{pointer[1:].replace('/', '.')}": name for pointer, name in _PLACES.items()}
        place = next((name for path, name in paths.items() if path in str(error)), "")
        raise _Refused(RowFault(_ZH.get(place, ""), "内容太长或不正确")) from None


def _moment(house: House, text: str, name: str, faults: list[RowFault]) -> datetime | None:
    """`2026-03-02 09:00` on the clocks here."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        faults.append(RowFault(_ZH[name], "时间请写成 2026-03-02 09:00"))
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=house.zone)
