"""How much of something somebody may send within a day: who sent little has a day's worth at once, and gets back as
much with every day that passes.

Like `pace`, but of amounts: one number for each person, no timer, no sweep. Pure: the time is an argument.
"""

DAY_NS = 86_400_000_000_000  # ns: whole numbers, so that sums stay exact
MAX_KEYS = 100_000  # people who are remembered


class DailyAllowance:
    """`a_day` of something for each person; 0: no limit."""

    __slots__ = ("_a_day", "_full", "_most")

    def __init__(self, a_day: int = 0, most: int = MAX_KEYS) -> None:
        self._a_day, self._most = a_day, most
        self._full: dict[str, int] = {}  # when somebody has a whole day's worth again, ns

    def retry_after(self, who: str, amount: int, now: int) -> int:
        """0 when so much may be sent at `now` (ms), or the seconds after which it may. Nothing is counted.

        Who has a whole day's worth may send anything: else what is larger than that could never be sent.
        """
        if not self._a_day:
            return 0
        at = now * 1_000_000
        full = self._when_full(who, at)
        over = full + self._cost(amount) - at - DAY_NS
        if full == at or over <= 0:
            return 0
        return -(-min(over, full - at) // 1_000_000_000)

    def spend(self, who: str, amount: int, now: int) -> None:
        """So much was sent at `now` (ms); below 0: it was not sent after all."""
        if not self._a_day:
            return
        at = now * 1_000_000
        full = self._when_full(who, at)
        if who not in self._full and len(self._full) >= self._most:
            self._full = {one: then for one, then in self._full.items() if at < then <= at + DAY_NS}
            if len(self._full) >= self._most:  # more people than there can be: whoever was here first is forgotten
                del self._full[next(iter(self._full))]
        self._full[who] = min(full + self._cost(amount), at + DAY_NS)

    def _cost(self, amount: int) -> int:
        return amount * DAY_NS // self._a_day

    def _when_full(self, who: str, at: int) -> int:
        full = self._full.get(who, 0)
        return full if at < full <= at + DAY_NS else at  # quiet for a day, or the clock was set back
