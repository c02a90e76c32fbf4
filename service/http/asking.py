"""What the customer's page asks: the code that shows it is he, the questions, and what else he wants to say."""

from datetime import datetime, tzinfo

from service.flows.customer import Confirmation
from service.flows.papers import Choice

from .fields import ANSWERED, Form, Sent, button, hidden, opened
from .pages import both
from .papers import spelt

GOOD = Choice("good", "没问题", "All right")
BAD = Choice("bad", "有问题", "Not right")


def code(seen: Confirmation, token: str, now: datetime, sent: Sent) -> str:
    """The button that sends a code, and once it is sent the field for it."""
    title = f'<h2 id="code">{both("短信验证码", "Code by text message")}</h2>'
    if seen.level is not None:
        done = both("✓ 已验证，照片、签字、补充情况都已打开。", "Checked: you may see photos, sign and add something.")
        return f'<section>{title}<p class="ok">{done}</p></section>'
    why = both(
        "输入短信验证码，证明是您本人；之后可以看照片、签字、补充情况。",
        "The code shows that it is you; then you can see photos, sign and add something.",
    )
    if not seen.visit.phone:
        lack = both("没有登记您的手机号，请拨打热线。", "We have no telephone number of yours; please call us.")
        return f'<section>{title}<p>{why}</p><p class="note">{lack}</p></section>'
    ask, entry = Form(token, "code", "code", sent), Form(token, "code-entry", "code-entry", sent)
    if seen.code_until is None:
        trouble = sent.trouble("code-entry")
        to = both(f"发到您的手机 {seen.visit.phone}", "It goes to your telephone")
        form = ask(f"<p>{to}</p>", button("获取验证码", "Send me a code", "yes"))
        return f"<section>{title}<p>{why}</p>{trouble}{form}</section>"
    minutes = max(1, -int((now - seen.code_until).total_seconds() // 60))
    said = both(
        f"验证码已发到 {seen.visit.phone}，{minutes} 分钟内有效。",
        f"A code was sent to your telephone; it is good for {minutes} minutes.",
    )
    field = 'class="digits" required inputmode="numeric" autocomplete="one-time-code" enterkeyhint="done"'
    if sent.where == "code-entry":
        field += " autofocus"
    return (
        f"<section>{title}<p>{why}</p><p class='note'>{said}</p>"
        + entry(
            entry.line("code", "请输入 6 位验证码", "Enter the 6 digits", field, 12), button("验证", "Check", "yes")
        )
        + ask(button("没收到？再发一次", "Nothing came? Send it again", "plain"))
        + "</section>"
    )


def questions(seen: Confirmation, token: str, zone: tzinfo | None, sent: Sent) -> str:
    """The questions of this visit; what is not answered stays unanswered."""
    form, well = Form(token, "answers", "answers", sent), Form(token, "answers", "all-good", sent)
    received = ""
    if seen.answered_at is not None:
        zh = f"已收到您的意见，时间 {spelt(seen.answered_at, zone)}。您可以再说一次，每一项以最后一次回答为准。"
        received = f'<p class="ok">{both(zh, "We have your answer. You may answer again; the last counts.")}</p>'
    title = f'<h2 id="answers">{both("您的意见", "What do you say?")}</h2>{received}'
    if not seen.questions:
        inside = form(form.words("comment", "有话对我们说？", "Anything to tell us?"), button("提交", "Send"))
        return f"<section>{title}{inside}</section>"
    asked = hidden("asked", " ".join(one.id for one in seen.questions))
    count = len(seen.questions)
    good = well(asked, button(f"都没问题（共 {count} 项）", f"Everything was all right ({count} questions)", "yes"))
    each = "".join(form.picked(f"{ANSWERED}{one.id}", one.zh, one.en, (GOOD, BAD), pair=True) for one in seen.questions)
    note = both("也可以一项一项回答；不回答的，就当没有回答。", "Or answer one by one. What you leave open stays open.")
    comment = form.words("comment", "用您自己的话说（可不填）", "In your own words (if you like)", required=False)
    inside = form(each, comment, button("提交意见", "Send"))
    return f"<section>{title}{good}<p>{note}</p>{inside}</section>"


def raised(seen: Confirmation, token: str, sent: Sent) -> str:
    """What he says that happened, even if the technician denied it."""
    if not seen.raises:
        return ""
    title = f'<h2 id="raised">{both("补充情况", "Did something else happen?")}</h2>'
    even = both("即使工作人员说没有，您也可以在这里说。", "You may say so even if our staff denied it.")
    if seen.level is None:
        first = f'<a class="tel" href="#code">{both("请先获取验证码", "First the code")}</a>'
        return f"<section>{title}<p>{even}</p>{first}</section>"
    even += "".join(f'<span class="ok">{both(f"已收到：{one.zh}。{one.text}", one.en)}</span>' for one in seen.raised)
    form = Form(token, "raised", "raised", sent)
    inside = form(
        form.picked("fact", "发生了什么？", "What happened?", seen.raises),
        form.words("text", "请用您自己的话写清楚", "Tell us in your own words"),
        button("提交", "Send"),
    )
    more = opened("raised", sent, "我要补充情况", "I want to add something", inside)
    return f"<section>{title}<p>{even}</p>{more}</section>"
