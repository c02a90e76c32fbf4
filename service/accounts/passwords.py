"""Passwords: argon2id, on threads of their own and never inside a transaction, because it takes its time."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.judge.normal_form import normal_form

MIN_LENGTH, MAX_LENGTH = 12, 200
BYTES = 1024  # of UTF-8, looked at before anything else: more is nobody's password
DUMMY_HASH = "$argon2id$v=19$m=65536,t=3,p=4$yh3zrQhnX6KcQgJyeRAebA$hckRrXN5BmsX7Ciy3ZzSR731k5CHl6QswUf+DyMmeSo"
"""A hash, of the same cost, of a password that nobody has."""
_hasher = PasswordHasher()  # RFC 9106's choice for little memory: 64 MiB for each, which two threads keep to 128
_threads = ThreadPoolExecutor(2, "argon2")


def is_acceptable_password(password: str, login: str) -> bool:
    """Whether somebody may take it: long enough (NIST SP 800-63B asks for nothing else), and not his login."""
    if _too_long(password):
        return False
    plain = _plain(password)
    return MIN_LENGTH <= len(plain) <= MAX_LENGTH and len(set(plain)) > 3 and plain.casefold() != login.casefold()


async def hash_password(password: str) -> str:
    """What is kept of a password."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, _plain(password))


async def verify_password(kept: str | None, password: str) -> bool:
    """Whether it is the password. Nobody's costs the same work: the time says nothing about who works here."""
    if _too_long(password):
        kept, password = None, ""
    return await asyncio.get_running_loop().run_in_executor(_threads, _fits, kept, _plain(password))


def _fits(kept: str | None, password: str) -> bool:
    try:
        return _hasher.verify(kept or DUMMY_HASH, password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def _too_long(password: str) -> bool:
    return len(password) > BYTES or len(password.encode()) > BYTES


def _plain(password: str) -> str:
    return normal_form("NFC", password)
