"""A submitted form that was not accepted, with which the page is filled in again."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from service.accounts.browser import Browser
from service.context import AppContext
from service.web.language import AnyText

ANSWERED = "answer-"  # the prefix of a question's field
NO_FIELDS: Mapping[str, str] = {}


class Visitor(NamedTuple):
    """The sender of a form: the link's token and the browser, with the application's context."""

    ctx: AppContext
    token: str
    browser: Browser


class FormState(msgspec.Struct, frozen=True):
    """The form that was just submitted (`form`), its fields, and the message about it.

    `carried` are the fields of another form that needs the code first; the forms of the code carry them along.
    `is_success`: nothing is wrong, and the message says how to go on. `changed`: the statement has changed since.
    """

    form: str = ""
    message: AnyText | None = None
    fields: Mapping[str, str] = NO_FIELDS
    carried: Mapping[str, str] = NO_FIELDS
    is_success: bool = False
    changed: bool = False

    def value(self, form: str, name: str) -> str:
        """The submitted value of a form's field."""
        if form == self.form:
            return self.fields.get(name, "")
        return self.carried.get(name, "") if form == self.carried.get("form") else ""

    def was_submitted(self, form: str) -> bool:
        """Whether it was this form, or the one that is carried along."""
        return bool(form) and form in (self.form, self.carried.get("form"))


NOTHING_SENT = FormState()
