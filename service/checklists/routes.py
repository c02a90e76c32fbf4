"""Checklists: published versions, which never change."""

from litestar import get
from litestar.types import ASGIApp

from service.accounts.endpoint import caller
from service.errors import NotFound
from service.judge.checklist import Checklist
from service.web.endpoint import READ_ERRORS, AnyRequest, Parameter, RouteMetadata
from service.web.responses import Answer, etag_matches, json_answer

from . import publish
from .publish import PublishedChecklists

LIST = RouteMetadata(
    tag="checklists", summary="Published versions", responses={200: PublishedChecklists}, problems=READ_ERRORS
)
VERSION = RouteMetadata(
    tag="checklists",
    summary="One version: all that a phone needs to show and to judge a visit offline",
    responses={200: Checklist, 304: None},
    headers={"If-None-Match": Parameter("The ETag of the copy you have.")},
    problems=(*READ_ERRORS, NotFound),
)


@get("/v1/checklists", opt={"says": LIST})
async def list_checklists(request: AnyRequest) -> ASGIApp:
    """Published versions."""
    return json_answer(await publish.list_published(*caller(request)))


@get("/v1/checklists/{checklist_id:str}/{version:str}", opt={"says": VERSION})
async def show_checklist(request: AnyRequest) -> ASGIApp:
    """One version, for ever the same: a client asks once."""
    path: dict[str, str] = request.scope["path_params"]
    if "\0" in path["checklist_id"] + path["version"]:
        raise NotFound  # PostgreSQL knows no such text
    body, digest = await publish.get_document(*caller(request), path["checklist_id"], path["version"])
    headers = (
        (b"content-type", b"application/json"),
        (b"etag", b'"%s"' % digest.encode()),
        (b"cache-control", b"private, max-age=31536000, immutable"),
        (b"x-content-type-options", b"nosniff"),
    )
    if etag_matches(request.headers.get("if-none-match", ""), digest):
        return Answer(304, b"", headers[1:])
    return Answer(200, body, headers)


ROUTES = (list_checklists, show_checklist)
