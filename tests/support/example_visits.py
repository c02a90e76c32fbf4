"""The example visits, and helpers to build visits and entries."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

import service
from service.checklists.loader import bundled_checklists_dir, load_checklist
from service.judge.entries import Entry
from service.judge.judge import judge
from service.judge.rules import CompiledChecklist
from service.judge.visit import Bundle, Visit

FOLDER = Path(service.__file__).parent / "demo" / "stories"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
RULES = CompiledChecklist(load_checklist(bundled_checklists_dir()).checklist)
DAY = "2026-03-02"


def story(name: str) -> tuple[Bundle, dict[str, Any]]:
    """An example bundle, and its expected results."""
    raw = (FOLDER / f"{name}.json").read_bytes()
    return msgspec.json.decode(raw, type=Bundle), json.loads(raw)["expected"]


def clock(text: str) -> str:
    """`09:12` on the day of the tests."""
    return f"{DAY}T{text}{':00' if len(text) == 5 else ''}+08:00"


def entry(at: str, what: str, by: str = "technician", **more: Any) -> Entry:
    """An entry at a time of the day; by default its id is derived from its content."""
    more.setdefault("id", f"{at}-{what}-{more.get('thing', '')}-{by}"[:64])
    return msgspec.convert({"at": clock(at), "what": what, "by": by, **more}, Entry)


def visit(type: str = "repair_leak", **more: Any) -> Visit:
    """A visit with a window from 09:00 to 10:00."""
    more.setdefault("window", {"from": clock("09:00"), "to": clock("10:00")})
    return msgspec.convert({"id": "v", "type": type, "checklist": "onsite@1", **more}, Visit)


def found(visit: Visit, entries: list[Entry], now: str = "23:00", about: str = "") -> list[str]:
    """`severity code` of every finding, or of those about one item."""
    judgement = judge(RULES, visit, entries, datetime.fromisoformat(clock(now)))
    return [f"{f.severity} {f.code}" for f in judgement.findings if about in ("", f.item)]


def photo(digit: str = "a") -> dict[str, str]:
    """Evidence: a photo."""
    return {"kind": "photo", "sha256": digit * 64}
