"""What was said to a statement, in the order of time, and which of it is the customer's answer now."""

from datetime import datetime, tzinfo

import msgspec

from service.judge.moments import in_zone
from service.judge.signoffs import Signature, StatementRefusal
from service.web.language import AnyText, PageText, TextPair

from .statements import StatementView

StatementResponse = Signature | StatementRefusal
LEVELS = {
    "phone": PageText("在工作人员手机上签名"),
    "own_device": PageText("本人手机验证码签认"),
}
BY_LINK = PageText("通过链接、凭验证码签字；当时与工作人员同一网络或设备，按在场签字计")
STATES = {
    "changed": PageText("签字后内容有变更，签名已失效，请重新核对"),
    "wrong": PageText("签名所指的不是这份内容，签名无效，请重新核对"),
    "unbound": PageText("签名没有对应的内容，签名无效，请重新核对"),
}
OUTCOMES = {
    "refused": PageText("不同意，没有签字"),
    "partly": PageText("部分不同意"),
    "unable": PageText("不方便签字"),
    "absent": PageText("当时不在场"),
}
NOT_SIGNED = PageText("没有签字")
WRITERS = {"customer": PageText("客户本人填写")}
OTHER_WRITER = PageText("工作人员填写")
NOW = PageText("您现在的答复")
BEFORE = PageText("此前的答复，已由后来的代替")
OF_EARLIER_TEXT = PageText("这是对此前内容的意见，内容后来有变更")
WEAKER = PageText("另一次签名，以本人手机签认的为准")
HAD_SIGNED, SIGNED, VOID = PageText("签过字"), PageText("已签字"), PageText("签名已失效")
NOT_ALLOWED = PageText("签字人不是可以签字的人，请户主或成年家人再签")


class ResponseBox(msgspec.Struct, frozen=True, kw_only=True):
    """One response as the page shows it. `style`: `said`, `void`, `none` (it does not count now), or '' (it holds)."""

    style: str
    heading: AnyText | None
    verdict: AnyText | None
    at: datetime
    signer: str = ""
    relation: AnyText | None = None
    how: AnyText | None = None  # of a signature; the writer of a refusal
    typed: bool = False  # the typed name is the signature
    picture: str = ""  # SHA-256 of the drawing
    trouble: AnyText | None = None
    holds: bool = False
    reason: str = ""
    helper: str = ""


def response_boxes(paper: StatementView, zone: tzinfo | None) -> tuple[ResponseBox, ...]:
    """All that was said to a statement, the last of it last."""
    last = _last(paper)
    return tuple(
        _signed(paper, one, one is last, zone)
        if isinstance(one, Signature)
        else _declined(paper, one, one is last, zone)
        for one in _in_time(paper)
    )


def current_response(paper: StatementView) -> StatementResponse | None:
    """The customer's last word, if it is about the statement as it is now."""
    last = _last(paper)
    return last if last is not None and _is_about_current_text(last) else None


def needs_signature(paper: StatementView) -> bool:
    """Whether it waits for the customer's own signature: one that holds, by who may sign."""
    signature = paper.signature
    if paper.signs is None:
        return False
    return signature is None or signature.state != "holds" or signature.level != "own_device" or not signature.allowed


def has_responded(paper: StatementView) -> bool:
    """Whether the customer said what they think of just this text: signed it, or would not."""
    if not needs_signature(paper):
        return True
    since = paper.signature.at if paper.signature else None
    return any(one.by == "customer" and one.same and (since is None or one.at >= since) for one in paper.declined)


def is_signed(paper: StatementView) -> bool:
    """Whether a signature holds, by somebody who may sign."""
    return paper.signature is not None and paper.signature.state == "holds" and paper.signature.allowed


def awaits_response(paper: StatementView) -> bool:
    """Whether the customer is asked for an answer: who signed on our phone may say more, and need not."""
    return needs_signature(paper) and not is_signed(paper) and not has_responded(paper)


def _last(paper: StatementView) -> StatementResponse | None:
    """The customer's last word, of whatever text."""
    own = [one for one in _in_time(paper) if not _is_weaker(paper, one) and not _is_by_staff(one)]
    return own[-1] if own else None


def _in_time(paper: StatementView) -> list[StatementResponse]:
    """At the same moment a refusal comes last: who refuses has not agreed."""
    signed = (*paper.earlier, *filter(None, [paper.signature]))
    found: list[StatementResponse] = [*signed, *paper.declined]
    return sorted(found, key=lambda one: (one.at, isinstance(one, StatementRefusal)))


def _is_about_current_text(one: StatementResponse) -> bool:
    return one.same if isinstance(one, StatementRefusal) else one.state == "holds"


def _is_by_staff(one: StatementResponse) -> bool:
    return isinstance(one, StatementRefusal) and one.by != "customer"


def _is_weaker(paper: StatementView, one: StatementResponse) -> bool:
    """A signature after the one that counts, which was given more surely."""
    return isinstance(one, Signature) and paper.signature is not None and one.at > paper.signature.at


def _signed(paper: StatementView, one: Signature, last: bool, zone: tzinfo | None) -> ResponseBox:
    view = ResponseBox(
        style="none",
        heading=BEFORE,
        verdict=HAD_SIGNED,
        at=in_zone(one.at, zone),
        signer=one.signer,
        relation=_relation(paper, one.relation),
        how=BY_LINK if one.via == "link" and one.level == "phone" else LEVELS[one.level],
    )
    if _is_weaker(paper, one):
        return msgspec.structs.replace(view, heading=WEAKER, verdict=None)
    if one is not paper.signature:
        return view
    view = msgspec.structs.replace(view, typed=paper.typed, picture="" if paper.typed else one.sha256 or "")
    if not last:
        return view
    if one.state != "holds":
        return msgspec.structs.replace(view, style="void", heading=None, verdict=VOID, trouble=STATES[one.state])
    trouble = None if one.allowed else NOT_ALLOWED
    return msgspec.structs.replace(view, style="", heading=NOW, verdict=SIGNED, trouble=trouble, holds=True)


def _declined(paper: StatementView, one: StatementRefusal, last: bool, zone: tzinfo | None) -> ResponseBox:
    if not one.same:
        heading = OF_EARLIER_TEXT
    elif last:
        heading = NOW
    else:
        heading = None if _is_by_staff(one) else BEFORE
    return ResponseBox(
        style="said" if heading is NOW else "none",
        heading=heading,
        verdict=OUTCOMES.get(one.outcome or "", NOT_SIGNED),
        at=in_zone(one.at, zone),
        reason=one.reason,
        helper=one.helper or "",
        relation=_relation(paper, one.relation) if one.helper else None,
        how=WRITERS.get(one.by, OTHER_WRITER),
    )


def _relation(paper: StatementView, name: str | None) -> AnyText:
    """Who somebody is to the customer."""
    known = next((one for one in paper.relations if one.id == name), None)
    return known or TextPair(name or "", "")
