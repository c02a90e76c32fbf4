"""The form in which a visit is reviewed: what it shows as chosen, and what it sends."""

from collections.abc import Mapping

import msgspec

from service import errors
from service.visits.review_rows import Review
from service.web.decoding import convert_strict

from .schemas import DecisionView
from .shown_findings import ShownFinding

NOTHING_DECIDED = errors.FieldError(
    "/findings", "required", "还没有作出决定：请选成立或不计 / Nothing is decided yet: uphold or override"
)
NOTHING_WRITTEN = errors.FieldError(
    "/comment",
    "required",
    "没有任何记录：请写下为什么，或怎样处理 / There is no record: write down why, or what is done",
)


class Choice(msgspec.Struct, frozen=True):
    """What is chosen about a finding, and why; nothing where `decision` is empty."""

    decision: str = ""
    reason: str = ""

    @property
    def known(self) -> str:
        """How the form names what was decided before, so that only what differs is sent: a form has one line."""
        return " ".join(f"{self.decision} {self.reason}".split())


def fields(form: Mapping[str, str], prefix: str) -> list[tuple[str, str]]:
    """The fields whose names begin with a prefix, without it."""
    return [(key.removeprefix(prefix), value) for key, value in form.items() if key.startswith(prefix)]


def read_review(form: Mapping[str, str]) -> Review:
    """The review that the form says. InvalidBody if something calls for a decision, and there is none, nor a remark;
    where there is no record at all, it needs the remark."""
    chosen, comment = new_choices(form), form.get("comment", "").strip()
    if form.get("unrecorded") and not comment:
        raise errors.InvalidBody("", (NOTHING_WRITTEN,))
    if fields(form, "calls:") and not chosen and not comment:
        raise errors.InvalidBody("", (NOTHING_DECIDED,))
    findings = [{"code": code, "decision": one.decision, "reason": one.reason} for code, one in chosen.items()]
    return convert_strict(Review, {"findings": findings, "comment": comment or None})


def new_choices(form: Mapping[str, str]) -> dict[str, Choice]:
    """By finding, what was chosen and was not decided before. With `rest`, all that calls for a decision is upheld."""
    made = {code: _typed(form, code) for code, value in fields(form, "decision:") if value}
    if form.get("rest"):
        made = {code: Choice("uphold", _typed(form, code).reason) for code, _ in fields(form, "calls:")} | made
    return {code: one for code, one in made.items() if one.known != form.get(f"was:{code}")}


def _typed(form: Mapping[str, str], code: str) -> Choice:
    return Choice(form.get(f"decision:{code}", ""), form.get(f"reason:{code}", "").strip())


class ReviewForm:
    """What the form shows. `typed`: what was sent and not accepted.

    `changed`: because somebody else wrote something meanwhile. Then nothing is chosen but what is decided now, so that
    nobody overturns a decision that they do not know; the page names what they had chosen.
    """

    def __init__(self, typed: Mapping[str, str] | None, *, changed: bool) -> None:
        self._typed = typed
        self._changed = changed
        self._lost = new_choices(typed) if typed is not None and changed else {}

    def chosen(self, one: ShownFinding) -> Choice:
        """What the form has chosen about a finding."""
        now = decided(one.present)
        if self._typed is None or (self._changed and one.present):
            return now
        typed = _typed(self._typed, one.finding.code)
        return Choice("", typed.reason) if self._changed else typed

    def lost(self, one: ShownFinding) -> Choice | None:
        """What was chosen about a finding and is not chosen any more."""
        return self._lost.get(one.finding.code)

    @property
    def comment(self) -> str:
        """The remark."""
        return (self._typed or {}).get("comment", "")

    @property
    def rest(self) -> bool:
        """Whether all that is left is upheld."""
        return not self._changed and bool((self._typed or {}).get("rest"))

    def unsent(self, codes: set[str]) -> tuple[str, ...]:
        """Reasons for findings that are no longer there. `codes`: of those that are."""
        return tuple(value for code, value in fields(self._typed or {}, "reason:") if value and code not in codes)


def decided(decision: DecisionView | None) -> Choice:
    """The present decision as the form shows it."""
    return Choice(decision.decision, " ".join(decision.reason.split())) if decision else Choice()
