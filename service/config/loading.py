"""Reads the settings. All that is wrong is said at once: a misspelt setting does not go unnoticed."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

import msgspec

from .checks import faults
from .described import PREFIX, SettingInfo, describe_settings
from .errors import SettingsError
from .settings import Settings

SHOWN = 40  # characters of a wrong value; a longer one is a text, and its end is what is wrong
NEAR, LIKENESS = 3, 0.7


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings. SettingsError says what to correct."""
    known = {one.variable: one for one in describe_settings()}
    given = {name: value.strip() for name, value in environment.items() if name.startswith(PREFIX)}
    wrong = [_unknown(name, list(known)) for name in sorted(given.keys() - known)]
    values: dict[str, object] = {}
    for variable, one in known.items():
        if text := given.get(variable):
            try:
                values[one.field] = _read(one, text)
            except msgspec.ValidationError:
                wrong.append(_unusable(one, text))
    settings = msgspec.structs.replace(Settings(), **values)
    wrong += faults(settings)
    if wrong:
        raise SettingsError("\n".join(wrong))
    return settings


def _read(one: SettingInfo, text: str) -> object:
    if one.field == "data":
        return Path(text)
    raw = [part.strip() for part in text.split(",") if part.strip()] if one.is_list else text
    return msgspec.convert(raw, one.type, strict=False)


def _unknown(name: str, known: list[str]) -> str:
    """Which setting was meant, perhaps."""
    names = [one.removeprefix(PREFIX) for one in known]  # what they have in common says nothing
    near = [PREFIX + one for one in get_close_matches(name.removeprefix(PREFIX).upper(), names, NEAR, LIKENESS)]
    if not near:
        return (
            f"{name}: 没有这项设置；全部设置见 docs/settings.md / there is no such setting; all are in "
            "docs/settings.en.md"
        )
    *some, last = near
    zh, en = (f"{', '.join(some)} {word} " if some else "" for word in ("还是", "or"))
    return f"{name}: 没有这项设置，要写的是 {zh}{last} 吗？ / there is no such setting; is it {en}{last}?"


def _unusable(one: SettingInfo, text: str) -> str:
    shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    wanted = one.values or one.about
    return f"{one.variable}: 应为 {wanted.zh}，现在是 {shown} / it must be {wanted.en}, and is {shown}"
