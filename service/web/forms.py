"""Reads the body of a form that one of our pages posts."""

from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

import multipart  # pyright: ignore[reportMissingTypeStubs]

from service.errors import InvalidBody, WrongMediaType

from .body import read_limited
from .request import AnyRequest

_multipart: Any = multipart
LIMIT = 8_000  # bytes
MAX_FIELDS = 20


async def read_form(request: AnyRequest, limit: int = LIMIT, max_fields: int = MAX_FIELDS) -> dict[str, str]:
    """The fields of a form. Of a field given twice the last one counts.

    Line breaks become one character, as browsers count them, although they send CR LF.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise WrongMediaType("send the form of the page")
    raw = await read_limited(request.receive, limit)
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=max_fields)
    except ValueError:
        raise InvalidBody("the form cannot be read") from None
    fields = {name: value.replace("\r\n", "\n") for name, value in pairs}
    if any("\0" in value for value in fields.values()):
        raise InvalidBody("U+0000 is not allowed")
    return fields


async def read_upload(request: AnyRequest, limit: int) -> tuple[dict[str, str], dict[str, bytes]]:
    """The fields and the files of a form that uploads files (`multipart/form-data`)."""
    kind, options = _multipart.parse_options_header(request.headers.get("content-type", ""))
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise WrongMediaType("send the form of the page")
    raw = await read_limited(request.receive, limit)
    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    try:
        parser = _multipart.MultipartParser(
            BytesIO(raw), options["boundary"], strict=True, part_limit=MAX_FIELDS, spool_limit=limit, memory_limit=limit
        )
        for part in parser:
            if part.filename is None:
                fields[part.name] = part.value
            else:
                files[part.name] = part.raw
    except (multipart.MultipartError, UnicodeDecodeError):
        raise InvalidBody("the form cannot be read") from None
    return fields, files
