"""Every kind of edit of the database and the files that somebody who holds them may try, and what `verify` says.

The town is made once and copied for each edit. What only a checkpoint shows that was kept elsewhere is listed apart.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from service.audit_log import log
from service.audit_log.merkle import leaf
from service.audit_log.sources import find_source
from service.db.connect import open_database
from tests.support.edited_town import Made, report_on, verified
from tests.support.tampering import tampered

NEW_PERSON = "INSERT INTO people (login, name, roles, areas, created_at) VALUES"


def test_the_town_without_an_edit_has_no_fault(made: Made, tmp_path: Path) -> None:
    copy = shutil.copytree(made.folder, tmp_path / "copy")
    assert asyncio.run(verified(copy, made.now)) == []


ROWS = {
    # records
    "record: bytes": "UPDATE batches SET body = replace(body, '09', '08') WHERE kind = 'record'",
    "record: bytes and digest": "UPDATE batches SET body = salt, sha256 = salt WHERE kind = 'record'",
    "record: writer": "UPDATE batches SET writer = 'sun' WHERE kind = 'record'",
    "record: time": "UPDATE batches SET received_at = received_at - 60000 WHERE kind = 'record'",
    "record: visit": "UPDATE batches SET visit = (SELECT max(id) FROM visits) WHERE kind = 'record'",
    "record: signature": "UPDATE batches SET signed = 'verified', signature = salt WHERE kind = 'record'",
    "record: checklist": "UPDATE batches SET checklist_version = '9' WHERE kind = 'record'",
    "record: taken in by": "UPDATE batches SET taken_in_by = 'wang' WHERE kind = 'record'",
    "record: deleted": "DELETE FROM batches WHERE kind = 'record'",
    "record: number": "UPDATE batches SET number = number + 10 WHERE kind = 'record'",
    "office entries: bytes": "UPDATE batches SET body = salt WHERE kind = 'office'",
    "office entries: deleted": "DELETE FROM batches WHERE kind = 'office'",
    "link answer: bytes": "UPDATE batches SET body = replace(body, 'own_device', 'phone') WHERE kind = 'link'",
    "link answer: deleted": "DELETE FROM batches WHERE kind = 'link'",
    "scan: bytes": "UPDATE batches SET body = salt WHERE kind = 'scan'",
    # visits, checklists
    "visit: bytes": "UPDATE visits SET body = salt",
    "visit: area": "UPDATE visits SET area = '城西'",
    "visit: deleted": "DELETE FROM visits WHERE id = (SELECT max(id) FROM visits)",
    "checklist: bytes": "UPDATE checklists SET body = salt",
    "checklist: reason": "UPDATE checklists SET reason = 'another'",
    "event: bytes": "UPDATE events SET body = replace(body, 'admin', 'wang') WHERE what = 'added'",
    "event: who, in lists": "UPDATE events SET author = 'li' WHERE what = 'enrolment-code'",
    "event: deleted": "DELETE FROM events WHERE what = 'sign-in-failed'",
    "leaf: missing": "DELETE FROM log_leaves WHERE number = 5",
    # the log itself
    "three last leaves cut off": "DELETE FROM log_leaves WHERE number > (SELECT max(number) - 3 FROM log_leaves)",
    "a foreign leaf at the end": (
        "INSERT INTO log_leaves (id, leaf, at, number) SELECT x'00112233445566778899aabbccddeeff',"
        ' CAST(\'{"c":"00","s":\' || at || \',"t":"policy"}\' AS BLOB), at, number + 1'
        " FROM log_leaves WHERE number = (SELECT max(number) FROM log_leaves)"
    ),
    "a leaf of an unknown kind": (
        "INSERT INTO log_leaves (id, leaf, at, number) SELECT x'00112233445566778899aabbccddeeff',"
        ' CAST(\'{"c":"00","e":"00","s":\' || at || \',"t":"nothing"}\' AS BLOB), at, number + 1'
        " FROM log_leaves WHERE number = (SELECT max(number) FROM log_leaves)"
    ),
    # files
    "file: row gone": "DELETE FROM blobs",
    "file: size": "UPDATE blobs SET size = size + 1",
    "file: whole": "UPDATE blobs SET whole = 1 - whole",
    "file: kind": "UPDATE blobs SET kind = 'image/png'",
    "file: sender": "UPDATE received_files SET sender = 'sun'",
    "file: sent at": "UPDATE received_files SET sent_at = sent_at - 1 WHERE sent_at IS NOT NULL",
    "file: never sent": "UPDATE received_files SET sent_at = NULL",
    "file: named, gone": "DELETE FROM file_references",
    "file: named, added": (
        "INSERT INTO file_references SELECT (SELECT max(id) FROM visits), sha256, sender FROM received_files LIMIT 1"
    ),
    # what is computed
    "board: verdict": "UPDATE visit_summaries SET verdict = 'compliant', flags = ''",
    "board: deleted": "DELETE FROM visit_summaries WHERE visit = (SELECT max(visit) FROM visit_summaries)",
    "agenda: another person": "INSERT INTO sync_feed SELECT 'sun', visit, planned_at, 1, active, number FROM sync_feed",
    "search emptied": "DELETE FROM search_tokens",
    "search texts emptied": "DELETE FROM search_texts",
    # quarantine
    "quarantine: row gone": "DELETE FROM quarantine WHERE decision IS NULL",
    "quarantine: decided row gone": "DELETE FROM quarantine WHERE decision IS NOT NULL",
    "quarantine: sender": "UPDATE quarantine SET received_from = 'sun'",
    "quarantine: device": "UPDATE quarantine SET device = sha256",
    "quarantine: why it was refused": "UPDATE quarantine SET code = 'something-else'",
    "quarantine: bytes": "UPDATE quarantine SET body = x'00'",
    "quarantine: bytes with digest": (
        "UPDATE quarantine SET body = x'00',"
        " sha256 = x'6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d' WHERE decision IS NULL"
    ),
    "quarantine: decision": "UPDATE quarantine SET decision = 'take' WHERE decision IS NOT NULL",
    "quarantine: decided by": "UPDATE quarantine SET decided_by = 'li' WHERE decision IS NOT NULL",
    "quarantine: undecided again": (
        "UPDATE quarantine SET decision = NULL, decided_by = NULL, decided_at = NULL, reason = NULL, decision_id = NULL"
        " WHERE decision IS NOT NULL"
    ),
    "look: who": "UPDATE access_log SET who = 'li'",
    "look: what": "UPDATE access_log SET what = 'quarantine/nothing'",
    "look: reason": "UPDATE access_log SET reason = 'another'",
    "look: deleted": "DELETE FROM access_log",
    "look: made to be an old one": "UPDATE access_log SET salt = NULL",
    # under the id of something else, which has a leaf
    "a look under another's id": (
        "INSERT INTO access_log (id, at, who, what, reason, salt) SELECT id, at, 'li', 'visits/1', 'x', salt"
        " FROM events WHERE what = 'added'"
    ),
    "a report under another's id": (
        "INSERT INTO delivery_reports (message, state, at, reason, id, salt) SELECT m.id, 'delivered', e.at, '', e.id,"
        " e.salt FROM events e, messages m WHERE e.what = 'added' LIMIT 1"
    ),
    "a review under another's id": (
        "INSERT INTO reviews (id, visit, number, kind, at, author, batches, sha256, body, salt) SELECT e.id, v.id, 1,"
        " 'withdrawal', e.at, 'wang', 0, e.sha256, '{}', e.salt FROM events e, visits v WHERE e.what = 'added' LIMIT 1"
    ),
    # what lets in
    "person: roles": "UPDATE people SET roles = 'admin' WHERE login = 'zhou'",
    "person: areas": "UPDATE people SET areas = '' WHERE login = 'zhou'",
    "person: name": "UPDATE people SET name = '吴' WHERE login = 'zhou'",
    "person: badge": "UPDATE people SET badge = '1' WHERE login = 'zhou'",
    "person: photo": "UPDATE people SET photo = NULL WHERE login = 'zhou'",
    "person: new": f"{NEW_PERSON} ('eve', 'E', 'admin', '', 9000000000000)",
    "person: new, made long ago": f"{NEW_PERSON} ('eve', 'E', 'admin', '', 0)",
    "person: gone": "DELETE FROM people WHERE login = 'zhou'",
    "person: events uncounted": "UPDATE people SET event_number = event_number - 1 WHERE login = 'zhou'",
    "password": "UPDATE people SET password_hash = 'another' WHERE login = 'wang'",
    "token: new, of an admin": "INSERT INTO tokens (digest, login, created_at) VALUES (x'01', 'admin', 0)",
    "token: revoked made good": "UPDATE tokens SET revoked_at = NULL WHERE kind = 'device'",
    "token: of somebody else": "UPDATE tokens SET login = 'admin' WHERE login = 'li' AND kind = 'device'",
    "token: session made good": "UPDATE tokens SET revoked_at = NULL WHERE kind = 'session'",
    "authenticator: changed": "UPDATE totp_secrets SET secret = x'00'",
    "authenticator: gone": "DELETE FROM totp_secrets",
    "device: key": "UPDATE devices SET public_key = id",
    "device: owner": "UPDATE devices SET login = 'sun'",
    "device: revocation": "UPDATE devices SET revoked_at = NULL, revoked_by = NULL",
    "device: name": "UPDATE devices SET name = 'another'",
    "device: who revoked it": "UPDATE devices SET revoked_by = 'li' WHERE revoked_at IS NOT NULL",
    "code: who made it": "UPDATE one_time_codes SET created_by = 'admin' WHERE created_by = 'wang'",
    "code: good again": "UPDATE one_time_codes SET used_at = NULL, expires_at = 9000000000000",
    "calendar: another": "UPDATE calendars SET digest = x'00'",
    "calendar: gone": "DELETE FROM calendars",
    # customers
    "message: text": "UPDATE messages SET text = 'something else'",
    "message: number": "UPDATE messages SET recipient = '13900000000'",
    "message: gone with its deliveries": "DELETE FROM messages",
    "message: outcome": "UPDATE messages SET state = 'failed' WHERE state = 'delivered'",
    "delivery: outcome": "UPDATE deliveries SET outcome = 'failed'",
    "delivery: gone": "DELETE FROM deliveries",
    "link: visit": (
        "UPDATE links SET visit = (SELECT max(id) FROM visits v WHERE v.id <> links.visit) WHERE ended_at IS NOT NULL"
    ),
    "link: who made it": "UPDATE links SET created_by = 'li'",
    "link: expiry": "UPDATE links SET expires_at = expires_at + 864000000",
    "link: ended one made good": "UPDATE links SET ended_at = 9000000000000 WHERE ended_at IS NOT NULL",
    "link: gone": "DELETE FROM links WHERE ended_at IS NOT NULL",
    "link: code never entered": "UPDATE link_otps SET passed_at = passed_at + 1 WHERE passed_at IS NOT NULL",
    "link: code entered elsewhere": "UPDATE link_otps SET passed_from = browser_id WHERE passed_at IS NOT NULL",
    "link: event of the code hidden": "UPDATE link_otps SET passed_event = NULL WHERE passed_at IS NOT NULL",
    "scan: gone": "DELETE FROM door_confirmations",
    "scan: login": "UPDATE door_confirmations SET login = 'sun'",
    "sighting: gone": "DELETE FROM sightings",
    "sighting: place": "UPDATE sightings SET place = x'00'",
    "sighting: added": "INSERT INTO sightings (login, place, at) VALUES ('li', x'00', 9000000000000)",
    "copy: digest": "UPDATE photo_copies SET sha256 = x'00'",
    "copy: gone": "DELETE FROM photo_copies",
    "a leaf made one of an old version": (
        "UPDATE log_leaves SET leaf = CAST(substr(CAST(leaf AS TEXT), 1, instr(CAST(leaf AS TEXT), ',\"e\"') - 1)"
        " || substr(CAST(leaf AS TEXT), instr(CAST(leaf AS TEXT), ',\"s\"')) AS BLOB)"
        " WHERE CAST(leaf AS TEXT) LIKE '%visit.submitted%'"
    ),
}


@pytest.mark.parametrize("edit", ROWS)
def test_an_edit_of_a_row_is_found(made: Made, tmp_path: Path, edit: str) -> None:
    copy = shutil.copytree(made.folder, tmp_path / "copy")
    asyncio.run(tampered(f"sqlite:///{copy / 'town.sqlite'}", ROWS[edit]))
    assert asyncio.run(verified(copy, made.now)), edit


def _overwrite(path: Path) -> None:
    path.write_bytes(b"changed")


FILES: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "photo: bytes": ("evidence", _overwrite),
    "photo: gone": ("evidence", Path.unlink),
    "copy: bytes": ("copies", _overwrite),
}


@pytest.mark.parametrize("edit", FILES)
def test_an_edit_of_a_file_is_found(made: Made, tmp_path: Path, edit: str) -> None:
    copy = shutil.copytree(made.folder, tmp_path / "copy")
    folder, change = FILES[edit]
    found = [path for path in (copy / "files" / folder).rglob("*") if path.is_file()]
    assert found, [str(path) for path in (copy / "files").rglob("*")]
    change(found[0])
    assert asyncio.run(verified(copy, made.now)), edit


async def _rewrite_record(folder: Path) -> None:
    """Another record with another leaf, as whoever holds the database can write them."""
    db = open_database(f"sqlite:///{folder / 'town.sqlite'}")
    with sqlite3.connect(folder / "town.sqlite") as connection:
        key, body = connection.execute("SELECT id, body FROM batches WHERE kind = 'record'").fetchone()
        other = body.replace(b"T16", b"T15")
        assert other != body
        connection.execute("UPDATE batches SET body = ?, sha256 = ? WHERE id = ?", (other, sha256(other).digest(), key))
    await db.start()
    row = await db.read(lambda tx: find_source(tx, "visit.submitted", UUID(bytes=key)))
    await db.close()
    assert row is not None
    rewritten = leaf(row.kind, row.salt or b"", row.sha256, row.at, row.row_commitment)
    with sqlite3.connect(folder / "town.sqlite") as connection:
        connection.execute("UPDATE log_leaves SET leaf = ? WHERE id = ?", (rewritten, key))


IN_ORDER = "SELECT id, row_number() OVER (ORDER BY number) AS n FROM log_leaves"
REWRITTEN = {
    "two leaves swapped": (
        "UPDATE log_leaves SET number = -1 WHERE number = 3",
        "UPDATE log_leaves SET number = 3 WHERE number = 4",
        "UPDATE log_leaves SET number = 4 WHERE number = -1",
    ),
    "a record removed with its leaf, the rest renumbered": (
        "DELETE FROM log_leaves WHERE id = (SELECT id FROM batches WHERE kind = 'record')",
        "DELETE FROM batches WHERE kind = 'record'",
        f"UPDATE log_leaves SET number = -n FROM ({IN_ORDER}) AS o WHERE o.id = log_leaves.id",  # noqa: S608
        "UPDATE log_leaves SET number = -number - 1",
    ),
    "the end cut off with its rows": (
        "DELETE FROM door_confirmations",
        "DELETE FROM batches WHERE kind = 'scan'",
        "DELETE FROM log_leaves WHERE number > (SELECT max(number) - 3 FROM log_leaves)",
    ),
    "a record in another order, with another leaf": (),
}


async def _rebuild_tiles(folder: Path) -> None:
    """Make the hashes of the rewritten log as the service makes them."""
    await tampered(f"sqlite:///{folder / 'town.sqlite'}", "DELETE FROM log_tiles")
    db = open_database(f"sqlite:///{folder / 'town.sqlite'}")
    await db.start()
    await log.number_all(db)
    await db.close()


@pytest.mark.parametrize("edit", REWRITTEN)
def test_only_a_kept_checkpoint_shows_what_is_rewritten_with_its_leaves(made: Made, tmp_path: Path, edit: str) -> None:
    copy = shutil.copytree(made.folder, tmp_path / "copy")
    assert asyncio.run(report_on(copy, made.now, [made.kept], made.key)).faults == []
    asyncio.run(tampered(f"sqlite:///{copy / 'town.sqlite'}", *REWRITTEN[edit]))
    if not REWRITTEN[edit]:
        asyncio.run(_rewrite_record(copy))
    asyncio.run(_rebuild_tiles(copy))
    alone = asyncio.run(report_on(copy, made.now)).faults
    assert not [fault for fault in alone if fault.startswith(("leaf", "tile"))], "of the leaves nothing can be seen"
    with_checkpoint = asyncio.run(report_on(copy, made.now, [made.kept], made.key)).faults
    assert [fault for fault in with_checkpoint if str(made.kept) in fault], with_checkpoint
