"""What stands in the fields of a form of the customer's page, and what is said where it cannot be taken."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from service.errors import InvalidBody

from .language import PageText

FormData = Mapping[str, str]


class FormError(Exception):
    """Something in a form was left out, is too long or too soon: what to say."""

    def __init__(self, message: PageText, status: int = 422, wait: int | None = None) -> None:
        super().__init__(message.zh)
        self.message, self.status, self.wait = message, status, wait


def required(fields: FormData, name: str, message: PageText, longest: int = 1000) -> str:
    """What stands in a field that may not be empty."""
    value = max_length(fields, name, longest)
    if not value:
        raise FormError(message)
    return value


def max_length(fields: FormData, name: str, longest: int = 1000) -> str:
    """What stands in a field, which may be so long."""
    value = fields.get(name, "").strip()
    if len(value) > longest:
        said = {"longest": longest, "length": len(value)}
        raise FormError(PageText("最多 %(longest)s 字，您写了 %(length)s 字，请缩短", said))
    return value


def parse_datetime(fields: FormData, name: str) -> datetime:
    """A moment that the page wrote there itself."""
    try:
        found = datetime.fromisoformat(fields.get(name, ""))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InvalidBody("the form cannot be read")
    return found


def carried_form(fields: FormData, name: str = "kept") -> FormData:
    """What a form of the code carries along of another form, in a field of its own."""
    try:
        found = msgspec.json.decode(fields.get(name, ""), type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if found.get("form") else {}
