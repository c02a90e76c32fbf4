"""What settings there are: their variables, defaults and descriptions, and which values they take."""

from functools import cache
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from .settings import Settings
from .subjects import SettingHelp

PREFIX = "DOORSTEP_"


class Words(msgspec.Struct, frozen=True):
    """The same in Chinese and in English."""

    zh: str
    en: str


class SettingInfo(msgspec.Struct, frozen=True):
    """A setting: its field, variable and type with bounds, its default as one writes it, its description, and which
    values it takes, if that is bounded."""

    field: str
    variable: str
    type: Any
    default: str
    about: SettingHelp
    values: Words | None

    @property
    def is_list(self) -> bool:
        """Whether it has several values, separated by commas."""
        return get_origin(get_args(self.type)[0]) is tuple


@cache
def describe_settings() -> tuple[SettingInfo, ...]:
    """Every setting, in order."""
    hints = get_type_hints(Settings, include_extras=True)
    return tuple(_describe(field, hints[field.name]) for field in msgspec.structs.fields(Settings))


def variable_of(field: str) -> str:
    """The variable of a field of `Settings`."""
    return PREFIX + field.upper()


def _describe(field: msgspec.structs.FieldInfo, hint: Any) -> SettingInfo:
    kind, notes = get_args(hint)[0], hint.__metadata__
    default: Any = field.default
    return SettingInfo(
        field.name,
        variable_of(field.name),
        hint,
        ",".join(cast("tuple[str, ...]", default)) if get_origin(kind) is tuple else str(default),
        next(note for note in notes if isinstance(note, SettingHelp)),
        _values(kind, next((note for note in notes if isinstance(note, Meta)), Meta())),
    )


def _values(kind: Any, bounds: Meta) -> Words | None:
    """Which values a type takes."""
    if get_origin(kind) is Literal:
        *some, last = map(str, get_args(kind))
        return Words(f"{'、'.join(some)} 或 {last}", f"{', '.join(some)} or {last}")
    if kind in (int, float):
        zh, en = ("整数", "a whole number") if kind is int else ("数", "a number")
        if bounds.le is None:
            return Words(f"不小于 {bounds.ge} 的{zh}", f"{en} of at least {bounds.ge}")
        return Words(f"{bounds.ge} 到 {bounds.le} 的{zh}", f"{en} from {bounds.ge} to {bounds.le}")
    if bounds.examples:
        return Words(f"像 {bounds.examples[0]} 这样", f"such as {bounds.examples[0]}")
    if bounds.max_length:
        return Words(f"最多 {bounds.max_length} 个字", f"at most {bounds.max_length} characters")
    return None
