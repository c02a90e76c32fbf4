"""Random visits that two judges are compared on: plausible ones, the checklist's examples, and mutations of both."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

import msgspec

from service.checklists.examples import build_bundle
from service.checklists.loader import bundled_checklists_dir, load_checklist
from service.judge.entries import Entry
from service.judge.rules import CompiledChecklist
from service.judge.statements import render_statement
from service.judge.timeline import ECMASCRIPT_WHITESPACE, Timeline, to_microseconds
from tests.support.example_visits import NAMES, story
from tests.support.strange import TEXTS

Bundle = dict[str, Any]

SOURCE = load_checklist(bundled_checklists_dir())
RULES = CompiledChecklist(SOURCE.checklist)
CHECKLIST: dict[str, Any] = msgspec.to_builtins(SOURCE.checklist)
ITEMS: dict[str, dict[str, Any]] = {item["id"]: item for item in CHECKLIST["items"]}
FACTS: dict[str, dict[str, Any]] = CHECKLIST["facts"]
POLICIES = [name for name, item in ITEMS.items() if item["class"] == "policy"]
ASSIGNED = [name for name, fact in FACTS.items() if fact["type"] == "assigned"]
DUTIES = [name for name, item in ITEMS.items() if item.get("may_stay_open") or "time_limit" in item]
START = datetime(2026, 3, 2, 9, 0, tzinfo=timezone(timedelta(hours=8)))
THINGS = ("chair", "tile", "constructor", "0")
PEOPLE = ("technician", "technician", "technician", "customer", "dispatcher", "supervisor", "office")
EXTREME = (
    *("0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z", "1970-01-01T00:00:00Z"),
    *("2026-03-02T01:00:00.0000005Z", "2026-03-02T01:00:00.9999995Z", "2026-12-31T23:59:59.99999949Z"),
    *("2255-06-05T23:47:34.740993Z", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.9999994-23:59"),
)
BLANK = ("", " ", *ECMASCRIPT_WHITESPACE, "\u3000\ufeff\u2028\t\n")
NOT_BLANK = ("\x1c", "\x1f", "\x85", "\u180e", "\u200b", "\u2060", "客户同意")
ANSWERS = (
    *(0, 1, 1.0, -0.0, True, False, None, -1, 0.5, 15, 15.0, 1200, 1200.5, 99999999, 99999999.5, 1e6, 1e6 + 1, 1e-7),
    *(
        2**53,
        -(2**53),
        123456789012345.6,
        "",
        "1",
        "15",
        "glass",
        "Glass",
        "frost",
        "agrees",
        "restore",
        "true",
        "一二三",
    ),
    *("2026-03-16T18:00:00+08:00", "2026-03-16T18:00:00", "2026-03-16T18:00+08:00", "2026-02-30T00:00:00Z"),
    *("20260316T180000Z", "2026-W12-1T18:00:00Z", "2026-03-16T18:00:00,5Z", "2026-03-16 18:00:00z", "2026-03-16"),
    *("2026-03-16T24:00:00Z", "2026-03-16T18:00:60Z", "0000-01-01T00:00:00Z", *EXTREME),
)
TICKS = (0, 1, -1, 60_000, 600_000, 3_600_000, 2**53, -(2**53))
DIGESTS = ("a" * 64, "b" * 64, "c" * 64)


def bases() -> list[tuple[str, Bundle]]:
    """The example visits and the checklist's own examples, by name."""
    found = [(name, to_json(story(name)[0])) for name in NAMES]
    for item in SOURCE.checklist.items:
        for number, example in enumerate(SOURCE.examples.get(item.id, ()), 1):
            found.append((f"{item.id} {number}", to_json(build_bundle(SOURCE.checklist, item, example))))
    return found


def to_json(content: object) -> Any:
    """What a client would send."""
    return json.loads(msgspec.json.encode(content))


class VisitGenerator:
    """Draws bundles `{visit, entries, now}`; the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.bases = [bundle for _, bundle in bases()]
        self.visits = self.bases[: len(NAMES)]

    def maybe(self, chance: float) -> bool:
        return self.random.random() < chance

    def one(self, of: Any) -> Any:
        return self.random.choice(of)

    def bundle(self) -> Bundle:
        """Some are random, some start from an example or a whole visit; most are then changed."""
        made = self._invented() if self.maybe(0.4) else deepcopy(self.one(self.one((self.bases, self.visits))))
        if self.maybe(0.1):
            sign(made)
        for _ in range(self.one((0, 1, 1, 2, 3, 6))):
            self.one(MUTATIONS)(self, made)
        if self.maybe(0.1):
            sign(made)
        return made

    # texts, times and people

    def text(self) -> str:
        return self.one((*NOT_BLANK, self.one(BLANK), self.one(TEXTS)))

    def reason(self) -> str | None:
        return self.one(("有原因", "有原因", self.text(), None))

    def time(self, seconds: int | None = None) -> str:
        """A time of the visit, in one of the notations of RFC 3339."""
        if seconds is None:
            seconds = self.random.randrange(-1800, 7200, 60)
        at = START + timedelta(seconds=seconds)
        if self.maybe(0.8):
            return at.isoformat()
        zone = timezone(timedelta(minutes=self.one((0, 480, -210, 1439))))
        written = at.astimezone(zone).isoformat(sep=self.one("Tt "))
        clock, sign, offset = written[:19], written[19], written[20:]
        fraction = self.one(("", ".5", ".000001", ".1234565", ".999999499", ".0"))
        end = sign + offset if self.maybe(0.5) else sign + offset.replace(":", "")
        return clock + fraction + ("z" if offset == "00:00" and self.maybe(0.5) else end)

    # entries

    def _scene(self) -> list[str]:
        """Some items with the facts and items that they refer to."""
        names: list[str] = []
        for item in self.random.sample(sorted(ITEMS), self.random.randint(1, 4)):
            rule = ITEMS[item]
            names += [item, *rule.get("satisfied_by_any", ()), *rule.get("covers", ())]
            names += [edge["than"] for edge in rule.get("order", ())]
            names += [fact for fact in RULES.by_id[item].item.condition().names() if fact in FACTS]
            names += [
                name
                for name in (rule.get("things_of"), rule.get("signs"), rule.get("time_limit", {}).get("from"))
                if name
            ]
        return [name for name in names if name in ITEMS or name in FACTS]

    def _invented(self) -> Bundle:
        scene = self._scene() + self.random.sample(["arrived", "met_customer", "entered", "work_started", "left"], 2)
        ids = [f"e{number}" for number in range(self.random.randint(1, 12))]
        written = [self.entry(name, self.one(scene)) for name in ids]
        visit: dict[str, Any] = {
            "id": "0190f5c2-0000-7000-8000-00000000000a",
            "type": self.one(list(CHECKLIST["visit_types"])),
            "assigned": {name: self.maybe(0.6) for name in ASSIGNED if self.maybe(0.3)},
            "policies": {name: self.maybe(0.8) for name in POLICIES if self.maybe(0.3)},
        }
        if self.maybe(0.8):
            visit["window"] = {"from": self.time(0), "to": self.time(3600)}
        if self.maybe(0.2):
            visit["rescheduled"] = [self.moved() for _ in range(self.random.randint(1, 3))]
        if self.maybe(0.3):
            visit["due"] = self.due()
        if self.maybe(0.3):
            visit["exempt_reason"] = self.reason()
        if self.maybe(0.3):
            visit["inspectors"] = self.one((0, 1, 2, 3))
        return {"visit": visit, "entries": written, "now": self.now()}

    def moved(self) -> dict[str, str]:
        return {
            "at": self.time(self.one((-7200, 0, 600, 7200))),
            "from": self.time(0),
            "to": self.time(self.one((600, 5400))),
        }

    def due(self) -> dict[str, str]:
        duties = [self.one((*DUTIES, "constructor")) for _ in range(2)]
        names = [*duties, f"{self.one(DUTIES)}[{self.one(THINGS)}]"]
        return {name: self.time(self.one((600, 3600, 86_400 * 10))) for name in names}

    def now(self) -> str:
        return self.time(self.one((-600, 1800, 7200, 7200, 86_400, 86_400 * 8, 86_400 * 40)))

    def entry(self, name: str, what: str) -> dict[str, Any]:
        item = ITEMS.get(what, {})
        by = self.one(item.get("attested_by") or PEOPLE) if self.maybe(0.8) else self.one(PEOPLE)
        made: dict[str, Any] = {"id": name, "at": self.time(), "what": what, "by": by}
        if by not in PEOPLE:  # `system`, which nobody is
            made["by"] = self.one(PEOPLE)
        per_thing = item.get("per") == "thing" or FACTS.get(what, {}).get("per_thing")
        if self.maybe(0.9 if per_thing else 0.1):
            made["thing"] = self.one(THINGS)
        if self.maybe(0.2):
            made["label"] = self.one(("厨房的椅子", "the {tile}", "", "$& $1 {{}}", self.text()))
        if what in FACTS and self.maybe(0.3):
            made["holds"] = self.one((True, False, None))
        needed = item.get("evidence", {}).get("min", [])
        if needed and self.maybe(0.7):
            made["evidence"] = [self.piece(kind) for kind in needed]
        if item.get("fields") and self.maybe(0.7):
            made["fields"] = {key: self.answer(field) for key, field in item["fields"].items() if self.maybe(0.7)}
        if item and self.maybe(0.25):
            self.refine(made)
        return made

    def refine(self, made: dict[str, Any]) -> None:
        """Turn an act into a statement of the customer, a waiver or a refusal."""
        kind = self.one(("says", "waived", "refused"))
        waivers = ITEMS.get(made.get("what", ""), {}).get("waiver", {}).get("by") or PEOPLE
        if kind == "says":
            made |= {"says": self.one(("yes", "no", "no")), "by": self.one(("customer", "customer", made["by"]))}
        elif kind == "waived":
            by = self.one(waivers)
            made |= {"waived": {"by": by, "reason": self.reason()}, "by": by if self.maybe(0.7) else made["by"]}
        else:
            made["refused"] = {"reason": self.reason(), "outcome": self.one(("refused", "absent", None))}
            made["by"] = self.one(("customer", "technician", "technician", "office"))
            if self.maybe(0.6):
                made["evidence"] = [self.piece("photo")]

    def piece(self, kind: str) -> dict[str, Any]:
        full: dict[str, Any] = {
            "photo": {"sha256": self.one(DIGESTS)},
            "signature": {"sha256": self.one(DIGESTS), "signer": "陶", "relation": self.relation()},
            "text": {"text": self.text()},
            "gps": {"lat": self.one((0, -0.0, 31.2, None)), "lon": 121.4},
            "notice": {"number": self.text()},
            "number": {"number": "N1"},
            "message_log": {"channel": "sms"},
        }.get(kind, {})
        if self.maybe(0.05):
            full = dict.fromkeys(full)
        if self.maybe(0.05):
            full["lost"] = self.one((True, False, None))
        return {"kind": kind, **full}

    def relation(self) -> str | None:
        return self.one(("account_holder", "account_holder", "tenant", "neighbour", None))

    def answer(self, field: dict[str, Any]) -> Any:
        if field.get("choices") and self.maybe(0.6):
            return self.one(field["choices"])["id"]
        if field["type"] == "time" and self.maybe(0.5):
            return self.time()
        return self.one(ANSWERS)


def sign(bundle: Bundle) -> None:
    """Name in every signature the statement as it is at that time."""
    for entry in bundle["entries"]:
        table = next((one for one in RULES.checklist.statements if one.signs == entry.get("what")), None)
        pieces = [piece for piece in entry.get("evidence", ()) if piece["kind"] == "signature"]
        if table is None or not pieces:
            continue
        entries = msgspec.convert(bundle["entries"], list[Entry])
        now = to_microseconds(msgspec.convert(bundle["now"], datetime))
        timeline = Timeline(RULES, entries, now)
        time = next(
            (act[0] for acts in timeline.acts.values() for act in acts if act[2].id == entry["id"]),
            to_microseconds(msgspec.convert(entry["at"], datetime)),
        )
        for piece in pieces:
            piece["statement_sha256"] = render_statement(
                RULES, table, bundle["visit"]["id"], timeline, entry.get("thing"), time
            ).sha256


# mutations of a bundle


def _entry_of(draw: VisitGenerator, bundle: Bundle) -> dict[str, Any]:
    return draw.one(bundle["entries"]) if bundle["entries"] else {}


def _swap_times(draw: VisitGenerator, bundle: Bundle) -> None:
    if len(bundle["entries"]) > 1:
        first, second = draw.random.sample(bundle["entries"], 2)
        first["at"], second["at"] = second["at"], first["at"]


def _same_time(draw: VisitGenerator, bundle: Bundle) -> None:
    _entry_of(draw, bundle)["at"] = _entry_of(draw, bundle).get("at")


def _move(draw: VisitGenerator, bundle: Bundle) -> None:
    _entry_of(draw, bundle)["at"] = draw.one((draw.time(), draw.time(), draw.one(EXTREME)))


def _shuffle(draw: VisitGenerator, bundle: Bundle) -> None:
    draw.random.shuffle(bundle["entries"])


def _drop(draw: VisitGenerator, bundle: Bundle) -> None:
    if bundle["entries"]:
        bundle["entries"].pop(draw.random.randrange(len(bundle["entries"])))


def _repeat(draw: VisitGenerator, bundle: Bundle) -> None:
    """Add an entry with the id of another, perhaps in other case."""
    known = _entry_of(draw, bundle)
    if known:
        again = draw.entry(draw.one((known["id"].upper(), known["id"])), known.get("what") or "arrived")
        bundle["entries"].insert(draw.random.randint(0, len(bundle["entries"])), again)


def _rename(draw: VisitGenerator, bundle: Bundle) -> None:
    names = ("Straße", "STRASSE", "ΑΣ", "ας", "ασ", "İ", "i̇", "K", "k", "\U00010400", "\U00010428", "constructor")
    for entry in draw.random.sample(bundle["entries"], min(2, len(bundle["entries"]))):
        entry["id"] = draw.one(names)


def _add(draw: VisitGenerator, bundle: Bundle) -> None:
    what = draw.one((draw.one(sorted(ITEMS)), draw.one(sorted(FACTS)), "constructor", "unknown_item", "window_end"))
    bundle["entries"].append(draw.entry(f"n{len(bundle['entries'])}", what))


def _withdraw(draw: VisitGenerator, bundle: Bundle) -> None:
    """Add a withdrawal, mostly an effective one, before or after its target."""
    target = _entry_of(draw, bundle)
    if not target:
        return
    by = target["by"] if draw.maybe(0.7) else draw.one(PEOPLE)
    slip = {"id": f"w{len(bundle['entries'])}", "at": draw.one((target["at"], draw.time())), "by": by}
    slip |= {"withdraws": draw.one((target["id"], target["id"].upper(), target["id"], "")), "reason": draw.reason()}
    if draw.maybe(0.3):
        slip |= {"what": draw.one(sorted(FACTS)), "session": "s", "tick": draw.one(TICKS)}
    if draw.maybe(0.4):
        target["received_at"] = draw.time(3600)
        slip["received_at"] = draw.one((target["received_at"], draw.time(3660)))
    bundle["entries"].insert(draw.random.randint(0, len(bundle["entries"])), slip)


def _arrive(draw: VisitGenerator, bundle: Bundle) -> None:
    times = [draw.time() for _ in range(2)]
    for entry in bundle["entries"]:
        if draw.maybe(0.7):
            entry["received_at"] = draw.one(times)


def _coincide(draw: VisitGenerator, bundle: Bundle) -> None:
    """Make a limit fall on an entry, or a microsecond beside it."""
    entry = _entry_of(draw, bundle)
    try:
        at = datetime.fromisoformat(entry["at"])
        beside = timedelta(microseconds=draw.one((0, 0, -1, 1)))
        shift = timedelta(minutes=draw.one((0, 5, 10, 15, 60, -15, -60)), days=draw.one((0, 0, 0, 5, 7, 30))) + beside
        moment, end = (at + shift).isoformat(), (at + timedelta(hours=2)).isoformat()
    except (KeyError, ValueError, OverflowError):
        return
    visit, what, thing = bundle["visit"], entry.get("what", ""), entry.get("thing")
    match draw.random.randrange(6):
        case 0:
            bundle["now"] = moment
        case 1:
            visit["due"] = {what: moment} | (
                {f"{what}[{thing}]": draw.time(), draw.one(DUTIES): moment} if thing else {}
            )
        case 2:
            visit["window"] = draw.one(({"from": moment, "to": end}, {"from": "2026-03-01T00:00:00Z", "to": moment}))
        case 3:
            visit["rescheduled"] = [draw.moved() | {"at": draw.one((moment, entry["at"]))} for _ in range(3)]
        case 4:
            entry["claimed_at"] = (at - shift).isoformat()
        case _:
            _entry_of(draw, bundle)["at"] = moment


def _slip(draw: VisitGenerator, bundle: Bundle) -> None:
    """Add a second act of an item, by somebody else or with other answers."""
    known = _entry_of(draw, bundle)
    if known:
        again = draw.entry(f"a{len(bundle['entries'])}", known.get("what") or "arrived")
        bundle["entries"].append(again | {"thing": known.get("thing"), "at": draw.one((known["at"], draw.time()))})


def _dispute(draw: VisitGenerator, bundle: Bundle) -> None:
    for said in draw.random.sample(("yes", "no", "no"), 2):
        known = _entry_of(draw, bundle)
        if known:
            about = {
                "what": known.get("what") or "arrived",
                "says": said,
                "thing": draw.one((known.get("thing"), None)),
            }
            bundle["entries"].append({"id": f"d{len(bundle['entries'])}", "at": draw.time(), "by": "customer", **about})


def _missign(draw: VisitGenerator, bundle: Bundle) -> None:
    """Change what was signed, or let the signature name something else."""
    for entry in bundle["entries"]:
        for piece in entry.get("evidence", ()):
            if piece["kind"] == "signature":
                piece["statement_sha256"] = draw.one((piece.get("statement_sha256"), draw.one(DIGESTS)))
                piece["relation"] = draw.relation()


def _tick(draw: VisitGenerator, bundle: Bundle) -> None:
    for entry in bundle["entries"]:
        if draw.maybe(0.6):
            entry |= {"session": draw.one(("s", "s", "", "constructor")), "tick": draw.one((*TICKS, None))}


def _refine(draw: VisitGenerator, bundle: Bundle) -> None:
    entry = _entry_of(draw, bundle)
    if entry:
        draw.refine(entry)


def _thing(draw: VisitGenerator, bundle: Bundle) -> None:
    for entry in bundle["entries"]:
        if "thing" in entry and draw.maybe(0.5):
            entry["thing"] = draw.one((*THINGS, None))


def _fields(draw: VisitGenerator, bundle: Bundle) -> None:
    entry = _entry_of(draw, bundle)
    names = [*ITEMS.get(entry.get("what") or "", {}).get("fields", {}), "constructor", "__proto__", ""]
    entry["fields"] = {draw.one(names): draw.one(ANSWERS) for _ in range(3)}


def _evidence(draw: VisitGenerator, bundle: Bundle) -> None:
    entry = _entry_of(draw, bundle)
    kinds = [*CHECKLIST["evidence_kinds"], "constructor", ""]
    entry["evidence"] = [*entry.get("evidence", ()), draw.piece(draw.one(kinds))]
    for piece in entry["evidence"]:
        if draw.maybe(0.2):
            piece["lost"] = True


def _claim(draw: VisitGenerator, bundle: Bundle) -> None:
    _entry_of(draw, bundle)["claimed_at"] = draw.one((draw.time(), draw.one(EXTREME), None))


def _holds(draw: VisitGenerator, bundle: Bundle) -> None:
    _entry_of(draw, bundle)["holds"] = draw.one((True, False, None))


def _author(draw: VisitGenerator, bundle: Bundle) -> None:
    entry = _entry_of(draw, bundle)
    entry |= {"by": draw.one(PEOPLE), "via": draw.one(("record", "office", "link", "scan", None))}


def _plan(draw: VisitGenerator, bundle: Bundle) -> None:
    visit = bundle["visit"]
    name = draw.one(("type", "window", "rescheduled", "assigned", "policies", "due", "inspectors", "exempt_reason"))
    visit[name] = {
        "type": lambda: draw.one((*CHECKLIST["visit_types"], "constructor")),
        "window": lambda: draw.one((None, {"from": draw.time(), "to": draw.time()})),
        "rescheduled": lambda: [draw.moved(), draw.moved()],
        "assigned": lambda: {one: draw.maybe(0.5) for one in (*ASSIGNED, "entered", "constructor")},
        "policies": lambda: {one: draw.maybe(0.5) for one in (*POLICIES, "entry_consent")},
        "due": draw.due,
        "inspectors": lambda: draw.one((None, 0, 1, 2, 100)),
        "exempt_reason": draw.reason,
    }[name]()


def _later(draw: VisitGenerator, bundle: Bundle) -> None:
    bundle["now"] = draw.one((draw.now(), draw.now(), draw.one(EXTREME)))


MUTATIONS: tuple[Callable[[VisitGenerator, Bundle], None], ...] = (
    *(_swap_times, _same_time, _move, _shuffle, _drop, _repeat, _rename, _add, _withdraw, _withdraw, _arrive, _tick),
    *(_refine, _refine, _thing, _fields, _evidence, _claim, _holds, _author, _plan, _plan, _later),
    *(_coincide, _coincide, _coincide, _slip, _slip, _dispute, _missign),
)
