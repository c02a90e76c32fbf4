"""Golden pictures: what the customer's pages look like on a phone, half as large, in the font of the repository.

They are compared tile by tile by their mean colour (what WebP loses is half of the tolerance), so that another version
of the browser may smooth letters differently, and a button that has moved or has another colour is found.
"""

from io import BytesIO
from pathlib import Path
from tempfile import gettempdir

from PIL import Image, ImageChops, ImageDraw

from tests.support.golden_pages import FOLDER, Mode

SMALL, TILE, TOLERANCE = (195, 422), 13, 24  # pixels, and steps of 255 of a colour
FAILED = Path(gettempdir()) / "doorstep-screens"
"""Where the new pictures and the differences are after a failure."""


def path_of(name: str, mode: Mode) -> Path:
    """Where a picture is kept."""
    return FOLDER / "screens" / f"{name.replace(',', '').replace(' ', '-')}.{mode}.webp"


def small(screenshot: bytes) -> Image.Image:
    """The picture of a screenshot."""
    with Image.open(BytesIO(screenshot)) as image:
        return image.convert("RGB").resize(SMALL, Image.Resampling.BOX)


def keep(picture: Image.Image, path: Path) -> None:
    """Write a picture; some 5 KB."""
    picture.save(path, "WEBP", quality=45, method=6)


def read(path: Path) -> Image.Image:
    """A picture that was kept."""
    with Image.open(path) as image:
        return image.convert("RGB")


def differences(golden: Image.Image, seen: Image.Image) -> list[tuple[int, int]]:
    """The tiles (column, row) that look different."""
    tiles = (SMALL[0] // TILE, -(-SMALL[1] // TILE))
    distance = ImageChops.difference(*(one.resize(tiles, Image.Resampling.BOX) for one in (golden, seen)))
    return [
        (column, row)
        for row in range(tiles[1])
        for column in range(tiles[0])
        if max(distance.getpixel((column, row))) > TOLERANCE  # type: ignore[arg-type]
    ]


def explain(name: str, mode: Mode, seen: Image.Image, tiles: list[tuple[int, int]]) -> str:
    """Write the new picture, and the one with the different tiles framed; where they are."""
    FAILED.mkdir(exist_ok=True)
    seen.save(FAILED / f"{name}.{mode}.png")
    framed, height = seen.copy(), SMALL[1] / -(-SMALL[1] // TILE)
    draw = ImageDraw.Draw(framed)
    for column, row in tiles:
        draw.rectangle((column * TILE, row * height, (column + 1) * TILE, (row + 1) * height), outline="red")
    framed.save(FAILED / f"{name}.{mode}.difference.png")
    return f"{len(tiles)} tiles differ: see {FAILED}/{name}.{mode}*.png"
