"""The commands for personal data, as an operator runs them."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import run_command

ACCOUNT, WHY = "HU-1001", "(2026) 沪 0101 民初 77 号"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    added = run_command("person", "add", "wang", "--name", "王", "--role", "supervisor", "--create", data=folder)
    assert added.returncode == 0, added.stderr
    return folder


def test_an_account_is_held_and_released(data: Path) -> None:
    held = run_command("hold", f" {ACCOUNT} ", "--why", WHY, "--until", "2099-01-01", data=data)
    assert held.returncode == 0, held.stderr
    (hold,) = json.loads(held.stdout)["holds"]
    assert (hold["account"], hold["reason"], hold["by"], hold["active"]) == (ACCOUNT, WHY, "console", True)
    assert hold["until"] == "2099-01-01T23:59:59+08:00"
    released = run_command("hold", ACCOUNT.lower(), "--end", "--why", "和解", "--who", "wang", data=data)
    (hold,) = json.loads(released.stdout)["holds"]
    assert (hold["active"], hold["ended_by"], hold["ended_because"]) == (False, "wang", "和解")
    again = run_command("hold", ACCOUNT, "--end", "--why", "和解", data=data)
    assert (again.returncode, "没有找到 / Not found" in again.stderr) == (1, True)
    listed = json.loads(run_command("hold", data=data).stdout)["holds"]
    assert listed == [hold]
    unknown = run_command("hold", "--visit", "01956e2c-8a00-7000-8000-000000000002", "--why", WHY, data=data)
    assert (unknown.returncode, "没有找到 / Not found" in unknown.stderr) == (1, True)
    checked = run_command("verify", data=data)
    assert (checked.returncode, json.loads(checked.stdout)["rows"]["account_holds"]) == (0, 2)


@pytest.mark.parametrize(
    "command",
    [
        ("hold", ACCOUNT, "--why", " "),
        ("hold", "", "--why", WHY),
        ("hold", ACCOUNT, "--why", ""),
        ("erase", "--customer", ACCOUNT, "--why", "\u3000"),
        ("export-person", ACCOUNT, "file.zip", "--why", ""),
    ],
)
def test_nothing_is_done_without_a_reason(data: Path, command: tuple[str, ...]) -> None:
    done = run_command(*command, data=data)
    assert (done.returncode, "不能为空 / must not be empty" in done.stderr) == (2, True)


def test_an_export_of_nobody_leaves_no_file_and_none_is_overwritten(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "customer.zip"
    none = run_command("export-person", ACCOUNT, str(target), "--why", WHY, data=data)
    assert (none.returncode, "没有找到 / Not found" in none.stderr, target.exists()) == (1, True, False)
    target.write_text("another file")
    done = run_command("export-person", ACCOUNT, str(target), "--why", WHY, data=data)
    assert (done.returncode, "已有这个文件" in done.stderr, target.read_text()) == (1, True, "another file")
