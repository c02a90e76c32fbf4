"""Files that are ZIP archives of XML: XLSX and ODS."""

import io
import zipfile
from collections.abc import Callable
from xml.parsers import expat

from .sheet import unreadable

MAX_UNPACKED, MAX_PARTS = 64 * 2**20, 500
Attributes = dict[str, str]


class PackedFile:
    """The parts of a file, within limits. InvalidBody if it is no archive or unpacks to too much."""

    def __init__(self, raw: bytes) -> None:
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(raw))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            raise damaged() from None
        parts = self._archive.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise unreadable("too-large", f"文件太大 / at most {MAX_UNPACKED} bytes unpacked")
        self.names = {part.filename.lstrip("/").lower(): part for part in parts}

    def read(self, name: str) -> bytes | None:
        """The bytes of a part, if there is one."""
        part = self.names.get(name.lstrip("/").lower())
        if part is None:
            return None
        try:
            with self._archive.open(part) as packed:
                return packed.read(part.file_size)  # and no more, whatever it unpacks to
        except (
            zipfile.BadZipFile,
            RuntimeError,
            EOFError,
            OSError,
            ValueError,
        ):  # lies about its size, or is encrypted
            raise damaged() from None
        except Exception as error:  # zlib.error has no base of its own
            if isinstance(error, MemoryError):
                raise
            raise damaged() from None


def damaged() -> Exception:
    """The file is not what its beginning promises."""
    return unreadable("not-a-workbook", "不是可读的表格文件（XLSX、XLS 或 ODS） / cannot be read as XLSX, XLS or ODS")


def parse_xml(
    raw: bytes,
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Call the functions for the elements and texts of a part. Names lose their namespaces. A document type, which
    could define entities, is refused."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: start(name.rpartition(" ")[2], attributes)
    if end is not None:
        parser.EndElementHandler = lambda name: end(name.rpartition(" ")[2])
    if text is not None:
        parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse_document_type
    try:
        parser.Parse(raw, True)
    except expat.ExpatError:
        raise damaged() from None


def _refuse_document_type(*_: object) -> None:
    raise damaged()


def attribute(attributes: Attributes, name: str) -> str:
    """An attribute in whatever namespace."""
    if name in attributes:
        return attributes[name]
    ending = f" {name}"
    return next((value for key, value in attributes.items() if key.endswith(ending)), "")
