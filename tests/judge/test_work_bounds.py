"""Nobody makes the service work or keep without bound: not by what they write of a visit, nor in a day, nor by a table.

Work is measured in time of the processor, and in how it grows; never by the clock.
"""

import asyncio
import io
import resource
import time
import zipfile
from typing import Any
from uuid import UUID

import httpx
import openpyxl
import pytest

from tests.support.api_client import VISIT, World, problem
from tests.support.evidence import record_naming
from tests.support.factories import encode, said, uid
from tests.support.limits import DAY, PHOTOS, SIZE, a_record, entries, later, limited, send, submit
from tests.support.pictures import noise
from tests.support.uploads import create_upload, send_part

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEAD = "工单号,类型,开始,结束,技术员,片区,姓名,电话,地址,户号,工作内容,工作地点"
GOOD = "GD-1,repair_leak,2026-03-02 09:00,2026-03-02 10:00,li,城东,陶女士,13800000000,虚构路 1 号,1001,检修漏水,厨房"


def of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# ── a visit ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def signatures(count: int, first: str, *, between: bool = False, back: bool = False) -> list[dict[str, Any]]:
    """Signatures that name a statement that never was; maybe with what changes the statement between them."""
    found = [said("09:07", "meter_damage_by_customer", id=str(uid(f"{first} damage")))]
    for n in range(count):
        minute = count - n if back else n
        at = f"{9 + minute // 3600:02d}:{minute // 60 % 60:02d}:{minute % 60:02d}"
        piece = {"kind": "signature", "sha256": "cd" * 32, "signer": "陶", "relation": "owner"}
        piece["statement_sha256"] = "ab" * 32
        given = {"id": str(uid(f"{first} {n}")), "evidence": [piece]}
        if between and n % 2:
            given["evidence"] = [{"kind": "text", "text": f"cause {n}"}]
            found.append(said(at, "meter_cause_analysed", **given))
        else:
            found.append(said(at, "meter_order_signed", "customer", **given))
    return found


async def cost_of_a_look(world: World, visit: UUID) -> float:
    """The least of three looks, in seconds of the processor."""
    costs: list[float] = []
    for _ in range(3):
        before = time.process_time()
        seen = await world.ask("wang", "GET", f"/v1/visits/{visit}")
        costs.append(time.process_time() - before)
        assert seen.status_code == 200
    return min(costs)


async def test_a_look_at_many_signatures_costs_as_much_as_there_are(sqlite_world: World):
    """1,500 took 1.5 s of the processor and 4,500 took 10 s, because all entries were read again for each of them; now
    it is 0.03 s and 0.09 s."""
    limited(sqlite_world, visit_entries=1_000_000, visit_bytes=2**26)
    costs: list[float] = []
    for count in (500, 4500):
        visit = uid(f"visit with {count}")
        await sqlite_world.plan(visit)
        given = signatures(count, str(count))
        for n in range(0, len(given), 1500):
            assert (await submit(sqlite_world, f"{count} {n}", *given[n : n + 1500], visit=visit)).status_code == 201
        costs.append(await cost_of_a_look(sqlite_world, visit))
    assert costs[1] < 30 * costs[0]  # nine times as many; it was seventy times as much


@pytest.mark.parametrize("how", ["plain", "changed", "back", "clock"])
async def test_the_worst_that_a_visit_may_hold_is_looked_at_quickly(sqlite_world: World, how: str):
    """As many entries as a visit may have by its settings, with as many signatures, each with other words before it,
    dated back or on a clock that begins anew with each entry: some 0.06 s, and 0.3 s for the clock."""
    await sqlite_world.plan()
    given = signatures(60, "s", between=how != "plain", back=how == "back")  # half of them are signatures
    given = given[:59] if how != "plain" else given[:29]
    fill = [
        said("09:30", "meter_cause_analysed", id=str(uid(f"f{n}")), evidence=[{"kind": "text", "text": f"f {n}"}])
        for n in range(2990 - len(given))
    ]
    step = len(fill) // len(given)
    mixed = [one for n, entry in enumerate(given) for one in (entry, *fill[n * step : (n + 1) * step])]
    if how == "clock":
        mixed = [one | {"session": "s", "tick": 10 * (5000 - n)} for n, one in enumerate(mixed)]
    for n in range(0, len(mixed), 1500):
        assert (await submit(sqlite_world, f"r{n}", *mixed[n : n + 1500])).status_code == 201
    base = await cost_of_reading(sqlite_world)
    assert await cost_of_a_look(sqlite_world, VISIT) < 60 * base


async def cost_of_reading(world: World) -> float:
    """What it costs to judge the same visit once and nothing more, in seconds of the processor: a measure of how fast
    the machine is now."""
    costs: list[float] = []
    for _ in range(3):
        before = time.process_time()
        await world.ask("wang", "GET", f"/v1/visits/{VISIT}/judgement")
        costs.append(time.process_time() - before)
    return min(costs)


TOO_MUCH = {
    "entries": lambda: entries(101),
    "evidence": lambda: entries(11, evidence=[{"kind": "text", "text": "x"}] * 10),
    "things": lambda: [said("09:30", "borrowed", thing=f"t{n}") for n in range(3)],
    "signatures": lambda: signatures(2, "s"),
    "refusals": lambda: [
        said("09:30", "meter_order_signed", id=str(uid(f"{n}")), refused={"reason": "x"}) for n in range(2)
    ],
    "bytes": lambda: entries(8, reason="x" * 1500),
}


@pytest.mark.parametrize("what", TOO_MUCH)
async def test_a_record_beyond_what_a_visit_may_hold_is_told_so_and_kept_aside(sqlite_world: World, what: str):
    limited(sqlite_world, visit_entries=100, visit_bytes=10_000)
    await sqlite_world.plan()
    told = await submit(sqlite_world, "much", *TOO_MUCH[what]())
    assert problem(told) == (507, "visit-full")
    assert told.json()["detail"]
    assert int(told.headers["retry-after"]) > 0
    kept = told.json()["quarantine"]
    raw = await sqlite_world.ask("wang", "GET", f"/v1/quarantine/{kept}?reason=x")
    assert raw.content == encode(a_record("much", *TOO_MUCH[what]()))
    assert (await sqlite_world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()["records"] == []
    limited(sqlite_world)  # an administrator raised the limits
    decision = {"decision": "take", "reason": "x"}
    assert (await sqlite_world.ask("wang", "PUT", f"/v1/quarantine/{kept}/decision", decision)).status_code == 200
    assert len((await sqlite_world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()["records"]) == 1


async def test_a_full_visit_shuts_out_nobody_else_and_no_replay(world: World):
    limited(world, visit_records=3, visit_entries=100)
    await world.plan()
    for n in range(3):
        assert (await submit(world, f"r{n}", *entries(10, f"{n}"))).status_code == 201
    assert problem(await submit(world, "r3", *entries(10, "3"))) == (507, "visit-full")
    assert (await submit(world, "r0", *entries(10, "0"))).status_code == 200
    for n in range(3):
        note = {"entries": [said("09:40", "complaint_received", "office", id=str(uid(f"o{n}")))]}
        assert (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/entries", note)).status_code == 201
    more = {"entries": [said("09:40", "complaint_received", "office", id=str(uid("o3")))]}
    assert problem(await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/entries", more)) == (507, "visit-full")
    assert (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/entries", note)).status_code == 200
    seen = (await world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()
    assert (len(seen["records"]), len(seen["entries"])) == (3, 33)


async def test_a_visit_that_was_changed_so_often_can_still_be_cancelled(sqlite_world: World):
    limited(sqlite_world, visit_records=3)
    await sqlite_world.plan()

    async def change(part: str, number: int, **content: Any) -> httpx.Response:
        sent = content | {"reason": "x"}
        return await sqlite_world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/{part}", sent, if_match=f'"{number}"')

    for n in range(3):
        assert (await change("details", n, work={"content": f"检修 {n}", "place": ""})).status_code == 200
    assert problem(await change("details", 3, work={"content": "检修", "place": ""})) == (507, "visit-full")
    assert (await change("cancellation", 3)).status_code == 200


async def test_nobody_goes_twice_to_one_visit(sqlite_world: World):
    told = await sqlite_world.plan(crew=["sun"] * 10)
    assert problem(told) == (422, "invalid-body")
    assert told.json()["errors"][0]["pointer"] == "/crew"


async def test_a_page_of_the_agenda_ends_early_where_visits_are_large(sqlite_world: World):
    """A hundred visits of some MiB each were one answer."""
    for n in range(6):
        await sqlite_world.plan(uid(f"v{n}"))
        for part in range(2):
            large = entries(1000, f"{n} {part}", reason="x" * 800)
            assert (await submit(sqlite_world, f"r{n} {part}", *large, visit=uid(f"v{n}"))).status_code == 201
    cursor, pages, seen = "", list[int](), list[str]()
    while True:
        answer = (await sqlite_world.ask("li", "GET", f"/v1/agenda?since={cursor}" if cursor else "/v1/agenda")).json()
        pages.append(len(answer["visits"]))
        seen += [visit["id"] for visit in answer["visits"]]
        cursor = answer["cursor"]
        if not answer["more"]:
            break
    assert max(pages) == 3  # 2.1 MB each: it ends with the one that goes beyond four MiB
    assert sorted(set(seen)) == sorted(str(uid(f"v{n}")) for n in range(6))
    assert (await sqlite_world.ask("li", "GET", f"/v1/agenda?since={cursor}")).json()["visits"] == []


# ── a day ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("settings", [{"day_records": 3}, {"day_entries": 30}, {"day_bytes": 4000}])
async def test_somebody_submits_so_much_in_a_day_and_goes_on_later(sqlite_world: World, settings: dict[str, int]):
    limited(sqlite_world, **settings)
    await sqlite_world.plan(crew=["sun"])
    for n in range(3):
        assert (await submit(sqlite_world, f"r{n}", *entries(10, f"{n}"))).status_code == 201
    for _ in range(5):  # who is refused loses nothing by asking
        told = await submit(sqlite_world, "r3", *entries(10, "3"))
        assert problem(told) == (429, "day-full")
        assert "quarantine" not in told.json()
    wait = int(told.headers["retry-after"])
    assert 0 < wait <= 86_400
    assert (await submit(sqlite_world, "r1", *entries(10, "1"))).status_code == 200
    assert (await submit(sqlite_world, "r4", *entries(10, "4"), who="sun")).status_code == 201
    later(sqlite_world, wait * 1000)
    assert (await submit(sqlite_world, "r3", *entries(10, "3"))).status_code == 201


async def test_a_record_larger_than_a_day_is_taken_by_itself(sqlite_world: World):
    limited(sqlite_world, day_entries=5)
    await sqlite_world.plan()
    assert (await submit(sqlite_world, "r0", *entries(10, "0"))).status_code == 201
    assert problem(await submit(sqlite_world, "r1", *entries(1, "1"))) == (429, "day-full")


async def test_the_office_has_its_day_too(sqlite_world: World):
    limited(sqlite_world, day_records=2)
    await sqlite_world.plan()

    async def note(n: int) -> httpx.Response:
        written = {"entries": [said("09:40", "complaint_received", "office", id=str(uid(f"o{n}")))]}
        return await sqlite_world.ask("zhao", "POST", f"/v1/visits/{VISIT}/entries", written)

    assert [(await note(n)).status_code for n in (0, 1, 2, 1)] == [201, 201, 429, 200]


# ── quarantine ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("settings", [{"day_quarantine": 3}, {"day_quarantine_bytes": 300}])
async def test_somebody_fills_so_much_of_the_quarantine_in_a_day(world: World, settings: dict[str, int]):
    limited(world, **settings)
    kept = [(await world.submit(b"x" * 99 + b"%d" % n, uid(f"{n}"))).json()["quarantine"] for n in range(3)]
    told = await world.submit(b"x" * 99 + b"3", uid("3"))
    assert problem(told) == (429, "day-full")
    assert "quarantine" not in told.json()
    again = await world.submit(b"x" * 99 + b"1", uid("1"))
    assert (problem(again), again.json()["quarantine"]) == ((400, "malformed-json"), kept[1])
    assert (await world.submit(b"y", uid("4"), "sun")).json()["quarantine"]
    later(world, DAY)
    assert problem(await world.submit(b"x" * 99 + b"3", uid("3"))) == (400, "malformed-json")


@pytest.mark.parametrize("settings", [{"quarantine": 3}, {"quarantine_bytes": 360}])
async def test_the_quarantine_is_full_until_somebody_decides(world: World, settings: dict[str, int]):
    limited(world, **settings)
    kept = [(await world.submit(b"x" * 99 + b"%d" % n, uid(f"{n}"))).json()["quarantine"] for n in range(3)]
    told = await world.submit(b"x" * 99 + b"3", uid("3"), "sun")
    assert problem(told) == (507, "quarantine-full")
    assert int(told.headers["retry-after"]) > 60
    assert problem(await world.submit(b"x" * 99 + b"2", uid("2"))) == (400, "malformed-json")
    discard = {"decision": "discard", "reason": "x"}
    assert (await world.ask("wang", "PUT", f"/v1/quarantine/{kept[0]}/decision", discard)).status_code == 200
    later(world, 61_000)
    assert problem(await world.submit(b"x" * 99 + b"3", uid("3"), "sun")) == (400, "malformed-json")
    assert problem(await world.submit(b"x" * 99 + b"4", uid("4"), "sun")) == (507, "quarantine-full")


async def test_what_came_again_and_was_taken_does_not_fill_the_quarantine(world: World):
    limited(world, quarantine=2)
    for n in range(2):
        assert problem(await submit(world, f"r{n}", *entries(1, f"{n}"))) == (404, "unknown-visit")
    assert problem(await world.submit(b"x", uid("x"))) == (507, "quarantine-full")
    await world.plan()
    for n in range(2):
        assert (await submit(world, f"r{n}", *entries(1, f"{n}"))).status_code == 201
    later(world, 3_601_000)
    assert problem(await world.submit(b"x", uid("x"))) == (400, "malformed-json")
    waiting = (await world.ask("wang", "GET", "/v1/quarantine")).json()["items"]
    assert [(one["code"], one["size"]) for one in waiting] == [("malformed-json", 1)]
    decided = (await world.ask("wang", "GET", "/v1/quarantine?decided=true")).json()["items"]
    assert [(one["decision"], one["decided_by"]) for one in decided] == [("take", "li")] * 2


# ── photos ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_photos_that_no_record_names_are_so_many_in_a_day(world: World):
    limited(world, day_unnamed_bytes=3 * SIZE)
    await world.plan()
    assert [(await send(world, raw)).status_code for raw in PHOTOS[:3]] == [201] * 3
    told = await send(world, PHOTOS[3])
    assert problem(told) == (429, "photos-unnamed")
    assert int(told.headers["retry-after"]) > 0
    assert problem(await create_upload(world, PHOTOS[3])) == (429, "photos-unnamed")
    assert (await send(world, PHOTOS[0])).status_code == 200  # he had sent it
    assert (await send(world, PHOTOS[4], "sun")).status_code == 201
    assert (await world.submit(record_naming(PHOTOS[3]))).status_code == 201
    assert (await send(world, PHOTOS[3])).status_code == 201  # what is named is taken
    assert problem(await send(world, noise((70, 40)))) == (429, "photos-unnamed")
    assert (await world.submit(record_naming(*PHOTOS[:3], record_id=uid("r2")), uid("r2"))).status_code == 201
    assert (await send(world, noise((70, 40)))).status_code == 201  # and frees what was not


async def test_another_day_has_room_for_photos_again(sqlite_world: World):
    limited(sqlite_world, day_unnamed_bytes=SIZE)
    assert [(await send(sqlite_world, raw)).status_code for raw in PHOTOS[:2]] == [201, 429]
    later(sqlite_world, DAY + 1)
    assert (await send(sqlite_world, PHOTOS[1])).status_code == 201


@pytest.mark.parametrize("settings", [{"day_photos": 2}, {"day_photo_bytes": 2 * SIZE}])
async def test_so_many_photos_of_somebody_are_kept_in_a_day_named_or_not(sqlite_world: World, settings: dict[str, int]):
    limited(sqlite_world, **settings)
    await sqlite_world.plan()
    assert (await sqlite_world.submit(record_naming(*PHOTOS))).status_code == 201
    path = (await create_upload(sqlite_world, PHOTOS[2])).headers["location"]
    told = await asyncio.gather(*(send(sqlite_world, raw) for raw in PHOTOS[:3]))
    assert sorted(one.status_code for one in told) == [201, 201, 429]
    first = told[0] if told[0].status_code == 201 else told[1]
    assert (await send(sqlite_world, PHOTOS[told.index(first)])).status_code == 200
    assert problem(await create_upload(sqlite_world, PHOTOS[4])) == (429, "day-full")
    if told[2].status_code == 429:  # in parts: it has come whole, and waits for its day
        assert problem(await send_part(sqlite_world, path, 0, PHOTOS[2])) == (429, "day-full")
        later(sqlite_world, DAY)
        at = await sqlite_world.ask("li", "HEAD", path, tus_resumable="1.0.0")
        assert (at.status_code, at.headers["upload-offset"]) == (200, str(len(PHOTOS[2])))
        assert (await send(sqlite_world, PHOTOS[2])).status_code == 200


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def workbook(*rows: str, shared: bytes = b"", cells: bytes = b"") -> bytes:
    """A workbook, maybe with texts that its cells share, and more rows as they stand in it."""
    book = openpyxl.Workbook()
    for row in (HEAD, *rows):
        book.active.append(row.split(","))
    plain, packed = io.BytesIO(), io.BytesIO()
    book.save(plain)
    with zipfile.ZipFile(plain) as given, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for part in given.infolist():
            raw = given.read(part)
            if part.filename == "[Content_Types].xml" and b"sharedStrings" not in raw:
                kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
                one = b'<Override PartName="/xl/sharedStrings.xml" ContentType="%s"/></Types>' % kind
                raw = raw.replace(b"</Types>", one)
            if part.filename == "xl/worksheets/sheet1.xml":
                raw = raw.replace(b"</sheetData>", cells + b"</sheetData>")
            if part.filename != "xl/sharedStrings.xml":
                out.writestr(part.filename, raw)
        space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        out.writestr("xl/sharedStrings.xml", b'<sst xmlns="%s">%s</sst>' % (space, shared))
    return packed.getvalue()


async def taken(world: World, raw: bytes, form: str) -> tuple[httpx.Response, float, float]:
    """The answer of a trial, and what it cost here and in processes of its own."""
    here, there = time.process_time(), of_children()
    answer = await world.ask("zhao", "POST", "/v1/imports?dry_run=1", raw, content_type=form)
    return answer, time.process_time() - here, of_children() - there


async def test_a_small_workbook_with_millions_of_texts_ends(sqlite_world: World):
    """It took 57 s in a thread of those that send messages too; then it was refused, and now it is read in a second."""
    raw = workbook(GOOD, shared=b"<si/>" * 12_000_000)
    assert len(raw) < 100_000
    answer, here, there = await taken(sqlite_world, raw, XLSX)
    assert (answer.status_code, answer.json()["created"]) == (200, 1)
    assert there < 15
    assert here < there / 4


async def test_one_text_in_a_hundred_thousand_cells_is_too_much(sqlite_world: World):
    row = b"<row>" + b'<c t="s"><v>0</v></c>' * 50 + b"</row>"
    raw = workbook(GOOD, shared=b"<si><t>%s</t></si>" % (b"x" * 2000), cells=row * 2000)
    answer, here, there = await taken(sqlite_world, raw, XLSX)
    assert problem(answer) == (422, "invalid-body")
    assert answer.json()["errors"][0]["code"] == "too-large"
    assert here < there


async def test_a_cell_in_the_last_corner_of_a_sheet_costs_nothing(sqlite_world: World):
    """The sheet is not made a rectangle of what is in it."""
    raw = workbook(GOOD, cells=b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    answer, here, there = await taken(sqlite_world, raw, XLSX)
    assert (answer.status_code, answer.json()["created"]) == (200, 1)
    assert [note["zh"] for note in answer.json()["notes"]] == ["XFD 列起的内容没有读（最多 200 列）"]
    assert there < 5
    assert here < 1


async def test_a_workbook_that_unpacks_to_more_than_it_says_ends(sqlite_world: World):
    raw = workbook(GOOD, cells=b"<!--%s-->" % (b"x" * 300_000_000))
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        size = packed.getinfo("xl/worksheets/sheet1.xml").file_size
    lying = raw.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert raw != lying
    answer, here, there = await taken(sqlite_world, lying, XLSX)
    assert problem(answer) == (422, "invalid-body")
    assert answer.json()["errors"][0]["code"] == "not-a-workbook"
    assert there < 5
    assert here < 1


async def test_a_page_of_nothing_but_the_beginnings_of_tags_ends(sqlite_world: World):
    """It takes more memory than the process has; eight million times `<` take ten seconds of it and are no table."""
    answer, here, there = await taken(sqlite_world, b"<table>" + b"<a " * 2_700_000, "application/vnd.ms-excel")
    assert problem(answer) == (422, "invalid-body")
    assert answer.json()["errors"][0]["code"] == "too-costly"
    assert there < 15
    assert here < 1


async def test_cells_are_looked_at_where_the_table_is_read(sqlite_world: World):
    """7.8 MB of cells that are nearly formulas took 16.6 s of the one thread that writes."""
    cells = ",".join(["-" + "A" * 1999] * 12)
    answer, here, _ = await taken(sqlite_world, "\r\n".join((HEAD, *[cells] * 40)).encode(), "text/csv")
    assert answer.status_code in (200, 422)
    assert here < 1
    answer, here, _ = await taken(sqlite_world, "\r\n".join((HEAD, *[cells] * 325)).encode(), "text/csv")
    assert problem(answer) == (422, "invalid-body")
    assert here < 1


async def test_a_whole_plan_is_still_taken(sqlite_world: World):
    rows = [GOOD.replace("GD-1", f"GD-{n}") for n in range(200)]
    for raw, form in (("\r\n".join((HEAD, *rows)).encode(), "text/csv"), (workbook(*rows), XLSX)):
        answer, _, _ = await taken(sqlite_world, raw, form)
        assert (answer.status_code, answer.json()["created"]) == (200, 200)
    crew = ",".join(f"p{n}" for n in range(300))
    answer, _, _ = await taken(sqlite_world, f'{HEAD},同行\r\n{GOOD},"{crew}"'.encode(), "text/csv")
    assert [fault["column"] for fault in answer.json()["rows"][0]["faults"]] == ["同行"]
