"""At the top of the customer's page: how it stands, and what comes next, in a sentence or two."""

from datetime import datetime
from html import escape

from service.judge.signoffs import StatementRefusal
from service.visits.windows import format_window
from service.web.pages import bilingual, contact_advice

from .html_choices import awaits_response
from .html_responses import current_response as now_said
from .html_statement import anchor
from .page import ConfirmationPage


def status_banner(seen: ConfirmationPage, now: datetime) -> str:
    """How it stands."""
    if seen.state == "cancelled":
        return f'<div class="bad"><h2>{bilingual("这次上门已取消", "This visit was cancelled")}</h2></div>'
    if seen.state in ("under_way", "over"):
        return f'<section class="next">{_progress(seen)}{_open_signatures(seen)}{_complaint_notice(seen)}</section>'
    window = seen.appointment.window
    if window is not None and now > window.end:
        return _missed_window(seen)
    return _appointment_status(seen)


def _progress(seen: ConfirmationPage) -> str:
    if seen.state == "over":
        text = bilingual("这次上门已结束。请核对下面的内容。", "This visit is over. Please check what follows.")
        return f"<p>{text}</p>"
    return f"<p>{bilingual('工作人员已经到了。', 'Our staff have arrived.')}</p>"


def _open_signatures(seen: ConfirmationPage) -> str:
    """What is left to sign; nothing, once he has said something and the work is over."""
    waiting = [one for one in seen.statements if awaits_response(one)]
    if waiting:
        count = len(waiting)
        said = bilingual(f"还有 {count} 份待您签认，去看", f"{count} left for you to read and sign")
        return f'<p><a class="tel" href="#read-{anchor(waiting[0].sha256)}">{said}</a></p>'
    if seen.state == "over" and _has_responded(seen):
        return f'<p class="ok">{bilingual("✓ 您已办完，可以关闭本页。", "You are done and may close this page.")}</p>'
    return ""


def _has_responded(seen: ConfirmationPage) -> bool:
    return bool(seen.answered_at or seen.raised or any(now_said(one) for one in seen.statements))


def _complaint_notice(seen: ConfirmationPage) -> str:
    """Who reads what he is not content with; and by when he has an answer, where the checklist says so."""
    said = [now_said(one) for one in seen.statements]
    if not seen.raised and not any(isinstance(one, StatementRefusal) for one in said) and not _has_complaint(seen):
        return ""
    reads = bilingual(
        "您说的已经记下，供水公司的主管会看到。", "What you said is kept; a supervisor of the utility sees it."
    )
    limits = {one.fact: (one.zh, one.days) for one in seen.raised if one.days}
    due = "".join(
        f"<p>{bilingual(f'“{zh}”：应在收到后 {days} 日内答复您。', f'It has to be answered within {days} days.')}</p>"
        for zh, days in limits.values()
    )
    return f"<p>{reads}</p>{due}"


def _has_complaint(seen: ConfirmationPage) -> bool:
    last = {one.zh: one.good for each in seen.said for one in each.answers}
    return not all(last.values())


def _missed_window(seen: ConfirmationPage) -> str:
    zh, en = contact_advice(seen.hotline)
    said = bilingual(f"约定的时间已过。如果没有人来，请{zh}。", f"The time has passed. If nobody came, please {en}.")
    return f'<section class="next"><strong>{said}</strong></section>'


def _appointment_status(seen: ConfirmationPage) -> str:
    stands = seen.appointment
    if stands.agreed:
        return f'<div class="good"><h2>{bilingual("✓ 已约好", "Agreed")}</h2></div>'
    if stands.asked is not None:
        said = bilingual("您希望改约，我们会尽快与您联系。", "You asked for another time; we will contact you soon.")
        kept = ""
        if stands.window is not None:
            still = f"在我们与您确认别的时间之前，原定时间不变：{format_window(stands.window)}。"
            kept = f"<p>{bilingual(still, 'Until we confirm another time with you, the planned one stands.')}</p>"
        wish = f"<p>{bilingual('您的话：', 'Your words:')}</p><p>{escape(stands.asked.wish)}</p>"
        return f'<section class="next"><strong>{said}</strong>{kept}{wish}</section>'
    if stands.moved:
        said = bilingual("上门时间有变，请重新确认。", "The time has changed; please confirm again.")
        return f'<section class="next"><strong>{said}</strong></section>'
    return ""
