"""What is installed to serve is what was tested, held to its digests, from whatever index."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = ("requirements.txt", "requirements-test.txt")


def pins(file: str) -> dict[str, str]:
    """The version of each package."""
    found = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+) \\$", (ROOT / file).read_text("utf-8"), re.MULTILINE)
    return dict(found)


def test_the_versions_that_serve_are_those_that_were_tested() -> None:
    served, tested = map(pins, FILES)
    assert len(served) > 30
    assert {name: version for name, version in served.items() if tested.get(name) != version} == {}


@pytest.mark.parametrize("file", FILES)
def test_every_package_has_digests_and_none_an_address(file: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    packages = re.split(r"^(?=\w)", text, flags=re.MULTILINE)[1:]
    assert len(packages) == len(pins(file))
    assert [one for one in packages if "--hash=sha256:" not in one] == []
    assert "://" not in text
