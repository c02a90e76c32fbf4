"""The copy for the customer's own phone: one HTML file that needs nothing from anywhere, and says how to check it."""

from base64 import b64encode
from html import escape

from service.context import AppContext
from service.judge.statements import canonical_bytes
from service.web.pages import HEADERS, STYLE, bilingual, definition_list
from service.web.responses import Answer

from .copy import CustomerCopy
from .html_questions import given_answers, submitted_reports
from .html_responses import responses
from .html_statement import declaration, format_datetime, statement
from .statements import StatementView

DIGEST_OF_PHOTO = (
    "原照片的 SHA-256（原照片由供水公司封存；这里的图是缩小的副本，算出来不一样）：",
    "SHA-256 of the original photo, which the utility keeps sealed; a picture here is a reduced copy and has another:",
)
DIGEST_OF_INK = (
    "原签名图的 SHA-256（这里的图是缩小的副本，算出来不一样）：",
    "SHA-256 of the original drawing; the picture here is a reduced copy and has another:",
)
DIGEST_OF_TYPED = (
    "没有手写。上面的二维码写着签字人姓名和所签内容的 SHA-256；二维码原图的 SHA-256：",
    "Nothing was drawn. The QR code says the name and the digest that was signed; SHA-256 of its original picture:",
)
CHECK_ZH = (
    "核对方法：把下面方框里的文字原样存成 UTF-8 文件（末尾不加换行），计算它的 SHA-256（例如 sha256sum），"
    "应与上面的数字完全一样。"
)
CHECK_EN = (
    "To check: save the text in the box exactly as it is as UTF-8 (no line break at the end) and take its SHA-256 "
    "(for instance sha256sum); it must be the number above."
)
PRINTED = STYLE + (
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;font:18px/1.4 ui-monospace,monospace;border:2px solid #555}"
    "img{max-width:100%;border:1px solid #999}h3{font-size:1.1rem}.typed{font-size:2rem;font-weight:700;margin:.2rem 0}"
    ".mark{border-left:6px solid #0a6b2e;padding-left:12px;margin:16px 0}.mark.void{border-color:#b00020}"
    ".mark.none{border-color:#777}.mark.said{border-color:#0b5cad}.mark p{margin:3px 0}"
    ".ok{color:#0a6b2e;font-weight:700}"
    ".declares{border-left:6px solid #0b5cad;padding-left:12px;font-weight:600}"
    ".digest{font-family:ui-monospace,monospace;overflow-wrap:anywhere;display:block}"
)


def render_copy(ctx: AppContext, given: CustomerCopy) -> Answer:
    """The file, to be saved and not shown."""
    seen = given.seen
    visit, person = seen.visit, seen.technician
    facts = definition_list(
        ("单位", "Company", person.company),
        ("热线", "Hotline", seen.hotline),
        ("上门编号", "Visit", visit.id),
        ("来人", "Who came", f"{person.title} {person.name} {person.badge}".strip()),
        ("工作内容", "Work", visit.content),
        ("客户", "Customer", f"{visit.customer} {visit.phone}".strip()),
        ("地点", "Place", f"{visit.address} {visit.place}".strip()),
        ("到达时间", "Arrived", format_datetime(seen.arrived_at, ctx.zone) if seen.arrived_at else ""),
        ("离开时间", "Left", format_datetime(seen.left_at, ctx.zone) if seen.left_at else ""),
        ("保存时间", "Copy made", format_datetime(ctx.now(), ctx.zone)),
    )
    papers = "".join(_paper(ctx, one, given.pictures) for one in seen.statements)
    own = f"{given_answers(seen, ctx.zone)}{submitted_reports(seen, ctx.zone)}"
    said = f"<section><h2>{bilingual('您的意见', 'What you said')}</h2>{own}</section>" if own else ""
    html = (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        f"style-src 'unsafe-inline'\"><title>上门服务留底</title><style>{PRINTED}</style></head><body><main>"
        f"<h1>{bilingual('上门服务留底', 'Your copy of the visit')}</h1><section>{facts}</section>{papers}{said}"
        "</main></body></html>"
    )
    name = (b"content-disposition", f'attachment; filename="visit-{visit.id[:8]}.html"'.encode())
    return Answer(200, html.encode(), (*HEADERS, name))


def _paper(ctx: AppContext, paper: StatementView, pictures: dict[str, bytes]) -> str:
    """A statement: what it says, who signed or declined, its photos, its digest and its bytes."""
    inside = statement(paper, None, ("见下图", "shown below"))
    inside += declaration(paper) + responses(paper, None, ctx.zone)
    signature = paper.signature
    if signature is not None:
        inside += definition_list(("签名所指内容", "Digest that was signed", signature.statement_sha256 or "—"))
    inside += "".join(_picture(file, pictures, DIGEST_OF_PHOTO, label) for file, label in _photos(paper).items())
    if signature is not None and signature.sha256:
        words = DIGEST_OF_TYPED if paper.typed else DIGEST_OF_INK
        inside += _picture(signature.sha256, pictures, words, bilingual("签名", "Signature"))
    text = escape(canonical_bytes(paper.statement).decode(), quote=False)
    inside += (
        f"<dl><dt>{bilingual('现有内容的 SHA-256', 'SHA-256 of the text as it is now')}</dt>"
        f'<dd class="digest">{paper.sha256}</dd></dl><p>{bilingual(CHECK_ZH, CHECK_EN)}</p><pre>{text}</pre>'
    )
    return f"<section>{inside}</section>"


def _photos(paper: StatementView) -> dict[str, str]:
    """Each photo of a statement, with the label of the first line in which it stands."""
    found: dict[str, str] = {}
    for line, english in zip(paper.statement.lines, paper.english, strict=True):
        for file in line.photos:
            found.setdefault(file, bilingual(line.label, english))
    return found


def _picture(file: str, pictures: dict[str, bytes], words: tuple[str, str], label: str) -> str:
    """A picture where there is one, what it is, and its digest."""
    shown = pictures.get(file)
    data = f'<img alt="" src="data:image/jpeg;base64,{b64encode(shown).decode()}">' if shown else ""
    return f'<p><strong>{label}</strong></p><p>{data}{bilingual(*words)}<span class="digest">{file}</span></p>'
