"""Durable submissions per second, side by side in one run: `scripts/bench` (add `--rounds 5 --records 2000`).

For each cell (engine, clients) the kinds of server take turns, round after round; the figures are medians.
"""

import argparse
import asyncio
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import timeit
from collections import defaultdict
from functools import partial
from pathlib import Path

import msgspec
import uvloop

from service.db.connect import open_database
from service.judge.judge import judge
from service.judge.visit import Bundle
from tests.load.client import records_for, send_all
from tests.load.town import settle_town
from tests.support import example_visits as stories
from tests.support.pgserver import postgres_server

Cell = tuple[str, int, float]  # kind of server, clients, ms added to each sync


async def one_round(
    kind: str, address: str, clients: int, sync_ms: float, records: int
) -> tuple[float, float, float, float]:
    """Records per second, p50 and p99 in ms, and memory of the server in MB."""
    db = open_database(address)
    await db.start()
    visits = await settle_town(db, records)
    await db.close()
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.load.server", kind, address, str(sync_ms)], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    try:
        port = int(server.stdout.readline())
        await send_all(port, records_for(visits[: records // 10]), clients)  # warm
        load = await send_all(port, records_for(visits[records // 10 :]), clients)
        assert all(one.status == 201 for one in load.sent), {one.status for one in load.sent}
        status = Path(f"/proc/{server.pid}/status").read_text("utf-8")
        memory = int(status.split("VmRSS:")[1].split()[0]) / 1024
        return load.rate, load.quantile(0.5), load.quantile(0.99), memory
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(10)


async def compare(title: str, cells: dict[str, tuple[Cell, str | None]], rounds: int, records: int) -> dict[str, float]:
    """Run the cells in turns, print a table, and give the median rate of each."""
    found: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for _ in range(rounds):
        for name, ((kind, clients, sync_ms), address) in cells.items():
            with tempfile.TemporaryDirectory(prefix="doorstep-bench-") as folder:
                given = address or f"sqlite:///{folder}/bench.sqlite"
                count = records if sync_ms == 0 or kind != "each" else max(200, records // 8)
                found[name].append(await one_round(kind, given, clients, sync_ms, count if clients > 1 else count // 2))
    print(f"\n{title}\n| server | records/s | p50 ms | p99 ms | memory MB |\n|---|---|---|---|---|")
    for name, results in found.items():
        rate, p50, p99, memory = (statistics.median(column) for column in zip(*results, strict=True))
        print(f"| {name} | {rate:.0f} | {p50:.1f} | {p99:.1f} | {memory:.0f} |", flush=True)
    return {name: statistics.median(result[0] for result in results) for name, results in found.items()}


def judge_cost(rounds: int) -> None:
    """Microseconds to judge each story, beside decoding its bytes."""
    print("\nJudge beside decode\n| story | entries | decode µs | judge µs | ratio |\n|---|---|---|---|---|")
    decoder = msgspec.json.Decoder(Bundle)
    for name in stories.NAMES:
        bundle, _ = stories.story(name)
        raw = msgspec.json.encode({"visit": bundle.visit, "entries": bundle.entries, "now": bundle.now})
        decodes, judges = [], []
        for _ in range(max(5, rounds)):
            decodes.append(timeit.timeit(partial(decoder.decode, raw), number=1000) * 1000)
            once = partial(judge, stories.RULES, bundle.visit, bundle.entries, bundle.now)
            judges.append(timeit.timeit(once, number=1000) * 1000)
        d, j = statistics.median(decodes), statistics.median(judges)
        print(f"| {name} | {len(bundle.entries)} | {d:.1f} | {j:.1f} | {j / d:.2f} |")


async def main(rounds: int, records: int, postgres: bool) -> None:
    """All tables."""
    print(f"{platform.machine()}, Python {platform.python_version()}, rounds {rounds}, records a round {records}")
    judge_cost(rounds)
    for clients in (1, 16, 64):
        rates = await compare(
            f"SQLite, {clients} clients",
            {kind: ((kind, clients, 0.0), None) for kind in ("doorstep", "nothing", "each")},
            rounds,
            records,
        )
        print(
            f"doorstep is {rates['doorstep'] / rates['nothing']:.2f} of storing nothing,"
            f" {rates['doorstep'] / rates['each']:.1f} times one transaction per request"
        )
    rates = await compare(
        "SQLite with 2 ms added to each sync, 64 clients",
        {kind: ((kind, 64, 2.0), None) for kind in ("doorstep", "each")},
        rounds,
        records,
    )
    print(f"doorstep is {rates['doorstep'] / rates['each']:.1f} times one transaction per request")
    if postgres:
        with postgres_server() as address:
            cells = {f"doorstep, {clients} clients": (("doorstep", clients, 0.0), address) for clients in (1, 16, 64)}
            await compare("PostgreSQL (fsync on)", cells, rounds, records)  # type: ignore[arg-type]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--records", type=int, default=2000)
    parser.add_argument("--no-postgres", action="store_true")
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(options.rounds, options.records, not options.no_postgres))
