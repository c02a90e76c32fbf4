"""What is owed to customers, by due date."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from service.accounts import repository as accounts_repository
from service.accounts.authentication import authenticate_token, require_permission
from service.accounts.permissions import areas_to_list
from service.checklists.rules_cache import compiled_rules
from service.context import AppContext, read_only
from service.db.database import Row, Transaction
from service.db.rows import from_row
from service.judge.checklist import Text
from service.judge.moments import to_ms
from service.judge.rules import CompiledChecklist
from service.visits.loading import PLAN_DECODER
from service.visits.owed_duties import OwnerRole
from service.visits.plan import Customer
from service.visits.summaries import MIN_KEY
from service.visits.working_days import is_known
from service.web.decoding import parse_timestamp
from service.web.pagination import decode_named_cursor, encode_cursor

PAGE = 100
FIRST = (*MIN_KEY, "")
DutyState = Literal["open", "overdue", "closed"]


class DutyView(msgspec.Struct, frozen=True, kw_only=True):
    """An obligation that a visit opened."""

    visit: Annotated[str, Meta(description="The visit's id.")]
    item: Annotated[str, Meta(description="The item of the checklist.")]
    thing: Annotated[str | None, Meta(description="Which thing, where there are several.")]
    title: Annotated[Text, Meta(description="What is not done; of a closed duty, what it was.")]
    label: Annotated[str, Meta(description="What the thing is called.")]
    clause: Annotated[str, Meta(description="The clause of the norm.")]
    owner: Annotated[OwnerRole, Meta(description="Whose duty it is.")]
    technician: Annotated[str, Meta(description="Login of the visit's technician.")]
    area: Annotated[str, Meta(description="The area (片区).")]
    customer: Annotated[Customer, Meta(description="To whom it is owed.")]
    external_ref: Annotated[str | None, Meta(description="The work order number.")]
    since: Annotated[datetime, Meta(description="Since when it is owed.")]
    due_at: Annotated[datetime, Meta(description="By when it has to be done.")]
    closed_at: Annotated[datetime | None, Meta(description="When it was done, or dropped.")]
    dropped_by: Annotated[str | None, Meta(description="Login of the supervisor who decided that it is not done.")]
    dropped_reason: Annotated[str, Meta(description="Why it is not done.")]
    state: Annotated[DutyState, Meta(description="Overdue: the due date has passed.")]
    calendar_known: Annotated[
        bool, Meta(description="False: working days count, and the official calendar of that year is not published.")
    ]


class DutyList(msgspec.Struct, frozen=True):
    """A page of duties, by due date."""

    duties: Annotated[tuple[DutyView, ...], Meta(description="The duties.")]
    after: Annotated[str | None, Meta(description="The cursor of the next page.")]


class DutyFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which duties are wanted."""

    owner: str = ""
    area: str | None = None
    technician: str = ""
    state: DutyState = "open"
    due_before: str | None = None
    after: str | None = None


class DutyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A duty; times are ms UTC."""

    visit: UUID
    duty: str
    item: str
    thing: str
    label: str
    owner: OwnerRole
    technician: str
    area: str
    since: int
    due_at: int
    closed_at: int | None
    dropped_by: str
    dropped_reason: str
    plan: bytes
    checklist: str
    checklist_version: str

    @property
    def key(self) -> tuple[int, UUID, str]:
        """Its place in the list."""
        return self.due_at, self.visit, self.duty


@read_only
async def list_duties(ctx: AppContext, tx: Transaction, token: bytes, wanted: DutyFilter) -> DutyList:
    """A page of duties, for dispatchers and supervisors. PermissionDenied for an area that is not one of theirs."""
    person = await authenticate_token(tx, token)
    require_permission(person, "see duties")
    before = 2**62 if wanted.due_before is None else to_ms(parse_timestamp(wanted.due_before, "due_before"))
    if wanted.state == "overdue":
        before = min(before, ctx.clock() + 1)
    key = FIRST if wanted.after is None else decode_named_cursor(wanted.after)
    given = {
        "owner": wanted.owner,
        "technician": wanted.technician and await accounts_repository.known_login(tx, wanted.technician),
        "due_before": before,
        "after_at": key[0],
        "after_visit": key[1].bytes,
        "after_duty": key[2],
        "size": PAGE + 1,
    }
    rows: list[Row] = []
    for area in areas_to_list(person, wanted.area):
        if wanted.state == "closed":
            rows += await tx.fetch_all("closed_duties", every_area=int(area is None), area=area or "", **given)
        elif area is None:
            rows += await tx.fetch_all("open_duties", **given)
        else:
            rows += await tx.fetch_all("open_duties_of_area", area=area, **given)
    found = sorted((from_row(DutyRow, row) for row in rows), key=lambda row: row.key)
    duties = [await _view(ctx, tx, row) for row in found[:PAGE]]
    last = found[PAGE - 1] if len(found) > PAGE else None
    return DutyList(tuple(duties), last and encode_cursor((last.due_at, last.visit), last.duty))


def duty_title(rules: CompiledChecklist, item: str, state: DutyState) -> Text:
    """What a duty is called, in the words of the finding that it is; once it is closed, of the item."""
    return rules.by_id[item].item.label if state == "closed" else rules.speaker.undone(item, late=state == "overdue")


async def _view(ctx: AppContext, tx: Transaction, row: DutyRow) -> DutyView:
    rules = await compiled_rules(ctx, tx, row.checklist, row.checklist_version)
    item, plan = rules.by_id[row.item].item, PLAN_DECODER.decode(row.plan)
    due = ctx.to_local_time(row.due_at)
    state: DutyState = "closed" if row.closed_at is not None else "open" if row.due_at > ctx.clock() else "overdue"
    return DutyView(
        visit=str(row.visit),
        item=row.item,
        thing=row.thing or None,
        title=duty_title(rules, row.item, state),
        label=row.label,
        clause=item.clause,
        owner=row.owner,
        technician=row.technician,
        area=row.area,
        customer=plan.customer,
        external_ref=plan.external_ref,
        since=ctx.to_local_time(row.since),
        due_at=due,
        closed_at=None if row.closed_at is None else ctx.to_local_time(row.closed_at),
        dropped_by=row.dropped_by or None,
        dropped_reason=row.dropped_reason,
        state=state,
        calendar_known=not ctx.review_policy.working_days or is_known(due.date()),
    )
