"""Scripts of our own pages, from `service/web`: read once, told apart by a strong ETag, never by a build step."""

from hashlib import sha256
from pathlib import Path

from litestar import get
from litestar.types import ASGIApp

from service.errors import InternalError, NotFound

from .endpoint import AnyRequest, Bytes, Parameter, RouteMetadata
from .responses import Answer, etag_matches

FOLDER = Path(__file__).parent / "static"
KINDS = {".css": b"text/css; charset=utf-8", ".js": b"text/javascript; charset=utf-8", ".svg": b"image/svg+xml"}
FILE = RouteMetadata(
    tag="pages",
    summary="A script or style of our own pages",
    responses={200: Bytes("text/javascript", "A module, a style or a picture."), 304: None},
    headers={"If-None-Match": Parameter("The ETag of the copy you have.")},
    problems=(NotFound, InternalError),
    public=True,
    limited=False,  # from memory: it costs less than to refuse it, and a page needs several
)


def _files() -> dict[str, tuple[bytes, bytes, str]]:
    """Path in the folder to bytes, media type and digest."""
    found: dict[str, tuple[bytes, bytes, str]] = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.suffix in KINDS:
            body, folder = path.read_bytes(), path.relative_to(FOLDER).parts[0]  # what is vendored lies deeper
            found[f"{folder}/{path.name}"] = body, KINDS[path.suffix], sha256(body).hexdigest()[:32]
    return found


_FILES = _files()


def versioned(name: str) -> str:
    """The address of a file, which is another one when its content is: a browser may keep what it has for good."""
    return f"/web/{name}?v={_FILES[name][2]}"


@get("/web/{folder:str}/{file:str}", opt={"says": FILE})
async def show_file(request: AnyRequest) -> ASGIApp:
    """A script."""
    path: dict[str, str] = request.scope["path_params"]
    known = _FILES.get(f"{path['folder']}/{path['file']}")
    if known is None:
        raise NotFound
    body, kind, digest = known
    is_versioned = request.scope["query_string"] == b"v=" + digest.encode()
    headers = (
        (b"content-type", kind),
        (b"etag", b'"%s"' % digest.encode()),
        # without its version it is kept, and asked for anew each time: a new version counts at once
        (b"cache-control", b"public, max-age=31536000, immutable" if is_versioned else b"no-cache"),
        (b"x-content-type-options", b"nosniff"),
        (b"cross-origin-resource-policy", b"same-origin"),
    )
    if etag_matches(request.headers.get("if-none-match", ""), digest):
        return Answer(304, b"", headers[1:])
    return Answer(200, body, headers)


ROUTES = (show_file,)
