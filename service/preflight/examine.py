"""`doorstep check`, and the warnings of `doorstep serve`: what is not set before the service goes live."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfoNotFoundError

from service.config.settings import Settings
from service.context import AppContext
from service.db.migrate import DatabaseTooNew, NoDatabase, OlderDatabase
from service.errors import Problem
from service.lifecycle import build_context
from service.web.access_log import get_logger

from .database_checks import check_backup_client, check_database
from .finding import GRADES, Finding, fine
from .key_checks import check_keys
from .machine_checks import check_machine
from .settings_checks import check_settings

NO_BLOB = bytes(32)
STORE_SECONDS = 10.0


async def examine(settings: Settings) -> list[Finding]:
    """All findings, the gravest first. Nothing is created or changed."""
    with TemporaryDirectory(prefix="doorstep-check-") as scratch:
        try:
            ctx = build_context(settings, Path(scratch))
        except ZoneInfoNotFoundError:  # one of the findings
            return _sorted([*await _without_database(settings), *await check_keys(settings, None)])
        try:
            await ctx.db.start()
            return _sorted(
                [
                    *await check_database(ctx),
                    *await check_backup_client(ctx),
                    *await _without_database(settings),
                    *await check_keys(settings, ctx),
                    *await _store(settings, ctx),
                ]
            )
        except (NoDatabase, OlderDatabase, DatabaseTooNew, Problem, OSError) as error:
            return _sorted([_unusable(error), *await _without_database(settings), *await check_keys(settings, None)])
        finally:
            await ctx.db.close()


async def warn(settings: Settings, ctx: AppContext) -> None:
    """Log what must be done before the service goes live. Nothing that goes wrong here stops a server."""
    log = get_logger()
    try:
        findings = [
            *await check_database(ctx),
            *await _without_database(settings),
            *await check_keys(settings, ctx),
        ]
    except Exception as error:  # noqa: BLE001 - it is only advice
        log.warning("the settings could not be checked", reason=type(error).__name__)
        return
    for one in findings:
        if one.grade == "must":
            what, todo = f"{one.zh} / {one.en}", f"{one.do_zh} / {one.do_en}"
            log.warning("not ready to go live", check=one.name, what=what, do=todo)


async def _without_database(settings: Settings) -> list[Finding]:
    return [*check_settings(settings), *await asyncio.to_thread(lambda: list(check_machine(settings)))]


async def _store(settings: Settings, ctx: AppContext) -> list[Finding]:
    """Whether the bucket answers."""
    if not settings.blobs:
        return []
    try:
        async with asyncio.timeout(STORE_SECONDS), ctx.evidence_storage.blobs.open_local(NO_BLOB):
            pass
    except FileNotFoundError:
        return [fine("bucket", "对象存储可用", "the bucket answers")]
    except (Problem, OSError):
        pass
    return [
        Finding(
            "bucket",
            "must",
            "对象存储连不上，照片存不进去",
            "the bucket does not answer: photos cannot be stored",
            "检查 DOORSTEP_BLOBS、AWS_ACCESS_KEY_ID 和网络",
            "check DOORSTEP_BLOBS, AWS_ACCESS_KEY_ID and the network",
        )
    ]


def _unusable(error: Exception) -> Finding:
    zh, _, en = (f"{error.title_zh} / {error.title_en}" if isinstance(error, Problem) else str(error)).partition(" / ")
    do = ("照上面说的改正，再运行一次", "mend that, and run this again")
    if isinstance(error, NoDatabase):
        do = (
            "第一次先运行 doorstep serve；否则核对 DOORSTEP_DATA 和 DOORSTEP_DATABASE",
            "run doorstep serve first if it is new; else check DOORSTEP_DATA and DOORSTEP_DATABASE",
        )
    return Finding("database", "must", f"数据库不能用：{zh}", f"the database cannot be used: {en or zh}", *do)


def _sorted(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda one: list(GRADES).index(one.grade))
