"""Under a statement all that was said to it, in the order of time, and which of it is the customer's answer now."""

from datetime import tzinfo
from html import escape

from service.judge.signoffs import Signature, StatementRefusal
from service.web.pages import bilingual

from .html_statement import format_datetime, photo_link, relation_label
from .statements import StatementView

StatementResponse = Signature | StatementRefusal
LEVELS = {
    "phone": ("在工作人员手机上签名", "signed on our staff's phone"),
    "own_device": ("本人手机验证码签认", "signed on the signer's own phone, with a code"),
}
BY_LINK = (
    "通过链接、凭验证码签字；当时与工作人员同一网络或设备，按在场签字计",
    "signed by link with a code, on the network or a device of our staff: it counts as given in their presence",
)
TYPED = "以输入姓名和验证码签认", "confirmed by typed name and code"
STATES = {
    "holds": ("签名有效，内容没有变更", "The signature holds; nothing has changed since"),
    "changed": (
        "签字后内容有变更，签名已失效，请重新核对",
        "It was changed after the signature, which no longer holds; read it again",
    ),
    "wrong": (
        "签名所指的不是这份内容，签名无效，请重新核对",
        "The signature names another text and does not hold; read it again",
    ),
    "unbound": (
        "签名没有对应的内容，签名无效，请重新核对",
        "The signature names no text and does not hold; read it again",
    ),
}
OUTCOMES = {
    "refused": ("不同意，没有签字", "Did not agree and did not sign"),
    "partly": ("部分不同意", "Disagreed in part"),
    "unable": ("不方便签字", "Was not able to sign"),
    "absent": ("当时不在场", "Was not there"),
}
WRITERS = {"customer": ("客户本人填写", "written by the customer")}
NOT_SIGNED = "没有签字", "Did not sign"
OTHER = "工作人员填写", "written by our staff"
NOW = "您现在的答复", "Your answer now"
BEFORE = "此前的答复，已由后来的代替", "An earlier answer, replaced"
OF_OTHER = "这是对此前内容的意见，内容后来有变更", "This was said to an earlier text; it was changed since"
WEAKER = "另一次签名，以本人手机签认的为准", "Another signature; the one on the own phone counts"


def responses(paper: StatementView, pictures: str | None, zone: tzinfo | None) -> str:
    """All that was said to a statement, the last of it last."""
    last = _last(paper)
    return "".join(
        _signed(paper, one, one is last, pictures, zone)
        if isinstance(one, Signature)
        else _declined(paper, one, one is last, zone)
        for one in _in_time(paper)
    )


def current_response(paper: StatementView) -> StatementResponse | None:
    """The customer's last word, if it is about the statement as it is now."""
    last = _last(paper)
    return last if last is not None and _is_about_current_text(last) else None


def _last(paper: StatementView) -> StatementResponse | None:
    """His last word, of whatever text."""
    his = [one for one in _in_time(paper) if not _is_weaker(paper, one) and not _is_by_staff(one)]
    return his[-1] if his else None


def _in_time(paper: StatementView) -> list[StatementResponse]:
    """At the same moment a refusal comes last: who refuses has not agreed."""
    signed = (*paper.earlier, *filter(None, [paper.signature]))
    found: list[StatementResponse] = [*signed, *paper.declined]
    return sorted(found, key=lambda one: (one.at, isinstance(one, StatementRefusal)))


def _is_about_current_text(mark: StatementResponse) -> bool:
    return mark.same if isinstance(mark, StatementRefusal) else mark.state == "holds"


def _is_by_staff(mark: StatementResponse) -> bool:
    return isinstance(mark, StatementRefusal) and mark.by != "customer"


def _is_weaker(paper: StatementView, mark: StatementResponse) -> bool:
    """A signature after the one that counts, which was given more surely."""
    return isinstance(mark, Signature) and paper.signature is not None and mark.at > paper.signature.at


def _response_box(shape: str, headed: tuple[str, str] | None, inside: str) -> str:
    head = f"<p><strong>{bilingual(*headed)}</strong></p>" if headed else ""
    return f'<div class="mark{shape}">{head}{inside}</div>'


def _signed(paper: StatementView, one: Signature, last: bool, pictures: str | None, zone: tzinfo | None) -> str:
    who = f"{one.signer}（{relation_label(paper, one.relation)}） {format_datetime(one.at, zone)}"
    inside = f"<p>{escape(who)}</p><p>{bilingual(*verification_label(one))}</p>"
    was = f"<p><strong>{bilingual('签过字', 'Had signed')}</strong></p>"
    if one is not paper.signature:
        return (
            _response_box(" none", WEAKER, inside)
            if _is_weaker(paper, one)
            else _response_box(" none", BEFORE, was + inside)
        )
    if paper.typed:
        inside += f'<p class="typed">{escape(one.signer)}</p><p>{bilingual(*TYPED)}</p>'
    elif pictures is not None and one.sha256:
        inside += f'<p class="photos">{photo_link("签名", pictures, one.sha256, "ink")}</p>'
    if not last:
        return _response_box(" none", BEFORE, was + inside)
    if one.state != "holds":
        word = bilingual("签名已失效", "The signature no longer holds")
        inside += f'<p class="trouble">{bilingual(*STATES[one.state])}</p>'
        return _response_box(" void", None, f"<p><strong>{word}</strong></p>{inside}")
    inside = f"<p><strong>{bilingual('已签字', 'Signed')}</strong></p>{inside}"
    if not one.allowed:
        other = bilingual(
            "签字人不是可以签字的人，请户主或成年家人再签", "Who signed may not; please let the holder sign"
        )
        inside += f'<p class="trouble">{other}</p>'
    return _response_box("", NOW, f'{inside}<p class="ok">{bilingual(*STATES["holds"])}</p>')


def _declined(paper: StatementView, one: StatementRefusal, last: bool, zone: tzinfo | None) -> str:
    headed = NOW if last and one.same else OF_OTHER if not one.same else None if _is_by_staff(one) else BEFORE
    helper = f"{one.helper}（{relation_label(paper, one.relation)}）" if one.helper else ""
    reason = f"<p>{escape(one.reason)}</p>" if one.reason.strip() else ""
    helped = f"<p>{bilingual(f'协助人：{helper}', 'who helped')}</p>" if helper else ""
    said = f"<p><strong>{bilingual(*OUTCOMES.get(one.outcome or '', NOT_SIGNED))}</strong></p>"
    wrote = f"<p>{format_datetime(one.at, zone)}</p><p>{bilingual(*WRITERS.get(one.by, OTHER))}</p>"
    return _response_box(" said" if headed is NOW else " none", headed, f"{said}{reason}{helped}{wrote}")


def verification_label(signature: Signature) -> tuple[str, str]:
    """How a signature was given."""
    return BY_LINK if signature.via == "link" and signature.level == "phone" else LEVELS[signature.level]
