"""Runs PostgreSQL's own programs: pg_dump of a snapshot, and pg_restore."""

import asyncio
import os
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from service.durable_files import fsync_path, run_in_disk_thread

from .postgres import Postgres
from .postgres_failures import cannot_read

OF_CONNECTIONS = {"host", "port", "dbname", "user", "passfile", "connect_timeout", "target_session_attrs"}
"""Parameters of an address that are not settings of the server; so are those that begin with `ssl`."""


class ToolFailed(Exception):
    """One of PostgreSQL's programs is missing, is too old, or failed."""


@asynccontextmanager
async def dumped(address: str, file: Path) -> AsyncGenerator[Postgres]:
    """Dump the tables of the service (their schema) into a new file; yields, not started, the database as dumped."""
    connection: Any = await _connect(address)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            schema, version = await connection.fetchrow(
                "SELECT current_schema(), current_setting('server_version_num')::int / 10000"
            )
            await require_version("pg_dump", version)
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            await run_in_disk_thread(file.touch, 0o600)
            arguments = ("--format=custom", "--compress=1", "--no-owner", "--no-privileges")
            await _run(address, "pg_dump", *arguments, f"--schema={schema}", f"--snapshot={snapshot}", f"--file={file}")
            await run_in_disk_thread(fsync_path, file)
            yield Postgres(address, only_read=True, snapshot=snapshot)
    finally:
        await connection.close()


async def current_schema(address: str) -> str:
    """The schema that the tables of an address are in."""
    connection: Any = await _connect(address)
    try:
        return await connection.fetchval("SELECT current_schema()") or ""
    finally:
        await connection.close()


async def read_dump(file: Path) -> None:
    """Read a dump to its end. ToolFailed if it is damaged."""
    await _run("", "pg_restore", "--file=/dev/null", str(file))


async def restore_dump(address: str, file: Path, schema: str) -> None:
    """Restore a dump into an empty schema of the same name, all of it or nothing."""
    connection: Any = await _connect(address)
    try:
        version = await connection.fetchval("SELECT current_setting('server_version_num')::int / 10000")
    finally:
        await connection.close()
    await require_version("pg_restore", version)
    target, _ = _for_tools(address)
    arguments = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", f"--schema={schema}")
    await _run(address, "pg_restore", *arguments, f"--dbname={target}", str(file))


async def _connect(address: str) -> Any:
    try:
        return await cast("Any", asyncpg).connect(address)
    except Postgres.failures as error:
        raise cannot_read(Postgres(address).name, error) from error


async def require_version(program: str, server: int) -> None:
    """ToolFailed unless the program is as new as the server."""
    found = re.search(r"\) (\d+)", await _run("", program, "--version"))
    if found is None or int(found[1]) < server:
        shown = found[1] if found else "?"
        raise ToolFailed(
            f"{program} 的版本是 {shown}，服务器是 {server}：请安装 postgresql-client-{server}，并放在 PATH 最前 / "
            f"{program} is version {shown} and the server {server}: install postgresql-client-{server}, first in PATH"
        )


async def _run(address: str, program: str, *arguments: str) -> str:
    """Run a program; its output. The password is not among the arguments, which everybody on the machine can read."""
    target, environment = _for_tools(address) if address else ("", {})
    first = (f"--dbname={target}",) if program == "pg_dump" and target else ()
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *first,
            *arguments,
            env=os.environ | environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except FileNotFoundError as error:
        raise ToolFailed(
            f"找不到 {program}：请安装 PostgreSQL 客户端（postgresql-client），并放进 PATH / "
            f"{program} is missing: install PostgreSQL's client (postgresql-client), and put it on PATH"
        ) from error
    output, errors = await process.communicate()
    if process.returncode:
        raise ToolFailed(f"{program}: {errors.decode('utf-8', 'replace').strip()[:2000]}")
    return output.decode("utf-8", "replace")


def _for_tools(address: str) -> tuple[str, dict[str, str]]:
    """The address as libpq takes it, without the password, and the environment with the rest."""
    parts = urlsplit(address)
    account, at, host = parts.netloc.rpartition("@")
    user, _, password = account.partition(":")
    given = dict(parse_qsl(parts.query))
    password = given.pop("password", unquote(password))
    kept = {name: value for name, value in given.items() if name in OF_CONNECTIONS or name.startswith("ssl")}
    settings = " ".join(f"-c {name}={value}" for name, value in given.items() if name not in kept)
    environment = {"PGPASSWORD": password} if password else {}
    if settings:
        environment["PGOPTIONS"] = settings
    address = parts._replace(scheme="postgresql", netloc=f"{user}{at}{host}", query=urlencode(kept)).geturl()
    return address, environment
