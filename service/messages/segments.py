"""How many parts a text message has: GSM 03.38 where every character is in its alphabet, UCS-2 otherwise."""

MAX_STANDARD_SEGMENTS = 2
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")  # two septets each


def count_segments(text: str) -> int:
    """The parts of a text: 160 septets or 70 UTF-16 units fit into one, and 153 or 67 into each of several."""
    if all(character in _BASIC or character in _EXTENDED for character in text):
        return _parts([2 if character in _EXTENDED else 1 for character in text], 160, 153)
    return _parts([2 if ord(character) > 0xFFFF else 1 for character in text], 70, 67)


def _parts(widths: list[int], alone: int, each: int) -> int:
    """No character is divided between two parts."""
    if sum(widths) <= alone:
        return 1
    parts, used = 1, 0
    for width in widths:
        if used + width > each:
            parts, used = parts + 1, 0
        used += width
    return parts
