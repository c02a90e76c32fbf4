"""Parts of the forms on the customer's page: large, labelled, and filled again with what could not be taken."""

from collections.abc import Iterable, Mapping
from html import escape

import msgspec

from service.flows.papers import Choice

from .pages import both

ANSWERED = "answer-"  # before the name of a question


class Sent(msgspec.Struct, frozen=True):
    """What was just sent by which form and could not be taken, and why (Chinese, English)."""

    where: str = ""
    zh: str = ""
    en: str = ""
    fields: Mapping[str, str] = {}

    def value(self, where: str, name: str) -> str:
        """What stood in a field of a form."""
        return self.fields.get(name, "") if where == self.where else ""

    def trouble(self, where: str) -> str:
        """The sentence above a form that could not be taken."""
        return f'<p class="trouble">{both(self.zh, self.en)}</p>' if where == self.where and self.zh else ""


class Form:
    """A form of the page: what it `does`, and which of those that do it it is (`where`)."""

    def __init__(self, token: str, does: str, where: str, sent: Sent) -> None:
        self.token, self.does, self.where, self.sent = token, does, where, sent

    def __call__(self, *parts: str, attributes: str = "") -> str:
        """The whole form."""
        inside = (
            f"{hidden('does', self.does)}{hidden('form', self.where)}{self.sent.trouble(self.where)}{''.join(parts)}"
        )
        return f'<form method="post" action="/c/{escape(self.token)}"{attributes}>{inside}</form>'

    def _label(self, name: str, zh: str, en: str) -> str:
        return f'<label for="{self._id(name)}">{both(zh, en)}</label>'

    def _id(self, name: str) -> str:
        return escape(f"{self.where}-{name}")

    def line(self, name: str, zh: str, en: str, more: str = "", longest: int = 60) -> str:
        """A field for one line."""
        value = escape(self.sent.value(self.where, name))
        field = f'<input id="{self._id(name)}" name="{name}" value="{value}" maxlength="{longest}" {more}>'
        return self._label(name, zh, en) + field

    def words(self, name: str, zh: str, en: str, *, required: bool = True, longest: int = 1000) -> str:
        """A field for own words."""
        value, need = escape(self.sent.value(self.where, name)), " required" if required else ""
        field = f'<textarea id="{self._id(name)}" name="{name}" maxlength="{longest}"{need}>\n{value}</textarea>'
        return self._label(name, zh, en) + field

    def one_of(self, name: str, zh: str, en: str, choices: Iterable[Choice], *, required: bool = True) -> str:
        """A list to choose from, with nothing chosen."""
        was = self.sent.value(self.where, name)
        options = "".join(
            f'<option value="{escape(one.id)}"{" selected" if one.id == was else ""}>'
            f"{escape(f'{one.zh} {one.en}')}</option>"
            for one in choices
        )
        need = " required" if required else ""
        first = '<option value="">请选择 please choose</option>'
        field = f'<select id="{self._id(name)}" name="{name}"{need}>{first}{options}</select>'
        return self._label(name, zh, en) + field

    def picked(self, name: str, zh: str, en: str, choices: Iterable[Choice], *, pair: bool = False) -> str:
        """Equal large choices, with nothing chosen."""
        was, need = self.sent.value(self.where, name), "" if pair else " required"
        boxes = "".join(
            f'<label><input type="radio" name="{escape(name)}" value="{escape(one.id)}"{need}'
            f'{" checked" if one.id == was else ""}><span class="box">{both(one.zh, one.en)}</span></label>'
            for one in choices
        )
        shape = "pair" if pair else "pick"
        return f'<fieldset><legend>{both(zh, en)}</legend><div class="{shape}">{boxes}</div></fieldset>'


def hidden(name: str, value: str) -> str:
    """A field that is only sent back."""
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def button(zh: str, en: str, kind: str = "") -> str:
    """The button that sends a form."""
    shape = f' class="{kind}"' if kind else ""
    return f"<button{shape}>{both(zh, en)}</button>"


def opened(where: str, sent: Sent, zh: str, en: str, inside: str) -> str:
    """What opens when it is touched; it stands open when what was sent from it could not be taken."""
    state = " open" if sent.where == where else ""
    return f"<details{state}><summary>{both(zh, en)}</summary>{inside}</details>"
