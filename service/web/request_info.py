"""What a request says of itself: headers and address."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from litestar.types import Scope


def get_header(scope: Scope, wanted: bytes) -> bytes | None:
    """One header."""
    for name, value in scope["headers"]:
        if name == wanted:
            return value
    return None


def get_cookie(scope: Scope, wanted: bytes) -> str | None:
    """The content of a cookie; None when it is missing or empty."""
    for name, value in scope["headers"]:
        if name == b"cookie":
            for pair in value.split(b";"):
                key, _, content = pair.strip().partition(b"=")
                if key == wanted and content:
                    return content.decode("latin-1")
    return None


def client_ip(scope: Scope) -> str:
    """Where the request comes from, for limits: of IPv6 the network, because a client has all of it.

    It is the peer of the socket; the server puts the forwarded one in its place for DOORSTEP_PROXIES alone.
    """
    client = scope.get("client")
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
