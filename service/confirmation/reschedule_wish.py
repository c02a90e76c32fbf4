"""The wish for another time: an option, own words, or both, stored as one text."""

from service.web.language import PageText

OPTIONS = {
    "morning": PageText("改到别的日子，上午"),
    "afternoon": PageText("改到别的日子，下午"),
    "call": PageText("请先打电话和我商量"),
}
MAX_LENGTH = 250  # of the customer's own words
_SEPARATOR = "；"


def join_wish(option: str, words: str) -> str:
    """The stored text, in Chinese whatever the language of the page, because the office reads it."""
    chosen = OPTIONS.get(option)
    return _SEPARATOR.join(filter(None, [chosen.zh if chosen else "", words]))


def split_wish(wish: str) -> tuple[PageText | None, str]:
    """The option, if there is one, and the own words of a stored wish."""
    first, _, rest = wish.partition(_SEPARATOR)
    option = next((one for one in OPTIONS.values() if one.zh == first), None)
    return (option, rest) if option else (None, wish)
