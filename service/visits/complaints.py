"""Complaints and reports of wrongdoing: the service records and passes on what a customer submits by the link."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from uuid import UUID, uuid5

from service.judge.entries import Entry, Evidence
from service.judge.rules import CompiledChecklist
from service.judge.timeline import withdrawn_ids

COMPLAINTS = ("complaint_received", "report_received")
RECORDED = "complaint_recorded_forwarded"
NUMBER_PREFIXES = {"complaint_received": "TS", "report_received": "JB"}  # 投诉, 举报


def is_complaint(entry: Entry) -> bool:
    """Whether the entry says that there is a complaint or a report of wrongdoing."""
    return entry.what in COMPLAINTS and entry.holds is not False and entry.withdraws is None


def recording_id(complaint: str) -> str:
    """The id of the entry by which the service recorded a complaint."""
    return str(uuid5(UUID(complaint), RECORDED))


def recordings(rules: CompiledChecklist, entries: Iterable[Entry], now: datetime) -> tuple[Entry, ...]:
    """The office's entries that record the complaints among a customer's new entries, each with its number."""
    if RECORDED not in rules.by_id:
        return ()
    return tuple(
        Entry(
            id=recording_id(entry.id),
            at=entry.at,
            by="office",
            what=RECORDED,
            evidence=(Evidence(kind="number", number=_number(entry, now)), *entry.evidence),
        )
        for entry in entries
        if is_complaint(entry)
    )


def _number(complaint: Entry, now: datetime) -> str:
    """TS-20261128-04711893: the day, and digits that follow from the visit, the link and what was submitted."""
    return f"{NUMBER_PREFIXES[complaint.what]}-{now:%Y%m%d}-{UUID(complaint.id).int % 10**8:08d}"


def receipt_numbers(entries: Iterable[Entry]) -> tuple[str, ...]:
    """The numbers under which the service recorded complaints."""
    pieces = (piece for entry in entries if entry.what == RECORDED for piece in entry.evidence)
    return tuple(piece.number for piece in pieces if piece.number)


def answering_items(rules: CompiledChecklist, fact: str) -> tuple[str, ...]:
    """The items by which the office answers a complaint."""
    return tuple(
        rule.id
        for rule in rules.rules
        if rule.limit is not None and rule.limit.start == fact and rule.item.who == "office"
    )


def answers_to(rules: CompiledChecklist, complaint: Entry, entries: Iterable[Entry]) -> Iterator[Entry]:
    """The answers to a complaint: what the office wrote after it came."""
    items = answering_items(rules, complaint.what)
    since = complaint.came_at
    for entry in entries:
        if entry.what in items and _is_act(entry) and entry.came_at >= since:
            yield entry


def own_answers(rules: CompiledChecklist, complaint: Entry, entries: Sequence[Entry]) -> list[Entry]:
    """The answers to this complaint: those before the next one of its kind, else the first that came after it."""
    slips = withdrawn_ids(entries)
    found = sorted(
        (one for one in answers_to(rules, complaint, entries) if one.id not in slips), key=lambda one: one.came_at
    )
    others = (one for one in entries if is_complaint(one) and one.what == complaint.what and one.id not in slips)
    following = min((one.came_at for one in others if one.came_at > complaint.came_at), default=None)
    return [one for one in found if following is None or one.came_at < following] or found[:1]


def words_of(entry: Entry) -> str:
    """The words of an entry. The log of a message and the text of what was done may say the same."""
    return "\n".join(dict.fromkeys(piece.text for piece in entry.evidence if piece.text))


def _is_act(entry: Entry) -> bool:
    return entry.holds is not False and not (entry.withdraws or entry.says or entry.waived or entry.refused)


def revealing_items(rules: CompiledChecklist, facts: AbstractSet[str], known: AbstractSet[str]) -> frozenset[str]:
    """The items that only apply because of complaints that are not `known`."""
    hidden = facts & {*COMPLAINTS} - known
    if not hidden:
        return frozenset()
    names = ((rule.id, {*rule.item.condition().names()}) for rule in rules.rules)
    return frozenset(item for item, tested in names if tested & hidden and not tested & known)
