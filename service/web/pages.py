"""A page with a single message."""

from litestar.response.base import ASGIResponse
from litestar.types import Scope

from .language import AnyText
from .responses import Headers
from .templates import render


def message_page(scope: Scope, message: AnyText, hotline: str, status: int, headers: Headers = ()) -> ASGIResponse:
    """A page with a message and how to contact the utility."""
    return render(scope, "web/message.html", {"message": message, "hotline": hotline}, status, headers)
