"""The customer's whole page: the appointment before the work; during and after it what was done, what he says."""

from html import escape

from service.domain.notice import spoken
from service.flows.customer import Confirmation
from service.flows.house import House

from .answers import Answer, Headers
from .appointment import appointment, standing
from .asking import code, questions, raised
from .choices import PAD, choices, to_sign
from .fields import Sent, named
from .pages import both, call, face, page, rows
from .papers import marks, part, spelt, statement
from .web import FOLDER

STYLE = (FOLDER / "customer" / "confirming.css").read_text()
NOTHING_SENT = Sent()


def whole(
    house: House, seen: Confirmation, token: str, sent: Sent = NOTHING_SENT, status: int = 200, more: Headers = ()
) -> Answer:
    """The page. `sent` is what could not be taken; then its sentence stands at the top and above its form."""
    head = f"<h1>{both(f'{seen.technician.company}上门服务', 'A visit of your water utility')}</h1>"
    after = _after(house, seen, token, sent) if _worked(seen) else appointment(seen, token, sent)
    alert = _alert(sent, after) + _unsent(sent, after)
    pad = PAD if "data-pad" in after else ""
    photo = seen.technician.photo
    who = face(seen.technician.name, f"/c/{token}/who") if photo else ""
    pictures = photo or seen.level is not None
    body = f"{head}{alert}{standing(seen)}<section>{who}{_facts(house, seen)}</section>{after}{call(seen.hotline)}"
    return page("上门服务", body, status, more, pad, style=STYLE, asks=False, images=pictures)


def _alert(sent: Sent, page_after: str) -> str:
    """What could not be taken and why; his form may be far down."""
    if not sent.zh:
        return ""
    there = f'id="{escape(named(sent.where))}"' in page_after
    go = f'<a class="tel" href="#{escape(named(sent.where))}">{both("去填写", "Go there")}</a>' if there else ""
    return f'<div class="alert" role="alert"><p>{both(sent.zh, sent.en)}</p>{go}</div>'


def _unsent(sent: Sent, page_after: str) -> str:
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
    window = spoken(visit.window) if visit.window else "近期，以电话为准"
    came = spelt(seen.arrived_at, house.zone) if seen.arrived_at else ""
    left = spelt(seen.left_at, house.zone) if seen.left_at else ""
    return rows(
        ("来人", "Who comes", f"{person.title} {person.name}".strip()),
        ("工号", "Badge", person.badge),
        ("单位", "Company", person.company),
        ("工作内容", "Work", visit.content),
        ("工作地点", "Place", f"{visit.address} {visit.place}".strip()),
        ("约定时间", "Agreed time", window),
        ("到达时间", "Arrived", came),
        ("离开时间", "Left", left),
        ("客户", "Customer", f"{visit.customer} {visit.phone}".strip()),
    )


def _after(house: House, seen: Confirmation, token: str, sent: Sent) -> str:
    pictures = f"/c/{token}/photo" if seen.level is not None else None
    papers = ""
    for one in seen.statements:
        inside = statement(one, pictures) + f'<div id="{part(one.sha256)}">{marks(one, pictures, house.zone)}</div>'
        if one.signs is not None and seen.level is not None:
            inside += choices(one, token, sent)
        elif to_sign(one):
            first = both("签字、不同意或不方便签字：请先获取验证码", "To sign, disagree or decline: first the code")
            inside += f'<p><a class="tel" href="#code">{first}</a></p>'
        papers += f'<section id="read-{part(one.sha256)}">{inside}</section>'
    return (
        papers
        + code(seen, token, house.now(), sent)
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
