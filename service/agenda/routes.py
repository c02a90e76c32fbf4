"""The agenda: what a technician's phone asks for."""

from litestar import get
from litestar.types import ASGIApp

from service.accounts.endpoint import caller
from service.errors import StorageFull
from service.web.endpoint import READ_ERRORS, AnyRequest, Parameter, RouteMetadata, query_of
from service.web.responses import json_answer

from . import agenda
from .agenda import Agenda

AGENDA = RouteMetadata(
    tag="agenda",
    summary="What changed for me since the cursor; without one, or with one that is not mine, everything",
    responses={200: Agenda},
    query={"since": Parameter("The cursor of the last answer.", {"type": "string", "maxLength": 600})},
    problems=(*READ_ERRORS, StorageFull),  # (the first cursor of all makes their key)
)


@get("/v1/agenda", opt={"says": AGENDA})
async def show_agenda(request: AnyRequest) -> ASGIApp:
    """What changed for me."""
    return json_answer(await agenda.changes_since(*caller(request), query_of(request, AGENDA).get("since")))


ROUTES = (show_agenda,)
