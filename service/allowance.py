"""How much each person may send within a day. Unused allowance accumulates up to one day's worth.

Like `rate_limit`, but for amounts: one number a person, no timer. Pure: the time is an argument.
"""

DAY_NS = 86_400_000_000_000  # whole nanoseconds keep the sums exact
MAX_KEYS = 100_000


class DailyAllowance:
    """`a_day` of something for each person; 0: no limit."""

    __slots__ = ("_a_day", "_full_at", "_max_keys")

    def __init__(self, a_day: int = 0, max_keys: int = MAX_KEYS) -> None:
        self._a_day, self._max_keys = a_day, max_keys
        self._full_at: dict[str, int] = {}  # when a person has the whole allowance again, ns

    def retry_after(self, person: str, amount: int, now: int) -> int:
        """0 when the amount may be sent at `now` (ms), otherwise the seconds to wait. Spends nothing.

        With the whole allowance any amount may be sent; otherwise a larger one could never be.
        """
        if not self._a_day:
            return 0
        at = now * 1_000_000
        full_at = self._when_full(person, at)
        excess = full_at + self._cost(amount) - at - DAY_NS
        if full_at == at or excess <= 0:
            return 0
        return -(-min(excess, full_at - at) // 1_000_000_000)

    def spend(self, person: str, amount: int, now: int) -> None:
        """Spend an amount at `now` (ms); a negative one is given back."""
        if not self._a_day:
            return
        at = now * 1_000_000
        full_at = self._when_full(person, at)
        if person not in self._full_at and len(self._full_at) >= self._max_keys:
            self._full_at = {key: then for key, then in self._full_at.items() if at < then <= at + DAY_NS}
            if len(self._full_at) >= self._max_keys:  # more people than there can be: forget the oldest
                del self._full_at[next(iter(self._full_at))]
        self._full_at[person] = min(full_at + self._cost(amount), at + DAY_NS)

    def _cost(self, amount: int) -> int:
        return amount * DAY_NS // self._a_day

    def _when_full(self, person: str, at: int) -> int:
        full_at = self._full_at.get(person, 0)
        return full_at if at < full_at <= at + DAY_NS else at  # nothing spent for a day, or the clock was set back
