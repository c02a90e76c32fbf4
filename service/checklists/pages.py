"""The desk's pages of checklists: the published versions, what one says, and what differs between two."""

from typing import Annotated

import msgspec
from litestar import get
from litestar.response.base import ASGIResponse

from service.accounts.desk import Desk, DeskController, DeskRequest, render_desk
from service.errors import NotFound
from service.judge.checklist import Checklist, Item, Question
from service.web.language import AnyText, PageText, TextPair, stored_text
from service.web.query import path_text, text_parameter

from .differences import compare
from .publish import BUNDLED, PublishedChecklist, get_document, list_published
from .words import ChecklistWords

ChecklistId = Annotated[str, path_text("The checklist's id, such as `onsite`.")]
BADGES = {"violation": "bad", "warning": "warn", "info": "info"}
KINDS: dict[str, tuple[AnyText, str]] = {
    "added": (PageText("新增"), "good"),
    "removed": (PageText("删除"), "bad"),
    "changed": (PageText("改动"), "warn"),
}


class ItemGroup(msgspec.Struct, frozen=True):
    """The items of a clause of the norm, or of another source."""

    title: AnyText
    text: AnyText | None
    items: tuple[Item, ...]


class ChecklistPagesController(DeskController):
    """Pages of checklists, for everybody who is signed in, as in the API."""

    path = "/desk/checklists"

    @get()
    async def show_checklists(self, desk: Desk) -> ASGIResponse:
        """All published versions of each checklist, the newest first."""
        found: dict[str, list[PublishedChecklist]] = {}
        for one in await _versions(desk):
            found.setdefault(one.id, []).append(one)
        return render_desk(
            desk, "checklists/checklists.html", {"checklists": found, "reason": _reason}, section="checklists"
        )

    @get("/{checklist_id:str}")
    async def show_differences(
        self,
        desk: Desk,
        checklist_id: ChecklistId,
        old: Annotated[str | None, text_parameter("The earlier version; by default the one before `new`.")] = None,
        new: Annotated[str | None, text_parameter("The later version; by default the newest.")] = None,
    ) -> ASGIResponse:
        """What differs between two versions."""
        numbers = [one.version for one in await _versions(desk) if one.id == checklist_id]
        if not numbers or (new and new not in numbers) or (old and old not in numbers):
            raise NotFound
        new = new or numbers[0]
        old = old or numbers[min(numbers.index(new) + 1, len(numbers) - 1)]
        before, after = await _checklist(desk, checklist_id, old), await _checklist(desk, checklist_id, new)
        view = {
            "checklist": after,
            "old": old,
            "new": new,
            "choices": {number: TextPair(number, number) for number in numbers},
            "sections": compare(before, after),
            "kinds": KINDS,
        }
        return render_desk(desk, "checklists/differences.html", view, section="checklists")

    @get("/{checklist_id:str}/{version:str}")
    async def show_version(
        self, desk: Desk, checklist_id: ChecklistId, version: Annotated[str, path_text("The number of the version.")]
    ) -> ASGIResponse:
        """The items of a version by clause, and its questions."""
        checklist = await _checklist(desk, checklist_id, version)
        view = {
            "checklist": checklist,
            "groups": _groups(checklist),
            "questions": [(one, _question_text(one)) for one in checklist.questions],
            "words": ChecklistWords(checklist),
            "badges": BADGES,
            "published": next(one for one in await _versions(desk) if (one.id, one.version) == (checklist_id, version)),
            "reason": _reason,
        }
        return render_desk(desk, "checklists/checklist.html", view, section="checklists")


async def _versions(desk: DeskRequest) -> list[PublishedChecklist]:
    """All versions by checklist, the newest first."""
    found = (await list_published(desk.ctx, desk.token)).items
    return sorted(sorted(found, key=lambda one: int(one.version), reverse=True), key=lambda one: one.id)


async def _checklist(desk: DeskRequest, checklist_id: str, version: str) -> Checklist:
    body, _ = await get_document(desk.ctx, desk.token, checklist_id, version)
    return msgspec.json.decode(body, type=Checklist)


def _reason(text: str) -> TextPair:
    return stored_text(text, BUNDLED)


def _groups(checklist: Checklist) -> list[ItemGroup]:
    """The items by clause in the order of the norm, then those of other sources."""
    found: dict[str, list[Item]] = {clause.number: [] for clause in checklist.clauses}
    for item in checklist.items:
        found.setdefault(item.clause, []).append(item)
    texts = {clause.number: clause for clause in checklist.clauses}
    return [
        ItemGroup(TextPair(name, name), texts.get(name), tuple(items))
        for name, items in found.items()
        if items or name in texts
    ]


def _question_text(question: Question) -> AnyText:
    """The question; the page names the items that stand in for `{items}` below it."""
    return TextPair(question.zh.replace("{items}", "……"), question.en.replace("{items}", "…"))


ROUTES = (ChecklistPagesController,)
