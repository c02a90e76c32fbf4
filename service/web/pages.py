"""Pages for customers: plain HTML that works without JavaScript, in WeChat, in large type, Chinese first.

No page is cached, framed, or tells anybody where the customer came from. Nothing is loaded from elsewhere.
"""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path

from litestar.types import Scope

from .language import AnyText
from .responses import Answer, Headers
from .templates import render

STYLE = (Path(__file__).parent / "static/shared/page.css").read_text()


@cache
def _policy(*styles: str, script: bool = False, asks: bool = False, images: bool = False) -> bytes:
    """What a page may load: its own styles, and of this site what it needs."""
    hashes = " ".join(f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" for style in styles if style)
    more = "".join(
        f"; {what} 'self'"
        for what, given in (("script-src", script), ("connect-src", asks), ("img-src", images))
        if given
    )
    return (
        f"default-src 'none'; style-src {hashes}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'{more}"
    ).encode()


HEADERS: Headers = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", _policy(STYLE)),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow, noarchive"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)


_ICON = '<link rel="icon" href="/web/shared/icon.svg">'  # else a page that may load images asks for /favicon.ico


def _tag(script: str) -> str:
    return f'<script type="module" src="{escape(script)}"></script>' if script else ""


def page(
    title: str,
    body: str,
    status: int = 200,
    more: Headers = (),
    script: str = "",
    *,
    style: str = "",
    asks: bool = True,
    images: bool = False,
    own: bool = False,
) -> Answer:
    """A whole page; `body` is HTML already.

    `script` is the address of a module of ours, for pages that have one; it `asks` this site unless that is denied.
    `style` comes after the style of all pages. With `images` those of this site are shown.
    `own`: its forms say where they come from, which under `no-referrer` browsers do not (`Origin: null`).
    """
    html = (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="format-detection" content="telephone=no"><title>{escape(title)}</title>'
        f"{_ICON if images else ''}<style>{STYLE}</style>{f'<style>{style}</style>' if style else ''}{_tag(script)}"
        f"</head><body><main>{body}</main></body></html>"
    )
    policy = _policy(STYLE, style, script=bool(script), asks=bool(script) and asks, images=images)
    first = ((b"content-type", b"text/html; charset=utf-8"), (b"content-security-policy", policy))
    rest = tuple((name, b"same-origin" if own and name == b"referrer-policy" else value) for name, value in HEADERS[2:])
    return Answer(status, html.encode(), (*first, *rest, *more))


def redirect(path: str, more: Headers = ()) -> Answer:
    """Go on to a page of ours: a reload then sends nothing twice."""
    return Answer(303, b"", (*HEADERS[1:], (b"location", path.encode()), *more))


def bilingual(zh: str, en: str) -> str:
    """A text in both languages, Chinese first."""
    return f'{escape(zh)}<span class="en" lang="en">{escape(en)}</span>'


def definition_list(*pairs: tuple[str, str, str]) -> str:
    """A list of (Chinese, English, value); without those that have no value."""
    shown = (
        f'<dt>{escape(zh)} <span lang="en">{escape(en)}</span></dt><dd>{escape(value)}</dd>'
        for zh, en, value in pairs
        if value.strip()
    )
    return f"<dl>{''.join(shown)}</dl>"


def call_button(hotline: str) -> str:
    """A button that rings the hotline."""
    if not hotline:
        return ""
    number = "".join(c for c in hotline if c in "+0123456789")
    return f'<p><a class="tel" href="tel:{number}">{bilingual(f"拨打热线 {hotline}", "Call the hotline")}</a></p>'


def contact_advice(hotline: str) -> tuple[str, str]:
    """What somebody is asked to do who cannot go on by himself; a hotline is named only where there is one."""
    return ("拨打热线", "call the hotline") if hotline else ("联系供水公司", "contact the utility")


def message_page(scope: Scope, message: AnyText, hotline: str, status: int, more: Headers = ()) -> Answer:
    """A page that says one thing."""
    return render(scope, "web/message.html", {"message": message, "hotline": hotline}, status, more)


def avatar(name: str, picture: str | None) -> str:
    """Who it is: the photo on his ID card, or the first character of his name."""
    if picture is None:
        return f'<div class="face" aria-hidden="true">{escape(name[:1])}</div>'
    return f'<img class="face photo" src="{escape(picture)}" alt="{escape(name)}" width="160" height="160">'
