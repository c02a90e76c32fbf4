"""Refuses paths with percent-encoded characters that need no encoding, such as `/v1%2fme` or `/v1/%6de`, and with empty
parts, such as `/v1//me`.

A proxy may restrict parts of the service by path, and these would bypass its rules. Characters that have to be encoded,
as in a login, are not affected.
"""

import re
from typing import Any, cast

from litestar.types import ASGIApp, Receive, Scope, Send

from service.errors import NotFound

from .language import PageText
from .page_paths import is_customer_page, is_desk
from .problems import problem_response
from .templates import message_page, plain_problem_page

NO_PAGE = PageText("没有找到这个页面")
_HIDDEN = re.compile(rb"%(?:2[dfDF]|2[eE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|5[cCfF])")
"""`-`, `.`, `/`, digits, letters, `\\` and `_`."""


def plain_paths_middleware(app: ASGIApp, company: str) -> ASGIApp:
    """Answers such paths with NotFound. `company` is the name of the utility, for pages."""

    async def with_plain_paths(scope: Scope, receive: Receive, send: Send) -> None:
        raw = cast("Any", scope).get("raw_path") or b""
        if b"//" in raw or (b"%" in raw and _HIDDEN.search(raw)):
            if is_customer_page(scope["path"]):
                refused = message_page(scope, NO_PAGE, 404)
            elif is_desk(scope["path"]):
                refused = plain_problem_page(scope, company, (NO_PAGE,), 404)
            else:
                detail = "write the path without percent signs where none are needed, and without empty parts"
                refused = problem_response(NotFound(detail), scope)
            await refused(scope, receive, send)
            return
        await app(scope, receive, send)

    return with_plain_paths
