"""The font of the PDF has every sign of our own texts, or the PDF has another for it."""

from typing import Any

from reportlab.pdfbase import pdfmetrics

from scripts.page_catalogue import catalogue
from service.confirmation import pdf


def test_the_font_has_every_sign_that_the_copy_uses() -> None:
    font: Any = pdfmetrics.getFont(pdf._font())
    known = font.face.charToGlyph
    texts = [text for one in catalogue() for text in (*_texts(one.id), *_texts(one.string))]
    signs = {sign for text in texts for sign in text if sign.isprintable()}
    assert "✗" in signs
    assert ord("✗") not in known  # else it needs no other
    missing = {sign for sign in signs if ord(pdf.SIGNS.get(sign, sign)) not in known}
    assert missing <= set("▾▴←→↑↓▶●○📷"), missing


def _texts(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
