"""What a load test works on: fifty technicians, any number of visits, and a record of each as a phone would send it."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from service.accounts import repository as accounts_repository
from service.accounts.authentication import token_digest
from service.accounts.permissions import Person
from service.checklists.publish import publish_bundled_checklist
from service.context import AppContext
from service.db.database import Database, Transaction
from service.lifecycle import current_millis, uuid7
from service.visits.notice_flags import NOT_AGREED, NOTICE_DUE
from service.visits.repository import VisitRow, add_visit
from tests.load.keys import LOAD_KEYS
from tests.support import example_visits as stories

TOKEN = "load-test"
PHONES = 50  # writers of one technician's agenda take turns: a town has many
MANY = 2000


def phone_of(visit: UUID) -> int:
    """Whose visit it is, by number."""
    return visit.int % PHONES


def token_of(visit: UUID) -> str:
    """The token of the phone that sends the visit's record."""
    return f"{TOKEN}-{phone_of(visit)}"


def record_of(visit: UUID, record: UUID, parts: list[bytes]) -> bytes:
    """A record of about 5 KB: the technician's entries of the story S01, compact JSON."""
    return b"".join((parts[0], str(record).encode(), parts[1], str(visit).encode(), parts[2]))


def _story() -> dict[str, Any]:
    """S01 as if it ended a minute ago, with two hours of its window left: only records make the service judge."""
    text = (stories.FOLDER / "S01.json").read_text()
    ended = max(datetime.fromisoformat(entry["at"]) for entry in json.loads(text)["entries"])
    now = datetime.now(ended.tzinfo).replace(microsecond=0)

    def moved(time: re.Match[str]) -> str:
        return (datetime.fromisoformat(time[0]) + (now - timedelta(minutes=1) - ended)).isoformat()

    story = json.loads(re.sub(r"\d{4}-\d\d-\d\dT[0-9:]{8}\+08:00", moved, text))
    story["visit"]["window"]["to"] = (now + timedelta(hours=2)).isoformat()
    return story


def record_parts() -> list[bytes]:
    """The pieces of a record around its two ids."""
    told = _story()
    entries = [entry for entry in told["entries"] if entry["by"] == "technician"]
    whole = {"id": "RECORD", "visit": "VISIT", "checklist": "onsite@1", "entries": entries, "app": "load"}
    before, rest = msgspec.json.encode(whole).split(b"RECORD")
    return [before, *rest.split(b"VISIT")]


async def settle_town(db: Database, visits: int) -> list[UUID]:
    """People, the checklist, and visits that wait for their records; their ids."""
    ctx = AppContext(
        db=db, clock=current_millis, new_id=uuid7, zone=ZoneInfo("Asia/Shanghai"), rules_cache={}, keys=LOAD_KEYS
    )
    await publish_bundled_checklist(ctx)

    async def hire(tx: Transaction) -> None:
        for phone in range(PHONES):
            if await accounts_repository.add_person(
                tx, Person(f"li{phone}", "李", ("technician",), ("城东",)), current_millis()
            ):
                await accounts_repository.add_token(
                    tx, token_digest(f"{TOKEN}-{phone}"), f"li{phone}", current_millis()
                )

    await db.write(hire)
    told = _story()["visit"]
    plan = {
        "type": told["type"],
        "window": told["window"],
        "customer": {"name": "陶", "phone": "13800000000", "address": "虚构路 12 号", "account": "100200300"},
        "work": {"content": "检修漏水", "place": "厨房"},
    }
    bodies = [msgspec.json.encode({**plan, "technician": f"li{phone}"}) for phone in range(PHONES)]
    start, end = (int(datetime.fromisoformat(told["window"][edge]).timestamp() * 1000) for edge in ("from", "to"))
    window = start, end
    ids = [uuid7() for _ in range(visits)]
    for some in _chunks(ids):

        async def plan_some(tx: Transaction, some: list[UUID] = some) -> None:
            for visit in some:
                await add_visit(tx, _row(visit, bodies[phone_of(visit)], window))

        await db.write(plan_some)
    return ids


def _chunks(ids: list[UUID]) -> Iterator[list[UUID]]:
    for start in range(0, len(ids), MANY):
        yield ids[start : start + MANY]


def _row(visit: UUID, body: bytes, window: tuple[int, int]) -> VisitRow:
    return VisitRow(
        id=visit,
        sha256=sha256(body).digest(),
        body=body,
        type="repair_leak",
        technician=f"li{phone_of(visit)}",
        area="城东",
        checklist="onsite",
        checklist_version="1",
        window_from=window[0],
        window_to=window[1],
        created_at=current_millis(),
        created_by="zhao",
        salt=bytes(32),
        flags=" ".join((NOTICE_DUE, NOT_AGREED)),
    )
