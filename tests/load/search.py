"""How fast visits are found among many, on both engines: `python -m tests.load.search --visits 100000`.

Names, roads and numbers are invented; each query is asked several times in a process of its own reads.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from service.app import clock, new_id
from service.domain.people import Person
from service.domain.visit import Plan
from service.flows import lists
from service.flows.access import digest
from service.flows.house import House
from service.flows.publish import first_checklist
from service.flows.standing import found_by
from service.storage import people, search
from service.storage.database import Database, Tx, open_database
from service.storage.visits import VisitRow, add_visit
from tests.pgserver import postgres_server

TOKEN = "load-test"
FAMILY = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余"
    "于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀兰霞平刚桂英华玉萍红玲芬燕彬凤洁梅琳素云莲真环雪荣爱妹香月莺媛瑞凡佳嘉琼勤珍贞"
)
ROADS = "虚构 东风 解放 人民 中山 建设 和平 新华 胜利 长江 黄河 文化 工农 光明 朝阳 滨河 学府 金水 银杏 梧桐".split()
QUERIES = (
    "张伟",
    "芳",
    "欧阳修",
    "虚构路128号",
    "学府路",
    "13812345678",
    "5678",
    "A0001234",
    "GD-2026-0099",
    "没有这个人",
)
MANY = 2000


def a_plan(number: int, random: Random) -> Plan:
    """A visit as any other."""
    name = random.choice(FAMILY) + "".join(random.choice(GIVEN) for _ in range(random.randrange(1, 3)))
    place = (random.choice(ROADS), *(random.randrange(1, most) for most in (400, 30, 33, 5)))
    address = "{}路{}号{}栋{}0{}室".format(*place)
    return msgspec.convert(
        {
            "type": "meter_reading",
            "technician": f"t{random.randrange(200)}",
            "customer": {
                "name": name,
                "phone": f"13{random.randrange(10**9):09}",
                "address": address,
                "account": f"A{number:07}",
            },
            "work": {"content": "抄表"},
            "external_ref": f"GD-2026-{number:07}",
        },
        Plan,
    )


async def fill(db: Database, visits: int) -> None:
    """People and visits."""
    house = House(db=db, clock=clock, new_id=new_id, zone=ZoneInfo("Asia/Shanghai"), ready={})
    await first_checklist(house)

    async def hire(tx: Tx) -> None:
        await people.add_person(tx, Person("wang", "王", ("supervisor",), ()), 0)
        await people.add_token(tx, digest(TOKEN), "wang", 0)

    await db.write(hire)
    random = Random(4)
    for start in range(0, visits, MANY):

        async def some(tx: Tx, start: int = start) -> None:
            for number in range(start, min(start + MANY, visits)):
                plan = a_plan(number, random)
                body, visit = msgspec.json.encode(plan), new_id()
                await add_visit(tx, _row(visit, body, plan, number))
                await search.add(tx, visit, found_by(plan))

        await db.write(some)


def _row(visit: UUID, body: bytes, plan: Plan, number: int) -> VisitRow:
    return VisitRow(
        id=visit,
        sha256=sha256(body).digest(),
        body=body,
        type=plan.type,
        technician=plan.technician,
        area=f"片区{number % 20}",
        checklist="onsite",
        checklist_version="1",
        created_at=clock(),
        created_by="zhao",
        salt=bytes(32),
    )


async def measure(address: str, visits: int) -> None:
    """Fill a database and ask."""
    db = open_database(address)
    await db.start()
    begun = time.perf_counter()
    await fill(db, visits)
    print(f"\n{db.engine}: {visits} visits, {visits / (time.perf_counter() - begun):.0f} planned a second")
    house = House(db=db, clock=clock, new_id=new_id, zone=ZoneInfo("Asia/Shanghai"), ready={})
    for text in QUERIES:
        for area in ({}, {"area": "片区7"}):
            times: list[float] = []
            for _ in range(7):
                begun = time.perf_counter()
                page = await lists.page(house, digest(TOKEN), {"q": text, **area})
                times.append((time.perf_counter() - begun) * 1000)
            print(
                f"{text:16} {'one area' if area else 'all':8} {len(page.items):3} found"
                f"  first {times[0]:7.1f} ms  median {statistics.median(times):7.1f} ms"
            )
    await db.close()


async def main() -> None:
    """Both engines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=100_000)
    parser.add_argument("--engines", default="sqlite,postgres")
    given = parser.parse_args()
    if "sqlite" in given.engines:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "search.db"
            await measure(f"sqlite:///{path}", given.visits)
            print(f"file: {path.stat().st_size / 2**20:.0f} MB")
    if "postgres" in given.engines:
        with postgres_server("fsync=off") as address:
            await measure(address, given.visits)


if __name__ == "__main__":
    asyncio.run(main())
