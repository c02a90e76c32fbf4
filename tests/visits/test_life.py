"""The life of a visit against a small model: whatever is done in whatever order, on both engines."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from service import errors
from service.db.connect import open_database
from service.dispatch import views
from tests.support import example_visits as stories
from tests.support.databases import copied_postgres, copy_sqlite
from tests.support.factories import TOKENS, Town, a_record, change_visit, encode, said, uid

MINUTES = st.integers(10, 49)


class Life(RuleBasedStateMachine):
    """One visit. The model is what a dispatcher would keep on a sheet of paper."""

    make: Callable[[], Coroutine[Any, Any, Any]]

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.database, self.ended = self.loop.run_until_complete(type(self).make())
        self.town: Town = self.loop.run_until_complete(Town(self.database).open())
        self.visit = self.run(self.town.planned())
        self.technician, self.been = "li", {"li"}
        self.minute = 0
        self.revision, self.cancelled, self.state = 0, False, "planned"
        self.entries: set[str] = set()
        self.count = 0

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.database.close())
        self.run(self.ended())
        self.loop.close()

    def changed(self, kind: str, content: dict[str, Any], *, stale: bool = False) -> Any:
        expected = frozenset({self.revision + 7 if stale else self.revision})
        raw = encode(content)
        return self.run(change_visit(self.town.house, TOKENS["zhao"], self.visit, kind, raw, expected))  # type: ignore[arg-type]

    @property
    def begun(self) -> bool:
        """Whether anything was done."""
        return self.state != "planned"

    @precondition(lambda self: self.state != "to_review" and (not self.cancelled or self.begun))
    @rule(minute=MINUTES)
    def reschedule(self, minute: int) -> None:
        self.count += 1
        window = {"from": stories.clock(f"13:{minute}"), "to": stories.clock("14:50"), "reason": f"第{self.count}次"}
        self.changed("window", window)
        self.revision += minute != self.minute  # to the same window again is no change
        self.minute = minute

    @precondition(lambda self: not self.cancelled)
    @rule(minute=MINUTES)
    def a_stale_change_changes_nothing(self, minute: int) -> None:
        window = {"from": stories.clock(f"15:{minute}"), "to": stories.clock("16:50"), "reason": "过时"}
        with pytest.raises(errors.PreconditionFailed):
            self.changed("window", window, stale=True)

    @precondition(lambda self: not self.cancelled or self.begun)
    @rule(login=st.sampled_from(["li", "sun"]))
    def hand_over(self, login: str) -> None:
        self.changed("technician", {"technician": login, "reason": "换人"})
        self.revision += login != self.technician
        self.technician = login
        self.been.add(login)

    @precondition(lambda self: not self.cancelled and not self.begun)
    @rule()
    def cancel(self) -> None:
        self.changed("cancellation", {"reason": "客户取消"})
        self.revision += 1
        self.cancelled = True

    @precondition(lambda self: self.begun)
    @rule()
    def what_was_begun_is_not_cancelled(self) -> None:
        with pytest.raises(errors.VisitAlreadyStarted):
            self.changed("cancellation", {"reason": "另一原因"})

    @precondition(lambda self: self.state == "to_review")
    @rule(minute=MINUTES)
    def what_is_over_is_not_moved(self, minute: int) -> None:
        window = {"from": stories.clock(f"15:{minute}"), "to": stories.clock("16:50"), "reason": "又要"}
        with pytest.raises(errors.VisitAlreadyStarted):
            self.changed("window", window)

    @precondition(lambda self: self.cancelled and not self.begun)
    @rule(minute=MINUTES)
    def a_cancelled_visit_is_not_changed(self, minute: int) -> None:
        window = {"from": stories.clock(f"15:{minute}"), "to": stories.clock("16:50"), "reason": "又要"}
        with pytest.raises(errors.VisitCancelled):
            self.changed("window", window)

    @rule(login=st.sampled_from(["li", "sun"]), what=st.sampled_from(["arrived", "left"]), minute=MINUTES)
    def submit(self, login: str, what: str, minute: int) -> None:
        entry = said(f"09:{minute}", what, id=str(uid(f"{what} {minute}")))
        raw = a_record(f"{login} {what} {minute}", self.visit, entry)
        if login not in self.been:
            with pytest.raises(errors.NotYourVisit):
                self.run(self.town.submitted(raw, by=login))
            return
        self.run(self.town.submitted(raw, by=login))
        self.entries.add(entry["id"])
        self.state = "to_review" if what == "left" or self.state == "to_review" else "under_way"

    @invariant()
    def the_visit_is_as_the_model_says(self) -> None:
        seen = self.run(views.get_visit(self.town.house, TOKENS["wang"], self.visit))
        assert seen.state == ("cancelled" if self.cancelled and not self.begun else self.state)
        assert (seen.cancelled is not None) == self.cancelled
        assert (seen.technician, seen.revision) == (self.technician, self.revision)
        assert {entry.id for entry in seen.entries} == self.entries
        assert len(seen.trail) == self.revision


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_visit_lives_as_the_model_says(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue("postgres") if kind == "postgres" else ""
    numbers = iter(range(1_000_000))

    async def sqlite() -> Any:
        database = open_database(await copy_sqlite(tmp_path / f"life{next(numbers)}.db"))
        await database.start()
        return database, lambda: asyncio.sleep(0)

    async def postgres() -> Any:
        context = copied_postgres(server)
        database = open_database(await context.__aenter__())
        await database.start()
        return database, lambda: context.__aexit__(None, None, None)

    machine = type("LifeOn", (Life,), {"make": staticmethod(sqlite if kind == "sqlite" else postgres)})
    quick = settings(max_examples=12, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=quick)
