"""The forms of a page as a browser without JavaScript sees them: their fields with values, and their targets."""

from html.parser import HTMLParser
from typing import Any

import httpx

from service.messages import worker
from tests.support.customer import Customer, advance_clock


class Form:
    """A form of a page: its action, and its fields with values."""

    def __init__(self, action: str) -> None:
        self.action, self.fields, self.open = action, dict[str, str](), True


class Page(HTMLParser):
    """The forms, ids and labels of a page, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms, self.ids, self.labelled = list[Form](), list[str](), set[str]()
        self.headings, self.text, self.links = list[str](), "", list[str]()
        self._area = self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids += [given["id"]] if "id" in given else []
        if tag == "form":
            self.forms.append(Form(given["action"]))
        elif tag == "label":
            self.labelled.add(given.get("for", ""))
        elif tag == "a":
            self.links.append(given.get("href", ""))
        elif tag == "h1":
            self.headings.append(tag)
        elif tag in ("input", "textarea", "select") and self.forms and self.forms[-1].open:
            chosen = given.get("type") != "radio" or "checked" in given
            value = given.get("value", "") if chosen else self.forms[-1].fields.get(given["name"], "")
            self.forms[-1].fields[given["name"]] = value
            self._area = given["name"] if tag == "textarea" else ""
            self._select = given["name"]
        elif tag == "option" and "selected" in given:
            self.forms[-1].fields[self._select] = given["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.forms[-1].open = False
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._area:
            self.forms[-1].fields[self._area] += data.removeprefix("\n")

    def form(self, **having: Any) -> Form:
        """The first form with these field values."""
        for one in self.forms:
            if having.items() <= one.fields.items():
                return one
        raise AssertionError(f"no form {having} among {[one.fields for one in self.forms]}")

    def has(self, does: str) -> bool:
        """Whether there is a form for this action."""
        return any(one.fields.get("does") == does for one in self.forms)


HOSTILE_TEXT = "\"><script>alert(1)</script>'&"


class Visitor:
    """The customer 陶, who only uses a browser."""

    def __init__(self, tao: Customer) -> None:
        self.tao, self.path = tao, f"/c/{tao.token}"

    async def html(self) -> str:
        answer = await self.tao.client.get(self.path)
        assert answer.status_code == 200
        return answer.text

    async def page(self) -> Page:
        return Page(await self.html())

    async def sends(self, does: str, fields: dict[str, str], **having: Any) -> httpx.Response:
        form = (await self.page()).form(does=does, **having)
        assert form.action == self.path
        return await self.tao.client.post(form.action, data=form.fields | fields)

    async def done(self, does: str, fields: dict[str, str], **having: Any) -> None:
        answer = await self.sends(does, fields, **having)
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"].partition("#")[0].partition("?")[0] == self.path

    async def code(self) -> str:
        await self.done("code", {})
        await worker.deliver_due(self.tao.world.ctx)
        return self.tao.post.letters[-1].text.partition("验证码 ")[2][:6]

    async def enters(self) -> None:
        advance_clock(self.tao.world, seconds=1)  # answers come after the record
        await self.done("code-entry", {"code": await self.code()})
