"""Checks of the database: its engine, its settings, and who is in it."""

from collections.abc import Iterator
from typing import Any

from service.audit_log.checkpoints import RESTORED
from service.context import AppContext
from service.db.database import Transaction
from service.demo.people import STAFF, TECHNICIANS

from .finding import Finding, fine

WAL_RESET_FIXED = (3, 51, 3)
"""Earlier versions from 3.7.0 on may damage a file when two processes move its write-ahead log at the same moment."""
POSTGRES_LEAST = 14
CLOCK_STEP_MS = 60_000
DURABLE = {"fsync": "on", "full_page_writes": "on"}


async def check_database(ctx: AppContext) -> list[Finding]:
    """All findings about an open database."""

    async def look(tx: Transaction) -> list[Finding]:
        (version,) = await tx.fetch_one("engine_version") or ("",)
        people = await tx.fetch_all("people_who_work")
        newest = await tx.fetch_one("newest_leaf")
        restored = await tx.fetch_one("installation", name=RESTORED)
        last_key = await tx.fetch_one("last_known_key", purpose="log")
        if ctx.db.engine == "sqlite":
            findings = [_sqlite_version(version)]
        else:
            settings = dict(await tx.fetch_all("server_settings"))
            encrypted, superuser = await tx.fetch_one("connection_encrypted") or (None, False)
            findings = [*_postgres_server(version, settings), *_postgres_connection(encrypted, superuser)]
        return [*findings, *_people(people), *_order_of_times(newest, ctx.clock()), *_signing(restored, last_key)]

    return await ctx.db.read(look)


def _sqlite_version(version: str) -> Finding:
    if tuple(map(int, version.split("."))) < WAL_RESET_FIXED:
        least = ".".join(map(str, WAL_RESET_FIXED))
        return Finding(
            "sqlite",
            "should",
            f"SQLite {version} 在两个进程同时整理日志时可能损坏文件",
            f"SQLite {version} may damage the file if two processes move its log at the same moment",
            f"同一文件只运行一个服务进程；升级到 {least} 或更新，或改用 PostgreSQL",
            f"run one server on a file; upgrade to {least} or later, or use PostgreSQL",
        )
    return fine("sqlite", f"SQLite {version}", f"SQLite {version}")


def _postgres_server(version: str, settings: dict[str, str]) -> Iterator[Finding]:
    if _major(version) < POSTGRES_LEAST:
        yield Finding(
            "postgresql",
            "must",
            f"PostgreSQL {version} 已不再维护",
            f"PostgreSQL {version} is no longer maintained",
            f"升级到 {POSTGRES_LEAST} 或更新",
            f"upgrade to {POSTGRES_LEAST} or later",
        )
    else:
        yield fine("postgresql", f"PostgreSQL {version}", f"PostgreSQL {version}")
    for name, wanted in DURABLE.items():
        if settings.get(name) != wanted:
            yield Finding(
                f"postgresql-{name}",
                "must",
                f"{name} 为 {settings.get(name)}：断电会丢失已确认的记录",
                f"{name} is {settings.get(name)}: a power cut loses acknowledged records",
                f"在 postgresql.conf 里设 {name} = {wanted}",
                f"set {name} = {wanted} in postgresql.conf",
            )
    if settings.get("server_encoding") != "UTF8":
        yield Finding(
            "postgresql-encoding",
            "must",
            f"数据库编码是 {settings.get('server_encoding')}，存不下所有汉字",
            f"the database's encoding is {settings.get('server_encoding')}, which cannot hold every character",
            "用 ENCODING 'UTF8' 重建数据库",
            "create the database with ENCODING 'UTF8'",
        )
    if settings.get("data_checksums") != "on":
        yield Finding(
            "postgresql-checksums",
            "should",
            "没有页校验：磁盘悄悄出错不会被发现",
            "no checksums of pages: silent damage on the disk goes unnoticed",
            "停库后运行 pg_checksums --enable",
            "stop the server and run pg_checksums --enable",
        )


def _postgres_connection(encrypted: Any, superuser: Any) -> Iterator[Finding]:
    if encrypted is False:
        yield Finding(
            "postgresql-tls",
            "should",
            "与数据库服务器的连接没有加密",
            "the connection to the database server is not encrypted",
            "在 DOORSTEP_DATABASE 里加 sslmode=verify-full",
            "add sslmode=verify-full to DOORSTEP_DATABASE",
        )
    if superuser:
        yield Finding(
            "postgresql-role",
            "should",
            "用数据库超级用户连接",
            "it connects as a superuser of the database",
            "建一个只拥有本库的角色（docs/deployment.md）",
            "make a role that only owns this database (docs/deployment.en.md)",
        )


def _people(people: list[tuple[Any, ...]]) -> Iterator[Finding]:
    invented = {(person.login, person.name) for person in (*STAFF, *TECHNICIANS)}
    found = sorted(login for login, name, _, _ in people if (login, name) in invented)
    if found:
        yield Finding(
            "demonstration",
            "must",
            f"库里有演示人员：{'、'.join(found)}",
            f"people of the demonstration are in the database: {', '.join(found)}",
            "换一个新的数据文件夹和数据库，不要在演示数据上线",
            "use a new data folder and database; never go live on the demonstration's data",
        )
    else:
        yield fine("demonstration", "没有演示人员", "nobody of the demonstration")
    admins = [row for row in people if "admin" in row[2].split()]
    if not any(has_password for *_, has_password in admins):
        yield Finding(
            "admin",
            "must",
            "还没有能登录的管理员",
            "there is no admin who can sign in yet",
            "运行 doorstep person add 登录名 --name 姓名 --role admin，打开打印出的地址设置密码",
            "run doorstep person add LOGIN --name NAME --role admin, and open the address that it prints",
        )
    else:
        yield fine("admin", f"{len(admins)} 名管理员", f"{len(admins)} admins")


async def check_backup_client(ctx: AppContext) -> list[Finding]:
    """Whether backups of PostgreSQL can be made here: with a client as new as the server."""
    if ctx.db.engine == "sqlite":
        return []
    from service.db.postgres_tools import ToolFailed, require_version  # noqa: PLC0415 - only the engine in use

    (version,) = await ctx.db.read(lambda tx: tx.fetch_one("engine_version")) or ("0",)
    try:
        await require_version("pg_dump", _major(version))
    except ToolFailed as error:
        zh, _, en = str(error).partition(" / ")
        return [
            Finding(
                "backup-client",
                "must",
                f"不能备份：{zh}",
                f"no backup can be made: {en or zh}",
                "安装不低于服务器版本的 postgresql-client（docs/backup.md）",
                "install a postgresql-client as new as the server (docs/backup.en.md)",
            )
        ]
    return [fine("backup-client", "pg_dump 可用", "there is a pg_dump")]


def _major(version: str) -> int:
    """The first number of PostgreSQL's version, such as `16.4 (Debian …)`."""
    return int(version.partition(".")[0].partition(" ")[0])


def _signing(restored: tuple[Any, ...] | None, last_key: tuple[Any, ...] | None) -> Iterator[Finding]:
    """Whether the log may be signed: not after a restore, before it has another name."""
    if restored is not None and restored == last_key:
        yield Finding(
            "log-signing",
            "must",
            "数据库是从备份恢复的，日志不再签名",
            "the database was restored from a backup, and its log is not signed any more",
            "停下服务，运行 doorstep keys new-log --name 主机/log/日期（docs/backup.md）",
            "stop the service and run doorstep keys new-log --name HOST/log/DATE (docs/backup.en.md)",
        )


def _order_of_times(newest: tuple[Any, ...] | None, now: int) -> Iterator[Finding]:
    """Whether the clock is behind what was written already."""
    if newest and isinstance(newest[0], int) and newest[0] > now + CLOCK_STEP_MS:
        yield Finding(
            "clock-behind",
            "must",
            "系统时钟比库里最新的记录还早",
            "the system's clock is behind the newest record",
            "先校准时钟再启动",
            "set the clock before you start",
        )
