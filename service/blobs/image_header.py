"""Recognises JPEG, PNG and WEBP files and their size in pixels, without decoding them.

Only headers are read, in a bounded number of steps. The rest is decoded later, in a separate process.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

ImageType = Literal["image/jpeg", "image/png", "image/webp"]
KINDS: tuple[ImageType, ...] = ("image/jpeg", "image/png", "image/webp")
MOST_PIXELS: dict[ImageType, int] = {"image/jpeg": 256_000_000, "image/png": 64_000_000, "image/webp": 32_000_000}
"""What the process that decodes them can hold: a JPEG at an eighth of its size, a PNG once, a WEBP three times. Cameras
of phones make JPEGs of up to 200 million."""
ReadAt = Callable[[int, int], bytes]
"""`read(offset, count)`: at most so many bytes."""

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15; the others are DHT, JPG and DAC
_STANDALONE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a segment
_MAX_SEGMENTS = 2000
_CHUNK = 1 << 16  # bytes searched at a time
_END_OF_JPEG, _END_OF_PNG = b"\xff\xd9", b"\0\0\0\0IEND\xae\x42\x60\x82"


class Photo(msgspec.Struct, frozen=True):
    """The type of a picture and its size in pixels, 0 × 0 when the header has none.

    `is_complete`: the bytes go on to the end marker. `header_truncated`: they end before the header gives a size.
    """

    kind: ImageType
    width: int
    height: int
    is_complete: bool = True
    header_truncated: bool = False

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width * self.height


def photo_of(read: ReadAt, size: int) -> Photo | None:
    """The picture in a file of `size` bytes; None when it is not one of these types."""
    head = read(0, 32)
    if head[:3] == b"\xff\xd8\xff":
        width, height, scan, truncated = _jpeg(read)
        complete = scan > 0 and _contains_from(read, scan, size, _END_OF_JPEG)
        return Photo("image/jpeg", width, height, complete, truncated)
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return Photo("image/png", *_png(head), _contains_from(read, 8, size, _END_OF_PNG), len(head) < 24)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        complete = 8 + _uint_le(head[4:8]) <= size
        return Photo("image/webp", *_webp(head), complete, len(head) < 30 and not complete)
    return None


def _contains_from(read: ReadAt, start: int, size: int, wanted: bytes) -> bool:
    """Whether some bytes occur from an offset on. (In a JPEG's scan 0xFF 0xD9 occurs only at its end, B.1.1.5.)

    They need not be the last: phones append data of their own to a picture.
    """
    overlap = len(wanted) - 1
    return any(wanted in read(place, _CHUNK + overlap) for place in range(start, size, _CHUNK))


def _png(head: bytes) -> tuple[int, int]:
    """The size in IHDR, the first chunk (PNG, 11.2.2)."""
    if len(head) < 24 or head[12:16] != b"IHDR":
        return 0, 0
    return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])


def _jpeg(read: ReadAt) -> tuple[int, int, int, bool]:
    """The size in the largest frame header, the offset of the first scan or 0 (ITU T.81, B.2), and whether the bytes
    end before any frame."""
    place, found = 2, (0, 0)
    for _ in range(_MAX_SEGMENTS):
        segment = read(place, 9)
        if segment[:1] not in (b"", b"\xff") or segment[1:2] == b"\xd9":  # no marker, or the end of the picture
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
            found = max(found, size, key=lambda pair: pair[0] * pair[1])
        place += 2 + max(2, int.from_bytes(segment[2:4]))
    return *found, 0, False


def _webp(head: bytes) -> tuple[int, int]:
    """The size in the first chunk (RFC 9649)."""
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
