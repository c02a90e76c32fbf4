"""The customer's page before the work: does he agree to the time, or would he like another."""

from service.judge.moments import in_zone
from service.web.pages import bilingual, contact_advice

from .html_fields import Form, FormState, button, hidden
from .page import ConfirmationPage
from .statements import Option

RESCHEDULE_OPTIONS = (
    Option("morning", "改到别的日子，上午", "Another day, in the morning"),
    Option("afternoon", "改到别的日子，下午", "Another day, in the afternoon"),
    Option("call", "请先打电话和我商量", "Call me first"),
)
MAX_WISH_LENGTH = 250  # characters of his own, beside what he chose


def appointment(seen: ConfirmationPage, token: str, sent: FormState) -> str:
    """The section of the appointment."""
    zh, en = contact_advice(seen.hotline)
    if seen.state == "cancelled":
        nobody = bilingual(
            f"不会有人上门。有人来请不要开门，请{zh}。", f"Nobody will come. If somebody does, do not open; {en}."
        )
        return f"<section>{nobody}</section>"
    door = bilingual(
        "来人到门口时，请扫他手机上的二维码，核对身份。",
        "At the door, scan the code on his phone to see that he is genuine.",
    )
    return f"{_forms(seen, token, sent)}<section>{door}</section>"


def _forms(seen: ConfirmationPage, token: str, sent: FormState) -> str:
    stands = seen.appointment
    if stands.window is None:
        return ""
    window = hidden("window", stands.window.start.isoformat())
    forms = ""
    if stands.may_agree:
        agree = button("同意这个时间", "I agree to this time", "yes")
        forms += Form(token, "appointment", "appointment", sent)(window, agree)
    if stands.may_ask_until is not None:
        until = in_zone(stands.may_ask_until, stands.window.start.tzinfo)
        by = f"{until.month}月{until.day}日 {until:%H:%M}"
        form = Form(token, "another-time", "another-time", sent)
        forms += f"<h2>{bilingual('想改时间？', 'Another time?')}</h2>" + form(
            window,
            form.radio_group(
                "when",
                f"请选一个，或在下面写（{by} 前可改）",
                "Choose, or write below",
                RESCHEDULE_OPTIONS,
                required=False,
            ),
            form.textarea("wish", "您方便的时间", "When it suits you", required=False),
            button("请改约", "Ask for another time"),
        )
    elif stands.may_agree:
        zh, en = contact_advice(seen.hotline)
        forms += f"<p>{bilingual(f'现在要改时间，请{zh}。', f'To change the time now, please {en}.')}</p>"
    return f"<section>{forms}</section>" if forms else ""
