"""Makes the copy of a photo that is shown: `python copier.py ORIGINAL COPY`, a process of its own for each.

Whatever a decoder does with hostile bytes, it does here: with half a gigabyte of address space, ten seconds of
processor, and nothing but these two files. The copy is a new JPEG of the pixels alone: upright, at most 1600 pixels
long, without metadata. Exit status: 0, or 3 when the file cannot be decoded.
"""

import resource
import sys
import warnings
from pathlib import Path

from PIL import Image, ImageFile, ImageMath, ImageOps, PngImagePlugin

LONG_EDGE, QUALITY, MOST_PIXELS = 1600, 82, 50_000_000
MEMORY, SECONDS = 512 * 2**20, 10
STRIP = 4_000_000  # pixels
EXIT_UNREADABLE = 3


def make_thumbnail(original: Path, copy: Path) -> None:
    """Make the copy."""
    with Image.open(original, formats=["JPEG", "PNG", "WEBP"]) as image:
        if image.width * image.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        image.draft("RGB", (LONG_EDGE, LONG_EDGE))  # a large JPEG is decoded at a fraction of its size
        turned = _orientation(image)
        image.load()
        small = _flat(_smaller(image))
    small.thumbnail((LONG_EDGE, LONG_EDGE))
    upright = ImageOps.exif_transpose(_marked(small, turned))
    clean = Image.frombytes("RGB", upright.size, upright.tobytes())  # nothing but pixels: comments would be copied too
    with copy.open("wb") as file:
        clean.save(file, "JPEG", quality=QUALITY)


def _orientation(image: Image.Image) -> int:
    """How the camera was held, 1 to 8 (EXIF 2.3, 0x0112); 1 when the metadata cannot be read."""
    try:
        found = image.getexif().get(0x0112, 1)
    except Exception:  # noqa: BLE001 - metadata is what anybody wrote there
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _marked(image: Image.Image, turned: int) -> Image.Image:
    image.info = {}
    image.getexif().clear()
    image.getexif()[0x0112] = turned
    return image


def _smaller(image: Image.Image) -> Image.Image:
    """A very large picture made smaller strip by strip: a second one of its size would not find room."""
    factor = max(image.size) // (2 * LONG_EDGE)
    if factor < 2 or image.width * image.height < STRIP or image.mode in ("P", "1"):
        return image
    rows = max(1, STRIP // image.width // factor) * factor
    strips = [
        _eight_bits(image.crop((0, top, image.width, min(image.height, top + rows)))).reduce(factor)
        for top in range(0, image.height, rows)
    ]
    whole = Image.new(strips[0].mode, (strips[0].width, sum(strip.height for strip in strips)))
    top = 0
    for strip in strips:
        whole.paste(strip, (0, top))
        top += strip.height
    return whole


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):  # 16 bits of grey
        return ImageMath.lambda_eval(lambda given: given["whole"] / 256, whole=image.convert("I")).convert("L")
    return image


def _flat(image: Image.Image) -> Image.Image:
    """In colours, on white where it is transparent."""
    image = _eight_bits(image)
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    image = image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def main(original: str, copy: str) -> int:
    """Make the copy within the limits."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    PngImagePlugin.MAX_TEXT_MEMORY = PngImagePlugin.MAX_TEXT_CHUNK
    try:
        make_thumbnail(Path(original), Path(copy))
    except Exception:  # noqa: BLE001 - whatever a decoder raises says the same
        return EXIT_UNREADABLE
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
