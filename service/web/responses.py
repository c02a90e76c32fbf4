"""Ready bytes as a response, for pages, problems and files."""

from litestar.response.base import ASGIResponse

Headers = tuple[tuple[bytes, bytes], ...]


def raw_response(status: int, body: bytes = b"", headers: Headers = ()) -> ASGIResponse:
    """A status, a body and headers, of which some may come several times. Also an ASGI application."""
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    return ASGIResponse(status_code=status, body=body, headers=pairs)


JPEG: Headers = (
    (b"content-type", b"image/jpeg"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
)
"""Headers of a picture of ours."""


def Answer(
    status: int, body: bytes = b"", headers: Headers = ((b"content-type", b"application/json"),)
) -> ASGIResponse:
    """Old name."""
    return raw_response(status, body, headers)


def json_answer(content: object, status: int = 200, *headers: tuple[bytes, bytes]) -> ASGIResponse:
    """Old name."""
    import msgspec

    return raw_response(status, msgspec.json.encode(content), ((b"content-type", b"application/json"), *headers))


from .compression import etag_matches  # noqa
