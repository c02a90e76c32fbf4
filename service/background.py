"""The background tasks that run while the application serves."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from service.audit_log import checkpoints, sequencer
from service.context import AppContext
from service.duties import mails
from service.evidence import sweeper, uploads
from service.lifecycle import open_context
from service.messages import automatic, worker
from service.privacy import retention
from service.reviews import refresh
from service.transparency import pushing
from service.web.access_log import get_logger
from service.web.defects import error_trace
from service.webhooks import worker as webhooks

RESTART_SECONDS = 10.0  # before a background task runs again after an unexpected error
CANCEL_SECONDS = 0.5  # for background tasks to end; all of them may be interrupted
SETTLE_SECONDS = 0.5  # to sign a last checkpoint; what is not signed then is signed after the next start


@asynccontextmanager
async def run_background_work(ctx: AppContext) -> AsyncGenerator[AppContext]:
    """Open the context and run the background tasks. On leaving, accepted writes are finished first."""
    async with open_context(ctx):
        runs = (
            sequencer.run,
            worker.run,
            automatic.run,
            webhooks.run,
            mails.run,
            uploads.run,
            sweeper.run,
            refresh.run,
            pushing.run,
            retention.run,
        )
        tasks = [asyncio.create_task(_supervise(ctx, run)) for run in runs]
        try:
            yield ctx
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=CANCEL_SECONDS)
            await _settle(ctx)


async def _settle(ctx: AppContext) -> None:
    try:
        await asyncio.wait_for(checkpoints.settle(ctx), SETTLE_SECONDS)
    except TimeoutError:
        pass
    except Exception as error:  # noqa: BLE001 - logged, and the stop goes on
        get_logger().error("defect", request=None, **error_trace(error))


async def _supervise(ctx: AppContext, run: Callable[[AppContext], Awaitable[None]]) -> None:
    """Run a background task again whenever it ends or fails."""
    while True:
        try:
            await run(ctx)
        except Exception as error:  # noqa: BLE001 - logged, and tried again
            get_logger().error("defect", request=None, **error_trace(error))
        await asyncio.sleep(RESTART_SECONDS)
