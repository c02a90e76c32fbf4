"""Small images, generated for tests; a number makes them distinct."""

from hashlib import sha256
from io import BytesIO
from typing import Any

from PIL import Image


def picture(
    number: int = 0, form: str = "JPEG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **more: Any
) -> bytes:
    """An image in one colour, with a corner in another."""
    colour = (number % 256, number // 256 % 256, 90, 255)[: len(mode)]
    image = Image.new(mode, size, colour[0] if len(mode) == 1 else colour)
    image.paste(255 if len(mode) == 1 else (255,) * len(mode), (0, 0, size[0] // 4, size[1] // 4))
    out = BytesIO()
    image.save(out, form, **more)
    return out.getvalue()


def noise(size: tuple[int, int], quality: int = 90) -> bytes:
    """A JPEG that compresses badly: about as large as a real photo."""
    out = BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()


def name(raw: bytes) -> str:
    """The SHA-256 that names a file."""
    return sha256(raw).hexdigest()
