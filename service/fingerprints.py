"""Fingerprints of network addresses, browsers and logins: HMAC-SHA-256 with a key of the installation.

A plain digest of an address is the address: all of IPv4 can be tried within hours. With a key, that takes more than
the database. The key for addresses also changes daily, so that nobody can follow one for longer than it is compared.
"""

from hmac import digest
from secrets import token_bytes

DAY_MS, MONTH_MS = 86_400_000, 30 * 86_400_000
_keys = [token_bytes(32)]


def use_key(key: bytes) -> None:
    """Use the key of this installation, in place of a random one of this process."""
    _keys[0] = key


def of_address(address: str, at: int) -> bytes:
    """The fingerprint of an address on the day of a time (ms UTC)."""
    return _of(f"address {at // DAY_MS} {address}")


def of_address_nearby(address: str, at: int) -> tuple[bytes, bytes]:
    """Those of the days before and after it: what is compared may be of either."""
    return of_address(address, at - DAY_MS), of_address(address, at + DAY_MS)


def of_cookie(cookie: str) -> bytes:
    """The fingerprint of a browser by its cookie, which it keeps for a month."""
    return _of(f"browser {cookie}")


def of_browser(address: str, agent: str, at: int) -> bytes:
    """The fingerprint of a browser without cookies, in the month of a time."""
    return _of(f"browser {at // MONTH_MS} {address} {agent}")


def of_subject(text: str) -> bytes:
    """The fingerprint of what attempts are counted for: an address, or a login that may not exist."""
    return _of(f"attempts {text}")


def of_code(code: str, whose: bytes) -> bytes:
    """The fingerprint of a one-time code of few digits."""
    return digest(_keys[0], whose + code.encode(), "sha256")


def _of(text: str) -> bytes:
    return digest(_keys[0], text.encode(), "sha256")
