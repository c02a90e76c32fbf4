"""Reads the body of a form that one of our pages posts."""

from urllib.parse import parse_qsl

from service.errors import InvalidBody, WrongMediaType

from .body import read_limited
from .request import AnyRequest

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
