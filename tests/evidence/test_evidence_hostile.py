"""Some two hundred hostile files: no crash, nothing but new JPEGs is shown, memory and time stay bounded."""

import re
import resource
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import httpx
from PIL import Image

from service.evidence import thumbnail_worker
from tests.support.api_client import World, record
from tests.support.evidence import send_evidence
from tests.support.factories import said, uid
from tests.support.malicious_images import MARK, bombs, corpus
from tests.support.pictures import name

MEMORY_MB, SECONDS = 512, 15  # of a processor
MEASURE = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(status, used.ru_maxrss, used.ru_utime + used.ru_stime)
"""  # a process of its own: what is measured would begin with the memory of whoever starts it
REFUSED = {(415, "not-photo"), (422, "photo-unreadable"), (413, "file-too-large")}
NOT_SHOWN = {(404, "not-found"), (422, "photo-unreadable")}


async def test_no_hostile_file_does_harm(small_world: World) -> None:
    world = small_world
    await world.plan()
    told: dict[str, int] = {"shown": 0, "refused": 0, "not shown": 0}
    slowest, files = 0.0, list(corpus())
    assert len(files) >= 160
    assert len({what for what, _ in files}) == len(files)
    for number, (what, raw) in enumerate(files):
        pieces = [{"kind": "photo", "sha256": name(raw)}]
        entry = said("09:06", "shoe_covers_on", evidence=pieces, id=str(uid(f"{number}")))
        named = record(uid(f"r{number}"), entries=[entry])
        assert (await world.submit(named, uid(f"r{number}"))).status_code == 201, what
        sent = await send_evidence(world, raw, kind="application/octet-stream")
        begun = processor_seconds()
        for _ in range(10):
            shown = await world.ask("li", "GET", f"/v1/evidence/{name(raw)}")
            if shown.status_code != 503:  # the machine had no time: come again
                break
        slowest = max(slowest, processor_seconds() - begun)
        assert shown.headers["x-content-type-options"] == "nosniff", what
        if sent.status_code in (200, 201):
            if shown.status_code == 200:
                _harmless(shown, what)
                told["shown"] += 1
            else:
                assert code(shown) in NOT_SHOWN, what
                told["not shown"] += 1
        else:
            assert code(sent) in REFUSED, what
            assert code(shown) == (404, "not-found"), what
            told["refused"] += 1
    assert min(told.values()) > 15, told
    assert slowest < SECONDS
    assert not [path for path in world.ctx.evidence_storage.incoming.rglob("*") if path.is_file()]


def processor_seconds() -> float:
    """What this process used, and the programs that it started and that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def code(answer: httpx.Response) -> tuple[int, str]:
    """A problem as it is; anything else fails."""
    assert answer.headers["content-type"] == "application/problem+json", answer.status_code
    return answer.status_code, answer.json()["code"]


def _harmless(shown: httpx.Response, what: str) -> None:
    assert shown.headers["content-type"] == "image/jpeg", what
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox", what
    assert MARK not in shown.content, what
    with Image.open(BytesIO(shown.content), formats=["JPEG"]) as image:
        image.load()
        assert max(image.size) <= 1600, what
        assert image.mode == "RGB", what
        assert not image.getexif(), what
        assert {"icc_profile", "comment", "exif", "xmp"}.isdisjoint(image.info), what
    assert shown.content.endswith(b"\xff\xd9"), what


def test_what_a_bomb_takes_is_bounded(tmp_path: Path) -> None:
    for what, raw in bombs():
        path = tmp_path / "bomb"
        path.write_bytes(raw)
        command = [
            sys.executable,
            "-c",
            MEASURE,
            sys.executable,
            "-I",
            thumbnail_worker.__file__,
            str(path),
            str(path) + ".jpg",
        ]
        status, kib, seconds = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()
        assert status in ("0", "3", "-9", "-24"), (what, status)
        assert int(kib) / 1024 < MEMORY_MB, what
        assert float(seconds) < SECONDS, what


async def test_the_control_the_original_has_the_mark(small_world: World) -> None:
    marked = [what for what, raw in corpus() if MARK in raw]
    assert len(marked) > 30


def test_pictures_of_strangers_are_opened_in_a_process_of_their_own() -> None:
    """`thumbnails` opens only what that process has made."""
    service = Path(thumbnail_worker.__file__).parents[1]
    opens = {
        str(path.relative_to(service))
        for path in service.rglob("*.py")
        if re.search(r"Image\.open\(|ImageFile\.Parser\(", path.read_text("utf-8"))
    }
    assert opens == {"evidence/thumbnail_worker.py", "evidence/thumbnails.py"}
