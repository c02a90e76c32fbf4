"""Reads a table in a process of its own: `python tabulator.py csv|xlsx ZONE < TABLE > LINES`.

Whatever a table makes its reader do, it does here: with half a gigabyte of address space, ten seconds of processor, and
nothing but its two streams. What comes out is JSON: the lines of the table (`columns.Line`), or what is wrong with it.
"""

import resource
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from service.dispatch.import_columns import TableRow, heading, line_of
from service.dispatch.spreadsheets import read_csv, read_xlsx
from service.errors import FieldError, InvalidBody

if __name__ == "__main__":  # its own folder is not where the package is found
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

MEMORY, SECONDS = 512 * 2**20, 10
COSTLY = FieldError(
    "", "too-costly", "costs too much to read; make it smaller, or send CSV (太复杂，请改小或另存为 CSV)"
)


class TableOutcome(msgspec.Struct, frozen=True):
    """What came of reading a table."""

    lines: tuple[TableRow, ...] = ()
    faults: tuple[FieldError, ...] = ()


def told(form: str, zone: str, raw: bytes) -> TableOutcome:
    """The lines of a table that are not empty, or what is wrong with it."""
    try:
        table = read_xlsx(raw) if form == "xlsx" else read_csv(raw)
        names = heading(table[0] if table else [])
        here = ZoneInfo(zone)
        return TableOutcome(
            tuple(
                line_of(number, dict(zip(names, cells, strict=False)), here)
                for number, cells in enumerate(table[1:], 2)
                if cells
            )
        )
    except InvalidBody as problem:
        return TableOutcome(faults=problem.errors)
    except MemoryError:
        return TableOutcome(faults=(COSTLY,))


def main(form: str, zone: str) -> int:
    """Read within the limits."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    said = told(form, zone, sys.stdin.buffer.read())
    sys.stdout.buffer.write(msgspec.json.encode(said))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
