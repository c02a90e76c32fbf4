"""What a person is and what lets them in, as one digest: their row, tokens, second factor, devices, codes and calendar.

Each event of a person commits to it, and `doorstep verify` compares the last one with the rows. Another table with
something that lets people in is another query in `PARTS`.
"""

from hashlib import sha256

import msgspec

from service.db.database import Transaction

from .authentication import SESSION_MAX_AGE_MS

PARTS = ("state_person", "state_totp", "state_devices", "state_codes", "state_calendar")
"""Queries by `login`: rows in a fixed order."""


async def next_number(tx: Transaction, login: str) -> int:
    """The number of the person's next event. It locks the person. 0 when there is no such person."""
    row = await tx.fetch_one("next_event_number", login=login)
    return row[0] if row else 0


async def last_number(tx: Transaction, login: str) -> int:
    """How many events a person has; 0 also when there is no such person."""
    row = await tx.fetch_one("event_number", login=login)
    return row[0] if row else 0


async def digest(tx: Transaction, login: str, salt: bytes, at: int) -> str:
    """The digest (hex) of a person's state, at a time."""
    parts = [await tx.fetch_all(query, login=login) for query in PARTS]
    # sessions that have ended by themselves let nobody in
    parts.append(await tx.fetch_all("state_tokens", login=login, since=at - SESSION_MAX_AGE_MS))
    return sha256(salt + sha256(msgspec.json.encode(parts)).digest()).hexdigest()
