"""The entries of an ordinary visit, and what may go wrong in it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal

from .acts import Entries

Flaw = Literal["", "shoe_covers_late", "knocked_late", "no_knock", "no_id", "not_cleared"]
ORDINARY = (
    (-25, "badge_worn"),
    (-25, "uniform_tidy"),
    (0, "arrived"),
    (1, "door_signal"),
    (2, "met_customer"),
    (2, "id_shown"),
    (2, "self_introduced"),
    (3, "entry_consent"),
    (3.5, "shoe_covers_on"),
    (4, "entered"),
    (6, "work_started"),
)
ENDING = ((0, "work_finished"), (2, "site_cleared"), (3, "thanked_at_end"), (5, "left"))
MOVED_BY_FLAW = {"shoe_covers_late": ("shoe_covers_on", 5), "knocked_late": ("door_signal", 5)}
LEFT_OUT_BY_FLAW = {"no_knock": "door_signal", "no_id": "id_shown", "not_cleared": "site_cleared"}


def entry(at: datetime, what: str, by: str = "technician", /, **more: Any) -> dict[str, Any]:
    """An entry without an id."""
    return {"what": what, "at": at.isoformat(), "by": by, **more}


def text(words: str) -> dict[str, str]:
    """A text as evidence."""
    return {"kind": "text", "text": words}


def photo(digest: str, at: datetime) -> dict[str, str]:
    """A photo as evidence."""
    return {"kind": "photo", "sha256": digest, "taken_at": at.isoformat()}


def call_entries(at: datetime, words: str, *, repair: bool) -> Entries:
    """The dispatcher agrees with the customer by telephone."""
    evidence = [{"kind": "message_log", "channel": "phone", "text": words}, text(words)]
    items = ("appointment_agreed", "work_content_told", "work_place_told", "cooperation_requested")
    intake = ("repair_intake_complete",) if repair else ()
    return [entry(at, what, "dispatcher", evidence=evidence) for what in (*intake, *items)]


def beginning(start: datetime, flaw: Flaw = "", place: tuple[float, float] = (31.23, 121.47)) -> Entries:
    """From leaving for the customer to the beginning of the work."""
    late, late_minute = MOVED_BY_FLAW.get(flaw, ("", 0))
    gps = {"kind": "gps", "lat": place[0], "lon": place[1], "accuracy_m": 8}
    return [
        entry(
            start + timedelta(minutes=late_minute if what == late else minute),
            what,
            **({"evidence": [gps]} if what == "arrived" else {}),
        )
        for minute, what in ORDINARY
        if what != LEFT_OUT_BY_FLAW.get(flaw)
    ]


def ending(
    end: datetime, asked: Iterable[str], happened: Entries, flaw: Flaw = "", cleared: dict[str, str] | None = None
) -> Entries:
    """From the end of the work to leaving, and the answers to what the checklist asks. `cleared`: a photo."""
    given = {one["what"] for one in happened}
    acts = [
        entry(
            end + timedelta(minutes=minute),
            what,
            **({"evidence": [cleared]} if cleared is not None and what == "site_cleared" else {}),
        )
        for minute, what in ENDING
        if what != LEFT_OUT_BY_FLAW.get(flaw)
    ]
    left = end + timedelta(minutes=ENDING[-1][0])
    return acts + [entry(left, fact, holds=False) for fact in asked if fact not in given]


def nobody_home(start: datetime, digest: str, asked: Iterable[str]) -> Entries:
    """The technician waits in vain."""
    found = [one for one in beginning(start) if one["what"] in ("badge_worn", "uniform_tidy", "arrived", "door_signal")]
    left = start + timedelta(minutes=16)
    absent = entry(
        start + timedelta(minutes=15),
        "nobody_home",
        holds=True,
        fields={"waited_minutes": 15},
        evidence=[photo(digest, left), text("敲门三次无人应答，电话未接，已留再约单")],
    )
    return [*found, absent, entry(left, "left"), *(entry(left, fact, holds=False) for fact in asked)]


def meter_exchange(at: datetime, digest: str, old: int, number: str) -> dict[str, Any]:
    """The readings of the old and the new meter."""
    fields = {"old_meter_number": f"SH2016{number}", "old_reading": old, "new_meter_number": f"SH2026{number}"}
    evidence = [photo(digest, at), text("新表已试水，无渗漏，客户在场看过读数")]
    return entry(at, "p_meter_readings_witnessed", fields={**fields, "new_reading": 0}, evidence=evidence)


def borrowed_chair(at: datetime, *, returned: bool) -> Entries:
    """The technician borrows a chair."""
    acts = [(0, "borrow_consent"), (0, "borrowed"), (1, "borrow_used")]
    if returned:
        acts += [(14, "borrow_cleaned"), (15, "borrow_returned"), (15, "borrow_thanked")]
    more = {"holds": True, "label": "椅子"}
    return [
        entry(at + timedelta(minutes=m), what, thing="chair", **(more if what == "borrowed" else {}))
        for m, what in acts
    ]


def broken_tile(at: datetime, digest: str) -> Entries:
    """The technician breaks a tile, and writes down what the customer wants."""
    after = at + timedelta(minutes=2)
    return [
        entry(at, "own_damage", thing="tile", holds=True, label="厨房地砖"),
        entry(at, "own_fault_apologised"),
        entry(
            after,
            "own_damage_recorded",
            thing="tile",
            evidence=[photo(digest, after), text("扳手滑落，砸裂地砖一块")],
        ),
        entry(after, "damage_choice_followed", thing="tile", fields={"wish": "restore"}),
    ]
