"""Fingerprints of addresses have a key, change daily, and are still compared within a day."""

from hashlib import sha256

import pytest

from service import fingerprints
from service.accounts import sightings
from service.accounts.authentication import SIGHTING_WINDOW_MS, near
from service.accounts.browser import Browser
from service.accounts.secrets import get_or_create_fingerprint_key
from service.db.database import Transaction
from tests.support.factories import Town

HOUR_MS = 3_600_000
MIDNIGHT = 20_500 * fingerprints.DAY_MS


async def test_the_key_is_of_the_installation(town: Town) -> None:
    first = await get_or_create_fingerprint_key(town.ctx)
    assert len(first) == 32
    assert await get_or_create_fingerprint_key(town.ctx) == first  # for every server


def test_without_the_key_nobody_finds_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    found = fingerprints.of_address("203.0.113.7", MIDNIGHT)
    assert found not in {sha256(b"address 203.0.113.7").digest(), sha256(b"203.0.113.7").digest()}
    monkeypatch.setattr(fingerprints, "_keys", [bytes(32)])
    assert fingerprints.of_address("203.0.113.7", MIDNIGHT) != found


def test_an_address_is_another_one_each_day() -> None:
    days = {fingerprints.of_address("203.0.113.7", MIDNIGHT + day * fingerprints.DAY_MS) for day in range(30)}
    assert len(days) == 30
    assert Browser("203.0.113.7", cookie="x", at=0).id == Browser("198.51.100.1", cookie="x", at=MIDNIGHT).id


@pytest.mark.parametrize(("hours", "expected"), [(-1, True), (1, True), (23, True), (-23, True), (25, False)])
async def test_networks_are_compared_across_midnight(town: Town, hours: int, expected: bool) -> None:
    """A technician's phone is used at one time, the customer's browser at another, on the same network."""
    for start in range(0, 24, 5):
        seen_at = MIDNIGHT + start * HOUR_MS
        asked_at = seen_at + hours * HOUR_MS
        place = fingerprints.of_address("203.0.113.7", seen_at)

        async def sight(tx: Transaction, place: bytes = place, at: int = seen_at) -> None:
            await tx.execute("delete_old_sightings", login="li", before=2**60, latest=0)
            await sightings.record_sighting(tx, "li", place, at, SIGHTING_WINDOW_MS)

        await town.ctx.db.write(sight)
        browser, other = (Browser(address, at=asked_at) for address in ("203.0.113.7", "203.0.113.8"))
        for one, same in ((browser, expected), (other, False)):
            last = await town.ctx.db.read(lambda tx, one=one: sightings.last_sighting(tx, ["li"], one.places))
            assert near(last, asked_at) == same, (start, hours)
