"""The customer's whole page: the appointment before the work; during and after it what was done, what he says."""

from html import escape

from service.context import AppContext
from service.visits.windows import format_window
from service.web.pages import avatar, bilingual, call_button, definition_list, page
from service.web.responses import Answer, Headers
from service.web.static_files import FOLDER

from .html_appointment import appointment
from .html_choices import SIGNATURE_PAD_JS, form_belongs_to, needs_signature, response_options
from .html_fields import FormState, form_dom_id
from .html_questions import otp_section, questions, reports
from .html_responses import responses
from .html_statement import anchor, format_datetime, statement
from .html_status import status_banner
from .page import ConfirmationPage

STYLE = (FOLDER / "customer" / "confirming.css").read_text()
KEEP = "/web/customer/keep.js"
NOTHING_SENT = FormState()


def render_page(
    ctx: AppContext,
    seen: ConfirmationPage,
    token: str,
    sent: FormState = NOTHING_SENT,
    status: int = 200,
    more: Headers = (),
) -> Answer:
    """The page. `sent` is what could not be taken; then its sentence stands at the top and above its form."""
    head = f"<h1>{bilingual(f'{seen.technician.company}上门服务', 'A visit of your water utility')}</h1>"
    after = _work_sections(ctx, seen, token, sent) if _work_has_started(seen) else appointment(seen, token, sent)
    alert = _alert(seen, sent, after) + _unsaved_input(sent, after)
    script = SIGNATURE_PAD_JS if "data-pad" in after else KEEP if "<textarea" in after else ""
    photo = seen.technician.photo
    who = avatar(seen.technician.name, f"/c/{token}/who") if photo else ""
    pictures = photo or seen.level is not None
    body = f"{head}{alert}{status_banner(seen, ctx.now())}<section>{who}{_facts(ctx, seen)}</section>{after}"
    body += f"{call_button(seen.hotline)}{_footer(ctx, seen)}"
    return page("上门服务", body, status, more, script, style=STYLE, asks=False, images=pictures)


def _alert(seen: ConfirmationPage, sent: FormState, page_after: str) -> str:
    """What could not be taken and why, or how to go on; his form may be far down."""
    if not sent.zh:
        return ""
    word, place = bilingual("去填写", "Go there"), form_dom_id(sent.where)
    if f'id="{escape(place)}"' not in page_after:
        place = "code" if sent.where == "code-entry" else ""
    changed = [one for one in seen.statements if sent.changed and form_belongs_to(one, sent)]
    if changed:
        word, place = bilingual("去核对", "Read it"), f"read-{anchor(changed[0].sha256)}"
    go = f'<a class="tel" href="#{escape(place)}">{word}</a>' if place else ""
    if sent.is_success:
        return f'<div class="calm" role="status"><p>{bilingual(sent.zh, sent.en)}</p>{go}</div>'
    return f'<div class="alert" role="alert"><p>{bilingual(sent.zh, sent.en)}</p>{go}</div>'


def _unsaved_input(sent: FormState, page_after: str) -> str:
    """His own words whose form is closed now: they are not lost."""
    fields = sent.kept or sent.fields
    if f'id="{escape(form_dom_id(fields.get("form", "")))}"' in page_after:
        return ""
    words = [fields[name].strip() for name in ("signer", "reason", "text", "comment", "wish") if fields.get(name)]
    if not any(words):
        return ""
    said = bilingual("您刚才写的还没有提交：", "What you wrote was not sent yet:")
    if sent.kept:
        said = bilingual(
            "您刚才填的还没有提交，都替您留着。验证后请再提交：",
            "What you filled in was not sent yet; it is kept here. After the code send it again:",
        )
    shown = "".join(f"<p><strong>{escape(one)}</strong></p>" for one in words if one)
    return f"<section><p>{said}</p>{shown}</section>"


def _work_has_started(seen: ConfirmationPage) -> bool:
    """Whether there is something to confirm."""
    return seen.state in ("under_way", "over") or (seen.state == "cancelled" and seen.arrived_at is not None)


def _facts(ctx: AppContext, seen: ConfirmationPage) -> str:
    visit, person = seen.visit, seen.technician
    stands = seen.appointment
    window = format_window(visit.window) if visit.window else "近期，以电话为准"
    if visit.window and stands.before and not stands.agreed:
        window = f"原 {format_window(stands.before)} → 现 {window}"
    zh, en = ("约定时间", "Agreed time") if stands.agreed else ("计划时间", "Planned time")
    came = format_datetime(seen.arrived_at, ctx.zone) if seen.arrived_at else ""
    left = format_datetime(seen.left_at, ctx.zone) if seen.left_at else ""
    return definition_list(
        ("来人", "Who comes", f"{person.title} {person.name}".strip()),
        ("工号", "Badge", person.badge),
        ("单位", "Company", person.company),
        ("工作内容", "Work", visit.content),
        ("工作地点", "Place", f"{visit.address} {visit.place}".strip()),
        (zh, en, window),
        ("到达时间", "Arrived", came),
        ("离开时间", "Left", left),
        ("客户", "Customer", f"{visit.customer} {visit.phone}".strip()),
    )


def _work_sections(ctx: AppContext, seen: ConfirmationPage, token: str, sent: FormState) -> str:
    pictures = f"/c/{token}/photo" if seen.level is not None else None
    papers = ""
    for one in seen.statements:
        inside = sent.said() if sent.changed and form_belongs_to(one, sent) else ""
        inside += (
            statement(one, pictures) + f'<div id="{anchor(one.sha256)}">{responses(one, pictures, ctx.zone)}</div>'
        )
        if one.signs is not None and seen.level is not None:
            inside += response_options(one, token, sent)
        elif needs_signature(one):
            first = bilingual(
                "签字、不同意或不方便签字：请先获取验证码", "To sign, disagree or decline: first the code"
            )
            inside += f'<p><a class="tel" href="#code">{first}</a></p>'
        papers += f'<section id="read-{anchor(one.sha256)}">{inside}</section>'
    proof = otp_section(seen, token, ctx.now(), sent)
    return (
        (papers + proof if seen.level is None else proof + papers)  # once it is entered, what it opened comes after it
        + _download_copy(seen, token)
        + questions(seen, token, ctx.zone, sent)
        + reports(seen, token, ctx.zone, sent)
    )


def _download_copy(seen: ConfirmationPage, token: str) -> str:
    """A copy at once, as soon as something was signed or refused."""
    if seen.level is None or not any(one.signature or one.declined for one in seen.statements):
        return ""
    word = bilingual("保存一份到我的手机", "Keep a copy on my phone")
    link = f'<a class="tel" href="/c/{escape(token)}/copy" download>{word}</a>'
    hint = bilingual(
        "微信里不能保存时，请点右上角“…”，用浏览器打开。", "If WeChat does not save it, open this page in the browser."
    )
    return f"<section>{link}<p>{hint}</p></section>"


def _footer(ctx: AppContext, seen: ConfirmationPage) -> str:
    """How long the link lives, and what is kept."""
    until = ""
    if seen.link_until is not None:
        at = format_datetime(seen.link_until, ctx.zone)
        until = (
            f"<p>{bilingual(f'这个链接 {at} 前有效。', f'This link lives until {seen.link_until:%Y-%m-%d %H:%M}.')}</p>"
        )
    kept = bilingual(
        "您的回答和签名会原样保存，连同时间和浏览器名称；网络地址和本页的 cookie 只存指纹（SHA-256）。",
        "Your answers and signatures are kept as you gave them, with the time and the name of your browser; of your "
        "network address and this page's cookie only a fingerprint (SHA-256).",
    )
    return f'<div class="foot">{until}<p>{kept}</p></div>'
