"""Pages of the desk for what a customer asks of their data: a copy, and a hold on their account."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from service.accounts.authentication import require_permission
from service.accounts.desk import Desk, DeskController, explain, redirect_with_notice, render_desk, require_sure
from service.errors import InvalidBody, NotFound, Problem
from service.web.decoding import convert_strict
from service.web.form_dates import parse_date
from service.web.language import PageText
from service.web.responses import raw_response

from . import desk_requests
from .customers import FoundVisit
from .desk_requests import ExportRequest
from .hold_rules import end_of_day
from .holds import Hold

PAGE = "/desk/privacy/customer"
LABELS = {"customer": PageText("户号或电话"), "reason": PageText("理由"), "visits": PageText("这位客户的上门")}
CHOSEN = "visit:"
HELD = PageText("户号已依法保全，解除以前它的上门都不会删除")
ENDED = PageText("户号的保全已解除")
_ZIP = (
    (b"content-type", b"application/zip"),
    (b"content-disposition", b'attachment; filename="customer.zip"'),
    (b"cache-control", b"no-store"),
)


class CustomerDeskController(DeskController):
    """A customer's data, for those who answer their requests."""

    @get(PAGE)
    async def ask(self, desk: Desk) -> ASGIResponse:
        """The first step: whose data."""
        await desk_requests.require_officer(desk.ctx, desk.token)
        return _render(desk, {})

    @post(PAGE)
    async def find(self, desk: Desk) -> ASGIResponse:
        """The second step: what there is, before anything is copied. What was found is in no address."""
        text = desk.form.get("customer", "").strip()
        try:
            found = await desk_requests.find_visits(desk.ctx, desk.token, text)
        except NotFound as problem:
            return _render(desk, {"customer": text}, problem=problem)
        return _render(desk, {"customer": text}, found)

    @post(f"{PAGE}/export")
    async def export(self, desk: Desk) -> ASGIResponse:
        """The file. What is wrong is said above the form."""
        await desk_requests.require_officer(desk.ctx, desk.token)
        given = {name: desk.form.get(name, "").strip() for name in ("customer", "reason")}
        chosen = [name.removeprefix(CHOSEN) for name in desk.form if name.startswith(CHOSEN)]
        try:
            request = convert_strict(ExportRequest, given | ({"visits": chosen} if chosen else {}))
            return raw_response(200, await desk_requests.export_visits(desk.ctx, desk.token, request), _ZIP)
        except (InvalidBody, NotFound) as problem:
            found = await _found(desk, given["customer"])
            return _render(desk, given, found, problem, problem.status, chosen)

    @post("/desk/privacy/account-holds")
    async def hold(self, desk: Desk) -> ASGIResponse:
        """Hold an account."""
        require_permission(desk.person, "hold visits")
        hold = convert_strict(Hold, _hold_of(desk))
        await desk_requests.hold_account(desk.ctx, desk.token, desk.form.get("account", ""), hold.reason, hold.until)
        return redirect_with_notice("/desk/privacy", HELD)

    @post("/desk/privacy/account-holds/{account_hold_id:uuid}/end")
    async def end(self, desk: Desk, account_hold_id: FromPath[UUID]) -> ASGIResponse:
        """End the hold of an account, with a reason."""
        require_sure(desk)
        reason = convert_strict(Hold, {"reason": desk.form.get("reason", "").strip()}).reason
        await desk_requests.end_account_hold(desk.ctx, desk.token, account_hold_id, reason)
        return redirect_with_notice("/desk/privacy", ENDED)


async def _found(desk: Desk, text: str) -> list[FoundVisit]:
    try:
        return await desk_requests.find_visits(desk.ctx, desk.token, text)
    except NotFound:
        return []


def _hold_of(desk: Desk) -> dict[str, Any]:
    given: dict[str, Any] = {"reason": desk.form.get("hold_reason", "").strip()}
    if desk.form.get("hold_until", ""):
        given["until"] = end_of_day(parse_date(desk.form, "hold_until"), desk.ctx.zone)
    return given


def _render(
    desk: Desk,
    given: Mapping[str, str],
    found: list[FoundVisit] | None = None,
    problem: Problem | None = None,
    status: int = 200,
    chosen: list[str] | None = None,
) -> ASGIResponse:
    """`chosen`: the visits that are this customer's; at first all."""
    view = {
        "chosen": [one.visit for one in found or []] if chosen is None else chosen,
        "prefix": CHOSEN,
        "given": {"customer": "", "reason": "", **given},
        "found": found,
        "accounts": desk_requests.accounts_in(found or []),
        "local": desk.ctx.to_local_time,
        "problem": () if problem is None else explain(problem, labels=LABELS),
    }
    return render_desk(desk, "privacy/customer.html", view, status, section="privacy", back=PAGE)


ROUTES = (CustomerDeskController,)
