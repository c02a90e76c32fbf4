"""Operations on published checklists."""

from datetime import datetime
from typing import Annotated

from litestar import Controller, Response, get

from service.accounts.caller import Caller
from service.errors import NotFound
from service.judge.checklist import Checklist
from service.web.api_document import READ_ERRORS, answer, example, problems
from service.web.compression import etag_matches
from service.web.query import path_text
from service.web.request import IfNoneMatch

from . import publish
from .publish import BUNDLED, PublishedChecklist, PublishedChecklists

_PUBLISHED = PublishedChecklist(
    id="onsite",
    version="1",
    sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    published_at=datetime.fromisoformat("2026-03-01T08:00:00+08:00"),
    published_by="doorstep",
    reason=BUNDLED,
)


class ChecklistsController(Controller):
    """Published checklists."""

    tags = ("checklists",)

    @get(
        "/v1/checklists",
        summary="Published versions",
        operation_class=example(answer=PublishedChecklists((_PUBLISHED,))),
        responses=problems(*READ_ERRORS),
    )
    async def list_checklists(self, caller: Caller) -> PublishedChecklists:
        """Every version ever published; a visit keeps the one that it began with."""
        return await publish.list_published(*caller)

    @get(
        "/v1/checklists/{checklist_id:str}/{version:str}",
        summary="One version: all that a phone needs to show and to judge a visit offline",
        responses={
            200: answer(Checklist, "The version, for ever the same bytes"),
            304: answer(None, "Not modified"),
            **problems(*READ_ERRORS, NotFound),
        },
    )
    async def show_checklist(
        self,
        caller: Caller,
        checklist_id: Annotated[str, path_text("The checklist's id, such as `onsite`.")],
        version: Annotated[str, path_text("The number of the version.")],
        if_none_match: IfNoneMatch = None,
    ) -> Response[bytes | None]:
        """A version never changes: a client fetches it once and keeps it. The ETag is the SHA-256 of the document."""
        body, digest = await publish.get_document(*caller, checklist_id, version)
        headers = {"etag": f'"{digest}"', "cache-control": "private, max-age=31536000, immutable"}
        if etag_matches(if_none_match or "", digest):
            return Response(None, status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)


ROUTES = (ChecklistsController,)
