"""The life of customers' links, against a small model: whatever is sent, delivered, reported, refused, made or opened
at the door in whatever order, a customer who was given a link has one that opens, on both engines."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from service.confirmation import page
from service.db.connect import open_database
from service.db.database import Transaction
from service.errors import LinkExpired
from service.messages import notices, reports, worker
from service.messages.gateways import PermanentFailure
from service.messages.notices import NoticeRequest
from service.messages.reports import DeliveryReport, DeliveryReports
from service.verify import log
from service.visits import customer_link
from service.visits import repository as visits_repository
from service.visits.loading import load_visit
from tests.support.databases import copied_postgres, copy_sqlite
from tests.support.factories import TOKENS, Town
from tests.support.fake_gateway import Post, set_up, stand

ZHAO = TOKENS["zhao"]
TEXTS = ("请核对：{link}", "师傅路上堵车，请稍候。")


class Links(RuleBasedStateMachine):
    """One visit. The model is which tokens the customer holds, and which of them came last."""

    make: Callable[[], Coroutine[Any, Any, Any]]

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.database, self.ended = self.loop.run_until_complete(type(self).make())
        self.town: Town = self.loop.run_until_complete(Town(self.database).open())
        self.post: Post = set_up(self.town.ctx, "07:00")
        self.visit = self.run(self.town.planned())
        self.minute = 0
        self.waiting, self.taken = list[tuple[str, bool]](), dict[str, str | None]()
        self.current: str | None = None  # the one that came last
        self.replaced, self.on_their_way = set[str](), set[str]()
        self.door: str | None = None

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.database.close())
        self.run(self.ended())
        self.loop.close()

    def handed_out(self, token: str | None) -> None:
        if token is None or token in self.replaced:
            return
        if self.current is not None and self.current != token:
            self.replaced.add(self.current)
        self.on_their_way.discard(token)
        self.current = token

    @rule(text=st.sampled_from(TEXTS))
    def send(self, text: str) -> None:
        wanted = NoticeRequest(channel="sms", text=text)
        _, sent = self.run(notices.send(self.town.ctx, ZHAO, self.visit, wanted))
        self.waiting.append((sent.id, "{link}" in text))

    def deliver(self) -> list[tuple[str, str | None]]:
        """Let the worker send what waits; the ids and tokens of what the gateway got."""
        before = len(self.post.letters)
        while self.run(worker.deliver_due(self.town.ctx)):
            pass
        self.waiting.clear()
        found = self.post.letters[before:]
        return [(one.id, one.text.partition("/c/")[2][:26] or None) for one in found]

    def gateway(self, *, reporting: bool) -> None:
        secret = "a secret of the gateway" if reporting else ""
        self.town.ctx.company = msgspec.structs.replace(self.town.ctx.company, report_secret=secret)

    @precondition(lambda self: self.waiting)
    @rule()
    def accepted_without_reports(self) -> None:
        self.gateway(reporting=False)
        for _, token in self.deliver():
            self.handed_out(token)

    @precondition(lambda self: self.waiting)
    @rule()
    def taken_by_a_gateway_that_reports(self) -> None:
        self.gateway(reporting=True)
        for sent, token in self.deliver():
            self.taken[sent] = token
            self.on_their_way |= {token} if token else set()

    @precondition(lambda self: self.waiting)
    @rule()
    def refused(self) -> None:
        self.post.trouble = PermanentFailure("HTTP 422")
        self.deliver()
        self.post.trouble = None

    @precondition(lambda self: self.taken)
    @rule(data=st.data(), state=st.sampled_from(["delivered", "failed"]))
    def reported(self, data: st.DataObject, state: Any) -> None:
        sent = data.draw(st.sampled_from(sorted(self.taken)))
        report = DeliveryReport(id=UUID(sent), state=state)
        self.run(reports.take_reports(self.town.ctx, DeliveryReports((report,))))
        token = self.taken.pop(sent)
        if state == "delivered":
            self.handed_out(token)

    @rule()
    def made_at_the_desk(self) -> None:
        self.handed_out(self.run(customer_link.create_link(self.town.ctx, ZHAO, self.visit)).token)

    @rule()
    def opened_at_the_door(self) -> None:
        ctx = self.town.ctx

        async def open_door(tx: Transaction) -> str:
            row = await visits_repository.lock_visit(tx, self.visit)
            assert row is not None
            by = customer_link.made_at_door("li", same_network=True)
            return (await customer_link.add_door_link(ctx, tx, await load_visit(ctx, tx, row), by, id=uuid4()))[0]

        if self.door is not None:
            self.replaced.add(self.door)
        self.door = self.run(ctx.db.write(open_door))

    @rule()
    def time_passes(self) -> None:
        self.minute = min(self.minute + 1, 59)
        stand(self.town.ctx, f"07:{self.minute:02}")

    @invariant()
    def the_link_that_came_last_opens(self) -> None:
        for token in {self.current, self.door, *self.on_their_way} - {None, *self.replaced}:
            assert self.run(page.get_page(self.town.ctx, token)).state == "appointment"
            assert self.status(token) == "current"

    @invariant()
    def an_old_one_says_that_there_is_a_newer_one(self) -> None:
        for token in self.replaced:
            with pytest.raises(LinkExpired) as raised:
                self.run(page.get_page(self.town.ctx, token))
            assert raised.value.replaced == (self.current is not None)
            assert self.status(token) == ("replaced" if self.current is not None else "ended")

    def status(self, token: str | None) -> str:
        ctx = self.town.ctx
        return self.run(ctx.db.read(lambda tx: customer_link.link_status(ctx, tx, token or "")))


async def nothing() -> None:
    pass


def test_a_customer_always_has_a_link_that_opens(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    count = iter(range(10**6))
    server = request.getfixturevalue("postgres") if engine == "postgres" else ""

    async def make() -> Any:
        if not server:
            database = open_database(await copy_sqlite(tmp_path / f"{next(count)}.sqlite"))
            await database.start()
            return database, nothing
        copied = copied_postgres(server)
        database = open_database(await copied.__aenter__())
        await database.start()

        async def ended() -> None:
            await copied.__aexit__(None, None, None)

        return database, ended

    machine = type("Machine", (Links,), {"make": staticmethod(make)})
    few = settings(
        max_examples=10 if engine == "sqlite" else 4,
        stateful_step_count=16,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    run_state_machine_as_test(machine, settings=few)


async def test_of_two_links_delivered_in_one_millisecond_the_later_one_lives(town: Town) -> None:
    """Messages are delivered side by side, and the one made last is not always the last one."""
    visit_id = await town.planned()

    async def deliver(tx: Transaction) -> None:
        row = await visits_repository.lock_visit(tx, visit_id)
        assert row is not None
        visit = await load_visit(town.ctx, tx, row)
        made = [town.ctx.new_id() for _ in range(2)]
        for link in made:
            await customer_link.add_link(town.ctx, tx, visit, "zhao", id=link)
        for link in reversed(made):
            await customer_link.hand_out(tx, visit_id, link, town.ctx.clock())

    await town.ctx.db.write(deliver)
    assert (await log.verify(town.ctx)).faults == []
