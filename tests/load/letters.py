"""Kill the sender of messages between handing one to the gateway and writing down what came of it, again and again.

    python -m tests.load.letters KILLS

Nothing is lost: every message arrives. One may arrive twice, and then with the same id and text, so that a gateway
can tell. What its delivery proves is written once.
"""

import asyncio
import random
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from service.accounts import credentials
from service.accounts import repository as accounts_repository
from service.accounts.authentication import token_digest
from service.accounts.events import PersonEvent, record_event
from service.accounts.permissions import Person
from service.blobs.evidence_storage import open_evidence_storage
from service.context import AppContext, CompanyProfile
from service.db.connect import open_database
from service.db.database import Transaction
from service.dispatch import planning
from service.lifecycle import current_millis, open_context, uuid7
from service.messages import gateways, notices, outbox, worker
from service.messages.notices import NoticeRequest
from service.messages.outbox import MessageRow
from service.verify.log import verify
from service.visits import batches
from service.visits.plan import Plan
from tests.load.keys import LOAD_KEYS

TOKEN = "token of zhao"


class Letters(msgspec.Struct):
    """What came of it, and what was wrong."""

    kills: int = 0
    messages: int = 0
    arrived_twice: int = 0
    faults: list[str] = []


class Gateway:
    """A gateway that keeps what it is handed; at the wanted one it calls `alarm` before it answers."""

    def __init__(self) -> None:
        self.got: dict[str, list[dict[str, str]]] = {}
        self.lock, self.left, self.alarm = threading.Lock(), 0, threading.Event()

    def take(self, key: str, letter: dict[str, str]) -> bool:
        """Whether it is to be answered at all."""
        with self.lock:
            self.got.setdefault(key, []).append(letter)
            self.left -= 1
            if self.left == 0:
                self.alarm.set()
            return self.left != 0


@contextmanager
def listening(gateway: Gateway) -> Iterator[str]:
    """The gateway's address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:  # killed while it handed over: nothing arrived
                return
            letter = msgspec.json.decode(body)
            if gateway.take(self.headers["Idempotency-Key"], letter):
                self.send_response(200)
                self.end_headers()
            else:
                gateway_waits.wait(10)  # whoever handed it over is killed meanwhile

        def log_message(self, *_: Any) -> None:
            pass

    gateway_waits = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        gateway_waits.set()
        server.shutdown()
        thread.join()
        server.server_close()


def context_for(address: str, gateway: str, ahead: int = 0) -> AppContext:
    """A context that sends to the gateway, with its clock so many ms ahead."""
    desk = CompanyProfile(
        url="https://doorstep.example", gateways={"sms": gateways.http(gateway, "")} if gateway else {}
    )
    return AppContext(
        db=open_database(address),
        clock=lambda: current_millis() + ahead,
        new_id=uuid7,
        zone=ZoneInfo("Asia/Shanghai"),
        rules_cache={},
        keys=LOAD_KEYS,
        evidence_storage=open_evidence_storage(Path(tempfile.mkdtemp(prefix="doorstep-letters-"))),
        company=desk,
    )


async def send(kind: str, address: str, gateway: str, ahead: int) -> None:
    """The process that is killed. `forgetful` writes the outcome down before it sends: at most once."""
    ctx = context_for(address, gateway, ahead)
    async with open_context(ctx):
        if kind == "forgetful":
            worker._deliver = forgetful
        print("ready", flush=True)
        await worker.run(ctx)


async def forgetful(ctx: AppContext, row: MessageRow) -> None:
    """The control: what dies between writing and sending is lost."""
    await ctx.db.write(lambda tx: worker._record_result(ctx, tx, row, "delivered", ""))
    await asyncio.sleep(random.random() / 100)
    await worker.attempt(ctx, worker._message(ctx, row))


async def filled(ctx: AppContext, count: int) -> list[UUID]:
    """So many visits with a notice in the outbox."""

    async def hire(tx: Transaction) -> None:
        for login, role in (("zhao", "dispatcher"), ("li", "technician")):
            await accounts_repository.add_person(tx, Person(login, login, (role,), ()), 0)
        await credentials.add_token(tx, token_digest(TOKEN), "zhao", 0, expires_at=2**62)
        for login in ("zhao", "li"):
            await record_event(ctx, tx, PersonEvent(what="card", person=login, by="doorstep"))

    made: list[UUID] = []
    start = ctx.now() + timedelta(days=200)
    async with open_context(ctx):
        await ctx.db.write(hire)
        for number in range(count):
            visit = uuid7()
            content = {
                "type": "repair_leak",
                "window": {"from": start.isoformat(), "to": (start + timedelta(hours=1)).isoformat()},
                "technician": "li",
                "customer": {"name": "陶", "phone": f"138{number:08}", "address": "虚构路 1 号", "account": "1"},
                "work": {"content": "检修漏水"},
            }
            raw = msgspec.json.encode(content)
            plan = msgspec.json.decode(raw, type=Plan)
            await planning.create(ctx, token_digest(TOKEN), visit, plan, raw)
            await notices.send(ctx, token_digest(TOKEN), visit, NoticeRequest(channel="sms"))
            made.append(visit)
    return made


async def cycle(kind: str, address: str, url: str, gateway: Gateway, ahead: int, after: int) -> bool:
    """Start a sender and kill it while it hands over its letter number `after`; False: there were not so many."""
    gateway.alarm.clear()
    gateway.left = after
    command = [sys.executable, "-m", "tests.load.letters", kind, address, url, str(ahead)]
    sender = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert sender.stdout is not None
    try:
        assert await asyncio.to_thread(sender.stdout.readline) == "ready\n"
        killed = await asyncio.to_thread(gateway.alarm.wait, 3)
        sender.send_signal(signal.SIGKILL)
    finally:
        sender.kill()
        sender.wait()
        sender.stdout.close()
    return killed


async def look(ctx: AppContext, visits: list[UUID], gateway: Gateway, letters: Letters) -> None:
    """Each message arrived, each time as the same, and proves what it proves once."""
    async with open_context(ctx):
        verified = await verify(ctx)
        for visit in visits:
            rows = await ctx.db.read(lambda tx, visit=visit: outbox.messages_of(tx, visit))
            kept = await ctx.db.read(lambda tx, visit=visit: batches.batches_of(tx, visit))
            got = gateway.got.get(str(rows[0].id), [])
            letters.messages += 1
            letters.arrived_twice += len(got) > 1
            if not got:
                letters.faults.append(f"{rows[0].id} ({rows[0].state}) never arrived")
            if any(one != got[0] or one["id"] != str(rows[0].id) for one in got):
                letters.faults.append(f"{rows[0].id} arrived as two messages")
            tries = await ctx.db.read(lambda tx, visit=visit: outbox.deliveries_of(tx, visit))
            if len(got) > 1 and "unknown" not in [one.outcome for one in tries]:
                letters.faults.append(f"{rows[0].id} arrived twice, and nobody can see it")
            if rows[0].state != "delivered" or len(kept) != 1:
                letters.faults.append(f"{rows[0].id} is {rows[0].state}, with {len(kept)} batches")
    letters.faults += verified.faults


async def run(kills: int, kind: str = "sender", address: str = "", seed: int = 1) -> Letters:
    """So many kills over one outbox, then what is left is sent and everything is held against what arrived."""
    chance, letters, gateway = random.Random(seed), Letters(), Gateway()
    with tempfile.TemporaryDirectory(prefix="doorstep-letters-") as folder, listening(gateway) as url:
        address = address or f"sqlite:///{Path(folder) / 'letters.sqlite'}"
        visits = await filled(context_for(address, ""), 5 * kills + 20)
        ahead = 0
        while letters.kills < kills:
            ahead += 2 * worker.LEASE_MS  # what the dead one had is free again
            if not await cycle(kind, address, url, gateway, ahead, chance.randint(1, 5)):
                break
            letters.kills += 1
        gateway.left = -1
        ctx = context_for(address, url, ahead + 2 * worker.LEASE_MS)
        async with open_context(ctx):
            while await worker.deliver_due(ctx):
                pass
        await look(context_for(address, ""), visits, gateway, letters)
    return letters


if __name__ == "__main__":
    if len(sys.argv) > 2:
        asyncio.run(send(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
    else:
        done = asyncio.run(run(int(sys.argv[1])))
        print(msgspec.json.encode(done).decode())
        sys.exit(bool(done.faults))
