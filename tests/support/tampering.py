"""Changing rows past the service, its guards and its constraints."""

import sqlite3

import asyncpg

TABLES = (
    "batches",
    "visits",
    "changes",
    "given_up_files",
    "events",
    "checklists",
    "quarantine",
    "log_leaves",
    "blobs",
    "received_files",
    "departures",
)


async def tampered(address: str, *statements: str) -> None:
    """Change rows as somebody can who has the database in their hands."""
    if address.startswith("sqlite"):
        connection = sqlite3.connect(address.removeprefix("sqlite:///"), isolation_level=None)
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') WHERE type = 'table'")
        connection.close()
        connection = sqlite3.connect(address.removeprefix("sqlite:///"), isolation_level=None)
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, statement
        connection.close()
        return
    connection = await asyncpg.connect(address)
    await connection.execute("SET session_replication_role = replica")
    for table in TABLES:
        for column in ("body", "salt", "sha256", "writer", "leaf"):
            has = "SELECT 1 FROM information_schema.columns WHERE table_schema = current_schema()"
            there = await connection.fetchval(f"{has} AND table_name = $1 AND column_name = $2", table, column)
            if there and (table, column) not in (("blobs", "sha256"), ("received_files", "sha256")):  # keys
                await connection.execute(f"ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL")
    for statement in statements:
        assert await connection.execute(statement) not in ("UPDATE 0", "DELETE 0"), statement
    await connection.close()
