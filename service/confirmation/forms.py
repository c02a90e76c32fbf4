"""The forms of the customer's page. All are sent to the page's own address.

A form that was taken leads back to the page (303). What could not be taken comes back in the page, with the reason;
whoever opens that address again from his history finds the page as it is.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from litestar import post
from litestar.types import ASGIApp

from service.accounts.browser import browser_of
from service.accounts.public_pages import HTML, public_page
from service.errors import (
    AppointmentChanged,
    InvalidBody,
    InvalidOtp,
    LinkExpired,
    NotFound,
    OtpRequired,
    Problem,
    StatementChanged,
    TooManyRequests,
    UnreadableSignature,
)
from service.web.endpoint import COMMON_ERRORS, AnyRequest, Bytes, RouteMetadata, context_of
from service.web.form_fields import FormData, FormError, carried_form, max_length, required
from service.web.forms import read_form
from service.web.pages import redirect
from service.web.responses import Answer

from . import answering, otp, page
from .appointment_forms import confirm_appointment, request_reschedule
from .html_fields import ANSWERED, FormState
from .html_page import render_page
from .html_questions import ENDED, verification_expired
from .html_statement import anchor
from .routes import token_of

LIMIT = 400_000  # bytes: a drawing is among the fields
FormResult = str | FormState
"""The part of the page to go to; or the page at once, with what is to be said on it."""
FORM = RouteMetadata(
    tag="customer",
    summary="A form of the customer's page: the appointment, a code, answers, a signature or why there is none, …",
    request_body=Bytes("application/x-www-form-urlencoded", "The fields of the form; `does` says which."),
    responses={303: None, **dict.fromkeys((403, 404, 409, 410, 413, 415, 422, 429, 507), HTML)},
    problems=COMMON_ERRORS,
    public=True,
)


@post("/c/{token:str}", status_code=303, opt={"says": FORM})
async def take_form(request: AnyRequest) -> ASGIApp:
    """Do what a form asks, and go back to the part of the page that it came from."""
    ctx, token, browser = context_of(request), token_of(request), browser_of(request)

    async def work() -> Answer:
        fields = await read_form(request, LIMIT)
        act = FORM_ACTIONS.get(fields.get("does", ""), _unknown)
        where, status, wait = fields.get("form", ""), 200, None
        try:
            done = await act(request, fields)
            if isinstance(done, str):
                return redirect(f"/c/{token}#{done}" if done else f"/c/{token}")
            sent = done
        except (NotFound, LinkExpired):
            raise
        except FormError as lacking:
            sent = FormState(where, lacking.zh, lacking.en, fields, carried_form(fields))
            status, wait = lacking.status, lacking.wait
        except OtpRequired as problem:  # half an hour is short: what he filled in waits until he has a new code
            zh, en = (
                ENDED if verification_expired(await page.get_page(ctx, token, browser)) else _problem_message(problem)
            )
            sent, status = FormState("code", zh, en, {}, fields), problem.status
        except Problem as problem:
            if problem.status >= 500:
                raise
            zh, en = _problem_message(problem)
            changed = isinstance(problem, StatementChanged)
            sent = FormState(where, zh, en, fields, carried_form(fields), changed=changed)
            status, wait = problem.status, problem.extra.get("retry_after")
        more = ((b"retry-after", b"%d" % wait),) if wait else ()
        return render_page(ctx, await page.get_page(ctx, token, browser), token, sent, status, more)

    return await public_page(request, work)


def _problem_message(problem: Problem) -> tuple[str, str]:
    """What is said to a person at whose form there was a problem."""
    if isinstance(problem, AppointmentChanged):
        return "上门时间刚有变化，请看下面的新时间", "The time has just changed; look at the new one below"
    if isinstance(problem, StatementChanged):
        return "内容刚有变化，请重新核对", "It has just changed; please read it again"
    if isinstance(problem, InvalidOtp) and problem.extra.get("tries") == otp.TRIES:
        return f"已输错 {otp.TRIES} 次，请重新获取验证码", f"{otp.TRIES} wrong tries; ask for a new code"
    if isinstance(problem, TooManyRequests):
        return "通过这个链接说的已经很多了，其余的请联系供水公司", "So much was said by this link; please call us"
    if isinstance(problem, InvalidBody):
        return "没有看懂您填的内容，请核对后再提交", "We could not read what you filled in; check it, please"
    return problem.title_zh, problem.title_en


async def _save_answers(request: AnyRequest, content: dict[str, Any]) -> None:
    """Take answers as JSON would bring them."""
    raw = msgspec.json.encode(content)
    await answering.submit_json(context_of(request), token_of(request), raw, browser_of(request))


async def _unknown(request: AnyRequest, fields: FormData) -> str:  # noqa: ARG001 - as all are called
    raise InvalidBody


async def _send_code(request: AnyRequest, fields: FormData) -> FormResult:
    try:
        await otp.send_otp(context_of(request), token_of(request), browser_of(request))
    except TooManyRequests as problem:
        wait = problem.extra["retry_after"]
        minutes = max(1, -(-wait // 60))
        zh = f"验证码发得太多了，请 {minutes} 分钟后再试"
        en = f"Too many codes were sent; try again in {minutes} minutes"
        raise FormError(zh, en, problem.status, wait) from None
    carried = carried_form(fields)
    if carried:
        return FormState(
            "code-entry", "验证码已发出，请输入", "The code was sent; enter it", {}, carried, is_success=True
        )
    return "code"


async def _enter_code(request: AnyRequest, fields: FormData) -> FormResult:
    """Full-width digits and blanks are what a Chinese keyboard makes of a code."""
    digits = "".join(str(int(c)) for c in fields.get("code", "")[:100] if c.isdecimal())
    if len(digits) != 6:  # a slip of the finger costs no try
        raise FormError("请输入 6 位数字的验证码", "Enter the six digits of the code")
    ctx, token, browser = context_of(request), token_of(request), browser_of(request)
    await otp.verify_otp(ctx, token, digits, browser)
    carried = carried_form(fields)
    if carried:
        zh, en = "验证好了。您刚才填的还在，请核对后再提交", "Checked. What you filled in is still there; send it again"
        return FormState(carried["form"], zh, en, carried, is_success=True)
    return "code"


async def _answer(request: AnyRequest, fields: FormData) -> str:
    """Some questions, or by one button all that were on the page as good; what he wrote goes along either way."""
    start = len(ANSWERED)
    picked = {name[start:]: value == "good" for name, value in fields.items() if name.startswith(ANSWERED) and value}
    seen = await page.get_page(context_of(request), token_of(request), browser_of(request))
    now = {one.id: one for one in seen.questions}
    if "all" in fields:
        if not all(picked.values()):
            zh = "您选了“有问题”，又按了“都没问题”，所以还没有提交。请核对，有问题请按“提交意见”"
            raise FormError(
                zh, "You chose “not right” and then “all right”: nothing was sent. Look again and press “Send”"
            )
        picked = dict.fromkeys(fields.get("asked", "").split(), True)
    if not picked.keys() <= now.keys():
        if seen.level is None:
            raise OtpRequired
        if seen.level == "own_device":
            raise FormError("问题刚有变化，请核对后再提交", "The questions have just changed; look again and send them")
        zh = "有的问题要用您自己的手机和网络回答，已去掉；其余的请核对后提交"
        raise FormError(zh, "Some questions are only for your own phone and network; look at the others and send them")
    comment = max_length(fields, "comment")
    if not picked and not comment:
        raise FormError("您还没有选，也没有写", "You have neither chosen nor written anything")
    answers = [{"question": question, "good": good} for question, good in picked.items()]
    await _save_answers(request, {"answers": answers, "comment": comment or None})
    to_tell = [one for one, good in picked.items() if not good and not now[one].items]
    return "raised" if to_tell else "answers"  # something is not right that nobody named: he can name it there


async def _sign(request: AnyRequest, fields: FormData) -> str:
    """Without a drawing the typed name and the code are the signature."""
    signature: dict[str, Any] = {
        "signer": required(fields, "signer", "请填写签字人姓名", "Fill in the name of who signs", 60),
        "relation": required(fields, "relation", "请选择您与户主的关系", "Choose who you are"),
        "statement_sha256": fields.get("statement", ""),
    }
    if fields.get("strokes"):
        try:
            signature["strokes"] = msgspec.json.decode(fields["strokes"])
        except (msgspec.DecodeError, RecursionError):
            raise UnreadableSignature from None
    await _save_answers(request, {"signature": signature})
    return anchor(signature["statement_sha256"])


async def _refuse(request: AnyRequest, fields: FormData) -> str:
    """Who helped one who cannot sign is told in the words of the reason."""
    reason = required(fields, "reason", "请写明原因", "Write why")
    helper = fields.get("helper", "").strip()[:60]
    if helper:
        seen = await page.get_page(context_of(request), token_of(request), browser_of(request))
        who = [one for paper in seen.statements for one in paper.relations if one.id == fields.get("helper_relation")]
        reason = f"{reason}（协助人：{helper}{f'，{who[0].zh}' if who else ''}）"
    statement = fields.get("statement", "")
    refused = {"reason": reason, "outcome": fields.get("outcome", ""), "statement_sha256": statement}
    await _save_answers(request, {"refused": refused})
    return anchor(statement)


async def _raise(request: AnyRequest, fields: FormData) -> str:
    """Something happened, whatever the technician said."""
    fact = required(fields, "fact", "请选择发生了什么", "Choose what happened")
    text = required(fields, "text", "请写清楚发生了什么", "Write what happened")
    await _save_answers(request, {"raises": [{"fact": fact, "text": text}]})
    return "raised"


FORM_ACTIONS: Mapping[str, Callable[[AnyRequest, FormData], Awaitable[FormResult]]] = {
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
ROUTES = (take_form,)
