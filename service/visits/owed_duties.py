"""What is still owed in a visit: a thing to give back, a damage to settle, an answer to a complaint."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal

import msgspec

from service.judge.findings import Finding, Judgement
from service.judge.rules import CompiledItem

from .finding_times import SETTLED_WITHIN, FindingTimes
from .loading import LoadedVisit
from .owed_answers import OwedAnswer

OwnerRole = Literal["technician", "office"]
TECHNICIANS = ("technician", "inspector")


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is still owed. `overdue`: it is a fault by now. `key` is its own in the visit."""

    code: str
    key: str
    item: str
    thing: str | None
    since: datetime
    due_at: datetime
    owner: OwnerRole
    overdue: bool


def duty_key(finding: Finding) -> str:
    """The key of the duty that a finding says is open."""
    return f"{finding.item}[{finding.thing}]" if finding.thing else finding.item


def owed_duties(
    visit: LoadedVisit,
    judgement: Judgement,
    times: FindingTimes,
    answers: Iterable[OwedAnswer],
    *,
    is_finished: bool,
) -> Iterator[Duty]:
    """The duties of a visit as of now. `answers` are those to complaints, `is_finished`: the technician is gone."""
    answered = set[str]()
    for one in answers:
        overdue = one.due_at <= visit.now
        if one.finding is not None:
            answered.add(one.finding.code)
        yield Duty(
            code=one.finding.code if one.finding else f"{'missing' if overdue else 'open'}.{one.rule.id}",
            key=one.key,
            item=one.rule.id,
            thing=None,
            since=one.received_at,
            due_at=one.due_at,
            owner="office",
            overdue=overdue,
        )
    for finding in judgement.findings:
        if finding.kind not in ("open", "missing") or (answered and finding.code in answered):
            continue
        rule = visit.rules.by_id.get(finding.item)
        overdue = finding.kind == "missing"
        if rule is None or (overdue and not _was_opened(visit, judgement, rule, finding, times.slips, is_finished)):
            continue
        decision = visit.reviews.decision_for(finding)
        if decision is not None and (decision.decision == "override" or finding.entries):
            continue  # nothing is owed, or the customer refused it; otherwise what is upheld has to be done
        since = times.since(finding)
        yield Duty(
            code=finding.code,
            key=duty_key(finding),
            item=finding.item,
            thing=finding.thing,
            since=since,
            due_at=times.due(finding) or (since if overdue else since + SETTLED_WITHIN),
            owner="technician" if rule.item.who in TECHNICIANS else "office",
            overdue=overdue,
        )


def _was_opened(
    visit: LoadedVisit, judgement: Judgement, rule: CompiledItem, finding: Finding, slips: set[str], is_finished: bool
) -> bool:
    """Only what was opened has to be closed: a thing that was borrowed, a damage, a complaint. What was not done about
    a thing can be done yet, unless it had to come before what happened since."""
    if judgement.due and finding.code in judgement.due:
        return True
    if not rule.per_thing or not is_finished or finding.severity != "violation":
        return False
    before = {edge.than for edge in rule.item.order if edge.rel == "before"} - {"left"}
    before |= {
        other.id
        for other in visit.rules.rules
        if any(edge.rel == "after" and edge.than == rule.id for edge in other.item.order)
    }
    return not any(
        one.what in before and one.thing == finding.thing and one.holds is not False and one.id not in slips
        for one in visit.merged.entries
    )
