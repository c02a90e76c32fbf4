"""Seals secrets that are stored in the database with a key that is not (`keys`): AES-256-GCM."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from hmac import digest
from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES, ID_BYTES = 12, 4
MAGIC = b"sealed1 "
"""What sealed bytes begin with: then come the key's id, the nonce, and the ciphertext with its tag."""


class CannotOpen(Exception):
    """Sealed bytes were changed, belong to another row, or the key they were sealed with is not here."""


class Sealer:
    """Seals bytes with the first of its keys, and opens what any of them sealed.

    `identity` names the row and the column: bytes that are moved elsewhere in the database cannot be opened there.
    `reload` gives the keys once more when there is an unknown one, because another process may have changed them.
    """

    def __init__(self, keys: Sequence[bytes], reload: Callable[[], Sequence[bytes]] | None = None) -> None:
        self._reload = reload
        self._use(keys)

    def _use(self, keys: Sequence[bytes]) -> None:
        self._ciphers = {_id(key): AESGCM(key) for key in keys}
        self._fingerprint_key = sha256(b"doorstep fingerprints " + keys[0]).digest()
        self._current = _id(keys[0])

    @property
    def ids(self) -> list[str]:
        """The ids of the keys; the first one seals."""
        return [key_id.hex() for key_id in self._ciphers]

    def seal(self, plain: bytes, *identity: str | bytes) -> bytes:
        """The bytes, sealed for this row and column."""
        nonce = token_bytes(NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, plain, _joined(identity))
        return MAGIC + self._current + nonce + sealed

    def open(self, sealed: bytes, *identity: str | bytes) -> bytes:
        """What was sealed. CannotOpen."""
        key_id, nonce, content = _parts(sealed)
        if key_id not in self._ciphers and self._reload is not None:
            self._use(self._reload())
        if key_id not in self._ciphers:
            raise CannotOpen(f"it is sealed with the key {key_id.hex()}, which is not here")
        try:
            return self._ciphers[key_id].decrypt(nonce, content, _joined(identity))
        except InvalidTag:
            raise CannotOpen("it was changed, or belongs to another row") from None

    def fingerprint(self, value: bytes, *kind: str | bytes) -> str:
        """A digest (hex) of a value with few possibilities, such as a telephone number: nobody without the key can find
        it by trying. Another key gives another one."""
        return digest(self._fingerprint_key, _joined((*kind, value)), "sha256").hex()

    def is_current(self, stored: bytes) -> bool:
        """Whether bytes are sealed with the key that seals now."""
        return stored.startswith(MAGIC + self._current)


def is_sealed(stored: bytes) -> bool:
    """Whether bytes are sealed, with whatever key."""
    return stored.startswith(MAGIC)


def _id(key: bytes) -> bytes:
    return sha256(b"doorstep sealing key " + key).digest()[:ID_BYTES]


def _joined(identity: Sequence[str | bytes]) -> bytes:
    """The parts, each with its length before it, so that no two identities are alike."""
    parts = (part.encode() if isinstance(part, str) else part for part in identity)
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _parts(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    if not is_sealed(sealed):
        raise CannotOpen("it is not sealed")
    rest = sealed[len(MAGIC) :]
    end = ID_BYTES + NONCE_BYTES
    return rest[:ID_BYTES], rest[ID_BYTES:end], rest[end:]
