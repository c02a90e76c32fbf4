"""Import of a table of visits: each row is accepted as a whole, or refused with all its errors in plain words.

A visit's id is derived from its work order number, so repeating an import is idempotent.
"""

import re
from typing import Annotated, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from msgspec import Meta

from service import errors
from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate, authenticate_token, require_permission
from service.accounts.permissions import Person, covers_area
from service.context import AppContext
from service.db.database import Transaction
from service.judge.rules import CompiledChecklist
from service.judge.visit import Window
from service.spreadsheets.words import Lists
from service.text import identifier_key
from service.visits import repository as visits_repository
from service.visits import search_index
from service.visits.loading import PLAN_DECODER
from service.visits.plan import Plan, is_exempt
from service.visits.repository import VisitRow
from service.visits.windows import format_window
from service.web.decoding import decode_strict, to_json
from service.web.field_words import INVALID, field_of, in_words

from .import_columns import MAX_LENGTH, TIMES, ZH, RowError, TableNote, row_error
from .import_rows import NO_TIME, TableRow
from .marks import overlap
from .planning import newest_rules, plan_visit
from .tables import read
from .tabulator import TableOutcome
from .technicians import Technicians, known_technicians, which_of
from .warnings import PlanWarning, plan_warnings

Booking = tuple[str, Window, int, str]
"""Of a row: a login, the time, the row's number and its work order number."""
MAX_CREW = 20  # each of them is looked up
_BETWEEN = re.compile(r"[,，;；、]")  # people in a cell
_OTHER_AREA = row_error(
    "area", "这一行不在您的片区，请由负责那个片区的调度导入", "not in an area of yours: its own dispatcher imports it"
)

_ERASED = row_error(
    "external_ref",
    "这个工单号的上门已按规定删除，请用新工单号",
    "the visit of this number was erased; use a new number",
)


class ImportRow(msgspec.Struct, frozen=True):
    """The result of a row. A row is `known` if its visit was there before, and would be `would_create` in a dry run."""

    row: Annotated[int, Meta(description="The row's number, as spreadsheet programs count; the first row is 1.")]
    external_ref: Annotated[str, Meta(description="The work order number.")]
    visit: Annotated[str | None, Meta(description="The id of its visit, or of a visit with the same number.")]
    outcome: Annotated[Literal["created", "would_create", "known", "refused"], Meta(description="The result.")]
    faults: Annotated[tuple[RowError, ...], Meta(description="The errors.")] = ()
    state: Annotated[str | None, Meta(description="The state of a visit that was there before.")] = None
    warnings: Annotated[
        tuple[PlanWarning, ...], Meta(description="What to look at again in a new visit; nothing is refused for it.")
    ] = ()
    notes: Annotated[
        tuple[RowError, ...],
        Meta(description="Cells to look at again, as a spreadsheet program may have changed what was meant."),
    ] = ()
    read: Annotated[
        dict[str, str],
        Meta(description="In a dry run: what was read, by the names of columns, as the visit would have it."),
    ] = {}
    original: Annotated[
        dict[str, str],
        Meta(description="In a dry run: what the table has, where `read` is something else, by the names of columns."),
    ] = {}


class ImportResult(msgspec.Struct, frozen=True):
    """The results of all rows."""

    dry_run: Annotated[bool, Meta(description="Whether nothing was stored.")]
    created: Annotated[int, Meta(description="The number of new visits.")]
    known: Annotated[int, Meta(description="The number of visits that were there before.")]
    refused: Annotated[int, Meta(description="The number of refused rows.")]
    rows: Annotated[tuple[ImportRow, ...], Meta(description="The rows.")]
    sheet: Annotated[str, Meta(description="The name of the sheet that was read; empty for a text file.")] = ""
    heading_row: Annotated[int, Meta(description="The number of the row with the headings.")] = 1
    notes: Annotated[
        tuple[TableNote, ...],
        Meta(
            description="What was not read, such as other sheets, columns, hidden rows and totals, and hidden columns."
        ),
    ] = ()


class _RowRejected(Exception):
    def __init__(self, *faults: RowError) -> None:
        super().__init__()
        self.faults = faults


class _DryRunRollback(Exception):
    """Rolls a dry run back."""


async def import_visits(ctx: AppContext, token: bytes, raw: bytes, *, dry_run: bool) -> ImportResult:
    """Import each row of a table in its own transaction; a dry run stores nothing."""
    return await import_table(ctx, token, await read_table(ctx, token, raw), dry_run=dry_run)


async def read_table(ctx: AppContext, token: bytes, raw: bytes) -> TableOutcome:
    """What a table has, for somebody who may plan visits: reading is expensive."""
    await authenticate(ctx, token, "plan a visit")
    return await read(ctx, raw)


async def import_table(ctx: AppContext, token: bytes, table: TableOutcome, *, dry_run: bool) -> ImportResult:
    """Import the rows of a table that was read."""
    references: set[str] = set()
    rows: list[ImportRow] = []
    people = await known_technicians(ctx, token)
    booked: list[Booking] = []
    titles = {ZH[name]: title for name, title in table.headings.items()}
    for row in table.rows:
        reference = identifier_key(row.cells["external_ref"])
        result = await _import_row(ctx, token, row, people, is_repeated=reference in references, dry_run=dry_run)
        if result.outcome == "would_create":  # nothing was stored that the next row would clash with
            result = _with_clashes(result, row, people, booked)
        rows.append(_in_own_words(result, titles))
        references.add(reference)
    count = [row.outcome for row in rows].count
    created = count("created") + count("would_create")
    return ImportResult(
        dry_run=dry_run,
        created=created,
        known=count("known"),
        refused=count("refused"),
        rows=tuple(rows),
        sheet=table.sheet,
        heading_row=table.heading_row,
        notes=table.notes,
    )


def _in_own_words(result: ImportRow, titles: dict[str, str]) -> ImportRow:
    """The result with the headings of the table itself."""
    faults, notes = (
        tuple(msgspec.structs.replace(one, column=titles.get(one.column, one.column)) for one in messages)
        for messages in (result.faults, result.notes)
    )
    return msgspec.structs.replace(result, faults=faults, notes=notes)


def _with_clashes(result: ImportRow, row: TableRow, people: Technicians, booked: list[Booking]) -> ImportRow:
    """The result with a warning of each person who is booked by an earlier row at the same time; adds to `booked`."""
    if row.start is None or row.end is None:
        return result
    window, found = Window(row.start, row.end), list(result.warnings)
    for text in dict.fromkeys((row.cells["technician"], *people_in(row.cells["crew"]))):
        for person in people.find(text, row.cells["area"])[:1]:
            earlier = next((one for one in booked if one[0] == person.login and overlap(one[1], window)), None)
            if earlier is not None:
                _, other, number, reference = earlier
                zh = f"{person.name} {format_window(other)} 已在表中第 {number} 行（{reference}）"
                when = f"{other.start:%Y-%m-%d, %H:%M}–{other.end:%H:%M}"
                en = f"{person.name} is in row {number} ({reference}) on {when}"
                found.append(PlanWarning("overlap", f"{zh} / {en}"))
            booked.append((person.login, window, row.number, result.external_ref))
    return msgspec.structs.replace(result, warnings=tuple(found))


async def _import_row(
    ctx: AppContext, token: bytes, row: TableRow, people: Technicians, *, is_repeated: bool, dry_run: bool
) -> ImportRow:
    reference = row.cells["external_ref"]
    known: VisitRow | None = None
    visit_id, created = id_of(reference), False
    warnings: tuple[PlanWarning, ...] = ()
    planned: Plan | None = None

    async def plan(tx: Transaction) -> None:
        nonlocal known, visit_id, created, warnings, planned
        person = await authenticate_token(tx, token)
        require_permission(person, "plan a visit")
        known = await _find_known(tx, person, reference)
        visit_id = known.id if known else visit_id
        plan = planned = await _build_plan(ctx, tx, person, row, people, known, is_repeated=is_repeated)
        created, _ = await plan_visit(ctx, tx, person, visit_id, plan, to_json(plan))
        warnings = await plan_warnings(ctx, tx, person, visit_id, plan) if created else ()
        if dry_run:
            raise _DryRunRollback

    faults: tuple[RowError, ...] | None = None
    try:
        await ctx.db.write(plan)
    except _DryRunRollback:
        pass
    except _RowRejected as rejection:
        faults = rejection.faults
    except errors.IdReusedWithOtherContent:
        faults = (row_error("external_ref", *_conflict_message(known)),)
    except errors.Erased:
        faults = (_ERASED,)
    except errors.PermissionDenied:
        faults = (_OTHER_AREA,)
    except (errors.InvalidBody, errors.UnknownPerson) as problem:
        general = row_error("", problem.title_zh, problem.title_en)
        faults = tuple(map(_to_row_error, problem.errors)) or (general,)
    state = None if known is None else known.state or None
    shown, original = _what_was_read(row, planned) if dry_run else ({}, {})
    if faults is not None:
        known_id = None if known is None else str(known.id)
        return ImportRow(
            row.number, reference[:MAX_LENGTH], known_id, "refused", faults, state, (), row.notes, shown, original
        )
    if created or known is None:
        outcome = "would_create" if dry_run else "created"
        return ImportRow(row.number, reference, str(visit_id), outcome, (), None, warnings, row.notes, shown, original)
    return ImportRow(row.number, reference, str(visit_id), "known", (), state, (), row.notes, shown, original)


def _what_was_read(row: TableRow, plan: Plan | None) -> tuple[dict[str, str], dict[str, str]]:
    """What a visit would have, and what the table has where that differs."""
    read = {name: text for name, text in row.cells.items() if text and name not in ("day", "slot")}
    same: dict[str, str] = {}
    for name, moment in (("from", row.start), ("to", row.end)):
        if moment is not None:
            read[name] = moment.isoformat(timespec="minutes")
            same[name] = f"{moment:%Y-%m-%d %H:%M}"
    if row.start is not None and row.end is not None:
        same["day"], same["slot"] = f"{row.start:%Y-%m-%d}", f"{row.start:%H:%M}-{row.end:%H:%M}"
    if plan is not None:
        read["type"], read["technician"] = plan.type, plan.technician
        if plan.crew:
            read["crew"] = ", ".join(plan.crew)
    original = dict(row.original)
    for name, text in row.cells.items():
        if text and read.get(name) != text:
            original.setdefault(name, text)
    return read, {name: text for name, text in original.items() if text not in (read.get(name), same.get(name))}


def id_of(reference: str) -> UUID:
    """The id of the visit with a work order number in any spelling: `AB-1`, `ab-1`, `ＡＢ-1`."""
    return uuid5(NAMESPACE_URL, f"doorstep work order {identifier_key(reference)}")


async def _find_known(tx: Transaction, person: Person, reference: str) -> VisitRow | None:
    """The visit with a work order number, in an area where the person may plan: by its id, by an id derived from the
    number as it is spelled, or, for visits that were not imported, by the search index."""
    normalized = identifier_key(reference)
    found = [id_of(reference), uuid5(NAMESPACE_URL, f"doorstep work order {reference}")]
    if normalized:
        found += await search_index.find_by_reference(tx, normalized)
    for visit_id in dict.fromkeys(found):
        row = await visits_repository.get_visit(tx, visit_id)
        if row is not None and covers_area(person, row.area):
            return row
    return None


def _conflict_message(known: VisitRow | None) -> tuple[str, str]:
    if known is not None and known.state == "cancelled":
        return "这个工单号的任务已取消，请用新工单号", "the visit of this number was cancelled; use a new number"
    return "这个工单号已有内容不同的任务；请改那个任务", "this number has a visit with other content; change that"


def _to_row_error(fault: errors.FieldError) -> RowError:
    return row_error(field_of(fault), *in_words(fault))


async def _build_plan(
    ctx: AppContext,
    tx: Transaction,
    person: Person,
    row: TableRow,
    people: Technicians,
    known: VisitRow | None,
    *,
    is_repeated: bool,
) -> Plan:
    """The plan in a row. _RowRejected with all errors. The people of a known visit need not be active any more."""
    _, rules = await newest_rules(ctx, tx)
    cells = row.cells
    before = PLAN_DECODER.decode(known.body) if known else None
    kind = _types(rules, ctx.table_words.types).get(identifier_key(cells["type"])) or (cells["type"] if known else None)
    crew = people_in(cells["crew"])
    needs_no_time = not any(cells[name] for name in TIMES) and is_exempt(rules.checklist.visit_types.get(kind or ""))
    faults = [one for one in row.faults if not needs_no_time or one not in NO_TIME]
    if is_repeated:
        faults.append(row_error("external_ref", "表中重复", "twice in this table"))
    if kind is None and cells["type"]:
        types = rules.checklist.visit_types.values()
        zh, en = "、".join(one.zh for one in types), ", ".join(one.en for one in types)
        faults.append(row_error("type", f"没有这种任务类型；有：{zh}", f"no such type; there are: {en}"))
    faults += row.time_faults
    if len(crew) > MAX_CREW:
        raise _RowRejected(*faults, row_error("crew", *INVALID))
    earlier = await _logins_before(tx, before) if before else {}
    logins: dict[str, str] = {}
    for column, texts in (("technician", [cells["technician"]]), ("crew", crew)):
        for text in filter(None, texts):
            found = people.find(text, cells["area"])
            if login := earlier.get(identifier_key(text)) or (found[0].login if len(found) == 1 else None):
                logins[text] = login
            else:
                faults.append(row_error(column, *(which_of(found) if found else people.unknown(text))))
    if cells["area"] and not covers_area(person, cells["area"]):
        faults.append(_OTHER_AREA)
    if faults or kind is None or not (needs_no_time or (row.start and row.end)):
        raise _RowRejected(*dict.fromkeys(faults))
    plan = {
        "type": kind,
        "window": {"from": row.start, "to": row.end} if row.start and row.end else None,
        "technician": logins[cells["technician"]],
        "crew": [logins[one] for one in crew],
        "area": cells["area"] or None,
        "customer": {name: cells[name] for name in ("name", "phone", "address", "account")},
        "work": {"content": cells["content"], "place": cells["place"]},
        "external_ref": _keep_reference_spelling(before, cells["external_ref"]),
    }
    return decode_strict(PLAN_DECODER, to_json(plan))


def people_in(cell: str) -> list[str]:
    """The people that a cell names."""
    return [one.strip() for one in _BETWEEN.split(cell) if one.strip()]


async def _logins_before(tx: Transaction, before: Plan) -> dict[str, str]:
    """The logins of those whom a visit was planned for, by login and by name."""
    logins = (before.technician, *before.crew)
    names = await accounts_repository.names_of(tx, logins)
    by_name = {identifier_key(name): login for login, name in names.items()}
    return by_name | {identifier_key(login): login for login in logins}


def _types(rules: CompiledChecklist, words: Lists) -> dict[str, str]:
    """The ids of the types by their normalized ids and names, and by what a utility calls them otherwise."""
    types = rules.checklist.visit_types
    others = {identifier_key(word): key for key in types for word in words.get(key, ())}
    names = {identifier_key(name): key for key, type_ in types.items() for name in (type_.zh, type_.en)}
    return others | names | {identifier_key(key): key for key in types}


def _keep_reference_spelling(before: Plan | None, reference: str) -> str:
    """The number as the known visit spells it: another spelling is not other content."""
    spelled = before.external_ref if before else None
    return spelled if spelled is not None and identifier_key(spelled) == identifier_key(reference) else reference
