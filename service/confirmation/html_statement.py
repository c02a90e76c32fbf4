"""The customer's statements as HTML: what was done, with photos. Who signed or refused them: `marks`."""

from datetime import datetime, tzinfo
from html import escape

from service.judge.moments import in_zone
from service.judge.statements import StatementLine
from service.web.pages import bilingual

from .statements import StatementView

HIDDEN_UNTIL_VERIFIED = "输入验证码后可看", "to be seen after the code"


def format_datetime(moment: datetime, zone: tzinfo | None) -> str:
    """A moment as people write it: 2026年3月2日 09:30."""
    at = in_zone(moment, zone)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"


def anchor(sha256: str) -> str:
    """The name of the part of the page that says who signed a statement: where the page goes on after signing."""
    return f"paper-{sha256[:12]}"


def relation_label(paper: StatementView, name: str | None) -> str:
    """Who somebody is to the customer, in words."""
    return next((f"{one.zh} {one.en}" for one in paper.relations if one.id == name), name or "")


def statement(paper: StatementView, pictures: str | None, instead: tuple[str, str] = HIDDEN_UNTIL_VERIFIED) -> str:
    """What stands in a statement. `pictures` is where its photos are; None: what is said `instead` of them."""
    title = bilingual(paper.title.zh, paper.title.en)
    about = f"<p><strong>{escape(paper.label)}</strong></p>" if paper.label else ""
    lines = zip(paper.statement.lines, paper.english, strict=True)
    return f"<h2>{title}</h2>{about}<dl>{''.join(_line(one, en, pictures, instead) for one, en in lines)}</dl>"


def declaration(paper: StatementView) -> str:
    """What who signs declares; the Chinese is what is signed."""
    said = paper.statement.declaration
    return f'<p class="declares">{bilingual(said, paper.declares or "")}</p>' if said else ""


def _line(line: StatementLine, english: str, pictures: str | None, instead: tuple[str, str]) -> str:
    values = "".join(f"<dd>{escape(value)}</dd>" for value in line.value)
    if line.photos and pictures is None:
        values += f"<dd>{bilingual(f'{len(line.photos)} 张，{instead[0]}', instead[1])}</dd>"
    elif line.photos and pictures is not None:
        values += f'<dd class="photos">{"".join(photo_link(line.label, pictures, one) for one in line.photos)}</dd>'
    return f'<dt>{escape(line.label)} <span lang="en">{escape(english)}</span></dt>{values}'


def photo_link(label: str, pictures: str, file: str, kind: str = "") -> str:
    """A small picture that leads to the large one."""
    address = f"{pictures}/{file}"
    image = f'<img src="{escape(address)}?size=small" alt="{escape(label)}" loading="lazy" class="{kind}">'
    return f'<a href="{escape(address)}">{image}</a>'
