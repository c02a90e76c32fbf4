"""A day's plan from a table: each row is a visit, taken whole or refused with all that is wrong, in plain words.

The visit's id follows from the work order number, so that the same table may be sent again.
"""

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from typing import Literal
from uuid import NAMESPACE_URL, uuid5

import msgspec

from service.domain import walltime
from service.domain.errors import ContentDiffers, Fault, InvalidBody, NotAllowed, UnknownChecklist, UnknownPerson
from service.domain.grams import normal
from service.domain.people import Person, covers
from service.domain.rules import Rules
from service.domain.visit import Plan
from service.storage import checklists, people, visits
from service.storage.database import Tx

from .access import need, person_of, sign_in
from .decode import decode, encoded
from .house import ONSITE, House
from .judging import plans
from .plan import plan_in
from .sheets import Cells, read_csv, read_xlsx
from .vacant import works

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
"""Heading in Chinese, or the name beside it. A table has the first four, 技术员, 姓名 and 工作内容 at least."""
NEEDED = ("external_ref", "type", "from", "to", "technician", "name", "content")
LONGEST = 200  # characters of a name or login
_ZH = {name: zh for zh, name in COLUMNS.items()}
_PLACES = {
    "/type": "type",
    "/window": "from",
    "/window/to": "to",
    "/technician": "technician",
    "/area": "area",
    "/customer/name": "name",
}


class RowFault(msgspec.Struct, frozen=True):
    """What is wrong in a row: the column's heading, and what to do, in Chinese and in English."""

    column: str
    zh: str
    en: str


_WORDS = {
    "unknown-type": ("没有这种任务类型", "there is no such type of visit"),
    "unknown-person": ("没有这个技术员", "there is no such technician"),
    "before-from": ("结束早于开始", "it ends before it begins"),
}
_WRONG = ("内容太长或不正确", "too long, or not valid")


def _fault(name: str, zh: str, en: str) -> RowFault:
    return RowFault(_ZH.get(name, name), zh, en)


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
    wrong = [_ZH[name] for name in NEEDED if name not in names]
    wrong += [_ZH.get(name, "?") for name in dict.fromkeys(names) if names.count(name) > 1]
    if wrong:
        detail = f"缺少或重复的列 / columns missing or twice: {', '.join(wrong)}"
        raise InvalidBody("", (Fault("", "heading", detail),))
    return names


async def _row(house: House, token: bytes, number: int, given: dict[str, str], seen: set[str], *, dry_run: bool) -> Row:
    ref = given.get("external_ref", "")
    visit = uuid5(NAMESPACE_URL, f"doorstep work order {ref}")
    twice = ref in seen
    seen.add(ref)
    created = False

    async def work(tx: Tx) -> bool:
        nonlocal created
        person = await person_of(tx, token)
        need(person, "plan a visit")
        known = await visits.visit(tx, visit) is not None
        plan = await _plan(house, tx, person, given, twice=twice, known=known)
        raw = encoded(plan)
        decode(plans, raw)  # the same border as for everybody
        created, _ = await plan_in(house, tx, person, visit, plan, raw)
        if dry_run:
            raise _Looked
        return created

    def refused(*faults: RowFault) -> Row:
        return Row(number, ref[:LONGEST], None, "refused", faults)

    try:
        await house.db.write(work)
    except _Looked:
        pass
    except _Refused as problem:
        return refused(*problem.faults)
    except ContentDiffers:
        words = "这个工单号已有内容不同的任务；请改那个任务", "this number has a visit with other content; change that"
        return refused(_fault("external_ref", *words))
    except NotAllowed:
        return refused(_fault("area", "不是您的片区", "not an area of yours"))
    except (InvalidBody, UnknownPerson) as problem:
        said = tuple(map(_said, problem.errors))
        return refused(*(said or (_fault("", problem.title["zh"], problem.title["en"]),)))
    outcome = ("would_create" if dry_run else "created") if created else "known"
    return Row(number, ref, str(visit), outcome)


def _said(fault: Fault) -> RowFault:
    place = _PLACES.get(fault.pointer) or ("crew" if fault.pointer.startswith("/crew") else fault.pointer)
    return _fault(place, *_WORDS.get(fault.code, _WRONG))


async def _plan(house: House, tx: Tx, person: Person, given: dict[str, str], *, twice: bool, known: bool) -> Plan:
    """The plan in a row; _Refused with all that is wrong. Of a `known` visit it does not matter who works here now."""
    newest = await checklists.newest(tx, ONSITE)
    if newest is None:
        raise UnknownChecklist
    rules = await house.rules(tx, newest.id, newest.version)
    types = _types(rules)
    text = {name: given.get(name, "") for name in COLUMNS.values()}
    kind = types.get(normal(text["type"])) or (text["type"] if known else None)
    crew = [login for login in map(str.strip, text["crew"].replace("，", ",").replace(";", ",").split(",")) if login]
    faults = _texts(given)
    if twice:
        faults.append(_fault("external_ref", "表中重复", "twice in this table"))
    if kind is None and text["type"]:
        names = "、".join(one.zh for one in rules.checklist.visit_types.values())
        there = ", ".join(rules.checklist.visit_types)
        faults.append(_fault("type", f"没有这种任务类型；有：{names}", f"there are: {there}"))
    start = _moment(house, text["from"], "from", None, faults)
    end = _moment(house, text["to"], "to", start.date() if start else None, faults)
    if start is not None and end is not None and end <= start:
        faults.append(_fault("to", "结束须晚于开始", "it has to end after it begins"))
    for name, logins in (("technician", [text["technician"]]), ("crew", crew)):
        for login in filter(None, [] if known else logins):
            if len(login) > LONGEST or not works(await people.person(tx, login)):
                faults.append(_fault(name, *_WORDS["unknown-person"]))
    if text["area"] and not covers(person, text["area"]):
        faults.append(_fault("area", "不是您的片区", "not an area of yours"))
    if faults or kind is None or start is None or end is None:
        raise _Refused(*dict.fromkeys(faults))
    plan = {
        "type": kind,
        "window": {"from": start, "to": end},
        "technician": text["technician"],
        "crew": crew,
        "area": text["area"] or None,
        "customer": {name: text[name] for name in ("name", "phone", "address", "account")},
        "work": {"content": text["content"], "place": text["place"]},
        "external_ref": text["external_ref"],
    }
    return msgspec.convert(plan, Plan)


def _types(rules: Rules) -> dict[str, str]:
    """The id of a type by its id and by its names in Chinese and English, as they are compared."""
    known = rules.checklist.visit_types
    names = {normal(name): key for key, one in known.items() for name in (one.zh, one.en)}
    return names | {normal(key): key for key in known}


def _texts(given: dict[str, str]) -> list[RowFault]:
    """What a look at the cells shows."""
    faults = [_fault(name, "不能为空", "may not be empty") for name in NEEDED if not given.get(name)]
    if len(given.get("name", "")) > LONGEST:
        faults.append(_fault("name", *_WRONG))
    for name, text in given.items():
        number = text[1:].replace(" ", "").replace("-", "")
        if text[:1] in ("=", "@") or (text[:1] in ("+", "-") and not number.isdigit()):
            column = name if name in _ZH else "其他列"
            faults.append(_fault(column, "看起来是公式，请改成文字", "looks like a formula; make it text"))
    return faults


def _moment(house: House, text: str, name: str, day: date | None, faults: list[RowFault]) -> datetime | None:
    """A time on the clocks here; that it ends may be a time of the day on which it begins."""
    if not text:
        return None
    try:
        return walltime.read(text, house.zone, day)
    except walltime.NoTime:
        faults.append(_fault(name, "只有日期，请写明时间，如 2026-03-02 09:00", "a day alone; give the time too"))
    except ValueError:
        faults.append(_fault(name, "时间请写成 2026-03-02 09:00", "write the time as 2026-03-02 09:00"))
    return None
