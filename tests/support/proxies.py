"""The samples of deploy/ run by the real nginx and Caddy, in front of a server: on free ports, with a certificate."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.debian import program

DEPLOY = Path(__file__).parents[2] / "deploy"
NAME = "localhost"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


def require(program: str) -> str:
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, f"{program} is missing: install it (scripts/test does so on Debian)"
    return found


@contextmanager
def nginx(folder: Path, upstream: int) -> Iterator[tuple[int, int]]:
    """nginx with `deploy/nginx.conf`; its ports for HTTPS and HTTP."""
    secure, plain = free_port(), free_port()
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subject = ("-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}")
    made = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(key))
    subprocess.run(
        ["openssl", "req", "-x509", *made, "-out", str(certificate), "-days", "2", *subject],
        check=True,
        capture_output=True,
    )
    sample = (DEPLOY / "nginx.conf").read_text("utf-8")
    for old, new in (
        ("doorstep.example", NAME),
        ("127.0.0.1:8000", f"127.0.0.1:{upstream}"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{secure} ssl http2;"),
        ("listen [::]:80;", ""),
        ("listen [::]:443 ssl http2;", ""),
        ("/etc/nginx/certificates/doorstep.pem", str(certificate)),
        ("/etc/nginx/certificates/doorstep.key", str(key)),
        ("/var/log/nginx/doorstep.log", str(folder / "access.log")),
    ):
        assert old in sample, old
        sample = sample.replace(old, new)
    (folder / "doorstep.conf").write_text(sample, "utf-8")
    places = "".join(
        f"{kind}_temp_path {folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = f"pid {folder / 'pid'}; error_log {folder / 'error.log'}; daemon off; master_process off;"
    (folder / "main.conf").write_text(f"{main} events {{}} http {{ {places} include doorstep.conf; }}", "utf-8")
    command = [require("nginx"), "-p", str(folder), "-c", str(folder / "main.conf")]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    with _started(folder, command, {}, lambda: _secured(secure)):
        yield secure, plain


@contextmanager
def caddy(folder: Path, upstream: int) -> Iterator[tuple[int, int]]:
    """Caddy with `deploy/Caddyfile`; its ports for HTTPS and HTTP."""
    secure, plain = free_port(), free_port()
    sample = (DEPLOY / "Caddyfile").read_text("utf-8")
    ports = f"admin off\n\thttp_port {plain}\n\thttps_port {secure}\n"
    assert "admin off\n" in sample
    environment = {"SITE": NAME, "UPSTREAM": f"127.0.0.1:{upstream}"}
    with run_caddy(folder, sample.replace("admin off\n", ports), environment, lambda: _secured(secure)):
        yield secure, plain


@contextmanager
def run_caddy(
    folder: Path, caddyfile: str, environment: dict[str, str], is_ready: Callable[[], bool]
) -> Iterator[None]:
    """Caddy with this text as its settings; it keeps everything in the folder."""
    (folder / "Caddyfile").write_text(caddyfile, "utf-8")
    homes = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(folder))
    command = [str(program("caddy")), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with _started(folder, command, environment | homes, is_ready):
        yield


@contextmanager
def _started(folder: Path, command: list[str], more: dict[str, str], is_ready: Callable[[], bool]) -> Iterator[None]:
    output = folder / "output"  # a file: a pipe that nobody reads fills, and the program stops
    with output.open("wb") as file:
        process = subprocess.Popen(command, env=os.environ | more, stdout=file, stderr=file, cwd="/")
    try:
        end = time.monotonic() + 30
        while not is_ready():
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < end, f"{command[0]} does not answer"
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _secured(port: int) -> bool:
    """Whether something answers with a certificate."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection(("127.0.0.1", port), 1) as link,
            trusting.wrap_socket(link, server_hostname=NAME),
        ):
            return True
    except OSError:
        return False
