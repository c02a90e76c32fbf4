"""Erasing what is kept of a person of the utility who has left, as far as it may be.

Their login stays where they wrote something: it says who did it, and is never used again. What they wrote about visits,
and messages to customers that have their name, go with the visits.
"""

from collections import Counter
from uuid import UUID

import msgspec

from service import errors
from service.audit_log import erasures
from service.audit_log.erasures import ERASED_NAME, Erasure, person_key
from service.context import AppContext, read_only, transaction
from service.db.database import Transaction

from . import erasing, places
from .erasing import Erased

_ERASE = (
    "erase_tokens_of",
    "erase_totp_of",
    "erase_passkeys_of",
    "erase_recovery_codes_of",
    "erase_calendar_of",
    "erase_sightings_of",
    "erase_codes_of",
    "erase_devices_of",
    "erase_feed_of",
)
"""Rows of devices keep the key, with which signatures of records are checked."""


@read_only
async def preview_person(ctx: AppContext, tx: Transaction, login: str) -> Erased:
    """What an erasure would reach."""
    counts, _, _ = await _find(tx, login)
    del ctx
    return Erased(login, "", dict(counts))


async def erase_person(ctx: AppContext, login: str, by: str, why: str) -> Erased:
    """Erase name, card, photo, password, second factors, tokens, devices and events of a person who has left."""
    counts, erasure, files = await _erase(ctx, login, by, why)
    await erasing.remove_copies(ctx, files, [])
    return Erased(login, str(erasure), counts)


@transaction
async def _erase(
    ctx: AppContext, tx: Transaction, login: str, by: str, why: str
) -> tuple[dict[str, int], UUID, list[bytes]]:
    counts, rows, files = await _find(tx, login)
    if await erasures.is_erased(tx, person_key(login)):
        raise errors.Erased
    erasure = ctx.new_id()
    about = Erasure(what="person", subject=login, by=by, why=why, rows=0, digest="", counts=dict(counts))
    await erasing.add_erasure(ctx, tx, erasure, about, rows)
    for key, place in rows.items():
        if place == "events":
            await tx.execute("erase_event", id=key)
    for query in _ERASE:
        await tx.execute(query, login=login)
    await tx.execute("erase_person", login=login, name=ERASED_NAME)
    await erasing.erase_files(tx, files)
    return dict(counts), erasure, files


async def _find(tx: Transaction, login: str) -> tuple[Counter[str], dict[bytes, str], list[bytes]]:
    """How many rows of each kind, those with leaves or files, and the photo if nothing else names it."""
    person = await tx.fetch_one("person_who_left", login=login)
    if person is None:
        raise errors.NotFound
    if person[0] is None:
        raise errors.StillHere
    counts, rows, files = Counter({"people": 1}), dict[bytes, str](), list[bytes]()
    mention = f'%"person":{msgspec.json.encode(login).decode()}%'
    for key, body in await tx.fetch_all("events_naming", person=login, mention=mention):
        if msgspec.json.decode(body).get("person") == login:
            rows[bytes(key)] = "events"
    counts["events"] = len(rows)
    rows |= {bytes(key): "sightings" for (key,) in await tx.fetch_all("sightings_of", login=login)}
    for table, count in await tx.fetch_all("counts_of_person", login=login):
        counts[table] = count
    if person[1] is not None and not await tx.fetch_one("photo_elsewhere", photo=person[1], login=login):
        files.append(bytes(person[1]))
        rows[bytes(person[1])] = "blobs"
        rows |= await places.rows_of_file(tx, bytes(person[1]))
        counts["blobs"] = 1
    rows[person_key(login)] = "people"
    return +counts, rows, files
