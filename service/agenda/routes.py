"""The agenda: what a technician's phone asks for."""

from datetime import datetime
from typing import Annotated

from litestar import Controller, get

from service.accounts.caller import Caller
from service.errors import StorageFull
from service.web.api_document import READ_ERRORS, example, problems
from service.web.query import text_parameter

from . import agenda
from .agenda import Agenda

_NOTHING_BUT_GONE = Agenda(
    cursor="AAAAAAAAACr__________w1xN3r9kQ0h",
    server_time=datetime.fromisoformat("2026-03-02T12:00:00+08:00"),
    full=False,
    more=False,
    visits=(),
    gone=("01956e2c-8a00-7000-8000-000000000001",),
    checklists=(),
)


class AgendaController(Controller):
    """A technician's visits."""

    tags = ("agenda",)

    @get(
        "/v1/agenda",
        summary="What changed for me since the cursor; without one, or with one that is not mine, everything",
        operation_class=example(answer=_NOTHING_BUT_GONE),
        responses=problems(*READ_ERRORS, StorageFull),  # (the first cursor of all makes their key)
    )
    async def show_agenda(
        self,
        caller: Caller,
        since: Annotated[str | None, text_parameter("The cursor of the last answer.", max_length=600)] = None,
    ) -> Agenda:
        """A phone puts the answer in place of what it has and keeps the cursor, so that it always shows what stands,
        also offline."""
        return await agenda.changes_since(*caller, since)


ROUTES = (AgendaController,)
