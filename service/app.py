"""Builds the application from settings, database, features and HTTP. The only module that knows every layer."""

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
from service.agenda import routes as agenda_routes
from service.allowance import DailyAllowance
from service.audit_log import sequencer
from service.blobs.evidence_storage import open_evidence_storage
from service.checklists import pages as checklists_pages
from service.checklists import publish
from service.checklists import routes as checklists_routes
from service.config import Settings
from service.confirmation import routes as confirmation_routes
from service.context import AppContext, CompanyProfile, Quota, ReviewPolicy
from service.db.connect import open_database
from service.db.migrate import NoDatabase, OlderDatabase
from service.devices import routes as devices_routes
from service.dispatch import change_routes, import_pages, import_routes, notice_pages, plan_pages
from service.dispatch import pages as dispatch_pages
from service.dispatch import routes as dispatch_routes
from service.duties import pages as duties_pages
from service.duties import routes as duties_routes
from service.evidence import phone_export_pages, sweeper, tus_routes, uploads
from service.evidence import routes as evidence_routes
from service.health import pages as health_pages
from service.health import routes as health_routes
from service.identity_check import routes as identity_check_routes
from service.judge.volume import VisitLimits
from service.messages import gateways, worker
from service.messages import routes as messages_routes
from service.phone import pages as phone_pages
from service.rate_limit import TokenBucket
from service.records import quarantine_pages, quarantine_routes
from service.records import routes as records_routes
from service.reviews import pages as visit_pages
from service.reviews import queue_page, refresh
from service.reviews import routes as reviews_routes
from service.staff import account_pages, invitation_pages, people_pages, sign_in_pages
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
    *health_pages.ROUTES,
    *me_routes.ROUTES,
    *session_routes.ROUTES,
    *staff_routes.ROUTES,
    *devices_routes.ROUTES,
    *checklists_routes.ROUTES,
    *checklists_pages.ROUTES,
    *dispatch_routes.ROUTES,
    *dispatch_pages.ROUTES,
    *plan_pages.ROUTES,
    *change_routes.ROUTES,
    *agenda_routes.ROUTES,
    *import_routes.ROUTES,
    *import_pages.ROUTES,
    *notice_pages.ROUTES,
    *messages_routes.ROUTES,
    *confirmation_routes.ROUTES,
    *identity_check_routes.ROUTES,
    *records_routes.ROUTES,
    *evidence_routes.ROUTES,
    *tus_routes.ROUTES,
    *phone_export_pages.ROUTES,
    *quarantine_routes.ROUTES,
    *quarantine_pages.ROUTES,
    *reviews_routes.ROUTES,
    *queue_page.ROUTES,
    *visit_pages.ROUTES,
    *duties_routes.ROUTES,
    *duties_pages.ROUTES,
    *invitation_pages.ROUTES,
    *sign_in_pages.ROUTES,
    *account_pages.ROUTES,
    *people_pages.ROUTES,
    *phone_pages.ROUTES,
    *language_routes.ROUTES,
    *static_files.ROUTES,
)
Lifespan = Sequence[Callable[[Litestar], AbstractAsyncContextManager[None]]]
RESTART_SECONDS = 10.0  # before a background task runs again after an unexpected error
CANCEL_SECONDS = 0.5  # for background tasks to end; all of them may be interrupted


def create_app(ctx: AppContext, max_body: int, lifespan: Lifespan = ()) -> ASGIApp:
    """The service as an ASGI application. The caller opens its context (`run_background_work`), if need be in
    `lifespan`."""
    return access_log_middleware(plain_paths_middleware(response_middleware(litestar(ctx, max_body, lifespan))))


def litestar(ctx: AppContext | None = None, max_body: int = 0, lifespan: Lifespan = ()) -> Litestar:
    """The Litestar application with all routes."""
    app = Litestar(
        ROUTES,
        before_request=check_query,
        dependencies=DEPENDENCIES,
        lifespan=lifespan,
        exception_handlers=EXCEPTION_HANDLERS,
        logging_config=None,  # see `web/access_log.py`
        middleware=[Authentication],
        openapi_config=openapi_config(),
        plugins=[BytesSchemas(), ProblemSchemas(), StructSchemas()],
        request_class=BoundedRequest,
        request_max_body_size=None,  # `BoundedRequest` limits bodies
    )
    app.state.update({"ctx": ctx, "max_body": max_body})
    return app


def build_context(settings: Settings, scratch: Path | None = None) -> AppContext:
    """The context, not yet opened. With `scratch`, a folder for fetched files, it is read-only."""
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
        review_policy=ReviewPolicy(
            close_days=settings.close_days,
            sample_percent=settings.sample_percent,
            working_days=settings.answer_days == "working",
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
    """Open the database: bring its tables up to date, and in a new one publish the bundled checklist."""
    await ctx.db.start()
    try:
        await publish.publish_bundled_checklist(ctx)
        await status.backfill_summaries(ctx)
        yield ctx
    finally:
        await ctx.db.close()


@asynccontextmanager
async def open_read_only(settings: Settings) -> AsyncGenerator[AppContext]:
    """Open the context as it is: nothing is created, repaired or brought up to date."""
    with TemporaryDirectory(prefix="doorstep-look-") as scratch:
        ctx = build_context(settings, Path(scratch))
        try:
            await ctx.db.start()
            yield ctx
        finally:
            await ctx.db.close()


async def require_database(settings: Settings, *, create: bool | None) -> None:
    """NoDatabase when there is none: the address may be mistyped. With `create` it may be created; with False only
    where its place exists and is empty; with None not at all."""
    db = open_database(settings.database_address, only_read=True)
    try:
        await db.start()
    except OlderDatabase:
        pass  # opening it will bring it up to date
    except NoDatabase as error:
        if not (create or (create is False and error.fresh)):
            raise
    finally:
        await db.close()


@asynccontextmanager
async def run_background_work(ctx: AppContext) -> AsyncGenerator[AppContext]:
    """Open the context and run the background tasks. On leaving, accepted writes are finished first."""
    async with open_context(ctx):
        runs = (sequencer.run, worker.run, uploads.run, sweeper.run, refresh.run)
        tasks = [asyncio.create_task(_supervise(ctx, run)) for run in runs]
        try:
            yield ctx
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=CANCEL_SECONDS)


def freeze_gc() -> None:
    """Exclude what startup created from garbage collection, and collect less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _supervise(ctx: AppContext, run: Callable[[AppContext], Awaitable[None]]) -> None:
    """Run a background task again whenever it ends or fails."""
    while True:
        try:
            await run(ctx)
        except Exception as error:  # noqa: BLE001 - logged, and tried again
            log_unexpected_error(error)
        await asyncio.sleep(RESTART_SECONDS)


def current_millis() -> int:
    """Milliseconds UTC."""
    return time.time_ns() // 1_000_000


def uuid7() -> UUID:
    """A UUID of version 7 (RFC 9562), which sorts by time."""
    return UUID(int=(current_millis() << 80) | (0x7 << 76) | (randbits(12) << 64) | (0b10 << 62) | randbits(62))
