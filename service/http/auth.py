"""Who is asking: an opaque bearer token, of which only the SHA-256 goes any further."""

from hashlib import sha256

from litestar.types import Scope

from service.domain.errors import NotSignedIn


def token_of(scope: Scope) -> bytes:
    """The digest of the request's token; it also names the device. NotSignedIn when there is none (RFC 6750).

    Whose it is, the flow looks up in its own transaction, on every request: who was revoked is out with the next one.
    """
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.partition(b" ")
            token = token.strip()
            if scheme.lower() == b"bearer" and token:
                return sha256(token).digest()
    raise NotSignedIn("send Authorization: Bearer and your token")
