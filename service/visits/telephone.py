"""Telephone numbers as people write them."""

import re

from service.judge.normal_form import normal_form

_SEPARATORS = re.compile(r"[/、,;，；]")
_DIALLED = re.compile(r"(?:\+|00)?\d{7,15}")
_MOBILE = re.compile(r"(?:(?:\+|00)?86)?1[3-9]\d{9}")
_LIKE_MOBILE = re.compile(r"1\d*")


def can_be_dialled(phone: str) -> bool:
    """Whether a text has a telephone number, maybe among several: seven digits or more, and eleven of a mobile."""
    return any(_is_number(part) for part in _SEPARATORS.split(normal_form("NFKC", phone)))


def _is_number(text: str) -> bool:
    number = re.split(r"转|ext|#", text)[0]  # an extension follows
    number = re.sub(r"[\s().\u2010-\u2015-]", "", number)
    if _LIKE_MOBILE.fullmatch(number):
        return _MOBILE.fullmatch(number) is not None
    return _DIALLED.fullmatch(number) is not None
