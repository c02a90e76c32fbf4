"""What commands share: they run an action on the database, print JSON, and fail in a sentence.

A command imports what only it needs: loading everything takes a second, and `doorstep lint` a tenth of it.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from service.config.settings import Settings

if TYPE_CHECKING:
    from service.context import AppContext


class Commands(Protocol):
    """Where commands are added: what `add_subparsers` returns."""

    def add_parser(self, name: str, *, help: str) -> argparse.ArgumentParser:
        """Add a command; `help` is its line in `doorstep --help`."""
        ...


T = TypeVar("T")


def run(settings: Settings, action: "Callable[[AppContext], Awaitable[T]]", *, create: bool | None = None) -> T:
    """Run an action on the database; for `create` see `require_database`."""
    from service.audit_log import checkpoints
    from service.lifecycle import build_context, open_context, require_database

    async def run() -> T:
        await require_database(settings, create=create)
        async with open_context(build_context(settings)) as ctx:
            result = await action(ctx)
            await checkpoints.settle(ctx)
            return result

    return asyncio.run(run())


def print_json(content: object) -> int:
    """Print the result of a command; the exit status."""
    sys.stdout.write(msgspec.json.encode(content).decode() + "\n")
    return 0


def fail(text: str, status: int = 1) -> int:
    """Say on standard error what went wrong; the exit status."""
    sys.stderr.write(f"doorstep: {text}\n")
    return status


def add_create_option(command: argparse.ArgumentParser) -> None:
    """Add `--create`, which a command that may make the database has."""
    command.add_argument(
        "--create",
        action="store_true",
        help="没有数据库就新建；空文件夹不用写 / create the database if there is none; not needed for an empty folder",
    )
