"""The logo of customers' pages."""

from typing import Annotated

from litestar import Controller, get
from litestar.response.base import ASGIResponse

from service.errors import InternalError, InvalidQuery, NotFound
from service.web.api_document import PUBLIC, answer, problems
from service.web.query import text_parameter
from service.web.request import IfNoneMatch
from service.web.responses import ASKED_EACH_TIME, FOR_GOOD, Headers, file_response

from .caller import Context

Version = Annotated[str | None, text_parameter("The file's digest: with it, it may be kept for good.", "v")]
LOGO_POLICY: Headers = ((b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; sandbox"),)
"""An SVG that is opened by itself runs nothing."""


class BrandController(Controller):
    """How customers' pages look. Without a rate limit: a request costs less than its refusal."""

    tags = ("pages",)
    opt = {"exclude_from_auth": True}  # noqa: RUF012 - as Litestar declares it
    security = PUBLIC

    @get(
        "/brand/logo",
        summary="The utility's logo",
        responses={
            200: answer(bytes, "The logo, as the settings name it.", "image/*"),
            304: answer(None, "Not modified"),
            **problems(InvalidQuery, NotFound, InternalError),
        },
    )
    async def show_logo(
        self, context: Context, version: Version = None, if_none_match: IfNoneMatch = None
    ) -> ASGIResponse:
        """404 where none is set."""
        logo = context.company.logo
        if logo is None:
            raise NotFound
        cache = FOR_GOOD if version == logo.digest else ASKED_EACH_TIME
        return file_response(logo.content, logo.kind, logo.digest, if_none_match, cache, LOGO_POLICY)


ROUTES = (BrandController,)
