"""`serve`, `check` and `openapi`: the service itself."""

import argparse
import asyncio
import gc
import sys

import msgspec

from service.cli.running import Commands, print_json
from service.config.errors import SettingsError
from service.config.settings import Settings


def add_commands(commands: Commands) -> None:
    """Add these commands."""
    command = commands.add_parser("serve", help="运行服务 / run the service")
    command.add_argument(
        "--host", help="监听的地址，优先于 DOORSTEP_HOST / address to listen on, overrides DOORSTEP_HOST"
    )
    command.add_argument(
        "--port", type=int, help="监听的端口，优先于 DOORSTEP_PORT / port to listen on, overrides DOORSTEP_PORT"
    )
    command.add_argument(
        "--demo",
        action="store_true",
        help="加入虚构的人员和上门，并显示怎样提交记录 / "
        "add invented people and visits, and show how to submit a record",
    )
    command.set_defaults(command=_serve)

    command = commands.add_parser(
        "check", help="列出上线前还缺什么 / list what is not set before the service goes live"
    )
    command.add_argument("--json", action="store_true", help="全部内容，供程序读取 / everything, for programs")
    command.set_defaults(command=_check)

    commands.add_parser("openapi", help="打印 OpenAPI 文档 / print the OpenAPI document").set_defaults(command=_openapi)


def _serve(options: argparse.Namespace, settings: Settings) -> int:
    gc.disable()  # what is imported stays: to look for garbage among it is a seventh of the start
    from service import server

    gc.enable()
    given = {name: getattr(options, name) for name in ("host", "port") if getattr(options, name) is not None}
    settings = msgspec.structs.replace(settings, **given)
    if not 0 <= settings.port <= 65535:
        raise SettingsError("--port: 应为 0 到 65535 的整数 / it must be a whole number from 0 to 65535")
    return server.serve(settings, demo=options.demo)


def _check(options: argparse.Namespace, settings: Settings) -> int:
    from service.preflight.examine import examine
    from service.preflight.finding import as_text

    findings = asyncio.run(examine(settings))
    if options.json:
        print_json(findings)
    else:
        sys.stdout.write(as_text(findings) + "\n")
    return 1 if any(one.grade == "must" for one in findings) else 0


def _openapi(_: argparse.Namespace, __: Settings) -> int:
    from service import openapi
    from service.app import litestar

    sys.stdout.write(openapi.text(litestar()))
    return 0
