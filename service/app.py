"""Puts the house together: settings, database, flows and HTTP. The only module that knows every layer."""

import asyncio
import gc
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from secrets import randbits
from tempfile import TemporaryDirectory
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Litestar
from litestar.types import ASGIApp

from service.accounts import me_routes, session_routes
from service.accounts.caller import DEPENDENCIES, Authentication
from service.agenda import calendar_routes
from service.agenda import routes as agenda_routes
from service.allowance import DailyAllowance
from service.audit_log import sequencer
from service.blobs.vault import open_evidence_storage
from service.checklists import publish
from service.checklists import routes as checklists_routes
from service.config import Settings
from service.confirmation import download_routes
from service.confirmation import routes as confirmation_routes
from service.context import AppContext, CompanyProfile, Quota
from service.db.connect import open_database
from service.db.migrate import NoDatabase, OlderDatabase
from service.devices import routes as devices_routes
from service.dispatch import change_routes, import_routes
from service.dispatch import routes as dispatch_routes
from service.evidence import routes as evidence_routes
from service.evidence import sweeper, tus_routes, uploads
from service.health import routes as health_routes
from service.identity_check import routes as identity_check_routes
from service.judge.volume import VisitLimits
from service.messages import gateways, worker
from service.messages import routes as messages_routes
from service.rate_limit import TokenBucket
from service.records import quarantine_routes
from service.records import routes as records_routes
from service.staff import invitation_pages
from service.staff import routes as staff_routes
from service.visits import status
from service.web import language_routes, static_files
from service.web.access_log import access_log_middleware
from service.web.api_document import BytesSchemas, ProblemSchemas, StructSchemas, openapi_config
from service.web.compression import response_middleware
from service.web.paths import plain_paths_middleware
from service.web.problems import EXCEPTION_HANDLERS, log_unexpected_error
from service.web.query import check_query
from service.web.request import BoundedRequest

ROUTES = (
    *health_routes.ROUTES,
    *me_routes.ROUTES,
    *session_routes.ROUTES,
    *staff_routes.ROUTES,
    *devices_routes.ROUTES,
    *checklists_routes.ROUTES,
    *dispatch_routes.ROUTES,
    *change_routes.ROUTES,
    *agenda_routes.ROUTES,
    *calendar_routes.ROUTES,
    *import_routes.ROUTES,
    *messages_routes.ROUTES,
    *confirmation_routes.ROUTES,
    *download_routes.ROUTES,
    *identity_check_routes.ROUTES,
    *records_routes.ROUTES,
    *evidence_routes.ROUTES,
    *tus_routes.ROUTES,
    *quarantine_routes.ROUTES,
    *invitation_pages.ROUTES,
    *language_routes.ROUTES,
    *static_files.ROUTES,
)
Lifespan = Sequence[Callable[[Litestar], AbstractAsyncContextManager[None]]]
SECONDS_AFTER_DEFECT = 10.0
BESIDE_SECONDS = 0.5  # for what goes on beside the requests to end; all of it may be cut off


def create_app(ctx: AppContext, max_body: int, lifespan: Lifespan = ()) -> ASGIApp:
    """The whole service as an ASGI application. Its context is opened around it (`run_background_work`), also by
    `lifespan`."""
    return access_log_middleware(plain_paths_middleware(response_middleware(litestar(ctx, max_body, lifespan))))


def litestar(ctx: AppContext | None = None, max_body: int = 0, lifespan: Lifespan = ()) -> Litestar:
    """All routes."""
    app = Litestar(
        ROUTES,
        before_request=check_query,
        dependencies=DEPENDENCIES,
        lifespan=lifespan,
        exception_handlers=EXCEPTION_HANDLERS,
        logging_config=None,  # `web/access_log.py` writes one line for each request
        middleware=[Authentication],
        openapi_config=openapi_config(),
        plugins=[BytesSchemas(), ProblemSchemas(), StructSchemas()],
        request_class=BoundedRequest,
        request_max_body_size=None,  # `BoundedRequest` holds bodies to the setting, and controllers to less
    )
    app.state.update({"ctx": ctx, "max_body": max_body})
    return app


def build_context(settings: Settings, scratch: Path | None = None) -> AppContext:
    """What the flows work with, not yet opened. With `scratch`, a folder for what is fetched, it is only looked at."""
    return AppContext(
        db=open_database(settings.database_address, only_read=scratch is not None),
        clock=current_millis,
        new_id=uuid7,
        zone=ZoneInfo(settings.zone),
        max_entries=settings.max_entries,
        evidence_storage=open_evidence_storage(settings.data, settings.blobs, settings.max_file, scratch),
        token_rate_limit=TokenBucket(settings.requests),
        address_rate_limit=TokenBucket(settings.strangers),
        visit_limits=VisitLimits(
            batches=settings.visit_records, entries=settings.visit_entries, size=settings.visit_bytes
        ),
        daily_quota=Quota(
            records=DailyAllowance(settings.day_records),
            entries=DailyAllowance(settings.day_entries),
            size=DailyAllowance(settings.day_bytes),
            kept=DailyAllowance(settings.day_quarantine),
            kept_size=DailyAllowance(settings.day_quarantine_bytes),
            photos=DailyAllowance(settings.day_photos),
            photos_size=DailyAllowance(settings.day_photo_bytes),
            unnamed_size=settings.day_unnamed_bytes,
            waiting_rows=settings.quarantine,
            waiting_size=settings.quarantine_bytes,
        ),
        company=CompanyProfile(
            url=settings.public_url,
            company=settings.company,
            hotline=settings.hotline,
            cutoff_hours=settings.cutoff_hours,
            gateways=gateways.build_gateways(
                settings.data, settings.sms_url, settings.sms_token, settings.smtp, settings.smtp_from
            ),
        ),
    )


@asynccontextmanager
async def open_context(ctx: AppContext) -> AsyncGenerator[AppContext]:
    """The house with its database open: tables up to date, and in a fresh one the shipped checklist published."""
    await ctx.db.start()
    try:
        await publish.publish_bundled_checklist(ctx)
        await status.backfill_summaries(ctx)
        yield ctx
    finally:
        await ctx.db.close()


@asynccontextmanager
async def commanded(ctx: AppContext) -> AsyncGenerator[AppContext]:
    """An opened house for one command."""
    async with open_context(ctx):
        yield ctx
        await sequencer.catch_up(ctx)


@asynccontextmanager
async def looked_at(settings: Settings) -> AsyncGenerator[AppContext]:
    """The house as it is: nothing of it is made, mended or brought up to date."""
    with TemporaryDirectory(prefix="doorstep-look-") as scratch:
        ctx = build_context(settings, Path(scratch))
        try:
            await ctx.db.start()
            yield ctx
        finally:
            await ctx.db.close()


async def need_database(settings: Settings, *, in_empty: bool = False, anywhere: bool = False) -> None:
    """NoDatabase where there is none: an address may be mistyped. Where the place for it is there and empty, or even
    anywhere, opening it may make one."""
    db = open_database(settings.database_address, only_read=True)
    try:
        await db.start()
    except OlderDatabase:
        pass  # it is brought up to date when it is opened
    except NoDatabase as error:
        if not (anywhere or (in_empty and error.fresh)):
            raise
    finally:
        await db.close()


@asynccontextmanager
async def run_background_work(ctx: AppContext) -> AsyncGenerator[AppContext]:
    """An opened house with what goes on beside the requests. On leaving, what was taken is finished first."""
    async with open_context(ctx):
        works = (sequencer.run, worker.run, uploads.run, sweeper.run)
        beside = [asyncio.create_task(_supervise(ctx, work)) for work in works]
        try:
            yield ctx
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside, timeout=BESIDE_SECONDS)


def freeze_gc() -> None:
    """What start-up made lives for ever: the collector need not look at it again, and may come more seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _supervise(ctx: AppContext, work: Callable[[AppContext], Awaitable[None]]) -> None:
    """The sequencer or the outbox's worker, which outlives whatever happens to the database."""
    while True:
        try:
            await work(ctx)
        except Exception as error:  # noqa: BLE001 - logged, and tried again
            log_unexpected_error(error)
        await asyncio.sleep(SECONDS_AFTER_DEFECT)


def current_millis() -> int:
    """Milliseconds UTC."""
    return time.time_ns() // 1_000_000


def uuid7() -> UUID:
    """A UUID of version 7 (RFC 9562): it sorts by time."""
    return UUID(int=(current_millis() << 80) | (0x7 << 76) | (randbits(12) << 64) | (0b10 << 62) | randbits(62))
