"""The desk's forms to plan, move, hand over, correct and cancel a visit."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from service.accounts.desk import (
    Desk,
    DeskController,
    DeskRequest,
    explain,
    redirect_with_notice,
    render_desk,
    require_sure,
    retry_after,
)
from service.accounts.labels import FIELDS
from service.errors import FieldError, InvalidBody, PermissionDenied, Problem
from service.messages import calls
from service.messages.calls import NoticeCall
from service.messages.due_notices import OF_PLANNING, DueNoticesRequest, send_due
from service.messages.kind_words import KIND_WORDS
from service.messages.kinds import MessageKind
from service.text import sms_number
from service.visits.change_rows import ChangeKind
from service.visits.changes import CHANGE_DECODERS, Cancellation, Content, apply_change
from service.visits.loading import PLAN_DECODER
from service.visits.plan import Plan
from service.web.decoding import convert_strict, decode_strict, is_uuid, to_json
from service.web.form_dates import DAYS
from service.web.language import AnyText, PageText
from service.web.query import text_parameter
from service.web.templates import Assets

from . import planning, rescheduling, views
from .free import free_times_of
from .informed import whether_informed
from .pages import WORDS, people_names
from .plan_form import CREW, FACT, crew_of, customer_of, day_of, form_of, form_of_wish, plan_of, window_of
from .warnings import PlanWarning, WarningCode, in_words
from .wishes import open_wish

CHANGED: dict[ChangeKind, PageText] = {
    "window": PageText("时间已改"),
    "technician": PageText("已转派"),
    "details": PageText("资料已更正"),
    "cancellation": PageText("上门已取消"),
}
ACTIONS: dict[ChangeKind, str] = {
    "window": "move",
    "technician": "handover",
    "details": "details",
    "cancellation": "cancel",
}
"""The last part of the address of each form."""
KEEP = Assets("/web/shared/keep.js")
"""What is typed into one form is still there after another was sent."""
CALL_FIELDS: dict[str, PageText] = {"called": PageText("打给谁"), "text": PageText("告诉了客户什么")}
RELEVANT: dict[ChangeKind, frozenset[WarningCode]] = {
    "window": frozenset({"overlap", "past", "far_ahead", "long"}),
    "technician": frozenset({"overlap"}),
    "details": frozenset({"phone", "duplicate_ref"}),
}
"""What to warn of before a change: only of what it changes."""
_LABELS = {**FIELDS, **CALL_FIELDS}
_FIELDS: dict[str, Any] = {"labels": _LABELS, "crew_prefix": CREW, "fact_prefix": FACT, "days": DAYS}


class NewVisitController(DeskController):
    """The form to plan a visit."""

    path = "/desk/visits/new"

    @get()
    async def show_form(
        self,
        desk: Desk,
        day: Annotated[str | None, text_parameter("The day.", "date")] = None,
        technician: Annotated[str | None, text_parameter("Login of the technician.")] = None,
        begins: Annotated[str | None, text_parameter("When the time begins.", "from")] = None,
        ends: Annotated[str | None, text_parameter("When it ends.", "to")] = None,
    ) -> ASGIResponse:
        """An empty form, for a day, a technician and a time if they are given, and when the technician is free."""
        form = {
            "id": str(desk.ctx.new_id()),
            "date": day or desk.ctx.now().date().isoformat(),
            "technician": technician or "",
            "from": begins or "",
            "to": ends or "",
        }
        return await _new_visit(desk, form)

    @post(status_code=303)
    async def plan(self, desk: Desk) -> ASGIResponse:
        """Plan the visit. What looks wrong is shown first; the same form sent again is saved. With `free`, the form is
        shown again for that time."""
        form = desk.form
        if "free" in form:
            begins, _, ends = form["free"].partition(" ")
            return await _new_visit(desk, {**form, "from": begins, "to": ends})
        try:
            if not is_uuid(form.get("id", "")):
                raise InvalidBody
            visit_id, raw = UUID(form["id"]), to_json(plan_of(form, desk.ctx.zone))
            plan = decode_strict(PLAN_DECODER, raw)
            warnings = await planning.check_plan(desk.ctx, desk.token, visit_id, plan)
            if warnings and form.get("confirmed") != _digest(raw):
                return await _new_visit(desk, form, warnings=warnings, confirmed=_digest(raw), status=409)
            await planning.create(desk.ctx, desk.token, visit_id, plan, raw)
        except Problem as problem:
            _raise_if_fault_of_server(problem)
            return await _new_visit(desk, form, problem)
        return redirect_with_notice(f"/desk/visits/{visit_id}/plan", PageText("上门已建好"))


class ChangeVisitController(DeskController):
    """The page to change the plan of a visit."""

    path = "/desk/visits/{visit_id:uuid}"

    @get("/plan")
    async def show_changes(self, desk: Desk, visit_id: FromPath[UUID]) -> ASGIResponse:
        """Move, hand over, correct, cancel."""
        return await _change_page(desk, visit_id)

    @post("/move", status_code=303)
    async def move(self, desk: Desk, visit_id: FromPath[UUID]) -> ASGIResponse:
        """Another time."""

        def content() -> dict[str, Any]:
            window = window_of(desk.form, desk.ctx.zone)
            if window is None:
                raise InvalidBody("", tuple(FieldError(f"/window/{one}", "missing", "") for one in ("from", "to")))
            return {**window, "reason": _reason(desk)}

        return await _change(desk, visit_id, "window", content)

    @post("/handover", status_code=303)
    async def hand_over(self, desk: Desk, visit_id: FromPath[UUID]) -> ASGIResponse:
        """Another technician or crew."""

        def content() -> dict[str, Any]:
            reason = desk.form.get("reason", "").strip()
            people = {"technician": desk.form.get("technician", ""), "crew": crew_of(desk.form)}
            return people | ({"reason": reason} if reason else {})

        return await _change(desk, visit_id, "technician", content)

    @post("/details", status_code=303)
    async def correct(self, desk: Desk, visit_id: FromPath[UUID]) -> ASGIResponse:
        """Corrected details; those that the form does not show stay."""
        known = await views.get_visit(desk.ctx, desk.token, visit_id)

        def content() -> dict[str, Any]:
            work = {name: desk.form.get(name, "").strip() for name in ("content", "place")}
            customer = {"phone": "", "address": "", "account": ""} | customer_of(desk.form)
            _require(customer.get("name"), "name")
            _require(work["content"], "content")
            changed = {
                "reason": _reason(desk),
                "customer": msgspec.to_builtins(known.customer) | customer,
                "work": msgspec.to_builtins(known.work) | work,
            }
            reference = desk.form.get("external_ref", "").strip()
            return changed | ({"external_ref": reference} if reference else {})

        return await _change(desk, visit_id, "details", content)

    @post("/cancel", status_code=303)
    async def cancel(self, desk: Desk, visit_id: FromPath[UUID]) -> ASGIResponse:
        """Cancel for good."""

        def content() -> dict[str, Any]:
            require_sure(desk)
            return {"reason": _reason(desk)}

        return await _change(desk, visit_id, "cancellation", content)

    @post("/notice", status_code=303)
    async def inform(self, desk: Desk, visit_id: FromPath[UUID]) -> ASGIResponse:
        """Send a message that is due: the one of the form, else that which tells the time. `now`: also in the quiet
        hours."""
        try:
            about = desk.form.get("about")
            kinds = msgspec.convert((about,), tuple[MessageKind, ...]) if about else OF_PLANNING
            send_at = desk.ctx.now() if desk.form.get("now") else None
            wanted = DueNoticesRequest(channel="sms", dry_run=False, visits=(visit_id,), kinds=kinds, send_at=send_at)
            await send_due(desk.ctx, desk.token, visit_id, wanted)
        except msgspec.ValidationError:
            raise InvalidBody from None
        except Problem as problem:
            _raise_if_fault_of_server(problem)
            return await _change_page(desk, visit_id, problem=problem)
        return redirect_with_notice(f"/desk/visits/{visit_id}/plan", PageText("通知已提交发送"))

    @post("/call", status_code=303)
    async def record_call(self, desk: Desk, visit_id: FromPath[UUID]) -> ASGIResponse:
        """The customer was informed by telephone."""
        try:
            if not is_uuid(desk.form.get("id", "")):
                raise InvalidBody
            given = {name: desk.form.get(name, "").strip() for name in CALL_FIELDS}
            call = convert_strict(NoticeCall, given)
            await calls.record_call(desk.ctx, desk.token, visit_id, UUID(desk.form["id"]), call)
        except Problem as problem:
            _raise_if_fault_of_server(problem)
            return await _change_page(desk, visit_id, problem=problem)
        return redirect_with_notice(f"/desk/visits/{visit_id}/plan", PageText("已记下：电话告知了客户"))


async def _change(
    desk: DeskRequest, visit_id: UUID, kind: ChangeKind, content: Callable[[], dict[str, Any]]
) -> ASGIResponse:
    try:
        raw = to_json(content())
        change = decode_strict(CHANGE_DECODERS[kind], raw)
        revision = desk.form.get("revision", "")
        warnings = await _warnings(desk, visit_id, kind, change)
        if warnings and desk.form.get("confirmed") != _digest(raw):
            return await _change_page(desk, visit_id, kind, warnings=warnings, confirmed=_digest(raw), status=409)
        expected = frozenset({int(revision)} if revision.isascii() and revision.isdigit() else ())
        await rescheduling.change(desk.ctx, desk.token, visit_id, kind, change, raw, expected)
    except Problem as problem:
        _raise_if_fault_of_server(problem)
        return await _change_page(desk, visit_id, kind, problem)
    return redirect_with_notice(f"/desk/visits/{visit_id}/plan", CHANGED[kind])


async def _warnings(desk: DeskRequest, visit_id: UUID, kind: ChangeKind, change: Content) -> tuple[PlanWarning, ...]:
    if isinstance(change, Cancellation):
        return ()
    visit = await views.get_visit(desk.ctx, desk.token, visit_id)
    before = Plan(
        type=visit.type,
        technician=visit.technician,
        customer=visit.customer,
        work=visit.work,
        window=visit.window,
        crew=visit.crew,
        external_ref=visit.external_ref,
    )
    found = await planning.check_plan(desk.ctx, desk.token, visit_id, apply_change(before, change))
    return tuple(warning for warning in found if warning.code in RELEVANT[kind])


async def _new_visit(
    desk: DeskRequest,
    form: Mapping[str, str],
    problem: Problem | None = None,
    *,
    warnings: tuple[PlanWarning, ...] = (),
    confirmed: str = "",
    status: int = 200,
) -> ASGIResponse:
    if not desk.person.can("plan a visit"):
        raise PermissionDenied
    choices = await planning.plan_choices(desk.ctx, desk.token)
    login, free = form.get("technician", ""), None
    if login in choices.technicians and (day := day_of(form)):
        free = await free_times_of(desk.ctx, desk.token, day, login)
    view = {
        "form": form,
        "choices": choices,
        "free": free,
        "problem": _in_words(problem),
        "warnings": in_words(warnings),
        "confirmed": confirmed,
        **_FIELDS,
    }
    status, headers = (problem.status, retry_after(problem)) if problem else (status, ())
    return render_desk(desk, "dispatch/new_visit.html", view, status, headers, section="today", back="/desk/visits/new")


async def _change_page(
    desk: DeskRequest,
    visit_id: UUID,
    kind: ChangeKind | None = None,
    problem: Problem | None = None,
    *,
    warnings: tuple[PlanWarning, ...] = (),
    confirmed: str = "",
    status: int = 200,
) -> ASGIResponse:
    """The page; the form of `kind` has what was typed, the others what is planned now."""
    if not desk.person.can("change a visit"):
        raise PermissionDenied
    visit = await views.get_visit(desk.ctx, desk.token, visit_id)
    notifies = desk.person.can("write entries of the office")
    wish = open_wish(visit.flags, visit.entries)
    view = {
        **WORDS,
        **_FIELDS,
        "informed": await whether_informed(desk.ctx, desk.token, visit) if notifies else None,
        "kind_words": KIND_WORDS,
        "names": await people_names(desk.ctx, {visit.technician, *visit.crew}),
        "visit": visit,
        "wish": wish,
        "now": form_of(visit, desk.ctx.zone),
        "wished": form_of_wish(wish, desk.ctx.zone),
        "sent": kind,
        "new_id": desk.ctx.new_id(),
        "tells_cancellation": "cancellation" in desk.ctx.company.automatic and bool(sms_number(visit.customer.phone)),
        "tags": {one: sum(change.kind == one for change in visit.trail) for one in ACTIONS},
        "actions": ACTIONS,
        "typed": desk.form,
        "choices": await planning.plan_choices(desk.ctx, desk.token),
        "problem": _in_words(problem),
        "warnings": in_words(warnings),
        "confirmed": confirmed,
    }
    status, headers = (problem.status, retry_after(problem)) if problem else (status, ())
    back = f"/desk/visits/{visit_id}/plan"
    return render_desk(
        desk, "dispatch/change_visit.html", view, status, headers, section="today", back=back, assets=KEEP
    )


def _reason(desk: DeskRequest) -> str:
    reason = desk.form.get("reason", "").strip()
    _require(reason, "reason")
    return reason


def _require(text: str | None, name: str) -> None:
    if not text:
        raise InvalidBody("", (FieldError(f"/{name}", "missing", ""),))


def _in_words(problem: Problem | None) -> tuple[AnyText, ...]:
    return () if problem is None else explain(problem, labels=_LABELS)


def _raise_if_fault_of_server(problem: Problem) -> None:
    if problem.status in (500, 503):
        raise problem


def _digest(raw: bytes) -> str:
    return sha256(raw).hexdigest()


ROUTES = (NewVisitController, ChangeVisitController)
