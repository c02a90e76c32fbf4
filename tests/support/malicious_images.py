"""Some hundred malicious or broken files, generated here, each with a description and a marker to search for."""

import gzip
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO

from PIL import Image, PngImagePlugin

from tests.support.endurance import IS_LONG
from tests.support.pictures import noise, picture

MARK = b"DOORSTEP-MARK"
"""Part of every payload and all metadata; no thumbnail may contain it."""
SCRIPT = b"<script>alert('" + MARK + b"')</script>"
HTML = b"<!doctype html><html><body>" + SCRIPT + b"</body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>' + MARK + b"</script></svg>"


def corpus() -> Iterator[tuple[str, bytes]]:
    """All files: the description and the bytes."""
    yield from others()
    yield from bombs()
    yield from polyglots()
    yield from metadata()
    yield from oddities()
    yield from truncated()
    yield from mutated()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 2) -> bytes:
    """A handcrafted PNG."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IEND", b"")


TEN = chunk(b"IDAT", zlib.compress(bytes(310)))  # the pixels of 10 × 10


def segment(marker: int, data: bytes) -> bytes:
    """A JPEG segment."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def others() -> Iterator[tuple[str, bytes]]:
    """Files that are not photos, whatever they claim."""
    yield "nothing", b""
    yield "one byte", b"\xff"
    yield "html", HTML
    yield "svg", SVG
    yield "svg with bom", b"\xef\xbb\xbf" + SVG
    yield "svgz", gzip.compress(SVG)
    yield "xml bomb", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "' + b"x" * 1000 + b'">]><x>&a;</x>'
    yield "script", b"#!/bin/sh\necho " + MARK
    yield "elf", b"\x7fELF" + bytes(200)
    yield "zip", zipped()
    yield "pdf", b"%PDF-1.7\n" + MARK
    yield "eps", b"%!PS-Adobe-3.0 EPSF-3.0\n(" + MARK + b") run"
    yield "eps in dos form", b"\xc5\xd0\xd3\xc6" + bytes(60)
    for form in ("GIF", "BMP", "TIFF", "ICO", "TGA", "PPM", "DDS", "PCX", "SGI", "ICNS", "JPEG2000"):
        yield f"{form} by Pillow", picture(1, form, (64, 64))
    yield "avif", b"\0\0\0\x20ftypavif" + bytes(100)
    yield "heic", b"\0\0\0\x18ftypheic" + bytes(100)
    yield "jpeg xl", b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(100)
    yield "mp4", b"\0\0\0\x18ftypisom" + bytes(100)
    yield "riff without webp", b"RIFF\x20\0\0\0WAVEfmt " + bytes(30)
    yield "mpo", picture(1, "MPO")
    for seed in range(10):
        yield f"noise {seed}", random.Random(seed).randbytes(500 * (seed + 1))


def zipped() -> bytes:
    """An archive."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("index.html", HTML)
    return out.getvalue()


def bombs() -> Iterator[tuple[str, bytes]]:
    """Small files that would become very large."""
    for width, height in ((40000, 40000), (65535, 65535), (2**31 - 1, 1), (1, 2**31 - 1), (7071, 7072), (0, 0), (0, 9)):
        yield f"png header {width}x{height}", png(width, height, chunk(b"IDAT", zlib.compress(bytes(1000))))
    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(bytes(7000 * 3 + 1)) for _ in range(7000)) + rows.flush()
    yield "png of 49 million black pixels", png(7000, 7000, chunk(b"IDAT", data))
    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(bytes(7000 * 8 + 1)) for _ in range(7000)) + rows.flush()
    yield "png of 49 million pixels of 16 bits with alpha", png(7000, 7000, chunk(b"IDAT", data), depth=16, colour=6)
    deflated = zlib.compress(bytes(100_000_000), 9)
    yield "png with more data than pixels", png(10, 10, chunk(b"IDAT", deflated))
    yield "png with a text bomb", png(10, 10, chunk(b"zTXt", b"k\0\0" + deflated), TEN)
    texts = chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(900_000), 9)) * 500
    yield "png with many texts", png(10, 10, texts, TEN)
    yield "png with an icc bomb", png(10, 10, chunk(b"iCCP", b"k\0\0" + deflated), TEN)
    small = picture(1)
    place = small.index(b"\xff\xc0")
    for width, height in ((65535, 65535), (65500, 700), (0, 0), (65535, 1)):
        yield f"jpeg {width}x{height}", small[: place + 5] + struct.pack(">HH", height, width) + small[place + 9 :]
    large = small[: place + 5] + struct.pack(">HH", 30000, 30000) + small[place + 9 :]
    yield "jpeg with two frames", small[:place] + small[place : place + 19] + large[place:]
    yield "jpeg with 30000 empty segments", small[:2] + segment(0xEE, b"") * 30000 + small[2:]
    scans = noise((3000, 3000), 30)
    out = BytesIO()
    Image.open(BytesIO(scans)).save(out, "JPEG", progressive=True, quality=20)
    progressive = out.getvalue()
    scan = progressive[progressive.rindex(b"\xff\xda") : -2]
    yield "progressive jpeg with many scans", progressive[:-2] + scan[:4000] * 200 + b"\xff\xd9"
    webp = bytearray(picture(1, "WEBP", lossless=True))
    webp[21:25] = (0x2FFF | 0x2FFF << 14).to_bytes(4, "little")
    yield "webp without loss, 12288x12288", bytes(webp)
    canvas = struct.pack("<I", 0)[:4] + (16382).to_bytes(3, "little") * 2
    yield "webp canvas 16383x16383", b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + canvas


def polyglots() -> Iterator[tuple[str, bytes]]:
    """Photos that are valid as another type too."""
    for form in ("JPEG", "PNG", "WEBP"):
        good = picture(2, form)
        payloads = {"html": HTML, "svg": SVG, "zip": zipped(), "jar": zipped() + MARK, "php": b"<?php " + MARK}
        for kind, payload in payloads.items():
            yield f"{form} and {kind}", good + payload
    good = picture(2)
    yield "jpeg with html in a comment", good[:2] + segment(0xFE, HTML) + good[2:]
    yield "jpeg with script in app0", good[:2] + segment(0xE0, b"JFIF\0" + SCRIPT) + good[2:]
    script = segment(0xE0, b"/*" + MARK * 900) + segment(0xFE, b"*/=1;" + MARK + b"/*")
    yield "jpeg as javascript", good[:2] + script + good[2:]
    yield "html before jpeg", HTML + good
    yield "gif before jpeg", b"GIF89a" + good
    yield "riff around html", b"RIFF" + struct.pack("<I", len(HTML) + 4) + b"WEBP" + HTML
    yield "png with html in a text", png(10, 10, chunk(b"tEXt", b"a\0" + HTML), TEN)
    yield "png with an unknown chunk", png(10, 10, chunk(b"haCk", HTML), TEN)


def metadata() -> Iterator[tuple[str, bytes]]:
    """Photos with private metadata (places, names, thumbnails), and with malformed metadata."""
    for turned in range(10):
        exif = Image.Exif()
        exif[0x0112], exif[0x010E], exif[0x8298] = turned, MARK.decode(), MARK.decode()
        exif.get_ifd(0x8825).update({1: "N", 2: (22.0, 32.0, 30.0), 3: "E", 4: (114.0, 3.0, 10.0)})
        for form in ("JPEG", "PNG", "WEBP"):
            yield f"{form} turned {turned}", picture(3, form, exif=exif)
    good = picture(3)
    for size in (10, 1000, 65533):
        exif, icc = (b"Exif\0\0II*\0" + MARK * 6000)[:size], (b"ICC_PROFILE\0\1\1" + MARK * 6000)[:size]
        yield f"jpeg with exif of {size} bytes", good[:2] + segment(0xE1, exif) + good[2:]
        yield f"jpeg with icc of {size} bytes", good[:2] + segment(0xE2, icc) + good[2:]
    yield "jpeg with a hundred exifs", good[:2] + segment(0xE1, b"Exif\0\0MM\0*" + MARK * 5000) * 100 + good[2:]
    loop = b"Exif\0\0II*\0\x08\0\0\0\1\0\x69\x87\x04\0\1\0\0\0\x08\0\0\0\x08\0\0\0" + MARK
    yield "jpeg with exif that points at itself", good[:2] + segment(0xE1, loop) + good[2:]
    yield "jpeg with xmp", good[:2] + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + HTML) + good[2:]
    yield "jpeg with a comment", picture(3, comment=MARK)
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", MARK.decode())
    info.add_itxt("Comment", MARK.decode(), zip=True)
    yield "png with texts", picture(3, "PNG", pnginfo=info)
    yield "png with an icc profile", picture(3, "PNG", icc_profile=MARK * 100)
    yield "webp with an icc profile", picture(3, "WEBP", icc_profile=MARK * 100)


def oddities() -> Iterator[tuple[str, bytes]]:
    """Valid but rare kinds of photos."""
    for mode in ("L", "CMYK", "RGB"):
        yield f"jpeg in {mode}", picture(4, "JPEG", mode=mode)
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        image = Image.new(mode, (60, 40))
        out = BytesIO()
        image.save(out, "PNG")
        yield f"png in {mode}", out.getvalue()
    yield "png with a transparent colour", picture(4, "PNG", transparency=(4, 0, 90))
    frames = [Image.new("RGBA", (50, 50), (n * 40, 0, 0, 200)) for n in range(6)]
    for form in ("PNG", "WEBP"):
        out = BytesIO()
        frames[0].save(out, form, save_all=True, append_images=frames[1:], duration=50)
        yield f"moving {form}", out.getvalue()
    for size in ((1, 1), (1, 3000), (3000, 1), (65000, 1)):
        yield f"jpeg {size}", picture(4, "JPEG", size)
        yield f"png {size}", picture(4, "PNG", size)
    yield "progressive", picture(4, progressive=True)
    yield "a large one", noise((2400, 1800))


def truncated() -> Iterator[tuple[str, bytes]]:
    """Truncated photos."""
    for form in ("JPEG", "PNG", "WEBP"):
        good = picture(5, form, (200, 150))
        for part in range(1, 13, 1 if IS_LONG else 4):
            yield f"{form}, {part} of 13 parts", good[: len(good) * part // 13]


def mutated() -> Iterator[tuple[str, bytes]]:
    """Photos with flipped bits."""
    for form in ("JPEG", "PNG", "WEBP"):
        good = picture(6, form, (200, 150))
        for seed in range(20 if IS_LONG else 2):
            rng, raw = random.Random(seed), bytearray(good)
            for _ in range(rng.choice((1, 3, 20))):
                raw[rng.randrange(12, len(raw))] ^= 1 << rng.randrange(8)
            yield f"{form} mutated {seed}", bytes(raw)
