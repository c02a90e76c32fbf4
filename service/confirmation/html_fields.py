"""Parts of the forms on the customer's page: large, labelled, and filled again with what could not be taken."""

from collections.abc import Iterable, Mapping
from html import escape

import msgspec

from service.web.pages import bilingual

from .statements import Option

ANSWERED = "answer-"  # before the name of a question


class FormState(msgspec.Struct, frozen=True):
    """What was just sent by which form and could not be taken, and why (Chinese, English).

    `kept`: what he sent by another form, which only the code opens (again); the forms of the code carry it along.
    `well`: it is no trouble, but tells how to go on. `changed`: what he answered is another text now.
    """

    where: str = ""
    zh: str = ""
    en: str = ""
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

    def error(self, where: str) -> str:
        """The sentence above a form that could not be taken."""
        return self.said() if where == self.where and self.zh else ""

    def said(self) -> str:
        """The sentence."""
        return f'<p class="{"ok" if self.is_success else "trouble"}">{bilingual(self.zh, self.en)}</p>'


class Form:
    """A form of the page: what it `does`, and which of those that do it it is (`where`)."""

    def __init__(self, token: str, does: str, where: str, sent: FormState) -> None:
        self.token, self.does, self.where, self.sent = token, does, where, sent

    def __call__(self, *parts: str, attributes: str = "") -> str:
        """The whole form."""
        inside = f"{hidden('does', self.does)}{hidden('form', self.where)}{self.sent.error(self.where)}{''.join(parts)}"
        place = f'id="{escape(form_dom_id(self.where))}" action="/c/{escape(self.token)}"'
        return f'<form method="post" {place}{attributes}>{inside}</form>'

    def _label(self, name: str, zh: str, en: str) -> str:
        return f'<label for="{self._id(name)}">{bilingual(zh, en)}</label>'

    def _id(self, name: str) -> str:
        return escape(f"{self.where}-{name}")

    def text_input(self, name: str, zh: str, en: str, more: str = "", longest: int = 60) -> str:
        """A field for one line."""
        value = escape(self.sent.value(self.where, name))
        field = f'<input id="{self._id(name)}" name="{name}" value="{value}" maxlength="{longest}" {more}>'
        return self._label(name, zh, en) + field

    def textarea(self, name: str, zh: str, en: str, *, required: bool = True) -> str:
        """A field for own words. A browser that stops at the limit says nothing: what is too long is told instead."""
        value, need = escape(self.sent.value(self.where, name)), " required" if required else ""
        field = f'<textarea id="{self._id(name)}" name="{name}"{need}>\n{value}</textarea>'
        return self._label(name, zh, en) + field

    def select(self, name: str, zh: str, en: str, choices: Iterable[Option], *, required: bool = True) -> str:
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

    def radio_group(
        self, name: str, zh: str, en: str, choices: Iterable[Option], *, pair: bool = False, required: bool = True
    ) -> str:
        """Equal large choices, with nothing chosen; of two beside each other (`pair`) none has to be."""
        was, need = self.sent.value(self.where, name), " required" if required and not pair else ""
        boxes = "".join(
            f'<label><input type="radio" name="{escape(name)}" value="{escape(one.id)}"{need}'
            f'{" checked" if one.id == was else ""}><span class="box">{bilingual(one.zh, one.en)}</span></label>'
            for one in choices
        )
        shape = "pair" if pair else "pick"
        return f'<fieldset><legend>{bilingual(zh, en)}</legend><div class="{shape}">{boxes}</div></fieldset>'


def form_dom_id(where: str) -> str:
    """The id of a form, by which a sentence at the top of the page leads to it."""
    return f"{where}-form"


def hidden(name: str, value: str) -> str:
    """A field that is only sent back."""
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def button(zh: str, en: str, kind: str = "", *, says: str = "") -> str:
    """The button that sends a form; of a form with several, `says` is the field that tells which was pressed."""
    shape = f' class="{kind}"' if kind else ""
    name = f' name="{says}" value="yes"' if says else ""
    return f"<button{shape}{name}>{bilingual(zh, en)}</button>"


def details(where: str, sent: FormState, zh: str, en: str, inside: str, *, stands: bool = False, kind: str = "") -> str:
    """What opens when it is touched; it stands open when what was sent from it could not be taken."""
    state = " open" if stands or sent.was_submitted(where) else ""
    shape = f' class="{kind}"' if kind else ""
    return f"<details{shape}{state}><summary>{bilingual(zh, en)}</summary>{inside}</details>"
