"""QR codes."""

import segno


def qr_svg(text: str) -> str:
    """A QR code as SVG."""
    svg: str = segno.make(text, error="m", micro=False).svg_inline(scale=6, border=4, dark="#000", light="#fff")
    return svg
