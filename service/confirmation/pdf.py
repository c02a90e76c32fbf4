"""The customer's copy as a PDF, which every phone and WeChat can keep and show, with the signs of its font inside.

The HTML copy has the same content and can be checked without this service; here are the digests to compare.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from typing import Any, cast
from xml.sax.saxutils import escape

import segno
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Image, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table
from reportlab.platypus.flowables import HRFlowable

from service.context import AppContext
from service.web.language import AnyText, Language, PageText
from service.web.templates import format_moment, format_window, translate

from .copy import CustomerCopy
from .page_view import StatementCard, split_reports, statement_cards
from .pdf_attachment import attach
from .responses import ResponseBox

FONT = "NotoSansSC"
FONT_FILE = Path(__file__).parent / "vendor/@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf"
MARGIN, WIDTH = 48, A4[0] - 2 * 48
PICTURE = (WIDTH / 2 - 8, 180)  # at most
HOW_TO_CHECK = PageText("要自己核对有没有改动，请在同一页另存 HTML 文件：里面有原文和核对方法。")
PROVEN = PageText(
    "关于这次上门的每一份记录，保存时都写进了只增不改的日志，日志由公司签名。证明在这个 PDF 的附件里（.tlog-proof）："
    "运行 doorstep verify-proof，给出这个文件和公司公布的验证密钥（--key），不用问公司就能核对。"
    "程序打印出您的答复的原文，请逐字与这里印的对照：不一样，就是文件被人改过。"
)
UNPROVEN = PageText("编号为 — 的刚写进日志，还没有进入签过名的检查点。两分钟后再存一次留底，里面就有它的证明。")
PRICE_LIST = PageText("价目表（公司提供，不是签字内容的一部分）")
PHOTOS = PageText("照片")
SIGNS = {"✗": "×"}
"""What is printed for signs of the page that the font does not have."""
GREY = HexColor("#555555")


@cache
def _font() -> str:
    """The font, read once."""
    cast("Any", pdfmetrics).registerFont(TTFont(FONT, str(FONT_FILE)))
    return FONT


def render_pdf(ctx: AppContext, copy: CustomerCopy, language: Language) -> bytes:
    """The copy; it takes part of a second, so it is made in a thread."""
    out = BytesIO()
    page = copy.details.page
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=translate(PageText("上门服务留底"), language),
        author=page.technician.company,
        subject=page.visit.id,
        lang="zh-CN" if language == "zh" else "en",
    )

    def first_page(canvas: Any, built: Any) -> None:
        _footer(canvas, built)
        if copy.log.proofs:
            attach(canvas, f"{page.visit.id[:8]}.tlog-proof", copy.log.proofs.encode(), "c2sp.org/tlog-proof")

    document.build(list(_Writer(ctx, copy, language).flowables()), onFirstPage=first_page, onLaterPages=_footer)
    return out.getvalue()


def _footer(canvas: Any, document: Any) -> None:
    canvas.setFont(_font(), 8)
    canvas.setFillColor(GREY)
    canvas.drawRightString(A4[0] - MARGIN, MARGIN / 2, f"{document.subject}  {canvas.getPageNumber()}")


class _Writer:
    """The content, part by part."""

    def __init__(self, ctx: AppContext, copy: CustomerCopy, language: Language) -> None:
        self.ctx, self.copy = ctx, copy
        self.language: Language = language
        self.page = copy.details.page
        style = partial(ParagraphStyle, fontName=_font(), wordWrap="CJK")
        self.body = style("body", fontSize=11, leading=17, spaceAfter=3)
        self.label = style("label", fontSize=10, leading=16, textColor=GREY)
        self.small = style("small", fontSize=8, leading=12, textColor=GREY)
        self.title = style("title", fontSize=20, leading=28, spaceAfter=8)
        self.heading = style("heading", fontSize=14, leading=20, spaceBefore=14, spaceAfter=6)
        self.colour = HexColor(ctx.company.colour)

    def words(self, text: AnyText | None) -> str:
        """A text in the language of the copy."""
        return translate(text, self.language) if text is not None else ""

    def label_of(self, text: AnyText | None) -> str:
        """A label in the language of the copy, which in English begins with a capital letter."""
        words = self.words(text)
        return words[:1].upper() + words[1:]

    def bracketed(self, text: str) -> str:
        """A text in brackets, to be put behind another."""
        return f"（{text}）" if self.language == "zh" else f" ({text})"

    def moment(self, at: datetime | None) -> str:
        """A time in the language of the copy."""
        return format_moment(at, self.language) if at else ""

    def line(self, text: str, style: ParagraphStyle | None = None) -> Paragraph:
        """A paragraph; line breaks stay, and what cannot be printed is a space."""
        shown = "".join(SIGNS.get(c, c) if c == "\n" or c.isprintable() else " " for c in text)
        return Paragraph(escape(shown).replace("\n", "<br/>"), style or self.body)

    def facts(self, *pairs: tuple[AnyText, str]) -> Flowable:
        """Labels and values; those without a value are left out."""
        rows = [
            [self.line(self.label_of(label), self.label), self.line(value)] for label, value in pairs if value.strip()
        ]
        table = Table(rows or [["", ""]], colWidths=(110, WIDTH - 110), hAlign="LEFT", splitInRow=1)
        table.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *(((side), (0, 0), (-1, -1), 1) for side in _PADDING)])
        return table

    def picture(self, raw: bytes) -> Image:
        """A picture in its proportions."""
        wide, high = ImageReader(BytesIO(raw)).getSize()
        scale = min(PICTURE[0] / wide, PICTURE[1] / high)
        return Image(BytesIO(raw), wide * scale, high * scale, hAlign="LEFT")

    def flowables(self) -> Iterator[Flowable]:
        """Everything."""
        page, visit, person = self.page, self.page.visit, self.page.technician
        if self.ctx.company.logo and self.ctx.company.logo.kind != b"image/svg+xml":
            logo = ImageReader(BytesIO(self.ctx.company.logo.content)).getSize()
            yield Image(BytesIO(self.ctx.company.logo.content), 32 * logo[0] / logo[1], 32, hAlign="LEFT")
        yield self.line(person.company, self.label)
        yield self.line(self.words(PageText("上门服务留底")), self.title)
        yield HRFlowable(width="100%", thickness=2, color=self.colour, spaceAfter=8)
        yield self.facts(
            (PageText("工单号"), visit.external_ref),
            (PageText("上门编号"), visit.id),
            (PageText("热线"), page.hotline),
            (
                PageText("约定时间") if page.appointment.agreed else PageText("计划时间"),
                format_window(visit.window, self.language) if visit.window else "",
            ),
            (PageText("来人"), f"{person.title} {person.name} {person.badge}".strip()),
            (PageText("工作内容"), visit.content),
            (PageText("客户"), f"{visit.customer} {visit.phone}".strip()),
            (PageText("地点"), f"{visit.address} {visit.place}".strip()),
            (PageText("到达时间"), self.moment(page.arrived_at)),
            (PageText("离开时间"), self.moment(page.left_at)),
            (PageText("保存时间"), self.moment(self.ctx.now())),
        )
        for card in statement_cards(self.ctx, page):
            yield from self.statement(card)
        yield from self.said()
        yield from self.log()
        yield Spacer(1, 10)
        yield self.line(
            self.words(PageText("要自己核对有没有改动，请在同一页另存 HTML 文件：里面有原文和核对方法。")), self.small
        )

    def statement(self, card: StatementCard) -> Iterator[Flowable]:
        """What is signed, the answers to it, and the digests."""
        yield self.line(self.words(card.view.title), self.heading)
        labelled = zip(card.view.statement.lines, card.labels, strict=True)
        yield self.facts(*((label, "\n".join(line.value)) for line, label in labelled))
        for line, label in zip(card.view.statement.lines, card.labels, strict=True):
            for file in line.photos:
                yield from self.file(self.label_of(label), file)
        if card.price_list:
            yield self.facts((PRICE_LIST, "".join(card.price_list)))
        if card.declaration:
            yield self.line(self.words(card.declaration))
        for box in card.boxes:
            yield KeepTogether(list(self.response(box)))
        signature = card.view.signature
        if signature and signature.sha256 and not card.view.typed:
            yield from self.file(self.words(PageText("签名")), signature.sha256)
        yield self.facts((PageText("现有内容的 SHA-256"), card.view.sha256))
        code = BytesIO()
        segno.make(card.view.sha256, error="m", micro=False).save(code, kind="png", scale=3, border=2)
        yield Image(BytesIO(code.getvalue()), 84, 84, hAlign="LEFT")

    def file(self, label: str, sha256: str) -> Iterator[Flowable]:
        """A picture with the digest of its original."""
        parts: list[Flowable] = [self.line(label, self.label)]
        if raw := self.copy.pictures.get(sha256):
            parts.append(self.picture(raw))
        parts.append(self.line(f"SHA-256 {sha256}", self.small))
        yield KeepTogether(parts)

    def response(self, box: ResponseBox) -> Iterator[Flowable]:
        """A signature or a refusal."""
        yield Spacer(1, 6)
        for text in (box.heading, box.verdict):
            if text is not None:
                yield self.line(self.words(text))
        for one in box.then:
            what = {"what": self.words(one.label)}
            given = PageText("当时签的是：%(what)s", what) if box.signer else PageText("当时的内容是：%(what)s", what)
            was = "；".join(one.before) or (self.words(PHOTOS) if one.photos_before else "—")
            yield self.line(f"{self.words(given)} {was}")
        who = f"{box.signer}{self.bracketed(self.words(box.relation))}" if box.signer else box.reason
        yield self.line(f"{who} {self.moment(box.at)}".strip())
        if box.holder:
            yield self.line(self.words(PageText("登记的户主是%(name)s", {"name": box.holder})), self.label)
        if box.helper:
            yield self.line(f"{self.words(PageText('协助人'))} {box.helper}{self.bracketed(self.words(box.relation))}")
        if box.typed:
            yield self.line(box.signer, self.title)
            yield self.line(self.words(PageText("以输入姓名和验证码签认")), self.label)
        if box.how is not None:
            yield self.line(self.words(box.how), self.label)
        if box.trouble is not None:
            yield self.line(self.words(box.trouble))
        if box.holds:
            yield self.line(self.words(PageText("签名有效，内容没有变更")))

    def log(self) -> Iterator[Flowable]:
        """Where everything is in the log; the proofs themselves are attached."""
        log = self.copy.log
        yield self.line(self.words(PageText("日志里的证明")), self.heading)
        yield self.line(self.words(PROVEN), self.small)
        yield self.facts((PageText("验证密钥（请与公司公布的核对）"), log.key), (PageText("公布在"), log.address))
        for one in log.batches:
            number = "—" if one.entry.proof is None else str(one.entry.number)
            yield self.line(f"{self.words(one.words)} {self.moment(one.at)}", self.label)
            yield self.line(f"{self.words(PageText('日志编号'))} {number}  SHA-256 {one.sha256}", self.small)
        if log.unproven:
            yield self.line(self.words(UNPROVEN), self.small)

    def said(self) -> Iterator[Flowable]:
        """Answers, comments, reports and complaints."""
        page, split = self.page, split_reports(self.page)
        comments = [one for one in page.said if one.comment]
        if not (self.copy.details.answers or comments or page.raised):
            return
        yield self.line(self.words(PageText("您的意见")), self.heading)
        good, bad = self.words(PageText("✓ 没问题")), self.words(PageText("✗ 有问题"))
        for answer in self.copy.details.answers:
            thing = self.bracketed(answer.thing) if answer.thing else ""
            yield self.line(
                f"{self.words(answer.words)}{thing}  {good if answer.good else bad}  {self.moment(answer.at)}"
            )
        for comment in comments:
            yield self.line(f"{comment.comment}  {self.moment(comment.at)}")
        for report in split["reports"]:
            yield self.line(
                f"{self.words(report)}{'：' if self.language == 'zh' else ': '}{report.text}  {self.moment(report.at)}"
            )
        for one in split["complaints"]:
            yield self.line(self.words(one), self.heading)
            yield self.facts(
                (PageText("您的话"), one.text),
                (PageText("受理编号"), one.number or ""),
                (PageText("收到时间"), self.moment(one.at)),
                (PageText("最晚答复"), "" if one.answered_at else self.moment(one.due_at)),
                (PageText("我们的答复"), f"{one.answer or ''} {self.moment(one.answered_at)}".strip()),
            )


_PADDING = ("LEFTPADDING", "RIGHTPADDING", "TOPPADDING", "BOTTOMPADDING")
