"""A device's signature over the exact bytes of a record: ES256, with the P-256 key it registered at enrolment."""

from base64 import b64decode, urlsafe_b64decode
from typing import Annotated, Any, cast

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from msgspec import Meta

from service.errors import FieldError, InvalidBody
from service.judge.batches import SignatureStatus
from service.judge.bounds import CodeText

COMPONENT_BYTES = 32  # bytes of r and of s


class Jwk(msgspec.Struct, frozen=True):
    """A public key in the form of RFC 7517."""

    kty: Annotated[CodeText, Meta(description="`EC`.")]
    crv: Annotated[CodeText, Meta(description="`P-256`.")]
    x: Annotated[CodeText, Meta(description="The x coordinate, base64url.")]
    y: Annotated[CodeText, Meta(description="The y coordinate, base64url.")]


def parse_public_key(given: str | Jwk) -> bytes:
    """A public key (PEM, base64 of DER SubjectPublicKeyInfo, or JWK) as DER. InvalidBody if it is not a P-256 key."""
    try:
        if isinstance(given, Jwk):
            numbers = ec.EllipticCurvePublicNumbers(_number(given.x), _number(given.y), ec.SECP256R1())
            key: Any = numbers.public_key() if (given.kty, given.crv) == ("EC", "P-256") else None
        elif given.lstrip().startswith("-----BEGIN"):
            key = serialization.load_pem_public_key(given.encode())
        else:
            key = serialization.load_der_public_key(_bytes("".join(given.split())))
    except Exception:  # noqa: BLE001 - the library raises many types, even for other kinds of keys
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        detail = "a P-256 public key as PEM, base64 of DER, or JWK"
        raise InvalidBody("", (FieldError("/public_key", "not-a-key", detail),))
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def parse_signature_header(header: str | None) -> bytes | None:
    """The signature in a header; b"" if it cannot be decoded."""
    if header is None:
        return None
    try:
        return _bytes(header.strip())[:200]
    except ValueError:
        return b""


def verify_signature(key: bytes | None, signature: bytes | None, raw: bytes) -> SignatureStatus:
    """Whether a signature is valid; `none` without a signature or a key."""
    if key is None or signature is None:
        return "none"
    if len(signature) == 2 * COMPONENT_BYTES:
        r, s = int.from_bytes(signature[:COMPONENT_BYTES], "big"), int.from_bytes(signature[COMPONENT_BYTES:], "big")
        signature = encode_dss_signature(r, s)
    try:
        public = cast("ec.EllipticCurvePublicKey", serialization.load_der_public_key(key))
        public.verify(signature, raw, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return "wrong"
    return "verified"


def _bytes(text: str) -> bytes:
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    return urlsafe_b64decode(padded) if "-" in text or "_" in text else b64decode(padded, validate=True)


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")
