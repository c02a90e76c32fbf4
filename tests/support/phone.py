"""The app's data modules in a real browser: a page without screens, and a server that logs what it is sent."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import BrowserContext, Page

from service.app import create_app
from service.phone import files
from tests.support.api_client import World
from tests.support.chromium import CHROMIUM, driver, shared_browser
from tests.support.devices import enrolment_code
from tests.support.factories import uid
from tests.support.serving import serve

MODULES = f"""
    const base = {files.BASE!r}
    const names = 'agenda bytes clock database departure door_code export outbox photos queue records'.split(' ')
    globalThis.ready ??= (async () => {{
        const found = await Promise.all(names.map(name => import(`${{base}}data/${{name}}.js`)))
        globalThis.app = Object.fromEntries(names.map((name, n) => [name, found[n]]))
        globalThis.device = await import(`${{base}}shared/device.js`)
    }})()
    await globalThis.ready
"""
HELPERS = """
    globalThis.jpeg = async (n, side = 64) => {  // a picture that compresses badly
        const canvas = new OffscreenCanvas(side, side), context = canvas.getContext('2d')
        const pixels = context.createImageData(side, side)
        let seed = n * 2654435761 + 1 >>> 0
        for (let i = 0; i < pixels.data.length; i++) {
            seed = seed * 1664525 + 1013904223 >>> 0
            pixels.data[i] = i % 4 === 3 ? 255 : seed >>> 24
        }
        context.putImageData(pixels, 0, 0)
        return new File([await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 })], `${n}.jpg`)
    }
    globalThis.photographed = async (visit, what, n, side) => {  // an entry with a photo
        const file = await app.photos.takeIn(await jpeg(n, side))
        const evidence = [{ kind: 'photo', sha256: file.sha256, taken_at: file.taken_at }]
        return app.records.addEntries(visit, [{ what, evidence }], { files: [file] })
    }
    globalThis.settled = test => new Promise(done => {  // until `test` is true, looked at after each write
        const look = async () => { const found = await test(); if (found) { end(); done(found) } }
        const end = app.database.onWrite(look)
        look()
    })
    globalThis.empty = async () => {
        const { waiting, files, unsealed } = await app.queue.status()
        return waiting + files + unsealed === 0
    }
"""

Scope = Any


@dataclass(frozen=True)
class Sent:
    """A request as the server got it; `status` is that of the response."""

    method: str
    path: str
    body: bytes
    headers: dict[str, str]
    at: float
    status: int

    @property
    def digest(self) -> str:
        return sha256(self.body).hexdigest()


@dataclass
class Gate:
    """The application, with a log of the requests of phones, and faults.

    A fault sees each request and returns the response to give instead of the application's (status, headers, body),
    None for none, or `LOST`: the application handles it, and its response is lost.
    """

    app: Any
    log: list[Sent] = field(default_factory=list[Sent])
    fault: Callable[[str, str, bytes], Any] = lambda _method, _path, _body: None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        path, method = scope["path"], scope["method"]
        if not path.startswith("/v1/"):
            await self.app(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        answer = self.fault(method, path, body)
        status = 0

        async def again() -> Any:
            nonlocal body
            if body is None:
                return await receive()
            given, body = body, None
            return {"type": "http.request", "body": given, "more_body": False}

        async def sends(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            if answer is not LOST:
                await send(message)

        content = body
        if answer is None or answer is LOST:
            await self.app(scope, again, sends)
            if answer is LOST:
                await _respond(send, 500, {"content-type": "text/html"}, b"<p>")
        else:
            status = answer[0]
            await _respond(send, *answer)
        self.log.append(Sent(method, path, content, headers, time.monotonic(), status))
        self.arrived.set()

    def sent(self, method: str, prefix: str) -> list[Sent]:
        return [one for one in self.log if one.method == method and one.path.startswith(prefix)]


LOST = object()


def problem_of(status: int, code: str, headers: dict[str, str] | None = None, **more: Any) -> Any:
    """A response with a problem of the server."""
    import json  # noqa: PLC0415

    content = {"type": f"urn:doorstep:problem:{code}", "title": code, "status": status, "code": code, **more}
    return status, {"content-type": "application/problem+json", **(headers or {})}, json.dumps(content).encode()


async def _respond(send: Any, status: int, headers: dict[str, str], body: bytes) -> None:
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def serve_gate(world: World, max_body: int = 2**21) -> AsyncIterator[tuple[Gate, int]]:
    """Serve the application on a socket, by the real time; yields the gate and the port."""
    world.ctx.clock = lambda: int(time.time() * 1000)
    gate = Gate(create_app(world.ctx, max_body))
    async with serve(gate) as port:
        yield gate, port


@dataclass
class Phone:
    """A browser with its own storage; `tab` opens a page with the app's modules."""

    context: BrowserContext
    base: str

    async def tab(self) -> Page:
        page = await self.context.new_page()
        await page.goto(f"{self.base}/blank")
        await run(page, "")
        return page

    async def enrol(self, page: Page, code: str) -> dict[str, Any]:
        """Enrol it, as the page of a one-time code does."""
        found: dict[str, Any] = await run(
            page,
            """
            const keys = await device.newKeys()
            const answer = await fetch('/v1/devices', {
                method: 'POST', headers: { 'Content-Type': 'application/json' },
                body: JSON.stringify({ code: given, name: '手机', public_key: await device.publicKey(keys) }),
            })
            const { device: it, token, person } = await answer.json()
            await device.settle({ device: it, token, person, keys })
            return { device: it, token, person }
            """,
            code,
        )
        return found


async def run(page: Page, script: str, given: Any = None) -> Any:
    """Run an async script in a page, with the modules in `app` and `given`."""
    return await page.evaluate(f"async (given) => {{ {MODULES} {HELPERS} {script} }}", given)


async def serve_blank(context: BrowserContext) -> None:
    """A page of the server's origin without anything on it."""
    await context.route(
        "**/blank", lambda route: route.fulfill(content_type="text/html", body="<!doctype html><title>.</title>")
    )


@asynccontextmanager
async def open_phone(base: str) -> AsyncIterator[Phone]:
    """A phone. Fails on script errors of its pages."""
    if CHROMIUM is None:
        pytest.skip("chromium is missing: apt-get install chromium")
    async with shared_browser() as browser:
        context = await browser.new_context(viewport={"width": 360, "height": 740}, locale="zh-CN")
        errors: list[str] = []
        context.on("weberror", lambda error: errors.append(str(error.error)))
        await serve_blank(context)
        try:
            yield Phone(context, base)
        finally:
            await context.close()
        assert errors == []


@asynccontextmanager
async def enrolled_phone(world: World, base: str, login: str = "li") -> AsyncIterator[tuple[Phone, Page]]:
    """A phone of a technician, with a tab."""
    async with open_phone(base) as phone:
        page = await phone.tab()
        await phone.enrol(page, await enrolment_code(world, login))
        yield phone, page


def window_now() -> dict[str, str]:
    """A window around the real time."""
    now = datetime.now().astimezone()
    return {"from": (now - timedelta(hours=1)).isoformat(), "to": (now + timedelta(hours=1)).isoformat()}


async def plan_now(world: World, name: str, **more: Any) -> UUID:
    """Plan a visit for 李 around the real time."""
    answer = await world.plan(uid(name), window=window_now(), **more)
    assert answer.status_code == 201, answer.text
    return uid(name)


@asynccontextmanager
async def own_browser(profile: Path, base: str) -> AsyncIterator[tuple[Phone, subprocess.Popen[bytes]]]:
    """A phone with a browser of its own, which keeps its storage in a folder, and its process."""
    process, address = await start_browser(profile)
    try:
        async with driver() as playwright:
            context = (await playwright.chromium.connect_over_cdp(address)).contexts[0]
            await serve_blank(context)
            yield Phone(context, base), process
    finally:
        process.kill()
        process.wait()


async def start_browser(profile: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A browser with its storage in a folder, and its address."""
    assert CHROMIUM is not None
    for name in ("DevToolsActivePort", "SingletonLock", "SingletonSocket", "SingletonCookie"):
        (profile / name).unlink(missing_ok=True)
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
    process = subprocess.Popen(  # noqa: ASYNC220 - it takes no time
        [CHROMIUM, *flags, "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    port = profile / "DevToolsActivePort"
    while not (port.exists() and port.read_text().strip()):
        assert process.poll() is None, "chromium ended"
        await asyncio.sleep(0.05)
    return process, f"http://127.0.0.1:{port.read_text().split()[0]}"
