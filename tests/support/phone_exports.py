"""The file that a phone exports, and the desk's form for it."""

from base64 import b64encode
from typing import Any

import httpx

from tests.support.api_client import RECORD, VISIT, record
from tests.support.desk import DeskBrowser, text_of
from tests.support.factories import encode, said
from tests.support.pictures import name, picture

PAGE = "/desk/phone-exports"
PHOTO = picture(7)
NOON = "2026-03-02T12:00:00+08:00"


def a_record(raw: bytes | None = None, **more: Any) -> dict[str, Any]:
    """A record with a photo, as a phone exports it."""
    evidence = [{"kind": "photo", "sha256": name(PHOTO)}]
    entries = [said("09:05", "arrived"), said("09:10", "meter_damage_photo", evidence=evidence)]
    raw = encode(record(entries=entries)) if raw is None else raw
    return {
        "id": str(RECORD),
        "visit": str(VISIT),
        "person": "li",
        "sha256": name(raw),
        "signature": None,
        "created_at": NOON,
        "state": "waiting",
        "bytes": b64encode(raw).decode(),
        **more,
    }


def a_file(raw: bytes = PHOTO, **more: Any) -> dict[str, Any]:
    """A photo, as a phone exports it."""
    content = {"visit": str(VISIT), "kind": "photo", "taken_at": NOON, "state": "waiting"}
    return {"sha256": name(raw), "bytes": b64encode(raw).decode(), **content, **more}


def an_export(*records: Any, files: Any = (), **more: Any) -> bytes:
    """The file that a phone exports."""
    content = {"format": "doorstep-export@1", "exported_at": NOON, "app": "doorstep-phone 1", "person": "li"}
    return encode({**content, "records": records, "files": files, **more})


async def hand_in(browser: DeskBrowser, raw: bytes) -> httpx.Response:
    """Post the form with a file."""
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n'
        + browser.cookies["__Host-doorstep-csrf"].encode(),
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="e.json"\r\n\r\n' + raw,
    ]
    body = b"\r\n".join(parts) + b"\r\n--x--\r\n"
    return await browser.ask("POST", PAGE, body, content_type="multipart/form-data; boundary=x", accept_language="zh")


def counts(page: httpx.Response) -> tuple[int, int, int]:
    """How many were taken, known before, and refused."""
    text = text_of(page)
    found = [int(text.partition(f" {word} ")[2].split()[0]) for word in ("已收下", "先前已收到", "没有收下")]
    return found[0], found[1], found[2]
