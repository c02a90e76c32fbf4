"""`doorstep check` names what is not set before the service goes live, how grave it is, and what to do."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from service.audit_log import checkpoints
from service.config.loading import load_settings
from service.config.settings import Settings
from service.context import AppContext
from service.db.connect import open_database
from service.keys import new_log_key
from service.lifecycle import build_context, open_context
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
    "checkpoints": "mailto:log@doorstep.example",
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
    ({"smtp": "", "checkpoints": "s3://log/a?endpoint=https://oss.internal"}, {"mail": "should"}),
    ({"smtp": ""}, {"mail": "should", "checkpoints": "must"}),
    ({"checkpoints": ""}, {"checkpoints": "should"}),
    ({"smtp": "smtp://mail.example"}, {"mail-tls": "should"}),
    ({"smtp": "smtp://mail.lan"}, {}),
    ({"idle_seconds": "60"}, {"idle-connections": "should"}),
    ({"idle_seconds": "61"}, {}),
    ({"webhooks": "gis=http://gis.example/in"}, {"webhook-tls": "must"}),
    ({"webhooks": "gis=http://10.1.2.3/in,crm=https://crm.example"}, {}),
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
    leave_backup(data, timedelta(hours=1))
    assert found() == {}
    monkeypatch.setattr(machine_checks, "SETTINGS_FILE", settings_file := data.parent / "doorstep.env")
    for mode, expected in ((0o640, {}), (0o644, {"settings-file": "must"})):
        settings_file.touch()
        settings_file.chmod(mode)
        assert found() == expected
    settings_file.unlink()
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


@pytest.fixture
async def started(address: str, tmp_path: Path) -> Settings:
    """The settings of a service that was started once, on either engine."""
    settings = settings_of(tmp_path / "data", database=address, url="https://water.example")
    async with open_context(build_context(settings)):
        pass
    return settings


def about_keys(findings: list[Finding]) -> dict[str, str]:
    names = ("keys", "sealing-key", "log-key", "log-name")
    return {name: grade for name, grade in grave(findings).items() if name in names}


async def test_keys_are_those_of_the_database_and_to_be_kept_apart(started: Settings, tmp_path: Path):
    keys = started.data / "keys"
    findings = await examine.examine(started)
    assert about_keys(findings) == {"keys": "hint"}
    (hint,) = (one for one in findings if one.name == "keys")
    assert str(keys) in hint.do_zh
    assert "备份以外" in hint.do_zh

    (keys / "log").write_text("rubbish")
    assert about_keys(await examine.examine(started)) == {"log-key": "must"}
    (keys / "log").write_text(new_log_key("water.example/log"))
    assert about_keys(await examine.examine(started)) == {"log-key": "must"}  # another one
    (keys / "log").unlink()
    (keys / "log").mkdir()  # cannot be read, whoever we are
    assert about_keys(await examine.examine(started)) == {"log-key": "must"}


async def test_a_second_server_without_keys_is_to_get_them_from_the_first(started: Settings, tmp_path: Path):
    second = msgspec.structs.replace(started, data=tmp_path / "second", database=started.database_address)
    findings = await examine.examine(second)
    assert about_keys(findings) == {"sealing-key": "must", "log-key": "must"}
    for one in findings:
        if one.name.endswith("-key"):
            assert "从那里复制 keys/" in one.zh
            assert "copy keys/ from the other server" in one.en
            assert str(tmp_path / "second" / "keys") in one.en
    given = {name: (started.data / "keys" / name).read_text().strip() for name in ("sealing", "log")}
    same = msgspec.structs.replace(second, sealing_key=given["sealing"], log_key=given["log"])
    assert about_keys(await examine.examine(same)) == {"keys": "hint"}


async def test_without_a_database_a_first_start_makes_keys_and_a_restore_copies_them(tmp_path: Path):
    (found,) = (one for one in await examine.examine(settings_of(tmp_path / "new")) if one.name == "keys")
    assert found.grade == "should"
    assert found.do_zh.startswith("如果已有数据库")


async def test_a_log_named_before_there_was_an_address_is_noticed(tmp_path: Path):
    settings = settings_of(tmp_path / "data")
    async with open_context(build_context(settings)) as ctx:
        assert checkpoints.verifier_key(ctx).startswith("127.0.0.1:0/") is False
        name = checkpoints.verifier_key(ctx).partition("+")[0]
    assert about_keys(await examine.examine(settings)) == {"keys": "hint"}
    public = msgspec.structs.replace(settings, url="https://water.example")
    findings = await examine.examine(public)
    assert about_keys(findings) == {"keys": "hint", "log-name": "should"}
    (found,) = (one for one in findings if one.name == "log-name")
    assert name in found.zh
    assert "--name water.example/log" in found.do_zh
    async with open_context(build_context(public)) as ctx:  # its name stays
        assert checkpoints.verifier_key(ctx).startswith(f"{name}+")


async def test_a_restored_log_that_is_not_signed_is_named(started: Settings):
    async with open_context(build_context(started)) as ctx:
        await ctx.db.write(checkpoints.forbid_to_sign)
    assert grave(await examine.examine(started))["log-signing"] == "must"
    async with open_context(build_context(started)) as ctx:
        await checkpoints.begin_new_log(ctx, "water.example/log/2")
    assert "log-signing" not in grave(await examine.examine(started))


async def test_backups_of_postgresql_need_its_client(
    started: Settings, engine: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    client = tmp_path / "pg_dump"
    monkeypatch.setenv("PATH", str(tmp_path))
    for version, expected in ((None, "must"), ("9.6.1", "must"), ("99.1", None)):
        if version:
            client.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}'\n")
            client.chmod(0o700)
        found = grave(await examine.examine(started)).get("backup-client")
        assert found == (expected if engine == "postgres" else None)


def test_a_file_of_checkpoints_that_is_not_ours_is_named(tmp_path: Path):
    data = tmp_path / "data"
    data.mkdir(0o700)
    add = ("person", "add", "gao", "--name", "高", "--role", "admin")
    assert run_command(*add, data=data).returncode == 0

    def names() -> set[str]:
        found = json.loads(run_command("check", "--json", data=data, any_user=True).stdout)
        return {one["name"] for one in found if one["grade"] == "must"}

    file = data / "checkpoints"
    assert file.is_file()
    assert not {"data-folder", "checkpoints-file", "log-key"} & names()
    for mode in (0o400, 0o200):
        file.chmod(mode)
        assert "checkpoints-file" in names()
    file.chmod(0o600)
    (data / "keys" / "log").chmod(0o000)
    assert "log-key" in names()
    (data / "keys" / "log").chmod(0o600)
    (data / "keys").chmod(0o000)
    assert {"log-key", "sealing-key"} <= names()
    (data / "keys").chmod(0o700)
    data.chmod(0o500)
    assert "data-folder" in names()
    data.chmod(0o000)
    assert {"data-folder", "database"} <= names()
    data.chmod(0o700)
    assert not {"data-folder", "checkpoints-file", "log-key"} & names()


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
    assert "提示 0 项，正常 1 项 / 0 must" in as_text([Finding("x", "fine", "好", "good")])
    assert "[提示 hint] x: 好 / good" in as_text([Finding("x", "hint", "好", "good")])
    assert "data-folder" in grave([*check_settings(load_settings({}))])  # a relative one
