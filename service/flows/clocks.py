"""A phone whose clock is ahead: what it sent happened, by its own account, after it came.

That a clock is behind cannot be told from a record that waited for the network.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from service.domain.entry import Entry, Moment

MUCH = 300  # seconds: less may be the two clocks, and the way


class _Clock(msgspec.Struct, frozen=True):
    at: Moment


class _Sent(msgspec.Struct, frozen=True):
    device_clock: msgspec.Raw = msgspec.Raw(b"null")


_sent = msgspec.json.Decoder(_Sent)
_clock = msgspec.json.Decoder(_Clock | None)


def ahead(raw: bytes, entries: Iterable[Entry], received_at: datetime) -> int | None:
    """By how many seconds the clock was ahead at least, if it was much: by `device_clock`, or an entry's own time."""
    times = [entry.at for entry in entries]
    try:
        clock = _clock.decode(_sent.decode(raw).device_clock)
    except msgspec.ValidationError:  # nothing says that it has to be one
        clock = None
    if clock is not None:
        times.append(clock.at)
    seconds = int((max(times, default=received_at) - received_at).total_seconds())
    return seconds if seconds > MUCH else None
