"""Keys that are kept outside the database: a copy of it is not enough to open what is sealed, or to sign its log.

Each key is a setting or, when that is empty, a file in `keys/` of the data folder. The database knows which keys it was
written with (`known_keys`). A key is made when the database knows none; otherwise a wrong one is refused at the start,
before anything is written with it.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from service.db.database import Database, Transaction
from service.durable_files import fsync_path, make_durable_dir, write_durably
from service.sealer import Sealer

Purpose = Literal["sealing", "log"]
KEY_BYTES = 32
NOTE_PREFIX, NOTE_ED25519 = "PRIVATE+KEY", b"\x01"


class KeyUnusable(Exception):
    """A key is missing, cannot be read, or is not the one that the database was written with."""


class Keys:
    """The keys of this installation: from the settings, or from files in `folder`, where new ones are made.

    `log_name` is the name that a new signing key gets.
    """

    def __init__(self, folder: Path | None = None, *, sealing: str = "", log: str = "", log_name: str = "") -> None:
        self._folder, self._given = folder, {"sealing": sealing, "log": log}
        self._log_name = log_name or "doorstep.invalid"
        self._sealer: Sealer | None = None
        self._log = ""

    @property
    def sealer(self) -> Sealer:
        """What seals secrets. Without a folder and a setting, a key of this process alone."""
        if self._sealer is None:
            self._sealer = Sealer([token_bytes(KEY_BYTES)])
        return self._sealer

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

    async def open(
        self, db: Database, now: int, seal_stored: Callable[[Transaction, Sealer, bool], Awaitable[None]]
    ) -> None:
        """Load the keys, or make those that the database knows none of. KeyUnusable.

        `seal_stored` then brings what is stored up to date in the same transaction. It also gets whether the sealing
        key is the first one of this database: then what is not sealed was written before there were keys.
        """

        async def compare(tx: Transaction) -> None:
            await tx.fetch_one("lock_keys")
            known, signed = await _known(tx, "sealing"), await _known(tx, "log")
            sealing, log = self._load("sealing", known), self._load("log", signed)
            self._require_known("sealing", sealing, known)
            self._require_known("log", log, signed)
            sealer = Sealer(_sealing_keys(sealing), self._reload if self._in_file("sealing") else None)
            public = log_key_public(log)
            await tx.execute("add_known_key", purpose="sealing", id=sealer.ids[0], at=now)
            await tx.execute("add_known_key", purpose="log", id=public, at=now)
            await seal_stored(tx, sealer, not known)
            self._sealer, self._log = sealer, log

        await db.write(compare)

    async def is_there(self, db: Database | None, purpose: Purpose) -> bool:
        """Whether a key is there, and one that the database was written with; False if none is needed yet, because
        `open` will make it. KeyUnusable as `open`; without a database only for a key that cannot be read."""
        known = await db.read(lambda tx: _known(tx, purpose)) if db else []
        text = self._read(purpose)
        if not text and known:
            raise KeyUnusable(_missing(self.place(purpose)))
        if text:
            self._require_known(purpose, text, known)
        return bool(text)

    def load(self) -> None:
        """Load the keys that there are, for commands that only read. KeyUnusable for one that cannot be read."""
        if text := self._read("sealing"):
            self._sealer = Sealer(_sealing_keys(text))
        if text := self._read("log"):
            log_key_public(text)
            self._log = text

    def replace_sealing_key(self) -> None:
        """Put a new sealing key before the present ones; the next `open` uses it. KeyUnusable when the key comes from
        the settings."""
        if not self._in_file("sealing"):
            raise KeyUnusable(
                "密钥在 DOORSTEP_SEALING_KEY 里：请在它前面加上新的密钥和逗号，再重新启动 / the key comes from "
                "DOORSTEP_SEALING_KEY: put a new one and a comma before it, and start again"
            )
        before = self._read("sealing")
        if before:
            _sealing_keys(before)
            self._write("sealing", f"{_new_sealing_key()}\n{before}\n")

    async def replace_log_key(self, db: Database, now: int, name: str) -> None:
        """Make a signing key for a log of another name. KeyUnusable when the key comes from the settings."""
        if not self._in_file("log"):
            raise KeyUnusable(
                "密钥在 DOORSTEP_LOG_KEY 里，请先去掉这项设置 / the key comes from DOORSTEP_LOG_KEY: remove that first"
            )
        new = new_log_key(name)
        public = log_key_public(new)
        await db.write(lambda tx: tx.execute("add_known_key", purpose="log", id=public, at=now))
        self._write("log", new + "\n")  # after the database knows it: until then the former key is used
        self._log = new

    def _reload(self) -> list[bytes]:
        return _sealing_keys(self._read("sealing"))

    def _in_file(self, purpose: Purpose) -> bool:
        return self._folder is not None and not self._given[purpose]

    def place(self, purpose: Purpose) -> str:
        """Where a key is: its file, or the setting."""
        in_file = self._folder is not None and not self._given[purpose]
        return str(self._folder / purpose) if in_file else f"DOORSTEP_{purpose.upper()}_KEY"  # type: ignore[operator]

    def _require_known(self, purpose: Purpose, text: str, known: list[str]) -> None:
        """KeyUnusable unless the key is one that the database was written with; of sealing keys, the last one."""
        if purpose == "sealing":
            fits = set(known[-1:]) <= set(Sealer(_sealing_keys(text)).ids)
        else:
            fits = log_key_public(text) in known or not known
        if not fits:
            raise KeyUnusable(_wrong(self.place(purpose)))

    def _load(self, purpose: Purpose, known: list[str]) -> str:
        text = self._read(purpose)
        if text:
            return text
        if known:
            raise KeyUnusable(_missing(self.place(purpose)))
        new = _new_sealing_key() if purpose == "sealing" else new_log_key(self._log_name)
        if self._folder is not None:
            self._write(purpose, new + "\n")
        return new

    def _read(self, purpose: Purpose) -> str:
        if self._given[purpose]:
            return self._given[purpose]
        try:
            return (self._folder / purpose).read_text("ascii").strip() if self._folder else ""
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise KeyUnusable(
                f"{self.place(purpose)}: 密钥读不出来：请让运行服务的账号能读它，或恢复另存的那一份 / the key cannot "
                f"be read: let the service's account read it, or restore the copy that is kept ({type(error).__name__})"
            ) from None

    def _write(self, purpose: Purpose, text: str) -> None:
        """Write a file as a whole: a crash leaves the old one or the new one."""
        if self._folder is None:
            raise KeyUnusable("there is no folder for keys")
        make_durable_dir(self._folder)
        new = self._folder / f".{purpose}"
        new.unlink(missing_ok=True)
        write_durably(new, text.encode())
        new.replace(self._folder / purpose)
        fsync_path(self._folder)


async def _known(tx: Transaction, purpose: Purpose) -> list[str]:
    """The ids of the keys that the database was written with, the last one last."""
    return [row[0] for row in await tx.fetch_all("known_keys", purpose=purpose)]


def _new_sealing_key() -> str:
    return b64encode(token_bytes(KEY_BYTES)).decode()


def _sealing_keys(text: str) -> list[bytes]:
    """Keys in Base64, with commas or one a line; the first one seals."""
    keys: list[bytes] = []
    for part in text.replace(",", "\n").split():
        try:
            keys.append(b64decode(part, validate=True))
        except binascii.Error:
            keys.append(b"")
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise KeyUnusable(
            f"封存密钥须为 {KEY_BYTES} 字节的 Base64 / a sealing key is {KEY_BYTES} bytes in Base64, such as "
            "`openssl rand -base64 32` makes"
        )
    return keys


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
        raise KeyUnusable(_DAMAGED) from None
    fits = content[:1] == NOTE_ED25519 and given == _note_hash(name, _public(key))
    if f"{prefix}+{word}" != NOTE_PREFIX or not name or not fits:
        raise KeyUnusable(_DAMAGED)
    return name, key


_DAMAGED = (
    "日志密钥读不出来：请恢复另存的 keys/log，或改正 DOORSTEP_LOG_KEY / the key of the log cannot be read: restore the "
    "copy of keys/log that is kept, or mend DOORSTEP_LOG_KEY"
)


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _note_hash(name: str, public: bytes) -> str:
    return sha256(name.encode() + b"\n" + NOTE_ED25519 + public).hexdigest()[:8]


def _missing(place: str) -> str:
    return (
        f"{place}: 没有密钥，而数据库是用它写的。请恢复另存的那一份；另有服务器时，从那里复制 keys/，再启动 / the key "
        "is missing, and the database was written with it: restore the copy that is kept, or copy keys/ from the other "
        "server before you start"
    )


def _wrong(place: str) -> str:
    return (
        f"{place}: 不是数据库所用的密钥。请恢复原来的密钥 / this is not a key that the database was written with: "
        "restore that one"
    )
