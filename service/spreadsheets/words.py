"""The words of a utility's tables: headings of columns, names of types of visits, parts of the day."""

import tomllib
from functools import cache
from pathlib import Path

import msgspec

Lists = dict[str, tuple[str, ...]]
_BUNDLED = Path(__file__).with_name("words.toml")


class TableWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Headings by the names of their columns, names by the ids of their types, and times by parts of the day."""

    columns: Lists = {}
    types: Lists = {}
    slots: dict[str, str] = {}


@cache
def load_table_words(path: str = "") -> TableWords:
    """The words that come with the program, after those of a file. ValueError says what is wrong in it."""
    bundled = _read(_BUNDLED)
    if not path:
        return bundled
    own = _read(Path(path))
    if unknown := own.columns.keys() - bundled.columns.keys():
        raise ValueError(
            f"{path}: 没有这些列 / there is no column: {', '.join(sorted(unknown))}; "
            f"表格的列 / the columns are {', '.join(bundled.columns)}"
        )
    for lists in (own.columns, own.types):
        given = [word for words in lists.values() for word in words]
        if twice := {word for word in given if given.count(word) > 1}:
            raise ValueError(f"{path}: 写了两次 / given twice: {', '.join(sorted(twice))}")
    return TableWords(
        _before(own.columns, bundled.columns), _before(own.types, bundled.types), {**bundled.slots, **own.slots}
    )


def _read(path: Path) -> TableWords:
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8-sig")), TableWords)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"{path}: 读不出来 / it cannot be read: {error}") from None


def _before(own: Lists, bundled: Lists) -> Lists:
    """The lists with a utility's own words first, which mean nothing else any more."""
    taken = {word for words in own.values() for word in words}
    names = dict.fromkeys((*bundled, *own))
    return {name: (*own.get(name, ()), *(one for one in bundled.get(name, ()) if one not in taken)) for name in names}
