"""Running SQL outside the service."""

import sqlite3
from typing import Any

import asyncpg


async def run_sql(address: str, sql: str) -> Any:
    """Run SQL outside the service."""
    if address.startswith("sqlite"):
        connection = sqlite3.connect(address.removeprefix("sqlite:///"), isolation_level=None)
        try:
            return connection.execute(sql).rowcount
        finally:
            connection.close()
    connection = await asyncpg.connect(address)
    try:
        return await connection.execute(sql)
    finally:
        await connection.close()
