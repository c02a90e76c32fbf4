"""Expands the examples of items from the authors' short forms into bundles for the judge.

Times are `HH:MM` or `HH:MM:SS` on the example's day, `-1d 16:00` the day before, `5d 10:00` five days later. An entry
is the technician's unless it has `by`. Evidence given as a string is a complete piece of that kind. In the examples of
a policy, the policy is switched on.
"""

import re
from datetime import datetime, timedelta, timezone
from typing import Any, cast

import msgspec

from service.judge.checklist import Checklist, Example, Item
from service.judge.entries import Entry
from service.judge.judge import judge
from service.judge.rules import CompiledChecklist
from service.judge.visit import Bundle

from .unknown_keys import unknown_keys

DAY = datetime(2025, 5, 14, tzinfo=timezone(timedelta(hours=8)))
_SHORT = re.compile(r"(?:(-?\d+)d )?([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_VISIT = ("type", "window", "rescheduled", "assigned", "exempt_reason", "policies", "due", "inspectors")
_DIGEST = "0" * 64
_FULL: dict[str, dict[str, Any]] = {
    "photo": {"sha256": _DIGEST},
    "text": {"text": "已写明"},
    "gps": {"lat": 31.2304, "lon": 121.4737, "accuracy_m": 8},
    "signature": {"sha256": _DIGEST, "signer": "陶女士", "relation": "account_holder"},
    "notice": {"number": "TZ-0001"},
    "number": {"number": "SB-0001"},
    "message_log": {"channel": "phone"},
    "customer_confirm": {},
}


def parse_time(short: str) -> datetime:
    """The time that a short form means. ValueError."""
    found = _SHORT.fullmatch(short)
    if found is None:
        raise ValueError(f"时间写法不对 / cannot read the time {short!r}")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return DAY + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def build_bundle(checklist: Checklist, item: Item, example: Example) -> Bundle:
    """The example as a visit with entries. ValueError or TypeError when it is invalid."""
    items = {known.id: known for known in checklist.items}
    entries = [_entry(entry, place, items) for place, entry in enumerate(example.entries, 1)]
    visit = _visit(checklist, item, example.visit)
    return msgspec.convert({"visit": visit, "entries": entries, "now": parse_time(example.now)}, Bundle)


def evaluate_example(rules: CompiledChecklist, item: Item, given: Bundle) -> list[str]:
    """The item's findings in order, each as `severity code`."""
    judgement = judge(rules, given.visit, given.entries, given.now)
    return [f"{finding.severity} {finding.code}" for finding in judgement.findings if finding.item == item.id]


def item_applies(rules: CompiledChecklist, item: Item, given: Bundle) -> bool:
    """Whether the item applies in the bundle: a customer's "no" disputes only what applies."""
    things = {entry.thing for entry in given.entries} | {None}
    objections = [
        Entry(id=f"probe-{thing}", at=given.now, by="customer", what=item.id, thing=thing, says="no")
        for thing in things
    ]
    judgement = judge(rules, given.visit, [*given.entries, *objections], given.now)
    return any(finding.kind == "disputed" and finding.item == item.id for finding in judgement.findings)


def _visit(checklist: Checklist, item: Item, written: dict[str, Any]) -> dict[str, Any]:
    for key in written:
        if key not in _VISIT:
            raise ValueError(f"示例的 visit 没有这个键 / visit of an example has no key {key!r}")
    visit: dict[str, Any] = {"id": "example", "checklist": checklist.name, "type": "repair_leak"} | written
    window = written.get("window", ["09:00", "10:00"])
    visit["window"] = _window(*window) if window else None
    visit["rescheduled"] = [
        {"at": parse_time(at)} | _window(start, end) for at, start, end in written.get("rescheduled", ())
    ]
    visit["due"] = {key: parse_time(date) for key, date in written.get("due", {}).items()}
    if item.class_ == "policy":
        visit["policies"] = {item.id: True} | written.get("policies", {})
    return visit


def _window(start: str, end: str) -> dict[str, datetime]:
    return {"from": parse_time(start), "to": parse_time(end)}


def _entry(written: dict[str, Any], place: int, items: dict[str, Item]) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": f"e{place}", "by": "technician"} | written
    for key in ("at", "claimed_at"):
        if key in entry:
            entry[key] = parse_time(entry[key])
    entry["evidence"] = [_piece(piece) for piece in written.get("evidence", ())]
    item = items.get(entry.get("what", ""))
    if item is not None and "fields" in entry:
        answers = cast(dict[str, Any], entry["fields"])
        entry["fields"] = {name: _answer(item, name, value) for name, value in answers.items()}
    if extra := unknown_keys(entry, Entry):
        raise ValueError(f"条目没有这个键 / an entry has no key {extra[0]!r}")
    return entry


def _piece(piece: str | dict[str, Any]) -> dict[str, Any]:
    written = {"kind": piece} if isinstance(piece, str) else piece
    kind = written.get("kind")
    if kind not in _FULL:
        raise ValueError(f"没有这种证据 / there is no kind of evidence {kind!r}")
    return _FULL[kind] | written


def _answer(item: Item, name: str, value: object) -> object:
    field = item.fields.get(name)
    if field is not None and field.type == "time" and isinstance(value, str) and _SHORT.fullmatch(value):
        return parse_time(value).isoformat()
    return value
