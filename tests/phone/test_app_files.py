"""The app's page, worker, manifest and files over HTTP: complete, of one version, small, and under a strict policy."""

import json
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path, PurePosixPath

import pytest
from PIL import Image

from service.phone import files
from tests.support import nodejs
from tests.support.api_client import World, problem

ROOT = Path(nodejs.HERE).parent
TSC = str(ROOT / "tests" / "vendor" / "typescript" / "lib" / "tsc.js")
LIMIT = 120_000  # bytes of the first load, compressed
IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*(["'])([^"'\n]+)\1""")


def imported(name: str) -> list[str]:
    """What a module imports, as it is written, without types."""
    text = files.shortened(files.FILES[name].body).decode()
    return [found[2] for found in IMPORT.finditer(text)]


def reached() -> set[str]:
    """Every module that the app loads, from its first."""
    found, ahead = set[str](), ["app/main.js"]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            for path in imported(name):
                parts = list[str]()
                for part in (PurePosixPath(name).parent / path).parts:
                    parts = parts[:-1] if part == ".." else [*parts, part]
                ahead.append("/".join(parts))
    return found


async def test_the_page_loads_only_its_own_version_and_nothing_inline(small_world: World) -> None:
    answer = await small_world.ask(None, "GET", "/phone")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["permissions-policy"] == "camera=(), microphone=(), geolocation=(self)"
    addresses = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert {address for address in addresses if not address.startswith(files.BASE)} == {"/phone/manifest.webmanifest"}
    for address in addresses:
        assert (await small_world.ask(None, "GET", address)).status_code == 200
    assert re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", answer.text) is None
    again = await small_world.ask(None, "GET", "/phone", if_none_match=answer.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    english = await small_world.ask(None, "GET", "/phone", accept_language="en", if_none_match=answer.headers["etag"])
    assert english.status_code == 200
    assert '<html lang="en">' in english.text


@pytest.mark.parametrize(("language", "tag", "name"), [("zh", "zh-CN", "上门"), ("en", "en", "Doorstep")])
async def test_the_manifest_has_a_name_in_the_language_and_icons_that_are_there(
    small_world: World, tmp_path: Path, language: str, tag: str, name: str
) -> None:
    answer = await small_world.ask(None, "GET", "/phone/manifest.webmanifest", accept_language=language)
    assert answer.headers["content-type"] == "application/manifest+json"
    manifest = answer.json()
    assert (manifest["lang"], manifest["name"]) == (tag, name)
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/phone", "/phone", "standalone")
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        picture = await small_world.ask(None, "GET", icon["src"])
        assert picture.headers["content-type"] == icon["type"]
        if icon["type"] == "image/png":
            path = tmp_path / "icon.png"
            path.write_bytes(picture.content)
            with Image.open(path) as image:
                assert icon["sizes"] == f"{image.width}x{image.height}"


async def test_the_worker_names_every_file_and_their_digest(small_world: World) -> None:
    answer = await small_world.ask(None, "GET", "/phone/sw.js")
    assert answer.headers["service-worker-allowed"] == "/phone"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    first = answer.text.partition("\n")[0]
    app = json.loads(first.removeprefix("self.APP = ").removesuffix(";"))
    assert (app["version"], app["base"]) == (files.VERSION, files.BASE)
    assert set(app["names"]) == set(files.FILES)
    for encoding in ("identity", "gzip", "br"):
        lines = list[str]()
        for name in app["names"]:
            file = await small_world.ask(None, "GET", app["base"] + name, accept_encoding=encoding)
            assert (file.status_code, file.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
            lines.append(f"{sha256(file.content).hexdigest()}  {name}\n")
        assert app["digest"] == sha256("".join(lines).encode()).hexdigest()


async def test_files_of_another_version_and_others_are_not_there(small_world: World) -> None:
    for path in (
        files.BASE.replace(files.VERSION, "0" * 16) + "app/main.js",
        files.BASE + "app/none.js",
        files.BASE + "../files.py",
        files.BASE + "vendor/packages.toml",
        files.BASE + "data/types.d.ts",
        files.BASE + "sw.js",
    ):
        assert problem(await small_world.ask(None, "GET", path)) == (404, "not-found")


async def test_a_file_is_revalidated_in_both_encodings(small_world: World) -> None:
    for encoding, suffix in (("identity", ""), ("gzip", "-gzip"), ("gzip, br", "-br"), ("gzip, br;q=0", "-gzip")):
        address = files.BASE + "app/main.js"
        answer = await small_world.ask(None, "GET", address, accept_encoding=encoding)
        assert answer.headers["etag"].strip('"').endswith(suffix or answer.headers["etag"][-5:-1])
        again = await small_world.ask(
            None, "GET", address, accept_encoding=encoding, if_none_match=answer.headers["etag"]
        )
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])


def test_every_import_is_a_file_of_the_app_and_every_script_is_imported() -> None:
    scripts = {name for name in files.FILES if name.endswith(("js", "mjs"))}
    for name in scripts:
        assert all(path.startswith((".", "/")) for path in imported(name)), f"{name}: {imported(name)}"
    assert reached() == scripts


async def test_the_first_load_is_small(small_world: World) -> None:
    addresses = ["/phone", "/phone/sw.js", "/phone/manifest.webmanifest", *(files.BASE + name for name in files.FILES)]
    loaded = 0
    for address in addresses:
        async with small_world.client.stream("GET", address, headers={"accept-encoding": "gzip, br"}) as answer:
            loaded += len(b"".join([part async for part in answer.aiter_raw()]))
    assert loaded < LIMIT, f"{loaded} bytes"


def tsc(*arguments: str) -> str:
    done = subprocess.run([nodejs.node(), TSC, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_the_types_of_all_scripts_are_right() -> None:
    assert tsc("-p", "tests/phone/tsconfig.json") == ""


def test_what_is_served_differs_from_the_sources_only_in_comments_and_indents(tmp_path: Path) -> None:
    """TypeScript writes both without comments. Indents are within templates, whose lines htm trims."""
    options = ["--allowJs", "--noCheck", "--noResolve", "--removeComments", "--target", "esnext", "--module", "esnext"]
    written = dict[str, dict[str, str]]()
    for kind in ("sources", "served"):
        for name, file in files.FILES.items():
            if name.endswith(".js") and not name.startswith("vendor/"):
                path = tmp_path / kind / name
                path.parent.mkdir(parents=True, exist_ok=True)
                folder = files.FOLDER if (files.FOLDER / name).exists() else ROOT / "service" / "web" / "static"
                source = (folder / name).read_bytes()
                path.write_bytes(source if kind == "sources" else file.body)
                assert source.count(b"\n") == file.body.count(b"\n")
        names = sorted(str(path) for path in (tmp_path / kind).rglob("*.js"))
        out = tmp_path / "out"
        assert tsc(*options, "--rootDir", str(tmp_path / kind), "--outDir", str(out), *names) == ""
        written[kind] = {
            str(path.relative_to(out)): re.sub(r"(?m)^[ \t]+", "", path.read_text("utf-8"))
            for path in out.rglob("*.js")
        }
        shutil.rmtree(out)
    assert len(written["sources"]) > 20
    assert written["sources"] == written["served"]


def test_only_comments_that_are_surely_comments_are_left_out() -> None:
    script = b'// one\nlet a = 1 // two\n/** three\n * four */\n  /* five */ b()\nlet url = "//c"\n'
    assert files.shortened(script) == b'\nlet a = 1 // two\n\n\n/* five */ b()\nlet url = "//c"\n'
    assert files.shortened(b"/* one */ a() /* two */\n") == b"/* one */ a() /* two */\n"
    assert files.shortened(b"a(); // one\nlet b = `;\n; // two`\n") == b"a();\nlet b = `;\n; // two`\n"
