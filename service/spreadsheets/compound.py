"""The container of files of Excel 97 to 2003 (a compound file, MS-CFB)."""

import struct
from collections.abc import Iterator

from .packed import damaged

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END = 0xFFFFFFFA  # this and greater numbers are no sectors
_ENTRY = 128
_STREAM, _ROOT = 2, 5


class CompoundFile:
    """The streams of a compound file, by name. InvalidBody if it is broken."""

    def __init__(self, raw: bytes) -> None:
        if len(raw) < 512:
            raise damaged()
        self._raw = raw
        self._shift, self._mini_shift = struct.unpack_from("<HH", raw, 30)
        if self._shift not in (9, 12) or self._mini_shift != 6:
            raise damaged()
        directory, self._cutoff, mini_fat = struct.unpack_from("<I4xII", raw, 48)
        self._fat = self._numbers(self._fat_sectors())
        self._mini_fat = self._numbers(self._chain(mini_fat, self._fat))
        self._streams: dict[str, tuple[int, int]] = {}
        self._mini_stream = b""
        entries = b"".join(map(self._sector, self._chain(directory, self._fat)))
        for at in range(0, len(entries) - _ENTRY + 1, _ENTRY):
            length, kind = struct.unpack_from("<HB", entries, at + 64)
            name = entries[at : at + max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace")
            start, size = struct.unpack_from("<II", entries, at + 116)
            if kind == _ROOT:
                self._mini_stream = b"".join(map(self._sector, self._chain(start, self._fat)))
            elif kind == _STREAM:
                self._streams[name] = start, size

    def __contains__(self, name: str) -> bool:
        return name in self._streams

    def read(self, name: str) -> bytes:
        """The bytes of a stream."""
        start, size = self._streams[name]
        if size >= self._cutoff:
            return b"".join(map(self._sector, self._chain(start, self._fat)))[:size]
        width = 1 << self._mini_shift
        places = (number * width for number in self._chain(start, self._mini_fat))
        return b"".join(self._mini_stream[place : place + width] for place in places)[:size]

    def _sector(self, number: int) -> bytes:
        place = (number + 1) << self._shift
        return self._raw[place : place + (1 << self._shift)]

    def _fat_sectors(self) -> Iterator[int]:
        yield from (one for one in struct.unpack_from("<109I", self._raw, 76) if one < _END)
        following, count = struct.unpack_from("<II", self._raw, 68)
        for _ in range(min(count, len(self._raw) >> self._shift)):
            if following >= _END:
                return
            numbers = self._numbers(iter((following,)))
            if not numbers:
                return
            yield from (one for one in numbers[:-1] if one < _END)
            following = numbers[-1]

    def _numbers(self, sectors: Iterator[int]) -> tuple[int, ...]:
        raw = b"".join(map(self._sector, sectors))
        return struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])

    def _chain(self, number: int, table: tuple[int, ...]) -> Iterator[int]:
        """The sectors of a stream, from its first one."""
        for _ in range(len(table)):
            if number >= len(table):  # its end, or a broken link
                return
            yield number
            number = table[number]
        raise damaged()  # it goes in circles
