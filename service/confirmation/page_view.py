"""What the templates of the customer's page show: values, in no language and without HTML."""

from collections.abc import Mapping
from typing import Any

import msgspec

from service.context import AppContext
from service.judge.moments import in_zone
from service.judge.signoffs import StatementRefusal
from service.web.language import AnyText, PageText, TextPair

from . import reschedule_wish
from .form_state import ANSWERED, FormState
from .page import ConfirmationPage, PageDetails
from .responses import (
    ResponseBox,
    awaits_response,
    current_response,
    has_responded,
    is_signed,
    needs_signature,
    response_boxes,
)
from .statements import StatementView

VERIFICATION_EXPIRED = PageText("验证已过半小时，请重新获取验证码")
GOOD_OR_BAD: dict[str, AnyText] = {"good": PageText("没问题"), "bad": PageText("有问题")}
OWN_WORDS = ("signer", "reason", "helper", "text", "comment", "wish")
NOBODY = ("technician", "unknown")  # nobody says this of themselves
Choices = dict[str, AnyText]
"""By the value that is sent, what is chosen."""


class LineView(msgspec.Struct, frozen=True):
    """A line of a statement: its label, and texts or photos."""

    label: TextPair
    values: tuple[str, ...]
    photos: tuple[str, ...]


class PaperView(msgspec.Struct, frozen=True, kw_only=True):
    """A statement with what was said to it, and the forms to answer it. `key` names the forms: it stays when the text
    changes, so that nothing typed is lost."""

    title: AnyText
    label: str | None
    sha256: str
    anchor: str
    key: str
    lines: tuple[LineView, ...]
    declaration: TextPair | None
    boxes: tuple[ResponseBox, ...]
    to_sign: bool
    needs_signature: bool
    has_responded: bool
    is_signed: bool
    signers: Choices
    helpers: Choices
    changed: bool  # a form under it was just sent, and the text is another now


def page_view(ctx: AppContext, details: PageDetails, token: str, sent: FormState) -> dict[str, Any]:
    """Everything that the page shows. Its templates note in `forms` which forms they show."""
    seen, now = details.page, ctx.now()
    stands, window = seen.appointment, seen.appointment.window
    last_words = [current_response(one) for one in seen.statements]
    complains = bool(
        seen.raised
        or any(isinstance(one, StatementRefusal) for one in last_words)
        or any(not one.good for one in details.answers)
    )
    waiting = [one for one in seen.statements if awaits_response(one)]
    responded = bool(seen.answered_at or seen.raised or any(last_words))
    over = seen.state == "over"
    until = stands.may_ask_until
    return {
        "page": seen,
        "details": details,
        "token": token,
        "sent": sent,
        "forms": [],
        "hotline": seen.hotline,
        "started": has_started(seen),
        "missed": window is not None and now > window.end,
        "wish": reschedule_wish.split_wish(stands.asked.wish) if stands.asked else None,
        "ask_until": in_zone(until, window.start.tzinfo) if until and window else None,
        "options": reschedule_wish.OPTIONS,
        "papers": [_paper(ctx, one, sent) for one in seen.statements],
        "pictures": f"/c/{token}/photo" if seen.level is not None else None,
        "waiting": len(waiting),
        "first_waiting": anchor(waiting[0].sha256) if waiting else None,
        "done": over and not waiting and responded,
        "complains": complains,
        "due": {one.fact: one for one in seen.raised if one.days},
        "can_copy": seen.level is not None and any(one.signature or one.declined for one in seen.statements),
        "kept": msgspec.json.encode(sent.kept).decode() if sent.kept else "",
        "expired": verification_expired(seen),
        "code_minutes": max(1, -int((now - seen.code_until).total_seconds() // 60)) if seen.code_until else 0,
        "questions": seen.questions if seen.state in ("under_way", "over") else (),
        "good_or_bad": GOOD_OR_BAD,
        "answered": ANSWERED,
        "facts": {one.id: one for one in seen.raises},
        "unexplained": _unexplained(details),
    }


def copy_view(ctx: AppContext, details: PageDetails) -> dict[str, Any]:
    """What the copy to keep shows."""
    papers = [_paper(ctx, one, FormState()) for one in details.page.statements]
    return {"page": details.page, "details": details, "now": ctx.now(), "papers": papers, "pictures": None}


def has_started(seen: ConfirmationPage) -> bool:
    """Whether somebody has come, by a record of the technician or by what the office noted."""
    return seen.state in ("under_way", "over") or seen.arrived_at is not None


def verification_expired(seen: ConfirmationPage) -> bool:
    """Whether a code was entered here, and it was too long ago."""
    return seen.level is None and seen.open_until is not None


def anchor(sha256: str) -> str:
    """The part of the page that says who signed a statement: where the page goes on after signing."""
    return f"paper-{sha256[:12]}"


def form_id(where: str) -> str:
    """The id of a form, by which the message at the top of the page leads to it."""
    return f"{where}-form"


def unsent(fields: Mapping[str, str], details: PageDetails) -> list[tuple[AnyText | None, AnyText]]:
    """What stood in a form that the page does not have now, as questions and answers; words alone have no question."""
    seen = details.page
    found: list[tuple[AnyText | None, AnyText | None]] = [
        (one, GOOD_OR_BAD.get(fields.get(f"{ANSWERED}{one.id}", ""))) for one in seen.questions
    ]
    found.append((None, reschedule_wish.OPTIONS.get(fields.get("when", ""))))
    found += [(None, one) for one in seen.raises if one.id == fields.get("fact")]
    relations = {one.id: one for paper in seen.statements for one in paper.relations}
    for name in OWN_WORDS:
        words = fields.get(name, "").strip()
        found.append((None, TextPair(words, words) if words else None))
        if name in ("signer", "helper"):
            found.append((None, relations.get(fields.get("relation" if name == "signer" else "helper_relation", ""))))
    return [(question, answer) for question, answer in found if answer is not None]


def _paper(ctx: AppContext, paper: StatementView, sent: FormState) -> PaperView:
    thing, said = paper.statement.thing, paper.statement.declaration
    key = f"{paper.title.id}-{thing}" if thing else paper.title.id
    return PaperView(
        title=paper.title,
        label=paper.label,
        sha256=paper.sha256,
        anchor=anchor(paper.sha256),
        key=key,
        lines=tuple(
            LineView(TextPair(line.label, english), line.value, line.photos)
            for line, english in zip(paper.statement.lines, paper.english, strict=True)
        ),
        declaration=TextPair(said, paper.declares or "") if said else None,
        boxes=response_boxes(paper, ctx.zone),
        to_sign=paper.signs is not None,
        needs_signature=needs_signature(paper),
        has_responded=has_responded(paper),
        is_signed=is_signed(paper),
        signers={one.id: one for one in paper.relations if one.id not in NOBODY},
        helpers={one.id: one for one in paper.relations},
        changed=sent.changed and sent.where in {f"{does}-{key}" for does in ("sign", "partly", "refused", "unable")},
    )


def _unexplained(details: PageDetails) -> AnyText | None:
    """The question that was answered with “not right” although nobody wrote anything to it: only the customer can say
    what is not right. Once somebody did, there are items that the question is about."""
    open_ones = {one.id: one for one in details.page.questions if not one.items}
    last = {one.question: one for one in details.answers if one.question in open_ones}
    return next((open_ones[name] for name, one in last.items() if name and not one.good), None)
