"""What authors write: a checklist with the examples beside its items, and the floor it may not fall below."""

from datetime import date
from typing import Annotated

import msgspec

from service.judge.checklist import Checklist, Example, FaultSeverity, Key


class LintMessage(msgspec.Struct, frozen=True):
    """What is wrong with a checklist: where (`file:line`), at which key, and a sentence in both languages."""

    where: str
    key: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.where}: {self.key}: {self.zh} / {self.en}"


class ChecklistParseError(Exception):
    """The folder cannot be read as a checklist; `messages` says where and why."""

    def __init__(self, messages: list[LintMessage]) -> None:
        super().__init__("\n".join(str(message) for message in messages))
        self.messages = messages


class PublishedVersion(msgspec.Struct, frozen=True):
    """A version that was published, as the authors' folder remembers it: its content never changes again."""

    id: Key
    version: Annotated[int, msgspec.Meta(ge=1)]
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    by: str
    why: str
    on: date


class BaselineDuty(msgspec.Struct, frozen=True):
    """The least that an item of class `core` has to be.

    `order`: `rel.other` -> severity; `only_if`: those of them that may be conditional; `time_limit`: the fact
    from which there has to be one.
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
    """What stands in the norm: its clauses, the sections beside it that bear on a visit, its duties."""

    clauses: tuple[str, ...]
    other_sections: tuple[str, ...]
    core: dict[Key, BaselineDuty]


class ChecklistSource(msgspec.Struct, frozen=True):
    """A folder of authors' files, read. `where` maps `item borrow_cleaned`, `fact left` … to `file:line`."""

    checklist: Checklist
    examples: dict[str, tuple[Example, ...]]
    where: dict[str, str]
    published: tuple[PublishedVersion, ...] = ()

    def message(self, key: str, zh: str, en: str, place: str = "") -> LintMessage:
        """A message about `key`, at the line where it (or else `place`) is written."""
        return LintMessage(self.where.get(key) or self.where.get(place) or "checklist.toml", key, zh, en)
