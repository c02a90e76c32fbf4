"""How many requests a client may send: a minute's worth at once, and then as many as time gives back.

A token bucket (GCRA): one number a client, no timer. Pure: the time is an argument.
"""

MINUTE_NS = 60_000_000_000  # whole nanoseconds keep the sums exact
MAX_KEYS = 100_000  # clients in a generation


class TokenBucket:
    """`a_minute` requests of each client at once, and `a_minute` more with each minute; 0: no limit.

    Memory is bounded: when a generation of clients is full, the previous one is dropped. A client that is being limited
    stays known, because it keeps asking.
    """

    __slots__ = ("_max_keys", "_new", "_old", "_step")

    def __init__(self, a_minute: int, max_keys: int = MAX_KEYS) -> None:
        self._step = MINUTE_NS // a_minute if a_minute else 0
        self._max_keys = max_keys
        self._new: dict[bytes | str, int] = {}  # when the client's bucket is full again, ns
        self._old: dict[bytes | str, int] = {}

    def retry_after(self, key: bytes | str, now: int) -> int:
        """Count a request at `now` (ms) and return 0, or refuse it uncounted and return the seconds to wait."""
        step = self._step
        if not step:
            return 0
        at = now * 1_000_000
        full_at = self._new.get(key)
        if full_at is None:
            full_at = self._promote(key)
        if not at < full_at <= at + MINUTE_NS:  # quiet for a minute, or the clock was set back
            full_at = at
        excess = full_at + step - at - MINUTE_NS
        if excess > 0:
            return -(-excess // 1_000_000_000)
        self._new[key] = full_at + step
        return 0

    def _promote(self, key: bytes | str) -> int:
        """Move a client into the new generation."""
        if len(self._new) >= self._max_keys:
            self._old, self._new = self._new, {}
        self._new[key] = full_at = self._old.pop(key, 0)
        return full_at
