"""The text of the mail about duties, for the addresses of the office (`DOORSTEP_DUTY_MAIL`).

It is read outside of this service, so it names the work order and leads to the desk, and has nothing of the customer.
"""

from uuid import UUID

import msgspec

from service.checklists.rules_cache import compiled_rules
from service.context import AppContext
from service.db.database import Transaction
from service.db.rows import fetch_structs
from service.visits.loading import PLAN_DECODER
from service.web.language import AnyText, PageText
from service.web.templates import translate

from .listing import duty_title

DAY_MS = 86_400_000
MOST = 20
"""How many duties of an area are listed under a heading; of the others, only the number."""
SUBJECT = PageText("待办：逾期 %(late)s 件，24 小时内到期 %(soon)s 件")
NO_AREA = PageText("没有片区")
MORE = PageText("另有 %(count)s 件")
ALL = PageText("全部待办")


class DutyLine(msgspec.Struct, frozen=True, kw_only=True):
    """A duty in the mail, and how many there are in its area."""

    area: str
    total: int
    visit: UUID
    item: str
    due_at: int
    plan: bytes
    checklist: str
    checklist_version: str


class DutyMail(msgspec.Struct, frozen=True):
    """A mail."""

    subject: str
    text: str


async def compose(ctx: AppContext, tx: Transaction) -> DutyMail | None:
    """What is due within a day, what fell due within the last one, and what is overdue longer; None if nothing is."""
    now = ctx.clock()
    sections = (
        (PageText("昨天以来逾期"), now - DAY_MS, now),
        (PageText("24 小时内到期"), now, now + DAY_MS),
        (PageText("早已逾期"), 0, now - DAY_MS),
    )
    found = [(title, await _lines(tx, start, end)) for title, start, end in sections]
    counts = [_count(lines) for _, lines in found]
    if not any(counts):
        return None
    parts = [part for title, lines in found if lines for part in await _section(ctx, tx, title, lines)]
    parts.append(f"{_both(ALL)}\n{ctx.company.url}/desk/duties")
    subject = msgspec.structs.replace(SUBJECT, values={"late": counts[0] + counts[2], "soon": counts[1]})
    return DutyMail(_both(subject), "\n\n".join((ctx.company.company, *parts)) + "\n")


async def _lines(tx: Transaction, start: int, end: int) -> list[DutyLine]:
    return await fetch_structs(tx, DutyLine, "duties_due_between", start=start, end=end, most=MOST)


def _count(lines: list[DutyLine]) -> int:
    return sum({line.area: line.total for line in lines}.values())


async def _section(ctx: AppContext, tx: Transaction, title: PageText, lines: list[DutyLine]) -> list[str]:
    """The heading, and a paragraph for each area."""
    parts = [f"【{_both(title)}：{_count(lines)}】"]
    for area in dict.fromkeys(line.area for line in lines):
        of_area = [line for line in lines if line.area == area]
        rows = [f"{area or _both(NO_AREA)}：{of_area[0].total}", *[await _line(ctx, tx, line) for line in of_area]]
        if hidden := of_area[0].total - len(of_area):
            rows.append(f"  {_both(msgspec.structs.replace(MORE, values={'count': hidden}))}")
        parts.append("\n".join(rows))
    return parts


async def _line(ctx: AppContext, tx: Transaction, line: DutyLine) -> str:
    rules = await compiled_rules(ctx, tx, line.checklist, line.checklist_version)
    title = duty_title(rules, line.item, "overdue" if line.due_at <= ctx.clock() else "open")
    number = " ".join((PLAN_DECODER.decode(line.plan).external_ref or "—").split())
    due = f"{ctx.to_local_time(line.due_at):%Y-%m-%d %H:%M}"
    return f"- {due}  {number}  {_both(title)}\n  {ctx.company.url}/desk/visits/{line.visit}"


def _both(text: AnyText) -> str:
    """A text in Chinese and English: nobody knows who reads the mail."""
    zh, en = translate(text, "zh"), translate(text, "en")
    return zh if zh == en else f"{zh} / {en}"
