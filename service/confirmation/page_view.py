"""What the templates of the customer's page show: values without language or HTML."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from service.context import AppContext
from service.judge.moments import in_zone
from service.judge.signoffs import StatementRefusal
from service.visits.complaints import COMPLAINTS
from service.web.language import AnyText, PageText, TextPair
from service.web.templates import format_day_and_time

from . import otp, progress, reschedule_wish, responses
from .changed_lines import ChangedLine, changed_lines
from .form_state import ANSWERED, NOTHING_SENT, FormState
from .page import ConfirmationPage, PageDetails
from .progress import StepName
from .responses import ResponseBox
from .statements import Relation, ReportView, StatementView

VERIFICATION_EXPIRED = PageText("验证已过半小时，请重新获取验证码")
_ADDRESS = re.compile(r"(https?://[^\s；，。、]+)")
YES_OR_NO: dict[str, AnyText] = {"good": PageText("是的"), "bad": PageText("不是")}
NO_OR_YES: dict[str, AnyText] = {"good": PageText("没有"), "bad": PageText("有")}
"""The answers to a question, with what each means; the good one first."""
DECLINES = ("partly", "refused", "unable")
OWN_WORDS = ("signer", "reason", "helper", "text", "comment", "wish")  # fields with free text
STAFF_RELATIONS = ("technician", "unknown")  # no customer chooses these
Choices = dict[str, AnyText]
"""Texts by the value that a form submits."""


class StatementCard(msgspec.Struct, frozen=True, kw_only=True):
    """A statement with the responses to it and the forms to respond.

    `may_not_sign`: who learns so before. `changes`: how the text differs from what was answered last.
    `price_list`: what the meter costs for which the customer pays by it, every other part a web address; empty where
    they do not pay, or none is set.
    `key` identifies its forms: unlike the digest it survives a change of the text, so that no input is lost.
    `changed`: one of its forms was just submitted, but the text has changed since.
    """

    view: StatementView
    anchor: str
    key: str
    labels: tuple[TextPair, ...]  # of the lines
    declaration: TextPair | None
    price_list: tuple[str, ...]
    boxes: tuple[ResponseBox, ...]
    needs_signature: bool
    has_responded: bool
    is_signed: bool
    signers: Choices
    may_not_sign: tuple[Relation, ...]
    changes: tuple[ChangedLine, ...]
    helpers: Choices
    changed: bool


def page_view(
    ctx: AppContext, details: PageDetails, token: str, sent: FormState, asked_step: StepName | None = None
) -> dict[str, Any]:
    """The context of the page's templates, which add the names of the forms they show to `forms`."""
    page, now = details.page, ctx.now()
    appointment, window = page.appointment, page.appointment.window
    current = [responses.current_response(one) for one in page.statements]
    refused = any(isinstance(one, StatementRefusal) for one in current)
    waiting = [one for one in page.statements if responses.awaits_response(one)]
    responded = bool(page.answered_at or page.raised or any(current))
    until, started = appointment.may_ask_until, has_started(page)
    missed = window is not None and now > window.end
    done = page.state == "over" and not waiting and page.answered_at is not None
    cards = statement_cards(ctx, page, sent)
    own = [card for card in cards if card.view.signs]
    step = asked_step or step_of(sent)
    corrected = any(one.before for one in waiting)
    if corrected and step is None:
        step = "sign"
    in_steps = page.level is None and bool(waiting) and not sent.carried and not details.answered
    code_asked = bool(sent.carried or details.answered) or sent.form in ("code", "code-entry")
    if in_steps and (code_asked or (page.code_until and step is None)):
        step = "sign"
    all_steps = progress.steps(
        page, waiting=len(waiting), to_sign=bool(own), responded=responded, asked=step if started else None
    )
    return {
        "page": page,
        "details": details,
        "token": token,
        "sent": sent,
        "forms": [],
        "hotline": page.hotline,
        "started": started,
        "missed": missed,
        "headline": progress.headline(
            details,
            waiting=len(waiting),
            corrected=corrected,
            response=_response(own) if not waiting else None,
            done=done,
            started=started,
            missed=missed,
        ),
        "stations": progress.stations(page) if page.state != "cancelled" else (),
        "steps": {one.name: one for one in all_steps},
        "code_in_step": in_steps,
        "code_first": page.level is None and not in_steps and code_asked and not details.answered,
        "answered_numbers": details.answered,
        "response": _response(own) if not waiting else None,
        "code_last": not in_steps and (not code_asked if page.level is None else not own),
        "official": ctx.company.official,
        "wish": reschedule_wish.split_wish(appointment.asked.wish, appointment.asked.window)
        if appointment.asked
        else None,
        "ask_until": in_zone(until, window.start.tzinfo) if until and window else None,
        "times": {reschedule_wish.window_value(one): one for one in page.offered},
        "days": reschedule_wish.days_to_choose(ctx),
        "halves": reschedule_wish.HALVES,
        "options": reschedule_wish.OPTIONS,
        "read_only": [card for card in cards if not card.view.signs],
        "to_sign": own,
        "cards": cards,
        "pictures": f"/c/{token}/photo" if page.level is not None else None,
        "waiting": len(waiting),
        "first_waiting": anchor(waiting[0].sha256) if waiting else None,
        "done": done,
        "signed_all": bool(own) and not waiting,
        "complains": bool(page.raised) or refused or any(not one.good for one in details.answers),
        "due": {one.fact: one for one in page.raised if one.days},
        "can_copy": page.level is not None and any(one.signature or one.declined for one in page.statements),
        "kept": msgspec.json.encode(sent.carried).decode() if sent.carried else "",
        "expired": verification_expired(page),
        "code_minutes": max(1, -int((now - page.code_until).total_seconds() // 60)) if page.code_until else 0,
        "code_again": otp.seconds_until_resend(page.code_until, now),
        "questions": page.questions if page.state in ("under_way", "over") else (),
        "parts": [(one.item or question.id, one) for question in page.questions for one in question.parts],
        "yes_or_no": YES_OR_NO,
        "no_or_yes": NO_OR_YES,
        "answered": ANSWERED,
        "facts": {one.id: one for one in page.raises if one.id not in COMPLAINTS},
        "complaint_facts": {one.id: one for one in page.raises if one.id in COMPLAINTS},
        **split_reports(page),
        "unexplained": _unexplained(details),
    }


def _response(cards: list[StatementCard]) -> AnyText | None:
    """What the customer answered to all statements, in a word; None where they answered nothing."""
    verdicts = [one.verdict for card in cards for one in card.boxes if one.heading is responses.CURRENT]
    for outcome in ("refused", "partly", "unable"):
        if responses.OUTCOMES[outcome] in verdicts:
            return progress.RESPONDED[outcome]
    return progress.RESPONDED["signed"] if cards else None


def split_reports(page: ConfirmationPage) -> dict[str, list[ReportView]]:
    """What the customer raised: complaints, and the rest."""
    return {
        "complaints": [one for one in page.raised if one.fact in COMPLAINTS],
        "reports": [one for one in page.raised if one.fact not in COMPLAINTS],
    }


def statement_cards(ctx: AppContext, page: ConfirmationPage, sent: FormState = NOTHING_SENT) -> list[StatementCard]:
    """The statements of a page."""
    holder = page.visit.customer if page.level is not None else ""
    return [_card(ctx, view, sent, holder) for view in page.statements]


def has_started(page: ConfirmationPage) -> bool:
    """Whether a technician has come, by their record or by what the office noted."""
    return page.state in ("under_way", "over") or page.arrived_at is not None


def verification_expired(page: ConfirmationPage) -> bool:
    """Whether a code was entered in this browser too long ago."""
    return page.level is None and page.open_until is not None


def anchor(sha256: str) -> str:
    """The fragment of the responses to a statement, to which the page returns after signing."""
    return f"statement-{sha256[:12]}"


def form_id(form: str) -> str:
    """The HTML id of a form."""
    return f"{form}-form"


def unsent(fields: Mapping[str, str], details: PageDetails) -> list[tuple[AnyText | None, AnyText]]:
    """The input of a form that the page no longer shows, as questions and answers; free text has no question."""
    page = details.page
    found: list[tuple[AnyText | None, AnyText | None]] = [
        (one, (NO_OR_YES if one.bad_is_yes else YES_OR_NO).get(fields.get(f"{ANSWERED}{one.item or question.id}", "")))
        for question in page.questions
        for one in question.parts
    ]
    found.append((None, wished(fields)))
    found += [(None, one) for one in page.raises if one.id == fields.get("fact")]
    relations = {one.id: one for statement in page.statements for one in statement.relations}
    for name in OWN_WORDS:
        words = fields.get(name, "").strip()
        found.append((None, TextPair(words, words) if words else None))
        if name in ("signer", "helper"):
            found.append((None, relations.get(fields.get("relation" if name == "signer" else "helper_relation", ""))))
    return [(question, answer) for question, answer in found if answer is not None]


def wished(fields: Mapping[str, str]) -> AnyText | None:
    """The time that a form asks for, in words."""
    when, day, half = (fields.get(name, "") for name in ("when", "day", "half"))
    option = reschedule_wish.OPTIONS.get(when)
    moment = reschedule_wish.chosen_moment(when)
    if option is not None:
        return option
    if moment is not None:
        return TextPair(*(format_day_and_time(moment, language) for language in ("zh", "en")))
    name = reschedule_wish.HALVES.get(half)
    return PageText("%(day)s %(half)s", {"day": day, "half": name}) if day and name else None


def step_of(sent: FormState) -> StepName | None:
    """The step with the form that was not accepted."""
    form = sent.form
    if form in ("answers", "raised"):
        return "review"
    return "sign" if form.partition("-")[0] in (*DECLINES, "sign") else None


def _card(ctx: AppContext, view: StatementView, sent: FormState, holder: str) -> StatementCard:
    document = view.statement
    key = f"{view.title.id}-{document.thing}" if document.thing else view.title.id
    return StatementCard(
        view=view,
        anchor=anchor(view.sha256),
        key=key,
        labels=tuple(TextPair(line.label, en) for line, en in zip(document.lines, view.english, strict=True)),
        declaration=TextPair(document.declaration, view.declares or "") if document.declaration else None,
        price_list=tuple(_ADDRESS.split(ctx.company.price_list)) if view.charged and ctx.company.price_list else (),
        boxes=responses.response_boxes(view, ctx.zone, holder),
        needs_signature=responses.needs_signature(view),
        has_responded=responses.has_responded(view),
        is_signed=responses.is_signed(view),
        signers={one.id: one for one in view.relations if one.id not in STAFF_RELATIONS and one.may_sign},
        changes=changed_lines(view, view.before),
        may_not_sign=tuple(one for one in view.relations if one.id not in STAFF_RELATIONS and not one.may_sign),
        helpers={one.id: one for one in view.relations},
        changed=sent.changed and sent.form in {f"{does}-{key}" for does in ("sign", *DECLINES)},
    )


def _unexplained(details: PageDetails) -> AnyText | None:
    """The question whose last answer is “not right” although no item is recorded that it could be about.

    Only the customer can say what is not right; after a report there are items, and the question has them.
    """
    without_items = {one.id: one for one in details.page.questions if not one.items}
    latest = {one.question: one for one in details.answers if one.question in without_items}
    return next((without_items[name] for name, one in latest.items() if name and not one.good), None)
