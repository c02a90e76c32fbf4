"""Decodes pictures, in a process of its own: `python thumbnail_worker.py ORIGINAL COPY` makes the rendition of a photo,
and `python thumbnail_worker.py ORIGINAL` looks whether anything is drawn on the PNG of a signature.

Hostile bytes can do no more to a decoder here than half a gigabyte of address space, ten seconds of processor time
and these two files allow. The copy is a new JPEG of the pixels alone: upright, at most 1600 pixels long, without
metadata. The exit status is 0, 3 when the file cannot be decoded, or 4 when nothing is drawn.
"""

import resource
import sys
import warnings
from pathlib import Path
from typing import Any, cast

from PIL import Image, ImageFile, ImageMath, ImageOps, PngImagePlugin

MAX_EDGE, QUALITY, MAX_PIXELS = 1600, 82, 256_000_000
MEMORY_BYTES, CPU_SECONDS = 512 * 2**20, 10
STRIP_PIXELS = 4_000_000
EXIT_UNREADABLE, EXIT_BLANK = 3, 4
CONTRAST, VISIBLE_PIXELS = 32, 4  # of 256 shades
LEAST_EXTENT = 8  # pixels or units of strokes, wide or high: less is a tap


def make_thumbnail(original: Path, copy: Path) -> None:
    """Make the copy; any exception means that the original cannot be decoded."""
    with Image.open(original, formats=["JPEG", "PNG", "WEBP"]) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ValueError("too many pixels")
        image.draft("RGB", (MAX_EDGE, MAX_EDGE))  # a large JPEG is decoded at a fraction of its size
        orientation = _orientation(image)
        image.load()
        small = _flatten(_reduce(image))
    small.thumbnail((MAX_EDGE, MAX_EDGE))
    small.info = {}
    small.getexif().clear()
    small.getexif()[0x0112] = orientation
    upright = ImageOps.exif_transpose(small)
    clean = Image.frombytes("RGB", upright.size, upright.tobytes())  # only the pixels: `upright` would keep comments
    with copy.open("wb") as file:
        clean.save(file, "JPEG", quality=QUALITY)


def is_drawn(original: Path) -> bool:
    """Whether something is visible on the white of a PNG: more than a tap differs clearly from the most common shade;
    any exception means that it cannot be decoded."""
    with Image.open(original, formats=["PNG"]) as image:
        image.load()
        drawn = image.convert("RGBA")
    grey = Image.alpha_composite(Image.new("RGBA", drawn.size, "white"), drawn).convert("L")
    shades = grey.histogram()
    ground = shades.index(max(shades))
    ink = cast("Any", grey).point([255 * (abs(shade - ground) > CONTRAST) for shade in range(256)])
    left, top, right, bottom = ink.getbbox() or (0, 0, 0, 0)
    return ink.histogram()[255] >= VISIBLE_PIXELS and not is_tap(right - left, bottom - top)


def is_tap(width: float, height: float) -> bool:
    """Whether something is too small for a signature: a finger touched the field and drew nothing."""
    return max(width, height) < LEAST_EXTENT


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation (2.3, 0x0112), 1 to 8; 1 when the metadata cannot be read."""
    try:
        found = image.getexif().get(0x0112, 1)
    except Exception:  # noqa: BLE001 - the metadata may be anything
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _reduce(image: Image.Image) -> Image.Image:
    """Reduce a very large picture strip by strip, because a second one of its size would not fit into memory."""
    factor = max(image.size) // (2 * MAX_EDGE)
    if factor < 2 or image.width * image.height < STRIP_PIXELS or image.mode in ("P", "1"):
        return image
    rows = max(1, STRIP_PIXELS // image.width // factor) * factor
    strips = [
        _to_eight_bits(image.crop((0, top, image.width, min(image.height, top + rows)))).reduce(factor)
        for top in range(0, image.height, rows)
    ]
    reduced = Image.new(strips[0].mode, (strips[0].width, sum(strip.height for strip in strips)))
    top = 0
    for strip in strips:
        reduced.paste(strip, (0, top))
        top += strip.height
    return reduced


def _to_eight_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):  # 16-bit grey
        return ImageMath.lambda_eval(lambda given: given["image"] / 256, image=image.convert("I")).convert("L")
    return image


def _flatten(image: Image.Image) -> Image.Image:
    """In RGB, on white where it is transparent."""
    image = _to_eight_bits(image)
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    image = image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def main(original: str, copy: str = "") -> int:
    """Make the copy, or without one look at a signature, within the limits; returns the exit status."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    PngImagePlugin.MAX_TEXT_MEMORY = PngImagePlugin.MAX_TEXT_CHUNK
    try:
        if copy:
            make_thumbnail(Path(original), Path(copy))
        elif not is_drawn(Path(original)):
            return EXIT_BLANK
    except Exception:  # noqa: BLE001 - decoders raise anything
        return EXIT_UNREADABLE
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
