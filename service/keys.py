"""Keys that are kept outside the database: whoever has a copy of it cannot sign its log."""

import binascii
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.durable_files import fsync_path, make_durable_dir, write_durably

NOTE_PREFIX, NOTE_ED25519 = "PRIVATE+KEY", b"\x01"


class KeyUnusable(Exception):
    """A key is missing, cannot be read, or is not the one that the database was written with."""


class Keys:
    """The keys of this installation: from the settings, or from files in `folder`, where new ones are made.

    `log_name` is the name that a new signing key gets.
    """

    def __init__(self, folder: Path | None = None, *, log: str = "", log_name: str = "") -> None:
        self._folder, self._given, self._log_name = folder, log, log_name or "doorstep.invalid/log"
        self._log = ""

    @property
    def log(self) -> str:
        """The key that signs checkpoints of the log, in the text form of Go's `note` package."""
        if not self._log:
            self._log = new_log_key(self._log_name)
        return self._log

    @property
    def has_log_key(self) -> bool:
        """Whether the key of the log was found or made: otherwise asking for it makes one."""
        return bool(self._log)

    async def open(self, _db: Any, _now: int) -> None:
        """Load the keys, or make them. KeyUnusable."""
        self.load()
        if not self._log and self._folder is not None:
            make_durable_dir(self._folder)
            self._folder.chmod(0o700)
            new = self._folder / ".log"
            new.unlink(missing_ok=True)
            write_durably(new, self.log.encode() + b"\n")
            new.replace(self._folder / "log")
            fsync_path(self._folder)

    def load(self) -> None:
        """Load the keys that there are, for commands that only read. KeyUnusable for one that cannot be read."""
        text = self._given
        if not text and self._folder is not None and (self._folder / "log").exists():
            text = (self._folder / "log").read_text("ascii").strip()
        if text:
            log_key_public(text)
            self._log = text


def new_log_key(name: str) -> str:
    """A new key that signs as `name`."""
    key = Ed25519PrivateKey.generate()
    seed = key.private_bytes_raw()
    return f"{NOTE_PREFIX}+{name}+{_note_hash(name, _public(key))}+{b64encode(NOTE_ED25519 + seed).decode()}"


def log_key_public(text: str) -> str:
    """The public key of a signing key, in the text form of `note`. KeyUnusable when it is none."""
    name, key = read_log_key(text)
    public = _public(key)
    return f"{name}+{_note_hash(name, public)}+{b64encode(NOTE_ED25519 + public).decode()}"


def read_log_key(text: str) -> tuple[str, Ed25519PrivateKey]:
    """The name and the key. KeyUnusable when it is none."""
    try:
        prefix, word, name, given, encoded = text.split("+", 4)
        content = b64decode(encoded, validate=True)
        key = Ed25519PrivateKey.from_private_bytes(content[1:])
    except (ValueError, binascii.Error):
        raise KeyUnusable("日志密钥读不出来 / the key of the log cannot be read") from None
    fits = content[:1] == NOTE_ED25519 and given == _note_hash(name, _public(key))
    if f"{prefix}+{word}" != NOTE_PREFIX or not name or not fits:
        raise KeyUnusable("日志密钥读不出来 / the key of the log cannot be read")
    return name, key


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def _note_hash(name: str, public: bytes) -> str:
    return sha256(name.encode() + b"\n" + NOTE_ED25519 + public).hexdigest()[:8]
