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

from . import reschedule_wish, responses
from .form_state import ANSWERED, NOTHING_SENT, FormState
from .page import ConfirmationPage, PageDetails
from .responses import ResponseBox
from .statements import ReportView, StatementView

VERIFICATION_EXPIRED = PageText("验证已过半小时，请重新获取验证码")
_ADDRESS = re.compile(r"(https?://[^\s；，。、]+)")
GOOD_OR_BAD: dict[str, AnyText] = {"good": PageText("没问题"), "bad": PageText("有问题")}
OWN_WORDS = ("signer", "reason", "helper", "text", "comment", "wish")  # fields with free text
STAFF_RELATIONS = ("technician", "unknown")  # no customer chooses these
Choices = dict[str, AnyText]
"""Texts by the value that a form submits."""


class StatementCard(msgspec.Struct, frozen=True, kw_only=True):
    """A statement with the responses to it and the forms to respond.

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
    helpers: Choices
    changed: bool


def page_view(ctx: AppContext, details: PageDetails, token: str, sent: FormState) -> dict[str, Any]:
    """The context of the page's templates, which add the names of the forms they show to `forms`."""
    page, now = details.page, ctx.now()
    appointment, window = page.appointment, page.appointment.window
    current = [responses.current_response(one) for one in page.statements]
    refused = any(isinstance(one, StatementRefusal) for one in current)
    waiting = [one for one in page.statements if responses.awaits_response(one)]
    responded = bool(page.answered_at or page.raised or any(current))
    until = appointment.may_ask_until
    return {
        "page": page,
        "details": details,
        "token": token,
        "sent": sent,
        "forms": [],
        "hotline": page.hotline,
        "started": has_started(page),
        "missed": window is not None and now > window.end,
        "wish": reschedule_wish.split_wish(appointment.asked.wish) if appointment.asked else None,
        "ask_until": in_zone(until, window.start.tzinfo) if until and window else None,
        "options": reschedule_wish.OPTIONS,
        "cards": statement_cards(ctx, page, sent),
        "pictures": f"/c/{token}/photo" if page.level is not None else None,
        "waiting": len(waiting),
        "first_waiting": anchor(waiting[0].sha256) if waiting else None,
        "done": page.state == "over" and not waiting and responded,
        "complains": bool(page.raised) or refused or any(not one.good for one in details.answers),
        "due": {one.fact: one for one in page.raised if one.days},
        "can_copy": page.level is not None and any(one.signature or one.declined for one in page.statements),
        "kept": msgspec.json.encode(sent.carried).decode() if sent.carried else "",
        "expired": verification_expired(page),
        "code_minutes": max(1, -int((now - page.code_until).total_seconds() // 60)) if page.code_until else 0,
        "questions": page.questions if page.state in ("under_way", "over") else (),
        "good_or_bad": GOOD_OR_BAD,
        "answered": ANSWERED,
        "facts": {one.id: one for one in page.raises if one.id not in COMPLAINTS},
        "complaint_facts": {one.id: one for one in page.raises if one.id in COMPLAINTS},
        **split_reports(page),
        "unexplained": _unexplained(details),
    }


def split_reports(page: ConfirmationPage) -> dict[str, list[ReportView]]:
    """What the customer raised: complaints, and the rest."""
    return {
        "complaints": [one for one in page.raised if one.fact in COMPLAINTS],
        "reports": [one for one in page.raised if one.fact not in COMPLAINTS],
    }


def statement_cards(ctx: AppContext, page: ConfirmationPage, sent: FormState = NOTHING_SENT) -> list[StatementCard]:
    """The statements of a page."""
    return [_card(ctx, view, sent) for view in page.statements]


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
        (one, GOOD_OR_BAD.get(fields.get(f"{ANSWERED}{one.id}", ""))) for one in page.questions
    ]
    found.append((None, reschedule_wish.OPTIONS.get(fields.get("when", ""))))
    found += [(None, one) for one in page.raises if one.id == fields.get("fact")]
    relations = {one.id: one for statement in page.statements for one in statement.relations}
    for name in OWN_WORDS:
        words = fields.get(name, "").strip()
        found.append((None, TextPair(words, words) if words else None))
        if name in ("signer", "helper"):
            found.append((None, relations.get(fields.get("relation" if name == "signer" else "helper_relation", ""))))
    return [(question, answer) for question, answer in found if answer is not None]


def _card(ctx: AppContext, view: StatementView, sent: FormState) -> StatementCard:
    document = view.statement
    key = f"{view.title.id}-{document.thing}" if document.thing else view.title.id
    return StatementCard(
        view=view,
        anchor=anchor(view.sha256),
        key=key,
        labels=tuple(TextPair(line.label, en) for line, en in zip(document.lines, view.english, strict=True)),
        declaration=TextPair(document.declaration, view.declares or "") if document.declaration else None,
        price_list=tuple(_ADDRESS.split(ctx.company.price_list)) if view.charged and ctx.company.price_list else (),
        boxes=responses.response_boxes(view, ctx.zone),
        needs_signature=responses.needs_signature(view),
        has_responded=responses.has_responded(view),
        is_signed=responses.is_signed(view),
        signers={one.id: one for one in view.relations if one.id not in STAFF_RELATIONS},
        helpers={one.id: one for one in view.relations},
        changed=sent.changed and sent.form in {f"{does}-{key}" for does in ("sign", "partly", "refused", "unable")},
    )


def _unexplained(details: PageDetails) -> AnyText | None:
    """The question whose last answer is “not right” although no item is recorded that it could be about.

    Only the customer can say what is not right; after a report there are items, and the question has them.
    """
    without_items = {one.id: one for one in details.page.questions if not one.items}
    latest = {one.question: one for one in details.answers if one.question in without_items}
    return next((without_items[name] for name, one in latest.items() if name and not one.good), None)
