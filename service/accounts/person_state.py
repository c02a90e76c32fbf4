"""What a person is and what lets them in, as digests: their row, tokens, second factor, devices, codes and calendar.

Each event of a person commits to it, and `doorstep verify` compares the last one with the rows. Another table with
something that lets people in is another query in `PARTS`.
"""

from hashlib import sha256

import msgspec

from service.db.database import Transaction

SESSION_MAX_AGE_MS = 12 * 60 * 60_000
PARTS = {
    "row": "state_person",
    "second factor": "state_totp",
    "passkeys": "state_passkeys",
    "recovery codes": "state_recovery_codes",
    "devices": "state_devices",
    "codes": "state_codes",
    "calendar": "state_calendar",
}
"""Queries by `login`, whose rows are in a fixed order, by what they are called in faults."""


async def next_number(tx: Transaction, login: str) -> int:
    """The number of the person's next event. It locks the person. 0 when there is no such person."""
    row = await tx.fetch_one("next_event_number", login=login)
    return row[0] if row else 0


async def last_number(tx: Transaction, login: str) -> int:
    """How many events a person has."""
    row = await tx.fetch_one("event_number", login=login)
    return row[0] if row else 0


async def digests(tx: Transaction, login: str, salt: bytes, at: int) -> dict[str, str]:
    """A salted digest (128 bits, hex) of each part of a person's state at a time; none of a part that is empty."""
    parts = {name: await tx.fetch_all(query, login=login) for name, query in PARTS.items()}
    # sessions that have ended by themselves let nobody in
    parts["tokens"] = await tx.fetch_all("state_tokens", login=login, since=at - SESSION_MAX_AGE_MS)
    return {name: _digest(salt, name, rows) for name, rows in parts.items() if rows}


def _digest(salt: bytes, name: str, rows: object) -> str:
    return sha256(salt + sha256(msgspec.json.encode((name, rows))).digest()).hexdigest()[:32]
