"""The language of a page: Chinese, or English if the browser or the person asks for it."""

from typing import Any, Literal, Protocol

import msgspec
from litestar.types import Scope

from .request_info import get_cookie

Language = Literal["zh", "en"]
TAGS: dict[Language, str] = {"zh": "zh-CN", "en": "en"}
COOKIE, COOKIE_SECONDS = b"__Host-doorstep-language", 365 * 86_400


class Bilingual(Protocol):
    """A value with its own two texts, such as a choice of a checklist. The English may be empty."""

    @property
    def zh(self) -> str: ...  # noqa: D102
    @property
    def en(self) -> str: ...  # noqa: D102


class PageText(msgspec.Struct, frozen=True):
    """A text outside of templates. The Chinese is its key in the catalogue; `values` fill its %(placeholders)s.

    It is translated when a page is rendered, never before.
    """

    zh: str
    values: dict[str, Any] = {}


class TextPair(msgspec.Struct, frozen=True):
    """A text in both languages, such as the title of a problem."""

    zh: str
    en: str


AnyText = PageText | Bilingual


def stored_text(text: str, *own: str) -> TextPair:
    """A stored text in one language at a time where it begins with one of the service's `own`, written
    `中文 / English`; what people wrote stays."""
    for one in own:
        if text.startswith(one):
            zh, _, en = one.partition(" / ")
            rest = text.removeprefix(one)
            return TextPair(zh + rest.replace(": ", "：", 1), en + rest)
    return TextPair(text, text)


def language_of(scope: Scope) -> Language:
    """The language of a request's page: as chosen on an earlier page, else by Accept-Language."""
    chosen = get_cookie(scope, COOKIE)
    return chosen if chosen == "zh" or chosen == "en" else accepted_language(scope)  # noqa: PLR1714 - narrows the type


def language_cookie(language: Language) -> tuple[bytes, bytes]:
    """The cookie that remembers the chosen language."""
    attributes = b"; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=%d" % COOKIE_SECONDS
    return b"set-cookie", COOKIE + b"=" + language.encode() + attributes


def accepted_language(scope: Scope) -> Language:
    """The language that Accept-Language prefers; Chinese if it names neither."""
    best: Language = "zh"
    best_weight = 0.0
    for name, value in scope["headers"]:
        if name != b"accept-language":
            continue
        for choice in value.decode("latin-1").lower().split(","):
            tag, _, rest = choice.partition(";")
            weight, primary = _weight(rest), tag.strip()[:2]
            if (primary == "zh" or primary == "en") and weight > best_weight:  # noqa: PLR1714
                best, best_weight = primary, weight
    return best


def _weight(text: str) -> float:
    try:
        return float(text.strip().removeprefix("q=") or 1)
    except ValueError:
        return 0.0
