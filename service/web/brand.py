"""How customers' pages look: the utility's logo and colour, from settings, and their styles."""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from service.config.errors import SettingsError
from service.context import Logo

_STATIC = Path(__file__).parent / "static"
LEAST_CONTRAST = 5.0  # of the colour with white; WCAG 2.2 asks for 4.5, and the pages also use it on a light grey
DARKER = 0.96
MAX_LOGO_BYTES = 200_000
_KINDS = ((b"\x89PNG\r\n\x1a\n", b"image/png"), (b"\xff\xd8\xff", b"image/jpeg"))
_SVG_BEGINS = (b"<svg", b"<?xml", b"<!--")
SHEETS = ("shared/page.css", "customer/page.css", "customer/statement.css")
"""They are inside the page, because a file would be one more round trip before the first paint."""


def readable(colour: str) -> str:
    """The colour (#RRGGBB), darkened until text in it can be read on white, and white text on it."""
    parts = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    while contrast_with_white(parts) < LEAST_CONTRAST:
        parts = [int(part * DARKER) for part in parts]
    return "#" + "".join(f"{part:02x}" for part in parts)


def contrast_with_white(parts: list[int]) -> float:
    """The contrast ratio of WCAG 2."""
    linear = [part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in parts]
    return 1.05 / (sum(a * b for a, b in zip(linear, (0.2126, 0.7152, 0.0722), strict=True)) + 0.05)


def read_logo(setting: str) -> Logo | None:
    """The logo. SettingsError when it cannot be used."""
    if not setting:
        return None
    path = Path(setting)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"DOORSTEP_LOGO: {path} 读不出来 / cannot be read: {error.strerror}") from None
    if len(content) > MAX_LOGO_BYTES:
        raise SettingsError(
            f"DOORSTEP_LOGO: {path} 超过 {MAX_LOGO_BYTES // 1000} KB / is larger than {MAX_LOGO_BYTES // 1000} KB"
        )
    found = [kind for start, kind in _KINDS if content.startswith(start)]
    if not found and content.lstrip().startswith(_SVG_BEGINS) and b"<svg" in content:
        found = [b"image/svg+xml"]
    if not found:
        raise SettingsError(f"DOORSTEP_LOGO: {path} 不是 PNG、JPEG 或 SVG 文件 / is no PNG, JPEG or SVG file")
    return Logo(content, found[0], sha256(content).hexdigest()[:32])


@cache
def styles(colour: str) -> tuple[str, str]:
    """The styles of customers' pages in a colour, and their digest as the Content-Security-Policy names it."""
    parts = [(_STATIC / name).read_text() for name in SHEETS]
    content = _short("\n".join((*parts, f":root {{ --brand: {colour} }}")))
    return content, f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


def _short(text: str) -> str:
    """Without comments and white space that mean nothing: on a slow line they cost time."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"\s*([{};,>])\s*", r"\1", re.sub(r"\s+", " ", text)).replace(": ", ":").strip()


def logo_address(logo: Logo | None) -> str | None:
    """Where the logo is."""
    return f"/brand/logo?v={logo.digest}" if logo else None
