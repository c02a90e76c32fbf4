"""Passwords: argon2id, on separate threads and never inside a transaction, because it is slow on purpose."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.errors import FieldError, InvalidBody
from service.normal_form import normal_form

from . import known_passwords

MIN_LENGTH, MAX_LENGTH = 12, 200
MAX_BYTES = 1024  # of UTF-8, checked before anything else
DUMMY_HASH = "$argon2id$v=19$m=65536,t=3,p=4$yh3zrQhnX6KcQgJyeRAebA$hckRrXN5BmsX7Ciy3ZzSR731k5CHl6QswUf+DyMmeSo"
"""The hash of a password that nobody has, with the same cost."""
_hasher = PasswordHasher()  # RFC 9106's low-memory option: 64 MiB each, so 128 with two threads
_threads = ThreadPoolExecutor(2, "argon2")


def require_good_password(password: str, *words: str) -> None:
    """InvalidBody unless a password is long enough and not one that others would try: NIST SP 800-63B asks for nothing
    else. `words`: the login, the name, the utility's."""
    if _too_long(password) or len(_normalized(password)) > MAX_LENGTH:
        raise _refusal("too-long", f"最多 {MAX_LENGTH} 个字 / at most {MAX_LENGTH} characters")
    if len(_normalized(password)) < MIN_LENGTH:
        raise _refusal("too-short", f"至少 {MIN_LENGTH} 个字 / at least {MIN_LENGTH} characters")
    if known_passwords.is_pattern(password):
        raise _refusal("too-weak", "太容易猜：重复或按顺序的字 / too easy to guess: it repeats or runs in order")
    if known_passwords.is_made_of(password, *words):
        raise _refusal(
            "too-weak",
            "太容易猜：几乎只有登录名、姓名、单位名或人人会想到的词"
            " / too easy to guess: hardly more than the login, a name or a word that everybody tries",
        )
    if known_passwords.is_known(password):
        raise _refusal(
            "known-password",
            "这个密码在公开的泄露名单里，请换一个 / it is on the lists of leaked passwords: choose another one",
        )


def _refusal(code: str, detail: str) -> InvalidBody:
    return InvalidBody("", (FieldError("/password", code, detail),))


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
