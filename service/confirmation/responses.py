"""The responses to a statement in the order of time, and which of them is the customer's current one."""

from datetime import datetime, tzinfo

import msgspec

from service.judge.moments import in_zone
from service.judge.signoffs import Signature, StatementRefusal
from service.web.language import AnyText, PageText, TextPair

from . import masking
from .changed_lines import ChangedLine, changed_lines
from .statements import StatementView

StatementResponse = Signature | StatementRefusal
LEVELS = {
    "phone": PageText("在工作人员手机上签名"),
    "own_device": PageText("本人手机验证码签认"),
}
SIGNED_NEAR_STAFF = PageText("通过链接、凭验证码签字；当时与工作人员同一网络或设备，按在场签字计")
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
CURRENT = PageText("您现在的答复")
SUPERSEDED = PageText("此前的答复，已由后来的代替")
OF_EARLIER_TEXT = PageText("这是对此前内容的意见，内容后来有变更")
WEAKER = PageText("另一次签名，以本人手机签认的为准")
HAD_SIGNED, SIGNED, VOID = PageText("签过字"), PageText("已签字"), PageText("签名已失效")
NOT_COUNTED = PageText("签名不算数")
NOT_ALLOWED = PageText("签字人不是可以签字的人，请户主或成年家人再签")


class ResponseBox(msgspec.Struct, frozen=True, kw_only=True):
    """One response as the page shows it. `style`: `said`, `void`, `none` (not current), or '' (a signature that holds).

    `holder`: the registered account holder, masked, where somebody of another name signed as that. `then`: the lines
    that were otherwise when it was given.
    `how`: how a signature was given, or who wrote a refusal. `picture`: the SHA-256 of a drawn signature.
    """

    style: str
    heading: AnyText | None
    verdict: AnyText | None
    at: datetime
    signer: str = ""
    relation: AnyText | None = None
    how: AnyText | None = None
    typed: bool = False
    picture: str = ""
    trouble: AnyText | None = None
    holds: bool = False
    reason: str = ""
    helper: str = ""
    then: tuple[ChangedLine, ...] = ()
    holder: str = ""


def response_boxes(view: StatementView, zone: tzinfo | None, holder: str = "") -> tuple[ResponseBox, ...]:
    """All responses to a statement, the oldest first. `holder`: the name of the account holder, where it is known."""
    last = _last(view)
    return tuple(
        msgspec.structs.replace(_signature_box(view, one, one is last, zone), holder=_other_holder(one, holder))
        if isinstance(one, Signature)
        else _refusal_box(view, one, one is last, zone)
        for one in _in_order_of_time(view)
    )


def _other_holder(one: Signature, holder: str) -> str:
    """The account holder, masked, where the signer says to be that under another name."""
    same = one.signer.strip() in (holder.strip(), masking.name(holder))
    return "" if same or not holder.strip() or one.relation != "account_holder" else masking.name(holder)


def current_response(view: StatementView) -> StatementResponse | None:
    """The customer's last response, if it is about the current text of the statement."""
    last = _last(view)
    if last is None:
        return None
    is_current = last.same if isinstance(last, StatementRefusal) else last.state == "holds"
    return last if is_current else None


def needs_signature(view: StatementView) -> bool:
    """Whether there is no signature yet that holds, is allowed, and was given on the customer's own device."""
    return view.signs is not None and not (is_signed(view) and view.signature and view.signature.level == "own_device")


def has_responded(view: StatementView) -> bool:
    """Whether the customer signed the current text, or declined it since the last signature."""
    if not needs_signature(view):
        return True
    since = view.signature.at if view.signature else None
    return any(one.by == "customer" and one.same and (since is None or one.at >= since) for one in view.declined)


def is_signed(view: StatementView) -> bool:
    """Whether a signature holds and is allowed."""
    return view.signature is not None and view.signature.state == "holds" and view.signature.allowed


def awaits_response(view: StatementView) -> bool:
    """Whether a response is missing: who signed on the technician's phone may respond again, but need not."""
    return needs_signature(view) and not is_signed(view) and not has_responded(view)


def _last(view: StatementView) -> StatementResponse | None:
    """The customer's last response, to whatever text: no signature of somebody who may not sign."""
    own = [
        one
        for one in _in_order_of_time(view)
        if not (_is_weaker(view, one) or _is_by_staff(one) or (isinstance(one, Signature) and not one.allowed))
    ]
    return own[-1] if own else None


def _in_order_of_time(view: StatementView) -> list[StatementResponse]:
    """Of the same moment a refusal comes last, because it contradicts a signature."""
    signatures = (*view.earlier, *filter(None, [view.signature]))
    found: list[StatementResponse] = [*signatures, *view.declined]
    return sorted(found, key=lambda one: (one.at, isinstance(one, StatementRefusal)))


def _is_by_staff(response: StatementResponse) -> bool:
    return isinstance(response, StatementRefusal) and response.by != "customer"


def _is_weaker(view: StatementView, response: StatementResponse) -> bool:
    """Whether it is a signature after the one that counts, which was better verified."""
    return isinstance(response, Signature) and view.signature is not None and response.at > view.signature.at


def _signature_box(view: StatementView, one: Signature, last: bool, zone: tzinfo | None) -> ResponseBox:
    box = ResponseBox(
        style="none",
        heading=SUPERSEDED,
        verdict=HAD_SIGNED,
        at=in_zone(one.at, zone),
        signer=one.signer,
        relation=_relation(view, one.relation),
        then=changed_lines(view, view.texts.get(one.entry)),
        how=SIGNED_NEAR_STAFF if one.via == "link" and one.level == "phone" else LEVELS[one.level],
    )
    if not one.allowed:
        box = msgspec.structs.replace(box, style="void", heading=None, verdict=NOT_COUNTED, trouble=NOT_ALLOWED)
    elif _is_weaker(view, one):
        return msgspec.structs.replace(box, heading=WEAKER, verdict=None)
    if one is not view.signature:
        return box
    box = msgspec.structs.replace(box, typed=view.typed, picture="" if view.typed else one.sha256 or "")
    if not (last and one.allowed):
        return box
    if one.state != "holds":
        return msgspec.structs.replace(box, style="void", heading=None, verdict=VOID, trouble=STATES[one.state])
    return msgspec.structs.replace(box, style="", heading=CURRENT, verdict=SIGNED, holds=True)


def _refusal_box(view: StatementView, one: StatementRefusal, last: bool, zone: tzinfo | None) -> ResponseBox:
    if not one.same:
        heading = OF_EARLIER_TEXT
    elif last:
        heading = CURRENT
    else:
        heading = None if _is_by_staff(one) else SUPERSEDED
    return ResponseBox(
        style="said" if heading is CURRENT else "none",
        heading=heading,
        verdict=OUTCOMES.get(one.outcome or "", NOT_SIGNED),
        at=in_zone(one.at, zone),
        reason=one.reason,
        helper=one.helper or "",
        relation=_relation(view, one.relation) if one.helper else None,
        then=changed_lines(view, view.texts.get(one.entry)),
        how=WRITERS.get(one.by, OTHER_WRITER),
    )


def _relation(view: StatementView, name: str | None) -> AnyText:
    known = next((one for one in view.relations if one.id == name), None)
    return known or TextPair(name or "", "")
