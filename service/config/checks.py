"""What the types of settings do not say: addresses, secrets, and settings that need others."""

from collections.abc import Iterator
from ipaddress import ip_network
from zoneinfo import available_timezones

from service.blobs.connect import s3_parts
from service.spreadsheets.words import load_table_words
from service.text import mail_address

from .described import variable_of
from .origins import DEFAULT_PORTS, origin_of, split_address
from .settings import Settings

MIN_SECRET = 16
MAIL_SCHEMES = ("smtp", "smtps", "smtp+starttls")


def faults(settings: Settings) -> Iterator[str]:
    """What is wrong, each as `VARIABLE: 中文 / English`."""
    yield from _database(settings)
    yield from _addresses(settings)
    yield from _needed_together(settings)
    yield from _secrets(settings)
    yield from _times(settings)
    yield from _mails(settings)
    yield from _elsewhere(settings)


def _database(settings: Settings) -> Iterator[str]:
    scheme, _, rest = settings.database_address.partition("://")
    readable = scheme == "sqlite" or split_address(settings.database_address).scheme
    if scheme not in ("sqlite", "postgresql", "postgres") or not rest or not readable:
        yield (
            "DOORSTEP_DATABASE: 应为 sqlite:///路径 或 postgresql://用户:口令@主机/库名 / it must be sqlite:///PATH or "
            "postgresql://USER:PASSWORD@HOST/NAME"
        )
    elif scheme == "sqlite" and (not rest.startswith("/") or rest == "/"):
        yield (
            "DOORSTEP_DATABASE: sqlite: 后面是三条斜线加路径，绝对路径是四条 / after sqlite: come three slashes and a "
            "path, and four if the path is absolute"
        )


def _addresses(settings: Settings) -> Iterator[str]:
    if settings.url and not origin_of(settings.url):
        yield (
            "DOORSTEP_URL: 应为 http:// 或 https:// 加主机名，不带路径；服务要独占一个域名（或端口），不能放在别的网站"
            "的子路径下 / it must be http:// or https:// and a host, without a path: the service needs a host name (or "
            "a port) of its own, and cannot be put below a path of another site"
        )
    for origin in settings.origins:
        if origin_of(origin) != origin:
            yield (
                f"DOORSTEP_ORIGINS: {origin} 不是浏览器发送的来源，应像 https://map.example 或 http://10.0.0.7:8080 / "
                f"{origin} is no origin as browsers send it, such as https://map.example or http://10.0.0.7:8080"
            )
    for proxy in settings.proxies:
        try:
            ip_network(proxy)
        except ValueError:
            yield f"DOORSTEP_PROXIES: {proxy} 不是 IP 地址或网段 / {proxy} is no IP address and no network"
    web = tuple(DEFAULT_PORTS)
    for field, schemes in (
        ("sms_url", web),
        ("smtp", MAIL_SCHEMES),
        ("oidc_issuer", web),
        ("wecom_api", web),
        ("wecom_page", web),
    ):
        address = str(getattr(settings, field))
        parts = split_address(address)
        if address and (parts.scheme not in schemes or not parts.hostname):
            begin = [f"{scheme}://" for scheme in schemes]
            yield (
                f"{variable_of(field)}: 应以 {' 或 '.join(begin)} 开头，后面是主机名 / it must begin with "
                f"{' or '.join(begin)} and a host"
            )


def _needed_together(settings: Settings) -> Iterator[str]:
    for first, others in (("oidc_issuer", ("oidc_client",)), ("wecom_corp", ("wecom_agent", "wecom_secret"))):
        for other in others:
            if getattr(settings, first) and not getattr(settings, other):
                yield (
                    f"{variable_of(other)}: 设了 {variable_of(first)}，这一项也要设 / it is needed, too, with "
                    f"{variable_of(first)}"
                )


def _secrets(settings: Settings) -> Iterator[str]:
    for field in ("sms_reports", "metrics"):
        if 0 < len(getattr(settings, field)) < MIN_SECRET:
            yield (
                f"{variable_of(field)}: 至少 {MIN_SECRET} 个字符，例如 openssl rand -hex 16 的输出 / it must have at "
                f"least {MIN_SECRET} characters, such as the output of openssl rand -hex 16"
            )


def _times(settings: Settings) -> Iterator[str]:
    if settings.quiet_hours is None and settings.quiet != "none":
        yield (
            "DOORSTEP_QUIET: 应为两个不同的钟点，如 21:00-08:00，或 none / it must be two different times of the day, "
            "such as 21:00-08:00, or none"
        )
    zones = available_timezones()  # empty on a machine without a time zone database: nothing to check against
    if zones and settings.zone not in zones:
        yield (
            f"DOORSTEP_ZONE: 没有时区 {settings.zone}；中国写 Asia/Shanghai / there is no time zone {settings.zone}; "
            "China's is Asia/Shanghai"
        )


def _mails(settings: Settings) -> Iterator[str]:
    for address in settings.duty_mail:
        if mail_address(address) != address:
            yield f"DOORSTEP_DUTY_MAIL: {address} 不是邮箱地址 / {address} is no mail address"
    if len(set(settings.duty_mail)) < len(settings.duty_mail):
        yield "DOORSTEP_DUTY_MAIL: 有重复的地址 / an address is there twice"


def _elsewhere(settings: Settings) -> Iterator[str]:
    """What the packages that use a setting say of it."""
    try:
        if settings.blobs:
            s3_parts(settings.blobs)
    except ValueError as error:
        yield f"DOORSTEP_BLOBS: {error}"
    try:
        load_table_words(settings.table_words)
    except ValueError as error:
        yield f"DOORSTEP_TABLE_WORDS: {error}"
