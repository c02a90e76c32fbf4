"""Codes of an authenticator app (RFC 6238: HMAC-SHA-1, six digits, 30 seconds)."""

import hmac
import re
from base64 import b32decode, b32encode
from urllib.parse import quote

from service.text import clean_code

SECONDS, DIGITS = 30, 6
ALLOWED_DRIFT = 1  # a phone's clock may be one step off, in either direction


def totp_at(secret: bytes, step: int) -> str:
    """The code of a time step."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    at = mac[-1] & 15
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matching_step(secret: bytes, code: str, ms: int) -> int | None:
    """The time step of a code, at most one away from the given time; None when the code is wrong."""
    now = ms // 1000 // SECONDS
    digits = clean_code(code).encode()
    found = [
        step
        for step in range(now - ALLOWED_DRIFT, now + ALLOWED_DRIFT + 1)
        if hmac.compare_digest(digits, totp_at(secret, step).encode())
    ]
    return found[-1] if found else None


def latest(ms: int) -> int:
    """The last time step whose code is accepted at a time."""
    return ms // 1000 // SECONDS + ALLOWED_DRIFT


def otpauth_uri(secret: bytes, login: str, issuer: str) -> str:
    """The content of the QR code for an authenticator app."""
    who, at = quote(f"{issuer}:{login}", safe=":"), quote(issuer)
    return f"otpauth://totp/{who}?secret={group_digits(secret)}&issuer={at}&algorithm=SHA1&digits={DIGITS}&period={SECONDS}"


def group_digits(secret: bytes) -> str:
    """The secret in Base32, to type in."""
    return b32encode(secret).decode().rstrip("=")


def parse_secret(text: str) -> bytes | None:
    """A secret written by `group_digits`, or None."""
    return b32decode(text) if re.fullmatch("[A-Z2-7]{32}", text) else None
