"""How fast somebody may ask: who was quiet, a minute's worth at once; and then as many as time gives him back.

A token bucket (as GCRA): one number for each asker, no timer, no sweep. Pure: the time is an argument.
"""

MINUTE_NS = 60_000_000_000  # ns: whole numbers, so that sums stay exact
MAX_KEYS = 100_000  # askers in a generation


class TokenBucket:
    """`a_minute` requests of each asker in one go, and `a_minute` more with each minute; 0: no limit.

    Who was quiet is forgotten: when a generation of askers is full, the one before it goes. So memory is bounded, and
    who is being slowed down stays known, because he asks again.
    """

    __slots__ = ("_most", "_new", "_old", "_step")

    def __init__(self, a_minute: int, most: int = MAX_KEYS) -> None:
        self._step = MINUTE_NS // a_minute if a_minute else 0
        self._most = most
        self._new: dict[bytes | str, int] = {}  # when the asker's bucket is full again, ns
        self._old: dict[bytes | str, int] = {}

    def retry_after(self, asker: bytes | str, now: int) -> int:
        """Count a request at `now` (ms); 0, or the seconds after which one is let through. A refusal counts nothing."""
        step = self._step
        if not step:
            return 0
        at = now * 1_000_000
        full = self._new.get(asker)
        if full is None:
            full = self._moved(asker)
        if not at < full <= at + MINUTE_NS:  # quiet for long, or the clock was set back
            full = at
        over = full + step - at - MINUTE_NS
        if over > 0:
            return -(-over // 1_000_000_000)
        self._new[asker] = full + step
        return 0

    def _moved(self, asker: bytes | str) -> int:
        """What is known of an asker whom the newest generation has not seen; now it has."""
        if len(self._new) >= self._most:
            self._old, self._new = self._new, {}
        self._new[asker] = full = self._old.pop(asker, 0)
        return full

    def __len__(self) -> int:
        return len(self._new) + len(self._old)
