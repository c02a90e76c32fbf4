"""The table of what is kept: read from `inventory.toml`, shown on pages and in docs/personal-data.md."""

import tomllib
from functools import cache
from math import ceil
from pathlib import Path
from typing import Literal

import msgspec

from service.context import RetentionPolicy
from service.web.language import Language, PageText, TextPair
from service.web.templates import translate

FILE = Path(__file__).with_name("inventory.toml")
START, END = "<!-- made from service/privacy/inventory.toml by scripts/personal-data -->", "<!-- end -->"
_HEADINGS = {
    "zh": ("信息", "保存在哪里", "目的和法律依据", "保存多久", "谁看得到"),
    "en": ("what", "where", "purpose and legal ground", "for how long", "who sees it"),
}


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of data. `term`: a setting, `visit`, `good`, or a text of its own."""

    id: str
    zh: str
    en: str
    purpose: TextPair
    ground: TextPair
    who: TextPair
    term: Literal["visit", "good"] | str | TextPair
    customers: bool = False
    note: TextPair | None = None
    columns: dict[str, tuple[str, ...]] = {}
    files: dict[str, TextPair] = {}

    def days(self, policy: RetentionPolicy) -> int | None:
        """For how many days it is kept; 0 for good; None where its term is that of something else."""
        name = "keep_visits" if self.term == "visit" else self.term
        if not isinstance(name, str) or not name.startswith("keep_"):
            return None
        return int(getattr(policy, name.removeprefix("keep_")))

    def duration(self, policy: RetentionPolicy, *, plain: bool = False) -> PageText | TextPair:
        """For how long it is kept: to the day, or `plain`, in years and months."""
        if isinstance(self.term, TextPair):
            return self.term
        days = self.days(policy)
        if not days:
            return PageText("长期")
        time = years_and_months(days) if plain else TextPair(f"{days} 天", f"{days} days")
        if self.id == "positions":
            return PageText("%(time)s以后只留约 100 米的方格", {"time": time})
        if self.id == "staff":
            return PageText("离职后 %(time)s", {"time": time})
        return PageText("上门办结后 %(time)s", {"time": time}) if self.term in VISIT_TERMS else time


VISIT_TERMS = ("visit", "keep_visits")
DAYS_OF_YEAR, MONTHS_OF_YEAR = 365.25, 12


def years_and_months(days: int) -> TextPair:
    """A term as people say it: in full months, never shorter than it is, but for the day of a leap year."""
    if days < 28:
        return TextPair(f"{days} 天", _count(days, "day"))
    years, months = divmod(ceil((days - 1) * MONTHS_OF_YEAR / DAYS_OF_YEAR), MONTHS_OF_YEAR)
    zh = [f"{years} 年"] * bool(years) + [f"{months} 个月"] * bool(months)
    en = [_count(years, "year")] * bool(years) + [_count(months, "month")] * bool(months)
    return TextPair(" ".join(zh), " and ".join(en))


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


class _File(msgspec.Struct, frozen=True):
    kinds: tuple[Kind, ...]


@cache
def kinds() -> tuple[Kind, ...]:
    """All kinds, in order."""
    return msgspec.convert(tomllib.loads(FILE.read_text("utf-8")), _File).kinds


def columns() -> dict[str, list[str]]:
    """The ids of the kinds that each column (`table.column`) is of."""
    found: dict[str, list[str]] = {}
    for kind in kinds():
        for table, names in kind.columns.items():
            for name in names:
                found.setdefault(f"{table}.{name}", []).append(kind.id)
    return found


def markdown(language: Language, policy: RetentionPolicy) -> str:
    """The table for the documents, with the terms of a policy."""
    lines = ["| " + " | ".join(_HEADINGS[language]) + " |", "|---|---|---|---|---|"]
    for kind in kinds():
        tables = [f"`{table}`" for table in kind.columns] + [f"`{path}`" for path in kind.files]
        purpose, ground, who = (translate(one, language) for one in (kind.purpose, kind.ground, kind.who))
        term = translate(kind.duration(policy), language)
        if isinstance(kind.term, str) and kind.term.startswith("keep_"):
            term += f" (`DOORSTEP_{kind.term.upper()}`)"
        what = "。".join(translate(one, language) for one in (kind, kind.note) if one is not None)
        lines.append(f"| {what} | {', '.join(tables)} | {purpose}。{ground} | {term} | {who} |")
    return "\n".join(lines).replace("。", ". " if language == "en" else "。")


def with_table(document: str, language: Language, policy: RetentionPolicy) -> str:
    """A document with the table as it is now, between its two marks."""
    before, _, rest = document.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{markdown(language, policy)}\n{END}{after}"
