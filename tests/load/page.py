"""The customer's page on a slow telephone: `python -m tests.load.page`. First paint, all loaded, bytes on the way.

Chromium with the processor slowed down six times, 400 kbit/s and 400 ms for each round trip; nothing in its cache.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

from playwright.async_api import Browser, async_playwright

from service.web import access_log
from tests.support import customer
from tests.support.api_client import opened_world
from tests.support.chromium import CHROMIUM, serve_world
from tests.support.customer import Customer, example_customer
from tests.support.pictures import noise

SLOWER, DELAY, BYTES_A_SECOND = 6, 400, 400_000 // 8
LEFT_OUT = ("meter_order_signed", "site_cleared", "p_meter_readings_witnessed")  # two photos remain
PAINTED = "() => performance.getEntriesByType('paint').find(one => one.name === 'first-contentful-paint')?.startTime"


async def visited(browser: Browser, address: str) -> tuple[float, float, dict[str, int], int]:
    """First paint and all loaded (ms), bytes by kind, and how many pictures came."""
    context = await browser.new_context(viewport={"width": 360, "height": 640}, device_scale_factor=2)
    page = await context.new_page()
    cdp = await context.new_cdp_session(page)
    kinds: dict[str, str] = {}
    sizes: dict[str, int] = {}

    def came(event: Any) -> None:
        kinds[event["requestId"]] = event["type"]

    def done(event: Any) -> None:
        kind = kinds.get(event["requestId"], "Other")
        sizes[kind] = sizes.get(kind, 0) + int(event["encodedDataLength"])

    cdp.on("Network.responseReceived", came)
    cdp.on("Network.loadingFinished", done)
    await cdp.send("Network.enable")
    way = {"offline": False, "latency": DELAY, "downloadThroughput": BYTES_A_SECOND, "uploadThroughput": BYTES_A_SECOND}
    await cdp.send("Network.emulateNetworkConditions", way)
    await cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    begun = time.perf_counter()
    await page.goto(address, wait_until="networkidle")
    whole = (time.perf_counter() - begun - 0.5) * 1000  # the network was idle for half a second
    painted = await (await page.wait_for_function(PAINTED)).json_value()
    pictures = await page.evaluate("() => [...document.images].filter(one => one.naturalWidth).length")
    await context.close()
    return painted, max(painted, whole), sizes, pictures


async def measured(rounds: int) -> None:
    """Both pages, and a line of a table for each."""
    access_log.configure_logging("human", "error")
    with tempfile.TemporaryDirectory() as folder, patch.object(customer, "photo", lambda _: noise((1600, 1200))):
        async with opened_world(f"sqlite:///{Path(folder) / 'doorstep.db'}") as world, serve_world(world) as base:
            tao = await example_customer(world, "S04", drop=LEFT_OUT)
            local = Customer(world, tao.post, tao.token, tao.visit, "127.0.0.1")
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                print(f"{'page':<14}{'first paint':>12}{'all loaded':>12}{'pictures':>10}  bytes (median of {rounds})")
                for name in ("before code", "after code"):
                    if name == "after code":
                        await local.enters()
                    seen = [await visited(browser, f"{base}/c/{tao.token}") for _ in range(rounds)]
                    painted, whole = (statistics.median(one[n] for one in seen) for n in (0, 1))
                    sizes = seen[-1][2]
                    print(
                        f"{name:<14}{painted:>9.0f} ms{whole:>9.0f} ms{seen[-1][3]:>10}  {sum(sizes.values())}: "
                        + ", ".join(f"{kind} {size}" for kind, size in sorted(sizes.items()))
                    )
                await browser.close()


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    asyncio.run(measured(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
