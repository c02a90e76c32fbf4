"""The customer's page and the downloaded copy, as HTML."""

from base64 import b64encode
from hashlib import sha256

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
from .page_view import form_id, page_view, split_reports, statement_cards, unsent
from .progress import StepName
from .statements import StatementView

SIGNATURE_PAD, KEEP_INPUT = "/web/customer/pad.js", "/web/customer/choices.js"
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
    *,
    step: StepName | None = None,
) -> ASGIResponse:
    """The page. The message of a form that was not accepted (`sent`) is shown at the top and above the form. `step`:
    the one that was asked for."""
    language = language or language_of(scope)
    view = page_view(ctx, details, token, sent, step)
    sections = render_html(language, "confirmation/sections.html", view)
    forms: list[str] = view["forms"]
    changed = next((card for card in view["cards"] if card.changed), None)
    if changed is not None:
        go = f"read-{changed.anchor}"
    elif sent.form in forms:
        go = form_id(sent.form)
    else:
        go = "code" if sent.form == "code-entry" and view["started"] else ""
    fields = sent.carried or sent.fields
    view |= {
        "sections": Markup(sections),  # noqa: S704 - of our own template
        "go": go,
        "read": changed is not None,
        "unsent": [] if fields.get("form") in forms else unsent(fields, details),
    }
    script = KEEP_INPUT if "<textarea" in sections else ""
    if any(form.startswith("sign-") for form in forms):
        script = SIGNATURE_PAD
    assets = Assets(script, images=bool(details.page.technician.photo) or details.page.level is not None)
    switch = _switch(token, sent, step)
    return render(
        scope,
        "confirmation/page.html",
        view,
        status,
        headers,
        assets=assets,
        switch=switch,
        language=language,
        company=ctx.company,
    )


def _switch(token: str, sent: FormState, step: StepName | None) -> Switch | None:
    """The language switch, which carries the input along, or the step that is open; None without either, for the
    switch of any page."""
    name, fields = ("kept", sent.carried) if sent.carried else ("typed", sent.fields)
    if not fields.get("form"):
        return Switch("/language", {"back": f"/c/{token}?step={step}"}) if step else None
    return Switch(f"/c/{token}", {"does": "language", name: msgspec.json.encode(fields).decode()})


def _earlier_texts(view: StatementView) -> dict[str, str]:
    """By digest, the texts to which answers were given before a correction: the proof of such an answer names them."""
    texts = {canonical_bytes(one): None for one in view.texts.values()}
    return {sha256(raw).hexdigest(): raw.decode() for raw in texts}


def render_copy(scope: Scope, ctx: AppContext, copy: CustomerCopy) -> ASGIResponse:
    """The copy, to be downloaded: one file without references to others."""
    page = copy.details.page
    view = {
        "page": page,
        "details": copy.details,
        "now": ctx.now(),
        "cards": statement_cards(ctx, page),
        **split_reports(page),
        "data": {file: f"data:image/jpeg;base64,{b64encode(raw).decode()}" for file, raw in copy.pictures.items()},
        "styles": STYLES,
        "log": copy.log,
        "texts": [canonical_bytes(one.statement).decode() for one in page.statements],
        "earlier": [_earlier_texts(one) for one in page.statements],
    }
    header = (b"content-disposition", f'attachment; filename="visit-{page.visit.id[:8]}.html"'.encode())
    return render(scope, "confirmation/copy.html", view, 200, (header,))
