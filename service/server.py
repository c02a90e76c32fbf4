"""`doorstep serve`: runs the server."""

import errno
import os
import resource
import signal
import socket
import sys
import threading
from secrets import token_urlsafe
from typing import Any

import msgspec
import uvicorn
import uvloop
from litestar.types import ASGIApp

from service.accounts.authentication import token_digest
from service.app import create_app
from service.background import run_background_work
from service.config.settings import Settings
from service.demo import seed
from service.demo.people import Access
from service.demo.seed import Demo
from service.demo.sign_in import with_demo_sign_in
from service.gate import ConnectionLimits
from service.lifecycle import build_context, freeze_gc
from service.preflight import examine
from service.protocol import protocol
from service.web.templates import compile_templates

FINISH_SECONDS = 3  # for requests in flight; with closing the database it stays under 5 s
THREADS_SECONDS = 0.3  # for threads that still run when the database is closed
OWN_FILES = 192  # databases, photos, connections to gateways and to PostgreSQL, and rejected connections
BACKLOG = 2048


def serve(settings: Settings, *, demo: bool) -> int:
    """Serve until SIGTERM or SIGINT; then finish the requests in flight, close the database, and return 0."""
    return uvloop.run(_serve(settings, demo=demo))


async def _serve(settings: Settings, *, demo: bool) -> int:
    ctx = build_context(settings)
    async with run_background_work(ctx):
        listening = _listen(settings)
        host, port = listening.getsockname()[:2]
        address = settings.url or f"http://{f'[{host}]' if ':' in host else host}:{port}"
        ctx.company = msgspec.structs.replace(ctx.company, url=address.rstrip("/"))
        app = create_app(ctx, settings.max_body)
        if demo:
            seeded = await seed.seed(ctx)
            codes = {token_urlsafe(16): login for login in seeded.people}
            app = with_demo_sign_in(app, ctx, codes, token_digest(seeded.tokens["admin"]))
            sys.stdout.write(_demo_text(seeded, codes, settings, address))
        else:
            await examine.warn(settings, ctx)
        sys.stdout.write(f"Doorstep 上门: {address}\n")
        sys.stdout.flush()
        config = configured(app, settings)
        compile_templates()
        freeze_gc()
        for number in (signal.SIGTERM, signal.SIGINT):
            # uvicorn raises the signal again when it has finished; only the database is left to be closed then
            signal.signal(number, _ignore)
        await uvicorn.Server(config).serve(sockets=[listening])
    _exit_soon()
    return 0


def _ignore(*_: Any) -> None:
    pass


def _exit_soon() -> None:
    """End the process even if a thread hangs, in a store for photos or in a picture. Everything is stored by now."""
    sys.stdout.flush()
    end = threading.Timer(THREADS_SECONDS, os._exit, (0,))
    end.daemon = True
    end.start()


def configured(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """The configuration of uvicorn."""
    limits = ConnectionLimits(
        connections=min(settings.connections, _room_for_connections()),
        of_one_address=settings.connections_each,
        proxies=settings.proxies,
        idle_seconds=settings.idle_seconds,
    )
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        loop="uvloop",
        http=protocol(limits),
        ws="none",
        lifespan="off",  # the context is opened around the server: the database closes after the last request
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        timeout_graceful_shutdown=FINISH_SECONDS,
        timeout_keep_alive=settings.idle_seconds,
        backlog=BACKLOG,
    )


def _room_for_connections() -> int:
    """How many connections the system allows, besides our own files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return max(16, hard - OWN_FILES) if hard != resource.RLIM_INFINITY else sys.maxsize


def _listen(settings: Settings) -> socket.socket:
    """The socket to listen on. OSError says what to do when there can be none."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise OSError(_cannot_listen(settings, error)) from error


def _cannot_listen(settings: Settings, error: OSError) -> str:
    host, port = settings.host, settings.port
    if error.errno == errno.EADDRINUSE:
        return (
            f"端口 {port} 已被别的程序占用（也许服务已在运行）：请停掉它，或改 DOORSTEP_PORT / port {port} is in use "
            "by another program (perhaps the service runs already): stop that, or change DOORSTEP_PORT"
        )
    if error.errno == errno.EACCES:
        return (
            f"没有权限监听端口 {port}：请把 DOORSTEP_PORT 改为 1024 以上，由代理接 443 端口 / no permission to listen "
            f"on port {port}: make DOORSTEP_PORT more than 1023, and let a proxy have port 443"
        )
    return (
        f"不能监听 {host}：请把 DOORSTEP_HOST 改为本机的地址，如 127.0.0.1 / {host} cannot be listened on: make "
        f"DOORSTEP_HOST an address of this machine, such as 127.0.0.1 ({type(error).__name__})"
    )


def _describe(who: Access, door: str) -> str:
    """Who it is, and the address that signs them in."""
    person = who.person
    return f"  {person.login:8} {door}  {person.name} {person.title} {'、'.join(person.areas)}".rstrip() + "\n"


def _demo_text(demo: Demo, codes: dict[str, str], settings: Settings, address: str) -> str:
    """Where to sign in as one of the invented people, their tokens, and a command that submits a record."""
    body = settings.data / "demo-record.json"
    body.parent.mkdir(0o700, parents=True, exist_ok=True)
    body.write_bytes(demo.body)
    doors = {login: f"{address}/demo/{code}" for code, login in codes.items()}
    people = "".join(_describe(who, doors[login]) for login, who in demo.people.items())
    tokens = "".join(f"  {login:8} {token}\n" for login, token in demo.tokens.items())
    return f"""演示数据已备好；点开即登录 / Demonstration data is ready; open to sign in:
{people}
技术员登记手机：在上面的地址后加 /phone / To enrol a technician's phone, add /phone to their address:
  {doors["li"]}/phone
令牌 / Tokens:
{tokens}
客户的链接 / The link of a customer: {demo.link}
待客户签认的链接 / The link of a customer who has something to sign: {demo.to_sign}
  （短信验证码在 {settings.data / "outbox.jsonl"} / the SMS code is in that file）
提交一条记录并查看判定 / Submit a record and see the findings:
  curl -sS -X PUT {address}/v1/records/{demo.record} \\
    -H 'Authorization: Bearer {demo.tokens["li"]}' \\
    -H 'Content-Type: application/json' --data-binary @{body}

"""
