"""A real identity provider (`oidc-provider-mock`), on a thread of this process, and a fake WeCom."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

with warnings.catch_warnings():  # it uses older parts of its own libraries
    warnings.simplefilter("ignore")
    from oidc_provider_mock import User, run_server_in_thread


@contextmanager
def identity_provider(*people: tuple[str, dict[str, Any]]) -> Iterator[str]:
    """The address of a provider that knows these people, with claims."""
    users = [User(sub=name, claims=claims) for name, claims in people]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with run_server_in_thread(user_claims=users, require_nonce=True) as server:
            yield f"http://localhost:{server.server_port}"


async def consent(address: str, name: str) -> str:
    """Sign in at the provider; the address to which it sends the browser back, without the host."""
    async with httpx.AsyncClient() as client:
        answer = await client.post(address, data={"sub": name})
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


def query_of(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return dict(parse_qsl(urlsplit(address).query))
