"""Answers that the office owes: one to each complaint and report, also where the judge counts only the first."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from service.judge.entries import Entry
from service.judge.findings import Finding, Judgement
from service.judge.moments import from_ms, later
from service.judge.rules import CompiledItem
from service.judge.timeline import withdrawn_ids

from .complaints import COMPLAINTS, answering_items, is_complaint, own_answers
from .loading import LoadedVisit
from .working_days import end_of_working_day


class OwedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint without an answer. `finding`: what the judge says of it; None for those after the first.

    `received_at`: when the complaint came. `key` names the duty.
    """

    complaint: Entry
    rule: CompiledItem
    received_at: datetime
    due_at: datetime
    finding: Finding | None

    @property
    def key(self) -> str:
        """How the duty is named: as its item, and those after the first with their complaint."""
        return self.rule.id if self.finding else f"{self.rule.id}[{self.complaint.id}]"


def complaints_of(visit: LoadedVisit) -> list[Entry]:
    """Complaints and reports that were not taken back, in the order in which they were made."""
    entries = visit.merged.entries
    made = [one for one in entries if one.what in COMPLAINTS and is_complaint(one)]
    if not made:
        return []
    slips = withdrawn_ids(entries)
    return sorted((one for one in made if one.id not in slips), key=lambda one: one.at)


def owed_answers(visit: LoadedVisit, judgement: Judgement, complaints: Iterable[Entry]) -> Iterator[OwedAnswer]:
    """What is owed to `complaints` (see `complaints_of`). One is settled by an answer that came after it, or by a
    decision that the finding does not count."""
    first = set[str]()
    for complaint in complaints:
        is_first = complaint.what not in first
        first.add(complaint.what)
        items = answering_items(visit.rules, complaint.what)
        if not items or own_answers(visit.rules, complaint, visit.merged.entries):
            continue
        rule = visit.rules.by_id[items[0]]
        finding = _finding(judgement, items) if is_first else None
        if finding is not None and _is_dropped(visit, finding):
            continue
        came = complaint.came_at
        due = judgement.due.get(finding.code) if finding else None
        yield OwedAnswer(
            complaint=complaint,
            rule=rule,
            received_at=came,
            due_at=from_ms(due // 1000, visit.now.tzinfo) if due else _due(visit, rule, min(complaint.at, came)),
            finding=finding,
        )


def _finding(judgement: Judgement, items: tuple[str, ...]) -> Finding | None:
    return next((one for one in judgement.findings if one.item in items and one.kind in ("open", "missing")), None)


def _is_dropped(visit: LoadedVisit, finding: Finding) -> bool:
    decision = visit.reviews.decision_for(finding)
    return decision is not None and decision.decision == "override"


def _due(visit: LoadedVisit, rule: CompiledItem, start: datetime) -> datetime:
    limit = rule.item.time_limit
    start = start.astimezone(visit.now.tzinfo)
    if limit is not None and limit.days and visit.policy.working_days:
        return end_of_working_day(start, limit.days)
    return later(start, timedelta(microseconds=rule.limit.length if rule.limit else 0))
