"""Addresses in settings."""

from urllib.parse import SplitResult, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


def split_address(address: str) -> SplitResult:
    """The parts of an address; of one that cannot be read, none."""
    try:
        parts = urlsplit(address)
        _ = parts.hostname, parts.port
    except ValueError:
        return urlsplit("")
    return parts


def origin_of(address: str) -> str:
    """The origin of an address as browsers write it; '' if it is none or has more than that."""
    parts = split_address(address)
    host, port = parts.hostname or "", parts.port
    more = parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme not in DEFAULT_PORTS or not host or more or address.endswith(("?", "#")):
        return ""
    try:
        shown = f"[{host}]" if ":" in host else host.encode("idna").decode()
    except UnicodeError:
        return ""
    return f"{parts.scheme}://{shown}" + ("" if port in (None, DEFAULT_PORTS[parts.scheme]) else f":{port}")
