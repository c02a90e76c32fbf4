"""Photos sent over HTTP, and records that name them."""

from typing import Any
from uuid import UUID

from tests.support.api_client import RECORD, VISIT, World, record
from tests.support.factories import said, uid
from tests.support.pictures import name


async def send_evidence(
    world: World, raw: bytes, who: str | None = "li", named: str | None = None, kind: str = "image/jpeg"
):
    return await world.ask(who, "PUT", f"/v1/evidence/{named or name(raw)}", raw, content_type=kind)


ITEM = "traffic_safety_measures"  # requires a photo


def record_naming(*files: bytes, record_id: UUID = RECORD, visit: UUID = VISIT) -> dict[str, Any]:
    pieces = [{"kind": "photo", "sha256": name(file)} for file in files]
    entries = [
        said("09:05", "arrived"),
        said("09:06", ITEM, evidence=pieces, id=str(uid(f"{record_id}"))),
        said("09:06", "traffic_affected", id=str(uid(f"traffic {record_id}"))),
    ]
    return record(record_id, visit, entries=entries)
