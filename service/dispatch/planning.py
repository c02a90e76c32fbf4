"""Dispatch plans a visit."""

import re
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TypeVar
from uuid import UUID

import msgspec

from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import Person, can_view_visit, covers_area, require_area
from service.audit_log import erasures, log
from service.checklists import repository as checklists_repository
from service.checklists.repository import ChecklistRow
from service.checklists.rules_cache import DEFAULT_CHECKLIST, compiled_rules
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction
from service.errors import (
    FieldError,
    IdReusedWithOtherContent,
    InvalidBody,
    UnknownChecklist,
    UnknownPerson,
)
from service.judge.checklist import Text, VisitType
from service.judge.moments import to_ms
from service.judge.rules import CompiledChecklist
from service.readable_json import readable
from service.visits import repository as visits_repository
from service.visits import search_index
from service.visits.changes import Reassignment
from service.visits.loading import load_visit
from service.visits.notice_flags import flags_when_planned
from service.visits.plan import EXEMPT, Plan, is_exempt
from service.visits.repository import VisitRow
from service.visits.status import search_texts
from service.visits.unassigned import is_active_technician
from service.web.decoding import parse_uuid, to_json

from .technicians import works_in
from .views import VisitView, build_view
from .warnings import PlanWarning, plan_warnings

LoginsGiven = TypeVar("LoginsGiven", Plan, Reassignment)
MAX_OFFSET = timedelta(hours=14)
_THING = re.compile(r"[a-z0-9_-]{1,40}\]")


class PlanChoices(msgspec.Struct, frozen=True, kw_only=True):
    """Technicians and their names, types of visit, areas, and facts that may be known beforehand."""

    technicians: dict[str, str]
    types: dict[str, VisitType]
    areas: dict[str, str]
    facts: dict[str, Text]


@transaction
async def create(
    ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, plan: Plan, raw: bytes
) -> tuple[bool, VisitView]:
    """Plan a visit from the exact bytes `raw`. Returns False if it was planned before with the same bytes."""
    person = await authenticate_token(tx, token)
    require_permission(person, "plan a visit")
    plan, raw = await with_known_logins(tx, plan, readable(raw))
    created, row = await plan_visit(ctx, tx, person, visit_id, plan, raw)
    visit = await load_visit(ctx, tx, row)
    return created, await build_view(ctx, tx, visit, await plan_warnings(ctx, tx, person, visit_id, visit.plan))


@read_only
async def check_plan(
    ctx: AppContext, tx: Transaction, token: bytes, visit_id: UUID, plan: Plan
) -> tuple[PlanWarning, ...]:
    """What to look at again before a visit is planned or changed as `plan` says."""
    person = await authenticate_token(tx, token)
    require_permission(person, "change a visit")
    return await plan_warnings(ctx, tx, person, visit_id, plan)


@read_only
async def plan_choices(ctx: AppContext, tx: Transaction, token: bytes) -> PlanChoices:
    """What a person may choose from who plans or changes a visit."""
    person = await authenticate_token(tx, token)
    require_permission(person, "change a visit")
    _, rules = await newest_rules(ctx, tx)
    technicians = await accounts_repository.active_technicians(tx)
    own = [one for one in technicians if works_in(one, person.areas)]
    every_area = {area for one in technicians for area in one.areas}
    facts = rules.checklist.facts
    return PlanChoices(
        technicians={one.login: one.name for one in own},
        types=rules.checklist.visit_types,
        areas={area: area for area in person.areas or sorted(every_area)},
        facts={name: Text(facts[name].zh, facts[name].en) for name in sorted(rules.assigned)},
    )


async def with_known_logins(tx: Transaction, given: LoginsGiven, raw: bytes) -> tuple[LoginsGiven, bytes]:
    """A plan or change and its bytes, with the logins that are meant. Logins never change, so a repetition of the
    request has the same bytes."""
    logins = (given.technician, *(given.crew or ()))
    known = {login: await accounts_repository.known_login(tx, login) for login in logins}
    crew = given.crew and tuple(known[login] for login in given.crew)
    meant = msgspec.structs.replace(given, technician=known[given.technician], crew=crew)
    return (given, raw) if all(login == name for login, name in known.items()) else (meant, to_json(meant))


async def plan_visit(
    ctx: AppContext, tx: Transaction, person: Person, visit_id: UUID, plan: Plan, raw: bytes
) -> tuple[bool, VisitRow]:
    """`create` within a transaction. The visit keeps the newest published checklist."""
    known = await visits_repository.lock_visit(tx, visit_id)
    if known is None:
        await erasures.refuse_erased(tx, visit_id)
        checklist, rules = await newest_rules(ctx, tx)
        plan, raw = _as_its_type_has_it(plan, raw, rules)
        _validate(plan, rules)
        row = await _build_row(ctx, tx, person, visit_id, plan, raw, checklist)
        follows = await _preceding_visit(tx, person, plan)
        if await visits_repository.add_visit(tx, row, follows):
            await search_index.add(tx, row.id, row.area, search_texts(plan))
            commitment = visits_repository.visit_commitment(row)
            if not await log.append_leaf(tx, "visit.planned", row.id, row.salt, row.sha256, row.created_at, commitment):
                raise IdReusedWithOtherContent  # something else in the log has this id
            return True, row
        known = await visits_repository.lock_visit(tx, visit_id)  # a simultaneous request was faster
    if known is not None:
        _, raw = _as_its_type_has_it(plan, raw, await compiled_rules(ctx, tx, known.checklist, known.checklist_version))
    if known is None or known.sha256 != sha256(raw).digest() or not covers_area(person, known.area):
        raise IdReusedWithOtherContent
    return False, known


async def _preceding_visit(tx: Transaction, person: Person, plan: Plan) -> UUID | None:
    """The visit that this one follows up; the planner must be allowed to see it."""
    if plan.follows is None:
        return None
    row = await visits_repository.get_visit(tx, parse_uuid(plan.follows, "/follows"))
    if row is None or not can_view_visit(person, row.technician, row.crew, row.area):
        raise InvalidBody("", (FieldError("/follows", "unknown-visit", "there is no such visit"),))
    return row.id


async def newest_rules(ctx: AppContext, tx: Transaction) -> tuple[ChecklistRow, CompiledChecklist]:
    """The newest published checklist, and its rules. UnknownChecklist if there is none."""
    newest = await checklists_repository.latest_published(tx, DEFAULT_CHECKLIST)
    if newest is None:
        raise UnknownChecklist
    return newest, await compiled_rules(ctx, tx, newest.id, newest.version)


def _as_its_type_has_it(plan: Plan, raw: bytes, rules: CompiledChecklist) -> tuple[Plan, bytes]:
    """A plan and its bytes: where no time is given and its type needs no appointment, it says so, and why. A dispatcher
    who gives a time arranges an appointment, and one who says that it is not exempt is believed."""
    if not is_exempt(rules.checklist.visit_types.get(plan.type)):
        return plan, raw
    if not plan.assigned.get(EXEMPT, plan.window is None):
        return plan, raw
    reason = plan.exempt_reason or f"{rules.checklist.visit_types[plan.type].zh}：这类上门不用预约"
    meant = msgspec.structs.replace(plan, assigned=plan.assigned | {EXEMPT: True}, exempt_reason=reason)
    return (plan, raw) if meant == plan else (meant, to_json(meant))


async def _build_row(
    ctx: AppContext,
    tx: Transaction,
    person: Person,
    visit_id: UUID,
    plan: Plan,
    raw: bytes,
    checklist: ChecklistRow,
) -> VisitRow:
    technician = await require_technicians(tx, plan.technician, plan.crew)
    own = person.areas[0] if len(person.areas) == 1 else ""
    area = plan.area or next(iter(technician.areas), own)
    require_area(person, area)
    window, now = plan.window, ctx.clock()
    return VisitRow(
        id=visit_id,
        sha256=sha256(raw).digest(),
        body=raw,
        type=plan.type,
        technician=plan.technician,
        crew=plan.crew,
        area=area,
        checklist=checklist.id,
        checklist_version=checklist.version,
        window_from=to_ms(window.start) if window else None,
        window_to=to_ms(window.end) if window else None,
        created_at=now,
        created_by=person.login,
        salt=ctx.new_salt(),
        flags=" ".join(flags_when_planned(plan, now)),
    )


async def require_technicians(tx: Transaction, login: str, crew: tuple[str, ...]) -> Person:
    """The technician. UnknownPerson unless they and their crew are active technicians; all of them are locked, so that
    a simultaneous departure finds and flags the visit."""
    known = await accounts_repository.lock_active(tx, (login, *crew))
    technician = known.get(login)
    if len(set(crew)) < len(crew):
        raise InvalidBody("", (FieldError("/crew", "given-twice", "name everybody once"),))
    people = [("/technician", technician), *((f"/crew/{number}", known.get(one)) for number, one in enumerate(crew))]
    wrong = [
        FieldError(pointer, "unknown-person", "no such technician")
        for pointer, person in people
        if not is_active_technician(person)
    ]
    if wrong or technician is None:
        raise UnknownPerson("", tuple(wrong[:20]))
    return technician


def _validate(plan: Plan, rules: CompiledChecklist) -> None:
    """Check the plan against the checklist, and its window. Errors do not quote unknown names."""
    types = rules.checklist.visit_types
    faults: list[FieldError] = []
    if plan.type not in types:
        faults.append(FieldError("/type", "unknown-type", f"one of {', '.join(types)}"))
    if plan.window is None and not plan.assigned.get(EXEMPT):
        zh, en = "请填写开始和结束，或写明为什么不用预约", "a window, or assigned.appointment_exempt with a reason"
        faults.append(FieldError("/window", "missing", f"{zh} / {en}"))
    if plan.window is not None:
        faults += window_faults(plan.window.start, plan.window.end, "/window")
    if any(name not in rules.assigned for name in plan.assigned):
        faults.append(FieldError("/assigned", "unknown-fact", f"of {', '.join(sorted(rules.assigned))}"))
    if any(name not in rules.by_id or not rules.by_id[name].policy for name in plan.policies):
        faults.append(FieldError("/policies", "not-a-policy", "ids of the checklist's policies"))
    faults += validate_due_dates(plan.due, rules, "/due")
    if faults:
        raise InvalidBody("", tuple(faults))


def window_faults(start: datetime, end: datetime, pointer: str) -> list[FieldError]:
    """What is wrong with a time to plan: its order, or an offset that no place on earth has."""
    detail = "时区偏移须在 ±14:00 之内 / an offset is within ±14:00"
    faults = [
        FieldError(f"{pointer}/{name}", "invalid", detail)
        for name, moment in (("from", start), ("to", end))
        if abs(moment.utcoffset() or timedelta()) > MAX_OFFSET
    ]
    if end < start:
        faults.append(FieldError(f"{pointer}/to", "before-from", "must not be before `from`"))
    return faults


def validate_due_dates(due: dict[str, datetime], rules: CompiledChecklist, pointer: str) -> list[FieldError]:
    """An error unless each name is an item, or `item[thing]` of an item that has things."""
    if all(_is_valid_due_key(rules, name) for name in due):
        return []
    return [FieldError(pointer, "unknown-item", "an item, or item[thing] where it is per thing")]


def _is_valid_due_key(rules: CompiledChecklist, name: str) -> bool:
    item, bracket, thing = name.partition("[")
    rule = rules.by_id.get(item)
    if rule is None or not bracket:
        return rule is not None
    return rule.per_thing and _THING.fullmatch(thing) is not None
