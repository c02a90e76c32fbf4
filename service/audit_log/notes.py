"""Signed notes, checkpoints and proofs (C2SP `signed-note`, `tlog-checkpoint`, `tlog-cosignature`, `tlog-proof`)."""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from service.keys import read_log_key

ED25519, COSIGNATURE = 0x01, 0x04
MAX_SIGNATURES = 100
PROOF_HEADER = "c2sp.org/tlog-proof@v1"
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_NUMBER = re.compile(r"0|[1-9]\d{0,18}", re.ASCII)  # of 64 bits


class InvalidNote(ValueError):
    """A note, key or proof that is not in the form of its specification, or not signed as it has to be."""


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key with its name: of a log (`ED25519`) or of a witness (`COSIGNATURE`)."""

    name: str
    algorithm: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that signatures name it by."""
        return sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(bytes([self.algorithm]) + self.public).decode()}"

    def verifies(self, text: bytes, signature: bytes) -> bool:
        """Whether it is a signature of the text by this key."""
        if self.algorithm == COSIGNATURE:
            time = int.from_bytes(signature[:8], "big")
            text, signature = b"cosignature/v1\ntime %d\n" % time + text, signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


def parse_verifier_key(text: str) -> VerifierKey:
    """A key in its text form, `name+id+base64`. InvalidNote."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    content = from_base64(encoded)
    if not content or content[0] not in (ED25519, COSIGNATURE) or len(content) != 33:
        raise InvalidNote("it is no Ed25519 verifier key: NAME+ID+BASE64")
    key = VerifierKey(name, content[0], content[1:])
    if not name or re.search(r"\s", name) or key.id.hex() != key_id:
        raise InvalidNote("the id of the verifier key is not that of its name and key")
    return key


class Signature(msgspec.Struct, frozen=True):
    """A signature line of a note."""

    name: str
    key_id: bytes
    signature: bytes


class Note(msgspec.Struct, frozen=True):
    """A text that ends with a newline, and its signatures."""

    text: bytes
    signatures: tuple[Signature, ...]

    def signed_by(self, keys: Sequence[VerifierKey]) -> list[VerifierKey]:
        """Those of the keys that signed it. InvalidNote for a wrong signature by one of them."""
        found: list[VerifierKey] = []
        for key in keys:
            for one in self.signatures:
                if (one.name, one.key_id) == (key.name, key.id):
                    if not key.verifies(self.text, one.signature):
                        raise InvalidNote(f"the signature by {key.name} is wrong")
                    found.append(key)
                    break
        return found


def sign(text: bytes, signing_key: str) -> bytes:
    """A note with a text, signed with a key in the text form `PRIVATE+KEY+…`."""
    name, key = read_log_key(signing_key)
    key_id = VerifierKey(name, ED25519, key.public_key().public_bytes_raw()).id
    return text + f"\n— {name} {b64encode(key_id + key.sign(text)).decode()}\n".encode()


def parse_signatures(lines: str) -> tuple[Signature, ...]:
    """Signature lines. InvalidNote."""
    found: list[Signature] = []
    if not lines.endswith("\n"):
        raise InvalidNote("a signature line does not end")
    for line in lines.split("\n")[:-1]:
        match = _SIGNATURE.fullmatch(line)
        raw = from_base64(match[2]) if match else b""
        if match is None or len(raw) < 5:
            raise InvalidNote("a signature line cannot be read")
        found.append(Signature(match[1], raw[:4], raw[4:]))
    if not 0 < len(found) <= MAX_SIGNATURES:
        raise InvalidNote("a note needs a signature, and has a hundred at most")
    return tuple(found)


def parse_note(raw: bytes) -> Note:
    """A signed note. InvalidNote."""
    try:
        content = raw.decode()
    except UnicodeDecodeError:
        raise InvalidNote("a note is text in UTF-8") from None
    text, separator, lines = content.rpartition("\n\n")
    if not separator or any(character < " " and character != "\n" for character in content):
        raise InvalidNote("a note is a text, an empty line and signatures")
    return Note(f"{text}\n".encode(), parse_signatures(lines))


class Checkpoint(msgspec.Struct, frozen=True):
    """The root of a log at a size. `origin` names the log."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> bytes:
        """The text of the note."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n".encode()


def parse_checkpoint(text: bytes) -> Checkpoint:
    """The checkpoint in the text of a note; lines after it are its extensions. InvalidNote."""
    lines = text.decode().split("\n")
    if len(lines) < 4 or not all(lines[:-1]) or lines[-1] or not _NUMBER.fullmatch(lines[1]):
        raise InvalidNote("a checkpoint has three lines: origin, size and root")
    root = from_base64(lines[2])
    if len(root) != 32:
        raise InvalidNote("the root of a checkpoint is a SHA-256 in Base64")
    return Checkpoint(lines[0], int(lines[1]), root)


class InclusionProof(msgspec.Struct, frozen=True):
    """That a leaf is in the log: its number, the hashes up to the root, and a signed checkpoint."""

    number: int
    path: tuple[bytes, ...]
    note: bytes
    extra: bytes = b""

    def __str__(self) -> str:
        extra = [f"extra {b64encode(self.extra).decode()}"] if self.extra else []
        hashes = [b64encode(node).decode() for node in self.path]
        return "\n".join([PROOF_HEADER, *extra, f"index {self.number}", *hashes, "", self.note.decode()])


def parse_proof(text: str) -> InclusionProof:
    """A proof in the form of C2SP `tlog-proof`. InvalidNote."""
    head, _, note = text.partition("\n\n")
    header, *lines = head.split("\n")
    extra = from_base64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else b""
    index = lines.pop(0).partition("index ")[2] if lines else ""
    path = tuple(map(from_base64, lines))
    if header != PROOF_HEADER or not _NUMBER.fullmatch(index) or any(len(node) != 32 for node in path):
        raise InvalidNote("it is no tlog-proof")
    return InclusionProof(int(index), path, note.encode(), extra)


def from_base64(text: str) -> bytes:
    """Bytes in standard Base64. InvalidNote."""
    try:
        raw = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidNote("Base64 cannot be read") from None
    if b64encode(raw).decode() != text:
        raise InvalidNote("Base64 cannot be read")
    return raw
