"""Ready bytes as a response, for pages, problems and files."""

from litestar.response.base import ASGIResponse

Headers = tuple[tuple[bytes, bytes], ...]


def raw_response(status: int, body: bytes = b"", headers: Headers = ()) -> ASGIResponse:
    """A status, a body and headers, of which some may come several times. Also an ASGI application."""
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    return ASGIResponse(status_code=status, body=body, headers=pairs)
