"""The forms of a page, as a browser would send them."""

from html.parser import HTMLParser

import httpx
import msgspec


class Form(msgspec.Struct):
    """A form: where it posts to, and the fields that it sends if nobody touches them."""

    method: str
    action: str
    fields: dict[str, str] = {}
    empty: set[str] = set()
    """Fields that have to be filled in first."""


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.area = self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, form = given.get("name") or "", self.found[-1] if self.found else None
        if tag == "form":
            self.found.append(Form(given.get("method", "get").upper(), given.get("action") or "", {}, set()))
        elif form is None:
            return
        elif tag == "input" and name:
            chosen = given.get("type") not in ("checkbox", "radio") or "checked" in given
            if chosen:
                form.fields[name] = given.get("value") or ""
            if "required" in given and not form.fields.get(name):
                form.empty.add(name)
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and (self.select not in form.fields or "selected" in given):
            form.fields[self.select] = given.get("value") or ""
        elif tag == "textarea" and name:
            self.area, form.fields[name] = name, ""
            if "required" in given:
                form.empty.add(name)
        elif tag == "button" and name and given.get("type") != "button":
            form.fields.setdefault(name, given.get("value") or "")

    def handle_data(self, data: str) -> None:
        if self.area:
            self.found[-1].fields[self.area] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = ""
        elif tag == "select":
            self.select = ""


def forms_of(page: httpx.Response) -> list[Form]:
    """All forms of a page, in order."""
    parser = _Forms()
    parser.feed(page.text)
    return parser.found
