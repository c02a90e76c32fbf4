"""A day's plan from a table: each row is a visit, taken whole or refused with all that is wrong, in plain words.

The visit's id follows from the work order number, so that the same table may be sent again.
"""

from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from service.accounts import repository as accounts_repository
from service.accounts.authentication import need, person_of, sign_in
from service.accounts.permissions import Person, covers
from service.checklists import repository as checklists_repository
from service.checklists.rules_cache import ONSITE, compiled_rules
from service.context import House
from service.db.database import Tx
from service.errors import ContentDiffers, FieldError, InvalidBody, NotAllowed, UnknownChecklist, UnknownPerson
from service.judge.rules import Rules
from service.visits import repository as visits_repository
from service.visits import search_index
from service.visits.grams import normal
from service.visits.loading import plans
from service.visits.plan import Plan
from service.visits.repository import VisitRow
from service.visits.unassigned import works
from service.web.decoding import decode, encoded

from .import_columns import LONGEST, WRONG, RowFault, TableRow, fault
from .planning import plan_in
from .tables import read

_PLACES = {
    "/type": "type",
    "/window": "from",
    "/window/to": "to",
    "/technician": "technician",
    "/area": "area",
    "/external_ref": "external_ref",
    "/window/from": "from",
    "/customer/name": "name",
    "/customer/phone": "phone",
    "/customer/address": "address",
    "/customer/account": "account",
    "/work/content": "content",
    "/work/place": "place",
}


MOST_CREW = 20  # each of them is looked up
_WORDS = {
    "unknown-type": ("没有这种任务类型", "there is no such type of visit"),
    "unknown-person": ("没有这个技术员", "there is no such technician"),
    "before-from": ("结束早于开始", "it ends before it begins"),
}


class ImportRow(msgspec.Struct, frozen=True):
    """A row of the table (the heading is row 1) and what became of it; `would_create` in a dry run.

    `visit`: the one that there is now, also where a row is refused because its number has one; `state` is its state
    where it was there before.
    """

    row: int
    external_ref: str
    visit: str | None
    outcome: Literal["created", "would_create", "known", "refused"]
    faults: tuple[RowFault, ...] = ()
    state: str | None = None


class Imported(msgspec.Struct, frozen=True):
    """What became of each row."""

    dry_run: bool
    created: int
    known: int
    refused: int
    rows: tuple[ImportRow, ...]


class _Refused(Exception):
    def __init__(self, *faults: RowFault) -> None:
        super().__init__()
        self.faults = faults


class _Looked(Exception):
    """Undoes a dry run."""


async def take(house: House, token: bytes, raw: bytes, form: Literal["csv", "xlsx"], *, dry_run: bool) -> Imported:
    """Import a table, each row for itself; or only say what would become of it."""
    await sign_in(house, token, "plan a visit")  # before the table is read: it costs
    seen: set[str] = set()
    rows = [await _row(house, token, line, seen, dry_run=dry_run) for line in await read(house, raw, form)]
    count = [row.outcome for row in rows].count
    made = count("created") + count("would_create")
    return Imported(dry_run, made, count("known"), count("refused"), tuple(rows))


async def _row(house: House, token: bytes, line: TableRow, seen: set[str], *, dry_run: bool) -> ImportRow:
    number, ref = line.number, line.cells["external_ref"]
    twice = normal(ref) in seen
    seen.add(normal(ref))
    created, visit, known = False, id_of(ref), None

    async def work(tx: Tx) -> None:
        nonlocal created, visit, known
        person = await person_of(tx, token)
        need(person, "plan a visit")
        known = await _known(tx, person, ref)
        visit = known.id if known else visit
        plan = await _plan(house, tx, person, line, twice=twice, known=known)
        raw = encoded(plan)
        created, _ = await plan_in(house, tx, person, visit, plan, raw)
        if dry_run:
            raise _Looked

    def refused(*faults: RowFault) -> ImportRow:
        at, state = (None, None) if known is None else (str(known.id), known.state or None)
        return ImportRow(number, ref[:LONGEST], at, "refused", faults, state)

    try:
        await house.db.write(work)
    except _Looked:
        pass
    except _Refused as problem:
        return refused(*problem.faults)
    except ContentDiffers:
        return refused(fault("external_ref", *_differs(known)))
    except NotAllowed:
        return refused(fault("area", "不是您的片区", "not an area of yours"))
    except (InvalidBody, UnknownPerson) as problem:
        said = tuple(map(_said, problem.errors))
        return refused(*(said or (fault("", problem.title_zh, problem.title_en),)))
    if created or known is None:
        return ImportRow(number, ref, str(visit), "would_create" if dry_run else "created")
    return ImportRow(number, ref, str(visit), "known", state=known.state or None)


def id_of(ref: str) -> UUID:
    """The visit of a work order number, however it is written: `AB-1`, `ab-1`, `ＡＢ-1`."""
    return uuid5(NAMESPACE_URL, f"doorstep work order {normal(ref)}")


async def _known(tx: Tx, person: Person, ref: str) -> VisitRow | None:
    """The visit that there is of a number, if the person may plan there: by its id, or by what it is found by. So the
    visits are found that were imported when each way to write a number was another one, and those that came by PUT."""
    as_written = uuid5(NAMESPACE_URL, f"doorstep work order {ref}")
    found = [id_of(ref), as_written, *(await search_index.with_ref(tx, normal(ref)) if normal(ref) else ())]
    for one in dict.fromkeys(found):
        row = await visits_repository.visit(tx, one)
        if row is not None and covers(person, row.area):
            return row
    return None


def _differs(known: VisitRow | None) -> tuple[str, str]:
    if known is not None and known.state == "cancelled":
        return "这个工单号的任务已取消，请用新工单号", "the visit of this number was cancelled; use a new number"
    return "这个工单号已有内容不同的任务；请改那个任务", "this number has a visit with other content; change that"


def _said(one: FieldError) -> RowFault:
    place = _PLACES.get(one.pointer) or ("crew" if one.pointer.startswith("/crew") else one.pointer)
    return fault(place, *_WORDS.get(one.code, WRONG))


async def _plan(house: House, tx: Tx, person: Person, line: TableRow, *, twice: bool, known: VisitRow | None) -> Plan:
    """The plan in a row; _Refused with all that is wrong. Of a `known` visit it does not matter who works here now."""
    newest = await checklists_repository.newest(tx, ONSITE)
    if newest is None:
        raise UnknownChecklist
    rules = await compiled_rules(house, tx, newest.id, newest.version)
    types = _types(rules)
    text = line.cells
    kind = types.get(normal(text["type"])) or (text["type"] if known else None)
    crew = [login for login in map(str.strip, text["crew"].replace("，", ",").replace(";", ",").split(",")) if login]
    faults = list(line.faults)
    if twice:
        faults.append(fault("external_ref", "表中重复", "twice in this table"))
    if kind is None and text["type"]:
        names = "、".join(one.zh for one in rules.checklist.visit_types.values())
        there = ", ".join(rules.checklist.visit_types)
        faults.append(fault("type", f"没有这种任务类型；有：{names}", f"there are: {there}"))
    faults += line.times
    if len(crew) > MOST_CREW:
        raise _Refused(*faults, fault("crew", *WRONG))
    for name, logins in (("technician", [text["technician"]]), ("crew", crew)):
        for login in filter(None, [] if known else logins):
            if len(login) > LONGEST or not works(await accounts_repository.person(tx, login)):
                faults.append(fault(name, *_WORDS["unknown-person"]))
    if text["area"] and not covers(person, text["area"]):
        faults.append(fault("area", "不是您的片区", "not an area of yours"))
    if faults or kind is None or line.start is None or line.end is None:
        raise _Refused(*dict.fromkeys(faults))
    plan = {
        "type": kind,
        "window": {"from": line.start, "to": line.end},
        "technician": text["technician"],
        "crew": crew,
        "area": text["area"] or None,
        "customer": {name: text[name] for name in ("name", "phone", "address", "account")},
        "work": {"content": text["content"], "place": text["place"]},
        "external_ref": _as_before(known, text["external_ref"]),
    }
    return decode(plans, encoded(plan))


def _types(rules: Rules) -> dict[str, str]:
    """The id of a type by its id and by its names in Chinese and English, as they are compared."""
    known = rules.checklist.visit_types
    names = {normal(name): key for key, one in known.items() for name in (one.zh, one.en)}
    return names | {normal(key): key for key in known}


def _as_before(known: VisitRow | None, ref: str) -> str:
    """The number as its visit has it: another way to write it is no other content."""
    before = plans.decode(known.body).external_ref if known else None
    return before if before is not None and normal(before) == normal(ref) else ref
