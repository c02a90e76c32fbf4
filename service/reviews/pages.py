"""The desk's page of one visit, and what is done there. Each form calls the same function as the API."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from service import errors
from service.accounts.desk import (
    Desk,
    DeskController,
    DeskRequest,
    explain,
    own_path,
    redirect_with_notice,
    render_desk,
)
from service.confirmation import masking
from service.confirmation.responses import LEVELS, NOT_SIGNED, OUTCOMES
from service.duties.callbacks import Callback, record_callback
from service.judge.checklist import Clause
from service.judge.moments import in_zone
from service.records.office_entries import add_office_entries
from service.visits.batches import SERVICE_WRITER
from service.visits.customer_link import technician_at_door
from service.visits.former_numbers import FormerNumbers
from service.visits.page_words import FLAGS, REASONS, SEVERITIES, VERDICTS
from service.visits.review_rows import Assignee, Correction, Explanation
from service.visits.wire import OfficeEntries
from service.web.decoding import convert_strict, to_json
from service.web.form_dates import DAYS, parse_local
from service.web.language import AnyText, PageText
from service.web.query import text_parameter
from service.web.templates import Assets, redirect

from . import corrections, queue, reviewing
from .form_words import LABELS, places
from .review_form import ReviewForm, decided, fields, new_choices, read_review
from .shown_findings import ShownFinding, parse_subject
from .step_words import DECISIONS, step_lines, step_title
from .timeline_svg import draw
from .visit_page import VisitPage, get_visit_page

ANSWER_LEVELS: dict[str, AnyText] = {**LEVELS, "words": PageText("没有验证码"), "noted": PageText("工作人员记下")}
SIGNATURES: dict[str, AnyText] = {
    "holds": PageText("签名有效"),
    "changed": PageText("签字后内容有变更，没有再签字"),
    "wrong": PageText("签名无效：所签的不是这份内容"),
    "unbound": PageText("签名无效：没有对应的内容"),
}
SOMETHING_NEW = PageText("有新内容，请再看一遍。刚才的没有保存，您写的附言还在。")
CHANGED_MEANWHILE = (errors.PreconditionFailed, errors.FindingChanged)
SAVED = PageText("决定已保存")
NEXT = PageText("上一个上门的决定已保存，这是下一个")
NEXT_UNFINISHED = PageText("上一个上门已保存，但它还有没办完的事，仍在待审里；这是下一个")
QUEUE_DONE = PageText("决定已保存，没有别的要看了")
LAST_UNFINISHED = PageText("已保存，但这次上门还有没办完的事，仍在待审里")
NEXT_WORDS = PageText("上一条客户留言已看过，这是下一条")
WORDS_DONE = PageText("客户留言都看过了")
CHANNELS: dict[str, AnyText] = {
    "phone": PageText("电话"),
    "sms": PageText("短信"),
    "letter": PageText("书面"),
    "visit": PageText("当面"),
}
VISIT_SCRIPT = Assets("/web/desk/visit.js")
FOLDED = ("inquiries", "explanations")
"""Forms about a finding, which may be among those that are folded."""
Numbered = tuple[int, ShownFinding]
Work = Callable[[], Awaitable[ASGIResponse]]


class VisitPagesController(DeskController):
    """The page of a visit."""

    path = "/desk/visits/{visit_id:uuid}"

    @get()
    async def show_visit(
        self,
        desk: Desk,
        visit_id: FromPath[UUID],
        call: Annotated[str | None, text_parameter("Opens the form for a call.")] = None,
    ) -> ASGIResponse:
        """The page. With `call`, the form for a call to the customer is open."""
        return await _page(desk, visit_id, calling=call is not None)

    @get(["/review", "/inquiries", "/explanations", "/corrections", "/entries", "/callbacks"])
    async def show_again(self, desk: Desk, visit_id: FromPath[UUID]) -> ASGIResponse:
        """A form that was not accepted is shown at the address that it was sent to; here one may return to it."""
        del desk
        return redirect(_address(visit_id))

    @post("/review")
    async def review(self, desk: Desk, visit_id: FromPath[UUID]) -> ASGIResponse:
        """A decision for each finding that was chosen; with `rest` also for those that call for one."""

        async def work() -> ASGIResponse:
            review = read_review(desk.form)
            tags = frozenset({desk.form.get("tag", "")})
            await reviewing.review_visit(desk.ctx, desk.token, visit_id, review, tags)
            if desk.form.get("then") == "next":
                return await _go_on(desk, visit_id)
            if desk.form.get("then") == "words":
                return _lead_to(await queue.next_commented(desk.ctx, desk.token), NEXT_WORDS, WORDS_DONE)
            return redirect_with_notice(f"{_address(visit_id)}#visit", SAVED)

        return await _act(desk, visit_id, "review", work)

    @post("/assignee")
    async def assign(self, desk: Desk, visit_id: FromPath[UUID]) -> ASGIResponse:
        """Take the visit, or let it go; returns to `back`. Who takes it from a colleague is asked first."""

        async def work() -> ASGIResponse:
            assignee = convert_strict(Assignee, {"person": desk.form.get("person") or None})
            present = (await reviewing.get_review_view(desk.ctx, desk.token, visit_id))[0].assignee
            if present not in (None, desk.person.login, desk.form.get("confirmed")):
                return await _page(desk, visit_id, taking=True)
            await reviewing.assign(desk.ctx, desk.token, visit_id, assignee)
            return redirect_with_notice(own_path(desk.form.get("back", ""), _address(visit_id)))

        return await _act(desk, visit_id, "assignee", work)

    @post("/inquiries")
    async def ask(self, desk: Desk, visit_id: FromPath[UUID]) -> ASGIResponse:
        """Ask the technician about a finding."""

        async def work() -> ASGIResponse:
            await reviewing.inquire(desk.ctx, desk.token, visit_id, _id(desk), _words(desk))
            return redirect_with_notice(_address(visit_id), PageText("已询问技术员"))

        return await _act(desk, visit_id, "inquiries", work)

    @post("/explanations")
    async def explain(self, desk: Desk, visit_id: FromPath[UUID]) -> ASGIResponse:
        """The technician explains a finding."""

        async def work() -> ASGIResponse:
            await reviewing.explain(desk.ctx, desk.token, visit_id, _id(desk), _words(desk))
            return redirect_with_notice(_address(visit_id), PageText("说明已提交"))

        return await _act(desk, visit_id, "explanations", work)

    @post("/corrections")
    async def return_items(self, desk: Desk, visit_id: FromPath[UUID]) -> ASGIResponse:
        """Return the items that were ticked, each with what it lacks."""

        async def work() -> ASGIResponse:
            keys = [key for key, _ in fields(desk.form, "item:")]
            items = [
                {"item": item, "thing": thing, "reason": desk.form.get(f"why:{key}", "").strip()}
                for key in keys
                for item, thing in [parse_subject(key)]
            ]
            given = {"visit": str(visit_id), "items": items, "due": _moment(desk, "due")}
            await corrections.return_items(desk.ctx, desk.token, _id(desk), convert_strict(Correction, given))
            return redirect_with_notice(_address(visit_id), PageText("已退回给技术员"))

        return await _act(desk, visit_id, "corrections", work)

    @post("/corrections/withdraw")
    async def withdraw(self, desk: Desk, visit_id: FromPath[UUID]) -> ASGIResponse:
        """Stop asking for a correction."""

        async def work() -> ASGIResponse:
            await corrections.withdraw_correction(desk.ctx, desk.token, _id(desk, "correction"))
            return redirect_with_notice(_address(visit_id), PageText("已撤回"))

        return await _act(desk, visit_id, "withdraw", work)

    @post("/entries")
    async def write_down_work(self, desk: Desk, visit_id: FromPath[UUID]) -> ASGIResponse:
        """What the office did, and how the customer knows of it."""

        async def work() -> ASGIResponse:
            item, thing = parse_subject(desk.form.get("subject", ""))
            text = desk.form.get("text", "").strip()
            if not text:
                raise _missing("text")
            log = {"kind": "message_log", "channel": desk.form.get("channel", ""), "text": text}
            entry = {"id": str(_id(desk)), "what": item, "thing": thing, "at": desk.ctx.now(), "by": "office"}
            given = convert_strict(
                OfficeEntries, {"entries": [{**entry, "evidence": [log, {"kind": "text", "text": text}]}]}
            )
            await add_office_entries(desk.ctx, desk.token, visit_id, given, to_json(given))
            return redirect_with_notice(_address(visit_id), PageText("答复已记下"))

        return await _act(desk, visit_id, "entries", work)

    @post("/callbacks")
    async def write_down_call(self, desk: Desk, visit_id: FromPath[UUID]) -> ASGIResponse:
        """Write down a call to the customer."""

        async def work() -> ASGIResponse:
            answers = [
                {"item": item, "thing": thing, "good": answer == "good"}
                for key, answer in fields(desk.form, "answer:")
                if answer
                for item, thing in [parse_subject(key)]
            ]
            given = {
                "called": desk.form.get("called", "").strip(),
                "at": _moment(desk, "at"),
                "text": desk.form.get("text", "").strip(),
                "answers": answers,
            }
            await record_callback(desk.ctx, desk.token, visit_id, _id(desk), convert_strict(Callback, given))
            return redirect_with_notice(_address(visit_id), PageText("回访已记下"))

        return await _act(desk, visit_id, "callbacks", work)


def _address(visit_id: UUID) -> str:
    return f"/desk/visits/{visit_id}"


def _id(desk: DeskRequest, name: str = "id") -> UUID:
    try:
        return UUID(desk.form.get(name, ""))
    except ValueError:
        raise errors.InvalidBody from None


def _words(desk: DeskRequest) -> Explanation:
    return convert_strict(
        Explanation, {"finding": desk.form.get("finding", ""), "text": desk.form.get("text", "").strip()}
    )


def _moment(desk: DeskRequest, name: str) -> datetime:
    """A local time of the utility, as a browser sends it."""
    return parse_local(desk.form, name).replace(tzinfo=desk.ctx.zone)


def _missing(name: str) -> errors.InvalidBody:
    return errors.InvalidBody("", (errors.FieldError(f"/{name}", "missing", "fill it in"),))


async def _go_on(desk: DeskRequest, visit_id: UUID) -> ASGIResponse:
    """To the next visit. Says if the one that was saved still calls for a person: a complaint does until its answer."""
    view, _ = await reviewing.get_review_view(desk.ctx, desk.token, visit_id)
    unfinished = view.reasons and view.state != "returned"
    following = await queue.next_visit(desk.ctx, desk.token, visit_id)
    return _lead_to(following, *((NEXT_UNFINISHED, LAST_UNFINISHED) if unfinished else (NEXT, QUEUE_DONE)))


def _lead_to(following: UUID | None, notice: PageText, done: PageText) -> ASGIResponse:
    if following is None:
        return redirect_with_notice("/desk/queue#queue", done)
    return redirect_with_notice(f"{_address(following)}#visit", notice)


async def _act(desk: DeskRequest, visit_id: UUID, sent: str, work: Work) -> ASGIResponse:
    """Do the work of the form `sent`. If it cannot be done, the page says why and has what was typed."""
    try:
        return await work()
    except errors.Problem as problem:
        if problem.status in (401, 404, 429, 500, 503):
            raise
        return await _page(desk, visit_id, problem=problem, sent=sent)


async def _page(
    desk: DeskRequest,
    visit_id: UUID,
    *,
    problem: errors.Problem | None = None,
    sent: str = "",
    calling: bool = False,
    taking: bool = False,
) -> ASGIResponse:
    """The page; with `taking`, it asks whether to take the visit from the colleague who looks at it."""
    page = await get_visit_page(desk.ctx, desk.token, visit_id)
    typed: Mapping[str, str] = desk.form if sent else {}

    def local(moment: datetime) -> datetime:
        return in_zone(moment, desk.ctx.zone)

    def kept(form: str, name: str, otherwise: str = "") -> str:
        return (typed.get(name) or "") if form == sent else otherwise

    form = ReviewForm(typed if sent == "review" else None, changed=isinstance(problem, CHANGED_MEANWHILE))
    numbered = list(enumerate(page.findings, 1))
    unsaved = new_choices(typed)
    others = [one for one in numbered if not one[1].calls]
    view: dict[str, Any] = {
        "urgent": _by_clause(one for one in numbered if one[1].calls),
        "others": _by_clause(others),
        "others_count": len(others),
        "others_open": any(one.asked or one.finding.code in unsaved for _, one in others) or sent in FOLDED,
        "page": page,
        "drawing": draw(page.order, desk.language),
        "problem": _sentences(problem, sent, typed, page) if problem else (),
        "sent": sent,
        "kept": kept,
        "form": form,
        "unsent": form.unsent({one.finding.code for one in page.findings}),
        "taking": taking,
        "back": desk.form.get("back", "") if taking else "",
        "callback_open": calling or sent == "callbacks",
        "channels": CHANNELS,
        "new_id": desk.ctx.new_id,
        "now": desk.ctx.now(),
        "days": DAYS,
        "local": local,
        "steps": [
            (
                one,
                step_title(one),
                step_lines(one, page.subjects, {page.visit.type: page.type}, page.names),
                page.written.get(one.id, ""),
            )
            for one in page.steps
        ],
        "flags": FLAGS,
        "verdicts": VERDICTS,
        "severities": SEVERITIES,
        "reasons": {**REASONS, "corrected": PageText("补正已交")},
        "decisions": DECISIONS,
        "decided": decided,
        "levels": ANSWER_LEVELS,
        "link_maker": link_maker,
        "corrected": _corrected_numbers(desk, page),
        "code_numbers": {entry: one.number for one in page.visit.said for entry in one.entries if one.number},
        "signatures": SIGNATURES,
        "outcomes": {**OUTCOMES, "": NOT_SIGNED},
    }
    section = "queue" if page.can_review else "today"
    status = problem.status if problem else 409 if taking else 200
    return render_desk(
        desk, "reviews/visit.html", view, status, section=section, back=_address(visit_id), assets=VISIT_SCRIPT
    )


def _corrected_numbers(desk: DeskRequest, page: VisitPage) -> dict[str, datetime]:
    """The numbers that were the visit's, masked as the answers keep them, and when each was corrected."""
    former = FormerNumbers(page.visit.customer.phone, page.visit.trail)
    return {masking.phone(number): desk.ctx.to_local_time(at) for number, at in former.until.items()}


def link_maker(by: str) -> PageText:
    """By whom the link was made on which a customer entered a code."""
    if by == SERVICE_WRITER:
        return PageText("链接由系统自动发出")
    technician = technician_at_door(by)
    if technician:
        return PageText("链接来自 %(who)s 出示的二维码", {"who": technician})
    return PageText("链接由 %(who)s 生成", {"who": by})


def _by_clause(findings: Iterable[Numbered]) -> list[tuple[Clause | None, list[Numbered]]]:
    """Findings below the clause that they are about, in the order of the first of each."""
    found: dict[str, tuple[Clause | None, list[Numbered]]] = {}
    for number, one in findings:
        found.setdefault(one.finding.clause or "", (one.clause, []))[1].append((number, one))
    return list(found.values())


def _sentences(problem: errors.Problem, sent: str, typed: Mapping[str, str], page: VisitPage) -> tuple[AnyText, ...]:
    if isinstance(problem, CHANGED_MEANWHILE):
        return (SOMETHING_NEW,)
    codes, returnable = [one.finding.code for one in page.findings], [one.key for one in page.returnable]
    return explain(problem, labels=LABELS.get(sent, {}), place=places(sent, typed, codes, returnable))


ROUTES = (VisitPagesController,)
