"""Refuses paths with percent-encoded characters that need no encoding, such as `/v1%2fme` or `/v1/%6de`.

A proxy may restrict parts of the service by path, and these would bypass its rules. Characters that have to be encoded,
as in a login, are not affected.
"""

import re
from typing import Any, cast

from litestar.types import ASGIApp, Receive, Scope, Send

from service.errors import NotFound

from .language import PageText
from .problems import problem_response
from .templates import message_page

PAGES = ("/c/", "/d/")  # shown to people
_HIDDEN = re.compile(rb"%(?:2[dfDF]|2[eE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|5[cCfF])")
"""`-`, `.`, `/`, digits, letters, `\\` and `_`."""


def _is_page(path: str) -> bool:
    """Whether a path is a page; pictures are below the pages that show them."""
    return path.startswith(PAGES) and not path.endswith("/who") and "/photo/" not in path


def plain_paths_middleware(app: ASGIApp) -> ASGIApp:
    """Answers such paths with NotFound."""

    async def with_plain_paths(scope: Scope, receive: Receive, send: Send) -> None:
        raw = cast("Any", scope).get("raw_path") or b""
        if b"%" in raw and _HIDDEN.search(raw):
            if _is_page(scope["path"]):
                refused = message_page(scope, PageText("没有找到这个页面"), "", 404)
            else:
                refused = problem_response(
                    NotFound("write the path without percent signs where none are needed"), scope
                )
            await refused(scope, receive, send)
            return
        await app(scope, receive, send)

    return with_plain_paths
