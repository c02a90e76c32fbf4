"""Requests that the server makes to others."""

import ssl
from functools import cache

import httpx


def outgoing_client(timeout: float) -> httpx.AsyncClient:
    """A client for addresses from the settings; `timeout` (s) is for each step. It takes no proxy from the environment,
    and follows no redirect."""
    return httpx.AsyncClient(timeout=timeout, verify=_certificates(), trust_env=False)


@cache
def _certificates() -> ssl.SSLContext:
    """The system's certificates, read once: it takes tens of milliseconds. httpx would use its own."""
    return ssl.create_default_context()
