"""Secrets of the installation, by name."""

from .database import Transaction


async def get_secret(tx: Transaction, name: str) -> bytes | None:
    """A secret, or None."""
    row = await tx.fetch_one("secret", name=name)
    return None if row is None else row[0]


async def add_secret(tx: Transaction, name: str, value: bytes) -> None:
    """Add a secret, unless another process was faster."""
    await tx.execute("add_secret", name=name, value=value)


async def delete_secret(tx: Transaction, name: str, value: bytes) -> None:
    """Delete a secret if it still has this value."""
    await tx.execute("delete_secret", name=name, value=value)
