"""Passwords: argon2id, on separate threads and never inside a transaction, because it is slow on purpose."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.normal_form import normal_form

MIN_LENGTH, MAX_LENGTH = 12, 200
MAX_BYTES = 1024  # of UTF-8, checked before anything else
DUMMY_HASH = "$argon2id$v=19$m=65536,t=3,p=4$yh3zrQhnX6KcQgJyeRAebA$hckRrXN5BmsX7Ciy3ZzSR731k5CHl6QswUf+DyMmeSo"
"""The hash of a password that nobody has, with the same cost."""
_hasher = PasswordHasher()  # RFC 9106's low-memory option: 64 MiB each, so 128 with two threads
_threads = ThreadPoolExecutor(2, "argon2")


def is_acceptable_password(password: str, login: str) -> bool:
    """Whether a password is long enough (NIST SP 800-63B asks for nothing else) and not the login."""
    if _too_long(password):
        return False
    plain = _normalized(password)
    return MIN_LENGTH <= len(plain) <= MAX_LENGTH and len(set(plain)) > 3 and plain.casefold() != login.casefold()


async def hash_password(password: str) -> str:
    """The hash of a password, which is all that is stored."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, _normalized(password))


async def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password matches the stored hash. Without a hash it takes as long, so the time reveals no logins."""
    if _too_long(password):
        stored, password = None, ""
    return await asyncio.get_running_loop().run_in_executor(_threads, _matches, stored, _normalized(password))


def _matches(stored: str | None, password: str) -> bool:
    try:
        return _hasher.verify(stored or DUMMY_HASH, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def _too_long(password: str) -> bool:
    return len(password) > MAX_BYTES or len(password.encode()) > MAX_BYTES


def _normalized(password: str) -> str:
    return normal_form("NFC", password)
