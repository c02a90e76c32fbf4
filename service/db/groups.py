"""Works that wait for PostgreSQL are gathered into groups, which run side by side in one transaction each.

A work that finds nobody waiting and little under way runs alone at once: for a single client nothing is gained by a
group. What cannot be done in a group is done alone, so that whatever is wrong concerns only its own.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, NamedTuple

from service import errors

from .database import T, TransactionFn
from .side_by_side import Outcome, Spoiled

STUCK_SECONDS = 1.0
"""A work alone that takes longer waits for somebody else's lock: the others go on meanwhile."""


class _Job(NamedTuple):
    work: TransactionFn[Any]
    about: bytes
    future: asyncio.Future[Any]

    def tell(self, value: Any, error: BaseException | None) -> None:
        if self.future.done():  # the caller went away
            return
        if error is None:
            self.future.set_result(value)
        else:
            self.future.set_exception(error)


class Groups:
    """`alone` runs a work in its own transaction, `together` several in one; `at_once` transactions of either kind at a
    time. Busy when more than `waiting` wait, or one waits longer than `patience` seconds."""

    def __init__(
        self,
        alone: Callable[[TransactionFn[Any]], Awaitable[Any]],
        together: Callable[[Sequence[TransactionFn[Any]]], Awaitable[list[Outcome]]],
        *,
        patience: float,
        at_once: int = 2,
        size: int = 64,
        waiting: int = 10_000,
    ) -> None:
        self._alone, self._together = alone, together
        self._patience, self._free, self._size, self._most = patience, at_once, size, waiting
        self._waiting: deque[_Job] = deque()
        self._under_way: set[bytes] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def write(self, work: TransactionFn[T], about: bytes) -> T:
        """Run a work, alone or with others that are not about the same."""
        if self._free and about not in self._under_way:
            self._free -= 1
            self._under_way.add(about)
            return await self._run_alone(work, about)
        if len(self._waiting) >= self._most:
            raise errors.ServiceUnavailable
        job = _Job(work, about, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        timer = asyncio.get_running_loop().call_later(self._patience, self._give_up, job)
        try:
            return await job.future
        finally:
            timer.cancel()

    def _give_up(self, job: _Job) -> None:
        if job in self._waiting:
            self._waiting.remove(job)
            job.tell(None, errors.ServiceUnavailable())

    async def _run_alone(self, work: TransactionFn[T], about: bytes) -> T:
        """Run one work in a place that was taken for it, and give the place back: when it ends, or is stuck."""
        kept = True

        def give_back() -> None:
            nonlocal kept
            self._free += kept
            kept = False
            self._go_on()

        timer = asyncio.get_running_loop().call_later(STUCK_SECONDS, give_back)
        try:
            return await self._alone(work)
        finally:
            timer.cancel()
            self._under_way.discard(about)
            give_back()

    def _go_on(self) -> None:
        """Where a place is free, those who wait go on, as many as go together."""
        while self._free and (jobs := self._next_group()):
            self._free -= 1
            self._start(self._run(jobs))

    def _start(self, coroutine: Any) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)  # the loop itself keeps only weak references
        task.add_done_callback(self._tasks.discard)

    def _next_group(self) -> list[_Job]:
        """The next who wait, and are about something that nobody else is at; the others stay in their order."""
        jobs: list[_Job] = []
        left: list[_Job] = []
        while self._waiting and len(jobs) < self._size:
            job = self._waiting.popleft()
            if job.about in self._under_way:
                left.append(job)
            elif not job.future.done():
                self._under_way.add(job.about)
                jobs.append(job)
        self._waiting.extendleft(reversed(left))
        return jobs

    async def _run(self, jobs: list[_Job]) -> None:
        if len(jobs) == 1:
            await self._tell(jobs[0], self._run_alone(jobs[0].work, jobs[0].about))
            return
        alone: Iterable[_Job] = ()
        try:
            for job, outcome in zip(jobs, await self._together([job.work for job in jobs]), strict=True):
                job.tell(*outcome)
        except Spoiled as spoiled:
            alone = [jobs[place] for place in sorted(spoiled.places)]
            self._waiting.extendleft(job for place, job in reversed([*enumerate(jobs)]) if place not in spoiled.places)
        except BaseException as error:
            for job in jobs:
                job.tell(None, error if isinstance(error, Exception) else errors.ServiceUnavailable())
            if not isinstance(error, Exception):
                raise
        finally:
            self._under_way.difference_update(job.about for job in jobs)
            for job in alone:
                self._start(self._tell(job, self._alone(job.work)))
            self._free += 1
            self._go_on()

    async def _tell(self, job: _Job, running: Awaitable[Any]) -> None:
        try:
            job.tell(await running, None)
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the caller
            job.tell(None, error)
        except BaseException:
            job.tell(None, errors.ServiceUnavailable())
            raise
