"""The content of a door code, and of the page that it opens."""

from typing import Any

from tests.support.fake_gateway import URL


def doorstep_path(code: dict[str, Any]) -> str:
    return code["url"].removeprefix(URL)


def doorstep_ticket(html: str) -> str:
    return html.partition('name="ticket" value="')[2].partition('"')[0]
