"""Scripts, styles and pictures of our pages, from `service/web/static`: read once, with strong ETags."""

from hashlib import sha256
from pathlib import Path
from typing import Annotated

from litestar import Controller, get
from litestar.params import PathParameter
from litestar.response.base import ASGIResponse

from service.errors import InternalError, InvalidQuery, NotFound

from .api_document import PUBLIC, answer, problems
from .query import text_parameter
from .request import IfNoneMatch
from .responses import ASKED_EACH_TIME, FOR_GOOD, file_response

FOLDER = Path(__file__).parent / "static"
KINDS = {".css": b"text/css; charset=utf-8", ".js": b"text/javascript; charset=utf-8", ".svg": b"image/svg+xml"}


def _files() -> dict[str, tuple[bytes, bytes, str]]:
    """By path: content, media type and digest."""
    found: dict[str, tuple[bytes, bytes, str]] = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.suffix in KINDS:
            body, folder = path.read_bytes(), path.relative_to(FOLDER).parts[0]  # vendored files are deeper
            found[f"{folder}/{path.name}"] = body, KINDS[path.suffix], sha256(body).hexdigest()[:32]
    return found


_FILES = _files()


def versioned(name: str) -> str:
    """The address of a file, which changes with its content, so that browsers may cache it forever."""
    return f"/web/{name}?v={_FILES[name][2]}"


class StaticFilesController(Controller):
    """Files of our pages, from memory. Without a rate limit: a request costs less than its refusal."""

    tags = ("pages",)
    opt = {"exclude_from_auth": True}  # noqa: RUF012 - as Litestar declares it
    security = PUBLIC

    @get(
        "/web/{folder:str}/{file:str}",
        summary="A script or style of our own pages",
        responses={
            200: answer(str, "A script, a style or a picture.", "text/javascript"),
            304: answer(None, "Not modified"),
            **problems(InvalidQuery, NotFound, InternalError),
        },
    )
    async def show_file(
        self,
        folder: Annotated[str, PathParameter(description="The part of the service.", max_length=200)],
        file: Annotated[str, PathParameter(description="The file's name.", max_length=200)],
        version: Annotated[
            str | None, text_parameter("The file's digest: with it, it may be kept for good.", "v")
        ] = None,
        if_none_match: IfNoneMatch = None,
    ) -> ASGIResponse:
        """Files keep their addresses: browsers ask by ETag whether theirs is still the one."""
        known = _FILES.get(f"{folder}/{file}")
        if known is None:
            raise NotFound
        body, kind, digest = known
        # without the version it is revalidated each time, so that a new one takes effect at once
        return file_response(body, kind, digest, if_none_match, FOR_GOOD if version == digest else ASKED_EACH_TIME)


ROUTES = (StaticFilesController,)
