"""The desk's pages of the quarantine: what was refused, a look at it with a reason, and the decision."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, Literal
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from service import errors
from service.accounts.desk import (
    Desk,
    DeskController,
    DeskRequest,
    explain,
    redirect_with_notice,
    render_desk,
    require_sure,
)
from service.accounts.repository import names_of
from service.web.decoding import convert_strict
from service.web.language import AnyText, PageText, TextPair, stored_text
from service.web.pagination import query_string
from service.web.query import choice_parameter, text_parameter

from .quarantine import RESUBMITTED, QuarantinedInput, get_quarantined, list_quarantined, read_input
from .quarantine_decisions import MENDED, Decision, decide
from .quarantined_visits import named_visits

DECISIONS: dict[str, AnyText] = {"take": PageText("已收下"), "discard": PageText("已作废")}
DONE: dict[str, PageText] = {"take": PageText("已收下这份记录"), "discard": PageText("已作废")}
STAYS = PageText("没有收下，它还留在隔离里：")
NO_REASON: tuple[AnyText, ...] = (PageText("请写明理由"),)
MAX_REASON = 500  # characters, as in the API
MAX_FORM = 2**21  # bytes, with a mended copy
SHOWN = 200_000
"""How many characters of an input a page shows."""


class QuarantinePagesController(DeskController):
    """Pages of the quarantine."""

    path = "/desk/quarantine"

    @get()
    async def show_quarantine(
        self,
        desk: Desk,
        decided: Annotated[
            Literal["false", "true"] | None, choice_parameter("true: those that were decided.", ("false", "true"))
        ] = None,
        after: Annotated[str | None, text_parameter("The cursor of the page before.")] = None,
    ) -> ASGIResponse:
        """What waits for a decision, or was decided, the oldest first."""
        page = await list_quarantined(desk.ctx, desk.token, after, decided=decided == "true")
        given = {"decided": "true"} if decided == "true" else dict[str, str]()
        people = {login for one in page.items for login in (one.received_from, one.decided_by or "")}
        view = {
            "page": page,
            "visits": await named_visits(desk.ctx, desk.token, [one.id for one in page.items]),
            "given": given,
            "query": query_string,
            "names": await desk.ctx.db.read(lambda tx: names_of(tx, people)),
            "titles": titles(),
            "decisions": DECISIONS,
            "reason": _reason,
        }
        return render_desk(desk, "records/quarantine.html", view, section="quarantine")

    @get("/{input_id:uuid}")
    async def show_input(self, desk: Desk, input_id: FromPath[UUID]) -> ASGIResponse:
        """What is known of an input without its bytes, and the forms."""
        return await _render(desk, await get_quarantined(desk.ctx, desk.token, input_id))

    @post("/{input_id:uuid}/look", status_code=200)
    async def look(self, desk: Desk, input_id: FromPath[UUID]) -> ASGIResponse:
        """The bytes as text. The look is logged with its reason."""
        found = await get_quarantined(desk.ctx, desk.token, input_id)
        reason = desk.form.get("look_reason", "").strip()
        if not 0 < len(reason) <= MAX_REASON:
            return await _render(desk, found, problem=NO_REASON)
        raw = await read_input(desk.ctx, desk.token, input_id, reason)
        return await _render(desk, found, content=_readable(raw), looked=True)

    @post("/{input_id:uuid}/decision", opt={"upload": MAX_FORM})
    async def decide(self, desk: Desk, input_id: FromPath[UUID]) -> ASGIResponse:
        """Take the input in its sender's name, or a mended copy, or discard it."""
        form = desk.form
        given = {"decision": form.get("decision", ""), "reason": form.get("reason", "").strip()}
        given |= {"body": form["body"]} if "body" in form else {}
        try:
            decision = convert_strict(Decision, given)
            if decision.decision == "discard":
                require_sure(desk)
            await decide(desk.ctx, desk.token, input_id, decision)
        except errors.Problem as problem:
            if problem.status in (401, 429, 500, 503):
                raise
            found = await get_quarantined(desk.ctx, desk.token, input_id)
            sentences = (STAYS, *explain(problem)) if given["reason"] else NO_REASON
            return await _render(desk, found, problem=sentences, status=problem.status)
        return redirect_with_notice("/desk/quarantine", DONE[decision.decision])


async def _render(
    desk: DeskRequest,
    found: QuarantinedInput,
    *,
    problem: tuple[AnyText, ...] = (),
    status: int = 200,
    content: str = "",
    looked: bool = False,
) -> ASGIResponse:
    people = (found.received_from, found.decided_by or "")
    view = {
        "found": found,
        "visit": (await named_visits(desk.ctx, desk.token, [found.id])).get(found.id),
        "names": await desk.ctx.db.read(lambda tx: names_of(tx, people)),
        "problem": problem,
        "content": content,
        "looked": looked,
        "typed": desk.form,
        "titles": titles(),
        "decisions": DECISIONS,
        "reason": _reason,
    }
    back = f"/desk/quarantine/{found.id}"
    status = 422 if problem and status == 200 else status
    return render_desk(desk, "records/quarantined.html", view, status, section="quarantine", back=back)


def _reason(text: str) -> TextPair:
    return stored_text(text, MENDED, RESUBMITTED)


def _readable(raw: bytes) -> str:
    """The bytes as text; JSON is indented."""
    text = raw.decode(errors="replace")
    with suppress(ValueError, RecursionError):
        text = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    return text[:SHOWN]


def titles() -> dict[str, AnyText]:
    """By code, why an input was refused."""
    return {one.code: TextPair(one.title_zh, one.title_en) for one in _all_problems(errors.Problem)}


def _all_problems(parent: type[errors.Problem]) -> Iterator[type[errors.Problem]]:
    for one in parent.__subclasses__():
        yield one
        yield from _all_problems(one)


ROUTES = (QuarantinePagesController,)
