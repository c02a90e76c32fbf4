"""What a form of the customer's page sent that could not be taken: it stands in the form again, with the reason."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from service.accounts.browser import Browser
from service.context import AppContext
from service.web.language import AnyText

ANSWERED = "answer-"  # before the name of a question


class Visitor(NamedTuple):
    """Who sends a form: the link's token and the browser, with the application's context."""

    ctx: AppContext
    token: str
    browser: Browser


class FormState(msgspec.Struct, frozen=True):
    """The form that was just sent (`where`), its fields, and what is said about it.

    `kept`: what was sent by another form, which only the code opens (again); the forms of the code carry it along.
    `is_success`: nothing is wrong, the message says how to go on. `changed`: the text that was answered is another now.
    """

    where: str = ""
    message: AnyText | None = None
    fields: Mapping[str, str] = {}
    kept: Mapping[str, str] = {}
    is_success: bool = False
    changed: bool = False

    def value(self, where: str, name: str) -> str:
        """What stood in a field of a form."""
        fields = self.fields if where == self.where else self.kept if where == self.kept.get("form") else {}
        return fields.get(name, "")

    def was_submitted(self, where: str) -> bool:
        """Whether it was this form."""
        return bool(where) and where in (self.where, self.kept.get("form"))


NOTHING_SENT = FormState()
