"""The pages about personal data: for customers, and at the desk."""

from typing import Any
from uuid import UUID, uuid4

from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from service.accounts.authentication import require_permission
from service.accounts.caller import Context, PublicController
from service.accounts.desk import Desk, DeskController, redirect_with_notice, render_desk, require_sure
from service.accounts.repository import names_of
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.visits.page_words import VERDICTS
from service.web.api_document import COMMON_ERRORS, pages, problems
from service.web.decoding import convert_strict
from service.web.form_dates import parse_date
from service.web.language import AnyText, PageText
from service.web.request import AnyRequest
from service.web.templates import render

from . import holds, inventory, retention
from .holds import Hold, HoldEnd

TITLES: dict[str, AnyText] = {
    "visits": PageText("上门次数"),
    "positions": PageText("位置"),
    "quarantine": PageText("隔离"),
    "uploads": PageText("没人用的照片"),
    "looks": PageText("查看记录"),
    "sign_ins": PageText("会话和令牌"),
    "codes": PageText("一次性码"),
    "mails": PageText("待办邮件"),
    "staff": PageText("离职人员"),
    "account_holds": PageText("户号的保全"),
}
"""By the kind in a run of the nightly deletion."""
HELD = PageText("这次上门已依法保全，解除以前不会删除")
ACCOUNT_HELD = PageText("户号已依法保全，解除以前它的上门都不会删除")
ENDED = PageText("保全已解除")
ENDED_SHOWN = 50
ROWS = 60


class CustomersPageController(PublicController):
    """What customers learn about their data."""

    tags = ("customer",)

    @get("/privacy", summary="How customers' data are used", responses={**problems(*COMMON_ERRORS), **pages(200, 429)})
    async def show_privacy(self, request: AnyRequest, context: Context) -> ASGIResponse:
        """What is kept, for what, how long, and whom to ask: made from the table of what is kept."""
        view = {
            "company": context.company.company,
            "hotline": context.company.hotline,
            "privacy_contact": context.company.privacy_contact,
            "kinds": [kind for kind in inventory.kinds() if kind.customers],
            "policy": context.retention,
        }
        return render(request.scope, "privacy/customers.html", view, company=context.company)


class PrivacyDeskController(DeskController):
    """What is kept, for how long, what was erased and what is held."""

    @get("/desk/privacy")
    async def show_table(self, desk: Desk) -> ASGIResponse:
        """For supervisors and admins."""
        require_permission(desk.person, "see what is kept")
        held = await holds.list_holds(desk.ctx, desk.token) if desk.person.can("hold visits") else ()
        logins = {one.by for one in held} | {one.ended_by for one in held if one.ended_by is not None}
        view: dict[str, Any] = {
            "holds": [one for one in held if one.active],
            "ended": sorted((one for one in held if not one.active), key=holds.ended_at, reverse=True)[:ENDED_SHOWN],
            "names": await desk.ctx.db.read(lambda tx: names_of(tx, logins)),
            "runs": await retention.last_runs(desk.ctx),
            "titles": TITLES,
            "statistics": await statistics(desk.ctx),
            "verdicts": VERDICTS,
            "kinds": inventory.kinds(),
            "policy": desk.ctx.retention,
        }
        return render_desk(desk, "privacy/desk.html", view, section="privacy")

    @post("/desk/privacy/holds")
    async def hold(self, desk: Desk) -> ASGIResponse:
        """Hold a visit, from the form on its page, or an account."""
        require_permission(desk.person, "hold visits")
        names = {"visit": "visit", "account": "account", "hold_reason": "reason"}
        given: dict[str, Any] = {names[name]: desk.form[name] for name in names if name in desk.form}
        if desk.form.get("hold_until", ""):
            given["until"] = holds.end_of_day(parse_date(desk.form, "hold_until"), desk.ctx.zone)
        hold = convert_strict(Hold, given)
        await holds.set_hold(desk.ctx, desk.token, uuid4(), hold)
        if hold.visit is None:
            return redirect_with_notice("/desk/privacy", ACCOUNT_HELD)
        return redirect_with_notice(f"/desk/visits/{hold.visit}", HELD)

    @post("/desk/privacy/holds/{hold_id:uuid}/end")
    async def end(self, desk: Desk, hold_id: FromPath[UUID]) -> ASGIResponse:
        """End a hold, with a reason."""
        require_sure(desk)
        end = convert_strict(HoldEnd, {"reason": desk.form.get("reason", "")})
        await holds.end_hold(desk.ctx, desk.token, hold_id, end)
        return redirect_with_notice("/desk/privacy", ENDED)


@read_only
async def statistics(_: AppContext, tx: Transaction) -> list[tuple[str, str, str, int]]:
    """Of erased visits: month, type, verdict and how many, the newest first. Only the months shown are read."""
    found: list[tuple[str, str, str, int]] = []
    before = "9999"
    while len(found) < ROWS and (last := await tx.fetch_one("last_erased_day", before=before)) and last[0]:
        month = last[0][:7]
        rows = await tx.fetch_all("erased_between", since=month, before=before)
        found += [(month, *row) for row in rows]
        before = month
    return found[:ROWS]


ROUTES = (CustomersPageController, PrivacyDeskController)
