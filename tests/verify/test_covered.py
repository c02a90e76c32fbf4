"""What docs/covered.md says of each table and column is true: an edit of what is not compared is not found, and one of
anything else is. The latter, column by column, for two tables, and for all in long runs."""

import asyncio
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.edited_town import Made, verified
from tests.support.endurance import IS_LONG
from tests.support.tampering import tampered

DOCUMENT = Path(__file__).parents[2] / "docs" / "covered.md"
ROWS = re.findall(r"^\| `(\w+)` \| (.+?) \| (.*?) ?\| (.*?) ?\|$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
LISTED = {table: re.findall(r"`(\w+|\*)`", columns) for table, _, columns, _ in ROWS}
EDITS = {
    "TEXT": ("'x'", "{0} || 'x'"),
    "BIGINT": ("1700000000001", "{0} + 1000000"),  # numbers stay unique while row after row is changed
    "BYTEA": ("x'00112233445566778899aabbccddeeff'", "CAST({0} || x'00' AS BLOB)"),
}
NEEDED = {("migrations", "number"), ("log_tiles", "number"), ("log_tiles", "hashes"), ("log_leaves", "number")}
"""What cannot be edited like this; `test_storage_migrate`, `test_verify_checkpoints` and `test_edits` do it."""
COMPARED = sorted(table for table, listed in LISTED.items() if "*" not in listed)
Columns = dict[str, dict[str, str]]


def columns_of(made: Made) -> Columns:
    """The types of all columns, by table."""
    with closing(sqlite3.connect(made.folder / "town.sqlite")) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        return {
            table: {row[1]: row[2] for row in connection.execute(f"PRAGMA table_info({table})")}
            for (table,) in tables.fetchall()
        }


def edit(table: str, column: str, kind: str) -> str:
    absent, other = EDITS[kind]
    changed = f"CASE WHEN {column} IS NULL THEN {absent} ELSE {other.format(column)} END"
    return f"UPDATE {table} SET {column} = {changed}"  # noqa: S608 - names of the schema


def found(made: Made, folder: Path, statements: list[str]) -> list[str]:
    """What verify finds in a copy of the town in which all rows were edited, where there are any."""
    copy = shutil.copytree(made.folder, folder)
    with closing(sqlite3.connect(copy / "town.sqlite")) as connection:
        filled = [one for one in statements if connection.execute(f"SELECT 1 FROM {one.split()[1]}").fetchone()]  # noqa: S608
    if not filled:
        return ["nothing to edit"]
    asyncio.run(tampered(f"sqlite:///{copy / 'town.sqlite'}", *filled))
    return asyncio.run(verified(copy, made.now))


def test_every_table_is_there_once_with_columns_that_exist_and_a_reason(made: Made) -> None:
    columns = columns_of(made)
    assert sorted(table for table, *_ in ROWS) == sorted(columns)
    for table, how, _, why in ROWS:
        assert LISTED[table] == ["*"] or set(LISTED[table]) <= columns[table].keys(), table
        assert (LISTED[table] == ["*"]) == (how == "—"), table
        assert bool(LISTED[table]) == bool(why), table


def test_edits_of_what_is_not_compared_are_not_found(made: Made, tmp_path: Path) -> None:
    statements = [
        edit(table, column, kind)
        for table, columns in columns_of(made).items()
        for column, kind in columns.items()
        if ("*" in LISTED[table] or column in LISTED[table]) and (table, column) not in NEEDED
    ]
    assert len(statements) > 90
    assert found(made, tmp_path / "copy", statements) == []


@pytest.mark.parametrize("table", COMPARED if IS_LONG else ("links", "messages"))
def test_edits_of_what_is_compared_are_found(made: Made, tmp_path: Path, table: str) -> None:
    for column, kind in columns_of(made)[table].items():
        if column not in LISTED[table] and (table, column) not in NEEDED:
            assert found(made, tmp_path / column, [edit(table, column, kind)]), column
