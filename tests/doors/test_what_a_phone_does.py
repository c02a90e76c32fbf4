"""No answer tells a phone to throw away what can be mended: each code has a row in docs/device.md."""

import re
from pathlib import Path

from service import errors
from tests.support.openapi_document import DOCUMENT

ROOT = Path(__file__).parents[2]
HOPELESS = {errors.UnsupportedImageType, errors.UnreadableImage, errors.FileTooLarge, errors.Erased}
"""Only these are about the bytes themselves, or about a visit that is gone for good."""


def rows() -> dict[str, str]:
    """What a phone does, by code, when a photo is refused."""
    text = (ROOT / "docs" / "device.md").read_text("utf-8").partition("When a photo is refused")[2]
    lines = [line.split("|")[1:3] for line in text.splitlines() if line.startswith("| `")]
    return {code: does for codes, does in lines for code in re.findall("`([a-z-]+)`", codes)}


def documented() -> set[str]:
    """The codes of all operations that take a photo."""
    operations = [DOCUMENT["paths"]["/v1/evidence/{sha256}"]["put"]]
    operations += [one for path, ways in DOCUMENT["paths"].items() if "/uploads" in path for one in ways.values()]
    return {
        code
        for operation in operations
        for status, answer in operation["responses"].items()
        if int(status) >= 400
        for code in answer["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"]["enum"]
    }


def test_every_code_has_a_row() -> None:
    assert len(documented()) > 15
    assert documented() - rows().keys() == set()


def test_bytes_are_given_up_for_no_other_code() -> None:
    given_up = {code for code, does in rows().items() if "never" in does}
    assert given_up == {problem.code for problem in HOPELESS}
    sender = (ROOT / "service" / "phone" / "static" / "data" / "file_sender.js").read_text("utf-8")
    (listed,) = re.findall(r"const NEVER = \[(.*)\]", sender)
    assert set(re.findall("'([a-z-]+)'", listed)) == given_up
