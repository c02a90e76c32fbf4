"""Devices: the phones of technicians. Revoked ones are kept."""

from uuid import UUID

import msgspec

from service.db.database import Transaction
from service.db.rows import fetch_struct, fetch_structs, to_params

MIN_KEY = (-(2**62), UUID(int=0))
"""The key before every device."""


class DeviceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A phone of a technician. `public_key` is SPKI in DER; times are ms UTC. `made_by`: who made the code that it was
    enrolled with."""

    id: UUID
    login: str
    name: str
    public_key: bytes | None
    created_at: int
    seen_at: int | None = None
    app: str = ""
    revoked_at: int | None = None
    revoked_by: str | None = None
    made_by: str | None = None

    @property
    def key(self) -> tuple[int, UUID]:
        """The key for paging."""
        return self.created_at, self.id


async def add(tx: Transaction, row: DeviceRow) -> None:
    """Add a device."""
    await tx.execute("add_device", **to_params(row))


async def get_device(tx: Transaction, id: UUID) -> DeviceRow | None:
    """One device."""
    return await fetch_struct(tx, DeviceRow, "device", id=id.bytes)


async def devices_of(tx: Transaction, login: str) -> list[DeviceRow]:
    """All devices of a person, the oldest first."""
    return await fetch_structs(tx, DeviceRow, "devices_of", login=login)


async def page(tx: Transaction, after: tuple[int, UUID] = MIN_KEY, size: int = 100) -> list[DeviceRow]:
    """The next `size` devices after a key, the oldest first."""
    return await fetch_structs(tx, DeviceRow, "devices_page", after_at=after[0], after_id=after[1].bytes, size=size)


async def has_used_token(tx: Transaction, id: UUID) -> bool:
    """Whether one of its tokens was ever used."""
    return await tx.fetch_one("device_has_used_token", id=id.bytes) is not None


async def revoke(tx: Transaction, id: UUID, at: int, by: str) -> bool:
    """Revoke a device. False if it is unknown or already revoked."""
    return await tx.execute("revoke_device", id=id.bytes, at=at, by=by) == 1


async def revoke_all(tx: Transaction, login: str, at: int, by: str) -> None:
    """Revoke all devices of a person."""
    await tx.execute("revoke_devices", login=login, at=at, by=by)
