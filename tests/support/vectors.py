"""The vectors of `docs/statement.md`: inputs are written by hand, results are computed here."""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from service.checklists.loader import bundled_checklists_dir, load_checklist
from service.judge.entries import Entry
from service.judge.rules import CompiledChecklist
from service.judge.statements import RenderedStatement, canonical_bytes, render_statement
from service.judge.timeline import Timeline, to_microseconds
from service.judge.visit import Visit

PATH = Path(__file__).resolve().parents[2] / "docs" / "statement-vectors.json"
LATEST = datetime(9999, 1, 1, tzinfo=UTC)


@cache
def rules() -> CompiledChecklist:
    """The bundled checklist."""
    return CompiledChecklist(load_checklist(bundled_checklists_dir()).checklist)


def made(ready: CompiledChecklist, case: dict[str, Any]) -> RenderedStatement:
    """The statement of a case."""
    visit = msgspec.convert(case["visit"], Visit)
    entries = msgspec.convert(case["entries"], list[Entry])
    table = next(one for one in ready.checklist.statements if one.id == case["statement"])
    until = case.get("until")
    limit = None if until is None else to_microseconds(msgspec.convert(until, datetime))
    return render_statement(
        ready, table, visit.id, Timeline(ready, entries, to_microseconds(LATEST)), case.get("thing"), limit
    )


def updated_vectors(before: bytes) -> bytes:
    """The file with the results of its cases computed again."""
    ready = rules()
    content = json.loads(before)
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
        case["canonical"] = canonical_bytes(one.document).decode()
        case["sha256"] = one.sha256
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
