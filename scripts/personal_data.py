"""Writes the tables of the documents about personal data; see `scripts/personal-data`."""

import sys
from pathlib import Path

from service.context import RetentionPolicy
from service.privacy.inventory import with_table
from service.web.language import Language

DOCUMENTS: dict[Language, Path] = {"zh": Path("docs/personal-data.md"), "en": Path("docs/personal-data.en.md")}


def main() -> int:
    """With `--check`, 1 if a document is out of date."""
    changed = 0
    for language, path in DOCUMENTS.items():
        text = path.read_text("utf-8")
        new = with_table(text, language, RetentionPolicy())
        changed += new != text
        if "--check" not in sys.argv:
            path.write_text(new, "utf-8")
    return int(changed > 0 and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
