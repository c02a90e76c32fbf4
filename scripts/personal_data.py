"""Writes the tables of the documents about personal data; see `scripts/personal-data`."""

import sys
from pathlib import Path

from scripts.generated_documents import write_documents
from service.context import RetentionPolicy
from service.privacy.inventory import with_table
from service.web.language import Language

DOCUMENTS: dict[Language, Path] = {"zh": Path("docs/personal-data.md"), "en": Path("docs/personal-data.en.md")}


if __name__ == "__main__":
    sys.exit(write_documents(DOCUMENTS, lambda text, language: with_table(text, language, RetentionPolicy())))
