"""Telephone numbers that a visit had until somebody corrected them: who got a message there was not the customer."""

from collections.abc import Sequence

from service.judge.moments import to_ms
from service.text import phone_numbers

from .changes import ChangeRecord


class FormerNumbers:
    """The numbers of a visit that are no longer its own, and when each was taken away."""

    def __init__(self, phone: str, trail: Sequence[ChangeRecord]) -> None:
        self.until: dict[str, int] = {}
        """By recipient: a number, or the whole text of a field that named no number that is still the visit's."""
        current = phone_numbers(phone)
        for change in trail:
            if "customer" in change.old:
                text = change.old["customer"].phone
                numbers = phone_numbers(text)
                gone = [one for one in numbers if one not in current]
                whole = [text] if gone == list(numbers) and text else []
                self.until |= dict.fromkeys((*gone, *whole), to_ms(change.at))

    def got(self, channel: str, recipient: str, sent_at: int) -> bool:
        """Whether a message of that time (ms UTC) went to a number that was the visit's and is not any more. A call
        (`phone`) did not: the dispatcher spoke with somebody."""
        return channel != "phone" and sent_at <= self.until.get(recipient, -1)
