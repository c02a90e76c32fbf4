"""A small utility for tests: 赵 dispatches, 李 and 孙 are technicians, 王 supervises, 钱 works elsewhere."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import msgspec

from service.accounts import coverage
from service.accounts import repository as accounts_repository
from service.accounts.authentication import token_digest
from service.accounts.permissions import Person
from service.checklists import publish
from service.checklists.loader import bundled_checklists_dir
from service.context import AppContext
from service.db.database import Database, Transaction
from service.dispatch import planning, rescheduling
from service.dispatch.views import VisitView
from service.records import office_entries, submit
from service.visits.change_rows import ChangeKind
from service.visits.changes import CHANGE_DECODERS
from service.visits.loading import OFFICE_ENTRIES_DECODER, PLAN_DECODER
from service.web.decoding import decode_strict
from tests.support import example_visits as stories


def _once(read: Callable[[Path], Any]) -> Callable[[Path], Any]:
    """Cache the result for the bundled checklist, which takes a sixth of a second to read; not for other folders."""
    found: list[Any] = []

    def reads(folder: Path) -> Any:
        if folder != bundled_checklists_dir():
            return read(folder)
        if not found:
            found.append(read(folder))
        return found[0]

    return reads


publish.lint, publish.load_checklist = _once(publish.lint), _once(publish.load_checklist)
SPACE = UUID(int=7)
PEOPLE = (
    Person("zhao", "赵", ("dispatcher",), ("城东",)),
    Person("li", "李", ("technician",), ("城东",)),
    Person("sun", "孙", ("technician",), ("城东",)),
    Person("wang", "王", ("supervisor",), ("城东",)),
    Person("qian", "钱", ("dispatcher", "supervisor"), ("城西",)),
    Person("admin", "管理员", ("admin",), ()),
)
TOKENS = {person.login: token_digest(f"token of {person.login}") for person in PEOPLE}


def uid(name: str) -> UUID:
    """A stable id for a name."""
    return uuid5(SPACE, name)


class Town:
    """The application's context for a test, with a clock that only moves when it is set, and shortcuts."""

    def __init__(self, db: Database) -> None:
        self.now = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # noon in Shanghai
        self.count = 0
        self.ctx = AppContext(
            db=db,
            clock=lambda: int(self.now.timestamp() * 1000),
            new_id=self._id,
            zone=ZoneInfo("Asia/Shanghai"),
            rules_cache={},
        )

    def _id(self) -> UUID:
        self.count += 1
        return UUID(int=self.count)

    async def open(self) -> "Town":
        """Publish the checklist and add all people."""

        async def hire(tx: Transaction) -> None:
            for person in PEOPLE:
                await accounts_repository.add_person(tx, person, 0)
                await accounts_repository.add_token(tx, TOKENS[person.login], person.login, 0)

        await self.ctx.db.write(hire)
        await coverage.begin(self.ctx)
        await publish.publish_bundled_checklist(self.ctx)
        return self

    async def planned(self, name: str = "v", by: str = "zhao", **more: Any) -> UUID:
        """Plan a visit for 李."""
        await plan_visit(self.ctx, TOKENS[by], uid(name), encode(a_plan(**more)))
        return uid(name)

    async def submitted(self, raw: bytes, by: str = "li") -> Any:
        """Submit a record, under the id in its bytes; returns the receipt."""
        return await submit.submit_record(self.ctx, TOKENS[by], UUID(json.loads(raw)["id"]), raw)

    async def noted(self, visit: UUID, *entries: dict[str, Any], by: str = "zhao") -> Any:
        """Add entries of the office."""
        raw = encode({"entries": entries})
        written = decode_strict(OFFICE_ENTRIES_DECODER, raw)
        return await office_entries.add_office_entries(self.ctx, TOKENS[by], visit, written, raw)


async def plan_visit(ctx: AppContext, token: bytes, visit: UUID, raw: bytes) -> tuple[bool, VisitView]:
    """Plan a visit like the HTTP handler."""
    return await planning.create(ctx, token, visit, decode_strict(PLAN_DECODER, raw), raw)


async def change_visit(
    ctx: AppContext, token: bytes, visit: UUID, kind: ChangeKind, raw: bytes, expected: frozenset[int]
) -> VisitView:
    """Change a visit like the HTTP handler."""
    content = decode_strict(CHANGE_DECODERS[kind], raw)
    return await rescheduling.change(ctx, token, visit, kind, content, raw, expected)


def encode(content: Any) -> bytes:
    """JSON bytes."""
    return msgspec.json.encode(content)


def a_plan(**more: Any) -> dict[str, Any]:
    """A plan, as a dispatcher sends it."""
    return {
        "type": "repair_leak",
        "window": {"from": stories.clock("09:00"), "to": stories.clock("10:00")},
        "technician": "li",
        "customer": {"name": "陶", "phone": "13800000000", "address": "虚构路 1 号", "account": "1001"},
        "work": {"content": "检修漏水", "place": "厨房"},
        **more,
    }


def said(at: str, what: str, by: str = "technician", **more: Any) -> dict[str, Any]:
    """An entry as JSON; by default its id is derived from its content."""
    more.setdefault("id", str(uid(f"{at} {what} {by} {more.get('thing')}")))
    return {"at": stories.clock(at), "what": what, "by": by, **more}


def a_record(name: str, visit: UUID, *entries: dict[str, Any], **more: Any) -> bytes:
    """A record, as a phone sends it."""
    return encode({"id": str(uid(name)), "visit": str(visit), "checklist": "onsite@1", "entries": entries, **more})


FAR_AHEAD = "2026-04-11T09:00:00+08:00"  # forty days after the visit


def entry_ahead(what: str, at: str = FAR_AHEAD, **more: Any) -> dict[str, Any]:
    return {"id": str(uid(f"ahead {what}")), "at": at, "what": what, "by": "technician", **more}
