"""Demonstration: a meter that a customer damaged, photographed and explained; he has not signed yet (4.3.7)."""

from datetime import datetime, timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

SIZE = (1200, 900)
TOLD = "电话约定：明天下午两点到三点换水表，请留人配合"
CALL = [{"kind": "message_log", "channel": "phone", "text": TOLD}, {"kind": "text", "text": TOLD}]


def meter(reading: int, *, broken: bool) -> bytes:
    """A picture of a meter's face, as a JPEG."""
    image = Image.new("RGB", SIZE, (205, 202, 195))
    pen = ImageDraw.Draw(image)
    pen.ellipse((250, 100, 950, 800), fill=(40, 70, 130))
    pen.ellipse((300, 150, 900, 750), fill=(245, 245, 240))
    for place, digit in enumerate(f"{reading:05}"):
        left = 390 + 86 * place
        pen.rectangle((left, 380, left + 76, 500), fill=(20, 20, 20))
        pen.text((left + 18, 385), digit, fill=(255, 255, 255), font_size=96)
    pen.text((430, 560), "m3   SH20190317", fill=(60, 60, 60), font_size=44)
    if broken:
        for end in ((420, 260), (820, 300), (760, 690), (450, 660), (600, 180)):
            pen.line((610, 470, *end), fill=(150, 170, 190), width=9)
    out = BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def photos() -> dict[str, bytes]:
    """The pictures of the story by their SHA-256."""
    made = (meter(1274, broken=True), meter(1274, broken=False), meter(0, broken=False))
    return {sha256(raw).hexdigest(): raw for raw in made}


def acts(start: datetime) -> list[dict[str, Any]]:
    """What the technician wrote, from the minute he arrived; entries that have no ids yet."""
    damage, cause, new = photos()
    told: list[tuple[str, int, dict[str, Any]]] = [
        ("badge_worn", -60, {}),
        ("uniform_tidy", -60, {}),
        ("arrived", 0, {"evidence": [{"kind": "gps", "lat": 31.2304, "lon": 121.4737, "accuracy_m": 8}]}),
        ("door_signal", 1, {}),
        ("met_customer", 2, {}),
        ("self_introduced", 2, {}),
        ("id_shown", 2, {}),
        ("entry_consent", 3, {}),
        ("shoe_covers_on", 4, {}),
        ("entered", 4, {}),
        ("work_started", 5, {}),
        ("meter_damage_by_customer", 6, {"holds": True}),
        (
            "meter_damage_photo",
            7,
            {
                "evidence": [_photo(damage)],
                "fields": {"meter_number": "SH20190317", "diameter": 15, "reading": 1274, "seal_number": "F-20417"},
            },
        ),
        (
            "meter_cause_analysed",
            12,
            {
                "evidence": [{"kind": "text", "text": "装修搬砖时砸到表盖，玻璃碎裂"}, _photo(cause)],
                "fields": {"part": "glass", "cause": "renovation"},
            },
        ),
        ("meter_cause_confirmed", 14, {"fields": {"opinion": "agrees", "charge": "charged"}}),
        (
            "p_meter_readings_witnessed",
            25,
            {
                "evidence": [_photo(new), {"kind": "text", "text": "新表已试水，无渗漏"}],
                "fields": {
                    "old_meter_number": "SH20190317",
                    "old_reading": 1274,
                    "new_meter_number": "SH20260042",
                    "new_reading": 0,
                },
            },
        ),
        ("work_finished", 40, {}),
        ("site_cleared", 42, {}),
        ("thanked_at_end", 43, {}),
        ("left", 45, {}),
    ]
    facts = ("borrowed", "breach_found", "request_raised", "own_damage", "traffic_affected", "fee_charged")
    told += [(fact, 45, {"holds": False}) for fact in (*facts, "outage_caused")]
    return [
        {"what": what, "at": (start + timedelta(minutes=minute)).isoformat(), "by": "technician", **more}
        for what, minute, more in told
    ]


def _photo(digest: str) -> dict[str, str]:
    return {"kind": "photo", "sha256": digest}
