"""The image of a signature: what the customer drew, but nothing of how they drew it."""

import asyncio
from base64 import b64decode
from binascii import Error
from io import BytesIO

import segno
from PIL import Image, ImageDraw

from service.blobs.image_header import photo_of
from service.context import AppContext
from service.errors import UnreadableSignature
from service.evidence import thumbnail_worker, thumbnails
from service.evidence.thumbnail_worker import is_tap
from service.visits.customer_answers import SignatureInput, Stroke

IMAGE_SIZE = (900, 360)  # pixels
MARGIN, PEN_WIDTH = 24, 5
MAX_POINTS = 20_000  # a hand makes some hundreds
MAX_PIXELS = 4_000_000
_NO_PICTURE = "签名图片打不开，请重新签写 / the PNG cannot be read; draw it again"
_NOTHING = "签名是空白的，请重新签写 / nothing was drawn: draw the signature again"


async def render(ctx: AppContext, given: SignatureInput) -> bytes:
    """The PNG as it was sent, or drawn from the strokes; of a typed name a QR code that contains it.
    UnreadableSignature, ServiceUnavailable."""
    if given.png is not None:
        return await _from_png(ctx, given.png)
    if given.strokes is not None:
        return await asyncio.to_thread(_from_strokes, given.strokes)
    return await asyncio.to_thread(_from_typed_name, given)


async def _from_png(ctx: AppContext, text: str) -> bytes:
    """Anybody who has the link and the code can send one, so it is decoded in another process."""
    try:
        raw = b64decode(text.removeprefix("data:image/png;base64,"), validate=True)
    except (Error, ValueError):
        raise UnreadableSignature("签名图片须为 base64 / the PNG is not base64") from None
    photo = photo_of(lambda start, size: raw[start : start + size], len(raw))
    if photo is None or photo.kind != "image/png":
        raise UnreadableSignature(_NO_PICTURE)
    if photo.pixels > MAX_PIXELS:
        raise UnreadableSignature("签名图片太大，请缩小 / the PNG is too large")
    status = await thumbnails.look_at_signature(ctx, raw)
    if status != 0:
        raise UnreadableSignature(_NOTHING if status == thumbnail_worker.EXIT_BLANK else _NO_PICTURE)
    return raw


def _from_strokes(strokes: tuple[Stroke, ...]) -> bytes:
    """Scaled to fit the image, with its proportions."""
    points = [point for stroke in strokes for point in stroke]
    if not points:
        raise UnreadableSignature(_NOTHING)
    if len(points) > MAX_POINTS:
        raise UnreadableSignature(f"笔迹最多 {MAX_POINTS} 个点 / at most {MAX_POINTS} points")
    left, top = min(x for x, _ in points), min(y for _, y in points)
    width, height = max(x for x, _ in points) - left, max(y for _, y in points) - top
    if is_tap(width, height):
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
