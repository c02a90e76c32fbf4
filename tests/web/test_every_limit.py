"""Every limit is driven full, says so in words, and is free again by its way out: time, a person, or smaller parts.

The limits are collected from the code: where a problem of a full place is raised, there is a row here.
"""

import ast
import gzip
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from service.accounts import passkeys
from service.accounts.authentication import session_digest
from service.accounts.throttling import ADDRESS_ATTEMPTS, FIRST_DELAY_MS, FREE_ATTEMPTS, MISSES
from service.confirmation import answering, entries, otp
from service.db.database import Transaction
from service.dispatch import import_routes
from service.errors import TooManyPasskeys
from service.evidence import phone_export_pages, uploads
from service.rate_limit import TokenBucket
from tests.support.api_client import VISIT, World, problem, record
from tests.support.browser import Browser, with_password
from tests.support.customer import Customer, example_customer, link_holder
from tests.support.desk import signed_in
from tests.support.devices import enrolment_code
from tests.support.evidence import record_naming
from tests.support.factories import encode, said, uid
from tests.support.fake_gateway import set_up
from tests.support.limits import DAY, PHOTOS, SIZE, limited, send, submit
from tests.support.limits import entries as made
from tests.support.passkeys import new_passkey
from tests.support.phone_exports import a_file, an_export, counts, hand_in
from tests.support.phone_exports import a_record as an_exported_record
from tests.support.pictures import noise
from tests.support.uploads import create_upload, send_part

ROOT = Path(__file__).parents[2] / "service"
FULL = {
    "TooManyRequests",
    "VisitFull",
    "QuarantineFull",
    "PhotosUnnamed",
    "DayFull",
    "TooManyDevices",
    "TooManyPasskeys",
    "TooManyEntries",
    "FileTooLarge",
    "BodyTooLarge",
    "daily_quota_exceeded",
}
OF_A_SERVER = {
    "gate.py enter TooManyRequests": "test_one_address_has_so_many_connections",
    "protocol.py on_headers_complete TooManyRequests": "test_answers_that_nobody_reads_cost_no_memory",
}
"""Limits of connections, with the tests that drive them (`test_server_limits.py`)."""
Row = Callable[[World], Awaitable[None]]
ROWS: dict[str, Row] = {}


def limit(*sites: str) -> Callable[[Row], Row]:
    """Where in the code the limits of a row are."""

    def add(row: Row) -> Row:
        ROWS.update(dict.fromkeys(sites, row))
        return row

    return add


class _Raised(ast.NodeVisitor):
    """The problems of a full place that are made in a module, with the function."""

    def __init__(self, module: str) -> None:
        self.module, self.inside, self.found = module, [""], set[str]()

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.inside.append(node.name)
        for one in node.body:
            self.visit(one)
        self.inside.pop()

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for one in node.body:
            self.visit(one)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """An annotation makes nothing."""

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        for one in node.body:
            self.visit(one)

    def visit_MatchClass(self, node: ast.MatchClass) -> None:
        """Nor does a pattern."""

    def visit_Call(self, node: ast.Call) -> None:
        if getattr(node.func, "id", "") not in ("isinstance", "problems"):
            self.generic_visit(node)

    def _name(self, name: str) -> None:
        if name in FULL and self.inside[-1]:
            self.found.add(f"{self.module} {self.inside[-1]} {name}")

    def visit_Name(self, node: ast.Name) -> None:
        self._name(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._name(node.attr)
        self.generic_visit(node)


def sites() -> Iterator[str]:
    for path in sorted(ROOT.rglob("*.py")):
        visitor = _Raised(str(path.relative_to(ROOT)))
        visitor.visit(ast.parse(path.read_text("utf-8")))
        yield from sorted(visitor.found)


def full(answer: httpx.Response, status: int, code: str, *, ends: bool = True) -> int:
    """The place is full, which the answer says in words; the seconds after which it has room, if it ends by time."""
    assert problem(answer) == (status, code), answer.text
    content = answer.json()
    assert any(sign >= "\u4e00" for sign in content["title"])
    assert not content["detail"] or " / " in content["detail"]
    wait = int(answer.headers.get("retry-after", 0))
    if ends:
        assert content["retry_after"] == wait > 0
    return wait


def later(world: World, seconds: int) -> None:
    before = world.ctx.clock()
    world.ctx.clock = lambda: before + seconds * 1000


async def tried(work: Callable[[int], Awaitable[httpx.Response]], most: int) -> httpx.Response:
    """Do it so often; one more is refused. The answer."""
    for number in range(most):
        answer = await work(number)
        assert answer.status_code not in (413, 429, 507), (number, answer.text)
    return await work(most)


# ── requests ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@limit("accounts/middleware.py _require_no_wait TooManyRequests")
async def the_pace_of_a_token_and_of_an_address(world: World) -> None:
    world.ctx.token_rate_limit, world.ctx.address_rate_limit = TokenBucket(3), TokenBucket(3)
    for who, status in (("li", 200), (None, 401)):
        wait = full(await tried(lambda _, who=who: world.ask(who, "GET", "/v1/me"), 3), 429, "too-many-requests")
        later(world, wait)
        assert (await world.ask(who, "GET", "/v1/me")).status_code == status


@limit("accounts/throttling.py check_attempt TooManyRequests")
async def tries_to_sign_in(world: World) -> None:
    await with_password(world, "li")
    browser = Browser(world)
    wait = full(await tried(lambda n: browser.sign_in("li", f"wrong {n}"), FREE_ATTEMPTS), 429, "too-many-requests")
    assert wait * 1000 == FIRST_DELAY_MS
    later(world, wait + 1)
    assert (await browser.sign_in("li")).is_success
    later(world, ADDRESS_ATTEMPTS[1] + 1)  # the attempts so far are forgotten
    code = {"code": "guess", "name": "手机"}
    refused = await tried(lambda _: world.ask(None, "POST", "/v1/devices", code), ADDRESS_ATTEMPTS[0])
    later(world, full(refused, 429, "too-many-requests") + 1)
    assert problem(await world.ask(None, "POST", "/v1/devices", code)) == (404, "unknown-code")


@limit("accounts/throttling.py count_not_found TooManyRequests")
async def links_that_do_not_exist(world: World) -> None:
    refused = await tried(lambda n: world.ask(None, "GET", f"/v1/confirmations/guess{n}"), MISSES[0])
    later(world, full(refused, 429, "too-many-requests") + 1)
    assert problem(await world.ask(None, "GET", "/v1/confirmations/guess")) == (404, "not-found")


# ── the customer's link ──────────────────────────────────────────────────────────────────────────────────────────────


@limit("confirmation/otp.py send_otp TooManyRequests")
async def codes_by_sms(world: World) -> None:
    tao = await example_customer(world, "S04")
    refused = await tried(lambda _: tao.ask("POST", "/code"), otp.SEND_LIMIT[0])
    later(world, full(refused, 429, "too-many-requests") + 1)
    assert (await tao.ask("POST", "/code")).status_code == 200


@limit("confirmation/entries.py check_quota TooManyRequests")
async def words_by_the_link(world: World) -> None:
    tao = await example_customer(world, "S04")
    refused = await tried(lambda n: tao.says(comment=f"第 {n} 句"), entries.MAX_UNVERIFIED)
    wait = full(refused, 429, "too-many-requests")
    await tao.enters()
    assert (await tao.says(comment="还有")).status_code == 200  # the code makes room
    later(world, wait + 1)
    assert (await link_holder(tao).says(comment="第二天")).status_code == 200


@limit("confirmation/entries.py write_entries TooManyRequests")
async def what_is_raised_by_the_link(world: World) -> None:
    tao = await example_customer(world, "S04")
    await tao.enters()

    def raises(number: int, count: int = 10) -> Awaitable[httpx.Response]:
        return tao.says(raises=[{"fact": "own_damage", "text": f"第 {number}-{m} 处"} for m in range(count)])

    wait = full(await tried(raises, entries.MAX_REPORTS // 10), 429, "too-many-requests")
    later(world, wait + 1)
    await tao.enters()
    assert (await raises(9)).status_code == 200


@limit("confirmation/answering.py _request_reschedule TooManyRequests")
async def wishes_for_another_time(world: World) -> None:
    post = set_up(world.ctx, "06:00")
    days = {"from": "2026-03-20T09:00:00+08:00", "to": "2026-03-20T10:00:00+08:00"}
    assert (await world.plan(window=days)).status_code == 201
    link = (await world.ask("zhao", "POST", f"/v1/visits/{VISIT}/confirmation-link")).json()["token"]
    tao = Customer(world, post, link, VISIT)

    async def asks(number: int) -> httpx.Response:
        later(world, 60)
        return await tao.says(another_time={"wish": f"第 {number} 次"})

    wait = full(await tried(asks, answering.MAX_RESCHEDULE_REQUESTS), 429, "too-many-requests")
    later(world, wait)
    assert (await asks(99)).status_code == 200


@limit("visits/volume.py check_visit_size TooManyRequests")
async def all_that_the_customer_says_of_a_visit(world: World) -> None:
    tao = await example_customer(world, "S04")
    limited(world, visit_records=2)
    refused = await tried(lambda n: tao.says(comment=f"第 {n} 句"), 2)
    full(refused, 429, "too-many-requests")
    limited(world)  # an administrator raised the limit
    assert (await tao.says(comment="还有")).status_code == 200


# ── records ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@limit("records/submit.py decode_record TooManyEntries", "records/office_entries.py add_office_entries TooManyEntries")
async def entries_of_one_record(world: World) -> None:
    world.ctx.max_entries = 3
    await world.plan()
    full(await submit(world, "r", *made(4)), 422, "too-many-entries", ends=False)
    assert [(await submit(world, f"r{n}", *made(2, f"{n}"))).status_code for n in (1, 2)] == [201, 201]
    office = [said("09:40", "complaint_received", "office", id=str(uid(f"o{n}"))) for n in range(4)]
    path = f"/v1/visits/{VISIT}/entries"
    full(await world.ask("zhao", "POST", path, {"entries": office}), 422, "too-many-entries", ends=False)
    assert (await world.ask("zhao", "POST", path, {"entries": office[:3]})).status_code == 201


@limit(
    "records/submit.py work daily_quota_exceeded",
    "records/office_entries.py _add_entries daily_quota_exceeded",
    "visits/quota.py daily_quota_exceeded DayFull",
)
async def the_records_of_a_day(world: World) -> None:
    limited(world, day_records=3)
    await world.plan()

    def note(number: int) -> Awaitable[httpx.Response]:
        entry = said("09:40", "complaint_received", "office", id=str(uid(f"o{number}")))
        return world.ask("zhao", "POST", f"/v1/visits/{VISIT}/entries", {"entries": [entry]})

    for work in (lambda n: submit(world, f"r{n}", *made(1, f"{n}")), note):
        later(world, full(await tried(work, 3), 429, "day-full"))
        assert (await work(3)).status_code == 201


@limit("visits/volume.py check_batch_size VisitFull", "visits/volume.py check_visit_size VisitFull")
async def what_a_visit_holds(world: World) -> None:
    limited(world, visit_entries=10)
    await world.plan()
    alone = await submit(world, "large", *made(11, "large"))
    assert full(alone, 507, "visit-full") > 60
    refused = await tried(lambda n: submit(world, f"r{n}", *made(5, f"{n}")), 2)
    full(refused, 507, "visit-full")
    limited(world)  # an administrator raised the limit
    for kept in (alone, refused):  # and nothing has to be sent again
        decision = {"decision": "take", "reason": "上限已提高"}
        path = f"/v1/quarantine/{kept.json()['quarantine']}/decision"
        assert (await world.ask("wang", "PUT", path, decision)).status_code == 200
    assert len((await world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()["records"]) == 4


@limit("records/quarantine.py _store QuarantineFull", "records/quarantine.py _store daily_quota_exceeded")
async def the_quarantine(world: World) -> None:
    kept: list[str] = []

    async def strange(number: int) -> httpx.Response:
        answer = await world.submit(b"x%d" % number, uid(f"{number}"))
        kept.append(answer.json().get("quarantine"))
        return answer

    limited(world, quarantine=3)
    full(await tried(strange, 3), 507, "quarantine-full")
    discard = {"decision": "discard", "reason": "不是记录"}
    assert (await world.ask("wang", "PUT", f"/v1/quarantine/{kept[0]}/decision", discard)).status_code == 200
    later(world, 61)
    assert problem(await strange(9)) == (400, "malformed-json")
    limited(world, day_quarantine=3)
    later(world, full(await tried(lambda n: strange(20 + n), 3), 429, "day-full"))
    assert problem(await strange(30)) == (400, "malformed-json")


# ── changes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@limit(
    "dispatch/rescheduling.py change VisitFull",
    "dispatch/departing.py record_departure VisitFull",
    "reviews/writing.py add_row VisitFull",
)
async def changes_of_a_visit(world: World) -> None:
    limited(world, visit_records=3)
    await world.plan()

    def change(number: int, part: str = "details", **content: Any) -> Awaitable[httpx.Response]:
        sent = {"work": {"content": f"检修 {number}"}} | {"reason": "x"} if part == "details" else {"reason": "x"}
        return world.ask("zhao", "PUT", f"/v1/visits/{VISIT}/{part}", sent | content, if_match=f'"{number}"')

    def leaves(number: int) -> Awaitable[httpx.Response]:
        content = {"at": world.ctx.now().isoformat(), "minutes": 10 + number}
        return world.ask("li", "PUT", f"/v1/visits/{VISIT}/departure", content)

    full(await tried(change, 3), 507, "visit-full")
    full(await tried(leaves, 3), 507, "visit-full")
    assert (await submit(world, "r", said("09:05", "entered"), said("09:30", "left"))).status_code == 201
    (finding,) = (await world.ask("li", "GET", f"/v1/visits/{VISIT}")).json()["judgement"]["findings"][:1]

    def explains(number: int) -> Awaitable[httpx.Response]:
        words = {"finding": finding["code"], "text": f"说明 {number}"}
        return world.ask("li", "PUT", f"/v1/visits/{VISIT}/explanations/{uid(f'e{number}')}", words)

    full(await tried(explains, 3), 507, "visit-full")
    limited(world)  # an administrator raised the limit
    assert (await explains(3)).status_code == 201
    assert (await change(3)).status_code == 200


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@limit("visits/quota.py check_unnamed_photos PhotosUnnamed")
async def photos_that_no_record_names(world: World) -> None:
    limited(world, day_unnamed_bytes=3 * SIZE)
    await world.plan()
    full(await tried(lambda n: send(world, PHOTOS[n]), 3), 429, "photos-unnamed")
    assert (await world.submit(record_naming(*PHOTOS[:3]))).status_code == 201
    assert (await send(world, PHOTOS[3])).status_code == 201  # those that are named count no more
    others = [noise((60 + n, 39)) for n in range(4)]
    full(await tried(lambda n: send(world, others[n], "sun"), 3), 429, "photos-unnamed")
    later(world, DAY // 1000 + 1)
    assert (await send(world, others[3], "sun")).status_code == 201


@limit(
    "evidence/attach.py _announce_if_new daily_quota_exceeded",
    "evidence/uploads.py create daily_quota_exceeded",
)
async def photos_of_a_day(world: World) -> None:
    limited(world, day_photos=2)
    wait = full(await tried(lambda n: send(world, PHOTOS[n]), 2), 429, "day-full")
    full(await create_upload(world, PHOTOS[3]), 429, "day-full")
    later(world, wait)
    assert (await create_upload(world, PHOTOS[3])).status_code == 201
    assert (await send(world, PHOTOS[2])).status_code == 201


@limit("evidence/uploads.py create TooManyRequests")
async def uploads_at_a_time(world: World) -> None:
    places: list[str] = []

    async def begin(_: int) -> httpx.Response:
        answer = await create_upload(world)
        places.append(answer.headers.get("location", ""))
        return answer

    full(await tried(begin, uploads.MAX_UPLOADS), 429, "too-many-requests", ends=False)
    assert (await world.ask("li", "DELETE", places[0], tus_resumable="1.0.0")).status_code == 204
    assert (await begin(0)).status_code == 201


@limit(
    "evidence/uploads.py create FileTooLarge",
    "evidence/uploads.py _copy BodyTooLarge",
    "evidence/attach.py store_file FileTooLarge",
    "web/body.py stream_body FileTooLarge",
    "web/body.py _gunzip_stream FileTooLarge",
)
async def the_size_of_a_photo(world: World) -> None:
    world.ctx.evidence_storage = msgspec.structs.replace(world.ctx.evidence_storage, max_file=SIZE)
    large = PHOTOS[0] + bytes(SIZE)
    full(await send(world, large), 413, "file-too-large", ends=False)
    full(await create_upload(world, large), 413, "file-too-large", ends=False)
    packed = {"content_type": "image/jpeg", "content_encoding": "gzip"}
    path = f"/v1/evidence/{'0' * 64}"
    full(await world.ask("li", "PUT", path, gzip.compress(large), **packed), 413, "file-too-large", ends=False)
    wide = bytearray(PHOTOS[1])
    at = wide.index(b"\xff\xc0") + 5
    wide[at : at + 4] = (60_000).to_bytes(2) * 2
    full(await send(world, bytes(wide)), 413, "file-too-large", ends=False)
    place = (await create_upload(world, PHOTOS[2])).headers["location"]
    full(await send_part(world, place, 0, PHOTOS[2] + b"x"), 413, "body-too-large", ends=False)
    assert (await send_part(world, place, 0, PHOTOS[2])).status_code == 204  # the photo as it was announced
    assert (await send(world, PHOTOS[0])).status_code == 201  # a smaller one


@limit("web/body.py _too_large BodyTooLarge")
async def the_size_of_a_body(world: World) -> None:
    await world.plan()
    large = encode(record()) + b" " * 2**21
    full(await world.submit(large), 413, "body-too-large", ends=False)
    full(await world.submit(gzip.compress(large), content_encoding="gzip"), 413, "body-too-large", ends=False)
    assert (await world.submit(record())).status_code == 201


@limit("dispatch/import_routes.py _read_file BodyTooLarge")
async def the_size_of_a_table(world: World) -> None:
    head = "工单号,类型,开始,结束,技术员,片区,姓名,电话,地址,户号,工作内容,工作地点\n"
    row = "GD-1,repair_leak,2026-03-02 09:00,2026-03-02 10:00,li,城东,陶女士,13800000000,虚构路 1 号,1001,检修,厨房\n"
    table = (head + row).encode()

    def hand(raw: bytes) -> Awaitable[httpx.Response]:
        return world.ask("zhao", "POST", "/v1/imports", raw, content_type="text/csv")

    full(await hand(table + b" " * (import_routes.MAX_BYTES + 2**20)), 413, "body-too-large", ends=False)
    assert (await hand(table)).status_code == 200


@limit(
    "evidence/phone_export_pages.py take_export BodyTooLarge",
    "evidence/phone_export.py record BodyTooLarge",
    "evidence/phone_export.py file FileTooLarge",
)
async def the_size_of_what_a_phone_exports(world: World) -> None:
    await world.plan()
    wang = await signed_in(world, "wang")
    page = await hand_in(wang, b" " * (phone_export_pages.MAX_BYTES + 1))
    assert page.status_code == 413
    assert "太大" in page.text
    world.ctx.evidence_storage = msgspec.structs.replace(world.ctx.evidence_storage, max_file=10)
    raw = encode(record(entries=[said("09:05", "arrived")]))
    large = raw + b" " * 2**21
    page = await hand_in(wang, an_export(an_exported_record(large), files=[a_file()]))
    assert counts(page) == (0, 0, 2)
    assert (await hand_in(wang, an_export(an_exported_record(raw)))).status_code == 200
    assert (await world.ask("wang", "GET", f"/v1/visits/{VISIT}")).json()["records"] != []


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@limit("devices/enrolment.py _add_device TooManyDevices")
async def the_phones_of_a_person(world: World) -> None:
    async def enrol(_: int) -> httpx.Response:
        return await world.ask(None, "POST", "/v1/devices", {"code": await enrolment_code(world), "name": "手机"})

    first = (await enrol(0)).json()["device"]["id"]
    assert (await enrol(1)).status_code == 201
    full(await enrol(2), 409, "too-many-devices", ends=False)
    assert (await world.ask("wang", "DELETE", f"/v1/devices/{first}")).status_code == 204
    assert (await enrol(3)).status_code == 201


@limit("accounts/passkeys.py _require_room TooManyPasskeys")
async def the_passkeys_of_a_person(world: World) -> None:
    await with_password(world, "li")
    browser = Browser(world)
    assert (await browser.sign_in("li")).is_success
    token = session_digest(browser.cookies["__Host-doorstep"])

    async def add(tx: Transaction) -> None:
        for number in range(passkeys.MAX_PASSKEYS - 1):
            row = {"id": bytes([number]), "login": "li", "name": "手机", "public_key": b"key"}
            await tx.execute("add_passkey", **row, sign_count=0, created_at=0)

    await world.ctx.db.write(add)
    challenges = [(await passkeys.creation_options(world.ctx, token))[1] for _ in range(2)]  # in two tabs
    first, second = [new_passkey(one.value, world.ctx.company.url) for one in challenges]
    await passkeys.add(world.ctx, token, challenges[0], first, "手机")
    with pytest.raises(TooManyPasskeys):
        await passkeys.add(world.ctx, token, challenges[1], second, "电脑")
    assert len(await passkeys.of_caller(world.ctx, token)) == passkeys.MAX_PASSKEYS
    with pytest.raises(TooManyPasskeys):
        await passkeys.creation_options(world.ctx, token)
    await world.ctx.db.write(lambda tx: tx.execute("delete_passkey", id=bytes([0]), login="li"))
    assert (await passkeys.creation_options(world.ctx, token))[1].login == "li"


def test_every_limit_of_the_code_has_a_row() -> None:
    found = set(sites())
    assert found - set(ROWS) - set(OF_A_SERVER) == set(), "a limit without a row"
    assert (set(ROWS) | set(OF_A_SERVER)) - found == set(), "a row without a limit"
    server = (Path(__file__).parent / "test_server_limits.py").read_text("utf-8")
    assert all(f"def {name}(" in server for name in OF_A_SERVER.values())


@pytest.mark.parametrize("row", dict.fromkeys(ROWS.values()), ids=lambda row: row.__name__)
async def test_a_limit_is_driven_full_and_freed(sqlite_world: World, row: Row) -> None:
    await row(sqlite_world)
