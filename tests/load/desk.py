"""How fast the desk's lists are among many visits: `python -m tests.load.desk --visits 1000000 --engine sqlite`.

Fills a database with an invented utility, of whose visits one in 500 calls for a person, one in 500 owes something and
one in ten did so once, and measures the queue, the duties, the board and the visits of a day as the desk asks for them:
median, 95th percentile and worst. With `--database ADDRESS` that one is used, filled when it is empty, and kept.
"""

import argparse
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from service.accounts.authentication import token_digest
from service.context import AppContext
from service.db.database import Database
from service.dispatch.board import day_board
from service.duties import listing as duties
from service.duties.listing import DutyFilter
from service.lifecycle import current_millis, freeze_gc, uuid7
from service.reviews import queue
from service.reviews.queue import QueueFilter
from tests.load import filled
from tests.load.filled import AREA, WHO
from tests.load.keys import LOAD_KEYS
from tests.load.search import page, prepare
from tests.load.utility import AREAS, DAY

WANG, QIAN = token_digest("wang"), token_digest("qian")  # of all areas, and of two
LIMIT_MS = 20
HOUR = "(planned_at / 3600000)"
OWED = f"""INSERT INTO duties (visit, duty, item, thing, label, owner, technician, area, since, due_at, closed_at)
SELECT visit, 'complaint_answered_5d', 'complaint_answered_5d', '', '', 'office', technician, area, planned_at,
    planned_at + {5 * DAY}, """
FILLED = [
    f"UPDATE visit_summaries SET reasons = '{reason}', since = planned_at, urgent_at = planned_at + {days * DAY} "  # noqa: S608
    f"WHERE {HOUR} % 1000 = {number}"
    for reason, days, number in (("violation", 3, 7), ("complaint", 1, 507))
] + [
    f"{OWED} NULL FROM visit_summaries WHERE {HOUR} % 500 = 11",
    f"{OWED} planned_at + {DAY} FROM visit_summaries WHERE {HOUR} % 10 = 3",
]
Ask = Callable[[str | None], Awaitable[tuple[int, str | None]]]


def questions(ctx: AppContext) -> dict[str, Ask]:
    """What the desk asks for, each from a cursor on."""

    def queued(token: bytes, **wanted: Any) -> Ask:
        async def ask(after: str | None) -> tuple[int, str | None]:
            found = await queue.list_queue(ctx, token, QueueFilter(after=after, **wanted))
            return len(found.reviews), found.after

        return ask

    def owed(token: bytes, **wanted: Any) -> Ask:
        async def ask(after: str | None) -> tuple[int, str | None]:
            found = await duties.list_duties(ctx, token, DutyFilter(after=after, **wanted))
            return len(found.duties), found.after

        return ask

    def day(**filters: str) -> Ask:
        async def ask(after: str | None) -> tuple[int, str | None]:
            start = ctx.now().replace(hour=0, minute=0, second=0, microsecond=0)
            span = {"from": start.isoformat(), "to": (start + timedelta(days=1)).isoformat()}
            found = await page(ctx, {**span, **filters, **({"after": after} if after else {})})
            return len(found.items), found.after

        return ask

    def board(token: bytes, area: str = "") -> Ask:
        async def ask(_after: str | None) -> tuple[int, str | None]:
            return len((await day_board(ctx, token, ctx.now().date(), area)).visits), None

        return ask

    return {
        "queue": queued(WANG),
        "queue, one area": queued(WANG, area=AREA),
        "queue, two areas": queued(QIAN),
        "queue, a reason": queued(WANG, reason="complaint"),
        "queue, a technician": queued(WANG, technician=WHO),
        "queue, nobody's": queued(WANG, assignee=""),
        "queue, taken by one": queued(WANG, assignee="wang"),
        "duties": owed(WANG),
        "duties, one area": owed(WANG, area=AREA),
        "duties, two areas": owed(QIAN),
        "duties, overdue": owed(WANG, state="overdue"),
        "duties, technicians'": owed(WANG, owner="technician"),
        "duties, closed": owed(WANG, state="closed"),
        "duties, closed, area": owed(WANG, state="closed", area=AREAS[1]),
        "today": day(),
        "today, one area": day(area=AREA),
        "today, two areas": day(who="qian"),
        "today, planned": day(state="planned"),
        "today, a flag": day(flag="open_duties"),
        "board": board(WANG),
        "board, one area": board(WANG, AREA),
        "board, two areas": board(QIAN),
    }


async def measure(db: Database, address: str, given: argparse.Namespace) -> None:
    """Ask everything, also for the pages that follow."""
    ctx = AppContext(
        db=db, clock=current_millis, new_id=uuid7, zone=ZoneInfo("Asia/Shanghai"), rules_cache={}, keys=LOAD_KEYS
    )
    await prepare(ctx)
    freeze_gc()
    clock = await filled.busy(db, address) if given.cpu else time.perf_counter
    slow: list[str] = []
    print(f"{db.engine}: ms                median      p95    worst")
    for name, ask in questions(ctx).items():
        for which in ("", ", next"):
            after = (await ask(None))[1] if which else None
            if which and after is None:
                continue
            times: list[float] = []
            count = 0
            for _ in range(given.samples):
                begun = clock()
                count, _ = await ask(after)
                times.append((clock() - begun) * 1000)
            times.sort()
            most = times[min(len(times) - 1, int(0.95 * len(times)))]
            line = f"{name + which:28} {count:4} {statistics.median(times):8.1f} {most:8.1f} {times[-1]:8.1f}"
            print(line, flush=True)
            if most > LIMIT_MS:
                slow.append(line)
    print(f"over {LIMIT_MS} ms at the 95th percentile: {len(slow)}", *slow, sep="\n")


def main() -> None:
    """One engine or both."""
    filled.measure_all(filled.parser(__doc__, 1_000_000).parse_args(), measure, FILLED)


if __name__ == "__main__":
    main()
