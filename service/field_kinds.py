"""Kinds of fields of the bodies that the office, customers and people write, with their bounds and their one check.

A Struct that derives from `Cleaned` cleans its fields (`service/text`) whenever it is made, so the same holds for JSON,
for a form, for a row of a table, and for what was stored before. What has to be visible is checked where a body comes
in (`web/decoding`), not where a stored one is read.

What phones send is not cleaned: its bytes are evidence.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Annotated, Any, cast, get_args, get_type_hints

import msgspec
from msgspec import Meta

from . import text

Clean = Callable[[str], str]
_CLEAN, _VISIBLE = "clean", "visible"


def _kind(max_length: int, clean: Clean, *, visible: bool = False, pattern: str | None = None) -> Meta:
    least = 1 if visible else None
    return Meta(min_length=least, max_length=max_length, pattern=pattern, extra={_CLEAN: clean, _VISIBLE: visible})


def visible_text(max_length: int) -> Meta:
    """A text of one or more lines that says something."""
    return _kind(max_length, text.clean_text, visible=True, pattern=r"\S")


def visible_line(max_length: int, pattern: str = r"\S") -> Meta:
    """A line that says something, such as a name."""
    return _kind(max_length, text.clean_line, visible=True, pattern=pattern)


def line(max_length: int, pattern: str) -> Meta:
    """A line that may be empty."""
    return _kind(max_length, text.clean_line, pattern=pattern)


NameText = Annotated[str, _kind(200, text.clean_line, visible=True)]
"""The name of a person or customer."""
LoginText = Annotated[str, Meta(min_length=1, max_length=200, extra={_VISIBLE: True})]
"""A login, kept as it is typed: who is meant, `accounts.repository.known_login` knows."""
PhoneText = Annotated[str, _kind(100, text.clean_phone)]
IdentifierText = Annotated[str, _kind(100, text.clean_identifier)]
"""Such as the number of an account or a work order."""
LineText = Annotated[str, _kind(200, text.clean_line)]
AddressText = Annotated[str, _kind(500, text.clean_line)]
LongText = Annotated[str, _kind(2000, text.clean_text)]
WorkText = Annotated[str, Meta(max_length=2000, extra={_CLEAN: text.clean_text, _VISIBLE: True})]
"""A text that has to say something now; older visits may have been planned without."""
CodeText = Annotated[str, _kind(100, text.clean_code)]
"""A one-time code of digits."""
SecretText = Annotated[str, _kind(100, text.clean_secret)]
"""Any other code that is pasted."""
Crew = Annotated[tuple[LoginText, ...], Meta(max_length=50)]
"""Logins."""


class Cleaned(msgspec.Struct, frozen=True):
    """A body whose fields are cleaned by their kinds. A subclass with a `__post_init__` of its own calls this one."""

    def __post_init__(self) -> None:
        for name, clean, _ in kinds_of(type(self)):
            if clean is None:
                continue
            given = getattr(self, name)
            cleaned = _cleaned(clean, given)
            if cleaned != given:
                msgspec.structs.force_setattr(self, name, cleaned)


def _cleaned(clean: Clean, given: Any) -> Any:
    if isinstance(given, str):
        return clean(given)
    if isinstance(given, tuple):
        return tuple(_cleaned(clean, one) for one in cast("tuple[Any, ...]", given))
    return given


def invisible_fields(body: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of the texts of a body in which there has to be something to see, and is not."""
    if isinstance(body, msgspec.Struct):
        keys = dict(zip(body.__struct_fields__, body.__struct_encode_fields__, strict=True))
        for name, _, visible in kinds_of(type(body)):
            if visible:
                yield from _invisible(getattr(body, name), (*path, keys[name]))
        for name in body.__struct_fields__:
            yield from invisible_fields(getattr(body, name), (*path, keys[name]))
    elif isinstance(body, tuple):
        for number, one in enumerate(cast("tuple[Any, ...]", body)):
            yield from invisible_fields(one, (*path, number))


def _invisible(given: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(given, str) and not text.is_visible(given):
        yield path
    elif isinstance(given, tuple):
        for number, one in enumerate(cast("tuple[Any, ...]", given)):
            yield from _invisible(one, (*path, number))


@cache
def kinds_of(model: type[msgspec.Struct]) -> tuple[tuple[str, Clean | None, bool], ...]:
    """The fields with a kind: how they are cleaned, and whether there has to be something to see."""
    hints = get_type_hints(model, include_extras=True)
    found = [(name, tuple(_metas(hints[name]))) for name in model.__struct_fields__]
    return tuple(
        (name, next((one.extra[_CLEAN] for one in metas if one.extra and _CLEAN in one.extra), None), visible)
        for name, metas in found
        if (visible := any(map(_is_visible, metas))) or any(one.extra and _CLEAN in one.extra for one in metas)
    )


def _is_visible(meta: Meta) -> bool:
    return bool(meta.extra and meta.extra.get(_VISIBLE)) or r"\S" in (meta.pattern or "")


def _metas(hint: Any) -> Iterator[Meta]:
    yield from (meta for meta in getattr(hint, "__metadata__", ()) if isinstance(meta, Meta))
    for part in get_args(hint):
        yield from _metas(part)
