"""How far a phone's clock is off, as far as a record reveals it."""

from datetime import datetime

import msgspec

from service.judge.batches import Batch
from service.judge.entries import AwareDatetime

from .wire import Record

TOLERANCE_SECONDS = 120  # less may be the difference of two clocks and the time of transfer


class _DeviceClock(msgspec.Struct, frozen=True):
    at: AwareDatetime


_decoder = msgspec.json.Decoder(_DeviceClock)


def device_clock(record: Record) -> datetime | None:
    """What the phone's clock showed when it sent the record; None if it does not say so in the expected form."""
    if record.device_clock is msgspec.UNSET:
        return None
    try:
        return _decoder.decode(record.device_clock).at
    except msgspec.ValidationError:
        return None


def seconds_ahead(batch: Batch, received_at: int) -> int | None:
    """By how many seconds the clock was ahead at least: entries lie after `received_at` (ms UTC). None within the
    tolerance."""
    times = [entry.at for entry in batch.entries]
    if batch.device_clock is not None:
        times.append(batch.device_clock)
    return _beyond_tolerance(max(times).timestamp() * 1000 - received_at) if times else None


def behind(batch: Batch, received_at: int) -> int | None:
    """By how many seconds the clock was behind at most: a delayed transfer looks the same. None within the
    tolerance."""
    return (
        None if batch.device_clock is None else _beyond_tolerance(received_at - batch.device_clock.timestamp() * 1000)
    )


def _beyond_tolerance(ms: float) -> int | None:
    seconds = int(ms // 1000)
    return seconds if seconds > TOLERANCE_SECONDS else None
