"""The calendar is iCalendar as RFC 5545 and RFC 7986 have it, octet by octet."""

import re

from icalendar import Calendar

from tests.support.api_client import World
from tests.support.factories import a_plan, uid

ADDRESS = "虚构路 1 号; 2 栋, \\ 三层" + "很长的地址👩‍🔧" * 20
ONCE = ("UID", "DTSTAMP", "DTSTART", "SEQUENCE", "SUMMARY", "STATUS")


async def feed(world: World) -> bytes:
    opened = (await world.ask("li", "PUT", "/v1/me/calendar")).json()["url"]
    answer = await world.client.get(opened.partition("8000")[2] or opened)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/calendar")
    return answer.content


async def test_the_calendar(world: World) -> None:
    customer = {**a_plan()["customer"], "address": ADDRESS}
    await world.plan(uid("a"), customer=customer)
    moment = "2026-03-02T11:00:00+08:00"
    await world.plan(uid("moment"), window={"from": moment, "to": moment})
    await world.plan(uid("gone"))
    gone = f"/v1/visits/{uid('gone')}/cancellation"
    assert (await world.ask("zhao", "PUT", gone, {"reason": "客户取消"}, if_match='"0"')).status_code == 200
    raw = await feed(world)
    assert raw.endswith(b"END:VCALENDAR\r\n")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)  # 3.1: lines end in CRLF
    lines = raw.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)  # and have at most 75 octets
    assert any(line.startswith(b" ") for line in lines)
    for line in lines:
        line.decode()  # no character is folded in the middle
    unfolded = raw.replace(b"\r\n ", b"").decode()
    assert "虚构路 1 号\\; 2 栋\\, \\\\ 三层" in unfolded  # 3.3.11
    head = unfolded.partition("BEGIN:VEVENT")[0]
    assert head.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:")
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT15M\r\n" in head
    assert "TZID" not in unfolded  # all times are UTC, so no VTIMEZONE is needed
    events = unfolded.split("BEGIN:VEVENT\r\n")[1:]
    assert len(events) == 3
    for event in events:
        for name in ONCE:
            assert len(re.findall(rf"^{name}[:;]", event, re.MULTILINE)) == 1, name
        assert re.search(r"^DTSTAMP:\d{8}T\d{6}Z\r$", event, re.MULTILINE)
    found = {str(one["uid"]).partition("@")[0]: one for one in Calendar.from_ical(raw).events}
    assert found[str(uid("a"))]["location"] == ADDRESS
    assert (found[str(uid("a"))]["status"], found[str(uid("a"))]["sequence"]) == ("CONFIRMED", 0)
    assert (found[str(uid("gone"))]["status"], found[str(uid("gone"))]["sequence"]) == ("CANCELLED", 1)
    assert "dtend" not in found[str(uid("moment"))]  # 3.8.2.2: an end is later than the start
