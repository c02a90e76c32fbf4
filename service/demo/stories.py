"""A visit of the demonstration: its plan, and what is done about it when."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from service.accounts.validation import NewPerson

from .acts import Actors, plan, stable_id
from .people import DISPATCHER_OF, SUPERVISOR_OF

HOUR = timedelta(hours=1)


class Story(msgspec.Struct):
    """A visit whose steps are taken in order, each at its time. `start`: of the window, which lasts an hour.

    `notice`: from when on the dispatcher has sent one, while the visit is ahead.
    """

    content: dict[str, Any]
    technician: str
    area: str
    start: datetime
    steps: list[tuple[datetime, Callable[[Actors], Awaitable[object]]]]
    notice: datetime | None = None

    @property
    def id(self) -> UUID:
        """The visit's id, which depends on the plan alone."""
        return stable_id(self.content)

    @property
    def dispatcher(self) -> str:
        """Who plans it."""
        return DISPATCHER_OF[self.area]

    @property
    def supervisor(self) -> str:
        """Who reviews it."""
        return SUPERVISOR_OF[self.area]

    @property
    def end(self) -> datetime:
        """The end of the window."""
        return self.start + HOUR

    def overlaps(self, other: "Story") -> bool:
        """Whether the same technician has both at once."""
        return self.technician == other.technician and self.start < other.end and other.start < self.end

    def then(self, at: datetime, act: Callable[..., Awaitable[object]], login: str, *args: Any, **more: Any) -> None:
        """Add a step: somebody does something about the visit."""
        visit = self.id

        async def step(actors: Actors) -> None:
            await act(actors, login, visit, *args, **more)

        self.steps.append((at, step))


def new_story(planned_at: datetime, technician: NewPerson, start: datetime, content: dict[str, Any]) -> Story:
    """A visit that is planned at a time."""
    area = technician.areas[0]
    window = {"from": start.isoformat(), "to": (start + HOUR).isoformat()}
    whole = {**content, "window": window, "technician": technician.login, "area": area}
    story = Story(whole, technician.login, area, start, [])
    story.steps.append((planned_at, partial(plan, login=story.dispatcher, visit=story.id, content=whole)))
    return story
