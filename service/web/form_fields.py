"""Reads the fields of a form of the customer's page."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from service.errors import InvalidBody

from .language import PageText

FormData = Mapping[str, str]


class FormError(Exception):
    """A form cannot be accepted; the message for the page."""

    def __init__(self, message: PageText, status: int = 422, wait: int | None = None) -> None:
        super().__init__(message.zh)
        self.message, self.status, self.wait = message, status, wait


def required(fields: FormData, name: str, message: PageText, limit: int = 1000) -> str:
    """The value of a field that must not be empty."""
    value = max_length(fields, name, limit)
    if not value:
        raise FormError(message)
    return value


def max_length(fields: FormData, name: str, limit: int = 1000) -> str:
    """The value of a field, within a limit of characters."""
    value = fields.get(name, "").strip()
    if len(value) > limit:
        values = {"longest": limit, "length": len(value)}
        raise FormError(PageText("最多 %(longest)s 字，您写了 %(length)s 字，请缩短", values))
    return value


def parse_datetime(fields: FormData, name: str) -> datetime:
    """A time that the page itself put into a field."""
    try:
        found = datetime.fromisoformat(fields.get(name, ""))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InvalidBody("the form cannot be read")
    return found


def carried_form(fields: FormData, name: str = "kept") -> FormData:
    """The other form that a form for the one-time code carries in a field."""
    try:
        found = msgspec.json.decode(fields.get(name, ""), type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if found.get("form") else {}
