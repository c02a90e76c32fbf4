"""The forms of the customer's page. All are sent to the page's own address.

A form that was taken leads back to the page (303). What could not be taken comes back in the page, with the reason;
whoever opens that address again from his history finds the page as it is.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from litestar.response.base import ASGIResponse

from service.errors import (
    AnswerDeadlinePassed,
    AppointmentChanged,
    InvalidBody,
    InvalidOtp,
    LinkExpired,
    NoPhoneNumber,
    NotFound,
    OtpRequired,
    Problem,
    StatementChanged,
    StorageFull,
    TooManyRequests,
    UnreadableSignature,
    VisitFull,
)
from service.visits.customer_answers import CustomerSubmission
from service.web.decoding import convert_strict
from service.web.form_fields import FormData, FormError, carried_form, max_length, required
from service.web.forms import read_form
from service.web.language import AnyText, Language, PageText, TextPair, language_cookie
from service.web.request import AnyRequest
from service.web.templates import contact_advice, redirect

from . import answering, otp, page
from .appointment_forms import confirm_appointment, request_reschedule
from .form_state import ANSWERED, FormState, Visitor
from .page_view import VERIFICATION_EXPIRED, anchor, has_started, verification_expired
from .render import render_page

LIMIT = 400_000  # bytes: a drawing is among the fields
FormResult = str | FormState
"""The part of the page to go to; or the page at once, with what is to be said on it."""


async def take_form(request: AnyRequest, visitor: Visitor) -> ASGIResponse:
    """Do what a form asks, and go back to the part of the page that it came from."""
    fields = await read_form(request, LIMIT)
    if fields.get("does") == "language":
        return await _in_other_language(request, visitor, fields)
    return await _act(request, visitor, fields)


async def _act(request: AnyRequest, visitor: Visitor, fields: FormData) -> ASGIResponse:
    """The answer to a form."""
    ctx, token, browser = visitor
    act = FORM_ACTIONS.get(fields.get("does", ""), _unknown)
    where, status, wait = fields.get("form", ""), 200, None
    try:
        done = await act(visitor, fields)
        if isinstance(done, str):
            return redirect(f"/c/{token}{await _anchor(visitor, done)}")
        sent = done
    except (NotFound, LinkExpired):
        raise
    except FormError as lacking:
        sent = FormState(where, lacking.message, fields, carried_form(fields))
        status, wait = lacking.status, lacking.wait
    except OtpRequired as problem:  # half an hour is short: what was filled in waits for a new code
        ended = verification_expired(await page.get_page(ctx, token, browser))
        message = VERIFICATION_EXPIRED if ended else _problem_message(problem, ctx.company.hotline)
        sent, status = FormState("code", message, {}, fields), problem.status
    except Problem as problem:
        if problem.status >= 500 and problem.status != 507:
            raise
        changed = isinstance(problem, StatementChanged)
        message = _problem_message(problem, ctx.company.hotline)
        sent = FormState(where, message, fields, carried_form(fields), changed=changed)
        status, wait = problem.status, problem.extra.get("retry_after")
    headers = ((b"retry-after", b"%d" % wait),) if wait else ()
    details = await page.get_details(ctx, token, browser)
    return render_page(request.scope, ctx, details, token, sent, status, headers)


async def _in_other_language(request: AnyRequest, visitor: Visitor, fields: FormData) -> ASGIResponse:
    """The page in the other language, with what a form had that could not be taken."""
    ctx, token, browser = visitor
    language: Language = "en" if fields.get("language") == "en" else "zh"
    kept, typed = carried_form(fields), carried_form(fields, "typed")
    cookie = (language_cookie(language),)
    if not kept and not typed:
        return redirect(f"/c/{token}", cookie)
    sent = FormState(typed.get("form", ""), None, typed, kept)
    details = await page.get_details(ctx, token, browser)
    return render_page(request.scope, ctx, details, token, sent, 200, cookie, language)


async def _anchor(visitor: Visitor, part: str) -> str:
    """Where on the page to go on; a part that the page does not have now is left out."""
    if not part:
        return ""
    return f"#{part}" if has_started(await page.get_page(*visitor)) else ""


def _problem_message(problem: Problem, hotline: str) -> AnyText:
    """What is said to a person at whose form there was a problem."""
    contact = {"contact": contact_advice(hotline)}
    match problem:
        case AppointmentChanged():
            return PageText("上门时间刚有变化，请看下面的新时间")
        case StatementChanged():
            return PageText("内容刚有变化，请重新核对")
        case AnswerDeadlinePassed():
            return PageText("现在已不能这样答复，请%(contact)s", contact)
        case NoPhoneNumber():
            return PageText("没有登记您的手机号，无法发送验证码，请%(contact)s", contact)
        case InvalidOtp() if problem.extra.get("tries") == otp.TRIES:
            return PageText("已输错 %(tries)s 次，请重新获取验证码", {"tries": otp.TRIES})
        case TooManyRequests():
            return PageText("通过这个链接说的已经很多了，其余的请%(contact)s", contact)
        case VisitFull():
            return PageText("这次上门的内容已达上限，不能再保存，请%(contact)s", contact)
        case StorageFull():
            return PageText("现在不能保存。您填的还在，请过一会儿再提交")
        case InvalidBody():
            return PageText("没有看懂您填的内容，请核对后再提交")
        case _:
            return TextPair(problem.title_zh, problem.title_en)


async def _save_answers(visitor: Visitor, content: dict[str, Any]) -> None:
    """Take answers as JSON would bring them."""
    answers = convert_strict(CustomerSubmission, content)
    await answering.submit_answers(visitor.ctx, visitor.token, answers, visitor.browser)


async def _unknown(visitor: Visitor, fields: FormData) -> str:  # noqa: ARG001 - as all are called
    raise InvalidBody


async def _send_code(visitor: Visitor, fields: FormData) -> FormResult:
    try:
        await otp.send_otp(*visitor)
    except TooManyRequests as problem:
        wait = problem.extra["retry_after"]
        minutes = max(1, -(-wait // 60))
        message = PageText("验证码发得太多了，请 %(minutes)s 分钟后再试", {"minutes": minutes})
        raise FormError(message, problem.status, wait) from None
    carried = carried_form(fields)
    if carried:
        return FormState("code-entry", PageText("验证码已发出，请输入"), {}, carried, is_success=True)
    return "code"


async def _enter_code(visitor: Visitor, fields: FormData) -> FormResult:
    """Full-width digits and blanks are what a Chinese keyboard makes of a code."""
    digits = "".join(str(int(c)) for c in fields.get("code", "")[:100] if c.isdecimal())
    if len(digits) != 6:  # a slip of the finger costs no try
        raise FormError(PageText("请输入 6 位数字的验证码"))
    ctx, token, browser = visitor
    await otp.verify_otp(ctx, token, digits, browser)
    carried = carried_form(fields)
    if carried:
        message = PageText("验证好了。您刚才填的还在，请核对后再提交")
        return FormState(carried["form"], message, carried, is_success=True)
    return "code"


async def _answer(visitor: Visitor, fields: FormData) -> str:
    """Some questions, or by one button all that were on the page as good; what he wrote goes along either way."""
    start = len(ANSWERED)
    picked = {name[start:]: value == "good" for name, value in fields.items() if name.startswith(ANSWERED) and value}
    seen = await page.get_page(*visitor)
    now = {one.id: one for one in seen.questions}
    if "all" in fields:
        if not all(picked.values()):
            raise FormError(PageText("您选了“有问题”，又按了“都没问题”，所以还没有提交。请核对，有问题请按“提交意见”"))
        picked = dict.fromkeys(fields.get("asked", "").split(), True)
    if not picked.keys() <= now.keys():
        if seen.level is None:
            raise OtpRequired
        if seen.level == "own_device":
            raise FormError(PageText("问题刚有变化，请核对后再提交"))
        raise FormError(PageText("有的问题要用您自己的手机和网络回答，已去掉；其余的请核对后提交"))
    comment = max_length(fields, "comment")
    if not picked and not comment:
        raise FormError(PageText("您还没有选，也没有写"))
    answers = [{"question": question, "good": good} for question, good in picked.items()]
    await _save_answers(visitor, {"answers": answers, "comment": comment or None})
    to_tell = [one for one, good in picked.items() if not good and not now[one].items]
    return "raised" if to_tell else "answers"  # something is not right that nobody named: he can name it there


async def _sign(visitor: Visitor, fields: FormData) -> str:
    """Without a drawing the typed name and the code are the signature."""
    signature: dict[str, Any] = {
        "signer": required(fields, "signer", PageText("请填写签字人姓名"), 60),
        "relation": required(fields, "relation", PageText("请选择您与户主的关系")),
        "statement_sha256": fields.get("statement", ""),
    }
    if fields.get("strokes"):
        try:
            signature["strokes"] = msgspec.json.decode(fields["strokes"])
        except (msgspec.DecodeError, RecursionError):
            raise UnreadableSignature from None
    await _save_answers(visitor, {"signature": signature})
    return anchor(signature["statement_sha256"])


async def _refuse(visitor: Visitor, fields: FormData) -> str:
    """Who helped one who cannot sign is told in the words of the reason."""
    reason = required(fields, "reason", PageText("请写明原因"))
    helper = fields.get("helper", "").strip()[:60]
    if helper:
        seen = await page.get_page(*visitor)
        who = [one for paper in seen.statements for one in paper.relations if one.id == fields.get("helper_relation")]
        reason = f"{reason}（协助人：{helper}{f'，{who[0].zh}' if who else ''}）"
    statement = fields.get("statement", "")
    refused = {"reason": reason, "outcome": fields.get("outcome", ""), "statement_sha256": statement}
    await _save_answers(visitor, {"refused": refused})
    return anchor(statement)


async def _raise(visitor: Visitor, fields: FormData) -> str:
    """Something happened, whatever the technician said."""
    fact = required(fields, "fact", PageText("请选择发生了什么"))
    text = required(fields, "text", PageText("请写清楚发生了什么"))
    await _save_answers(visitor, {"raises": [{"fact": fact, "text": text}]})
    return "raised"


FORM_ACTIONS: Mapping[str, Callable[[Visitor, FormData], Awaitable[FormResult]]] = {
    "appointment": confirm_appointment,
    "another-time": request_reschedule,
    "code": _send_code,
    "code-entry": _enter_code,
    "answers": _answer,
    "signature": _sign,
    "refusal": _refuse,
    "raised": _raise,
}
"""What the forms do, by their field `does`."""
