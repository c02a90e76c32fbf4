"""The forms of the customer's page, which all post to the page's own address.

A form that was accepted redirects to the page (303). Any other is shown again in the page with the reason; opening
that address again from the browser's history shows the page as it is.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from litestar.response.base import ASGIResponse

from service import errors
from service.errors import Problem
from service.text import clean_code
from service.visits.complaints import COMPLAINTS
from service.visits.customer_answers import AnswerInput, CustomerSubmission, RescheduleRequest
from service.web.decoding import convert_strict
from service.web.form_fields import FormData, FormError, carried_form, max_length, parse_datetime, required
from service.web.forms import read_form
from service.web.language import AnyText, Language, PageText, TextPair, language_cookie
from service.web.request import AnyRequest
from service.web.templates import contact_advice, redirect

from . import answering, otp, page, reschedule_wish
from .form_state import ANSWERED, FormState, Visitor
from .page_view import VERIFICATION_EXPIRED, has_started, verification_expired
from .progress import REVIEW, SIGN
from .render import render_page

MAX_FORM_BYTES = 400_000  # with a drawn signature
FormResult = str | FormState
"""The fragment of the page to redirect to; or the page at once, with a message."""


async def submit_form(request: AnyRequest, visitor: Visitor) -> ASGIResponse:
    """Do what a submitted form asks."""
    ctx, token, browser = visitor
    fields = await read_form(request, MAX_FORM_BYTES)
    if fields.get("does") == "language":
        return await _switch_language(request, visitor, fields)
    act = FORM_ACTIONS.get(fields.get("does", ""), _unknown)
    form, status, wait = fields.get("form", ""), 200, None
    try:
        result = await act(visitor, fields)
        if isinstance(result, str):
            return redirect(f"/c/{token}{await _fragment(visitor, result)}")
        sent = result
    except (errors.NotFound, errors.LinkExpired, errors.Erased):
        raise
    except FormError as error:
        sent = FormState(form, error.message, fields, carried_form(fields))
        status, wait = error.status, error.wait
    except errors.OtpRequired as problem:  # half an hour is short: the input is kept until a new code
        expired = verification_expired(await page.get_page(ctx, token, browser))
        message = VERIFICATION_EXPIRED if expired else _problem_message(problem, ctx.company.hotline)
        sent, status = FormState("code", message, carried=fields), problem.status
    except Problem as problem:
        if problem.status >= 500 and problem.status != 507:
            raise
        message = _problem_message(problem, ctx.company.hotline)
        changed = isinstance(problem, errors.StatementChanged)
        sent = FormState(form, message, fields, carried_form(fields), changed=changed)
        status, wait = problem.status, problem.extra.get("retry_after")
    headers = ((b"retry-after", b"%d" % wait),) if wait else ()
    details = await page.get_details(ctx, token, browser)
    return render_page(request.scope, ctx, details, token, sent, status, headers)


async def _switch_language(request: AnyRequest, visitor: Visitor, fields: FormData) -> ASGIResponse:
    """The page in the other language, with the input of a form that was not accepted."""
    ctx, token, browser = visitor
    language: Language = "en" if fields.get("language") == "en" else "zh"
    carried, typed = carried_form(fields), carried_form(fields, "typed")
    cookie = (language_cookie(language),)
    if not carried and not typed:
        return redirect(f"/c/{token}", cookie)
    sent = FormState(typed.get("form", ""), None, typed, carried)
    details = await page.get_details(ctx, token, browser)
    return render_page(request.scope, ctx, details, token, sent, 200, cookie, language)


async def _fragment(visitor: Visitor, name: str) -> str:
    """`#name` with the step that it is in, unless the page does not have this part now."""
    if not name or not has_started(await page.get_page(*visitor)):
        return ""
    step = {"raised": REVIEW, "code": SIGN}.get(name)
    return f"?step={step}#{name}" if step else f"#{name}"


def _problem_message(problem: Problem, hotline: str) -> AnyText:
    contact = {"contact": contact_advice(hotline)}
    match problem:
        case errors.AppointmentChanged():
            return PageText("上门时间刚有变化，请看下面的新时间")
        case errors.StatementChanged():
            return PageText("内容刚有变化，请重新核对")
        case errors.AnswerDeadlinePassed():
            return PageText("现在已不能这样答复，请%(contact)s", contact)
        case errors.NoPhoneNumber():
            return PageText("没有登记您的手机号，无法发送验证码，请%(contact)s", contact)
        case errors.InvalidOtp() if problem.extra.get("tries") == otp.TRIES:
            return PageText("已输错 %(tries)s 次，请重新获取验证码", {"tries": otp.TRIES})
        case errors.TooManyRequests():
            return PageText("通过这个链接说的已经很多了，其余的请%(contact)s", contact)
        case errors.VisitFull():
            return PageText("这次上门的内容已达上限，不能再保存，请%(contact)s", contact)
        case errors.StorageFull():
            return PageText("现在不能保存。您填的还在，请过一会儿再提交")
        case errors.InvalidBody():
            return PageText("没有看懂您填的内容，请核对后再提交")
        case _:
            return TextPair(problem.title_zh, problem.title_en)


async def _submit(visitor: Visitor, **content: Any) -> None:
    """Submit answers, checked as those of a JSON client are."""
    answers = convert_strict(CustomerSubmission, content)
    await answering.submit_answers(visitor.ctx, visitor.token, answers, visitor.browser)


async def _unknown(visitor: Visitor, fields: FormData) -> str:  # noqa: ARG001 - as all are called
    raise errors.InvalidBody


async def _confirm_appointment(visitor: Visitor, fields: FormData) -> str:
    yes = AnswerInput(item="appointment_agreed", good=True)
    until = parse_datetime(fields, "until") if fields.get("until") else None
    answers = CustomerSubmission(answers=(yes,), window_from=parse_datetime(fields, "window"), window_to=until)
    await answering.submit_answers(visitor.ctx, visitor.token, answers)
    return ""


async def _request_reschedule(visitor: Visitor, fields: FormData) -> str:
    """An empty wish is rejected, so that a slip of the finger moves no visit."""
    window_from = parse_datetime(fields, "window")
    words, when = max_length(fields, "wish", reschedule_wish.MAX_LENGTH), fields.get("when", "")
    current = await page.get_page(visitor.ctx, visitor.token)
    if current.appointment.window is None or current.appointment.window.start != window_from:
        raise errors.AppointmentChanged
    if current.appointment.may_ask_until is None:
        raise errors.AnswerDeadlinePassed
    window = reschedule_wish.wished_window(visitor.ctx, fields, current.offered)
    if window is None and when != reschedule_wish.CALL:
        raise FormError(PageText("请选一个时间，或请我们先打电话"))
    start, end = (window.start, window.end) if window else (None, None)
    request = RescheduleRequest(reschedule_wish.join_wish(when, window, words), start, end)
    answers = CustomerSubmission(another_time=request, window_from=window_from)
    await answering.submit_answers(visitor.ctx, visitor.token, answers)
    return ""


async def _send_code(visitor: Visitor, fields: FormData) -> FormResult:
    try:
        await otp.send_otp(*visitor)
    except errors.TooManyRequests as problem:
        wait = problem.extra["retry_after"]
        minutes = max(1, -(-wait // 60))
        message = PageText("验证码发得太多了，请 %(minutes)s 分钟后再试", {"minutes": minutes})
        raise FormError(message, problem.status, wait) from None
    carried = carried_form(fields)
    if carried:
        return FormState("code-entry", PageText("验证码已发出，请输入"), carried=carried, is_success=True)
    return "code"


async def _enter_code(visitor: Visitor, fields: FormData) -> FormResult:
    """Full-width digits and spaces are accepted, because Chinese keyboards produce them."""
    digits = clean_code(fields.get("code", "")[:100])
    if len(digits) != 6:  # a typo that costs no try
        raise FormError(PageText("请输入 6 位数字的验证码"))
    ctx, token, browser = visitor
    await otp.verify_otp(ctx, token, digits, browser)
    carried = carried_form(fields)
    if carried:
        message = PageText("验证好了。您刚才填的还在，请核对后再提交")
        return FormState(carried["form"], message, carried, is_success=True)
    return ""


async def _answer(visitor: Visitor, fields: FormData) -> str:
    """Answers to some questions, with `all` the rest as good, and a comment."""
    start = len(ANSWERED)
    picked = {name[start:]: value == "good" for name, value in fields.items() if name.startswith(ANSWERED) and value}
    current = await page.get_page(*visitor)
    parts = {one.item or question.id: (one, question) for question in current.questions for one in question.parts}
    asked = {question.id for question in current.questions}  # a whole question may be answered, too
    if "all" in fields:  # the rest was as it should be, as far as it may be said of everything at once
        rest = [name for name in fields.get("asked", "").split() if name in parts and not parts[name][0].alone]
        picked = dict.fromkeys(rest, True) | picked
    if not picked.keys() <= asked | parts.keys():
        if current.level is None:
            raise errors.OtpRequired
        if current.level == "own_device":
            raise FormError(PageText("问题刚有变化，请核对后再提交"))
        raise FormError(PageText("有的问题要用您自己的手机和网络回答，已去掉；其余的请核对后提交"))
    comment = max_length(fields, "comment")
    if not picked and not comment:
        raise FormError(PageText("您还没有选，也没有写"))
    answers = [{"question" if name in asked else "item": name, "good": good} for name, good in picked.items()]
    await _submit(visitor, answers=answers, comment=comment or None)
    unexplained = any(not one.items and picked.get(one.id) is False for one in current.questions)
    return "raised" if unexplained else ""  # there the customer can write what is not right


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
            raise errors.UnreadableSignature from None
    await _submit(visitor, signature=signature)
    return ""


async def _refuse(visitor: Visitor, fields: FormData) -> str:
    """The helper of a customer who cannot sign is added to the reason."""
    reason = required(fields, "reason", PageText("请写明原因"))
    helper = fields.get("helper", "").strip()[:60]
    if helper:
        relations = (one for view in (await page.get_page(*visitor)).statements for one in view.relations)
        relation = next((f"，{one.zh}" for one in relations if one.id == fields.get("helper_relation")), "")
        reason = f"{reason}（协助人：{helper}{relation}）"
    statement = fields.get("statement", "")
    await _submit(
        visitor, refused={"reason": reason, "outcome": fields.get("outcome", ""), "statement_sha256": statement}
    )
    return ""


async def _raise(visitor: Visitor, fields: FormData) -> str:
    fact = required(fields, "fact", PageText("请选择发生了什么"))
    text = required(fields, "text", PageText("请写清楚发生了什么"))
    await _submit(visitor, raises=[{"fact": fact, "text": text}])
    return "complaint" if fact in COMPLAINTS else "raised"


FORM_ACTIONS: Mapping[str, Callable[[Visitor, FormData], Awaitable[FormResult]]] = {
    "appointment": _confirm_appointment,
    "another-time": _request_reschedule,
    "code": _send_code,
    "code-entry": _enter_code,
    "answers": _answer,
    "signature": _sign,
    "refusal": _refuse,
    "raised": _raise,
    "complaint": _raise,
}
"""The actions of the forms, by their field `does`."""
