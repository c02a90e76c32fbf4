"""The image of a signature: what the customer drew, but nothing of how they drew it."""

from base64 import b64decode
from binascii import Error
from io import BytesIO
from typing import Any, cast

import segno
from PIL import Image, ImageDraw

from service.errors import UnreadableSignature
from service.visits.customer_answers import SignatureInput, Stroke

IMAGE_SIZE = (900, 360)  # pixels
MARGIN, PEN_WIDTH = 24, 5
MAX_POINTS = 20_000  # a hand makes some hundreds
MAX_PIXELS = 4_000_000
CONTRAST, VISIBLE_PIXELS = 32, 4  # of 256 shades
LEAST_EXTENT = 8  # pixels or units of strokes, wide or high: less is a tap
_NOTHING = "签名是空白的，请重新签写 / nothing was drawn: draw the signature again"


def render(given: SignatureInput) -> bytes:
    """The PNG as it was sent, or drawn from the strokes; of a typed name a QR code that contains it."""
    if given.png is not None:
        return _from_png(given.png)
    if given.strokes is not None:
        return _from_strokes(given.strokes)
    return _from_typed_name(given)


def _from_png(text: str) -> bytes:
    try:
        raw = b64decode(text.removeprefix("data:image/png;base64,"), validate=True)
    except (Error, ValueError):
        raise UnreadableSignature("签名图片须为 base64 / the PNG is not base64") from None
    try:
        with Image.open(BytesIO(raw), formats=["PNG"]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnreadableSignature("签名图片太大，请缩小 / the PNG is too large")
            image.load()
            blank = _is_blank(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise UnreadableSignature("签名图片打不开，请重新签写 / the PNG cannot be read; draw it again") from None
    if blank:
        raise UnreadableSignature(_NOTHING)
    return raw


def _is_blank(image: Image.Image) -> bool:
    """Whether nothing is visible on white: no more than a tap differs clearly from the most common shade."""
    drawn = image.convert("RGBA")
    grey = Image.alpha_composite(Image.new("RGBA", drawn.size, "white"), drawn).convert("L")
    shades = grey.histogram()
    ground = shades.index(max(shades))
    ink = cast("Any", grey).point([255 * (abs(shade - ground) > CONTRAST) for shade in range(256)])
    left, top, right, bottom = ink.getbbox() or (0, 0, 0, 0)
    return ink.histogram()[255] < VISIBLE_PIXELS or _is_tap(right - left, bottom - top)


def _is_tap(width: float, height: float) -> bool:
    """Whether something is too small for a signature: a finger touched the field and drew nothing."""
    return max(width, height) < LEAST_EXTENT


def _from_strokes(strokes: tuple[Stroke, ...]) -> bytes:
    """Scaled to fit the image, with its proportions."""
    points = [point for stroke in strokes for point in stroke]
    if not points:
        raise UnreadableSignature(_NOTHING)
    if len(points) > MAX_POINTS:
        raise UnreadableSignature(f"笔迹最多 {MAX_POINTS} 个点 / at most {MAX_POINTS} points")
    left, top = min(x for x, _ in points), min(y for _, y in points)
    width, height = max(x for x, _ in points) - left, max(y for _, y in points) - top
    if _is_tap(width, height):
        raise UnreadableSignature(_NOTHING)
    scale = min((IMAGE_SIZE[0] - 2 * MARGIN) / max(width, 1), (IMAGE_SIZE[1] - 2 * MARGIN) / max(height, 1))
    image = Image.new("L", IMAGE_SIZE, 255)
    pen = ImageDraw.Draw(image)
    for stroke in filter(None, strokes):
        line = [(MARGIN + (x - left) * scale, MARGIN + (y - top) * scale) for x, y in stroke]
        pen.line(line, fill=0, width=PEN_WIDTH, joint="curve")
        for x, y in line[:1] + line[-1:]:
            pen.ellipse((x - PEN_WIDTH / 2, y - PEN_WIDTH / 2, x + PEN_WIDTH / 2, y + PEN_WIDTH / 2), fill=0)
    out = BytesIO()
    image.save(out, "PNG", optimize=False)
    return out.getvalue()


def _from_typed_name(given: SignatureInput) -> bytes:
    out = BytesIO()
    text = f"电子签认 {given.signer} ({given.relation}) {given.statement_sha256}"
    segno.make(text, error="m", micro=False).save(out, kind="png", scale=6, border=4)
    return out.getvalue()
