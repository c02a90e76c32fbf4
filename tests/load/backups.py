"""Back up, restore and verify an invented utility of any size, and print the times.

    python -m tests.load.backups FOLDER --visits 1000000

`FOLDER/data` is filled when it is empty, and kept; a backup goes to `FOLDER/backups` and is restored to
`FOLDER/restored`, which are made anew.
"""

import argparse
import asyncio
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from service.audit_log.merkle import leaf
from service.db.connect import open_database
from service.lifecycle import current_millis
from service.visits.repository import VisitRow, visit_commitment
from tests.load.fill import fill
from tests.support.running import COMMAND

COLUMNS = (
    "id, sha256, body, type, technician, crew, area, checklist, checklist_version, window_from, window_to, "
    "created_at, created_by, salt"
)


async def prepare(data: Path, visits: int) -> None:
    """Fill a data folder with visits that verify: each with its leaf. (How lists show them is out of date by itself, so
    it is not compared: computing it for a million takes longer than all that is measured here.)"""
    file = data / "doorstep.sqlite"
    if file.exists():
        return
    data.mkdir(parents=True)
    db = open_database(f"sqlite:///{file}")
    await db.start()
    await db.close()
    await fill("sqlite", str(file), visits, current_millis())
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN")
    rows = connection.execute(f"SELECT {COLUMNS} FROM visits ORDER BY created_at")  # noqa: S608
    connection.executemany(
        "INSERT INTO log_leaves (id, leaf, at, number) VALUES (?, ?, ?, ?)",
        (_leaf(row, number) for number, row in enumerate(rows)),
    )
    connection.execute("UPDATE visit_summaries SET state = 'planned', valid_until = 1, ends_at = planned_at + 7200000")
    connection.execute("COMMIT")
    connection.close()
    db = open_database(f"sqlite:///{file}")
    await db.start()
    await db.close()  # leaves the journal as the service does


def _leaf(row: tuple[object, ...], number: int) -> tuple[object, ...]:
    names = [name.strip() for name in COLUMNS.split(",")]
    visit = VisitRow(**dict(zip(names, row, strict=True)))  # type: ignore[arg-type]
    data = leaf("visit.planned", visit.salt, visit.sha256, visit.created_at, visit_commitment(visit))
    return visit.id, data, visit.created_at, number


def timed(what: str, data: Path, *arguments: str) -> dict[str, object]:
    """Run a command and print how long it took, and how much memory it needed at most."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
    begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [*COMMAND, *arguments], env=environment | {"DOORSTEP_DATA": str(data)}, stdout=subprocess.PIPE, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    seconds = time.monotonic() - begun
    print(
        f"{what}: {seconds:.0f} s, {spent:.0f} s of processor time, at most {after.ru_maxrss // 1024} MB, "
        f"exit status {done.returncode}",
        flush=True,
    )
    return json.loads(done.stdout or b"{}")


def main() -> None:
    """Do all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--visits", type=int, default=100_000)
    parser.add_argument("--prepare-only", action="store_true")
    given = parser.parse_args()
    data, backups, restored = (given.folder / name for name in ("data", "backups", "restored"))
    begun = time.monotonic()
    asyncio.run(prepare(data, given.visits))
    print(f"prepared in {time.monotonic() - begun:.0f} s", flush=True)
    if given.prepare_only:
        return
    for old in (backups, restored):
        shutil.rmtree(old, ignore_errors=True)
    timed("backup without verify", data, "backup", str(backups), "--no-verify")
    made = timed("backup", data, "backup", str(backups))
    timed("restore", restored, "restore", str(made["backup"]))


if __name__ == "__main__":
    sys.exit(main())
