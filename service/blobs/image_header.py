"""What a file is, by its first bytes: JPEG, PNG or WEBP, and how many pixels, before anything is decoded.

Only headers are read, with a bounded number of steps. What a decoder makes of the rest is seen where a copy is made,
in a process of its own.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

ImageType = Literal["image/jpeg", "image/png", "image/webp"]
KINDS: tuple[ImageType, ...] = ("image/jpeg", "image/png", "image/webp")
MOST_PIXELS: dict[ImageType, int] = {"image/jpeg": 50_000_000, "image/png": 50_000_000, "image/webp": 20_000_000}
"""A decoder of WEBP holds three pictures in memory; more would not fit into what a copy may take."""
ReadAt = Callable[[int, int], bytes]
"""Gives so many bytes from a place on; fewer at the end."""

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15; the others are DHT, JPG and DAC
_STANDALONE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a segment
_MOST_SEGMENTS = 2000


_PART = 1 << 16  # bytes looked through at a time
_END_OF_JPEG, _END_OF_PNG = b"\xff\xd9", b"\0\0\0\0IEND\xae\x42\x60\x82"


class Photo(msgspec.Struct, frozen=True):
    """The kind of a picture, and its size in pixels; 0 × 0 when its header does not say one.

    `whole`: its bytes go on to its end. One that was cut off is no picture to look at, and yet what was sent. `cut`: it
    was so even before its header could say a size, so nobody knows what a decoder would make of it.
    """

    kind: ImageType
    width: int
    height: int
    is_complete: bool = True
    header_truncated: bool = False

    @property
    def pixels(self) -> int:
        """How many there are."""
        return self.width * self.height


def photo_of(read: ReadAt, size: int) -> Photo | None:
    """What so many bytes are; None when they are no picture of these kinds."""
    head = read(0, 32)
    if head[:3] == b"\xff\xd8\xff":
        width, height, scan, cut = _jpeg(read)
        return Photo("image/jpeg", width, height, scan > 0 and _contains_from(read, scan, size, _END_OF_JPEG), cut)
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return Photo("image/png", *_png(head), _contains_from(read, 8, size, _END_OF_PNG), len(head) < 24)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        whole = 8 + _uint_le(head[4:8]) <= size
        return Photo("image/webp", *_webp(head), whole, len(head) < 30 and not whole)
    return None


def _contains_from(read: ReadAt, start: int, size: int, wanted: bytes) -> bool:
    """Whether some bytes come from a place on. (In a JPEG's scan 0xFF comes with 0xD9 at its end only, B.1.1.5.)

    It need not be the last ones: telephones add things of their own behind a picture.
    """
    more = len(wanted) - 1
    return any(wanted in read(place, _PART + more) for place in range(start, size, _PART))


def _png(head: bytes) -> tuple[int, int]:
    """Size out of IHDR, the first chunk (PNG, 11.2.2)."""
    if len(head) < 24 or head[12:16] != b"IHDR":
        return 0, 0
    return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])


def _jpeg(read: ReadAt) -> tuple[int, int, int, bool]:
    """Size out of the frame header, and where the first scan begins (ITU T.81, B.2), 0: nowhere; and whether the bytes
    simply end before any frame. Of several frames the largest counts.
    """
    place, found = 2, (0, 0)
    for _ in range(_MOST_SEGMENTS):
        segment = read(place, 9)
        if segment[:1] not in (b"", b"\xff") or segment[1:2] == b"\xd9":  # no marker, or the end
            break
        if segment[1:2] == b"\xda":
            return *found, place, False
        if segment[1:2] == b"\xff":  # a fill byte
            place += 1
            continue
        if len(segment) > 1 and segment[1] in _STANDALONE_MARKERS:
            place += 2
            continue
        if len(segment) < 4 or (segment[1] in _FRAMES and len(segment) < 9):
            return *found, 0, found == (0, 0)
        if segment[1] in _FRAMES:
            size = int.from_bytes(segment[7:9]), int.from_bytes(segment[5:7])
            found = max(found, size, key=lambda one: one[0] * one[1])
        place += 2 + max(2, int.from_bytes(segment[2:4]))
    return *found, 0, False


def _webp(head: bytes) -> tuple[int, int]:
    """Size out of the first chunk (RFC 9649)."""
    if len(head) < 30:
        return 0, 0
    if head[12:16] == b"VP8X":
        return 1 + _uint_le(head[24:27]), 1 + _uint_le(head[27:30])
    if head[12:16] == b"VP8L" and head[20] == 0x2F:
        bits = _uint_le(head[21:25])
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if head[12:16] == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        return _uint_le(head[26:28]) & 0x3FFF, _uint_le(head[28:30]) & 0x3FFF
    return 0, 0


def _uint_le(data: bytes) -> int:
    return int.from_bytes(data, "little")
