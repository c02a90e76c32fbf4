"""Requests that change something have to come from our own pages."""

from litestar.types import Scope

from service.context import House
from service.errors import ForgeryRefused

from .request_info import header

SAFE = ("GET", "HEAD", "OPTIONS")


def own_page(scope: Scope, house: House) -> None:
    """ForgeryRefused unless a page of this site sent it."""
    origin, site = header(scope, b"origin"), header(scope, b"sec-fetch-site")
    if origin is not None and origin != house.desk.url.encode():
        raise ForgeryRefused
    if site not in (None, b"same-origin") or (site is None and origin is None):
        raise ForgeryRefused


def own_page_if_said(scope: Scope, house: House) -> None:
    """The same where no token is asked for: a browser says where a request comes from, and a script does not."""
    if header(scope, b"origin") is not None or header(scope, b"sec-fetch-site") is not None:
        own_page(scope, house)
