"""What the customer's page asks: the code that shows it is he, the questions, and what else he wants to say."""

from datetime import datetime, tzinfo
from html import escape

import msgspec

from service.web.pages import bilingual, contact_advice

from .html_fields import ANSWERED, Form, FormState, button, details, hidden
from .html_statement import format_datetime
from .page import ConfirmationPage
from .statements import AnswerView, Option, ResponseView

ENDED = "验证已过半小时，请重新获取验证码", "Half an hour is over; ask for a new code"
YES_OPTION = Option("good", "没问题", "All right")
NO_OPTION = Option("bad", "有问题", "Not right")


def otp_section(seen: ConfirmationPage, token: str, now: datetime, sent: FormState) -> str:
    """The button that sends a code, and once it is sent the field for it."""
    title = f'<h2 id="code">{bilingual("短信验证码", "Code by text message")}</h2>'
    if seen.level is not None:
        return f"<section>{title}{_can_open(seen)}{_in_presence_notice(seen)}</section>"
    why = bilingual(
        "输入短信验证码，证明是您本人；之后可以看照片、签字、补充情况。",
        "The code shows that it is you; then you can see photos, sign and add something.",
    )
    if verification_expired(seen) and sent.where != "code":  # else it says so already
        why = bilingual(f"{ENDED[0]}。", f"{ENDED[1]}.")
    if not seen.visit.phone:
        zh, en = contact_advice(seen.hotline)
        lack = bilingual(f"没有登记您的手机号，请{zh}。", f"We have no telephone number of yours; please {en}.")
        return f'<section>{title}<p>{why}</p><p class="note">{lack}</p></section>'
    ask, entry = Form(token, "code", "code", sent), Form(token, "code-entry", "code-entry", sent)
    kept = hidden("kept", msgspec.json.encode(sent.kept).decode()) if sent.kept else ""
    if seen.code_until is None:
        trouble = sent.error("code-entry")
        to = bilingual(f"发到您的手机 {seen.visit.phone}", "It goes to your telephone")
        form = ask(kept, f"<p>{to}</p>", button("获取验证码", "Send me a code", "yes"))
        return f"<section>{title}<p>{why}</p>{trouble}{form}</section>"
    minutes = max(1, -int((now - seen.code_until).total_seconds() // 60))
    said = bilingual(
        f"验证码已发到 {seen.visit.phone}，{minutes} 分钟内有效。",
        f"A code was sent to your telephone; it is good for {minutes} minutes.",
    )
    field = 'class="digits" required inputmode="numeric" autocomplete="one-time-code" enterkeyhint="done"'
    if sent.where == "code-entry" or kept:
        field += " autofocus"
    return (
        f"<section>{title}<p>{why}</p><p class='note'>{said}</p>"
        + entry(
            kept,
            entry.text_input("code", "请输入 6 位验证码", "Enter the 6 digits", field, 12),
            button("验证", "Check", "yes"),
        )
        + ask(kept, button("没收到？再发一次", "Nothing came? Send it again", "plain"))
        + "</section>"
    )


def verification_expired(seen: ConfirmationPage) -> bool:
    """Whether he had entered a code here, and it was too long ago."""
    return seen.level is None and seen.open_until is not None


def _can_open(seen: ConfirmationPage) -> str:
    zh, en = "✓ 已验证", "Checked"
    if seen.open_until is not None:
        zh, en = f"{zh}，{seen.open_until:%H:%M} 前有效", f"{en}, until {seen.open_until:%H:%M}"
    done = bilingual(f"{zh}。可以看照片、签字、补充情况。", f"{en}. You may see photos, sign and add something.")
    return f'<p class="ok">{done}</p>'


def _in_presence_notice(seen: ConfirmationPage) -> str:
    """He is told before he signs that it counts for less than he may think, and what he can do."""
    if seen.level != "phone":
        return ""
    said = bilingual(
        "您现在和工作人员用的是同一网络或设备，签字按在场签字计。要按本人手机签认，请用自己手机的流量重新验证。",
        "You are on the network or a device of our staff, so a signature counts as given in their presence. To sign on "
        "your own, use your own phone's connection and a new code.",
    )
    return f'<p class="note">{said}</p>'


def questions(seen: ConfirmationPage, token: str, zone: tzinfo | None, sent: FormState) -> str:
    """The questions of this visit; what is not answered stays unanswered. One form: whichever button he presses, what
    he has ticked and written goes along."""
    form = Form(token, "answers", "answers", sent)
    received = ""
    if seen.answered_at is not None:
        zh = (
            f"已收到您的意见，时间 {format_datetime(seen.answered_at, zone)}。"
            "您可以再说一次，每一项以最后一次回答为准。"
        )
        received = f'<p class="ok">{bilingual(zh, "We have your answer. You may answer again; the last counts.")}</p>'
    title = f'<h2 id="answers">{bilingual("您的意见", "What do you say?")}</h2>{received}{given_answers(seen, zone)}'
    if not seen.questions:
        inside = form(form.textarea("comment", "有话对我们说？", "Anything to tell us?"), button("提交", "Send"))
        return f"<section>{title}{inside}</section>"
    count = len(seen.questions)
    # a key that means "send" presses the first button of a form: never the one that says that all was well
    plain = '<button hidden tabindex="-1"></button>'
    good = button(f"都没问题（共 {count} 项）", f"Everything was all right ({count} questions)", "yes", says="all")
    each = "".join(
        form.radio_group(f"{ANSWERED}{one.id}", one.zh, one.en, (YES_OPTION, NO_OPTION), pair=True)
        for one in seen.questions
    )
    note = bilingual(
        "也可以一项一项回答；不回答的，就当没有回答。", "Or answer one by one. What you leave open stays open."
    )
    comment = form.textarea("comment", "用您自己的话说（可不填）", "In your own words (if you like)", required=False)
    asked = hidden("asked", " ".join(one.id for one in seen.questions))
    inside = form(plain, asked, good, f"<p>{note}</p>", each, comment, button("提交意见", "Send"))
    return f"<section>{title}{inside}</section>"


def given_answers(seen: ConfirmationPage, zone: tzinfo | None) -> str:
    """What he answered, each question as he answered it last, and all his own words."""
    last: dict[str, tuple[AnswerView, ResponseView]] = {}
    for said in seen.said:
        for one in said.answers:
            last.pop(one.zh, None)
            last[one.zh] = one, said
    lines = "".join(
        f"<dt>{bilingual(one.zh, one.en)}</dt><dd>{'✓ 没问题 All right' if one.good else '✗ 有问题 Not right'}"
        f"（{format_datetime(said.at, zone)}）{_unverified_label(said)}</dd>"
        for one, said in last.values()
    )
    words = "".join(
        f"<dt>{bilingual('您的话', 'Your words')}</dt>"
        f"<dd>{escape(said.comment)}（{format_datetime(said.at, zone)}）{_unverified_label(said)}</dd>"
        for said in seen.said
        if said.comment
    )
    if not lines and not words:
        return ""
    return f"<h3>{bilingual('您已回答', 'You answered')}</h3><dl>{lines}{words}</dl>"


def _unverified_label(said: ResponseView) -> str:
    """What came before the code may be anybody's who has the link; so it is told apart."""
    return bilingual("未验证时写的", "written before the code") if said.level == "words" else ""


def reports(seen: ConfirmationPage, token: str, zone: tzinfo | None, sent: FormState) -> str:
    """What he says that happened, even if the technician denied it."""
    if not seen.raises:
        return ""
    title = f'<h2 id="raised">{bilingual("补充情况", "Did something else happen?")}</h2>'
    even = bilingual("即使工作人员说没有，您也可以在这里说。", "You may say so even if our staff denied it.")
    if seen.level is None:
        first = f'<a class="tel" href="#code">{bilingual("请先获取验证码", "First the code")}</a>'
        return f"<section>{title}<p>{even}</p>{first}</section>"
    form = Form(token, "raised", "raised", sent)
    inside = form(
        form.radio_group("fact", "发生了什么？", "What happened?", seen.raises),
        form.textarea("text", "请用您自己的话写清楚", "Tell us in your own words"),
        button("提交", "Send"),
    )
    untold = _missing_explanation(seen)
    more = details("raised", sent, "我要补充情况", "I want to add something", inside, stands=bool(untold))
    return f"<section>{title}{untold}<p>{even}</p>{submitted_reports(seen, zone)}{more}</section>"


def submitted_reports(seen: ConfirmationPage, zone: tzinfo | None) -> str:
    """What he raised so far."""
    rows = (
        f"<dt>{bilingual(one.zh, one.en)}</dt><dd>{escape(one.text)}（{format_datetime(one.at, zone)}）</dd>"
        for one in seen.raised
    )
    return (
        f"<h3>{bilingual('已收到您补充的情况', 'What you added')}</h3><dl>{''.join(rows)}</dl>" if seen.raised else ""
    )


def _missing_explanation(seen: ConfirmationPage) -> str:
    """He said that something is not right of which nobody wrote anything: only he can say what.

    Once somebody did, there are items that the question is about; what else he raised does not answer it.
    """
    open_ones = {one.id: one for one in seen.questions if not one.items}
    last = {one.question: one for said in seen.said for one in said.answers if one.question in open_ones}
    bad = [one for one in last.values() if not one.good]
    if not bad:
        return ""
    zh = f"您答了“有问题”：{bad[0].zh}请在这里写明是什么。不写，您的回答也已记下，供水公司会看到。"
    en = "You answered “not right”. Tell us here what it is; your answer is kept and seen by the utility in any case."
    return f'<p class="note">{bilingual(zh, en)}</p>'
