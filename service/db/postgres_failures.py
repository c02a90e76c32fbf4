"""Why a PostgreSQL database cannot be opened, and what to do, in Chinese and English."""

import ssl
from socket import gaierror

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

_Reason = tuple[tuple[type[BaseException], ...], str, str]
_TLS = (
    "服务器没有打开 TLS：请在 postgresql.conf 里设 ssl = on，或改 DOORSTEP_DATABASE 里的 sslmode",
    "the server has no TLS: set ssl = on in postgresql.conf, or change sslmode in DOORSTEP_DATABASE",
)
_REASONS: tuple[_Reason, ...] = (
    (
        (asyncpg.ClientConfigurationError,),
        "DOORSTEP_DATABASE 里有参数不能用，请改正",
        "a parameter in DOORSTEP_DATABASE cannot be used: mend it",
    ),
    (
        (asyncpg.InvalidAuthorizationSpecificationError,),
        "用户名或口令不对，或 pg_hba.conf 不允许：请核对 DOORSTEP_DATABASE 和数据库的角色",
        "the user or password is wrong, or pg_hba.conf forbids it: check DOORSTEP_DATABASE and the database's role",
    ),
    (
        (asyncpg.InvalidCatalogNameError,),
        "服务器上没有这个数据库：请核对 DOORSTEP_DATABASE，或照 docs/deployment.md 新建",
        "the server has no such database: check DOORSTEP_DATABASE, or create it (docs/deployment.en.md)",
    ),
    (
        (asyncpg.InsufficientPrivilegeError, asyncpg.InvalidSchemaNameError),
        "这个角色不能在库里建表：请让它成为该库的所有者（docs/deployment.md）",
        "the role may not create tables in the database: make it the owner (docs/deployment.en.md)",
    ),
    (
        (asyncpg.TooManyConnectionsError,),
        "数据库的连接已用完：请调高 max_connections，或停掉多余的程序",
        "all connections of the database are in use: raise max_connections, or stop what needs them",
    ),
    (
        (asyncpg.ReadOnlySQLTransactionError,),
        "数据库是只读的：DOORSTEP_DATABASE 要写主库的地址",
        "the database is read-only: DOORSTEP_DATABASE must name the primary",
    ),
    (
        (asyncpg.CannotConnectNowError, asyncpg.ObjectNotInPrerequisiteStateError),
        "PostgreSQL 正在启动或停止，或这个库暂不接受连接：请稍后再试",
        "PostgreSQL is starting or stopping, or the database accepts no connections now: try again later",
    ),
    (
        (asyncpg.DiskFullError,),
        "数据库服务器的磁盘已满：请清理或扩容后再试",
        "the disk of the database server is full: make room on it, then try again",
    ),
    (
        (gaierror,),
        "找不到数据库服务器的主机名：请核对 DOORSTEP_DATABASE 和 DNS",
        "the host name of the database server is not found: check DOORSTEP_DATABASE and DNS",
    ),
    (
        (ssl.SSLError,),
        "与数据库服务器的 TLS 连接失败：请核对它的证书和 DOORSTEP_DATABASE 里的 sslmode、sslrootcert",
        "TLS with the database server failed: check its certificate, and sslmode and sslrootcert in DOORSTEP_DATABASE",
    ),
    (
        (TimeoutError,),
        "数据库服务器没有回答：请核对地址和防火墙",
        "the database server does not answer: check its address and the firewall",
    ),
    (
        (OSError, asyncpg.PostgresConnectionError),
        "连不上 PostgreSQL：请启动它，并核对 DOORSTEP_DATABASE 的地址和端口",
        "PostgreSQL cannot be reached: start it, and check address and port in DOORSTEP_DATABASE",
    ),
)


def cannot_open(name: str, error: BaseException) -> OSError | None:
    """The error for people, about the database of this name; None for what they cannot mend."""
    if isinstance(error, ConnectionError) and "SSL" in str(error):  # asyncpg has no class for it
        return _said(name, *_TLS, error)
    for kinds, zh, en in _REASONS:
        if isinstance(error, kinds):
            return _said(name, zh, en, error)
    return None


def cannot_read(name: str, error: BaseException) -> OSError:
    """The same for a database that is only read, where every failure is said in words."""
    return cannot_open(name, error) or _said(
        name, "数据库读不出来，请看它的日志", "the database cannot be read: look at its log", error
    )


def _said(name: str, zh: str, en: str, error: BaseException) -> OSError:
    detail = " ".join(str(error).split()) or type(error).__name__
    return OSError(f"{name}: {zh} / {en} ({detail})")
