"""Pages for customers: plain HTML that works without JavaScript, in WeChat, in large type, Chinese first.

No page is cached, framed, or tells anybody where the customer came from. Nothing is loaded from elsewhere.
"""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape

from .responses import Answer, Headers

STYLE = """
*{box-sizing:border-box}
body{margin:0;background:#f4f6f8;color:#111;font:20px/1.6 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",
sans-serif}
main{max-width:36rem;margin:0 auto;padding:1rem}
h1{font-size:1.6rem;line-height:1.3;margin:.6rem 0}
h2{font-size:1.2rem;margin:1.4rem 0 .4rem}
section,.card{background:#fff;border-radius:12px;padding:1rem;margin:1rem 0}
dl{margin:0}dt{color:#444;font-size:18px}dd{margin:0 0 .7rem;font-size:1.15rem;font-weight:600;overflow-wrap:anywhere}
.en{display:block;color:#444;font-size:18px;font-weight:400}
button,.tel{display:block;width:100%;min-height:60px;padding:.6rem 1rem;border:0;border-radius:12px;font:inherit;
font-size:1.25rem;font-weight:700;text-align:center;text-decoration:none;cursor:pointer;background:#0b5cad;color:#fff}
button.yes{background:#0a7a34}.tel{background:#fff;color:#0b5cad;border:2px solid #0b5cad}
button:focus-visible,a:focus-visible,textarea:focus-visible,input:focus-visible{
outline:4px solid #f5a300;outline-offset:2px}
label{display:block;margin:.4rem 0}
textarea{width:100%;min-height:96px;padding:.6rem;border:2px solid #555;border-radius:10px;font:inherit}
input:not([type=hidden]){width:100%;min-height:60px;padding:.6rem;border:2px solid #555;border-radius:10px;font:inherit}
[hidden]{display:none!important}
.code{font:700 1.5rem/1.4 ui-monospace,monospace;overflow-wrap:anywhere;user-select:all}
.trouble{color:#b00020;font-weight:700}.qr svg{display:block;width:100%;max-width:20rem;height:auto}
.good,.bad{color:#fff;border-radius:12px;padding:1.2rem 1rem;margin:1rem 0}
.good{background:#0a6b2e}.bad{background:#b00020}.good .en,.bad .en,button .en{color:#fff}
.good h1,.bad h1,.good h2,.bad h2{font-size:2rem;margin:0}
.face{width:88px;height:88px;border-radius:50%;background:#0a6b2e;color:#fff;font-size:40px;line-height:88px;
text-align:center;font-weight:700;margin-bottom:.8rem}
img.face{width:160px;height:160px;object-fit:cover}
.word{font-size:1.8rem;letter-spacing:.1em}
"""


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


def message_page(zh: str, en: str, hotline: str, status: int, more: Headers = ()) -> Answer:
    """A page that says one thing."""
    return page(zh, f"<section><h1>{bilingual(zh, en)}</h1></section>{call_button(hotline)}", status, more)


def avatar(name: str, picture: str | None) -> str:
    """Who it is: the photo on his ID card, or the first character of his name."""
    if picture is None:
        return f'<div class="face" aria-hidden="true">{escape(name[:1])}</div>'
    return f'<img class="face photo" src="{escape(picture)}" alt="{escape(name)}" width="160" height="160">'
