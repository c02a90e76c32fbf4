"""Pages of the desk for what a customer asks of their data: a copy. A hold on their account is set there too."""

from collections.abc import Mapping

from litestar import get, post
from litestar.response.base import ASGIResponse

from service.accounts.desk import Desk, DeskController, explain, render_desk
from service.errors import InvalidBody, NotFound, Problem
from service.web.decoding import convert_strict
from service.web.language import PageText
from service.web.responses import raw_response

from . import desk_requests
from .customers import FoundVisit
from .desk_requests import ExportRequest

PAGE = "/desk/privacy/customer"
LABELS = {"customer": PageText("户号或电话"), "reason": PageText("理由"), "visits": PageText("这位客户的上门")}
CHOSEN = "visit:"
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


async def _found(desk: Desk, text: str) -> list[FoundVisit]:
    try:
        return await desk_requests.find_visits(desk.ctx, desk.token, text)
    except NotFound:
        return []


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
