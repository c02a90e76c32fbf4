"""Documents with a part that is made from the code, in both languages."""

import sys
from collections.abc import Callable
from pathlib import Path

from service.web.language import Language


def write_documents(documents: dict[Language, Path], make: Callable[[str, Language], str]) -> int:
    """Write each document as `make` changes its text. With `--check` only compare: 1 if one is out of date."""
    changed = 0
    for language, path in documents.items():
        text = path.read_text("utf-8")
        new = make(text, language)
        changed += new != text
        if "--check" not in sys.argv:
            path.write_text(new, "utf-8")
    return int(changed > 0 and "--check" in sys.argv)
