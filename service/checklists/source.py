"""A checklist as its authors write it, with examples, and the baseline that it must not fall below."""

from datetime import date
from typing import Annotated

import msgspec

from service.judge.checklist import Checklist, Example, FaultSeverity, Key


class LintMessage(msgspec.Struct, frozen=True):
    """An error in a checklist: where (`file:line`), at which key, and a sentence in both languages."""

    where: str
    key: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.where}: {self.key}: {self.zh} / {self.en}"


class ChecklistParseError(Exception):
    """The folder is not a valid checklist; `messages` lists the errors."""

    def __init__(self, messages: list[LintMessage]) -> None:
        super().__init__("\n".join(str(message) for message in messages))
        self.messages = messages


class PublishedVersion(msgspec.Struct, frozen=True):
    """A version listed in published.toml, whose content must not change."""

    id: Key
    version: Annotated[int, msgspec.Meta(ge=1)]
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    by: str
    why: str
    on: date


class BaselineDuty(msgspec.Struct, frozen=True):
    """The minimum for an item of class `core`.

    `order`: `rel.other` -> severity; `only_if`: those of them that may be conditional; `time_limit`: the fact from
    which a time limit must run.
    """

    clause: str
    kind: str
    when: tuple[str, ...]
    if_missing: FaultSeverity
    evidence: tuple[str, ...]
    attested_by: tuple[str, ...]
    things_of: Key | None = None
    satisfied_by_any: tuple[Key, ...] = ()
    counts: str = "first"
    order: dict[str, FaultSeverity] = {}
    only_if: tuple[str, ...] = ()
    time_limit: Key | None = None
    waiver_by: tuple[str, ...] = ()
    waiver_result: FaultSeverity = "violation"
    refusal: bool = False
    may_stay_open: bool = False


class NormBaseline(msgspec.Struct, frozen=True):
    """The norm: its clauses, the other sections that concern a visit, and its duties."""

    clauses: tuple[str, ...]
    other_sections: tuple[str, ...]
    core: dict[Key, BaselineDuty]


class ChecklistSource(msgspec.Struct, frozen=True):
    """The content of a folder. `where` maps `item borrow_cleaned`, `fact left` … to `file:line`."""

    checklist: Checklist
    examples: dict[str, tuple[Example, ...]]
    where: dict[str, str]
    published: tuple[PublishedVersion, ...] = ()

    def message(self, key: str, zh: str, en: str, place: str = "") -> LintMessage:
        """A message about `key`, at the line where it (or else `place`) is written."""
        return LintMessage(self.where.get(key) or self.where.get(place) or "checklist.toml", key, zh, en)
