"""The life of a visit against a small model: whatever is done in whatever order, on both engines."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from service import errors
from service.db.connect import open_database
from service.dispatch import views
from service.reviews import corrections, queue, reviewing
from service.reviews.queue import QueueFilter
from service.reviews.schemas import ReviewView
from service.visits.review_rows import Correction, CorrectionItem, Explanation, FindingDecision, Review
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
        self.reviewed, self.asked, self.steps = False, list[UUID](), 0

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.database.close())
        self.run(self.ended())
        self.loop.close()

    def changed(self, kind: str, content: dict[str, Any], *, stale: bool = False) -> Any:
        expected = frozenset({self.revision + 7 if stale else self.revision})
        raw = encode(content)
        return self.run(change_visit(self.town.ctx, TOKENS["zhao"], self.visit, kind, raw, expected))  # type: ignore[arg-type]

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

    def looked_at(self) -> tuple[ReviewView, str]:
        return self.run(reviewing.get_review_view(self.town.ctx, TOKENS["wang"], self.visit))

    def review(self, tag: str, *findings: FindingDecision) -> None:
        review = Review(findings=findings, comment=f"第{self.count}次")
        self.run(reviewing.review_visit(self.town.ctx, TOKENS["wang"], self.visit, review, frozenset({tag})))

    @precondition(lambda self: self.begun)
    @rule(decision=st.sampled_from(["uphold", "override"]))
    def decide_all(self, decision: Any) -> None:
        self.count += 1
        shown, tag = self.looked_at()
        codes = {one.finding.code for one in shown.findings}
        sources = [one.source for one in shown.reasons if one.source in codes]
        self.review(tag, *(FindingDecision(code=code, decision=decision, reason="已核实") for code in sources))
        self.reviewed, self.steps = True, self.steps + 1
        assert self.looked_at()[0].reasons == ()

    @precondition(lambda self: self.begun)
    @rule()
    def a_stale_review_changes_nothing(self) -> None:
        self.count += 1
        with pytest.raises(errors.PreconditionFailed):
            self.review("0-0-0")

    @precondition(lambda self: not self.begun)
    @rule()
    def there_is_nothing_to_review(self) -> None:
        with pytest.raises(errors.NothingToReview):
            self.review(self.looked_at()[1])

    @precondition(lambda self: self.begun)
    @rule()
    def return_an_item(self) -> None:
        self.count += 1
        correction = Correction(
            visit=str(self.visit),
            items=(CorrectionItem(item="id_shown", reason="没有记录"),),
            due=msgspec.convert(stories.clock("18:00"), datetime),
        )
        self.asked.append(uid(f"correction {self.count}"))
        self.run(corrections.return_items(self.town.ctx, TOKENS["wang"], self.asked[-1], correction))
        self.steps += 1

    @precondition(lambda self: self.asked)
    @rule(minute=MINUTES)
    def answer_what_was_returned(self, minute: int) -> None:
        asked = self.asked.pop()
        entry = said(f"09:{minute}", "arrived", id=str(uid(f"arrived {minute}")))
        raw = a_record(f"answer {asked}", self.visit, entry, correction=str(asked).upper())
        self.run(self.town.submitted(raw, by="li"))
        self.entries.add(entry["id"])

    @precondition(lambda self: self.asked)
    @rule()
    def withdraw_what_was_returned(self) -> None:
        self.run(corrections.withdraw_correction(self.town.ctx, TOKENS["wang"], self.asked.pop()))
        self.steps += 1

    @precondition(lambda self: self.begun)
    @rule()
    def explain(self) -> None:
        self.count += 1
        findings = self.looked_at()[0].findings
        if findings:
            words = Explanation(finding=findings[0].finding.code, text=f"第{self.count}次")
            token, given = TOKENS[self.technician], uid(f"words {self.count}")
            assert self.run(reviewing.explain(self.town.ctx, token, self.visit, given, words))
            self.steps += 1
            assert "explanation" in {one.kind for one in self.looked_at()[0].reasons}

    @property
    def expected_state(self) -> str:
        if self.cancelled and not self.begun:
            return "cancelled"
        if self.asked:
            return "returned"
        if self.state != "to_review" and not self.cancelled:
            return self.state
        return "closed" if self.reviewed and not self.looked_at()[0].reasons else "to_review"

    @invariant()
    def what_calls_for_a_person_is_in_the_queue(self) -> None:
        shown, tag = self.looked_at()
        found = self.run(queue.list_queue(self.town.ctx, TOKENS["wang"], QueueFilter()))
        reasons = [one.kind for one in shown.reasons]
        waits = not reasons or self.asked  # what was returned is the technician's until it is due
        assert [list(one.reasons) for one in found.reviews] == ([] if waits else [list(dict.fromkeys(reasons))])
        assert tag.endswith(f"-{self.steps}")
        assert sorted(one.id for one in shown.corrections) == sorted(map(str, self.asked))
        if self.state == "to_review" and not self.reviewed:
            assert "violation" in reasons  # nobody showed a card

    @invariant()
    def the_visit_is_as_the_model_says(self) -> None:
        seen = self.run(views.get_visit(self.town.ctx, TOKENS["wang"], self.visit))
        assert seen.state == self.expected_state
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
