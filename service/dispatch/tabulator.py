"""Reads a table in a separate process: `python tabulator.py csv|xlsx ZONE < TABLE > ROWS`.

A malicious table only affects this process, which has half a gigabyte of address space, ten seconds of processor time,
and no files but its two streams. The output is JSON: the rows of the table (`TableRow`), or its errors.
"""

import resource
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from service.dispatch.import_columns import TableRow, is_example, parse_heading, parse_row
from service.dispatch.spreadsheets import read_csv, read_xlsx
from service.errors import FieldError, InvalidBody

if __name__ == "__main__":  # a script's path has its own folder, not that of the package
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

MEMORY, SECONDS = 512 * 2**20, 10
COSTLY = FieldError(
    "", "too-costly", "太复杂，请改小或另存为 CSV / costs too much to read; make it smaller, or send CSV"
)


class TableOutcome(msgspec.Struct, frozen=True):
    """The rows of a table, or its errors."""

    rows: tuple[TableRow, ...] = ()
    faults: tuple[FieldError, ...] = ()


def read_table(form: str, zone: str, raw: bytes) -> TableOutcome:
    """The rows of a table that are neither empty nor the example of the template, or its errors."""
    try:
        heading, *rows = (read_xlsx(raw) if form == "xlsx" else read_csv(raw)) or [[]]
        names, local = parse_heading(heading), ZoneInfo(zone)
        given = [(number, dict(zip(names, cells, strict=False))) for number, cells in enumerate(rows, 2) if cells]
        return TableOutcome(tuple(parse_row(number, row, local) for number, row in given if not is_example(row)))
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
    sys.stdout.buffer.write(msgspec.json.encode(read_table(form, zone, sys.stdin.buffer.read())))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
