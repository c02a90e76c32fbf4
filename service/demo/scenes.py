"""Visits of the demonstration in which something has to be settled: one of each kind, some days before today."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from hashlib import sha256
from uuid import UUID

from . import acts, work
from .acts import Actors, Entries
from .people import TECHNICIANS
from .stories import Story
from .town import SLOTS, Town, dice

EVENING = time(17, 30)
BY_LOGIN = {person.login: person for person in TECHNICIANS}
DAY, HALF_HOUR = timedelta(days=1), timedelta(minutes=30)
NO_ID = "missing.id_shown"


class Scenes:
    """The scenes around a moment."""

    def __init__(self, town: Town, now: datetime) -> None:
        self.town, self.now, self.today = town, now, now.date()

    def all(self) -> Iterator[Story]:
        """All scenes that depend on the day alone."""
        yield self.complaint("zhou", 2, answered=False)
        yield self.complaint("sun", 5, answered=True)
        yield self.overdue_damage("ma", 5)
        yield self.void_signature("chen", 2)
        yield self.refused_signature("wu", 1)
        yield self.chair_kept("luo", 1)
        yield self.no_record("xu", 1)
        yield self.correction("wu", 3)
        yield self.explanation("li", 3)
        yield self.outdated_phone("zhou", 1)
        yield self.moved("chen", 1)
        yield self.missing_photo("ma", 2)
        yield self.double_booked("sun", 1)
        yield self.notice_for_later("luo", 2)

    def start(self, login: str, days_ago: int, kind: str, name: str) -> Story:
        """A visit in the evening some days ago, agreed by telephone."""
        day = self.today - days_ago * DAY
        reference = f"GD-{day:%Y%m%d}-{name}"
        person = BY_LOGIN[login]
        start = self.town.moment(day, EVENING)
        story = self.town.visit(dice(reference), reference, person, start, kind)
        self.town.called(story, story.steps[0][0] + timedelta(minutes=50))
        return story

    def complaint(self, login: str, days_ago: int, *, answered: bool) -> Story:
        """The customer complains by telephone."""
        story = self.start(login, days_ago, "repair_leak", "901")
        self.town.done(story, story.start + timedelta(minutes=5), 25)
        at = story.start + timedelta(hours=17)
        number = {"kind": "number", "number": f"TS-{at:%Y%m%d}-01"}
        words = work.text("客户来电：修好后第二天又渗水，要求尽快再来")
        log = {"kind": "message_log", "channel": "phone", "text": "客户来电投诉"}
        received = work.entry(at, "complaint_received", "dispatcher", holds=True, evidence=[words, log])
        forwarded = work.entry(
            at + timedelta(minutes=10), "complaint_recorded_forwarded", "office", evidence=[words, number]
        )
        story.then(at + timedelta(minutes=12), acts.note, story.dispatcher, [received, forwarded])
        if answered:
            reply = at + DAY
            said = "已电话答复：次日上午免费返修，客户接受"
            evidence = [{"kind": "message_log", "channel": "phone", "text": said}]
            done = work.entry(reply, "complaint_answered_5d", "office", evidence=evidence)
            story.then(reply + timedelta(minutes=3), acts.note, story.supervisor, [done])
        return story

    def overdue_damage(self, login: str, days_ago: int) -> Story:
        """A broken tile that was to be replaced by now."""
        story = self.start(login, days_ago, "repair_leak", "902")
        cleared = self.town.photos[login].cleared
        broken = work.broken_tile(story.start + timedelta(minutes=18), cleared)
        sent = self.town.done(story, story.start + timedelta(minutes=4), 30, also=broken)
        due = (story.start + 3 * DAY).replace(hour=18)
        story.then(
            sent + HALF_HOUR, acts.change, story.dispatcher, "due", **{"damage_made_good[tile]": due.isoformat()}
        )
        return story

    def _meter_damage(self, story: Story, at: datetime, *, agrees: bool) -> Entries:
        """The customer broke the meter."""
        meter = self.town.photos[story.technician].meter
        shown = work.photo(meter, at)
        cause = [work.text("装修搬砖时砸到表盖，玻璃碎裂"), shown]
        number = {"meter_number": "SH20190317", "diameter": 15, "reading": 1274, "seal_number": "F-20417"}
        analysed = {"part": "glass", "cause": "renovation"}
        entries = [
            work.entry(at, "meter_damage_by_customer", holds=True),
            work.entry(at, "meter_damage_photo", evidence=[shown], fields=number),
            work.entry(at + timedelta(minutes=4), "meter_cause_analysed", evidence=cause, fields=analysed),
        ]
        if agrees:
            opinion = {"opinion": "agrees", "charge": "charged"}
            entries.append(work.entry(at + timedelta(minutes=6), "meter_cause_confirmed", fields=opinion))
        return entries

    def void_signature(self, login: str, days_ago: int) -> Story:
        """The customer signs on the technician's phone, and the technician changes the reading afterwards."""
        story = self.start(login, days_ago, "repair_leak", "903")
        at = story.start + timedelta(minutes=12)
        damage = self._meter_damage(story, at, agrees=True)
        began = work.beginning(story.start)
        story.then(at + timedelta(minutes=9), acts.submit_entries, login, began + damage)
        signed_at = at + timedelta(minutes=14)
        customer = story.content["customer"]["name"]
        story.then(signed_at + timedelta(minutes=1), self._sign, login, signed_at, customer)
        end = story.start + timedelta(minutes=45)
        rest = work.ending(end, self.town.asked["repair_leak"], damage)
        story.then(end + timedelta(minutes=10), acts.submit_entries, login, rest)
        (photo,) = [one for one in damage if one["what"] == "meter_damage_photo"]
        wrong = str(acts.stable_id(str(story.id), photo))
        corrected = {**photo, "fields": {**photo["fields"], "reading": 1724}}
        slip = work.entry(end, "meter_damage_photo", withdraws=wrong, reason="读数抄反，更正")
        story.then(end + HALF_HOUR, acts.submit_entries, login, [slip, corrected])
        return story

    async def _sign(self, actors: Actors, login: str, visit: UUID, at: datetime, customer: str) -> None:
        signature = {
            "kind": "signature",
            "sha256": self.town.photos[login].signature,
            "signer": customer,
            "relation": "account_holder",
            "statement_sha256": await acts.statement_digest(actors, login, visit),
        }
        signed = work.entry(at, "meter_order_signed", "customer", evidence=[signature])
        await acts.submit_entries(actors, login, visit, [signed])

    def refused_signature(self, login: str, days_ago: int) -> Story:
        """The customer does not sign that they broke the meter."""
        story = self.start(login, days_ago, "repair_leak", "904")
        at = story.start + timedelta(minutes=12)
        damage = self._meter_damage(story, at, agrees=False)
        later = at + timedelta(minutes=8)
        refused = {"reason": "客户说等家里人回来再定", "outcome": "refused"}
        evidence = [work.text("客户说等家里人回来再定"), work.photo(self.town.photos[login].meter, later)]
        damage += [
            work.entry(later, what, refused=refused, evidence=evidence)
            for what in ("meter_cause_confirmed", "meter_order_signed")
        ]
        self.town.done(story, story.start + timedelta(minutes=3), 34, also=damage)
        return story

    def chair_kept(self, login: str, days_ago: int) -> Story:
        """A borrowed chair was not put back."""
        story = self.start(login, days_ago, "repair_leak", "905")
        chair = work.borrowed_chair(story.start + timedelta(minutes=14), returned=False)
        self.town.done(story, story.start + timedelta(minutes=6), 28, also=chair)
        return story

    def no_record(self, login: str, days_ago: int) -> Story:
        """Nothing came from the technician."""
        return self.start(login, days_ago, "water_quality_sampling", "906")

    def correction(self, login: str, days_ago: int) -> Story:
        """An item is back on the phone."""
        story = self.start(login, days_ago, "meter_replacement", "907")
        self.town.done(story, story.start + timedelta(minutes=8), 26, "no_id")
        at = story.start + timedelta(hours=17)
        due = (self.town.moment(self.today, time(18, 0)) + DAY).isoformat()
        reason = "没有出示工作证的记录；如当时已出示，请补记"
        story.then(at, acts.return_items, story.supervisor, "id_shown", reason, due)
        return story

    def outdated_phone(self, login: str, days_ago: int) -> Story:
        """The first record is in quarantine: the phone had not fetched the checklist yet."""
        story = self.start(login, days_ago, "repair_leak", "910")
        arrival = story.start + timedelta(minutes=6)
        story.then(arrival + timedelta(minutes=1), acts.submit_outdated, login, [work.entry(arrival, "arrived")])
        self.town.done(story, arrival, 24)
        return story

    def explanation(self, login: str, days_ago: int) -> Story:
        """The technician explains, and waits for the supervisor."""
        story = self.start(login, days_ago, "repair_leak", "908")
        self.town.done(story, story.start + timedelta(minutes=4), 22, "no_id")
        at = story.start + timedelta(hours=16)
        story.then(at, acts.explain, login, NO_ID, "进门时客户正在接电话，工作证挂在胸前，没有单独出示")
        return story

    def missing_photo(self, login: str, days_ago: int) -> Story:
        """The record names a photo that never came."""
        story = self.start(login, days_ago, "repair_leak", "911")
        begun, end = story.start + timedelta(minutes=5), story.start + timedelta(minutes=36)
        story.then(begun + timedelta(minutes=7), acts.submit_entries, login, work.beginning(begun))
        lost = work.photo(sha256(str(story.id).encode()).hexdigest(), end + timedelta(minutes=2))
        rest = work.ending(end, self.town.asked["repair_leak"], [], cleared=lost)
        story.then(end + timedelta(minutes=10), acts.submit_entries, login, rest)
        return story

    def double_booked(self, login: str, days_ahead: int) -> Story:
        """Somebody has two visits at once: the board marks them."""
        day = self.today + days_ahead * DAY
        reference = f"GD-{day:%Y%m%d}-912"
        number = TECHNICIANS.index(BY_LOGIN[login])
        start = self.town.moment(day, SLOTS[0]) + self.town.delay(number) + HALF_HOUR
        return self.town.visit(dice(reference), reference, BY_LOGIN[login], start, "meter_reading")

    def under_way(self, login: str) -> Story:
        """Somebody is at work, whatever the hour is; not among `all`."""
        early = self.now - HALF_HOUR
        start = early.replace(hour=early.hour // 2 * 2, minute=0, second=0, microsecond=0)
        reference = f"GD-{start:%Y%m%d}-9{start:%H}"
        story = self.town.visit(dice(reference), reference, BY_LOGIN[login], start, "repair_leak")
        self.town.called(story, story.steps[0][0] + timedelta(minutes=50))
        self.town.done(story, start + timedelta(minutes=5), 150)
        return story

    def notice_for_later(self, login: str, days_ahead: int) -> Story:
        """A notice that waits until the afternoon before the visit."""
        day = self.today + days_ahead * DAY
        reference = f"GD-{day:%Y%m%d}-913"
        start = self.town.moment(day, EVENING)
        story = self.town.visit(dice(reference), reference, BY_LOGIN[login], start, "meter_reading")
        planned_at = story.steps[0][0]
        story.then(planned_at + HALF_HOUR, acts.notify, story.dispatcher, send_at=start - timedelta(hours=25))
        return story

    def moved(self, login: str, days_ago: int) -> Story:
        """A visit that was moved to tomorrow, and whose customer knows the new time."""
        story = self.start(login, days_ago, "meter_replacement", "909")
        at, new = story.start - timedelta(hours=6), story.start + (days_ago + 1) * DAY
        story.then(at - timedelta(minutes=1), acts.notify, story.dispatcher)  # and withdrawn by the change
        window = {"from": new.isoformat(), "to": (new + timedelta(hours=1)).isoformat()}
        story.then(at, acts.change, story.dispatcher, "window", **window, reason="客户临时有事，改到后天")
        informed = work.text(f"电话告知改到{new:%m月%d日%H:%M}")
        log = {"kind": "message_log", "channel": "phone", "text": informed["text"]}
        moment = at + timedelta(minutes=5)
        entries = [
            work.entry(moment, what, "dispatcher", evidence=[log, informed])
            for what in ("reschedule_notified", "appointment_agreed")
        ]
        story.then(moment + timedelta(minutes=1), acts.note, story.dispatcher, entries)
        return story
