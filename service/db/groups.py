"""Groups transaction functions that wait for PostgreSQL; each group runs side by side in one transaction.

A function that finds no queue and a free slot runs alone at once: a single client would gain nothing from a group. What
cannot run in a group runs alone, so that a failure affects only its own caller.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, NamedTuple

from service import errors

from .database import T, TransactionFn
from .side_by_side import GroupFailed, Outcome

STUCK_SECONDS = 1.0
"""A function that runs alone for longer waits for another lock; its slot is given to others meanwhile."""


class _Job(NamedTuple):
    work: TransactionFn[Any]
    about: bytes
    future: asyncio.Future[Any]

    def resolve(self, value: Any, error: BaseException | None) -> None:
        if self.future.done():  # the caller was cancelled
            return
        if error is None:
            self.future.set_result(value)
        else:
            self.future.set_exception(error)


class Groups:
    """Runs functions `alone`, or several of them `together`, with `slots` transactions at a time.

    ServiceUnavailable when more than `max_queued` wait, or one waits longer than `timeout` seconds.
    """

    def __init__(
        self,
        alone: Callable[[TransactionFn[Any]], Awaitable[Any]],
        together: Callable[[Sequence[TransactionFn[Any]]], Awaitable[list[Outcome]]],
        *,
        timeout: float,
        slots: int = 2,
        group_size: int = 64,
        max_queued: int = 10_000,
    ) -> None:
        self._alone, self._together = alone, together
        self._timeout, self._free, self._group_size, self._max_queued = timeout, slots, group_size, max_queued
        self._queue: deque[_Job] = deque()
        self._in_progress: set[bytes] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """How many functions wait for a transaction."""
        return len(self._queue)

    async def write(self, work: TransactionFn[T], about: bytes) -> T:
        """Run a function, alone or together with functions about something else."""
        if self._free and about not in self._in_progress:
            self._free -= 1
            self._in_progress.add(about)
            return await self._run_alone(work, about)
        if len(self._queue) >= self._max_queued:
            raise errors.ServiceUnavailable
        job = _Job(work, about, asyncio.get_running_loop().create_future())
        self._queue.append(job)
        timer = asyncio.get_running_loop().call_later(self._timeout, self._give_up, job)
        try:
            return await job.future
        finally:
            timer.cancel()

    def _give_up(self, job: _Job) -> None:
        if job in self._queue:
            self._queue.remove(job)
            job.resolve(None, errors.ServiceUnavailable())

    async def _run_alone(self, work: TransactionFn[T], about: bytes) -> T:
        """Run one function in a slot already taken for it; free the slot when it ends, or when it is stuck."""
        holds_slot = True

        def free_slot() -> None:
            nonlocal holds_slot
            self._free += holds_slot
            holds_slot = False
            self._start_groups()

        timer = asyncio.get_running_loop().call_later(STUCK_SECONDS, free_slot)
        try:
            return await self._alone(work)
        finally:
            timer.cancel()
            self._in_progress.discard(about)
            free_slot()

    def _start_groups(self) -> None:
        while self._free and (jobs := self._next_group()):
            self._free -= 1
            self._start(self._run(jobs))

    def _start(self, coroutine: Any) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)  # the loop itself keeps only weak references
        task.add_done_callback(self._tasks.discard)

    def _next_group(self) -> list[_Job]:
        """The next jobs whose subject is not in progress; the others keep their order in the queue."""
        jobs: list[_Job] = []
        skipped: list[_Job] = []
        while self._queue and len(jobs) < self._group_size:
            job = self._queue.popleft()
            if job.about in self._in_progress:
                skipped.append(job)
            elif not job.future.done():
                self._in_progress.add(job.about)
                jobs.append(job)
        self._queue.extendleft(reversed(skipped))
        return jobs

    async def _run(self, jobs: list[_Job]) -> None:
        if len(jobs) == 1:
            await self._resolve(jobs[0], self._run_alone(jobs[0].work, jobs[0].about))
            return
        alone: Iterable[_Job] = ()
        try:
            for job, outcome in zip(jobs, await self._together([job.work for job in jobs]), strict=True):
                job.resolve(*outcome)
        except GroupFailed as failed:
            alone = [jobs[place] for place in sorted(failed.places)]
            self._queue.extendleft(job for place, job in reversed([*enumerate(jobs)]) if place not in failed.places)
        except BaseException as error:
            for job in jobs:
                job.resolve(None, error if isinstance(error, Exception) else errors.ServiceUnavailable())
            if not isinstance(error, Exception):
                raise
        finally:
            self._in_progress.difference_update(job.about for job in jobs)
            for job in alone:
                self._start(self._resolve(job, self._alone(job.work)))
            self._free += 1
            self._start_groups()

    async def _resolve(self, job: _Job, running: Awaitable[Any]) -> None:
        try:
            job.resolve(await running, None)
        except Exception as error:  # noqa: BLE001 - any exception belongs to the caller
            job.resolve(None, error)
        except BaseException:
            job.resolve(None, errors.ServiceUnavailable())
            raise
