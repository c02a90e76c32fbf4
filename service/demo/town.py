"""The ordinary visits of the demonstration: some thirty a day, the same for the same date."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from service.accounts.validation import NewPerson
from service.visits.customer_answers import AnswerInput, CustomerSubmission, RescheduleRequest

from . import acts, work
from .people import EAST, SOUTH, TECHNICIANS, WEST
from .stories import Story, new_story

DAYS_BEFORE, DAYS_AHEAD = 6, 3
SLOTS = (time(8, 30), time(10, 0), time(13, 30), time(15, 30))
SUNDAY = 6
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董"
    "潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦"
)
COMPOUND = ("欧阳", "上官", "司马", "诸葛")
GIVEN = ("建国", "秀英", "志强", "桂兰", "丽华", "文博", "晓燕", "海波", "淑珍", "俊", "敏", "雨桐", "子涵", "玉梅")
STREETS = {
    EAST: ("朝阳路", "学府街", "东湖大道", "桃源巷", "建设东路", "杏林路"),
    WEST: ("迎宾西路", "工人新村", "梧桐街", "西桥路", "纺织巷", "金山大道"),
    SOUTH: ("滨江南路", "荷花池街", "南门大街", "翠竹路", "文昌巷", "兴业路"),
}
PLACES = {EAST: (31.24, 121.52), WEST: (31.23, 121.41), SOUTH: (31.18, 121.46)}
JOBS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "repair_leak": (
        ("检修厨房水管漏水", "厨房"),
        ("更换卫生间角阀", "卫生间"),
        ("检修表后阀门渗水", "水表箱"),
        ("查找暗漏，水表空走", "全屋"),
        ("更换老化软管", "阳台"),
    ),
    "meter_replacement": (("到期换表", "水表箱"), ("故障换表，表盘起雾", "厨房"), ("申请换表，改装智能表", "楼道表井")),
    "water_quality_sampling": (("龙头水采样，反映水黄", "厨房"), ("二次供水采样", "厨房")),
    "meter_reading": (("入户抄表，连续两期未见表", "厨房"),),
    "reconnection": (("复水装表", "水表箱"),),
}
TYPES = {
    "管道维修员": ("repair_leak", "repair_leak", "repair_leak", "reconnection"),
    "水表工": ("meter_replacement", "meter_replacement", "meter_reading", "repair_leak"),
    "水质采样员": ("water_quality_sampling", "water_quality_sampling", "repair_leak"),
}
FLAWS: tuple[work.Flaw, ...] = ("shoe_covers_late", "knocked_late", "no_knock", "no_id", "not_cleared")
THANKS = ("师傅很耐心，修得快。", "准时，打扫得干净。", "讲解清楚，谢谢。", "换表很快，新表读数也给我看了。")
WISHES = ("下午四点以后才在家", "周末可以吗", "想改到后天上午", "孩子午睡，请三点后来")
CALLED = "电话约定{when}上门{what}，请届时留人并予以配合"


def dice(name: object) -> Random:
    """Chance that always comes out the same for a name."""
    return Random(f"doorstep {name}")  # noqa: S311 - nothing of it is secret


class Photos(msgspec.Struct, frozen=True):
    """The digests of a technician's pictures."""

    meter: str
    cleared: str
    signature: str


class Town(msgspec.Struct, frozen=True):
    """What the visits of the demonstration have in common.

    `asked`: by type of visit, the facts that the checklist asks for. `photos`: by technician.
    """

    zone: ZoneInfo
    asked: Mapping[str, tuple[str, ...]]
    photos: Mapping[str, Photos]

    def moment(self, day: date, hour: time) -> datetime:
        """A time on a day, in the utility's zone."""
        return datetime.combine(day, hour, self.zone)

    def ordinary_visits(self, today: date) -> Iterator[Story]:
        """The visits from some days ago to some days ahead."""
        for days in range(-DAYS_BEFORE, DAYS_AHEAD + 1):
            day = today + timedelta(days=days)
            slots = SLOTS[:2] if day.weekday() == SUNDAY else SLOTS
            for number, technician in enumerate(TECHNICIANS):
                for slot, hour in enumerate(slots):
                    reference = f"GD-{day:%Y%m%d}-{number * len(SLOTS) + slot + 1:03}"
                    start = self.moment(day, hour) + self.delay(number)
                    yield self._visit(dice(reference), reference, technician, start)

    def delay(self, number: int) -> timedelta:
        """How much later than the slots a technician's visits are, so that somebody is at work at any hour."""
        return timedelta(minutes=30 * (number % 3))

    def visit(self, rng: Random, reference: str, technician: NewPerson, start: datetime, kind: str) -> Story:
        """A visit of a type that was planned some days before."""
        content = job(rng, reference, technician.areas[0], kind)
        planned_at = start - timedelta(days=rng.randint(4, 6), minutes=rng.randint(-90, 60))
        return new_story(planned_at, technician, start, content)

    def called(self, story: Story, at: datetime) -> None:
        """The dispatcher agrees with the customer by telephone."""
        words = CALLED.format(when=f"{story.start:%m月%d日%H:%M}", what=story.content["work"]["content"])
        entries = work.call_entries(at, words, repair=story.content["type"] == "repair_leak")
        story.then(at, acts.note, story.dispatcher, entries)

    def done(
        self, story: Story, arrival: datetime, minutes: int, flaw: work.Flaw = "", also: acts.Entries | None = None
    ) -> datetime:
        """The technician comes, works and leaves; returns when their phone has sent all of it."""
        photos = self.photos[story.technician]
        end = arrival + timedelta(minutes=6 + minutes)
        happened = list(also or ())
        if story.content["type"] == "meter_replacement":
            rng = dice(story.id)
            number = f"{rng.randint(0, 9999):04}"
            exchanged = work.meter_exchange(end - timedelta(minutes=4), photos.meter, rng.randint(200, 2400), number)
            happened.append(exchanged)
        began, sent = arrival + timedelta(minutes=7), end + timedelta(minutes=12)
        shown = work.photo(photos.cleared, end + timedelta(minutes=2)) if minutes % 2 else None
        story.then(began, acts.submit_entries, story.technician, work.beginning(arrival, flaw, PLACES[story.area]))
        rest = happened + work.ending(end, self.asked[story.content["type"]], happened, flaw, shown)
        story.then(sent, acts.submit_entries, story.technician, rest)
        return sent

    def _visit(self, rng: Random, reference: str, technician: NewPerson, start: datetime) -> Story:
        story = self.visit(rng, reference, technician, start, rng.choice(TYPES[technician.title]))
        planned_at, fate = story.steps[0][0], rng.random()
        if fate < 0.04:
            story.then(
                start - timedelta(hours=18), acts.change, story.dispatcher, "cancellation", reason="客户出差，退单"
            )
            return story
        if fate > 0.96:
            wish = CustomerSubmission(another_time=RescheduleRequest(rng.choice(WISHES)))
            story.then(planned_at + timedelta(minutes=40), acts.answer, story.dispatcher, wish)
        elif fate > 0.8:
            agreed = CustomerSubmission(answers=(AnswerInput(good=True, question="appointment"),))
            story.then(planned_at + timedelta(minutes=40), acts.answer, story.dispatcher, agreed)
        soon = rng.random() < 0.7
        called = planned_at + timedelta(minutes=50) if soon else start - timedelta(hours=19)
        self.called(story, called)
        story.notice = planned_at if fate > 0.8 else called
        arrival = start + timedelta(minutes=rng.randint(0, 18))
        left = arrival - timedelta(minutes=22)
        story.then(left, acts.depart, story.technician, left, 20)
        if fate < 0.09 and story.content["type"] != "meter_replacement":
            asked = self.asked[story.content["type"]]
            entries = work.nobody_home(arrival, self.photos[story.technician].cleared, asked)
            story.then(arrival + timedelta(minutes=18), acts.submit_entries, story.technician, entries)
        else:
            self._work(story, rng, arrival, rng.choice(FLAWS) if fate < 0.18 else "")
        return story

    def _work(self, story: Story, rng: Random, arrival: datetime, flaw: work.Flaw) -> None:
        chair = work.borrowed_chair(arrival + timedelta(minutes=8), returned=True) if rng.random() < 0.12 else []
        sent = self.done(story, arrival, rng.randint(18, 34), flaw, chair)
        if rng.random() < 0.15 and not flaw:
            said = CustomerSubmission(comment=rng.choice(THANKS))
            story.then(sent + timedelta(hours=2), acts.answer, story.dispatcher, said)
        if rng.random() < (0.85 if flaw else 0.5):
            morning = self.moment(story.start.date() + timedelta(days=2), time(9, rng.randint(0, 59)))
            overridden = "客户电话证实当时已做，记录顺序有误" if flaw and rng.random() < 0.25 else None
            comment = "已与技术员沟通，班会提醒" if flaw else "抽查，记录完整"
            story.then(morning, acts.review, story.supervisor, comment, overridden)


def job(rng: Random, reference: str, area: str, kind: str) -> dict[str, Any]:
    """The plan of a visit without its time and technician."""
    surname = rng.choice(COMPOUND) if rng.random() < 0.02 else rng.choice(SURNAMES)
    called = rng.choice(("先生", "女士")) if rng.random() < 0.45 else rng.choice(GIVEN)
    street = rng.choice(STREETS[area])
    home = (
        f"{rng.randint(2, 188)}号{rng.randint(1, 12)}栋{rng.randint(1, 4)}单元{rng.randint(1, 18)}0{rng.randint(1, 4)}"
    )
    content, place = rng.choice(JOBS[kind])
    return {
        "type": kind,
        "customer": {
            "name": surname + called,
            "phone": f"1380000{rng.randint(0, 9999):04}",
            "address": f"{street}{home}室",
            "account": f"10{rng.randint(0, 9_999_999):07}",
        },
        "work": {"content": content, "place": place},
        "external_ref": reference,
        **({"assigned": {"meter_exchanged": True}} if kind == "meter_replacement" else {}),
    }
