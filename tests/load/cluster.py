"""Two servers on one PostgreSQL behind Caddy; one of them is killed under load, again and again, and started again.

Phones repeat what got no answer, as they do in the field. Everything acknowledged has to be there, once and unchanged,
and no phone may wait for long.

python -m tests.load.cluster KILLS
"""

import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import msgspec

from service.blobs.evidence_storage import open_evidence_storage
from service.context import AppContext
from service.db.connect import open_database
from service.keys import Keys
from service.lifecycle import current_millis, open_context, uuid7
from service.verify.log import verify
from tests.load.client import Sent, records_for
from tests.load.crash import Crashes, look
from tests.load.town import settle_town
from tests.support.pgserver import controlled_postgres
from tests.support.proxies import free_port, run_caddy
from tests.support.running import Running

PHONES = 8
EVERY = 60  # records for each kill
REPEAT_SECONDS = 0.2
SECRET = "a secret of the monitor"
CADDYFILE = """
{{
	admin off
	auto_https off
	log {{
		level ERROR
	}}
}}
http://127.0.0.1:{port} {{
	reverse_proxy {servers} {{
		lb_policy least_conn
		lb_try_duration 5s
		fail_duration 2s
		health_uri /health/ready
		health_interval 2s
		health_timeout 5s
	}}
}}
"""
"""As docs/deployment.md has it, without certificates."""


class ClusterRun(msgspec.Struct):
    """What came of it, and the longest time (s) from the first attempt of a record until its receipt."""

    crashes: Crashes
    kills: int = 0
    repeated: int = 0
    longest: float = 0.0


@contextmanager
def caddy_in_front(folder: Path, servers: list[int]) -> Iterator[int]:
    """Caddy in front of servers; its port."""
    port = free_port()
    settings = CADDYFILE.format(port=port, servers=" ".join(f"127.0.0.1:{one}" for one in servers))
    with run_caddy(folder, settings, {}, lambda: _answers(port)):
        yield port


def _stored(port: int) -> float:
    """How many records a server has stored since its start."""
    headers = {"authorization": f"Bearer {SECRET}"}
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", headers=headers, timeout=60, trust_env=False).text
    found = re.search(r'^doorstep_records_total{outcome="stored"} (\S+)$', text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/live", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


async def send(client: httpx.AsyncClient, waiting: Iterator[Sent], result: ClusterRun) -> None:
    """A phone: it sends one record after the other, each until it has a receipt."""
    for one in waiting:
        headers = {"authorization": f"Bearer {one.token}", "content-type": "application/json"}
        begun = time.perf_counter()
        while True:
            try:
                answer = await client.put(f"/v1/records/{one.id}", content=one.body, headers=headers)
                status = answer.status_code
            except httpx.TransportError:
                status = -1
            if 200 <= status < 300:
                break
            if 400 <= status < 500:
                result.crashes.faults.append(f"record {one.id} was answered with {status}")
                break
            result.repeated += 1
            await asyncio.sleep(REPEAT_SECONDS)
        one.status = 201 if status == 200 else status
        result.longest = max(result.longest, time.perf_counter() - begun)


async def run(kills: int) -> ClusterRun:
    """So many kills of one of two servers, in turn."""
    result = ClusterRun(Crashes())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doorstep-cluster-")))
        address = stack.enter_context(controlled_postgres()).address
        records = await _plan(address, EVERY * kills)
        settings = {"database": address, "proxies": "127.0.0.1", "metrics": SECRET}
        ports = [free_port(), free_port()]
        servers = [Running(folder, port=str(port), **settings) for port in ports]
        try:
            port = stack.enter_context(caddy_in_front(folder, ports))
            served = [0.0, 0.0]
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
                for kill in range(kills):
                    part, place = records[kill * EVERY : (kill + 1) * EVERY], kill % 2
                    waiting = iter(part)
                    sending = asyncio.gather(*(send(client, waiting, result) for _ in range(PHONES)))
                    while sum(one.status == 201 for one in part) < EVERY // 2 and not sending.done():
                        await asyncio.sleep(0.01)
                    served[place] += await asyncio.to_thread(_stored, ports[place])
                    servers[place].kill()
                    result.kills += 1
                    await sending  # the other server is alone
                    servers[place].close()
                    servers[place] = await asyncio.to_thread(Running, folder, port=str(ports[place]), **settings)
                for place in (0, 1):
                    served[place] += await asyncio.to_thread(_stored, ports[place])
            if not all(served):
                result.crashes.faults.append(f"only one server was asked: {served}")
        finally:
            for one in servers:
                one.close()
        await look(address, records, result.crashes)
        await _verify(address, folder, result.crashes)
    return result


async def _plan(address: str, count: int) -> list[Sent]:
    db = open_database(address)
    await db.start()
    visits = await settle_town(db, count)
    await db.close()
    return records_for(visits)


async def _verify(address: str, folder: Path, crashes: Crashes) -> None:
    ctx = AppContext(
        db=open_database(address),
        clock=current_millis,
        new_id=uuid7,
        zone=ZoneInfo("Asia/Shanghai"),
        rules_cache={},
        evidence_storage=open_evidence_storage(folder),
        keys=Keys(folder / "keys"),
    )
    async with open_context(ctx):
        verified = await verify(ctx)
    # the visits of a load test are planned behind the log's back: only records are held against it
    behind_it = ("no leaf", "not found by its texts", "no event says")
    crashes.faults += [fault for fault in verified.faults if not any(words in fault for words in behind_it)]
    if verified.rows["records"] != crashes.acknowledged:
        crashes.faults.append(f"{verified.rows['records']} records are there, {crashes.acknowledged} were acknowledged")


if __name__ == "__main__":
    done = asyncio.run(run(int(sys.argv[1])))
    print(msgspec.json.encode(done).decode())
    sys.exit(bool(done.crashes.faults))
