"""Writes the tables of the documents about settings; see `scripts/settings`."""

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from scripts.generated_documents import write_documents
from service.config.described import SettingInfo, describe_settings
from service.web.language import Language

DOCUMENTS: dict[Language, Path] = {"zh": Path("docs/settings.md"), "en": Path("docs/settings.en.md")}
START, END = "<!-- made from service/config/settings.py by scripts/settings -->", "<!-- end -->"
_HEADINGS = {"zh": "| 变量 | 默认 | 说明 |", "en": "| variable | default | meaning |"}


def tables(language: Language) -> str:
    """A table for each subject."""
    parts: list[str] = []
    for title, settings in groupby(describe_settings(), lambda one: getattr(one.about, f"title_{language}")):
        parts.append("\n".join([f"## {title}", "", _HEADINGS[language], "|---|---|---|", *_rows(settings, language)]))
    return "\n\n".join(parts)


def _rows(settings: Iterator[SettingInfo], language: Language) -> Iterator[str]:
    for one in settings:
        default = f"`{one.default}`" if one.default else ""
        yield f"| `{one.variable}` | {default} | {_meaning(one, language)} |"


def _meaning(one: SettingInfo, language: Language) -> str:
    """The description, and the range of a number that has one; choices are in their descriptions."""
    text = getattr(one.about, language)
    if one.values is None or " from " not in one.values.en:
        return text
    return f"{text}（{one.values.zh}）" if language == "zh" else f"{text} ({one.values.en})"


def with_tables(document: str, language: Language) -> str:
    """A document with the tables as they are now, between its two marks."""
    before, _, rest = document.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{tables(language)}\n\n{END}{after}"


if __name__ == "__main__":
    sys.exit(write_documents(DOCUMENTS, with_tables))
