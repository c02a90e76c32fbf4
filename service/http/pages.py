"""Pages for customers: plain HTML that works without JavaScript, in WeChat, in large type, Chinese first.

No page is cached, framed, or tells anybody where the customer came from. Nothing is loaded from elsewhere.
"""

from base64 import b64encode
from hashlib import sha256
from html import escape

from .answers import Answer, Headers

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
button:focus-visible,a:focus-visible,textarea:focus-visible{outline:4px solid #f5a300;outline-offset:2px}
label{display:block;margin:.4rem 0}
textarea{width:100%;min-height:96px;padding:.6rem;border:2px solid #555;border-radius:10px;font:inherit}
.good,.bad{color:#fff;border-radius:12px;padding:1.2rem 1rem;margin:1rem 0}
.good{background:#0a6b2e}.bad{background:#b00020}.good .en,.bad .en,button .en{color:#fff}
.good h1,.bad h1{font-size:2rem;margin:0}
.face{width:88px;height:88px;border-radius:50%;background:#0a6b2e;color:#fff;font-size:40px;line-height:88px;
text-align:center;font-weight:700;margin-bottom:.8rem}
.word{font-size:1.8rem;letter-spacing:.1em}
"""
_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()
HEADERS: Headers = (
    (b"content-type", b"text/html; charset=utf-8"),
    (
        b"content-security-policy",
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'".encode(),
    ),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow, noarchive"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)


def page(title: str, body: str, status: int = 200, more: Headers = ()) -> Answer:
    """A whole page; `body` is HTML already."""
    html = (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="format-detection" content="telephone=no"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )
    return Answer(status, html.encode(), (*HEADERS, *more))


def see_other(path: str) -> Answer:
    """Go on to a page of ours: a reload then sends nothing twice."""
    return Answer(303, b"", (*HEADERS[1:], (b"location", path.encode())))


def both(zh: str, en: str) -> str:
    """A text in both languages, Chinese first."""
    return f'{escape(zh)}<span class="en" lang="en">{escape(en)}</span>'


def rows(*pairs: tuple[str, str, str]) -> str:
    """A list of (Chinese, English, value); without those that have no value."""
    shown = (
        f'<dt>{escape(zh)} <span lang="en">{escape(en)}</span></dt><dd>{escape(value)}</dd>'
        for zh, en, value in pairs
        if value.strip()
    )
    return f"<dl>{''.join(shown)}</dl>"


def call(hotline: str) -> str:
    """A button that rings the hotline."""
    if not hotline:
        return ""
    number = "".join(c for c in hotline if c in "+0123456789")
    return f'<p><a class="tel" href="tel:{number}">{both(f"拨打热线 {hotline}", "Call the hotline")}</a></p>'


def plain(zh: str, en: str, hotline: str, status: int, more: Headers = ()) -> Answer:
    """A page that says one thing."""
    return page(zh, f"<section><h1>{both(zh, en)}</h1></section>{call(hotline)}", status, more)
