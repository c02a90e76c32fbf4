"""Reads a folder of TOML files strictly into a checklist with its examples.

Any file may hold any table: `[clause]`, `[[item]]` with `[[item.examples]]`, `[fact.…]`, `[visit_type.…]`,
`[[question]]`, `[[statement]]`, and those of checklist.toml. Files are read in natural order (4.3.2 before 4.3.10, then
context, policies …). core.toml and published.toml are not content.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from service.judge.checklist import (
    Checklist,
    ChecklistSettings,
    Clause,
    Example,
    Fact,
    Item,
    Norm,
    Question,
    Statement,
    Text,
    VisitType,
)

from .source import ChecklistParseError, ChecklistSource, LintMessage, NormBaseline, PublishedVersion
from .unknown_keys import unknown_keys

T = TypeVar("T")
Table = dict[str, Any]
_KINDS: dict[str, Any] = {
    "norm": Norm,
    "defaults": ChecklistSettings,
    "messages": dict[str, Text],
    "evidence_kinds": dict[str, Text],
    "words": dict[str, dict[str, Text]],
}
_PLAIN = {"id": str, "version": int}
_TABLES = {"fact": Fact, "visit_type": VisitType}
_LISTS = {"item": Item, "question": Question, "statement": Statement}


def bundled_checklists_dir() -> Path:
    """The bundled folder: `checklists/` of a checkout, inside the package in a wheel."""
    package = Path(__file__).parents[1]
    inside = package / "checklists" / "bundled"
    return inside if inside.is_dir() else package.parent / "checklists"


def load_checklist(folder: Path) -> ChecklistSource:
    """Read a checklist. ChecklistParseError lists all errors, each with file and line or key."""
    reader = _Reader()
    if not folder.is_dir():
        raise ChecklistParseError([LintMessage(str(folder), "—", "没有这个文件夹", "there is no such folder")])
    for path in sorted(folder.glob("*.toml"), key=_natural):
        if path.name != "core.toml":
            reader.read(path)
    return reader.source()


def load_norm_baseline(folder: Path) -> NormBaseline:
    """Read core.toml: the minimum for any checklist."""
    reader = _Reader()
    baseline = reader.convert(reader.load(folder / "core.toml"), NormBaseline, "core.toml", "core.toml")
    if baseline is None:
        raise ChecklistParseError(reader.messages)
    return baseline


def _natural(path: Path) -> list[str | int]:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name)]


class _Reader:
    """Collects the content of the files and their errors."""

    def __init__(self) -> None:
        self.messages: list[LintMessage] = []
        self.where: dict[str, str] = {}
        self.examples: dict[str, tuple[Example, ...]] = {}
        self.published: list[PublishedVersion] = []
        lists = ("clauses", "items", "questions", "statements")
        self.parts: Table = {"facts": {}, "visit_types": {}} | {name: [] for name in lists}

    def load(self, path: Path) -> Table:
        """The tables of a file; a syntax error becomes a message with its line."""
        try:
            text = path.read_text(encoding="utf-8")
            self.where |= {key: f"{path.name}:{line}" for key, line in _lines(text) if key not in self.where}
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            self._wrong(path.name, "TOML", "写法不对", str(error))
        except (OSError, UnicodeDecodeError) as error:
            self._wrong(path.name, "—", "文件读不出来", f"cannot be read: {type(error).__name__}")
        return {}

    def read(self, path: Path) -> None:
        """Read a file."""
        file = path.name
        tables = self.load(path)
        if file == "published.toml":
            for table in tables.get("published", ()):
                version = self.convert(table, PublishedVersion, file, "published")
                self.published += [version] if version else []
            return
        for key, value in tables.items():
            if key == "clause":
                clause = self.convert(value, Clause, file, f"clause {_name(value, 'number')}")
                self.parts["clauses"] += [clause] if clause else []
            elif key in _LISTS and isinstance(value, list):
                for entry in cast(list[Any], value):
                    self._listed(key, entry, file)
            elif key in _TABLES and isinstance(value, dict):
                for name, entry in cast(Table, value).items():
                    self._put(
                        self.parts[f"{key}s"], name, self.convert(entry, _TABLES[key], file, f"{key} {name}"), file, key
                    )
            elif key in _KINDS or key in _PLAIN:
                kind = _KINDS.get(key) or _PLAIN[key]
                self._put(self.parts, key, self.convert(value, kind, file, key), file, key)
            elif key in _LISTS:
                self._wrong(file, key, f"要写成 [[{key}]]", f"has to be written [[{key}]]")
            else:
                self._wrong(file, key, "没有这个键", "there is no such key")

    def _listed(self, key: str, written: object, file: str) -> None:
        name = _name(written, "id")
        table = dict(cast("Table", written)) if isinstance(written, dict) else {}
        examples = cast("list[Any]", table.pop("examples", [])) if key == "item" else []
        part = self.convert(table, _LISTS[key], file, f"{key} {name}")
        if part is not None:
            self.parts[f"{key}s"].append(part)
        if key == "item":
            shown = [self.convert(each, Example, file, f"example {name} {n}") for n, each in enumerate(examples, 1)]
            self.examples[name] = self.examples.get(name, ()) + tuple(filter(None, shown))

    def _put(self, parts: Table, name: str, value: object, file: str, key: str) -> None:
        if name in parts:
            self._wrong(file, f"{key} {name}", "写了两次", "is written twice")
        parts[name] = value

    def convert(self, data: object, kind: type[T], file: str, key: str) -> T | None:
        """Convert plain data to a Struct; None, and a message, when it is invalid."""
        for name in unknown_keys(data, kind):
            self._wrong(file, key, f"没有这个键“{name}”", f"there is no key {name!r}")
        try:
            return msgspec.convert(data, kind)
        except msgspec.ValidationError as error:
            missing = re.search(r"missing required field `(\w+)`", str(error))
            self._wrong(file, key, f"缺少“{missing[1]}”" if missing else "内容不对", str(error))
            return None

    def _wrong(self, file: str, key: str, zh: str, en: str) -> None:
        self.messages.append(LintMessage(self.where.get(key, file), key, zh, en))

    def source(self) -> ChecklistSource:
        """Everything read, as one checklist."""
        if not self.messages:
            checklist = self.convert(
                {key: msgspec.to_builtins(part) for key, part in self.parts.items()}, Checklist, "", ""
            )
            if checklist is not None:
                return ChecklistSource(checklist, self.examples, self.where, tuple(self.published))
            missing = self.messages.pop()
            self._wrong("checklist.toml", "checklist", missing.zh, missing.en)
        raise ChecklistParseError(self.messages)


def _name(table: Any, key: str) -> str:
    return str(cast(Table, table).get(key, "?")) if isinstance(table, dict) else "?"


_HEADER = re.compile(r"\[\[?([\w.]+)\]?\]")
_NAME = re.compile(r'(id|number)\s*=\s*"([^"]*)"')


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """The lines where items and other tables are written, by key, such as `item borrow_cleaned`."""
    table, item, example, start = "", "", 0, 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table, start = header[1], number
            head, _, rest = table.partition(".")
            if table == "item.examples":
                example += 1
                yield f"example {item} {example}", number
            elif head in ("fact", "visit_type", "messages") and rest:
                yield f"{head} {rest}", number
            elif not rest:
                yield table, number
        elif (name := _NAME.match(line)) and table in ("item", "question", "statement", "clause"):
            yield f"{table} {name[2]}", start
            item, example = (name[2], 0) if table == "item" else (item, example)
