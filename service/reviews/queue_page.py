"""The page of the queue."""

from datetime import datetime
from typing import Annotated, get_args

import msgspec
from litestar import get
from litestar.response.base import ASGIResponse

from service.accounts.authentication import authenticate_token
from service.accounts.desk import Desk, DeskController, DeskRequest, render_desk
from service.accounts.permissions import Person, covers_area
from service.accounts.repository import names_of
from service.context import AppContext, read_only
from service.db.database import Transaction
from service.dispatch.planning import newest_rules
from service.judge.checklist import Text
from service.visits.attention import ReasonKind
from service.visits.loading import PLAN_DECODER
from service.visits.page_words import FLAGS, REASONS
from service.web.pagination import query_string
from service.web.query import choice_parameter, text_parameter
from service.web.templates import Assets

from .queue import QueueFilter, fetch_commented, load_queue
from .schemas import Queue

QUEUE_SCRIPT = Assets("/web/desk/queue.js", asks=True)
MOST_COMMENTED = 20
"""How many visits with unread words the page lists."""
NOBODY = "-"
"""In the address: visits that nobody looks at."""


class CommentedVisit(msgspec.Struct, frozen=True, kw_only=True):
    """A visit that nobody has to decide about, with words of the customer that nobody has read. `technician`: the
    name."""

    visit: str
    type: str
    technician: str
    area: str
    planned_at: datetime
    name: str
    external_ref: str | None


class QueuePage(msgspec.Struct, frozen=True):
    """A page of the queue, what it can be narrowed to, and the names of people and types.

    `commented`: the first visits with words that nobody has read; only without a filter but the area.
    """

    queue: Queue
    commented: tuple[CommentedVisit, ...]
    areas: tuple[str, ...]
    technicians: dict[str, str]
    assignees: dict[str, str]
    types: dict[str, Text]


@read_only
async def get_queue_page(ctx: AppContext, tx: Transaction, token: bytes, wanted: QueueFilter) -> QueuePage:
    """The page. PermissionDenied as for the queue."""
    person = await authenticate_token(tx, token)
    queue = await load_queue(ctx, tx, person, wanted)
    rows = [row for row in await tx.fetch_all("queue_people") if covers_area(person, row[0])]
    narrowed = wanted.reason or wanted.technician or wanted.assignee is not None or wanted.after is not None
    commented = () if narrowed else await _commented(ctx, tx, person, wanted.area)
    _, rules = await newest_rules(ctx, tx)
    types = {name: Text(one.zh, one.en) for name, one in rules.checklist.visit_types.items()}
    return QueuePage(
        queue,
        commented,
        tuple(sorted({row[0] for row in rows})),
        await names_of(tx, {row[1] for row in rows}),
        await names_of(tx, {row[2] for row in rows} | {person.login}),
        types,
    )


async def _commented(ctx: AppContext, tx: Transaction, person: Person, area: str | None) -> tuple[CommentedVisit, ...]:
    rows = await fetch_commented(tx, person, area, MOST_COMMENTED)
    names = await names_of(tx, {row.technician for row in rows})
    plans = [PLAN_DECODER.decode(row.plan) for row in rows]
    return tuple(
        CommentedVisit(
            visit=str(row.visit),
            type=row.type,
            technician=names[row.technician],
            area=row.area,
            planned_at=ctx.to_local_time(row.planned_at),
            name=plan.customer.name,
            external_ref=plan.external_ref,
        )
        for row, plan in zip(rows, plans, strict=True)
    )


class QueuePageController(DeskController):
    """The page of the queue."""

    @get("/desk/queue")
    async def show_queue(
        self,
        desk: Desk,
        reason: Annotated[ReasonKind | None, choice_parameter("Visits with this reason.", get_args(ReasonKind))] = None,
        area: Annotated[str | None, text_parameter("One area (片区).")] = None,
        technician: Annotated[str | None, text_parameter("Login of the technician.")] = None,
        assignee: Annotated[str | None, text_parameter("Login of who looks at them; - for nobody.")] = None,
        after: Annotated[str | None, text_parameter("The cursor of the page before.")] = None,
    ) -> ASGIResponse:
        """The most urgent visits first. A script fetches the page again from time to time."""
        wanted = QueueFilter(
            reason=reason or "",
            area=area,
            technician=technician or "",
            assignee="" if assignee == NOBODY else assignee,
            after=after,
        )
        page = await get_queue_page(desk.ctx, desk.token, wanted)
        given = {"reason": reason, "area": area, "technician": technician, "assignee": assignee}
        return _render(desk, page, {name: value for name, value in given.items() if value})


def _render(desk: DeskRequest, page: QueuePage, given: dict[str, str]) -> ASGIResponse:
    view = {
        "page": page,
        "given": given,
        "query": query_string,
        "nobody": NOBODY,
        "now": desk.ctx.now(),
        "reasons": REASONS,
        "flags": FLAGS,
    }
    return render_desk(desk, "reviews/queue.html", view, section="queue", assets=QUEUE_SCRIPT)


ROUTES = (QueuePageController,)
