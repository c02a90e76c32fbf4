"""The customer's whole page: the appointment before the work; during and after it what was done, what he says."""

from html import escape

from service.context import House
from service.visits.windows import spoken
from service.web.pages import both, call, face, page, rows
from service.web.responses import Answer, Headers
from service.web.static_files import FOLDER

from .html_appointment import appointment
from .html_choices import PAD, choices, meant, to_sign
from .html_fields import FormState, named
from .html_questions import code, questions, raised
from .html_responses import marks
from .html_statement import part, spelt, statement
from .html_status import standing
from .page import Confirmation

STYLE = (FOLDER / "customer" / "confirming.css").read_text()
KEEP = "/web/customer/keep.js"
NOTHING_SENT = FormState()


def whole(
    house: House, seen: Confirmation, token: str, sent: FormState = NOTHING_SENT, status: int = 200, more: Headers = ()
) -> Answer:
    """The page. `sent` is what could not be taken; then its sentence stands at the top and above its form."""
    head = f"<h1>{both(f'{seen.technician.company}上门服务', 'A visit of your water utility')}</h1>"
    after = _after(house, seen, token, sent) if _worked(seen) else appointment(seen, token, sent)
    alert = _alert(seen, sent, after) + _unsent(sent, after)
    script = PAD if "data-pad" in after else KEEP if "<textarea" in after else ""
    photo = seen.technician.photo
    who = face(seen.technician.name, f"/c/{token}/who") if photo else ""
    pictures = photo or seen.level is not None
    body = f"{head}{alert}{standing(seen, house.now())}<section>{who}{_facts(house, seen)}</section>{after}"
    body += f"{call(seen.hotline)}{_foot(house, seen)}"
    return page("上门服务", body, status, more, script, style=STYLE, asks=False, images=pictures)


def _alert(seen: Confirmation, sent: FormState, page_after: str) -> str:
    """What could not be taken and why, or how to go on; his form may be far down."""
    if not sent.zh:
        return ""
    word, place = both("去填写", "Go there"), named(sent.where)
    if f'id="{escape(place)}"' not in page_after:
        place = "code" if sent.where == "code-entry" else ""
    changed = [one for one in seen.statements if sent.changed and meant(one, sent)]
    if changed:
        word, place = both("去核对", "Read it"), f"read-{part(changed[0].sha256)}"
    go = f'<a class="tel" href="#{escape(place)}">{word}</a>' if place else ""
    if sent.well:
        return f'<div class="calm" role="status"><p>{both(sent.zh, sent.en)}</p>{go}</div>'
    return f'<div class="alert" role="alert"><p>{both(sent.zh, sent.en)}</p>{go}</div>'


def _unsent(sent: FormState, page_after: str) -> str:
    """His own words whose form is closed now: they are not lost."""
    fields = sent.kept or sent.fields
    if f'id="{escape(named(fields.get("form", "")))}"' in page_after:
        return ""
    words = [fields[name].strip() for name in ("signer", "reason", "text", "comment", "wish") if fields.get(name)]
    if not any(words):
        return ""
    said = both("您刚才写的还没有提交：", "What you wrote was not sent yet:")
    if sent.kept:
        said = both(
            "您刚才填的还没有提交，都替您留着。验证后请再提交：",
            "What you filled in was not sent yet; it is kept here. After the code send it again:",
        )
    shown = "".join(f"<p><strong>{escape(one)}</strong></p>" for one in words if one)
    return f"<section><p>{said}</p>{shown}</section>"


def _worked(seen: Confirmation) -> bool:
    """Whether there is something to confirm."""
    return seen.state in ("under_way", "over") or (seen.state == "cancelled" and seen.arrived_at is not None)


def _facts(house: House, seen: Confirmation) -> str:
    visit, person = seen.visit, seen.technician
    stands = seen.appointment
    window = spoken(visit.window) if visit.window else "近期，以电话为准"
    if visit.window and stands.before and not stands.agreed:
        window = f"原 {spoken(stands.before)} → 现 {window}"
    zh, en = ("约定时间", "Agreed time") if stands.agreed else ("计划时间", "Planned time")
    came = spelt(seen.arrived_at, house.zone) if seen.arrived_at else ""
    left = spelt(seen.left_at, house.zone) if seen.left_at else ""
    return rows(
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


def _after(house: House, seen: Confirmation, token: str, sent: FormState) -> str:
    pictures = f"/c/{token}/photo" if seen.level is not None else None
    papers = ""
    for one in seen.statements:
        inside = sent.said() if sent.changed and meant(one, sent) else ""
        inside += statement(one, pictures) + f'<div id="{part(one.sha256)}">{marks(one, pictures, house.zone)}</div>'
        if one.signs is not None and seen.level is not None:
            inside += choices(one, token, sent)
        elif to_sign(one):
            first = both("签字、不同意或不方便签字：请先获取验证码", "To sign, disagree or decline: first the code")
            inside += f'<p><a class="tel" href="#code">{first}</a></p>'
        papers += f'<section id="read-{part(one.sha256)}">{inside}</section>'
    proof = code(seen, token, house.now(), sent)
    return (
        (papers + proof if seen.level is None else proof + papers)  # once it is entered, what it opened comes after it
        + _copy(seen, token)
        + questions(seen, token, house.zone, sent)
        + raised(seen, token, house.zone, sent)
    )


def _copy(seen: Confirmation, token: str) -> str:
    """A copy at once, as soon as something was signed or refused."""
    if seen.level is None or not any(one.signature or one.declined for one in seen.statements):
        return ""
    word = both("保存一份到我的手机", "Keep a copy on my phone")
    link = f'<a class="tel" href="/c/{escape(token)}/copy" download>{word}</a>'
    hint = both(
        "微信里不能保存时，请点右上角“…”，用浏览器打开。", "If WeChat does not save it, open this page in the browser."
    )
    return f"<section>{link}<p>{hint}</p></section>"


def _foot(house: House, seen: Confirmation) -> str:
    """How long the link lives, and what is kept."""
    until = ""
    if seen.link_until is not None:
        at = spelt(seen.link_until, house.zone)
        until = f"<p>{both(f'这个链接 {at} 前有效。', f'This link lives until {seen.link_until:%Y-%m-%d %H:%M}.')}</p>"
    kept = both(
        "您的回答和签名会原样保存，连同时间和浏览器名称；网络地址和本页的 cookie 只存指纹（SHA-256）。",
        "Your answers and signatures are kept as you gave them, with the time and the name of your browser; of your "
        "network address and this page's cookie only a fingerprint (SHA-256).",
    )
    return f'<div class="foot">{until}<p>{kept}</p></div>'
