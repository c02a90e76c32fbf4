"""The page that says one thing."""

from litestar.response.base import ASGIResponse
from litestar.types import Scope

from .language import AnyText
from .responses import Headers
from .templates import render


def message_page(scope: Scope, message: AnyText, hotline: str, status: int, headers: Headers = ()) -> ASGIResponse:
    """A page that says one thing, and how to reach the utility."""
    return render(scope, "web/message.html", {"message": message, "hotline": hotline}, status, headers)
