"""A day's plan from a table: each row is a visit, taken whole or refused with all that is wrong, in plain words.

The visit's id follows from the work order number, so that the same table may be sent again.
"""

from typing import Annotated, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate, authenticate_token, require_permission
from service.accounts.permissions import Person, covers_area
from service.checklists import repository as checklists_repository
from service.checklists.rules_cache import DEFAULT_CHECKLIST, compiled_rules
from service.context import AppContext
from service.db.database import Transaction
from service.errors import (
    FieldError,
    IdReusedWithOtherContent,
    InvalidBody,
    PermissionDenied,
    UnknownChecklist,
    UnknownPerson,
)
from service.judge.rules import CompiledChecklist
from service.visits import repository as visits_repository
from service.visits import search_index
from service.visits.loading import PLAN_DECODER
from service.visits.plan import Plan
from service.visits.repository import VisitRow
from service.visits.search_tokens import normalize_text
from service.visits.unassigned import is_active_technician
from service.web.decoding import decode_strict, to_json

from .import_columns import INVALID, MAX_LENGTH, RowError, TableRow, row_error
from .planning import plan_visit
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

    row: Annotated[int, msgspec.Meta(description="The row's number; the heading is row 1.")]
    external_ref: Annotated[str, msgspec.Meta(description="The work order number.")]
    visit: Annotated[str | None, msgspec.Meta(description="The id of the visit that there is now.")]
    outcome: Annotated[
        Literal["created", "would_create", "known", "refused"], msgspec.Meta(description="What became of the row.")
    ]
    faults: Annotated[tuple[RowError, ...], msgspec.Meta(description="What is wrong with it.")] = ()
    state: Annotated[str | None, msgspec.Meta(description="The state of a visit that was there before.")] = None


class ImportResult(msgspec.Struct, frozen=True):
    """What became of each row."""

    dry_run: Annotated[bool, msgspec.Meta(description="Whether nothing was kept.")]
    created: Annotated[int, msgspec.Meta(description="How many visits are new.")]
    known: Annotated[int, msgspec.Meta(description="How many were there before.")]
    refused: Annotated[int, msgspec.Meta(description="How many rows were refused.")]
    rows: Annotated[tuple[ImportRow, ...], msgspec.Meta(description="Each row.")]


class _RowRejected(Exception):
    def __init__(self, *faults: RowError) -> None:
        super().__init__()
        self.faults = faults


class _DryRunRollback(Exception):
    """Undoes a dry run."""


async def import_visits(
    ctx: AppContext, token: bytes, raw: bytes, form: Literal["csv", "xlsx"], *, dry_run: bool
) -> ImportResult:
    """Import a table, each row for itself; or only say what would become of it."""
    await authenticate(ctx, token, "plan a visit")  # before the table is read: it costs
    seen: set[str] = set()
    rows = [await _row(ctx, token, line, seen, dry_run=dry_run) for line in await read(ctx, raw, form)]
    count = [row.outcome for row in rows].count
    made = count("created") + count("would_create")
    return ImportResult(dry_run, made, count("known"), count("refused"), tuple(rows))


async def _row(ctx: AppContext, token: bytes, line: TableRow, seen: set[str], *, dry_run: bool) -> ImportRow:
    number, ref = line.number, line.cells["external_ref"]
    twice = normalize_text(ref) in seen
    seen.add(normalize_text(ref))
    created, visit, known = False, id_of(ref), None

    async def work(tx: Transaction) -> None:
        nonlocal created, visit, known
        person = await authenticate_token(tx, token)
        require_permission(person, "plan a visit")
        known = await _known(tx, person, ref)
        visit = known.id if known else visit
        plan = await _plan(ctx, tx, person, line, twice=twice, known=known)
        raw = to_json(plan)
        created, _ = await plan_visit(ctx, tx, person, visit, plan, raw)
        if dry_run:
            raise _DryRunRollback

    def refused(*faults: RowError) -> ImportRow:
        at, state = (None, None) if known is None else (str(known.id), known.state or None)
        return ImportRow(number, ref[:MAX_LENGTH], at, "refused", faults, state)

    try:
        await ctx.db.write(work)
    except _DryRunRollback:
        pass
    except _RowRejected as problem:
        return refused(*problem.faults)
    except IdReusedWithOtherContent:
        return refused(row_error("external_ref", *_conflict_message(known)))
    except PermissionDenied:
        return refused(row_error("area", "不是您的片区", "not an area of yours"))
    except (InvalidBody, UnknownPerson) as problem:
        said = tuple(map(_to_row_error, problem.errors))
        return refused(*(said or (row_error("", problem.title_zh, problem.title_en),)))
    if created or known is None:
        return ImportRow(number, ref, str(visit), "would_create" if dry_run else "created")
    return ImportRow(number, ref, str(visit), "known", state=known.state or None)


def id_of(ref: str) -> UUID:
    """The visit of a work order number, however it is written: `AB-1`, `ab-1`, `ＡＢ-1`."""
    return uuid5(NAMESPACE_URL, f"doorstep work order {normalize_text(ref)}")


async def _known(tx: Transaction, person: Person, ref: str) -> VisitRow | None:
    """The visit that there is of a number, if the person may plan there: by its id, or by what it is found by. So the
    visits are found that were imported when each way to write a number was another one, and those that came by PUT."""
    as_written = uuid5(NAMESPACE_URL, f"doorstep work order {ref}")
    found = [
        id_of(ref),
        as_written,
        *(await search_index.find_by_reference(tx, normalize_text(ref)) if normalize_text(ref) else ()),
    ]
    for one in dict.fromkeys(found):
        row = await visits_repository.get_visit(tx, one)
        if row is not None and covers_area(person, row.area):
            return row
    return None


def _conflict_message(known: VisitRow | None) -> tuple[str, str]:
    if known is not None and known.state == "cancelled":
        return "这个工单号的任务已取消，请用新工单号", "the visit of this number was cancelled; use a new number"
    return "这个工单号已有内容不同的任务；请改那个任务", "this number has a visit with other content; change that"


def _to_row_error(one: FieldError) -> RowError:
    place = _PLACES.get(one.pointer) or ("crew" if one.pointer.startswith("/crew") else one.pointer)
    return row_error(place, *_WORDS.get(one.code, INVALID))


async def _plan(
    ctx: AppContext, tx: Transaction, person: Person, line: TableRow, *, twice: bool, known: VisitRow | None
) -> Plan:
    """The plan in a row; _Refused with all that is wrong. Of a `known` visit it does not matter who works here now."""
    newest = await checklists_repository.latest_published(tx, DEFAULT_CHECKLIST)
    if newest is None:
        raise UnknownChecklist
    rules = await compiled_rules(ctx, tx, newest.id, newest.version)
    types = _types(rules)
    text = line.cells
    kind = types.get(normalize_text(text["type"])) or (text["type"] if known else None)
    crew = [login for login in map(str.strip, text["crew"].replace("，", ",").replace(";", ",").split(",")) if login]
    faults = list(line.faults)
    if twice:
        faults.append(row_error("external_ref", "表中重复", "twice in this table"))
    if kind is None and text["type"]:
        names = "、".join(one.zh for one in rules.checklist.visit_types.values())
        there = ", ".join(rules.checklist.visit_types)
        faults.append(row_error("type", f"没有这种任务类型；有：{names}", f"there are: {there}"))
    faults += line.times
    if len(crew) > MOST_CREW:
        raise _RowRejected(*faults, row_error("crew", *INVALID))
    for name, logins in (("technician", [text["technician"]]), ("crew", crew)):
        for login in filter(None, [] if known else logins):
            if len(login) > MAX_LENGTH or not is_active_technician(await accounts_repository.person(tx, login)):
                faults.append(row_error(name, *_WORDS["unknown-person"]))
    if text["area"] and not covers_area(person, text["area"]):
        faults.append(row_error("area", "不是您的片区", "not an area of yours"))
    if faults or kind is None or line.start is None or line.end is None:
        raise _RowRejected(*dict.fromkeys(faults))
    plan = {
        "type": kind,
        "window": {"from": line.start, "to": line.end},
        "technician": text["technician"],
        "crew": crew,
        "area": text["area"] or None,
        "customer": {name: text[name] for name in ("name", "phone", "address", "account")},
        "work": {"content": text["content"], "place": text["place"]},
        "external_ref": _keep_reference_spelling(known, text["external_ref"]),
    }
    return decode_strict(PLAN_DECODER, to_json(plan))


def _types(rules: CompiledChecklist) -> dict[str, str]:
    """The id of a type by its id and by its names in Chinese and English, as they are compared."""
    known = rules.checklist.visit_types
    names = {normalize_text(name): key for key, one in known.items() for name in (one.zh, one.en)}
    return names | {normalize_text(key): key for key in known}


def _keep_reference_spelling(known: VisitRow | None, ref: str) -> str:
    """The number as its visit has it: another way to write it is no other content."""
    before = PLAN_DECODER.decode(known.body).external_ref if known else None
    return before if before is not None and normalize_text(before) == normalize_text(ref) else ref
