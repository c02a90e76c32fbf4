"""The desk's form that takes the file that a phone exported, and says what became of each record and photo."""

from litestar import get, post
from litestar.response.base import ASGIResponse

from service.accounts.desk import Desk, DeskController, DeskRequest, explain, render_desk
from service.errors import BodyTooLarge, InvalidBody, MalformedJson, PermissionDenied, Problem
from service.web.language import PageText

from . import phone_export
from .phone_export import ImportedExport

MAX_BYTES = 12 * 2**20
"""Of a file: phones divide a larger export, and a photo of the largest size in Base64 is smaller."""
NO_FILE = PageText("请选手机导出的文件（doorstep-….json）")
NOT_AN_EXPORT = PageText("这不是手机导出的文件，或者已损坏。什么都没有收下，请从手机上再导出一次")
TOO_LARGE = PageText("文件太大，最多 12 MB。手机会把内容分成几个文件，请一个一个交")
OUTCOMES = {
    "taken": (PageText("已收下"), "good"),
    "known": (PageText("先前已收到"), "plain"),
    "refused": (PageText("没有收下"), "bad"),
}
KINDS = {"photo": PageText("照片"), "signature": PageText("签字图")}


class PhoneExportPagesController(DeskController):
    """The import of what a phone exported."""

    path = "/desk/phone-exports"

    @get()
    async def show_form(self, desk: Desk) -> ASGIResponse:
        """Choose a file."""
        return _page(desk)

    @post(status_code=200, upload=MAX_BYTES + 2**16)
    async def take_export(self, desk: Desk) -> ASGIResponse:
        """Import what is in the file, as often as somebody wants."""
        raw = desk.files.get("file", b"")
        if not raw:
            return _page(desk, InvalidBody(), NO_FILE)
        if len(raw) > MAX_BYTES:
            return _page(desk, BodyTooLarge(), TOO_LARGE)
        try:
            result = await phone_export.import_export(desk.ctx, desk.token, raw, desk.request.app.state["max_body"])
        except (MalformedJson, InvalidBody) as problem:
            return _page(desk, problem, NOT_AN_EXPORT)
        return _page(desk, result=result)


def _page(
    desk: DeskRequest,
    problem: Problem | None = None,
    sentence: PageText = NOT_AN_EXPORT,
    *,
    result: ImportedExport | None = None,
) -> ASGIResponse:
    if not desk.person.can("take in records"):
        raise PermissionDenied
    view = {
        "problem": () if problem is None else (sentence,),
        "result": result,
        "outcomes": OUTCOMES,
        "kinds": KINDS,
        "explain": explain,
    }
    status = 200 if problem is None else problem.status
    template, back = "evidence/phone_export.html", "/desk/phone-exports"
    return render_desk(desk, template, view, status, section="quarantine", back=back)


ROUTES = (PhoneExportPagesController,)
