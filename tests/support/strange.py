"""Strange plans, entries and answers: valid, but nobody would write them."""

import json
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any
from uuid import UUID

import msgspec

AHEAD_DAYS = 40
"""How many days after now entries may be dated."""
CLOCK_STANDS = True
"""Whether everything about a visit arrives in the same millisecond, so that its order cannot depend on the clock."""
NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
TEXTS = (
    "",
    " ",
    "\u3000\ufeff\u2028\t\n",
    "陶",
    "<script>alert(1)</script>&amp;\"'>",
    "{link} {word} {0} {fact.__class__} %s %(x)s ${x} {",
    "\u202e反过来\u202c\u2066\u2069",
    "e\u0301\u0323 \u0323\u0301e A\u030a \u212b \ufb01 \u0390 \u1e9b\u0323",
    "가각 \u1100\u1161 한",
    "👩\u200d👩\u200d👧 🏳\ufe0f\u200d🌈 \U0010ffff \U0001f600",
    "\ufffe\uffff\ufdd0\ufffd",
    "\x01\x08\x0b\x1f\x7f\x80\x85\x9f",
    "\r\nBEGIN:VEVENT\r\nX: y, z; \\n\\",
    "İıẞßſK٣३３",
    "a" * 60,
    "号楼12号3幢4栋5弄" * 8,
    "2026-03-02T09:00:00+08:00",
    "9999-99-99T99:99 ",
    "NaN",
    "-0",
    "\u0316\u0300" * 20,
    "null",
    "/../..//%00%2f?#",
    "'; DROP TABLE visits; --",
    "=1+1",
)
NUMBERS = (
    *(0, -0.0, 1, -1, 0.1 + 0.2, 1e-7, 1.5e-6, -1e-5, 123456789.125, 5e-324, 2.2250738585072014e-308),
    *(2**53, -(2**53), 2**53 - 1, 2**53 + 1, 1e15, 1e15 + 0.5, 1e20, 1e21, -1e21, 1.7976931348623157e308),
)
HUGE = (2**63, -(2**63) - 1, 2**64, 10**30, 10**309, -(10**309), 10**4000)
"""Numbers that may be refused: few, because a refused record is sent again without them."""
OFFSETS = (
    *(timedelta(hours=hours) for hours in (-12, 0, 8, 14)),
    timedelta(hours=5, minutes=45),
    timedelta(minutes=-1),
)
BOUNDS = (datetime(2000, 1, 1, 12, tzinfo=UTC), datetime(2000, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
LATE = (datetime(2099, 12, 30, tzinfo=UTC), datetime(2099, 12, 31, 11, 59, 59, 999_999, tzinfo=UTC))
ENDS = ("0001-01-01T00:00:00+14:00", "1970-01-01T00:00:00Z", "1999-12-31T23:59:59-12:00", "2100-01-01T00:00:00Z")
LAST = ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999-12:00")
KINDS = (
    *("photo", "text", "gps", "signature", "notice", "number", "message_log", "customer_confirm"),
    *("hologram", ""),
)
PEOPLE = ("technician", "customer", "dispatcher", "supervisor", "office")
ON_A_PHONE = (*["technician"] * 16, *["customer"] * 3, "supervisor")
CORE = ("arrived", "met_customer", "entered", "work_started", "work_finished", "left")


class Strange:
    """Draws strange input about visits that are judged by a checklist."""

    def __init__(self, seed: int, checklist: dict[str, Any], photos: list[str]) -> None:
        self.random = Random(seed)
        self.photos = photos
        self.items = {item["id"]: item for item in checklist["items"]}
        self.facts: dict[str, Any] = checklist["facts"]
        self.types = list(checklist["visit_types"])
        self.assigned = [name for name, fact in self.facts.items() if fact["type"] == "assigned"]
        self.policies = [item["id"] for item in checklist["items"] if item["id"].startswith("p_")]
        tables = checklist["statements"]
        self.signed = [table["signs"] for table in tables if table.get("signs")]
        self.telling = [line["item"] for table in tables for line in table["lines"]]
        self.ids: list[str] = []
        self.digests: list[str] = ["0" * 64]

    def maybe(self, chance: float) -> bool:
        return self.random.random() < chance

    def one(self, of: Any) -> Any:
        return self.random.choice(of)

    def uuid(self) -> str:
        return str(UUID(int=self.random.getrandbits(128)))

    def text(self, longest: int = 200, *, blank: bool = True) -> str:
        """Some of the strange texts, or characters from anywhere."""
        if self.maybe(0.7):
            text = "".join(self.one(TEXTS) for _ in range(self.random.randint(1, 3)))
        else:
            points = (self.random.randint(1, self.one((0x7F, 0x3000, 0xFFFF, 0x10FFFF))) for _ in range(12))
            text = "".join(chr(point) for point in points if not 0xD800 <= point <= 0xDFFF)
        text = text[:longest]
        return text if blank or text.strip() else "x"

    def number(self) -> float:
        return self.one(HUGE) if self.maybe(0.04) else self.one(NUMBERS)

    def time(self, *, late: bool = False) -> str:
        """A moment up to now, on some clock; or, if it may be `late`, up to the last year."""
        draw = self.random.random()
        if draw < (0.02 if late else 0.003):  # may be refused
            return self.one((*ENDS, *LAST) if late else ENDS[:3])
        if draw < 0.1:
            at = self.one((*BOUNDS, *LATE) if late else BOUNDS)
        elif draw < 0.8:  # of the visit
            at = NOW - timedelta(seconds=self.random.randint(0, 4 * 3600))
        else:
            ahead = 60 if late else AHEAD_DAYS if self.maybe(0.2) else 0
            at = NOW + timedelta(seconds=self.random.randint(-30 * 86_400 if not ahead else 0, ahead * 86_400))
        if self.maybe(0.1):
            at -= timedelta(microseconds=1)
        return at.astimezone(timezone(self.one(OFFSETS) if self.maybe(0.5) else timedelta(hours=8))).isoformat()

    def thing(self) -> str:
        return self.one(("tile", "tile", "tile", "chair", "chair", "-", "_", "0", "a" * 40, "null", "customer-0"))

    def digest(self) -> str:
        return self.one(self.photos) if self.maybe(0.3) else f"{self.random.getrandbits(256):064x}"

    def evidence(self, *needed: str) -> dict[str, Any]:
        piece: dict[str, Any] = {"kind": self.one(needed or KINDS)}
        for name, draw in (
            ("sha256", self.digest),
            ("taken_at", lambda: self.time(late=True)),
            ("text", self.text),
            ("number", lambda: self.text(60)),
            ("channel", lambda: self.text(20)),
            ("signer", lambda: self.text(60)),
            (
                "relation",
                lambda: self.one(("account_holder", "adult_household_member", "tenant", "neighbour", "", "?")),
            ),
            ("statement_sha256", lambda: self.one(self.digests)),
            ("lat", lambda: self.one((90, -90.0, 1e-300, 31.2))),
            ("lon", lambda: self.one((180, -180.0, 0, 121.5))),
            ("accuracy_m", lambda: self.one((0, 1e6, None))),
            ("mock", lambda: self.one((True, False, None))),
            ("lost", lambda: self.one((True, False, None))),
        ):
            if self.maybe(0.35):
                piece[name] = draw()
        if piece["kind"] in ("photo", "signature") and self.maybe(0.8):
            piece.setdefault("sha256", self.digest())
        return piece

    def answers(self, item: dict[str, Any]) -> dict[str, Any]:
        """Answers of any type to the item's fields, and to unknown fields."""
        found: dict[str, Any] = {}
        for name, field in item.get("fields", {}).items():
            if self.maybe(0.7):
                right = [one["id"] for one in field.get("choices", ())] or [self.time(late=True)]
                typed = self.number() if field["type"] == "number" else self.one(right)
                found[name] = self.one((typed, typed, typed, self.number(), self.text(), True, False, None))
        if self.maybe(0.1):
            found[self.text(30)] = self.number()
        if self.maybe(0.1):
            found["waited_minutes"] = self.one((True, 2**53, -1, 0.5, "x", None))
        return found

    def door(self) -> list[dict[str, Any]]:
        """The usual start of a visit: entries that make statements and questions apply."""
        told = (
            "own_damage",
            "meter_damage_by_customer",
            "noncompliance_found",
            "borrowed",
            "fee_charged",
            "nobody_home",
        )
        whats = [*(one for one in CORE[:4] if self.maybe(0.8)), *(one for one in told if self.maybe(0.4))]
        return [self.entry(("technician",), what) for what in whats]

    def entry(self, by: tuple[str, ...] = ON_A_PHONE, what: str = "") -> dict[str, Any]:
        """One entry. Many are about lines of statements, and many about nothing."""
        entry = self._entry(by, what or self._what())
        if self.ids and self.maybe(0.03):
            entry["id"] = self.one(self.ids)  # of another entry with other content
        self.ids = [*self.ids[-20:], entry["id"]]
        return entry

    def entries(self) -> list[dict[str, Any]]:
        """Some entries of a phone."""
        return [self.entry() for _ in range(self.random.randint(1, 24))]

    def _what(self) -> str:
        draw = self.random.random()
        if draw < 0.25:
            return self.one(CORE)
        if draw < 0.5:
            return self.one(self.telling)
        if draw < 0.55:
            return self.one(self.signed)
        if draw < 0.75:
            return self.one(tuple(self.facts))
        if draw < 0.98:
            return self.one(tuple(self.items))
        return self.one(("an_item_of_a_newer_app", *TEXTS[:8])) or "?"

    def _entry(self, by: tuple[str, ...], what: str) -> dict[str, Any]:
        item = self.items.get(what, {})
        entry: dict[str, Any] = {"id": self.uuid(), "at": self.time(), "by": self.one(by), "what": what}
        if what in self.signed and "customer" in by and self.maybe(0.7):
            entry["by"] = "customer"
            entry["evidence"] = [self.evidence("signature") for _ in range(self.random.randint(1, 3))]
            entry["evidence"][0]["sha256"] = self.digest()
        elif self.maybe(0.5):
            entry["evidence"] = [self.evidence() for _ in range(self.random.randint(0, 3))]
        if item.get("fields") or self.maybe(0.05):
            entry["fields"] = self.answers(item)
        per_thing = item.get("per") == "thing" or self.facts.get(what, {}).get("per") == "thing"
        if self.maybe(0.8 if per_thing else 0.1):
            entry["thing"] = self.thing()
        for name, chance, draws in (
            ("label", 0.2, lambda: self.text(60)),
            ("holds", 0.1, lambda: self.one((True, False, None))),
            ("says", 0.1, lambda: self.one(("yes", "no"))),
            ("waived", 0.08, lambda: {"by": self.one((*PEOPLE, "?")), "reason": self.text()}),
            ("refused", 0.08, self.refusal),
            ("via", 0.1, lambda: self.one(("record", "office", "link", "scan", "callback"))),
            ("claimed_at", 0.1, lambda: self.time(late=True)),
            ("tick", 0.2, lambda: self.one((0, -(2**53), 2**53, self.random.randint(0, 10**7)))),
            ("session", 0.2, lambda: self.one(("s", "", "\u202e"))),
            ("place", 0.1, lambda: {"lat": 31.2, "lon": -180, "accuracy_m": self.one((None, 1e9))}),
            ("withdraws", 0.06, lambda: self.one(self.ids or ["?"])),
            ("reason", 0.1, self.text),
            ("an_unknown_field", 0.05, lambda: [[{"x": self.text()}]]),
        ):
            if self.maybe(chance):
                entry[name] = draws()
        return entry

    def refusal(self) -> dict[str, Any]:
        return {"reason": self.text(), "outcome": self.one(("refused", "absent", "unable", "partly", None))}

    def record(self, visit: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
        clocks = (
            {"at": self.time(late=True), "tick": self.one((0, 2**53, 1e300)), "session": "s"},
            {"at": "never", "tick": [[[]]]},
            [[[[[[]]]]]],
            "\u202e",
            None,
        )
        more = {"device_clock": self.one(clocks)} if self.maybe(0.3) else {}
        more |= {"app": self.text(60)} if self.maybe(0.2) else {}
        return {"id": self.uuid(), "visit": visit, "checklist": "onsite@1", "entries": entries, **more}

    def window(self) -> dict[str, str]:
        start = self.time(late=True) if self.maybe(0.3) else (NOW + timedelta(hours=self.one((-3, 0, 30)))).isoformat()
        lasts = timedelta(hours=self.one((0, 1, 24)))
        try:
            end = datetime.fromisoformat(start) + lasts
        except OverflowError:
            end = datetime.fromisoformat(start)
        return {"from": start, "to": end.isoformat()}

    def due(self) -> dict[str, str]:
        names = ("damage_made_good", f"damage_made_good[{self.thing()}]", "borrow_returned[chair]", "left")
        return {self.one(names[:3]): self.time(late=True) for _ in range(self.random.randint(1, 2))}

    def customer(self) -> dict[str, Any]:
        phone = self.one(("13800000000", "13800000000", "+86 138-0000-0000", "", "٣" * 11, self.text(20)))
        given = {"name": self.text(60, blank=False), "phone": phone, "address": self.text(), "account": self.text(30)}
        return given | ({"place": self.text(), "organisation": self.text()} if self.maybe(0.3) else {})

    def work(self) -> dict[str, Any]:
        return {"content": self.text(), "place": self.text()}

    def plan(self) -> dict[str, Any]:
        plan: dict[str, Any] = {
            "type": self.one(self.types),
            "technician": "li",
            "customer": self.customer(),
            "work": self.work(),
            "assigned": {name: self.maybe(0.5) for name in self.assigned if self.maybe(0.3)},
            "policies": {name: self.maybe(0.7) for name in self.policies if self.maybe(0.4)},
        }
        if self.maybe(0.85):
            plan["window"] = self.window()
        else:
            plan["assigned"]["appointment_exempt"] = True
        for name, chance, draws in (
            ("crew", 0.4, lambda: ["sun"]),
            ("exempt_reason", 0.3, self.text),
            ("due", 0.3, self.due),
            ("inspectors", 0.2, lambda: self.one((0, 1, 100))),
            ("external_ref", 0.3, lambda: self.text(60)),
            ("an_unknown_field", 0.1, self.text),
        ):
            if self.maybe(chance):
                plan[name] = draws()
        return plan

    def changes(self) -> list[tuple[str, dict[str, Any]]]:
        """Changes to a visit, by the last part of their URL."""
        reason = self.text(blank=False)
        details: dict[str, Any] = {"reason": reason, "customer": self.customer(), "work": self.work()}
        every = [
            ("window", {**self.window(), "reason": reason}),
            ("details", details),
            ("due", self.due()),
            ("technician", {"technician": "sun", "crew": ["li"] if self.maybe(0.8) else [], "reason": reason}),
            ("cancellation", {"reason": reason}),
        ]
        weights = (4, 4, 4, 1, 1)
        return self.random.choices(every, weights, k=self.random.randint(0, 2))

    def says(self, seen: dict[str, Any], *, opened: bool) -> dict[str, Any]:
        """A customer's answers to their page."""
        asked = [question["id"] for question in seen["questions"] if self.maybe(0.6)]
        answers = [{"question": question, "good": self.maybe(0.5)} for question in asked]
        said: dict[str, Any] = {"answers": answers}
        if self.maybe(0.7):
            said["comment"] = self.text(500)
        if seen["appointment"]["may_ask_until"] and self.maybe(0.5):
            said["another_time"] = {"wish": self.text(blank=False)}
        if not opened:
            return said
        if seen["raises"] and self.maybe(0.7):
            said["raises"] = [{"fact": self.one(seen["raises"])["id"], "text": self.text(blank=False)}]
        papers = [one["sha256"] for one in seen["statements"] if one["signs"]]
        if papers and self.maybe(0.8):
            digest = self.one(papers)
            signer = {"signer": self.text(60, blank=False), "relation": self.one(("tenant", "?", "账户"))}
            if self.maybe(0.6):
                said["signature"] = {**signer, "statement_sha256": digest}
            else:
                said["refused"] = {**self.refusal(), "reason": self.text(blank=False), "statement_sha256": digest}
                said["refused"]["outcome"] = said["refused"]["outcome"] or "partly"
        return said

    def encoded(self, content: Any) -> bytes:
        """JSON with or without escapes for non-ASCII characters (surrogate pairs beyond U+FFFF)."""
        if self.maybe(0.5):
            return msgspec.json.encode(content)
        return json.dumps(content).encode()
