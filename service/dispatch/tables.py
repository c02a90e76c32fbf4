"""Has a table read in a separate process (`tabulator`)."""

import asyncio
import sys
from contextlib import suppress
from signal import SIGKILL

import msgspec

from service.context import AppContext
from service.errors import InvalidBody, ServiceUnavailable

from . import tabulator
from .tabulator import TableOptions, TableOutcome

TIMEOUT_SECONDS = 60.0  # of wall-clock time; the process has twenty seconds of processor time
MAX_OUTPUT = 32 * 2**20
TRANSIENT_EXIT_CODES = (1, 2, -SIGKILL)  # Python did not start, or the machine is out of memory


async def read(ctx: AppContext, raw: bytes) -> TableOutcome:
    """What a table has. InvalidBody if it has errors or costs too much; ServiceUnavailable if it may work later."""
    options = msgspec.json.encode(TableOptions(str(ctx.zone), ctx.table_words.columns, ctx.table_words.slots)).decode()
    async with ctx.table_semaphore:
        status, output = await _run(options, raw)
    if len(output) > MAX_OUTPUT or status not in (0, *TRANSIENT_EXIT_CODES):
        raise InvalidBody("", (tabulator.COSTLY,))
    if status != 0:
        raise ServiceUnavailable("the table could not be read now")
    outcome = msgspec.json.decode(output, type=TableOutcome)
    if outcome.faults:
        raise InvalidBody("", outcome.faults)
    return outcome


async def _run(options: str, raw: bytes) -> tuple[int, bytes]:
    """The exit status of the process, and its output."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        tabulator.__file__,
        options,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            _, output = await asyncio.gather(_write(process, raw), _read(process))
            return await process.wait(), output
    except TimeoutError as error:
        raise ServiceUnavailable("the table is not read yet") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _write(process: asyncio.subprocess.Process, raw: bytes) -> None:
    if process.stdin is None:
        return
    with suppress(BrokenPipeError, ConnectionResetError):  # the process ended early
        process.stdin.write(raw)
        await process.stdin.drain()
    process.stdin.close()


async def _read(process: asyncio.subprocess.Process) -> bytes:
    """The output; the process is killed when it exceeds the limit."""
    output = bytearray()
    while process.stdout is not None and (part := await process.stdout.read(2**16)):
        output += part
        if len(output) > MAX_OUTPUT:
            process.kill()
            break
    return bytes(output)
