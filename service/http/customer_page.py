"""The customer's whole page: the appointment before the work; during and after it what was done, what he says."""

from html import escape

from service.domain.notice import spoken
from service.flows.customer import Confirmation
from service.flows.house import House

from .answers import Answer, Headers
from .asking import code, questions, raised
from .choices import PAD, choices, to_sign
from .fields import Sent
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
    alert = f'<div class="alert" role="alert">{both(sent.zh, sent.en)}</div>' if sent.zh else ""
    alert += _unsent(sent) if seen.level is None else ""
    after = _after(house, seen, token, sent) if _worked(seen) else _appointment(seen, token)
    pad = PAD if "data-pad" in after else ""
    photo = seen.technician.photo
    who = face(seen.technician.name, f"/c/{token}/who") if photo else ""
    pictures = photo or seen.level is not None
    body = f"{head}{alert}{_status(seen)}<section>{who}{_facts(house, seen)}</section>{after}{call(seen.hotline)}"
    return page("上门服务", body, status, more, pad, style=STYLE, asks=False, images=pictures)


def _unsent(sent: Sent) -> str:
    """His own words whose form is closed now that the code has ended: they are not lost."""
    words = [sent.fields[name].strip() for name in ("reason", "text", "signer") if sent.fields.get(name, "").strip()]
    if not words:
        return ""
    said = both("您刚才写的还没有提交；重新验证后请再提交：", "Not sent yet; after the code send it again:")
    return f"<section><p>{said}</p>{''.join(f'<p><strong>{escape(one)}</strong></p>' for one in words)}</section>"


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
        + raised(seen, token, sent)
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


def _status(seen: Confirmation) -> str:
    stands = seen.appointment
    if seen.state == "cancelled":
        return f'<div class="bad"><h2>{both("这次上门已取消", "This visit was cancelled")}</h2></div>'
    if seen.state == "over":
        check = both("这次上门已结束。请核对下面的内容。", "This visit is over. Please check what follows.")
        return f"<section>{check}</section>"
    if seen.state == "under_way":
        return f"<section>{both('工作人员已经到了。', 'Our staff have arrived.')}</section>"
    if stands.agreed:
        return f'<div class="good"><h2>{both("✓ 已约好", "Agreed")}</h2></div>'
    if stands.asked is not None:
        said = both("您希望改约，我们会尽快与您联系。", "You asked for another time; we will contact you soon.")
        return f"<section><strong>{said}</strong><p>{escape(stands.asked.wish)}</p></section>"
    if stands.moved:
        said = both("上门时间有变，请重新确认。", "The time has changed; please confirm again.")
        return f"<section><strong>{said}</strong></section>"
    return ""


def _appointment(seen: Confirmation, token: str) -> str:
    if seen.state == "cancelled":
        nobody = both(
            "不会有人上门。有人来请不要开门，打电话给供水公司。",
            "Nobody will come. If somebody does, do not open; call the utility.",
        )
        return f"<section>{nobody}</section>"
    door = both(
        "来人到门口时，请扫他手机上的二维码，核对身份。",
        "At the door, scan the code on his phone to see that he is genuine.",
    )
    return f"{_forms(seen, token)}<section>{door}</section>"


def _forms(seen: Confirmation, token: str) -> str:
    stands = seen.appointment
    if stands.window is None:
        return ""
    hidden = f'<input type="hidden" name="window" value="{escape(stands.window.start.isoformat())}">'
    forms = ""
    if stands.may_agree:
        forms += (
            f'<form method="post" action="/c/{escape(token)}/appointment">{hidden}'
            f'<button class="yes">{both("同意这个时间", "I agree to this time")}</button></form>'
        )
    if stands.may_ask_until is not None:
        until = stands.may_ask_until.astimezone(stands.window.start.tzinfo)
        by = f"{until.month}月{until.day}日 {until:%H:%M}"
        forms += (
            f'<form method="post" action="/c/{escape(token)}/another-time">{hidden}'
            f"<h2>{both('想改时间？', 'Another time?')}</h2>"
            f'<label for="wish">{both(f"请写您方便的时间（{by} 前可改）", "Write when it suits you")}</label>'
            '<textarea id="wish" name="wish" maxlength="300" required></textarea>'
            f"<p><button>{both('请改约', 'Ask for another time')}</button></p></form>"
        )
    elif stands.may_agree:
        late = both("现在要改时间，请打电话给供水公司。", "To change the time now, please call the utility.")
        forms += f"<p>{late}</p>"
    return f"<section>{forms}</section>" if forms else ""
