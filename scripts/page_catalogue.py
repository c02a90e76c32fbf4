"""The texts of pages and their English catalogue: `scripts/catalogue` updates it, a test holds it to the texts."""

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
PLACE = re.compile(r"%\((\w+)\)s|%(?!\()")
HEADER = """# What pages say, in English. The Chinese texts are in the templates and in the code. See CONTRIBUTING.md.
msgid ""
msgstr ""
"Language: en\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


def texts() -> Catalog:
    """All texts of templates and code."""
    found = Catalog(locale="en")
    methods = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
    options = {"**/templates/**.html": {"trimmed": "true", "silent": "false"}}
    for file, _, message, _, context in extract_from_dir(ROOT / "service", methods, options, KEYWORDS):
        found.add(message, locations=[(f"service/{file}", 1)], context=context)
    return found


def catalogue(path: Path = CATALOGUE) -> Catalog:
    """The catalogue as it is."""
    with path.open("rb") as file:
        return read_po(file, locale="en")


def faults(has: Catalog, needs: Catalog) -> Iterator[str]:
    """What is wrong with a catalogue."""
    for message in needs:
        if not message.id:
            continue
        given = has.get(*_key(message))
        if given is None or isinstance(given.id, str) != isinstance(message.id, str):
            yield f"missing: {message.id}"
        elif given.fuzzy:
            yield f"to be looked at: {message.id}"
        elif not all(_strings(given)) or not given.string:
            yield f"empty: {message.id}"
        elif any(_places(one) != _places(_key(message)[0]) for one in _strings(given)):
            yield f"other placeholders: {message.id}"
    yield from (f"unused: {one.id}" for one in has if one.id and needs.get(*_key(one)) is None)
    yield from (f"commented out: {key}" for key in has.obsolete)


def update() -> None:
    """Write the catalogue anew."""
    has, needs = catalogue(), texts()
    for message in needs:
        known = has.get(*_key(message)) if message.id else None
        if known is not None and isinstance(known.id, str) == isinstance(message.id, str):
            message.string = known.string
    with CATALOGUE.open("wb") as file:
        file.write(HEADER.encode())
        write_po(file, needs, width=120, sort_by_file=True, include_lineno=False, omit_header=True)


def _key(message: Message) -> tuple[str, str | None]:
    return message.id if isinstance(message.id, str) else message.id[0], message.context


def _strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def _places(text: str) -> set[str]:
    return set(PLACE.findall(text))


def main(arguments: list[str]) -> int:
    """Update, or only look."""
    if arguments != ["--check"]:
        update()
    wrong = list(faults(catalogue(), texts()))
    print("\n".join(wrong) or "every text has its English")
    return 1 if wrong and arguments == ["--check"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
