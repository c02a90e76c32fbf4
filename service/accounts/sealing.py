"""Secrets that are sealed in the database, each for its column and row (`service/sealer`)."""

from collections.abc import Iterable
from typing import NamedTuple

from service.db.database import Transaction
from service.sealer import CannotOpen, Sealer, is_sealed
from service.web.access_log import get_logger


class SealedColumn(NamedTuple):
    """A column of secrets. `rows` is the query for all keys and values, `replace` the one that stores another value
    unless somebody else did so meanwhile."""

    name: str
    rows: str
    replace: str


TOTP_SECRET = SealedColumn("totp_secrets.secret", "totp_secrets", "replace_totp_secret")
OWN_SECRET = SealedColumn("secrets.value", "secrets", "replace_secret")


async def seal_stored(
    tx: Transaction, sealer: Sealer, columns: Iterable[SealedColumn], *, plain_too: bool
) -> list[str | bytes]:
    """Seal again what another key sealed; the keys of the rows.

    `plain_too`: also what is not sealed at all, written by an older version.

    What cannot be opened stays as it is and is never used: somebody else wrote it, or it was damaged. It must not keep
    everybody from working.
    """
    changed: list[str | bytes] = []
    for column in columns:
        for key, value in await tx.fetch_all(column.rows):
            if sealer.is_current(value):
                continue
            try:
                plain = value if plain_too and not is_sealed(value) else sealer.open(value, column.name, key)
            except CannotOpen as error:
                get_logger().error("secret_not_opened", column=column.name, reason=str(error))
                continue
            new = sealer.seal(plain, column.name, key)
            if await tx.execute(column.replace, key=key, old=value, new=new):
                changed.append(key)
    return changed
