"""The daily mail about duties: what it lists, when it is written, and that it is sent once."""

import asyncio
from datetime import datetime
from uuid import UUID

import msgspec
import pytest

from service.context import AppContext, OutgoingMessage
from service.db.connect import open_database
from service.duties import mails
from service.judge.moments import to_ms
from service.messages import worker
from service.messages.gateways import PermanentFailure, TemporaryFailure
from tests.support.api_client import World
from tests.support.customer import complaining
from tests.support.factories import uid
from tests.support.fake_gateway import URL, Post, set_up, stand
from tests.support.reviews import later

CUSTOMER = {"name": "陶女士", "phone": "13800000000", "address": "虚构路 1 号", "account": "1001"}
SECRETS = ("陶女士", "13800000000", "虚构路", "1001", "地砖")
OFFICE = ("office@example.org",)


async def owing(world: World, name: str, due: str, **plan: object) -> UUID:
    """A visit with one duty that is due at a time of March 2026."""
    visit = uid(name)
    planned = await world.plan(visit, customer=CUSTOMER, **plan)
    assert planned.status_code == 201, planned.text
    owed = {
        "visit": visit.bytes,
        "duty": "damage_customer_satisfied[tile]",
        "item": "damage_customer_satisfied",
        "thing": "tile",
        "label": "陶女士的地砖",
        "owner": "office",
        "technician": "li",
        "area": "城东",
        "since": 0,
        "due_at": to_ms(datetime.fromisoformat(f"2026-03-{due}+08:00")),
    }
    await world.ctx.db.write(lambda tx: tx.execute("open_duty", **owed))
    return visit


def office(world: World, now: str, addresses: tuple[str, ...] = OFFICE) -> Post:
    """The gateway, at a time of March 2026."""
    moment = datetime.fromisoformat(f"2026-03-{now}+08:00")
    post = set_up(world.ctx, "09:00", duty_mail=addresses)
    stand(world.ctx, moment)
    return post


async def tick(ctx: AppContext) -> None:
    """What the background task does from time to time."""
    await mails.write_due(ctx)
    while await mails.deliver_due(ctx):
        pass


def at(ctx: AppContext, now: str) -> None:
    """Set the clock."""
    stand(ctx, datetime.fromisoformat(f"2026-03-{now}+08:00"))


async def test_the_mail_lists_what_is_due_new_and_long_overdue_by_area(world: World) -> None:
    soon = await owing(world, "soon", "06T06:59", external_ref="GD-1")
    fresh = await owing(world, "fresh", "05T06:00", external_ref="GD-2")
    old = await owing(world, "old", "03T18:00", external_ref="GD-3")
    await owing(world, "far", "06T07:01", external_ref="GD-4")
    done = await owing(world, "done", "05T06:30", external_ref="GD-5")
    await world.ctx.db.write(lambda tx: tx.execute("close_duties", visit=done.bytes, closed_at=1))
    post = office(world, "05T07:00")
    await tick(world.ctx)
    (letter,) = post.letters
    assert (letter.to, letter.channel) == (OFFICE[0], "email")
    assert letter.subject == "待办：逾期 2 件，24 小时内到期 1 件 / Duties: 2 overdue, 1 due within 24 hours"
    parts = letter.text.split("\n\n")
    assert parts[0] == "东城供水"
    assert [part for part in parts if part.startswith("【")] == [
        "【昨天以来逾期 / Overdue since yesterday：1】",
        "【24 小时内到期 / Due within 24 hours：1】",
        "【早已逾期 / Long overdue：1】",
    ]
    for visit, number, due in ((fresh, "GD-2", "05 06:00"), (soon, "GD-1", "06 06:59"), (old, "GD-3", "03 18:00")):
        part = next(part for part in parts if str(visit) in part)
        assert part.startswith("城东：1\n")
        assert f"- 2026-03-{due}  {number}  " in part
        assert f"{URL}/desk/visits/{visit}" in part
    assert "GD-4" not in letter.text
    assert "GD-5" not in letter.text
    assert letter.text.rstrip().endswith(f"{URL}/desk/duties")
    assert not [secret for secret in SECRETS if secret in letter.text]


async def test_a_complaint_of_a_customer_is_in_the_mail_when_its_answer_is_late(world: World) -> None:
    tao = await complaining(world)
    later(world, days=6)
    post = set_up(world.ctx, "09:00", duty_mail=OFFICE)
    later(world, days=6)
    await tick(world.ctx)
    assert f"/desk/visits/{tao.visit}" in post.letters[0].text
    assert not [secret for secret in (*SECRETS, "师傅态度不好", "陶先生") if secret in post.letters[0].text]


async def test_it_comes_once_a_day_at_seven_in_the_zone_of_the_utility(world: World) -> None:
    await owing(world, "old", "03T18:00")
    post = office(world, "05T06:59")
    await tick(world.ctx)
    assert post.letters == []
    for now in ("05T07:00", "05T07:01", "05T23:59", "06T06:59"):
        at(world.ctx, now)
        await tick(world.ctx)
        assert len(post.letters) == 1, now
    at(world.ctx, "06T11:00")  # the server was down at seven
    await tick(world.ctx)
    assert len(post.letters) == 2
    assert post.letters[0].id != post.letters[1].id


async def test_without_anything_due_there_is_no_mail_that_day(world: World) -> None:
    await owing(world, "later", "06T12:00")
    post = office(world, "05T07:00")
    await tick(world.ctx)
    at(world.ctx, "05T13:00")  # now it is due within a day, which is for the mail of tomorrow
    await tick(world.ctx)
    assert post.letters == []
    at(world.ctx, "06T07:00")
    await tick(world.ctx)
    assert len(post.letters) == 1


async def test_without_the_setting_there_is_no_mail(world: World) -> None:
    await owing(world, "old", "03T18:00")
    post = office(world, "05T07:00", ())
    await tick(world.ctx)
    assert post.letters == []


async def test_a_failed_attempt_is_repeated_with_the_same_id_and_ends_with_the_day(world: World) -> None:
    await owing(world, "old", "03T18:00")
    post = office(world, "05T07:00", ("one@example.org", "two@example.org"))
    post.trouble = TemporaryFailure("SMTP 451")
    await tick(world.ctx)
    assert sorted(letter.to for letter in post.letters) == ["one@example.org", "two@example.org"]
    await tick(world.ctx)
    assert len(post.letters) == 2, "it waits"
    later(world, seconds=6)
    post.trouble = None
    await tick(world.ctx)
    later(world, hours=1)
    await tick(world.ctx)
    assert len(post.letters) == 4
    assert len({letter.id for letter in post.letters}) == 2
    post.trouble = PermanentFailure("SMTP 550")
    at(world.ctx, "06T07:00")
    await tick(world.ctx)
    later(world, hours=2)
    await tick(world.ctx)
    assert len(post.letters) == 6, "who is refused is not asked again"


async def test_a_mail_that_fails_all_day_is_given_up(world: World) -> None:
    await owing(world, "old", "03T18:00")
    post = office(world, "05T07:00")
    post.trouble = TemporaryFailure("SMTP 451")
    await mails.write_due(world.ctx)
    for _ in range(40):
        await mails.deliver_due(world.ctx)
        later(world, hours=1)
    assert 20 < len(post.letters) < 30
    assert len({letter.id for letter in post.letters}) == 1


class _Slow(Post):
    """A gateway that takes its time, so that others ask meanwhile."""

    async def __call__(self, letter: OutgoingMessage) -> str:
        await asyncio.sleep(0.05)
        return await super().__call__(letter)


async def second_server(world: World, address: str) -> AppContext:
    """Another process with the same database."""
    db = open_database(address)
    await db.start()
    return msgspec.structs.replace(world.ctx, db=db)


async def race(world: World, address: str, post: Post) -> None:
    """Two servers do their work at the same moment."""
    world.ctx.company = msgspec.structs.replace(world.ctx.company, gateways={"email": post})
    other = await second_server(world, address)
    try:
        await asyncio.gather(*(mails.write_due(ctx) for ctx in (world.ctx, other)))
        await asyncio.gather(*(mails.deliver_due(ctx) for ctx in (world.ctx, other, world.ctx, other)))
    finally:
        await other.db.close()


async def test_two_servers_send_one_mail(world: World, address: str) -> None:
    await owing(world, "old", "03T18:00")
    office(world, "05T07:00")
    post = _Slow()
    await race(world, address, post)
    assert len(post.letters) == 1


async def test_without_the_lease_two_servers_would_send_two(
    world: World, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what the test above rests on."""
    await owing(world, "old", "03T18:00")
    office(world, "05T07:00")
    post = _Slow()

    async def claim(ctx: AppContext) -> list[mails.DutyMailRow]:
        rows = await ctx.db.read(lambda tx: mails._find_due(tx, ctx.clock()))
        return [msgspec.structs.replace(row, tries=1) for row in rows]

    monkeypatch.setattr(mails, "_claim", claim)
    await race(world, address, post)
    assert len(post.letters) > 1


async def test_what_a_killed_server_had_is_sent_by_the_next_with_the_same_id(world: World) -> None:
    await owing(world, "old", "03T18:00")
    post = office(world, "05T07:00")
    await mails.write_due(world.ctx)
    (row,) = await mails._claim(world.ctx)  # and then it is killed, perhaps after it has sent
    await tick(world.ctx)
    assert post.letters == [], "somebody may be sending it"
    later(world, milliseconds=worker.LEASE_MS)
    await tick(world.ctx)
    assert [letter.id for letter in post.letters] == [str(row.id)]
    assert UUID(post.letters[0].id) != uid("old")


async def test_a_long_list_says_how_many_more_there_are(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.duties.mail_text.MOST", 2)
    for number in range(3):
        await owing(world, f"old {number}", f"0{number + 1}T18:00", external_ref=f"GD-{number}")
    post = office(world, "05T07:00")
    await tick(world.ctx)
    text = post.letters[0].text
    assert "城东：3\n" in text
    assert "另有 1 件 / and 1 more" in text
    assert ("GD-0" in text, "GD-1" in text, "GD-2" in text) == (True, True, False)
