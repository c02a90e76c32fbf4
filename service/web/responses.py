"""Ready bytes as a response, for pages, problems and files."""

from litestar.response.base import ASGIResponse

Headers = tuple[tuple[bytes, bytes], ...]


def raw_response(status: int, body: bytes = b"", headers: Headers = ()) -> ASGIResponse:
    """A status, a body and headers, of which some may come several times. Also an ASGI application."""
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    response = ASGIResponse(status_code=status, body=body, headers=pairs)
    if not body:
        response.headers.pop("content-type", None)
    return response


JPEG: Headers = (
    (b"content-type", b"image/jpeg"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
)
"""Headers of a picture of ours."""
