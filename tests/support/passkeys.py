"""What a device answers that made a passkey (WebAuthn, attestation `none`)."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from secrets import token_bytes
from urllib.parse import urlsplit

import cbor2
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

PRESENT_VERIFIED_ATTESTED = 0x45


def new_passkey(challenge: bytes, origin: str) -> str:
    """The answer to options with a challenge, as the browser's JSON."""
    point = generate_private_key(SECP256R1()).public_key().public_numbers()
    key = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
    host, credential = urlsplit(origin).hostname or "", token_bytes(16)
    data = sha256(host.encode()).digest() + bytes([PRESENT_VERIFIED_ATTESTED]) + bytes(4) + bytes(16)
    data += len(credential).to_bytes(2, "big") + credential + cbor2.dumps(key)
    client = {"type": "webauthn.create", "challenge": _packed(challenge), "origin": origin}
    response = {
        "clientDataJSON": _packed(msgspec.json.encode(client)),
        "attestationObject": _packed(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
    }
    answer = {"id": _packed(credential), "rawId": _packed(credential), "type": "public-key", "response": response}
    return msgspec.json.encode(answer).decode()


def _packed(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")
