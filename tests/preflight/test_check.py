"""`doorstep check` names what is not set before the service goes live, how grave it is, and what to do."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from service.context import AppContext
from service.db.connect import open_database
from service.monitoring.last_backup import LAST_BACKUP, LastBackup
from service.preflight import database_checks, examine, machine_checks
from service.preflight.database_checks import check_database
from service.preflight.finding import Finding, as_text
from service.preflight.machine_checks import check_machine
from service.preflight.settings_checks import check_settings
from service.web import access_log
from tests.support.api_client import World
from tests.support.backups import settings_of
from tests.support.command_line import run_command
from tests.support.factories import Town
from tests.support.sql import run_sql

READY = {
    "url": "https://water.example",
    "proxies": "127.0.0.1",
    "company": "虚构市自来水公司",
    "hotline": "028-0000000",
    "sms_url": "https://sms.example",
    "sms_reports": "0123456789abcdef",
    "smtp": "smtps://mail.example",
    "smtp_from": "water@doorstep.example",
    "duty_mail": "office@doorstep.example",
}
SETTINGS = (
    ({}, {}),
    ({"url": ""}, {"address": "must"}),
    ({"url": "https://localhost:8000"}, {"address": "must"}),
    ({"url": "http://water.example"}, {"address": "must"}),
    ({"url": "https://doorstep.example"}, {"address": "must"}),
    ({"proxies": ""}, {"proxy": "must"}),
    ({"proxies": "", "host": "10.0.0.5"}, {"proxy": "must"}),
    ({"host": "10.0.0.5"}, {}),
    ({"company": ""}, {"company": "must"}),
    ({"hotline": ""}, {"hotline": "must"}),
    ({"sms_url": ""}, {"sms": "must"}),
    ({"sms_url": "http://sms.example"}, {"sms-tls": "must"}),
    ({"sms_url": "http://10.1.2.3/send"}, {}),
    ({"sms_url": "http://gateway.internal"}, {}),
    ({"sms_reports": ""}, {"sms-reports": "should"}),
    ({"smtp": ""}, {"mail": "should"}),
    ({"smtp_from": ""}, {"mail-sender": "must"}),
    ({"duty_mail": ""}, {"duty-mail": "should"}),
)


def grave(findings: list[Finding]) -> dict[str, str]:
    return {one.name: one.grade for one in findings if one.grade != "fine"}


@pytest.mark.parametrize(("change", "expected"), SETTINGS)
def test_each_setting_that_is_missing_is_named(tmp_path: Path, change: dict[str, str], expected: dict[str, str]):
    assert grave([*check_settings(settings_of(tmp_path, **(READY | change)))]) == expected


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a good backup, on a machine where everything is well."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    leave_backup(folder, timedelta(hours=3))
    (folder / "keys").mkdir(mode=0o700)
    for name in ("sealing", "log"):
        (folder / "keys" / name).touch(0o600)
    monkeypatch.setattr(machine_checks, "PYTHON_FIXED", {})
    monkeypatch.setattr(machine_checks, "EXPAT_FIXED", (1,))
    monkeypatch.setattr(machine_checks, "OPEN_FILES", 1)
    monkeypatch.setattr(machine_checks, "STA_UNSYNC", 0)
    monkeypatch.setattr(machine_checks.os, "geteuid", lambda: 1000)
    return folder


def leave_backup(data: Path, age: timedelta, *, sound: bool = True, place: str = "/proc") -> None:
    last = LastBackup(place, datetime.now(UTC) - age, sound)
    (data / LAST_BACKUP).write_bytes(msgspec.json.encode(last))
    (data / LAST_BACKUP).chmod(0o600)


def test_a_machine_is_examined(data: Path, monkeypatch: pytest.MonkeyPatch):
    settings = settings_of(data)

    def found() -> dict[str, str]:
        return grave([*check_machine(settings)])

    assert found() == {}
    (data / "outbox.jsonl").touch(0o644)
    assert found() == {"permissions": "should"}  # the folder is closed to others
    data.chmod(0o755)
    assert found() == {"permissions": "must"}
    (data / "outbox.jsonl").unlink()
    data.chmod(0o700)
    for age, sound, place, expected in (
        (30, True, "/proc", {"backup": "should"}),
        (80, True, "/proc", {"backup": "must"}),
        (1, False, "/proc", {"backup": "must"}),
        (1, True, str(data), {"backup-place": "should"}),
        (1, True, "/nowhere", {"backup-place": "should"}),
    ):
        leave_backup(data, timedelta(hours=age), sound=sound, place=place)
        assert found() == expected
    (data / "keys" / "log").unlink()
    leave_backup(data, timedelta(hours=1))
    assert found() == {"keys": "should"}
    (data / "keys" / "log").touch(0o600)
    (data / LAST_BACKUP).unlink()
    assert found() == {"backup": "must"}
    leave_backup(data, timedelta(0))
    monkeypatch.setattr(
        machine_checks.shutil, "disk_usage", lambda _: type("Disk", (), {"free": 2**30, "total": 2**40})
    )
    monkeypatch.setattr(machine_checks.os, "geteuid", lambda: 0)
    monkeypatch.setattr(machine_checks, "PYTHON_FIXED", {machine_checks.sys.version_info[:2]: 99})
    monkeypatch.setattr(machine_checks, "EXPAT_FIXED", (99,))
    monkeypatch.setattr(machine_checks, "STA_UNSYNC", 0xFFFF)
    monkeypatch.setattr(machine_checks, "OPEN_FILES", 10**18)
    expected = {"space": "must", "account": "should", "python": "should", "expat": "should", "open-files": "should"}
    assert {name: grade for name, grade in found().items() if name != "clock"} == expected
    nowhere = [*check_machine(msgspec.structs.replace(settings, zone="Nowhere/Land"))]
    assert grave(nowhere)["time-zone"] == "must"


async def test_a_database_is_examined(address: str, engine: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(database_checks, "WAL_RESET_FIXED", (3,))
    db = open_database(address)
    await db.start()
    town = await Town(db).open()

    async def found() -> dict[str, str]:
        return grave(await check_database(town.ctx))

    # the tests' server is fast instead of durable, and its only role may do everything
    expected = {} if engine == "sqlite" else {"postgresql-fsync": "must", "postgresql-role": "should"}
    assert await found() == expected | {"admin": "must"}
    await run_sql(address, "UPDATE people SET password_hash = 'x' WHERE login = 'admin'")
    assert await found() == expected
    await run_sql(address, "UPDATE people SET name = '李强' WHERE login = 'li'")
    assert await found() == expected | {"demonstration": "must"}
    await run_sql(address, "UPDATE people SET left_at = 1 WHERE login = 'li'")
    await run_sql(address, "INSERT INTO log_leaves (id, leaf, at) VALUES ('1', '{}', 9999999999999)")
    assert await found() == expected | {"clock-behind": "must"}
    monkeypatch.setattr(database_checks, "WAL_RESET_FIXED", (99,))
    monkeypatch.setattr(database_checks, "POSTGRES_LEAST", 99)
    assert ("sqlite" if engine == "sqlite" else "postgresql") in await found()
    await db.close()


async def test_a_server_warns_of_what_must_be_done_and_never_fails(
    sqlite_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    access_log.configure_logging("json", "info")
    await examine.warn(settings_of(tmp_path / "data"), sqlite_world.ctx)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert {"hotline", "sms", "backup", "admin"} < {line["check"] for line in lines}
    assert {line["level"] for line in lines} == {"warning"}
    assert all("mail" not in line["check"] for line in lines)  # which only should be set

    async def fail(_: AppContext) -> None:
        raise OSError

    monkeypatch.setattr(examine, "check_database", fail)
    await examine.warn(settings_of(tmp_path / "data"), sqlite_world.ctx)
    assert "could not be checked" in capsys.readouterr().err


def test_the_command_says_what_to_do_in_chinese_first_and_has_a_status(tmp_path: Path):
    done = run_command("check", data=tmp_path / "nowhere")
    assert done.returncode == 1
    assert "[必须 must] database: " in done.stdout
    assert "→ 设置 DOORSTEP_HOTLINE=客服电话 / set DOORSTEP_HOTLINE" in done.stdout
    assert not (tmp_path / "nowhere").exists()
    found = json.loads(run_command("check", "--json", data=tmp_path / "nowhere").stdout)
    assert {one["grade"] for one in found} <= {"must", "should", "fine"}
    assert all(one["do_zh"] and one["do_en"] for one in found if one["grade"] != "fine")
    assert "正常 1 项 / 0 must" in as_text([Finding("x", "fine", "好", "good")])
