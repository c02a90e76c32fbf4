"""Has a table read in a process of its own (`tabulator`), and hands on its lines, or says what is wrong with it."""

import asyncio
import sys
from contextlib import suppress
from signal import SIGKILL
from typing import Literal

import msgspec

from service.context import AppContext
from service.errors import InvalidBody, ServiceUnavailable

from . import tabulator
from .import_columns import TableRow
from .tabulator import TableOutcome

PATIENCE = 60.0  # seconds on the clock; of the processor's the reader has ten
MOST = 32 * 2**20  # bytes of what it tells
_NOT_ITS_FAULT = (1, 2, -SIGKILL)  # Python did not start, or the machine had no memory left
_told = msgspec.json.Decoder(TableOutcome)


async def read(ctx: AppContext, raw: bytes, form: Literal["csv", "xlsx"]) -> tuple[TableRow, ...]:
    """The lines of a table. InvalidBody when it cannot be read, or costs too much; Busy when there is no time now."""
    async with ctx.table_semaphore:
        status, said = await _run(form, str(ctx.zone), raw)
    if len(said) > MOST or status not in (0, *_NOT_ITS_FAULT):
        raise InvalidBody("", (tabulator.COSTLY,))
    if status != 0:
        raise ServiceUnavailable("the table could not be read now")
    told = _told.decode(said)
    if told.faults:
        raise InvalidBody("", told.faults)
    return told.lines


async def _run(form: str, zone: str, raw: bytes) -> tuple[int, bytes]:
    """Run the reader; its exit status and what it told."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        tabulator.__file__,
        form,
        zone,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        async with asyncio.timeout(PATIENCE):
            _, said = await asyncio.gather(_give(process, raw), _take(process))
            return await process.wait(), said
    except TimeoutError as error:
        raise ServiceUnavailable("the table is not read yet") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _give(process: asyncio.subprocess.Process, raw: bytes) -> None:
    if process.stdin is None:
        return
    with suppress(BrokenPipeError, ConnectionResetError):  # it ended before it read all
        process.stdin.write(raw)
        await process.stdin.drain()
    process.stdin.close()


async def _take(process: asyncio.subprocess.Process) -> bytes:
    """What it tells. When that is more than it may, it is ended."""
    parts: list[bytes] = []
    size = 0
    while process.stdout is not None and (part := await process.stdout.read(2**16)):
        parts.append(part)
        size += len(part)
        if size > MOST:
            process.kill()
            break
    return b"".join(parts)
