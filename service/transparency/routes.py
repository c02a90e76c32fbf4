"""The log for anybody, as C2SP `tlog-tiles` serves it below `/log`."""

from pathlib import PurePosixPath
from typing import Annotated

from litestar import Controller, get
from litestar.params import PathParameter
from litestar.response.base import ASGIResponse

from service.accounts.caller import Context, PublicController
from service.audit_log import checkpoints
from service.errors import NotFound
from service.web.api_document import COMMON_ERRORS, answer, problems
from service.web.compression import accepts, pack
from service.web.request import AnyRequest
from service.web.responses import FOR_GOOD, raw_response

from . import log_files

_TEXT = b"text/plain; charset=utf-8"
_BRIEFLY = b"public, max-age=5"
_ANYBODY = ((b"access-control-allow-origin", b"*"), (b"cross-origin-resource-policy", b"cross-origin"))
_TILE_PATH = (
    "`<L>/<N>` for a tile of hashes, `entries/<N>` for its leaves; `<N>` in parts of three digits, such as `x001/234`; "
    "`.p/<W>` after it for a partial one."
)


class LogController(PublicController):
    """The log that outsiders verify. It has no personal data."""

    tags = ("log",)

    @get(
        "/log/checkpoint",
        summary="The last signed checkpoint of the log",
        responses={
            200: answer(str, "A signed note (C2SP `tlog-checkpoint`).", "text/plain"),
            **problems(*COMMON_ERRORS, NotFound),
        },
    )
    async def show_checkpoint(self, context: Context) -> ASGIResponse:
        """The origin, the number of leaves and their root, signed by the log, and by witnesses if it has any. A new one
        follows within a minute when there are new leaves."""
        note = await log_files.last_checkpoint(context)
        return raw_response(200, note, ((b"content-type", _TEXT), (b"cache-control", _BRIEFLY), *_ANYBODY))

    @get(
        "/log/key",
        summary="The key that verifies checkpoints",
        responses={200: answer(str, "A verifier key (C2SP `signed-note`).", "text/plain"), **problems(*COMMON_ERRORS)},
    )
    async def show_key(self, context: Context) -> ASGIResponse:
        """One line: `NAME+ID+KEY`. Compare it with the one that the utility published elsewhere."""
        key = f"{checkpoints.verifier_key(context)}\n".encode()
        return raw_response(200, key, ((b"content-type", _TEXT), (b"cache-control", _BRIEFLY), *_ANYBODY))

    @get(
        "/log/tile/{tile:path}",
        summary="Hashes or leaves of the log",
        responses={
            200: answer(bytes, "The tile (C2SP `tlog-tiles`).", "application/octet-stream"),
            **problems(*COMMON_ERRORS, NotFound),
        },
    )
    async def show_tile(
        self,
        request: AnyRequest,
        context: Context,
        tile: Annotated[PurePosixPath, PathParameter(description=_TILE_PATH)],
    ) -> ASGIResponse:
        """It never changes. There are the tiles that the last checkpoint needs, and those of earlier ones."""
        address, body = await log_files.get_tile(context, str(tile).lstrip("/"))
        headers = ((b"content-type", b"application/octet-stream"), (b"cache-control", FOR_GOOD), *_ANYBODY)
        if address.level is None:  # hashes cannot be compressed
            headers = (*headers, (b"vary", b"accept-encoding"))
            if accepts(request.scope, b"gzip"):
                return raw_response(200, pack(body), (*headers, (b"content-encoding", b"gzip")))
        return raw_response(200, body, headers)


ROUTES: tuple[type[Controller], ...] = (LogController,)
