"""Protection against cross-site request forgery: changes must come from our own pages."""

from litestar.types import Scope

from service.context import AppContext
from service.errors import CrossOriginRejected

from .request_info import get_header

API = "/v1/"
SAFE = ("GET", "HEAD", "OPTIONS")


def require_same_origin(scope: Scope, ctx: AppContext) -> None:
    """CrossOriginRejected unless a page of this site, or of an origin that may use the API, sent the request."""
    origin, site = get_header(scope, b"origin"), get_header(scope, b"sec-fetch-site")
    if origin is not None and origin.decode("latin-1") in ctx.company.origins and scope["path"].startswith(API):
        return
    if origin is not None and origin != ctx.company.url.encode():
        raise CrossOriginRejected
    if site not in (None, b"same-origin") or (site is None and origin is None):
        raise CrossOriginRejected


def require_same_origin_for_browsers(scope: Scope, ctx: AppContext) -> None:
    """The same for operations without a token: only browsers send the origin of a request, scripts do not."""
    if get_header(scope, b"origin") is not None or get_header(scope, b"sec-fetch-site") is not None:
        require_same_origin(scope, ctx)
