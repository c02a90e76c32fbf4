"""Requests that the server makes to others: bounded as a whole in time, and in what is read of an answer."""

import asyncio
import ssl
from collections.abc import Mapping
from functools import cache

import httpx
import msgspec


class Answer(msgspec.Struct, frozen=True):
    """What the other system answered: the status, and the body as far as it was asked for."""

    status: int
    body: bytes


class RequestFailed(Exception):
    """There is no whole answer. The text says why, without anything of the answer: it is safe to log and to show."""


async def send_request(
    method: str,
    address: str,
    *,
    seconds: float,
    limit: int | None,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    form: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> Answer:
    """Send one request to an address from the settings, with no proxy from the environment; a redirect is an answer.

    From the first step to the last byte it takes `seconds` at most, and a body of more than `limit` bytes is a failure;
    with None it is not read at all. RequestFailed.
    """
    headers = {"accept-encoding": "identity", **(headers or {})}  # a small body could unpack to a large one
    try:
        async with (
            asyncio.timeout(seconds),
            httpx.AsyncClient(timeout=None, verify=_certificates(), trust_env=False) as client,  # noqa: S113 - above
            client.stream(method, address, headers=headers, content=content, data=form, auth=auth) as response,
        ):
            return Answer(response.status_code, b"" if limit is None else await _read(response, limit))
    except RequestFailed:
        raise
    except TimeoutError:
        raise RequestFailed(f"no answer within {seconds:.0f} s") from None
    except Exception as error:  # noqa: BLE001 - an address may fail in any way; only the kind is shown
        raise RequestFailed(type(error).__name__) from None


async def _read(response: httpx.Response, limit: int) -> bytes:
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        if len(body) > limit:
            raise RequestFailed(f"the answer has more than {limit} bytes")
    return bytes(body)


@cache
def _certificates() -> ssl.SSLContext:
    """The system's certificates, read once: it takes tens of milliseconds. httpx would use its own."""
    return ssl.create_default_context()
