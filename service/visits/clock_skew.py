"""A phone whose clock is wrong: by how much, as far as what it sent can show."""

from datetime import datetime

import msgspec

from service.judge.batches import Batch
from service.judge.entries import AwareDatetime

from .wire import Record

TOLERANCE = 120  # seconds: less may be the two clocks, and the way


class _DeviceClock(msgspec.Struct, frozen=True):
    at: AwareDatetime


_device_clock = msgspec.json.Decoder(_DeviceClock)


def device_clock(record: Record) -> datetime | None:
    """What the phone's clock showed when it sent a record. Nothing obliges a phone to say so in this form."""
    if record.device_clock is msgspec.UNSET:
        return None
    try:
        return _device_clock.decode(record.device_clock).at
    except msgspec.ValidationError:
        return None


def seconds_ahead(batch: Batch, received_at: int) -> int | None:
    """By how many seconds the clock was ahead at least, where it was more than two minutes: what it sent happened, by
    its own account, after it came (`received_at`, ms UTC)."""
    times = [entry.at for entry in batch.entries]
    if batch.device_clock is not None:
        times.append(batch.device_clock)
    return _much(max(times).timestamp() * 1000 - received_at) if times else None


def behind(batch: Batch, received_at: int) -> int | None:
    """By how many seconds the clock was behind at most, where it was more than two minutes: a record that was held up
    on its way looks the same."""
    return None if batch.device_clock is None else _much(received_at - batch.device_clock.timestamp() * 1000)


def _much(ms: float) -> int | None:
    seconds = int(ms // 1000)
    return seconds if seconds > TOLERANCE else None
