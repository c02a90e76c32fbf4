"""The table of what is kept is complete: every column of the database, and every kind of file."""

import re
import sqlite3
from fnmatch import fnmatch
from pathlib import Path

import asyncpg
import msgspec
import pytest

from service.audit_log import checkpoints
from service.context import RetentionPolicy
from service.db.database import Transaction
from service.keys import Keys
from service.privacy import inventory
from service.sealer import Sealer
from service.web.language import TextPair
from tests.support.api_client import World, opened_world
from tests.support.databases import copied_postgres, copy_sqlite
from tests.support.privacy import lived_through

ROOT = Path(__file__).parents[2]
POSTGRES_COLUMNS = """
SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = current_schema()
"""


async def columns_of(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> set[str]:
    if engine == "sqlite":
        await copy_sqlite(tmp_path / "all.db")
        with sqlite3.connect(tmp_path / "all.db") as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            names = {name: connection.execute(f"PRAGMA table_info({name})").fetchall() for (name,) in tables}
        return {f"{table}.{row[1]}" for table, rows in names.items() for row in rows}
    async with copied_postgres(request.getfixturevalue("postgres")) as address:
        connection = await asyncpg.connect(address)
        rows = await connection.fetch(POSTGRES_COLUMNS)
        await connection.close()
    return {row[0] for row in rows}


async def test_every_column_has_its_row_once(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    named = inventory.columns()
    assert set(named) == await columns_of(engine, tmp_path, request)
    assert {column: kinds for column, kinds in named.items() if len(kinds) > 1} == {}


async def nothing_to_seal(tx: Transaction, sealer: Sealer, is_first: bool) -> None:
    """There are no secrets yet."""


def files_in(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


async def test_every_kind_of_file_has_its_row(tmp_path: Path) -> None:
    async with opened_world(await copy_sqlite(tmp_path / "doorstep.sqlite")) as world:
        data = world.ctx.evidence_storage.data
        world.ctx.keys = Keys(data / "keys")
        await world.ctx.keys.open(world.ctx.db, world.ctx.clock(), nothing_to_seal)
        await lived_through(world)
        await checkpoints.settle(world.ctx)
        found = [name for folder in (data, tmp_path) for name in files_in(folder)]
    patterns = {pattern for kind in inventory.kinds() for pattern in kind.files}
    assert [name for name in found if not any(fnmatch(name, pattern) for pattern in patterns)] == []
    assert [pattern for pattern in patterns if not any(fnmatch(name, pattern) for name in found)] == []


def test_every_term_is_a_setting() -> None:
    policy = RetentionPolicy()
    for kind in inventory.kinds():
        assert kind.term in ("visit", "good") or not isinstance(kind.term, str) or kind.days(policy), kind.id
    settings = {kind.term for kind in inventory.kinds() if isinstance(kind.term, str)}
    assert {f"keep_{name}" for name in RetentionPolicy.__struct_fields__} <= settings


@pytest.mark.parametrize(("language", "name"), [("zh", "personal-data.md"), ("en", "personal-data.en.md")])
def test_the_documents_have_the_table_as_it_is(language: str, name: str) -> None:
    text = (ROOT / "docs" / name).read_text("utf-8")
    assert inventory.with_table(text, language, RetentionPolicy()) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("days", "zh", "en"),
    [
        (1, "1 天", "1 day"),
        (30, "1 个月", "1 month"),
        (90, "3 个月", "3 months"),
        (180, "6 个月", "6 months"),
        (365, "1 年", "1 year"),
        (366, "1 年", "1 year"),
        (396, "1 年 1 个月", "1 year and 1 month"),
        (1096, "3 年", "3 years"),
        (1826, "5 年", "5 years"),
        (1830, "5 年 1 个月", "5 years and 1 month"),
    ],
)
def test_a_term_is_said_in_years_and_months(days: int, zh: str, en: str) -> None:
    assert inventory.years_and_months(days) == TextPair(zh, en)


async def test_customers_read_whom_to_ask(sqlite_world: World) -> None:
    world = sqlite_world
    hotline = msgspec.structs.replace(world.ctx.company, hotline="021-962740")
    officer = msgspec.structs.replace(hotline, privacy_contact="个人信息保护负责人 周，privacy@example.org")
    for company, expected in ((hotline, "请拨打热线。"), (officer, f"请联系：{officer.privacy_contact}。")):
        world.ctx.company = company
        answer = await world.client.get("/privacy", headers={"accept-language": "zh-CN"})
        assert expected in answer.text


async def test_customers_read_the_terms_of_their_utility(sqlite_world: World) -> None:
    sqlite_world.ctx.retention = RetentionPolicy(visits=777)
    pages = {}
    for language in ("zh-CN", "en"):
        answer = await sqlite_world.client.get("/privacy", headers={"accept-language": language})
        assert answer.status_code == 200
        pages[language] = answer.text
    assert "上门办结后 2 年 2 个月" in pages["zh-CN"]
    assert "2 years and 2 months after the visit is closed" in pages["en"]
    for page in pages.values():
        assert not re.search(r"\d{3,} (天|days)", page)
    assert "网信部门" in pages["zh-CN"]
    assert "人民法院" in pages["zh-CN"]
    for kind in inventory.kinds():
        assert (kind.zh in pages["zh-CN"]) == kind.customers
