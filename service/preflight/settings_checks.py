"""Checks of settings: what customers and the office would miss."""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from service.config.settings import Settings

from .finding import Finding, fine

LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}
PROXY_IDLE_SECONDS = 60  # as in deploy/nginx.conf and deploy/Caddyfile
EXAMPLE_HOST = "doorstep.example"  # as in deploy/doorstep.env.example
INTERNAL_SUFFIXES = (".internal", ".intranet", ".lan", ".local", ".localdomain")


def check_settings(settings: Settings) -> Iterator[Finding]:
    """All findings that need nothing but the settings."""
    yield _address(settings)
    yield from _data_folder(settings)
    yield _proxy(settings)
    yield _company(settings)
    yield _hotline(settings)
    yield from _idle(settings)
    yield from _sms(settings)
    yield from _mail(settings)
    yield from _checkpoints(settings)
    yield from _webhooks(settings)


def _address(settings: Settings) -> Finding:
    parts = urlsplit(settings.url)
    do_zh = "设置 DOORSTEP_URL=https://域名，并在前面放带 TLS 的代理（docs/deployment.md）"
    do_en = "set DOORSTEP_URL=https://HOST, and put a proxy with TLS in front (docs/deployment.en.md)"
    if not settings.url or parts.hostname in LOCAL_HOSTS:
        return Finding(
            "address",
            "must",
            "没有对外地址，短信里的链接客户打不开",
            "no public address: customers cannot open the links in their messages",
            do_zh,
            do_en,
        )
    if parts.hostname == EXAMPLE_HOST:
        return Finding(
            "address",
            "must",
            f"对外地址还是示例里的 {EXAMPLE_HOST}：链接打不开，日志也会一直用这个名称",
            f"the public address is still {EXAMPLE_HOST} of the example: links lead nowhere, and the log gets its name",
            do_zh,
            do_en,
        )
    if parts.scheme != "https":
        return Finding(
            "address",
            "must",
            "对外地址不是 https：内容可被窃听，浏览器也不保存登录状态",
            "the public address is not https: others can read along, and browsers do not keep sessions",
            do_zh,
            do_en,
        )
    return fine("address", f"对外地址 {settings.url}", f"public address {settings.url}")


def _data_folder(settings: Settings) -> Iterator[Finding]:
    if not settings.data.is_absolute():
        yield Finding(
            "data-folder",
            "should",
            f"DOORSTEP_DATA 是相对路径（{settings.data}）：换个位置启动，就是另一个文件夹",
            f"DOORSTEP_DATA is a relative path ({settings.data}): started elsewhere, it is another folder",
            "写成绝对路径，如 /var/lib/doorstep",
            "make it absolute, such as /var/lib/doorstep",
        )


def _proxy(settings: Settings) -> Finding:
    if settings.host not in LOCAL_HOSTS and not settings.proxies:
        return Finding(
            "proxy",
            "must",
            f"服务直接监听 {settings.host}，本身不带 TLS",
            f"the service listens on {settings.host} itself, without TLS",
            "只监听 127.0.0.1，或设置 DOORSTEP_PROXIES 为代理的地址，并用防火墙只让代理访问",
            "listen on 127.0.0.1, or set DOORSTEP_PROXIES to the proxy's address and let only it through the firewall",
        )
    if not settings.proxies:
        return Finding(
            "proxy",
            "must",
            "没有设置代理的地址：所有客户会被当成同一个地址，一起被限流",
            "the proxy's address is not set: all clients count as one address and share its limits",
            "设置 DOORSTEP_PROXIES=127.0.0.1（代理在本机时）",
            "set DOORSTEP_PROXIES=127.0.0.1 (if the proxy is on this machine)",
        )
    return fine("proxy", f"信任的代理 {', '.join(settings.proxies)}", f"trusted proxies {', '.join(settings.proxies)}")


def _company(settings: Settings) -> Finding:
    if settings.company == Settings().company:
        return Finding(
            "company",
            "must",
            f"单位名称还是默认的「{settings.company}」，客户看到的就是它",
            f"the utility's name is the default ({settings.company}), and customers read it",
            "设置 DOORSTEP_COMPANY=贵单位全称",
            "set DOORSTEP_COMPANY to the utility's name",
        )
    return fine("company", f"单位名称 {settings.company}", f"name {settings.company}")


def _hotline(settings: Settings) -> Finding:
    if not settings.hotline:
        return Finding(
            "hotline",
            "must",
            "没有热线电话：页面只写「请联系供水公司」，没有号码",
            "no hotline: pages ask customers to call, without a number",
            "设置 DOORSTEP_HOTLINE=客服电话",
            "set DOORSTEP_HOTLINE to the telephone number",
        )
    return fine("hotline", f"热线电话 {settings.hotline}", f"hotline {settings.hotline}")


def _sms(settings: Settings) -> Iterator[Finding]:
    if not settings.sms_url:
        yield Finding(
            "sms",
            "must",
            "没有短信网关：通知和验证码只写进数据文件夹的 outbox.jsonl，客户收不到",
            "no SMS gateway: messages and codes only go into outbox.jsonl in the data folder, customers get none",
            "设置 DOORSTEP_SMS_URL 和 DOORSTEP_SMS_TOKEN（docs/messages.md）",
            "set DOORSTEP_SMS_URL and DOORSTEP_SMS_TOKEN (docs/messages.md)",
        )
        return
    if urlsplit(settings.sms_url).scheme != "https" and not _is_internal(settings.sms_url):
        yield Finding(
            "sms-tls",
            "must",
            "短信网关在外网而地址不是 https：验证码和链接可被窃听",
            "the SMS gateway is outside, and its address is not https: codes and links can be read on the way",
            "DOORSTEP_SMS_URL 改为 https://",
            "make DOORSTEP_SMS_URL https://",
        )
    if not settings.sms_reports:
        yield Finding(
            "sms-reports",
            "should",
            "网关不回报送达结果：它收下的短信就算已送达",
            "the gateway reports no results: what it accepts counts as delivered",
            "设置 DOORSTEP_SMS_REPORTS，并在网关登记回报地址（docs/messages.md）",
            "set DOORSTEP_SMS_REPORTS, and register the address for reports at the gateway (docs/messages.md)",
        )
    yield fine("sms", "已设短信网关", "an SMS gateway is set")


def _mail(settings: Settings) -> Iterator[Finding]:
    if not settings.smtp:
        yield Finding(
            "mail",
            "should",
            "没有邮件服务器：发不出邮件，也没有每日到期提醒",
            "no mail server: no mails, and no daily mail about duties",
            "设置 DOORSTEP_SMTP 和 DOORSTEP_SMTP_FROM",
            "set DOORSTEP_SMTP and DOORSTEP_SMTP_FROM",
        )
        return
    if settings.smtp.startswith("smtp://") and not _is_internal(settings.smtp):
        yield Finding(
            "mail-tls",
            "should",
            "邮件服务器在外网，而不加密也发：口令和邮件可被窃听",
            "the mail server is outside, and mail is sent even without encryption: passwords and mails can be read",
            "DOORSTEP_SMTP 改为 smtps:// 或 smtp+starttls://",
            "make DOORSTEP_SMTP smtps:// or smtp+starttls://",
        )
    yield fine("mail", "已设邮件服务器", "a mail server is set")
    if settings.smtp_from == Settings().smtp_from:
        yield Finding(
            "mail-sender",
            "must",
            f"发件人还是默认的 {settings.smtp_from}，多数服务器会拒收",
            f"the sender is the default, {settings.smtp_from}, which most servers refuse",
            "设置 DOORSTEP_SMTP_FROM",
            "set DOORSTEP_SMTP_FROM",
        )
    if not settings.duty_mail:
        yield Finding(
            "duty-mail",
            "should",
            "没有人收每日到期提醒",
            "nobody gets the daily mail about duties",
            "设置 DOORSTEP_DUTY_MAIL",
            "set DOORSTEP_DUTY_MAIL",
        )


def _checkpoints(settings: Settings) -> Iterator[Finding]:
    if not settings.checkpoints:
        yield Finding(
            "checkpoints",
            "should",
            "日志检查点没有送到别处：掌握这台机器的人可以改写历史而不被发现",
            "checkpoints of the log are sent nowhere: who holds this machine can rewrite history unnoticed",
            "设置 DOORSTEP_CHECKPOINTS，最简单是 mailto:邮箱（docs/log.md）",
            "set DOORSTEP_CHECKPOINTS, most simply to mailto:ADDRESS (docs/log.en.md)",
        )
    elif not settings.smtp and all(one.startswith("mailto:") for one in settings.checkpoints):
        yield Finding(
            "checkpoints",
            "must",
            "日志检查点要用邮件送出，而没有邮件服务器",
            "checkpoints of the log are to be sent by mail, and there is no mail server",
            "设置 DOORSTEP_SMTP 和 DOORSTEP_SMTP_FROM",
            "set DOORSTEP_SMTP and DOORSTEP_SMTP_FROM",
        )
    else:
        yield fine("checkpoints", "日志检查点送到别处", "checkpoints of the log are sent elsewhere")


def _idle(settings: Settings) -> Iterator[Finding]:
    if settings.proxies and settings.idle_seconds <= PROXY_IDLE_SECONDS:
        yield Finding(
            "idle-connections",
            "should",
            f"空闲连接只留 {settings.idle_seconds} 秒，不比代理的 {PROXY_IDLE_SECONDS} 秒长：偶尔有请求会被切断",
            f"idle connections are kept for {settings.idle_seconds} s, and by the proxy for {PROXY_IDLE_SECONDS}: now "
            "and then a request is cut off",
            f"DOORSTEP_IDLE_SECONDS 改为 {Settings().idle_seconds}，或把代理的改短",
            f"set DOORSTEP_IDLE_SECONDS to {Settings().idle_seconds}, or let the proxy keep them for less",
        )


def _webhooks(settings: Settings) -> Iterator[Finding]:
    for one in settings.webhooks:
        name, _, address = (part.strip() for part in one.partition("="))
        if urlsplit(address).scheme != "https" and not _is_internal(address):
            yield Finding(
                "webhook-tls",
                "must",
                f"{name} 在外网而地址不是 https：上门的事件可被窃听",
                f"{name} is outside, and its address is not https: events about visits can be read on the way",
                f"DOORSTEP_WEBHOOKS 里 {name} 的地址改为 https://",
                f"make the address of {name} in DOORSTEP_WEBHOOKS https://",
            )


def _is_internal(address: str) -> bool:
    """Whether an address is in the utility's own network, as far as its text says."""
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(INTERNAL_SUFFIXES)
