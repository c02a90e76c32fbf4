"""All visits of one customer, by their telephone, name or account."""

from collections.abc import Collection
from typing import Literal
from uuid import UUID

import msgspec

from service.context import AppContext
from service.db.database import Transaction
from service.text import identifier_key, phone_numbers, search_key
from service.visits import repository as visits_repository
from service.visits import search_index
from service.visits.change_rows import changes_of
from service.visits.changes import DetailsUpdate
from service.visits.loading import PLAN_DECODER
from service.visits.plan import Customer
from service.visits.repository import VisitRow
from service.visits.summaries import get_summary
from service.web.defects import or_unreadable

By = Literal["phone", "name", "account"]
ANY: tuple[By, ...] = ("phone", "name", "account")


class FoundVisit(msgspec.Struct, frozen=True):
    """A visit of a customer, so that a person can confirm that it is theirs."""

    visit: str
    planned_at: int  # ms UTC
    customer: str
    phone: str
    address: str
    external_ref: str
    account: str
    area: str


_details = msgspec.json.Decoder(DetailsUpdate)


async def find(ctx: AppContext, text: str, by: Collection[By] = ANY) -> list[FoundVisit]:
    """The visits whose customer has exactly this telephone, name or account now, or had it before a change."""
    if not search_key(text):  # it would occur in every text
        return []
    numbers = phone_numbers(text) if "phone" in by else ()
    candidates = await ctx.db.read(lambda tx: search_index.find_by_customer(tx, text, numbers))
    found: list[FoundVisit] = []
    for visit_id in candidates:

        async def match(tx: Transaction, visit_id: UUID = visit_id) -> FoundVisit | None:
            return await or_unreadable(ctx, visit_id, _match(tx, visit_id, text, by))

        one = await ctx.db.read(match)
        if one is not None:
            found.append(one)
    return sorted(found, key=lambda one: (one.planned_at, one.visit))


async def _match(tx: Transaction, visit_id: UUID, text: str, by: Collection[By]) -> FoundVisit | None:
    summary, row = await get_summary(tx, visit_id), await visits_repository.get_visit(tx, visit_id)
    if row is None or summary is None:
        return None
    plan = PLAN_DECODER.decode(summary.plan)
    customer = plan.customer
    if not any(is_customer(one, text, by) for one in (customer, *await named_by(tx, row))):
        return None
    return FoundVisit(
        visit=str(visit_id),
        planned_at=summary.planned_at,
        customer=customer.name,
        phone=customer.phone,
        address=customer.address,
        external_ref=plan.external_ref or "",
        account=customer.account,
        area=row.area,
    )


async def named_by(tx: Transaction, row: VisitRow) -> list[Customer]:
    """The customers that a visit names or named, from the first plan on."""
    details = [_details.decode(change.body) for change in await changes_of(tx, row.id) if change.kind == "details"]
    return [PLAN_DECODER.decode(row.body).customer, *(one.customer for one in details if one.customer is not None)]


def is_customer(customer: Customer, text: str, by: Collection[By] = ANY) -> bool:
    """Whether a text is the whole name, account or one of the telephone numbers of a customer."""
    named = {"name": customer.name, "account": customer.account}
    if identifier_key(text) in {identifier_key(named[one]) for one in by if one in named} - {""}:
        return True
    numbers = set(phone_numbers(customer.phone)) | {search_key(customer.phone)}
    wanted = set(phone_numbers(text)) | {search_key(text)}
    return "phone" in by and bool((numbers - {""}) & wanted)
