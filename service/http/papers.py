"""The customer's statements as HTML: what was done, with photos; who signed it, how, and whether that still holds."""

from datetime import datetime, tzinfo
from html import escape

from service.domain.confirmation import Declined, Signature
from service.domain.statement import Filled
from service.flows.papers import Shown

from .pages import both

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
HIDDEN = "输入验证码后可看", "to be seen after the code"
NOT_SIGNED = "没有签字", "Did not sign"
OTHER = "工作人员填写", "written by our staff"


def spelt(moment: datetime, zone: tzinfo | None) -> str:
    """A moment as people write it: 2026年3月2日 09:30."""
    at = moment.astimezone(zone)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"


def part(sha256: str) -> str:
    """The name of the part of the page that says who signed a statement: where the page goes on after signing."""
    return f"paper-{sha256[:12]}"


def level(signature: Signature) -> tuple[str, str]:
    """How a signature was given."""
    return BY_LINK if signature.via == "link" and signature.level == "phone" else LEVELS[signature.level]


def relation(paper: Shown, name: str | None) -> str:
    """Who somebody is to the customer, in words."""
    return next((f"{one.zh} {one.en}" for one in paper.relations if one.id == name), name or "")


def statement(paper: Shown, pictures: str | None, instead: tuple[str, str] = HIDDEN) -> str:
    """What stands in a statement. `pictures` is where its photos are; None: what is said `instead` of them."""
    title = both(paper.title.zh, paper.title.en)
    about = f"<p><strong>{escape(paper.label)}</strong></p>" if paper.label else ""
    return f"<h2>{title}</h2>{about}<dl>{''.join(_line(one, pictures, instead) for one in paper.statement.lines)}</dl>"


def _line(line: Filled, pictures: str | None, instead: tuple[str, str]) -> str:
    values = "".join(f"<dd>{escape(value)}</dd>" for value in line.value)
    if line.photos and pictures is None:
        values += f"<dd>{both(f'{len(line.photos)} 张，{instead[0]}', instead[1])}</dd>"
    elif line.photos:
        values += f'<dd class="photos">{"".join(_photo(line.label, pictures, one) for one in line.photos)}</dd>'
    return f"<dt>{escape(line.label)}</dt>{values}"


def _photo(label: str, pictures: str | None, file: str, kind: str = "") -> str:
    """A small picture that leads to the large one."""
    address = f"{pictures}/{file}"
    image = f'<img src="{escape(address)}?size=small" alt="{escape(label)}" loading="lazy" class="{kind}">'
    return f'<a href="{escape(address)}">{image}</a>'


def marks(paper: Shown, pictures: str | None, zone: tzinfo | None) -> str:
    """Its signature, and who would not or could not sign."""
    before = "".join(_other(paper, one, zone) for one in paper.earlier)
    signed = before + (_signed(paper, paper.signature, pictures, zone) if paper.signature else "")
    return signed + "".join(_declined(paper, one, zone) for one in paper.declined)


def _other(paper: Shown, signature: Signature, zone: tzinfo | None) -> str:
    """A signature that is not the one that counts, and why not: everybody sees that."""
    who = f"{signature.signer}（{relation(paper, signature.relation)}） {spelt(signature.at, zone)}"
    after = paper.signature is not None and signature.at > paper.signature.at
    word = both("此前的签名，已被后来的代替", "An earlier signature, replaced by a later one")
    if after:
        word = both("另一次签名，以本人手机签认的为准", "Another signature; the one on the own phone counts")
    return (
        f'<div class="mark {"none" if after else "void"}"><p><strong>{word}</strong></p><p>{escape(who)}</p>'
        f"<p>{both(*level(signature))}</p></div>"
    )


def _signed(paper: Shown, signature: Signature, pictures: str | None, zone: tzinfo | None) -> str:
    holds = signature.state == "holds"
    who = f"{signature.signer}（{relation(paper, signature.relation)}）"
    ink = ""
    if paper.typed:
        ink = f'<p class="typed">{escape(signature.signer)}</p><p>{both(*TYPED)}</p>'
    elif pictures is not None and signature.sha256:
        ink = f'<p class="photos">{_photo("签名", pictures, signature.sha256, "ink")}</p>'
    word = both("已签字", "Signed") if holds else both("签名已失效", "The signature no longer holds")
    if not signature.allowed:
        other = both("签字人不是可以签字的人，请户主或成年家人再签", "Who signed may not; please let the holder sign")
        ink += f'<p class="trouble">{other}</p>'
    return (
        f'<div class="mark{"" if holds else " void"}"><p><strong>{word}</strong></p>'
        f"<p>{escape(who)}</p><p>{spelt(signature.at, zone)}</p><p>{both(*level(signature))}</p>{ink}"
        f'<p class="{"ok" if holds else "trouble"}">{both(*STATES[signature.state])}</p></div>'
    )


def _declined(paper: Shown, one: Declined, zone: tzinfo | None) -> str:
    zh, en = OUTCOMES.get(one.outcome or "", NOT_SIGNED)
    helper = f"{one.helper}（{relation(paper, one.relation)}）" if one.helper else ""
    reason = f"<p>{escape(one.reason)}</p>" if one.reason.strip() else ""
    helped = f"<p>{both(f'协助人：{helper}', 'who helped')}</p>" if helper else ""
    return (
        f'<div class="mark none"><p><strong>{both(zh, en)}</strong></p>{reason}{helped}'
        f"<p>{spelt(one.at, zone)}</p><p>{both(*WRITERS.get(one.by, OTHER))}</p></div>"
    )
