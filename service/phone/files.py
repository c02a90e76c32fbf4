"""The files of the phone's app, read once. Their addresses contain a digest over all of them, so that a browser never
combines files of two versions."""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import brotli  # pyright: ignore[reportMissingTypeStubs]
import msgspec

from service.web import static_files
from service.web.compression import pack

FOLDER = Path(__file__).parent / "static"
SHELL = Path(__file__).parent / "templates" / "phone.html"
FROM_WEB = ("shared/device.js", "shared/enrolment.js", "vendor/signature_pad/dist/signature_pad.min.js")
"""Files of other pages that the app uses too, at the same place among its own."""
KINDS = {
    **static_files.KINDS,
    ".mjs": static_files.KINDS[".js"],
    ".png": b"image/png",
}


BROTLI = 7  # the quality; the highest saves another fifteenth, and a start takes a fifth longer
COMMENT = re.compile(rb"^[ \t]*(?://[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)[ \t]*$", re.MULTILINE)
"""A comment in a line or lines of its own. Types of our scripts are in comments, a fifth of what a phone would load."""
REMARK = re.compile(rb"(?<=[;,{})\]]) //[^\n\"'`]*$", re.MULTILINE)
"""A comment at the end of a line of code."""
CAST = re.compile(rb"/\*\* @(?:[^*\n]|\*(?!/))*\*/ ?")
"""A type within a line."""
SPACE = re.compile(rb"\s*([{};,>])\s*|(?<=:) ")
"""Around what separates in a sheet of styles, which has no texts of its own."""
INDENT = re.compile(rb"^[ \t]+", re.MULTILINE)
CODE = re.compile(
    rb"""
    (?P<kept> "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' | //[^\n]* | /\*.*?\*/
            | (?<=[(,=:\[!&|?{};> ])/(?![*/ ])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/ )
    | [ ]* (?P<open> \{ ) [ ]* | [ ]* (?P<close> \} ) | [ ]* (?P<template> ` )
    | [ ]* [=?:<>()\[\]&|,;*!]+ [ ]* | (?<![+-])[ ][+%-]=?[ ](?![+-])
    """,
    re.VERBOSE | re.DOTALL,
)
"""What may have spaces around it in a script, and what keeps its own: texts, comments, patterns."""
TEMPLATE = re.compile(rb"(?:[^`\\$]|\\.|\$(?!\{))*(?:(?P<end>`)|\$\{)", re.DOTALL)
"""The text of a template, up to its end or to code in it."""


class AppFile(msgspec.Struct, frozen=True):
    """A file of the app; `packed` is the body by coding, the smallest first: nothing for pictures, which are packed."""

    body: bytes
    kind: bytes
    packed: Mapping[bytes, bytes]

    @property
    def digest(self) -> str:
        """SHA-256 in hex."""
        return sha256(self.body).hexdigest()


def _paths() -> Iterator[tuple[str, Path]]:
    for path in sorted(FOLDER.glob("*/**/*")):  # the worker is not in a folder, and has an address of its own
        if path.suffix in KINDS:
            yield path.relative_to(FOLDER).as_posix(), path
    for name in FROM_WEB:
        yield name, static_files.FOLDER / name


def _read(name: str, path: Path) -> AppFile:
    body = path.read_bytes()
    if path.suffix in {".js", ".css"} and not name.startswith("vendor/"):  # licences stay
        body = shortened(body)
        body = SPACE.sub(rb"\1", body) if path.suffix == ".css" else tightened(body)
    packed = {} if path.suffix == ".png" else {b"br": _brotli(body), b"gzip": pack(body, 9)}
    return AppFile(body, KINDS[path.suffix], packed)


def _brotli(body: bytes) -> bytes:
    return cast("Any", brotli).compress(body, quality=BROTLI)


def shortened(script: bytes) -> bytes:
    """The script without types, indents and comments. Every line keeps its number."""
    whole = COMMENT.sub(lambda found: b"\n" * found[0].count(b"\n"), script)
    return INDENT.sub(b"", CAST.sub(b"", REMARK.sub(b"", whole)))


def tightened(script: bytes) -> bytes:
    """The script without spaces around what separates, outside of texts."""
    parts, position = list[bytes](), 0
    braces = list[bool]()  # whether each that is open is within a template
    pattern = CODE
    while found := pattern.search(script, position):
        parts.append(script[position : found.start()])
        position = found.end()
        if pattern is TEMPLATE:
            parts.append(found[0])
            pattern = CODE
            if not found["end"]:
                braces.append(True)
        elif found["kept"]:
            parts.append(found[0])
        else:
            parts.append(found[0].strip(b" "))
            if found["open"]:
                braces.append(False)
            elif found["template"] or (found["close"] and braces.pop()):
                pattern = TEMPLATE
    return b"".join([*parts, script[position:]])


FILES = {name: _read(name, path) for name, path in _paths()}
WORKER = tightened(shortened((FOLDER / "sw.js").read_bytes()))
DIGEST = sha256("".join(f"{file.digest}  {name}\n" for name, file in sorted(FILES.items())).encode()).hexdigest()
VERSION = sha256(DIGEST.encode() + WORKER + SHELL.read_bytes()).hexdigest()[:16]
BASE = f"/phone/files/{VERSION}/"
SCRIPTS = [name for name in FILES if name.endswith((".js", ".mjs"))]
"""What the page asks for at once, without waiting for one module to name the next."""


def service_worker() -> bytes:
    """The service worker, with the names of the files that it keeps for use without a network, and their digest."""
    app = {"version": VERSION, "base": BASE, "names": sorted(FILES), "digest": DIGEST}
    return b"self.APP = %s;\n%s" % (msgspec.json.encode(app), WORKER)
