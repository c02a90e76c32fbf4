"""Secrets of the installation, by name."""

from .database import Tx


async def secret(tx: Tx, name: str) -> bytes | None:
    """A key of the house."""
    row = await tx.one("secret", name=name)
    return None if row is None else row[0]


async def add_secret(tx: Tx, name: str, value: bytes) -> None:
    """A new key, unless another process was faster."""
    await tx.run("add_secret", name=name, value=value)


async def drop_secret(tx: Tx, name: str, value: bytes) -> None:
    """Let go of a key, if it is still this one."""
    await tx.run("drop_secret", name=name, value=value)
