"""The vectors of `docs/judging.md`: visits with what the judge finds, for those who write another judge."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from service.judge.judge import judge
from service.judge.visit import Bundle
from tests.support.random_visits import CHECKLIST, RULES, VisitGenerator, bases

DOCS = Path(__file__).resolve().parents[2] / "docs"
SEED = 43
GENERATED = 500
_EXACT = 2**53


def vector(name: str, content: dict[str, Any]) -> dict[str, Any] | None:
    """The case of a bundle; none if the server would refuse it, or if a number of it is not exact in JSON."""
    try:
        bundle = msgspec.convert(content, Bundle)
    except msgspec.ValidationError:
        return None
    if bundle.visit.type not in RULES.checklist.visit_types:
        return None
    judgement = judge(RULES, bundle.visit, bundle.entries, bundle.now)
    if judgement.until is not None and abs(judgement.until) > _EXACT:
        return None
    return {
        "name": name,
        **content,
        "verdict": judgement.verdict,
        "until": judgement.until,
        "findings": msgspec.to_builtins(RULES.speaker.format(judgement.findings, judgement.labels)),
    }


def boundaries() -> Iterator[tuple[str, dict[str, Any]]]:
    """Visits on both sides of a limit, which chance finds seldom."""

    def case(name: str, *entries: dict[str, Any], now: str = "12:00:00", **visit: Any) -> tuple[str, dict[str, Any]]:
        known = {
            "id": "v",
            "type": "repair_leak",
            "checklist": RULES.checklist.name,
            "window": _window("09:00:00", "10:00:00"),
        }
        full = [
            {"id": f"e{n}", "by": "technician"} | entry | {"at": _at(entry["at"])}
            for n, entry in enumerate((*met, *entries))
        ]
        return name, {"visit": known | visit, "entries": full, "now": _at(now)}

    met = ({"at": "09:10:00", "what": "arrived"}, {"at": "09:12:00", "what": "met_customer"})
    damaged = {"at": "09:20:00", "what": "meter_damage_by_customer"}
    broken = {"at": "09:20:00", "what": "own_damage", "thing": "tile"}
    for end in ("11:59:59.999999", "12:00:00"):
        due = {"damage_made_good[tile]": _at("12:00:00")}
        yield case(f"a duty due at noon, at {end}", broken, now=end, due=due)
        done = {"at": end, "what": "damage_made_good", "thing": "tile", "evidence": [_PHOTO]}
        yield case(f"a duty due before {end}", broken, done, due={"damage_made_good": _at("11:59:59.999999")})
    for claimed in ("09:25:00", "09:24:59.999999"):
        late = {"at": "09:30:00", "what": "id_shown", "claimed_at": _at(claimed)}
        yield case(f"written five minutes after {claimed}", late)
        photo = {"at": "09:40:00", "what": "id_shown", "evidence": [_PHOTO]}
        yield case(f"written after {claimed}, and a photo later", late, photo)
        yield case(f"written after {claimed}, and a lost photo", late, photo | {"evidence": [_PHOTO | {"lost": True}]})
    for at in ("09:10:00", "09:10:00.000001"):
        moved = [{"at": _at(at)} | _window("11:00:00", "12:00:00"), {"at": _at(at)} | _window("09:20:00", "10:00:00")]
        yield case(f"moved twice at {at}", rescheduled=moved)
        yield case(f"moved at {at}", rescheduled=moved[:1])
    for reason in ("\u3000\ufeff", "\u200b", "\u0085"):
        refused = {"at": "09:30:00", "what": "meter_order_signed", "refused": {"reason": reason}, "evidence": [_PHOTO]}
        yield case(f"refused because of U+{ord(reason[0]):04X}", damaged, refused)
        yield case("refused, and the photo is lost", damaged, refused | {"evidence": [_PHOTO | {"lost": True}]})
    for value in (15, 14.999, 1200, 1200.001, "15", True, None, 99999999, 1e8):
        read = {"diameter": value, "reading": value}
        photo = {"at": "09:30:00", "what": "meter_damage_photo", "evidence": [_PHOTO], "fields": read}
        yield case(
            f"a diameter and a reading of {value!r}", {"at": "09:20:00", "what": "meter_damage_by_customer"}, photo
        )


_PHOTO = {"kind": "photo", "sha256": "a" * 64}


def _at(clock: str) -> str:
    return f"2026-03-02T{clock}+08:00"


def _window(start: str, end: str) -> dict[str, str]:
    return {"from": _at(start), "to": _at(end)}


def cases() -> list[dict[str, Any]]:
    """The example visits, the checklist's own examples, visits at limits, and generated visits.

    Of the generated ones, those are kept that have a finding that fewer than three others have, so that all appear.
    """
    found = [case for name, content in (*bases(), *boundaries()) if (case := vector(name, content))]
    draw, number = VisitGenerator(SEED), 0
    known: Counter[tuple[str, str]] = Counter()
    while number < GENERATED:
        case = vector(f"generated {number + 1}", draw.bundle())
        if case is None:
            continue
        kinds = {(finding["kind"], finding["code"].partition("[")[0]) for finding in case["findings"]}
        kinds = kinds or {(str(case["verdict"]), "")}
        if any(known[kind] < 3 for kind in kinds):
            known.update(kinds)
            found.append(case)
            number += 1
    return found


def files() -> dict[Path, bytes]:
    """The files that this program makes: the published checklist, and the vectors."""
    head = json.dumps({"form": "doorstep-judgement-vectors/1", "checklist": RULES.checklist.name})[:-1]
    lines = ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases())
    return {
        DOCS / "checklist.json": (json.dumps(CHECKLIST, ensure_ascii=False, indent=1) + "\n").encode(),
        DOCS / "judgement-vectors.json": f'{head}, "cases": [\n{lines}\n]}}\n'.encode(),
    }
