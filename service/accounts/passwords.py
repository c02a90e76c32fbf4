"""Passwords: argon2id, on separate threads and never inside a transaction, because it is slow on purpose.

Strangers wait for one thread, and no more than so many of them; people who are known for others. So guesses from
thousands of addresses keep nobody waiting who signs in where they did before.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.errors import FieldError, InvalidBody, ServiceUnavailable
from service.normal_form import normal_form

from . import known_passwords

T = TypeVar("T")
MIN_LENGTH, MAX_LENGTH = 12, 200
MAX_BYTES = 1024  # of UTF-8, checked before anything else
DUMMY_HASH = "$argon2id$v=19$m=65536,t=3,p=4$yh3zrQhnX6KcQgJyeRAebA$hckRrXN5BmsX7Ciy3ZzSR731k5CHl6QswUf+DyMmeSo"
"""The hash of a password that nobody has, with the same cost."""
_hasher = PasswordHasher()  # RFC 9106's low-memory option: 64 MiB each, so 192 with three threads
MAX_WAITING, RETRY_SECONDS = 40, 10  # strangers, who wait for about as long


class _Threads:
    """Threads that hash, and how many may wait for them (None: no limit)."""

    def __init__(self, name: str, threads: int, most: int | None) -> None:
        self._executor, self._most, self.waiting = ThreadPoolExecutor(threads, name), most, 0

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Run `work` on one of them. ServiceUnavailable when too many wait."""
        if self._most is not None and self.waiting >= self._most:
            raise ServiceUnavailable("too many sign-ins at once", retry_after=RETRY_SECONDS)
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work, *args)
        finally:
            self.waiting -= 1


_strangers, _known = _Threads("argon2", 1, MAX_WAITING), _Threads("argon2-known", 2, None)


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


async def hash_password(password: str, *, known: bool = False) -> str:
    """The hash of a password, which is all that is stored. `known`: for somebody who is signed in."""
    return await (_known if known else _strangers).run(_hasher.hash, _normalized(password))


async def verify_password(stored: str | None, password: str, *, known: bool = False) -> bool:
    """Whether the password matches the stored hash. Without a hash it takes as long, so the time reveals no logins.

    `known`: for somebody who signed in in this browser before. ServiceUnavailable when too many others wait.
    """
    if _too_long(password):
        stored, password = None, ""
    return await (_known if known else _strangers).run(_matches, stored, _normalized(password))


def _matches(stored: str | None, password: str) -> bool:
    try:
        return _hasher.verify(stored or DUMMY_HASH, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def _too_long(password: str) -> bool:
    return len(password) > MAX_BYTES or len(password.encode()) > MAX_BYTES


def _normalized(password: str) -> str:
    return normal_form("NFC", password)
