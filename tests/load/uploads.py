"""Photos: uploads per second, memory with many at once, and what cuts cost: `python -m tests.load.uploads`.

A real server on a fresh folder, and a client beside it on the same cores. Every photo is another one.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from tests.support import nodejs
from tests.support.flaky_proxy import bad_network
from tests.support.pictures import noise, picture

KIB, MIB = 1024, 2**20
HEAD = picture(1)


def photo(number: int, size: int) -> bytes:
    """A photo of a size: its header is good, and nobody decodes it here."""
    return HEAD + random.Random(number).randbytes(size - len(HEAD))


@contextmanager
def server(folder: str) -> Iterator[tuple[int, int, str]]:
    """A server; its port, its process, and a technician's token."""
    limits = {"DOORSTEP_REQUESTS": "0", "DOORSTEP_STRANGERS": "0", "DOORSTEP_LOG_LEVEL": "warning"}
    environment = {**os.environ, "DOORSTEP_DATA": folder, "DOORSTEP_PORT": "0", **limits}
    add = ["person", "add", "li", "--name", "李", "--role", "technician", "--area", "城东", "--token"]
    command = [sys.executable, "-m", "service"]
    made = subprocess.run([*command, *add], env=environment, check=True, capture_output=True, text=True)
    token = json.loads(made.stdout)["token"]
    process = subprocess.Popen([*command, "serve"], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline().rstrip().rpartition(":")[2]), process.pid, token
    finally:
        process.terminate()
        process.wait(10)


def memory(process: int, kind: str) -> float:
    """MB: VmRSS now, VmHWM the most ever."""
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    return int(status.split(f"{kind}:")[1].split()[0]) / 1024


async def put(port: int, token: str, raw: bytes) -> float:
    """Send one photo on a connection of its own; seconds until it is acknowledged."""
    begun = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"PUT /v1/evidence/{sha256(raw).hexdigest()} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n"
        f"content-type: image/jpeg\r\ncontent-length: {len(raw)}\r\nconnection: close\r\n\r\n"
    )
    writer.write(head.encode())
    for start in range(0, len(raw), 64 * KIB):
        writer.write(raw[start : start + 64 * KIB])
        await writer.drain()
    answer = await reader.readline()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 201"), answer
    return time.perf_counter() - begun


async def rate(port: int, token: str, size: int, clients: int, photos: int, seed: int) -> None:
    """Photos per second."""
    files = [photo(seed + number, size) for number in range(photos)]
    waiting = iter(files)
    times: list[float] = []

    async def client() -> None:
        for raw in waiting:
            seconds = await put(port, token, raw)
            times.append(seconds)

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    seconds = time.perf_counter() - begun
    times.sort()
    print(
        f"| {size // KIB} KiB | {clients} | {photos / seconds:.0f} | {photos * size / seconds / MIB:.0f}"
        f" | {1000 * times[len(times) // 2]:.0f} | {1000 * times[-1 - len(times) // 100]:.0f} |",
        flush=True,
    )


async def many(port: int, token: str, process: int, at_once: int) -> None:
    """Many large photos at once."""
    before = memory(process, "VmRSS")
    begun = time.perf_counter()
    files = [photo(10**6 + number, 8 * MIB) for number in range(at_once)]
    await asyncio.gather(*(put(port, token, raw) for raw in files))
    print(
        f"\n{at_once} uploads of 8 MiB at once: {time.perf_counter() - begun:.1f} s, memory of the server"
        f" {before:.0f} MB before, {memory(process, 'VmHWM'):.0f} MB at most"
    )


async def cuts(port: int, token: str, folder: str) -> None:
    """The real tus client over a network that cuts."""
    path, chunk = Path(folder) / "photo.jpg", 512 * KIB
    path.write_bytes(noise((3600, 2700)))
    size = path.stat().st_size
    rng = random.Random(1)
    places = [rng.randrange(1000, 2 * chunk) for _ in range(12)]
    async with bad_network(port, places) as (network, bad_port):
        seen = await nodejs.run(
            "tus-client.cjs", f"http://127.0.0.1:{bad_port}/v1/uploads", token, str(path), str(chunk)
        )
    assert seen["error"] is None, seen
    print(
        f"\ntus-js-client, {size} bytes in parts of {chunk}, {network.cut} cuts: {network.sent - size} bytes beside the"
        f" file, headers too ({(network.sent - size) / max(1, network.cut) / KIB:.1f} KiB for each cut)"
    )


async def main(photos: int, at_once: int) -> None:
    """All figures."""
    with tempfile.TemporaryDirectory(prefix="doorstep-uploads-") as folder, server(folder) as (port, process, token):
        await many(port, token, process, at_once)
        print("\n| size | clients | photos/s | MiB/s | p50 ms | p99 ms |\n|---|---|---|---|---|---|")
        for number, (size, clients) in enumerate(((300 * KIB, 1), (300 * KIB, 16), (8 * MIB, 1), (8 * MIB, 8))):
            count = photos if size < MIB else max(8, photos // 10)
            await rate(port, token, size, clients, count, (number + 2) * 10**6)
        await cuts(port, token, folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=400)
    parser.add_argument("--at-once", type=int, default=200)
    options = parser.parse_args()
    asyncio.run(main(options.photos, options.at_once))
