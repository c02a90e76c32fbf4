"""When the machine is in the way, a command says in one line what to do: Chinese first, no traceback, a status."""

import errno
import os
import re
import resource
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from service.cli.failures import problem_text, system_text
from service.db import postgres_failures
from service.errors import NotFound, ServiceUnavailable, StorageFailed, StorageFull
from tests.support.command_line import run_command
from tests.support.running import COMMAND, environment
from tests.support.sql import run_sql

BILINGUAL = re.compile(r"[\u4e00-\u9fff].* / [^\u4e00-\u9fff]+$")


def the_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """What it says, after its log."""
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("doorstep: "))
    assert done.stderr.endswith(f"{line}\n")
    assert BILINGUAL.search(line), line
    return line


def refused(*arguments: str, data: Path, **variables: str) -> str:
    return the_sentence(run_command(*arguments, data=data, any_user=True, **variables))


@pytest.fixture
def closed(tmp_path: Path):
    """A folder that may not be entered, and one that may not be written."""
    closed, read_only = tmp_path / "closed", tmp_path / "read-only"
    closed.mkdir(0o000)
    read_only.mkdir(0o500)
    yield closed, read_only
    closed.chmod(0o700)
    read_only.chmod(0o700)


def test_where_it_cannot_listen(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"端口 {port} 已被别的程序占用" in refused("serve", "--port", port, data=tmp_path)
    assert "DOORSTEP_HOST" in refused("serve", "--port", "0", "--host", "192.0.2.1", data=tmp_path)
    assert "DOORSTEP_HOST" in refused("serve", "--port", "0", "--host", "nowhere.invalid", data=tmp_path)
    first = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if first > 81:
        assert "没有权限监听端口 81" in refused("serve", "--port", "81", data=tmp_path)


def test_a_data_folder_that_is_not_ours(tmp_path: Path, closed: tuple[Path, Path]):
    (file := tmp_path / "file").touch()
    for data in closed[0], closed[0] / "data", closed[1] / "data":
        assert f"{data}: 没有权限：请让账号" in refused("serve", "--port", "0", data=data)
    assert "没有权限打开数据库" in refused("serve", "--port", "0", data=closed[1])
    assert "路径中有一段是文件" in refused("serve", "--port", "0", data=file)
    assert "没有权限" in refused("verify", data=closed[0])
    assert "没有权限" in refused("person", "add", "gao", "--name", "高", "--role", "admin", data=closed[0])


def test_a_sqlite_file_that_cannot_be_opened(tmp_path: Path):
    data, file = tmp_path / "data", tmp_path / "file"
    address = {"DOORSTEP_DATABASE": f"sqlite:///{file}"}
    file.write_bytes(b"no database " * 1000)
    assert "不是 SQLite 数据库" in refused("serve", "--port", "0", data=data, **address)
    file.chmod(0o000)
    for command in (("serve", "--port", "0"), ("verify",), ("backup", str(tmp_path / "backups"))):
        assert f"{file}: 没有权限打开数据库" in refused(*command, data=data, **address)
    file.unlink()
    file.mkdir()
    assert "这是文件夹" in refused("serve", "--port", "0", data=data, **address)


def test_a_backup_where_it_may_not_be_written(tmp_path: Path, closed: tuple[Path, Path]):
    data = tmp_path / "data"
    data.mkdir()
    (file := tmp_path / "file").touch()
    assert run_command("person", "add", "gao", "--name", "高", "--role", "admin", data=data).returncode == 0
    for target in closed[0], closed[1], closed[1] / "backups":
        assert "没有权限：请让账号" in refused("backup", str(target), data=data)
    assert "是文件" in refused("backup", str(file), data=data)
    assert "没有权限" in refused("restore", str(closed[0] / "20260302T001500Z"), data=tmp_path / "new")
    assert run_command("backup", str(tmp_path / "backups"), data=data, any_user=True).returncode == 0  # the control


def test_a_full_disk(tmp_path: Path):
    data = tmp_path / "data"
    data.mkdir()
    assert run_command("person", "add", "gao", "--name", "高", "--role", "admin", data=data).returncode == 0

    def run(*arguments: str, data: Path, size: int) -> str:
        """Run a command that may write files of so many bytes."""
        limit: Callable[[], None] = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))  # noqa: E731
        done = subprocess.run(
            [*COMMAND, *arguments],
            env=environment(data),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            preexec_fn=limit,
        )
        return the_sentence(done)

    for size in (0, 100_000):
        assert "磁盘已满：请用 df -h" in run("serve", data=tmp_path / f"new{size}", size=size)
    assert "磁盘已满：请用 df -h" in run("backup", str(tmp_path / "backups"), data=data, size=100_000)
    assert "手机" not in problem_text(StorageFull())


def test_postgresql_that_is_down_or_refuses(tmp_path: Path, postgres: str):
    data = tmp_path / "data"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        down = f"postgresql://doorstep:hunter2@127.0.0.1:{free.getsockname()[1]}/doorstep"
    add = ("person", "add", "gao", "--name", "高", "--role", "admin")
    for command in (("serve", "--port", "0"), ("verify",), ("backup", str(tmp_path / "backups")), add):
        said = the_sentence(run_command(*command, data=data, DOORSTEP_DATABASE=down))
        assert "连不上 PostgreSQL：请启动它" in said
        assert "hunter2" not in said
    checked = run_command("check", data=data, DOORSTEP_DATABASE=down)
    assert checked.returncode == 1
    assert "连不上 PostgreSQL" in checked.stdout

    def serve(address: str) -> str:
        return the_sentence(run_command("serve", "--port", "0", data=data, DOORSTEP_DATABASE=address))

    assert "服务器上没有这个数据库" in serve(postgres.replace("/postgres?", "/nothing?"))
    assert "用户名或口令不对" in serve(postgres.replace("postgres@", "nobody@"))
    assert "有参数不能用" in serve(f"{postgres}&sslmode=loud")
    assert "数据库是只读的" in serve(f"{postgres}&default_transaction_read_only=on&search_path=nothing")


async def test_a_role_that_may_not_make_tables(tmp_path: Path, postgres: str):
    await run_sql(postgres, "CREATE ROLE poor LOGIN")
    try:
        address = postgres.replace("postgres@", "poor@")
        done = run_command("serve", "--port", "0", data=tmp_path, DOORSTEP_DATABASE=address)
        assert "这个角色不能在库里建表" in the_sentence(done)
    finally:
        await run_sql(postgres, "DROP ROLE poor")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (asyncpg.InvalidPasswordError("x"), "用户名或口令不对"),
        (asyncpg.TooManyConnectionsError("x"), "max_connections"),
        (asyncpg.CannotConnectNowError("x"), "请稍后再试"),
        (asyncpg.DiskFullError("x"), "数据库服务器的磁盘已满"),
        (socket.gaierror(-2, "x"), "找不到数据库服务器的主机名"),
        (ssl.SSLCertVerificationError(1, "x"), "核对它的证书"),
        (ConnectionError('server at "x" rejected SSL upgrade'), "服务器没有打开 TLS"),
        (TimeoutError(), "没有回答"),
        (FileNotFoundError(2, "x"), "连不上 PostgreSQL"),
    ],
)
def test_each_failure_of_postgresql_has_its_sentence(error: Exception, said: str):
    text = str(postgres_failures.cannot_open("postgresql://x", error))
    assert said in text
    assert BILINGUAL.search(text)


def test_a_mistake_in_the_program_is_not_explained_away():
    assert postgres_failures.cannot_open("postgresql://x", asyncpg.UndefinedTableError("x")) is None
    assert postgres_failures.cannot_open("postgresql://x", AssertionError()) is None


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENOSPC])
def test_each_failure_of_the_system_has_its_sentence(number: int):
    said = system_text(OSError(number, os.strerror(number), "/srv/doorstep"))
    assert said.startswith("/srv/doorstep: ")
    assert BILINGUAL.search(said)
    assert os.strerror(number) not in said
    assert os.strerror(errno.EMFILE) in system_text(OSError(errno.EMFILE, os.strerror(errno.EMFILE)))  # the control


def test_problems_whose_words_are_for_phones_have_others():
    for problem in (StorageFull(), StorageFailed("x"), ServiceUnavailable()):
        assert "稍后再发" not in problem_text(problem)
        assert BILINGUAL.search(problem_text(problem))
    assert problem_text(NotFound()) == f"{NotFound.title_zh} / {NotFound.title_en}"
