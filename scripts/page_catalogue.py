"""The English catalogue of page texts: `scripts/catalogue` updates it, and a test checks that it is complete."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
CATALOGUE = ROOT / "service" / "web" / "locale" / "en" / "LC_MESSAGES" / "doorstep.po"
KEYWORDS = {**DEFAULT_KEYWORDS, "PageText": None}
PLACEHOLDER = re.compile(r"%\((\w+)\)s|%(?!\()")
HEADER = """# What pages say, in English. The Chinese texts are in the templates and in the code. See CONTRIBUTING.md.
msgid ""
msgstr ""
"Language: en\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


def texts() -> Catalog:
    """The texts of all templates and modules."""
    found = Catalog(locale="en")
    methods = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
    options = {"**/templates/**.html": {"trimmed": "true", "silent": "false"}}
    for file, _, message, _, context in extract_from_dir(ROOT / "service", methods, options, KEYWORDS):
        found.add(message, locations=[(f"service/{file}", 1)], context=context)
    return found


def catalogue(path: Path = CATALOGUE) -> Catalog:
    """Read the catalogue."""
    with path.open("rb") as file:
        return read_po(file, locale="en")


def faults(actual: Catalog, needed: Catalog) -> Iterator[str]:
    """What is wrong with a catalogue, given the texts that it needs."""
    for message in needed:
        if not message.id:
            continue
        entry = actual.get(*_key(message))
        if entry is None or isinstance(entry.id, str) != isinstance(message.id, str):
            yield f"missing: {message.id}"
        elif entry.fuzzy:
            yield f"to be looked at: {message.id}"
        elif not all(_strings(entry)) or not entry.string:
            yield f"empty: {message.id}"
        elif any(_placeholders(text) != _placeholders(_key(message)[0]) for text in _strings(entry)):
            yield f"other placeholders: {message.id}"
    yield from (f"unused: {entry.id}" for entry in actual if entry.id and needed.get(*_key(entry)) is None)
    yield from (f"commented out: {key}" for key in actual.obsolete)


def update() -> None:
    """Write the catalogue with the current texts, keeping translations."""
    before, after = catalogue(), texts()
    for message in after:
        known = before.get(*_key(message)) if message.id else None
        if known is not None and isinstance(known.id, str) == isinstance(message.id, str):
            message.string = known.string
    with CATALOGUE.open("wb") as file:
        file.write(HEADER.encode())
        write_po(file, after, width=120, sort_by_file=True, include_lineno=False, omit_header=True)


def _key(message: Message) -> tuple[str, str | None]:
    return message.id if isinstance(message.id, str) else message.id[0], message.context


def _strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def _placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))


def main(arguments: list[str]) -> int:
    """Update the catalogue, or with `--check` only report errors."""
    if arguments != ["--check"]:
        update()
    wrong = list(faults(catalogue(), texts()))
    print("\n".join(wrong) or "every text has its English")
    return 1 if wrong and arguments == ["--check"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
