"""The text of a PDF that ReportLab made, by the map of signs that each font in it has."""

import base64
import re
import zlib


def words_of_pdf(raw: bytes) -> str:
    """All text in its order; lines of a paragraph are joined."""
    streams = [_plain(one) for one in re.findall(rb"stream\r?\n(.*?)endstream", raw, re.DOTALL)]
    objects = dict(re.findall(rb"(\d+) 0 obj\s(.*?)endobj", raw, re.DOTALL))
    maps: dict[bytes, dict[int, str]] = {}
    for name, number in re.findall(rb"/(F\d+(?:\+\d+)?) (\d+) 0 R", raw):
        unicode = re.search(rb"/ToUnicode (\d+) 0 R", objects[number])
        if unicode:
            body = re.search(rb"stream\r?\n(.*?)endstream", objects[unicode[1]], re.DOTALL)
            assert body
            maps[name] = _map(_plain(body[1]).decode("latin-1"))
    found: list[str] = []
    for content in streams:
        font: dict[int, str] = {}
        for name, text in re.findall(rb"/(F\d+(?:\+\d+)?) [\d.]+ Tf|\(((?:\\.|[^\\()])*)\) Tj", content, re.DOTALL):
            if name:
                font = maps.get(name, {})
            else:
                found.append("".join(font.get(code, "") for code in _unescaped(text)))
    return "".join(found)


def _plain(stream: bytes) -> bytes:
    if stream.startswith(b"x\x9c"):
        return zlib.decompressobj().decompress(stream)
    if not stream.rstrip().endswith(b"~>"):
        return stream
    try:
        return zlib.decompress(base64.a85decode(b"<~" + stream.strip(), adobe=True))
    except zlib.error:  # a picture
        return b""


def _map(text: str) -> dict[int, str]:
    return {int(code, 16): _sign(sign) for code, sign in re.findall(r"<(\w\w)> <(\w{4,})>\n", text)}


def _sign(digits: str) -> str:
    return bytes.fromhex(digits).decode("utf-16-be")


def _unescaped(text: bytes) -> bytes:
    def one(found: re.Match[bytes]) -> bytes:
        what = found[1]
        named = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
        return bytes([int(what, 8) & 255]) if what.isdigit() else named.get(what, what)

    return re.sub(rb"\\([0-7]{1,3}|.)", one, text, flags=re.DOTALL)
