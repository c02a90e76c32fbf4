"""The customer's page and the copy to keep, as HTML."""

from base64 import b64encode

import msgspec
from litestar.response.base import ASGIResponse
from litestar.types import Scope
from markupsafe import Markup

from service.context import AppContext
from service.judge.statements import canonical_bytes
from service.web.language import Language, language_of
from service.web.responses import Headers
from service.web.static_files import FOLDER
from service.web.templates import Assets, Switch, render, render_html

from .copy import CustomerCopy
from .form_state import NOTHING_SENT, FormState
from .page import PageDetails
from .page_view import copy_view, form_id, page_view, unsent

SIGNATURE_PAD, KEEP_INPUT = "/web/customer/pad.js", "/web/customer/keep.js"
STYLES = Markup("\n").join(Markup((FOLDER / name).read_text()) for name in ("shared/page.css", "customer/copy.css"))  # noqa: S704 - ours


def render_page(
    scope: Scope,
    ctx: AppContext,
    details: PageDetails,
    token: str,
    sent: FormState = NOTHING_SENT,
    status: int = 200,
    headers: Headers = (),
    language: Language | None = None,
) -> ASGIResponse:
    """The page. `sent` is what could not be taken; then its message stands at the top and above its form."""
    said = language or language_of(scope)
    view = page_view(ctx, details, token, sent)
    sections = render_html(said, "confirmation/sections.html", view)
    forms: list[str] = view["forms"]
    changed = next((one for one in view["papers"] if one.changed), None)
    if changed is not None:
        go, read = f"read-{changed.anchor}", True
    elif sent.where in forms:
        go, read = form_id(sent.where), False
    else:
        go, read = "code" if sent.where == "code-entry" and view["started"] else "", False
    fields = sent.kept or sent.fields
    view |= {
        "sections": Markup(sections),  # noqa: S704 - of our own template
        "go": go,
        "read": read,
        "unsent": [] if fields.get("form") in forms else unsent(fields, details),
    }
    pad, keep = any(one.startswith("sign-") for one in forms), "<textarea" in sections
    images = details.page.technician.photo or details.page.level is not None
    assets = Assets(SIGNATURE_PAD if pad else KEEP_INPUT if keep else "", images=images)
    return render(
        scope,
        "confirmation/page.html",
        view,
        status,
        headers,
        assets=assets,
        switch=_switch(token, sent),
        language=said,
    )


def _switch(token: str, sent: FormState) -> Switch | None:
    """The switch of the language takes along what a form had; else it leads back to the page like everywhere."""
    name, fields = ("kept", sent.kept) if sent.kept else ("typed", sent.fields)
    if not fields.get("form"):
        return None
    return Switch(f"/c/{token}", {"does": "language", name: msgspec.json.encode(fields).decode()})


def render_copy(scope: Scope, ctx: AppContext, given: CustomerCopy) -> ASGIResponse:
    """The copy: one file that needs nothing from anywhere, to be saved and not shown."""
    seen = given.details.page
    pictures = {file: f"data:image/jpeg;base64,{b64encode(raw).decode()}" for file, raw in given.pictures.items()}
    view = copy_view(ctx, given.details) | {
        "data": pictures,
        "styles": STYLES,
        "signatures": [one.signature for one in seen.statements],
        "typed": [one.typed for one in seen.statements],
        "texts": [canonical_bytes(one.statement).decode() for one in seen.statements],
    }
    name = (b"content-disposition", f'attachment; filename="visit-{seen.visit.id[:8]}.html"'.encode())
    return render(scope, "confirmation/copy.html", view, 200, (name,))
