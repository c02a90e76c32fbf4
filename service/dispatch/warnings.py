"""What a dispatcher should look at again: nothing of it is refused."""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts.permissions import Person, covers_area
from service.accounts.repository import names_of
from service.context import AppContext
from service.db.database import Transaction
from service.judge.moments import to_ms
from service.judge.visit import Window
from service.text import phone_numbers, sms_number
from service.visits import repository as visits_repository
from service.visits import search_index, summaries
from service.visits.loading import PLAN_DECODER, load_visit
from service.visits.plan import Plan
from service.visits.summaries import VisitFilter, VisitSummaryRow
from service.visits.windows import format_window, local

from .marks import OVER, overlap

WarningCode = Literal["overlap", "past", "phone", "duplicate_ref", "far_ahead", "long"]
LONGEST_WINDOW = timedelta(days=1)  # a visit that began earlier is not looked for
FAR_AHEAD = timedelta(days=366)
MAX_LISTED = 500  # visits of a person around a window


class PlanWarning(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something about a plan that is probably not meant."""

    code: Annotated[
        WarningCode,
        Meta(
            description="`overlap`: the technician or crew has another visit then; `past`: the window is over; `phone`:"
            " no telephone that can be dialled, none that gets text messages, or several; `duplicate_ref`: another"
            " visit has this work order number;"
            " `far_ahead`: more than a year from now; `long`: the time is longer than a day."
        ),
    ]
    detail: Annotated[str, Meta(description="In words, Chinese and English.")]
    visit: Annotated[
        str | None, Meta(description="The id of the other visit that it is about, if it is in an area of the caller's.")
    ] = None


class ShownWarning(msgspec.Struct, frozen=True):
    """A warning for a page, and the address of the visit that it is about."""

    zh: str
    en: str
    link: str


async def plan_warnings(
    ctx: AppContext, tx: Transaction, person: Person, visit_id: UUID, plan: Plan
) -> tuple[PlanWarning, ...]:
    """What a dispatcher should look at again before or after saving a plan, under the id that the visit (will) have."""
    found: list[PlanWarning] = []
    window = local(ctx, plan.window)
    if window is not None:
        found += await _overlaps(ctx, tx, person, visit_id, plan, window)
        if window.end <= ctx.now():
            year = f"{window.start.year} 年" if window.start.year != ctx.now().year else ""
            found.append(PlanWarning("past", f"{year}{format_window(window)} 已经过去 / the time is over"))
        elif window.start > ctx.now() + FAR_AHEAD:
            zh, en = (
                f"{window.start.year} 年{format_window(window)} 离现在一年以上",
                "the time is more than a year from now",
            )
            found.append(PlanWarning("far_ahead", f"{zh}，请核对年份 / {en}: look at the year"))
        if window.end - window.start > LONGEST_WINDOW:
            zh = f"{format_window(window)} 长于 24 小时，请核对结束的日期"
            found.append(PlanWarning("long", f"{zh} / the time is longer than 24 hours: look at its end"))
    found += _phone_warnings(plan.customer.phone)
    other = await _reference_used_by(ctx, tx, person, visit_id, plan.external_ref) if plan.external_ref else None
    if other is not None:
        other_id, who = other
        zh = f"工单号 {plan.external_ref} 已用于另一次上门：{who}"
        found.append(PlanWarning("duplicate_ref", f"{zh} / another visit has this work order number: {who}", other_id))
    return tuple(found)


def _phone_warnings(phone: str) -> list[PlanWarning]:
    """What a telephone is needed for, and this one cannot do."""
    numbers, mobile = phone_numbers(phone), sms_number(phone)
    if not numbers:
        return [PlanWarning("phone", "没有能拨通的电话号码 / no telephone number that can be dialled")]
    if not mobile:
        return [PlanWarning("phone", "只有座机，收不到短信 / a landline alone, which gets no text messages")]
    if len(numbers) > 1:
        zh = f"写了 {len(numbers)} 个号码，短信只发到 {mobile}"
        return [PlanWarning("phone", f"{zh} / {len(numbers)} numbers: text messages go to {mobile} alone")]
    return []


async def _overlaps(
    ctx: AppContext, tx: Transaction, person: Person, visit_id: UUID, plan: Plan, window: Window
) -> list[PlanWarning]:
    start, end = window.start - LONGEST_WINDOW, window.end
    from_at, to_at = to_ms(start), to_ms(end) + 1
    found: list[PlanWarning] = []
    for login in dict.fromkeys((plan.technician, *plan.crew)):
        wanted = VisitFilter(technician=login, from_at=from_at, to_at=to_at)
        for row in await summaries.list_summaries(tx, wanted, size=MAX_LISTED):
            other = local(ctx, PLAN_DECODER.decode(row.plan).window)
            if row.visit == visit_id or row.state in OVER or other is None or not overlap(window, other):
                continue
            which = _reference(person, row)
            name = (await names_of(tx, (login,)))[login]
            zh = f"{name} {format_window(other)} 已有另一次上门{which}"
            en = f"{name} has another visit{which} on {other.start:%Y-%m-%d}, {other.start:%H:%M}–{other.end:%H:%M}"
            visible = str(row.visit) if covers_area(person, row.area) else None
            found.append(PlanWarning("overlap", f"{zh} / {en}", visible))
            break
    return found


def _reference(person: Person, row: VisitSummaryRow) -> str:
    """The work order number of another visit, if it is in an area of the person's."""
    reference = PLAN_DECODER.decode(row.plan).external_ref if covers_area(person, row.area) else None
    return f" {reference}" if reference else ""


async def _reference_used_by(
    ctx: AppContext, tx: Transaction, person: Person, visit_id: UUID, reference: str
) -> tuple[str, str] | None:
    """Another visit in an area of the person's that has the number, and was not cancelled: its id, and the customer and
    time."""
    for other in await search_index.find_by_reference(tx, reference):
        row = None if other == visit_id else await visits_repository.get_visit(tx, other)
        if row is not None and row.state != "cancelled" and covers_area(person, row.area):
            plan = (await load_visit(ctx, tx, row)).plan
            window = local(ctx, plan.window)
            return str(other), f"{plan.customer.name} {format_window(window)}" if window else plan.customer.name
    return None


def in_words(warnings: tuple[PlanWarning, ...]) -> tuple[ShownWarning, ...]:
    """The warnings for a page, in Chinese and English."""
    return tuple(
        ShownWarning(zh, en, f"/desk/visits/{one.visit}" if one.visit else "")
        for one in warnings
        for zh, _, en in [one.detail.partition(" / ")]
    )
