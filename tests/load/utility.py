"""An invented utility of any size: its customers, its technicians, and the visits of three years.

Surnames are as frequent as in China (a few names are most people); roads and compounds belong to an area; a customer
is visited again and again. The same seed gives the same utility.
"""

from collections.abc import Iterator
from datetime import datetime
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from service.judge.visit import Window
from service.visits.plan import Customer, Plan, Work

DAY = 86_400_000  # ms
ZONE = ZoneInfo("Asia/Shanghai")
YEARS = 3
AREAS = tuple(f"{name}片区" for name in "城东 城西 城南 城北 高新 开发 滨江 龙泉 青羊 武侯 新都 温江".split())
TECHNICIANS = 20  # of each area
SURNAMES = (
    *((one, 7000) for one in "王李张"),
    *((one, 4000) for one in "刘陈"),
    *((one, 2000) for one in "杨黄赵吴周"),
    *((one, 1000) for one in "徐孙马朱胡郭何林高罗郑梁"),
    *((one, 600) for one in "谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石"),
    *((one, 100) for one in "金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤"),
    *((one, 10) for one in ("欧阳", "司马", "诸葛", "上官", "冼", "逄", "麴")),
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀兰霞平刚桂英华玉萍红玲芬燕彬凤洁梅琳素云莲真环雪荣爱妹香月莺媛瑞凡佳嘉琼勤珍贞"
    "建国志文海波辉鹏飞宇浩然子轩梓涵雨欣怡晨思远俊峰立成德福贵春生永安宁康乐天一诺可心若兮书瑶紫萱"
)
ROADS = (
    "虚构 东风 解放 人民 中山 建设 和平 新华 胜利 长江 黄河 文化 工农 光明 朝阳 滨河 学府 金水 银杏 梧桐 "
    "幸福 迎宾 创业 科技 龙腾 凤凰 青年 劳动 红星 北斗 锦绣 望江 芙蓉 玉兰 天府 蜀汉 琴台 浣花 杜甫 草堂"
).split()
KINDS = ("路", "街", "东路", "西路", "南街", "巷", "大道", "横街")
COMPOUNDS = ("小区", "花园", "家园", "新村", "苑", "公寓", "广场")
PREFIXES = tuple("130 131 133 135 136 137 138 139 150 151 152 158 159 177 180 181 185 186 188 189".split())
TYPES = (
    ("meter_reading", 600),
    ("repair_leak", 150),
    ("meter_replacement", 100),
    ("complaint_visit", 60),
    ("new_installation", 40),
    ("disconnection", 20),
    ("reconnection", 20),
    ("emergency_burst", 8),
    ("engineering_acceptance", 2),
)
WORK = Work("按计划上门")


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """A visit of the utility and how it stands. Times are ms UTC."""

    id: UUID
    plan: Plan
    area: str
    created_at: int
    planned_at: int
    state: str
    flags: str
    verdict: str


def visits(count: int, now: int) -> Iterator[Past]:
    """So many visits, in the order in which they were planned, the last one at `now`."""
    random = Random(4)
    customers = [_customer(number, random) for number in range(max(1, count // 3))]
    names, weights = zip(*TYPES, strict=True)
    span = YEARS * 365 * DAY
    for number in range(count):
        created = now - span + span * (number + 1) // count
        area, customer = random.choice(customers)
        start = (created // DAY + random.randrange(1, 15)) * DAY + random.randrange(20) * 1_800_000
        first = AREAS.index(area) * TECHNICIANS
        who, other = (f"t{first + random.randrange(TECHNICIANS):03}" for _ in range(2))
        state, flags, verdict = _state(start, now, random)
        plan = Plan(
            type=random.choices(names, weights)[0],
            technician=who,
            crew=(other,) if random.random() < 0.05 and other != who else (),
            customer=customer,
            work=WORK,
            window=Window(_moment(start), _moment(start + 7_200_000)),
            area=area,
            external_ref=f"GD-{_moment(created):%Y%m%d}-{number % 1200:04}",
        )
        yield Past(
            id=_id(created, random),
            plan=plan,
            area=area,
            created_at=created,
            planned_at=start,
            state=state,
            flags=flags,
            verdict=verdict,
        )


def logins() -> Iterator[tuple[str, str]]:
    """All technicians and their areas."""
    for number in range(len(AREAS) * TECHNICIANS):
        yield f"t{number:03}", AREAS[number // TECHNICIANS]


def _customer(number: int, random: Random) -> tuple[str, Customer]:
    where = random.randrange(len(AREAS))
    surnames, weights = zip(*SURNAMES, strict=True)
    name = random.choices(surnames, weights)[0] + "".join(
        random.choice(GIVEN) for _ in range(1 if random.random() < 0.2 else 2)
    )
    road = random.randrange(40) + 40 * where  # of an area's forty roads
    street = ROADS[road * 7 % len(ROADS)] + KINDS[(road * 3 + where) % len(KINDS)]
    ctx = random.randrange(1, 200)
    compound = ROADS[(road + ctx) % len(ROADS)] + COMPOUNDS[(road * ctx) % len(COMPOUNDS)]
    address = (
        f"{AREAS[where][:2]}区{street}{ctx}号{compound}{random.randrange(1, 31)}栋"
        f"{random.randrange(1, 5)}单元{random.randrange(1, 34)}0{random.randrange(1, 5)}室"
    )
    return AREAS[where], Customer(
        name=name,
        phone=random.choice(PREFIXES) + f"{random.randrange(10**8):08}",
        address=address,
        account=f"{where + 10}{number:08}",
    )


def _state(start: int, now: int, random: Random) -> tuple[str, str, str]:
    if random.random() < 0.03:
        return "cancelled", "", ""
    if start > now:
        return "planned", "", ""
    if start > now - DAY // 2:
        return "under_way", "", "compliant"
    verdict = random.choices(("compliant", "compliant_with_remarks", "non_compliant"), (80, 15, 5))[0]
    flags = "open_duties" if random.random() < 0.002 else ""
    return ("to_review" if start > now - 20 * DAY else "closed"), flags, verdict


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, ZONE)


def _id(ms: int, random: Random) -> UUID:
    """A UUID 7."""
    return UUID(int=(ms << 80) | (7 << 76) | (random.getrandbits(12) << 64) | (2 << 62) | random.getrandbits(62))
