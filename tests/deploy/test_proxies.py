"""The samples for nginx and Caddy do what docs/deployment.md says, in front of a real server."""

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from service.config.settings import Settings
from tests.support import proxies
from tests.support.factories import uid
from tests.support.pictures import name, noise
from tests.support.running import Running, hired, plan, running, until
from tests.support.uploads import metadata_header

HIDDEN = ("/metrics", "/metrics/", "//metrics", "/%6detrics", "/x/../metrics")
STRANGERS = 20  # requests a minute without a token, from one address


class Behind(NamedTuple):
    """A server, the proxy in front of it by its ports, and a technician's headers."""

    server: Running
    data: Path
    folder: Path
    secure: int
    plain: int
    phone: dict[str, str]

    def client(self, source: str = "127.0.0.1") -> httpx.Client:
        """A client with an address of its own."""
        transport = httpx.HTTPTransport(verify=False, local_address=source)
        return httpx.Client(base_url=f"https://localhost:{self.secure}", transport=transport, timeout=60)

    def connect(self) -> ssl.SSLSocket:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        link = socket.create_connection(("127.0.0.1", self.secure), 60)
        return context.wrap_socket(link, server_hostname="localhost")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Path, dict[str, str]]]:
    data = tmp_path_factory.mktemp("data")
    office, phone = hired(data, "zhao", "dispatcher"), hired(data, "li", "technician")
    with running(data, proxies="127.0.0.1", strangers=str(STRANGERS)) as started:
        assert plan(started, office, uid("v"), technician="li").status_code == 201
        yield started, data, phone


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def behind(request: pytest.FixtureRequest, server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    folder = tmp_path_factory.mktemp(request.param)
    started, data, phone = server
    with ExitStack() as stack:
        secure, plain = stack.enter_context(getattr(proxies, request.param)(folder, started.port))
        yield Behind(started, data, folder, secure, plain, phone)


def test_pages_and_the_api_are_served_and_http_leads_to_https(behind: Behind):
    with behind.client() as client:
        assert client.get("/health/ready").json() == {"status": "ok"}
        assert "登录" in client.get("/sign-in", headers={"accept-language": "zh"}).text
        assert client.get("/v1/me", headers=behind.phone).json()["login"] == "li"
    led = httpx.get(f"http://localhost:{behind.plain}/sign-in")
    assert led.status_code in (301, 308)
    assert led.headers["location"].startswith("https://localhost")


def test_a_client_cannot_choose_its_address_and_each_has_its_own(behind: Behind, request: pytest.FixtureRequest):
    number = 40 + 10 * (request.node.callspec.params["behind"] == "caddy")

    def statuses(client: httpx.Client) -> set[int]:
        found = (client.get("/v1/me", headers={"x-forwarded-for": f"203.0.113.{one}"}) for one in range(STRANGERS + 5))
        return {answer.status_code for answer in found}

    with behind.client(f"127.0.0.{number}") as client:
        assert statuses(client) == {401, 429}
    with behind.client(f"127.0.0.{number + 1}") as client:
        assert client.get("/v1/me").status_code == 401
    with httpx.Client(base_url=behind.server.address) as control:  # who is trusted may say for whom it asks
        assert statuses(control) == {401}


def test_large_photos_pass_and_larger_bodies_are_refused_by_path(behind: Behind, request: pytest.FixtureRequest):
    photo = noise((1500 + len(request.node.name), 1300), 95)
    assert 2**20 < len(photo) < 8 * 2**20
    with behind.client() as client:
        headers = behind.phone | {"content-type": "image/jpeg"}
        assert client.put(f"/v1/evidence/{name(photo)}", content=photo, headers=headers).status_code == 201
        assert (
            client.put(f"/v1/evidence/{name(photo)}", content=photo, headers=headers).status_code == 200
        )  # it is there
        for path, size in ((f"/v1/records/{uid('r')}", 4 * 2**20), (f"/v1/evidence/{'0' * 64}", 14 * 2**20)):
            for _ in range(10):
                answer = client.put(path, content=bytes(size), headers=headers)
                assert answer.status_code == 413
                assert re.search("too-large|Too Large", answer.text)


def test_an_interrupted_upload_keeps_what_has_arrived(behind: Behind, request: pytest.FixtureRequest):
    photo = noise((1400 + len(request.node.name), 900), 95)
    half = len(photo) // 2
    tus = behind.phone | {"tus-resumable": "1.0.0"}
    with behind.client() as client:
        made = client.post(
            "/v1/uploads",
            headers={name: value for name, value in tus.items() if name != "content-type"}
            | {"upload-length": str(len(photo)), "upload-metadata": metadata_header(photo)},
        )
        assert made.status_code == 201, made.text
        path = "/v1/uploads/" + made.headers["location"].rpartition("/")[2]
        lines = (
            f"PATCH {path} HTTP/1.1",
            "Host: localhost",
            f"Authorization: {behind.phone['authorization']}",
            "Tus-Resumable: 1.0.0",
            "Upload-Offset: 0",
            "Content-Type: application/offset+octet-stream",
            f"Content-Length: {len(photo)}",
        )

        def has_arrived() -> bool:
            """Asked of the disk: a HEAD would take the upload over, maybe before its first byte."""
            return any(part.stat().st_size for part in behind.data.rglob(f"{path.rpartition('/')[2]}.part"))

        with behind.connect() as link:
            link.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + photo[:half])
            assert until(has_arrived, 30)

        def go_on() -> int:
            """Send the rest, from where the server says; while it still reads the first part it refuses."""
            offset = int(client.head(path, headers=tus).headers["upload-offset"])
            assert 0 < offset <= half
            rest = {**tus, "upload-offset": str(offset), "content-type": "application/offset+octet-stream"}
            return client.patch(path, content=photo[offset:], headers=rest).status_code

        assert until(lambda: go_on() == 204, 30)
        assert client.put(f"/v1/evidence/{name(photo)}", content=photo, headers=behind.phone).status_code == 200


def test_paths_reach_the_service_as_they_are_and_secrets_no_log(behind: Behind):
    with behind.client() as client:
        for path in ("/v1%2fme", "/v1//me", "//v1/me", "/%76%31/me", "/x/../v1%2fme", *HIDDEN):
            url = httpx.URL(f"https://localhost:{behind.secure}").copy_with(raw_path=path.encode())
            answer = client.get(url, headers=behind.phone)
            assert answer.status_code == 404, path
            by_proxy = "x-request-id" not in answer.headers
            assert by_proxy == (path in HIDDEN), path
        assert client.get("/v1/me", headers=behind.phone | {"x-long": "x" * 40_000}).status_code in (400, 431)
        for path in (
            "/c/SECRET",
            "/d/SECRET",
            "/calendar/SECRET.ics",
            "/v1/confirmations/SECRET",
            "/sign-in?next=SECRET",
        ):
            client.get(path)
    written = b"".join(path.read_bytes() for path in behind.folder.glob("*.log"))
    assert b"SECRET" not in written


def test_proxies_close_idle_connections_to_the_service_before_it_does():
    seconds = Settings().idle_seconds
    upstream = re.search(
        r"upstream .*?keepalive_timeout (\d+)s", (proxies.DEPLOY / "nginx.conf").read_text(), re.DOTALL
    )
    caddy = re.search(r"keepalive (\d+)s", (proxies.DEPLOY / "Caddyfile").read_text())
    assert upstream is not None
    assert caddy is not None
    assert int(upstream[1]) < seconds
    assert int(caddy[1]) < seconds
