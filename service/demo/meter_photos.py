"""Drawn photographs of a water meter, for the demonstration of a damaged one (clause 4.3.7)."""

from hashlib import sha256
from io import BytesIO

from PIL import Image, ImageDraw

IMAGE_SIZE = (1200, 900)


def draw_meter(reading: int, *, broken: bool) -> bytes:
    """The face of a meter as a JPEG."""
    image = Image.new("RGB", IMAGE_SIZE, (205, 202, 195))
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


def meter_photos() -> dict[str, tuple[str, bytes]]:
    """The photos that `meter_damage.json` names: SHA-256 and bytes."""
    drawn = {
        "damage": draw_meter(1274, broken=True),
        "cause": draw_meter(1274, broken=False),
        "new_meter": draw_meter(0, broken=False),
    }
    return {name: (sha256(raw).hexdigest(), raw) for name, raw in drawn.items()}
