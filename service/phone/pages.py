"""The phone's app: its page, service worker, manifest and files. None needs a token; what the app asks for does."""

from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.params import PathParameter
from litestar.response.base import ASGIResponse

from service.errors import InternalError, InvalidQuery, NotFound
from service.web.api_document import PUBLIC, answer, pages, problems
from service.web.compression import accepts
from service.web.language import TAGS, PageText, language_of
from service.web.request import AnyRequest, IfNoneMatch
from service.web.responses import ASKED_EACH_TIME, FOR_GOOD, Headers, file_response
from service.web.templates import render_html, translate

from . import files

NAME = PageText("上门")
ABOUT = PageText("上门服务：今天的任务，一步一步记录，没有网络也能用")
POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; "
    b"manifest-src 'self'; worker-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
SECURITY: Headers = (
    (b"x-frame-options", b"DENY"),
    (b"x-robots-tag", b"noindex, nofollow, noarchive"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(self)"),
    (b"referrer-policy", b"no-referrer"),
)
"""A photo is taken by the phone's camera app, not by the page; the position is asked for."""
_ICONS = (
    ("icon.svg", "any", "any"),
    ("icon-512.png", "512x512", "any"),
    ("icon-512.png", "512x512", "maskable"),
)


class PhoneController(Controller):
    """The phone's app. Without a rate limit: a request costs less than its refusal."""

    tags = ("pages",)
    opt = {"exclude_from_auth": True}  # noqa: RUF012 - as Litestar declares it
    security = PUBLIC

    @get(
        "/phone",
        summary="The technician's app",
        responses={304: answer(None, "Not modified"), **problems(InvalidQuery, InternalError), **pages(200)},
    )
    async def show_app(self, request: AnyRequest, if_none_match: IfNoneMatch = None) -> ASGIResponse:
        """A page whose script does the rest. It names the version, and is asked for again each time."""
        language = language_of(request.scope)
        icon = f"{files.BASE}icons/"
        given = {"base": files.BASE, "icons": icon, "about": ABOUT, "scripts": files.SCRIPTS}
        body = render_html(language, "phone/phone.html", given)
        headers = (
            (b"content-language", TAGS[language].encode()),
            (b"content-security-policy", POLICY),
            (b"vary", b"accept-language, cookie"),
            *SECURITY,
        )
        return file_response(
            body.encode(),
            b"text/html; charset=utf-8",
            f"{files.VERSION}-{language}",
            if_none_match,
            ASKED_EACH_TIME,
            headers,
        )

    @get("/favicon.ico", include_in_schema=False)
    async def show_favicon(self, if_none_match: IfNoneMatch = None) -> ASGIResponse:
        """The app's icon, for browsers that ask for it unasked."""
        icon = files.FILES["icons/icon-512.png"]
        return file_response(icon.body, icon.kind, icon.digest[:32], if_none_match, ASKED_EACH_TIME)

    @get(
        "/phone/sw.js",
        summary="The app's service worker",
        responses={
            200: answer(str, "A script.", "text/javascript"),
            304: answer(None, "Not modified"),
            **problems(InvalidQuery, InternalError),
        },
    )
    async def show_worker(self, if_none_match: IfNoneMatch = None) -> ASGIResponse:
        """Keeps one version of the app on the phone. It changes with every version."""
        headers = (
            (b"service-worker-allowed", b"/phone"),  # its folder is /phone/, and the page is /phone
            (b"content-security-policy", b"default-src 'none'; connect-src 'self'"),
        )
        return file_response(
            files.service_worker(), files.KINDS[".js"], files.VERSION, if_none_match, ASKED_EACH_TIME, headers
        )

    @get(
        "/phone/manifest.webmanifest",
        summary="The app's manifest",
        responses={
            200: answer(dict[str, object], "A web app manifest.", "application/manifest+json"),
            304: answer(None, "Not modified"),
            **problems(InvalidQuery, InternalError),
        },
    )
    async def show_manifest(self, request: AnyRequest, if_none_match: IfNoneMatch = None) -> ASGIResponse:
        """What the phone shows when the app is installed."""
        language = language_of(request.scope)
        manifest = {
            "id": "/phone",
            "name": translate(NAME, language),
            "short_name": translate(NAME, language),
            "description": translate(ABOUT, language),
            "lang": TAGS[language],
            "start_url": "/phone",
            "scope": "/phone",
            "display": "standalone",
            "orientation": "any",
            "background_color": "#ffffff",
            "theme_color": "#ffffff",
            "icons": [
                {
                    "src": f"{files.BASE}icons/{name}",
                    "sizes": sizes,
                    "type": files.FILES[f"icons/{name}"].kind.decode(),
                    "purpose": purpose,
                }
                for name, sizes, purpose in _ICONS
            ],
        }
        body, tag = msgspec.json.encode(manifest), f"{files.VERSION}-{language}"
        headers = ((b"vary", b"accept-language, cookie"),)
        return file_response(body, b"application/manifest+json", tag, if_none_match, ASKED_EACH_TIME, headers)

    @get(
        "/phone/files/{version:str}/{file:path}",
        summary="A file of the app",
        responses={
            200: answer(str, "A script, a style or a picture.", "text/javascript"),
            304: answer(None, "Not modified"),
            **problems(InvalidQuery, NotFound, InternalError),
        },
    )
    async def show_app_file(
        self,
        request: AnyRequest,
        version: Annotated[str, PathParameter(description="The digest over all files.", max_length=200)],
        file: Annotated[str, PathParameter(description="The file's path.", max_length=200)],
        if_none_match: IfNoneMatch = None,
    ) -> ASGIResponse:
        """Only of the version that the server has: an older page keeps its own files, or is loaded again."""
        known = files.FILES.get(file.lstrip("/"))
        if known is None or version != files.VERSION:
            raise NotFound
        coding = next((one for one in known.packed if accepts(request.scope, one)), b"")
        body, headers = known.packed.get(coding, known.body), ((b"vary", b"accept-encoding"),)
        return file_response(body, known.kind, known.digest[:32], if_none_match, FOR_GOOD, headers, coding=coding)


ROUTES = (PhoneController,)
