"""Builds the context from settings and opens it. Apart from `app.py`, so that commands that serve nothing start without
the routes."""

import gc
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from secrets import randbits
from tempfile import TemporaryDirectory
from uuid import UUID
from zoneinfo import ZoneInfo

from service import fingerprints
from service.accounts import coverage, tokens
from service.accounts.events import OPERATOR, Act, PersonEvent, record_event
from service.accounts.sealing import OWN_SECRET, TOTP_SECRET, seal_stored
from service.accounts.secrets import get_or_create_fingerprint_key
from service.allowance import DailyAllowance
from service.audit_log import checkpoints
from service.blobs.evidence_storage import open_evidence_storage
from service.checklists import publish
from service.config.errors import SettingsError
from service.config.settings import Settings
from service.context import (
    AppContext,
    CompanyProfile,
    OidcSettings,
    Quota,
    RetentionPolicy,
    ReviewPolicy,
    SignInPolicy,
    WecomSettings,
)
from service.db.connect import open_database
from service.db.database import Transaction
from service.db.migrate import NoDatabase, OlderDatabase
from service.durable_files import run_in_disk_thread
from service.identity_check import confirmations
from service.judge.volume import VisitLimits
from service.keys import Keys
from service.messages import gateways, message_settings, outbox
from service.messages.outbox import PLACEHOLDERS
from service.privacy import holds
from service.private_files import close_to_others
from service.rate_limit import TokenBucket
from service.records import repository as records_repository
from service.sealer import Sealer
from service.spreadsheets.words import load_table_words
from service.transparency.targets import MailTarget, parse_target
from service.visits import status
from service.web.access_log import get_logger
from service.web.brand import read_logo, readable
from service.webhooks.receivers import read_receivers

FINDERS = (outbox, confirmations, holds, records_repository)
"""Modules that no command needs but to find the rows behind leaves of the log (`audit_log/sources`)."""


RESTORING = "restoring"
"""A file in the data folder from the beginning of a restore to its end."""


class RestoreUnfinished(Exception):
    """A restore was interrupted: the database may be complete, and does not know yet that it must not be signed."""


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
        daily_quota=_daily_quota(settings),
        receivers=read_receivers(settings.webhooks, settings.webhook_secrets),
        metrics_secret=settings.metrics,
        keys=Keys(
            settings.data / "keys", sealing=settings.sealing_key, log=settings.log_key, log_name=settings.log_name
        ),
        checkpoint_targets=_checked_targets(settings),
        sign_in=_sign_in_policy(settings),
        table_words=load_table_words(settings.table_words),
        review_policy=ReviewPolicy(
            close_days=settings.close_days,
            sample_percent=settings.sample_percent,
            working_days=settings.answer_days == "working",
        ),
        retention=RetentionPolicy(
            visits=settings.keep_visits,
            positions=settings.keep_positions,
            quarantine=settings.keep_quarantine,
            uploads=settings.keep_uploads,
            looks=settings.keep_looks,
            sign_ins=settings.keep_sign_ins,
            mails=settings.keep_mails,
            staff=settings.keep_staff,
        ),
        company=_company_profile(settings),
    )


def _daily_quota(settings: Settings) -> Quota:
    return Quota(
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
    )


def _company_profile(settings: Settings) -> CompanyProfile:
    return CompanyProfile(
        url=settings.public_url,
        origins=settings.origins,
        company=settings.company,
        hotline=settings.hotline,
        privacy_contact=settings.privacy_contact,
        price_list=settings.price_list,
        logo=read_logo(settings.logo),
        colour=readable(settings.colour),
        official=settings.official,
        offered_days=settings.offered_days,
        cutoff_hours=settings.cutoff_hours,
        duty_mail=settings.duty_mail,
        automatic=message_settings.automatic_kinds(settings),
        templates=message_settings.templates(settings),
        quiet_hours=settings.quiet_hours,
        report_secret=settings.sms_reports,
        gateways=gateways.build_gateways(
            settings.data, settings.sms_url, settings.sms_token, settings.smtp, settings.smtp_from
        ),
    )


def _checked_targets(settings: Settings) -> tuple[str, ...]:
    """The targets of checkpoints. SettingsError for one that cannot be used."""
    try:
        targets = [parse_target(target) for target in settings.checkpoints]
    except ValueError as error:
        raise SettingsError(f"DOORSTEP_CHECKPOINTS: {error}") from None
    if not settings.smtp and any(isinstance(target, MailTarget) for target in targets):
        raise SettingsError("DOORSTEP_CHECKPOINTS: a mail needs DOORSTEP_SMTP, or it would stay on this machine")
    return settings.checkpoints


def _sign_in_policy(settings: Settings) -> SignInPolicy:
    oidc = OidcSettings(
        issuer=settings.oidc_issuer,
        client=settings.oidc_client,
        secret=settings.oidc_secret,
        claim=settings.oidc_claim,
        scope=settings.oidc_scope,
        factor=settings.oidc_factor,
    )
    wecom = WecomSettings(
        corp=settings.wecom_corp,
        agent=settings.wecom_agent,
        secret=settings.wecom_secret,
        factor=settings.wecom_factor,
        api=settings.wecom_api.rstrip("/"),
        page=settings.wecom_page.rstrip("/"),
    )
    return SignInPolicy(
        script_days=settings.script_days,
        device_days=settings.device_days,
        proof_minutes=settings.proof_minutes,
        oidc=oidc if settings.oidc_issuer else None,
        wecom=wecom if settings.wecom_corp else None,
    )


@asynccontextmanager
async def open_context(ctx: AppContext) -> AsyncGenerator[AppContext]:
    """Open the database: bring its tables up to date, and in a new one publish the bundled checklist.

    RestoreUnfinished, KeyUnusable.
    """
    await _close_files_to_others(ctx)
    marker = ctx.evidence_storage.data / RESTORING
    if await run_in_disk_thread(marker.exists):
        raise RestoreUnfinished(
            f"恢复没有完成（{marker}）：请清空数据文件夹和数据库，重新恢复 / a restore did not end: empty the data "
            "folder and the database, and restore again"
        )
    await ctx.db.start()
    try:
        await ctx.keys.open(ctx.db, ctx.clock(), partial(_seal_stored, ctx))
        fingerprints.use_key(await get_or_create_fingerprint_key(ctx))
        await tokens.end_unlimited_scripts(ctx)
        await coverage.begin(ctx)
        await publish.publish_bundled_checklist(ctx)
        await status.backfill_summaries(ctx)
        yield ctx
    finally:
        await ctx.db.close()


async def _seal_stored(ctx: AppContext, tx: Transaction, sealer: Sealer, plain_too: bool) -> None:
    await seal_stored(tx, sealer, (OWN_SECRET, PLACEHOLDERS), plain_too=plain_too)
    for login in await seal_stored(tx, sealer, (TOTP_SECRET,), plain_too=plain_too):
        await record_event(ctx, tx, PersonEvent(what="resealed", person=str(login), by=OPERATOR))


async def replace_sealing_key(ctx: AppContext) -> list[str]:
    """Make a new sealing key and seal everything with it; the ids of the keys, the new one first. KeyUnusable."""
    ctx.keys.replace_sealing_key()
    await ctx.keys.open(ctx.db, ctx.clock(), partial(_seal_stored, ctx))
    return ctx.keys.sealer.ids


async def begin_new_log(ctx: AppContext, name: str) -> str:
    """Sign as a log of another name (`checkpoints.begin_new_log`); its verifier key. The first leaf under the new name
    says so: with it there is something to sign."""
    key = await checkpoints.begin_new_log(ctx, name)
    begun = Act(what="log-begun", by=OPERATOR, subject=name, digest=sha256(key.encode()).hexdigest())
    await ctx.db.write(lambda tx: record_event(ctx, tx, begun))
    return key


async def _close_files_to_others(ctx: AppContext) -> None:
    """What an older version, or somebody, left open to other users of the machine is theirs no longer."""
    endings = ("", "-wal", "-shm") if ctx.db.engine == "sqlite" else ()
    files = [Path(ctx.db.name + ending) for ending in endings]
    for path in await run_in_disk_thread(close_to_others, ctx.evidence_storage.data, files):
        get_logger().warning("file_open_to_others", path=path)


@asynccontextmanager
async def open_read_only(settings: Settings) -> AsyncGenerator[AppContext]:
    """Open the context as it is: nothing is created, repaired or brought up to date."""
    with TemporaryDirectory(prefix="doorstep-look-") as scratch:
        ctx = build_context(settings, Path(scratch))
        try:
            await ctx.db.start()
            ctx.keys.load()
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


def freeze_gc() -> None:
    """Exclude what startup created from garbage collection, and collect less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def current_millis() -> int:
    """Milliseconds UTC."""
    return time.time_ns() // 1_000_000


def uuid7() -> UUID:
    """A UUID of version 7 (RFC 9562), which sorts by time."""
    return UUID(int=(current_millis() << 80) | (0x7 << 76) | (randbits(12) << 64) | (0b10 << 62) | randbits(62))
