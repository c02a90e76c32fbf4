"""Headers, cookies and the address of a request."""

from functools import lru_cache
from hashlib import sha256
from hmac import compare_digest
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, cast

from litestar.types import Scope


def get_header(scope: Scope, wanted: bytes) -> bytes | None:
    """The value of a header, or None."""
    for name, value in scope["headers"]:
        if name == wanted:
            return value
    return None


def get_cookie(scope: Scope, wanted: bytes) -> str | None:
    """The value of a cookie; None when it is missing or empty."""
    for name, value in scope["headers"]:
        if name == b"cookie":
            for pair in value.split(b";"):
                key, _, content = pair.strip().partition(b"=")
                if key == wanted and content:
                    return content.decode("latin-1")
    return None


def is_bearer(authorization: str, secret: str) -> bool:
    """Whether an `Authorization` header has a secret of the settings as its bearer token."""
    scheme, _, token = authorization.strip().partition(" ")
    given, wanted = (sha256(text.encode()).digest() for text in (token.strip(), secret))
    return scheme.lower() == "bearer" and compare_digest(given, wanted)


def client_ip(scope: Scope) -> str:
    """The client's address for rate limits; of IPv6 its network, because a client owns all of it.

    It is the peer of the socket; the server replaces it by the forwarded one only for DOORSTEP_PROXIES.
    """
    client = cast("Any", scope).get("client")
    return _normalized(client[0] if client else "")


@lru_cache(4096)
def _normalized(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
    return str(found)
