"""The items and things that the forms of a visit can name."""

from collections.abc import Iterable, Iterator

import msgspec

from service.confirmation.statements import CustomerView
from service.judge.checklist import Text
from service.judge.rules import CompiledItem
from service.visits.loading import LoadedVisit
from service.visits.owed_answers import complaints_of, owed_answers

from .corrections import comes_too_late
from .entry_words import subject_names
from .shown_findings import ShownFinding, subject_key


class Subject(msgspec.Struct, frozen=True):
    """An item, or one thing of it, that a form can name. `too_late`: adding it now cannot make it right."""

    key: str
    label: Text
    thing: str
    text: Text | None = None
    too_late: bool = False


def returnable_subjects(
    visit: LoadedVisit, findings: Iterable[ShownFinding], labels: dict[str, str]
) -> tuple[Subject, ...]:
    """What can be added, each item or thing once."""
    names = subject_names(visit.rules)
    judged = {one.code: one for one in visit.evaluate_at().findings}
    found: dict[str, Subject] = {}
    for one in findings:
        if one.correctable and one.finding.severity != "info":
            thing = one.finding.thing
            subject = Subject(
                one.subject,
                names[one.finding.item],
                labels.get(thing or "", thing or ""),
                one.finding.message,
                comes_too_late(visit, judged[one.finding.code]),
            )
            found.setdefault(one.subject, subject)
    return tuple(found.values())


def subjects_to_do(visit: LoadedVisit, findings: Iterable[ShownFinding]) -> Iterator[Subject]:
    """What the office still has to do."""
    judgement = visit.evaluate_at()
    labels = judgement.labels
    answers = {one.rule.id: (one.rule.id, None) for one in owed_answers(visit, judgement, complaints_of(visit))}
    open_ones = (one for one in findings if one.finding.kind in ("open", "missing"))
    wanted = {one.subject: (one.finding.item, one.finding.thing) for one in open_ones} | answers
    for key, (item, thing) in wanted.items():
        rule = visit.rules.by_id.get(item)
        if rule is not None and rule.item.who == "office" and "office" in rule.attested_by:
            yield Subject(key, rule.item.label, labels.get(thing or "", thing or ""), None)


def _is_signed(rule: CompiledItem) -> bool:
    """Whether it is done with a signature, which nobody gives by telephone."""
    return any(kind == "signature" for kind, _, _ in rule.needs)


def subjects_to_ask(visit: LoadedVisit, findings: Iterable[ShownFinding]) -> Iterator[Subject]:
    """What a finding is about and the customer can say, each item or thing once."""
    known: set[str] = set()
    labels = visit.evaluate_at().labels
    for one in findings:
        rule = visit.rules.by_id.get(one.finding.item)
        if rule is None or one.subject in known or one.finding.severity == "info" or _is_signed(rule):
            continue
        if ("customer" in rule.attested_by and "office" not in rule.attested_by) or rule.item.customer_asked:
            known.add(one.subject)
            thing = one.finding.thing
            yield Subject(one.subject, rule.item.label, labels.get(thing or "", thing or ""), rule.item.customer)


def subjects_also_to_ask(visit: LoadedVisit, customer: CustomerView, known: set[str]) -> Iterator[Subject]:
    """What the customer can be asked besides."""
    for item, things in customer.question_set().about.items():
        rule = visit.rules.by_id[item]
        for thing in things:
            key = subject_key(item, thing)
            if key not in known and not _is_signed(rule):
                yield Subject(key, rule.item.label, customer.labels.get(thing or "", thing or ""), rule.item.customer)
