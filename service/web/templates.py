"""Pages: Jinja templates of each package (`service/<package>/templates`), rendered in the language of the request.

A template is named `<package>/<file>`. Every value is escaped; the English texts are in the catalogue. No page may be
cached or framed, sends a referrer to other sites, or loads anything from them.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache, partial
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import msgspec
from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from litestar.response.base import ASGIResponse
from litestar.types import Scope
from markupsafe import Markup

from service.context import CompanyProfile
from service.judge.visit import Window

from .brand import logo_address, styles
from .language import TAGS, AnyText, Language, PageText, TextPair, language_of
from .responses import Headers, raw_response
from .static_files import versioned

PACKAGES = Path(__file__).parents[1]
CATALOGUE = Path(__file__).parent / "locale" / "en" / "LC_MESSAGES" / "doorstep.po"
SECURITY: Headers = (
    (b"cache-control", b"no-store"),
    (b"vary", b"accept-language, cookie"),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-robots-tag", b"noindex, nofollow, noarchive"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
SWITCHABLE = re.compile(
    r"/([A-Za-z0-9][A-Za-z0-9/_.~%-]*)?(#[A-Za-z0-9_.~%!'()*-]*)?"
    r"|/c/[A-Za-z0-9_.~%-]+\?step=[a-z]+"
    r"|/(desk|sign-in)[A-Za-z0-9/_.~%-]*\?[A-Za-z0-9_.~%&=+*/-]*"
)
"""The addresses of this site that a form may return to."""
_MOMENT: dict[Language, str] = {"zh": "y年M月d日 HH:mm", "en": "d MMMM y, HH:mm"}
_DAY_AND_TIME: dict[Language, str] = {"zh": "M月d日 HH:mm", "en": "d MMMM, HH:mm"}
_DAY: dict[Language, str] = {"zh": "M月d日（EEE）", "en": "EEEE d MMMM,"}
_SHORT_DAY: dict[Language, str] = {"zh": "M月d日（EEE）", "en": "EEE d MMM"}
_DATE: dict[Language, str] = {"zh": "y年M月d日 EEEE", "en": "EEEE d MMMM y"}


class Switch(msgspec.Struct, frozen=True):
    """Where the language button posts to, with which fields; by default it returns to the same address."""

    action: str
    fields: Mapping[str, str] = {}


class Assets(msgspec.Struct, frozen=True):
    """What a page loads from this site: a script, which may also call the API (`asks`), pictures, and styles, unless
    they are inside the page and `styles` is their digest."""

    script: str = ""
    asks: bool = False
    images: bool = False
    styles: str = "'self'"

    def policy(self) -> bytes:
        """The Content-Security-Policy that allows only that."""
        sources = (("script-src", self.script), ("connect-src", self.asks), ("img-src", self.images))
        more = "".join(f"; {what} 'self'" for what, wanted in sources if wanted)
        rest = "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        return f"default-src 'none'; style-src {self.styles}; {rest}{more}".encode()


NO_ASSETS = Assets()


class Brand(msgspec.Struct, frozen=True):
    """The top of a customer's page, its styles with their digest, and the address of its logo."""

    name: str
    styles: Markup
    digest: str
    logo: str | None
    colour: str

    @classmethod
    def of(cls, company: CompanyProfile) -> Self:
        """That of a utility."""
        content, digest = styles(company.colour)
        logo = logo_address(company.logo)
        return cls(company.company, Markup(content), digest, logo, company.colour)  # noqa: S704 - our own files


def render(
    scope: Scope,
    template: str,
    view: Mapping[str, Any],
    status: int = 200,
    headers: Headers = (),
    *,
    assets: Assets = NO_ASSETS,
    switch: Switch | None = None,
    language: Language | None = None,
    origin: bool = False,
    company: CompanyProfile | None = None,
) -> ASGIResponse:
    """A page. `language` overrides that of the request. `company`: whose page it is, with its name, logo and colour.

    `origin`: browsers send the origin of its forms; under `no-referrer` they send `Origin: null`.
    """
    language, switch = language or language_of(scope), switch or Switch("/language", {"back": quote(scope["path"])})
    brand = Brand.of(company) if company else None
    if brand is not None:
        images = assets.images or brand.logo is not None
        assets = msgspec.structs.replace(assets, images=images, styles=brand.digest)
    html = render_html(language, template, {**view, "assets": assets, "switch": switch, "brand": brand})
    first = (
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-language", TAGS[language].encode()),
        (b"content-security-policy", assets.policy()),
        (b"referrer-policy", b"same-origin" if origin else b"no-referrer"),
    )
    return raw_response(status, html.encode(), (*first, *SECURITY, *headers))


def render_html(language: Language, template: str, view: Mapping[str, Any]) -> str:
    """Render a template as text."""
    return _environment(language).get_template(template).render(view)


def compile_templates() -> None:
    """Compile every template in both languages, so that no request waits for it."""
    for language in TAGS:
        environment = _environment(language)
        for name in environment.list_templates(extensions=["html"]):
            environment.get_template(name)


def message_page(
    scope: Scope,
    message: AnyText,
    status: int,
    headers: Headers = (),
    *,
    company: CompanyProfile | None = None,
    more: AnyText | None = None,
) -> ASGIResponse:
    """A page with a message, a sentence more, and how to contact the utility."""
    view = {"message": message, "more": more, "hotline": company.hotline if company else ""}
    return render(scope, "web/message.html", view, status, headers, company=company)


def plain_problem_page(
    scope: Scope, company: str, sentences: tuple[AnyText, ...], status: int, headers: Headers = ()
) -> ASGIResponse:
    """A problem in the frame of the desk, for people who are not signed in."""
    view = {"problem": sentences, "desk": None, "company": company}
    return render(
        scope, "web/desk_problem.html", view, status, headers, switch=Switch("/language", {"back": "/sign-in"})
    )


def redirect(path: str, headers: Headers = ()) -> ASGIResponse:
    """Redirect to a page of this site after a POST, so that a reload does not repeat it."""
    first = ((b"content-security-policy", NO_ASSETS.policy()), (b"referrer-policy", b"no-referrer"))
    return raw_response(303, b"", (*first, *SECURITY, (b"location", path.encode()), *headers))


def contact_advice(hotline: str) -> PageText:
    """Advice for people who need help; the hotline is mentioned only if there is one."""
    return PageText("拨打热线") if hotline else PageText("联系供水公司")


def translate(text: AnyText, language: Language) -> str:
    """A text in a language; Chinese if there is no English."""
    if isinstance(text, PageText):
        return _translations(language).gettext(text.zh) % {
            name: translate(value, language) if isinstance(value, PageText | TextPair) else value
            for name, value in text.values.items()
        }
    return (text.en if language == "en" else "") or text.zh


def format_moment(moment: datetime, language: Language) -> str:
    """Date and time: 2026年3月2日 09:30; 2 March 2026, 09:30."""
    return format_datetime(moment, _MOMENT[language], locale=language)


def format_day_and_time(moment: datetime, language: Language) -> str:
    """Date and time without the year: 3月2日 09:30; 2 March, 09:30."""
    return format_datetime(moment, _DAY_AND_TIME[language], locale=language)


def format_day(day: date, language: Language) -> str:
    """2026年3月2日 星期一; Monday 2 March 2026."""
    return format_date(day, _DATE[language], locale=language)


def format_short_day(day: date, language: Language) -> str:
    """3月2日（周一）; Mon 2 Mar."""
    return format_date(day, _SHORT_DAY[language], locale=language)


def format_window(window: Window, language: Language) -> str:
    """3月2日（周一） 09:00–10:00; Monday 2 March, 09:00–10:00. Only one time if it ends when it begins."""
    start, end = window.start, window.end
    day, last = (format_datetime(time, _DAY[language], locale=language) for time in (start, end))
    if end == start:
        return f"{day} {start:%H:%M}"
    return f"{day} {start:%H:%M}–{'' if last == day else f'{last} '}{end:%H:%M}"


def _contact(hotline: str, language: Language) -> str:
    return translate(contact_advice(hotline), language)


@cache
def _environment(language: Language) -> Environment:
    folders = {folder.parent.name: FileSystemLoader(folder) for folder in sorted(PACKAGES.glob("*/templates"))}
    environment: Any = Environment(
        loader=PrefixLoader(folders),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(_translations(language), newstyle=True)
    environment.globals |= {"language": language, "tag": TAGS[language], "versioned": versioned}
    environment.filters |= {
        "contact": partial(_contact, language=language),
        "translated": partial(translate, language=language),
        "moment": partial(format_moment, language=language),
        "day_and_time": partial(format_day_and_time, language=language),
        "day": partial(format_day, language=language),
        "short_day": partial(format_short_day, language=language),
        "window": partial(format_window, language=language),
    }
    return environment


@cache
def _translations(language: Language) -> NullTranslations:
    """The catalogue, compiled in memory. Chinese needs none: its texts are the keys."""
    if language == "zh":
        return NullTranslations()
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
