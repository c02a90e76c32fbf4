"""Drawn photographs of water meters and of a clean place, and a signature."""

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
    return _as_jpeg(image)


def draw_place(number: int) -> bytes:
    """A sink with a tap, as a JPEG; another one for each number."""
    image = Image.new("RGB", IMAGE_SIZE, (226 - number % 20, 222, 210 + number % 30))
    pen = ImageDraw.Draw(image)
    for x in range(0, IMAGE_SIZE[0], 150):
        pen.line((x, 0, x, 520), fill=(200, 198, 190), width=4)
    for y in range(0, 520, 130):
        pen.line((0, y, IMAGE_SIZE[0], y), fill=(200, 198, 190), width=4)
    pen.rectangle((0, 520, *IMAGE_SIZE), fill=(150, 120, 90))
    pen.rounded_rectangle((280, 480, 920, 820), 60, fill=(235, 238, 240), outline=(170, 175, 180), width=10)
    pen.arc((520, 220 + number, 700, 440), 180, 360, fill=(120, 125, 130), width=34)
    pen.line((537, 330, 537, 520), fill=(120, 125, 130), width=34)
    return _as_jpeg(image)


def draw_signature(number: int) -> bytes:
    """A scribble as a JPEG."""
    image = Image.new("RGB", (900, 360), "white")
    points = [(60 + 39 * step, 180 + (90 + number) * (step % 3 - 1)) for step in range(20)]
    ImageDraw.Draw(image).line(points, fill=(20, 20, 60), width=6, joint="curve")
    return _as_jpeg(image)


def _as_jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def named(**pictures: bytes) -> dict[str, tuple[str, bytes]]:
    """Pictures by name, with their SHA-256."""
    return {name: (sha256(raw).hexdigest(), raw) for name, raw in pictures.items()}


def meter_photos() -> dict[str, tuple[str, bytes]]:
    """The photos that `meter_damage.json` names."""
    return named(
        damage=draw_meter(1274, broken=True),
        cause=draw_meter(1274, broken=False),
        new_meter=draw_meter(0, broken=False),
    )
