"""Under a statement all that was said to it, in the order of time, and which of it is the customer's answer now."""

from datetime import tzinfo
from html import escape

from service.judge.signoffs import Declined, Signature
from service.web.pages import both

from .html_statement import linked_photo, relation, spelt
from .statements import StatementView

StatementResponse = Signature | Declined
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


def marks(paper: StatementView, pictures: str | None, zone: tzinfo | None) -> str:
    """All that was said to a statement, the last of it last."""
    last = _last(paper)
    return "".join(
        _signed(paper, one, one is last, pictures, zone)
        if isinstance(one, Signature)
        else _declined(paper, one, one is last, zone)
        for one in _in_time(paper)
    )


def now(paper: StatementView) -> StatementResponse | None:
    """The customer's last word, if it is about the statement as it is now."""
    last = _last(paper)
    return last if last is not None and _of_this(last) else None


def _last(paper: StatementView) -> StatementResponse | None:
    """His last word, of whatever text."""
    his = [one for one in _in_time(paper) if not _weaker(paper, one) and not _of_staff(one)]
    return his[-1] if his else None


def _in_time(paper: StatementView) -> list[StatementResponse]:
    """At the same moment a refusal comes last: who refuses has not agreed."""
    signed = (*paper.earlier, *filter(None, [paper.signature]))
    found: list[StatementResponse] = [*signed, *paper.declined]
    return sorted(found, key=lambda one: (one.at, isinstance(one, Declined)))


def _of_this(mark: StatementResponse) -> bool:
    return mark.same if isinstance(mark, Declined) else mark.state == "holds"


def _of_staff(mark: StatementResponse) -> bool:
    return isinstance(mark, Declined) and mark.by != "customer"


def _weaker(paper: StatementView, mark: StatementResponse) -> bool:
    """A signature after the one that counts, which was given more surely."""
    return isinstance(mark, Signature) and paper.signature is not None and mark.at > paper.signature.at


def _box(shape: str, headed: tuple[str, str] | None, inside: str) -> str:
    head = f"<p><strong>{both(*headed)}</strong></p>" if headed else ""
    return f'<div class="mark{shape}">{head}{inside}</div>'


def _signed(paper: StatementView, one: Signature, last: bool, pictures: str | None, zone: tzinfo | None) -> str:
    who = f"{one.signer}（{relation(paper, one.relation)}） {spelt(one.at, zone)}"
    inside = f"<p>{escape(who)}</p><p>{both(*level(one))}</p>"
    was = f"<p><strong>{both('签过字', 'Had signed')}</strong></p>"
    if one is not paper.signature:
        return _box(" none", WEAKER, inside) if _weaker(paper, one) else _box(" none", BEFORE, was + inside)
    if paper.typed:
        inside += f'<p class="typed">{escape(one.signer)}</p><p>{both(*TYPED)}</p>'
    elif pictures is not None and one.sha256:
        inside += f'<p class="photos">{linked_photo("签名", pictures, one.sha256, "ink")}</p>'
    if not last:
        return _box(" none", BEFORE, was + inside)
    if one.state != "holds":
        word = both("签名已失效", "The signature no longer holds")
        inside += f'<p class="trouble">{both(*STATES[one.state])}</p>'
        return _box(" void", None, f"<p><strong>{word}</strong></p>{inside}")
    inside = f"<p><strong>{both('已签字', 'Signed')}</strong></p>{inside}"
    if not one.allowed:
        other = both("签字人不是可以签字的人，请户主或成年家人再签", "Who signed may not; please let the holder sign")
        inside += f'<p class="trouble">{other}</p>'
    return _box("", NOW, f'{inside}<p class="ok">{both(*STATES["holds"])}</p>')


def _declined(paper: StatementView, one: Declined, last: bool, zone: tzinfo | None) -> str:
    headed = NOW if last and one.same else OF_OTHER if not one.same else None if _of_staff(one) else BEFORE
    helper = f"{one.helper}（{relation(paper, one.relation)}）" if one.helper else ""
    reason = f"<p>{escape(one.reason)}</p>" if one.reason.strip() else ""
    helped = f"<p>{both(f'协助人：{helper}', 'who helped')}</p>" if helper else ""
    said = f"<p><strong>{both(*OUTCOMES.get(one.outcome or '', NOT_SIGNED))}</strong></p>"
    wrote = f"<p>{spelt(one.at, zone)}</p><p>{both(*WRITERS.get(one.by, OTHER))}</p>"
    return _box(" said" if headed is NOW else " none", headed, f"{said}{reason}{helped}{wrote}")


def level(signature: Signature) -> tuple[str, str]:
    """How a signature was given."""
    return BY_LINK if signature.via == "link" and signature.level == "phone" else LEVELS[signature.level]
