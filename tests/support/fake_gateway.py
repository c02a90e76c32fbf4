"""A desk for tests: a gateway that keeps what it is sent, and can be told to fail."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from service.context import AppContext, CompanyProfile, OutgoingMessage
from tests.support import example_visits as stories

URL = "https://doorstep.example"


class Post:
    """The other side of a gateway: what arrived there, and what it does with the next one."""

    def __init__(self) -> None:
        self.letters: list[OutgoingMessage] = []
        self.trouble: Exception | None = None

    async def __call__(self, letter: OutgoingMessage) -> str:
        """Take a letter, or raise the trouble."""
        self.letters.append(letter)
        if self.trouble is not None:
            raise self.trouble
        return "HTTP 200"

    @property
    def token(self) -> str:
        """The token in the link of the last letter."""
        return self.letters[-1].text.partition(f"{URL}/c/")[2].split()[0]


def set_up(ctx: AppContext, now: str, **more: Any) -> Post:
    """A post office for the house, whose clock stands at `now`."""
    post = Post()
    given: dict[str, Any] = {"url": URL, "company": "东城供水", "hotline": "021-96000", **more}
    ctx.company = CompanyProfile(gateways={"sms": post, "email": post}, **given)
    stand(ctx, now)
    return post


def stand(ctx: AppContext, now: str | datetime) -> None:
    """The clock stands at a time of the stories' day, or at a moment."""
    moment = now if isinstance(now, datetime) else msgspec.convert(stories.clock(now), datetime)
    ctx.clock = lambda: int(moment.astimezone(UTC).timestamp() * 1000)
