"""The vectors of `docs/statement.md`: inputs are written by hand, what follows from them is made here."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from service.checklists.loader import read_folder, shipped
from service.judge.entries import Entry
from service.judge.rules import Rules
from service.judge.statements import Made, canonical, make
from service.judge.timeline import Reading, micros
from service.judge.visit import Visit

PATH = Path(__file__).resolve().parents[1] / "docs" / "statement-vectors.json"
LATEST = datetime(9999, 1, 1, tzinfo=UTC)


def rules() -> Rules:
    """The shipped checklist."""
    return Rules(read_folder(shipped()).checklist)


def made(ready: Rules, case: dict[str, Any]) -> Made:
    """The statement of a case."""
    visit = msgspec.convert(case["visit"], Visit)
    entries = msgspec.convert(case["entries"], list[Entry])
    table = next(one for one in ready.checklist.statements if one.id == case["statement"])
    until = case.get("until")
    limit = None if until is None else micros(msgspec.convert(until, datetime))
    return make(ready, table, visit.id, Reading(ready, entries, micros(LATEST)), case.get("thing"), limit)


def written(given: bytes) -> bytes:
    """The file with everything that follows from its cases."""
    ready = rules()
    content = json.loads(given)
    checklist = msgspec.to_builtins(ready.checklist)
    tables = checklist["statements"]
    used = {line["item"] for table in tables for line in table["lines"]}
    content["checklist"] = ready.checklist.name
    content["statements"] = tables
    content["items"] = [
        {key: item[key] for key in keys if key in item}
        for item in checklist["items"]
        for keys in [("id", "label", "per", "things_of", *(("fields",) if item["id"] in used else ()))]
    ]
    content["facts"] = [
        {"id": name, "things": fact.get("per_thing", False)} for name, fact in checklist["facts"].items()
    ]
    for case in content["cases"]:
        one = made(ready, case)
        case["document"] = msgspec.to_builtins(one.document)
        case["canonical"] = canonical(one.document).decode()
        case["sha256"] = one.sha256
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
