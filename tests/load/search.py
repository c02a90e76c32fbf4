"""How fast visits are found among many: `python -m tests.load.search --visits 1000000 --engine sqlite`.

Fills a database with an invented utility and measures lists, searches and the agenda as the flows answer them. Each
line is a question in a scope, asked with many different names, numbers and streets: median, 99th percentile and worst.
With `--database ADDRESS` that one is used, filled when it is empty, and kept.
"""

import argparse
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from hashlib import sha256
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from service.accounts import repository as accounts_repository
from service.accounts.authentication import token_digest
from service.accounts.permissions import Person
from service.agenda import agenda
from service.checklists.publish import publish_bundled_checklist
from service.context import AppContext
from service.db.database import Database, Transaction
from service.dispatch import listing
from service.dispatch.views import VisitListItem
from service.lifecycle import current_millis, uuid7
from service.visits import summaries, sync_feed
from service.visits.batches import BatchRow
from service.visits.summaries import VisitFilter
from tests.load import filled
from tests.load.filled import AREA, WHO
from tests.load.keys import LOAD_KEYS
from tests.load.town import record_of, record_parts
from tests.load.utility import AREAS, DAY, YEARS, logins
from tests.support.row_factories import add_batch

Asked = dict[str, str]
PART = 0.99


def _street(visit: VisitListItem) -> str:
    return visit.customer.address[3:].partition("号")[0].rstrip("0123456789")


TEXTS: dict[str, Callable[[VisitListItem], str]] = {
    "name": lambda visit: visit.customer.name,
    "two of a name": lambda visit: visit.customer.name[:2],
    "a surname": lambda visit: visit.customer.name[:1],
    "end of a name": lambda visit: visit.customer.name[-1],
    "rare surname": lambda visit: "欧阳司马诸葛上官冼逄麴"[int(visit.customer.phone[-1]) % 8 :][:2],
    "street": _street,
    "street, number": lambda visit: visit.customer.address[3:].partition("号")[0] + "号",
    "compound": lambda visit: visit.customer.address.partition("号")[2].partition("栋")[0].rstrip("0123456789"),
    "whole address": lambda visit: visit.customer.address,
    "several words": lambda visit: visit.customer.address.replace("号", "号 ").replace("栋", "栋 "),
    "account": lambda visit: visit.customer.account,
    "phone": lambda visit: visit.customer.phone,
    "part of phone": lambda visit: visit.customer.phone[4:9],
    "end of phone": lambda visit: visit.customer.phone[-4:],
    "start of phone": lambda visit: visit.customer.phone[:3],
    "order number": lambda visit: visit.external_ref or "",
    "part of order": lambda visit: (visit.external_ref or "")[:9],  # a month's
    "in every one": lambda _: "单元",
    "year of order": lambda visit: (visit.external_ref or "")[3:7],
    "nobody": lambda visit: visit.customer.name[::-1] + "没有",
    "no such number": lambda visit: "9" + visit.customer.phone[::-1] + "77",
}


async def prepare(ctx: AppContext) -> bool:
    """People with tokens; False when they were there."""
    await publish_bundled_checklist(ctx)
    everybody = [
        Person("wang", "王", ("supervisor",), ()),
        Person("qian", "钱", ("dispatcher", "supervisor"), (AREA, AREAS[1])),
        *(Person(login, login, ("technician",), (area,)) for login, area in logins()),
    ]

    async def hire(tx: Transaction) -> bool:
        for person in everybody:
            if not await accounts_repository.add_person(tx, person, 0):
                return False
            await accounts_repository.add_token(tx, token_digest(person.login), person.login, 0)
        return True

    return await ctx.db.write(hire)


async def records(ctx: AppContext, now: int) -> None:
    """A record of each visit of somebody's last year, so that his agenda has something to judge."""
    parts = record_parts()

    async def work(tx: Transaction) -> None:
        year = VisitFilter(technician=WHO, from_at=now - 365 * DAY, to_at=now)
        for one in await summaries.list_summaries(tx, year, size=5000):
            record = uuid7()
            body = record_of(one.visit, record, parts)
            await add_batch(
                tx,
                BatchRow(
                    id=record,
                    visit=one.visit,
                    number=1,
                    revision=one.revision,
                    kind="record",
                    writer=WHO,
                    received_at=one.planned_at,
                    checklist_version="1",
                    sha256=sha256(body).digest(),
                    body=body,
                    salt=bytes(32),
                ),
            )

    await ctx.db.write(work)


def scopes(now: int, ctx: AppContext) -> dict[str, Asked]:
    """Who asks (`who`), and his filters."""
    today = ctx.to_local_time(now)

    def span(first: timedelta, last: timedelta) -> Asked:
        return {"from": (today + first).isoformat(), "to": (today + last).isoformat()}

    day, year = timedelta(days=1), timedelta(days=365)
    return {
        "all": {},
        "one area": {"area": AREA},
        "two areas": {"who": "qian"},
        "technician": {"technician": WHO},
        "his own": {"who": WHO},
        "planned": {"state": "planned"},
        "under way": {"state": "under_way"},
        "cancelled": {"state": "cancelled"},
        "closed, area": {"state": "closed", "area": AREA},
        "a day": span(-300 * day, -299 * day),
        "a month, area": {**span(-330 * day, -300 * day), "area": AREA},
        "the last year": span(-year, timedelta()),
        "rare type": {"type": "engineering_acceptance"},
        "no such type": {"type": "water_quality_sampling"},
        "type, state": {"type": "emergency_burst", "state": "to_review"},
        "type, closed": {"type": "water_quality_sampling", "state": "closed"},
        "new, old ones": {"state": "to_review", **span(-3 * year, -2 * year)},
    }


async def page(ctx: AppContext, asked: Asked) -> listing.VisitList:
    """One page."""
    query = dict(asked)
    return await listing.list_visits(ctx, token_digest(query.pop("who", "wang")), query)


async def samples(ctx: AppContext, now: int, count: int) -> list[VisitListItem]:
    """Visits from all over the years, most in the area that is asked for."""
    random = Random(5)
    found: list[VisitListItem] = []
    while len(found) < count:
        at = ctx.to_local_time(now - random.randrange(YEARS * 365 * DAY))
        area = {"area": AREA} if len(found) % 4 else {}
        found += (await page(ctx, {"from": at.isoformat(), **area})).items[:1]
    return found


class Table:
    """Measured and printed line by line."""

    def __init__(self, times: int, clock: Callable[[], float]) -> None:
        self.times, self.clock, self.slow = times, clock, list[str]()

    async def line(self, what: str, scope: str, asks: list[Callable[[], Awaitable[tuple[int, Any]]]]) -> list[Any]:
        """One line; what the questions gave back."""
        times: list[float] = []
        counts: list[int] = []
        back: list[Any] = []
        for ask in asks:
            tries: list[float] = []
            count, given = 0, None
            for _ in range(self.times):
                begun = self.clock()
                count, given = await ask()
                tries.append((self.clock() - begun) * 1000)
            times.append(min(tries))
            counts.append(count)
            back.append(given)
        if times:
            times.sort()
            median, most = statistics.median(times), times[min(len(times) - 1, int(PART * len(times)))]
            told = (
                f"{what:22} {scope:14} {statistics.mean(counts):5.1f} found {median:8.1f} {most:8.1f} {times[-1]:8.1f}"
            )
            print(told, flush=True)
            if median > 50 or most > 200:
                self.slow.append(told)
        return back


async def measure(db: Database, address: str, given: argparse.Namespace) -> None:
    """Ask everything."""
    ctx = AppContext(
        db=db, clock=current_millis, new_id=uuid7, zone=ZoneInfo("Asia/Shanghai"), rules_cache={}, keys=LOAD_KEYS
    )
    now, table = (
        current_millis(),
        Table(given.times, await filled.busy(db, address) if given.cpu else time.perf_counter),
    )
    if await prepare(ctx):
        await records(ctx, now)
    some = await samples(ctx, now, given.samples)
    print(f"{db.engine}: ms                                            median      p99    worst")

    def asking(query: Asked) -> Callable[[], Awaitable[tuple[int, Asked | None]]]:
        async def ask() -> tuple[int, Asked | None]:
            got = await page(ctx, query)
            return len(got.items), {**query, "after": got.after} if got.after else None

        return ask

    async def both(what: str, scope: str, queries: list[Asked]) -> None:
        back = await table.line(what, scope, [asking(query) for query in queries])
        await table.line(f"{what}, next", scope, [asking(query) for query in back if query])

    for scope, filters in scopes(now, ctx).items():
        if given.only in ("", "list"):
            await both("list", scope, [filters] * given.samples)
        for what, text in TEXTS.items():
            if given.only in ("", what):
                await both(what, scope, [{"q": text(visit), **filters} for visit in some])

    if given.only in ("", "agenda"):
        await agendas(ctx, table, given.samples)
    print(f"over 50 ms in the median or 200 ms at the 99th percentile: {len(table.slow)}", *table.slow, sep="\n")


async def agendas(ctx: AppContext, table: Table, samples: int) -> None:
    """What a phone asks for."""
    token = token_digest(WHO)

    def since(cursor: str | None) -> Callable[[], Awaitable[tuple[int, str]]]:
        async def ask() -> tuple[int, str]:
            got = await agenda.changes_since(ctx, token, cursor)
            return len(got.visits), got.cursor

        return ask

    [*_, last] = await table.line("agenda", "from nothing", [since(None)] * samples)
    await table.line("agenda", "nothing new", [since(last)] * samples)
    for count in (1, 100):
        await ctx.db.write(lambda tx, count=count: touch(tx, count))
        await table.line("agenda", f"after {count} more", [since(last)] * samples)


async def touch(tx: Transaction, count: int) -> None:
    """Something was written about some visits of his last year."""
    for one in await summaries.list_summaries(
        tx, VisitFilter(technician=WHO, from_at=current_millis() - 365 * DAY), size=count
    ):
        await sync_feed.bump(tx, (WHO,), one.visit)


def main() -> None:
    """One engine or both."""
    parser = filled.parser(__doc__, 100_000)
    parser.add_argument("--only", default="", help="one question: list, agenda, " + ", ".join(TEXTS))
    parser.add_argument("--times", type=int, default=1, help="ask each so often, and count the quickest")
    filled.measure_all(parser.parse_args(), measure)


if __name__ == "__main__":
    main()
