"""A gateway for tests that stores messages, and can be made to fail."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from service.context import AppContext, CompanyProfile, OutgoingMessage
from tests.support import example_visits as stories

URL = "https://doorstep.example"


class Post:
    """A gateway, with the messages that it received, and the exception to raise, if any."""

    def __init__(self) -> None:
        self.letters: list[OutgoingMessage] = []
        self.trouble: Exception | None = None

    async def __call__(self, letter: OutgoingMessage) -> str:
        """Receive a message, or raise the exception."""
        self.letters.append(letter)
        if self.trouble is not None:
            raise self.trouble
        return "HTTP 200"

    @property
    def token(self) -> str:
        """The token of the link in the last message."""
        return self.letters[-1].text.partition(f"{URL}/c/")[2].split()[0]


def set_up(ctx: AppContext, now: str, **more: Any) -> Post:
    """Configure the context to use a new gateway, and set its clock."""
    post = Post()
    given: dict[str, Any] = {"url": URL, "company": "东城供水", "hotline": "021-96000", **more}
    ctx.company = CompanyProfile(gateways={"sms": post, "email": post}, **given)
    stand(ctx, now)
    return post


def stand(ctx: AppContext, now: str | datetime) -> None:
    """Set the clock to a time on the day of the stories, or to a moment."""
    moment = now if isinstance(now, datetime) else msgspec.convert(stories.clock(now), datetime)
    ctx.clock = lambda: int(moment.astimezone(UTC).timestamp() * 1000)
