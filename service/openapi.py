"""The committed OpenAPI 3.1 document, which Litestar generates from the handlers (`web/api_document.py`)."""

from typing import Any

import msgspec
from litestar import Litestar

from service.web.api_document import tidied


def document(app: Litestar) -> dict[str, Any]:
    """The document, its paths and schemas sorted."""
    found = tidied(app.openapi_schema.to_schema())
    found["paths"] = {path: dict(sorted(methods.items())) for path, methods in sorted(found["paths"].items())}
    found["components"]["schemas"] = dict(sorted(found["components"]["schemas"].items()))
    return found


def text(app: Litestar) -> str:
    """The text of the document."""
    return msgspec.json.format(msgspec.json.encode(document(app)), indent=1).decode() + "\n"
