"""The code on the technician's phone that changes every 30 seconds, and the words that the customer knows.

Nothing is stored: a code is the visit, the time step, and a MAC over both. Its key is derived from the visit and the
technician's login, so that their phone can make codes without the network, for this visit only.
"""

import hmac
from base64 import b32decode, b32encode
from uuid import UUID

import msgspec

from service.judge.moments import to_ms

from .appointment import current_appointment
from .loading import LoadedVisit

STEP = 30_000  # ms
HOUR_MS = 3_600_000
OPENS_BEFORE_MS, CLOSES_AFTER_MS = 2 * HOUR_MS, 12 * HOUR_MS  # before and after the window
MAX_OPEN_MS = 30 * 24 * HOUR_MS  # after a visit without a window was planned
FORM_LIFETIME_MS = 15 * 60_000  # to read the page and press the button
_WORDS = """
青山 白云 松树 竹林 清泉 石桥 春风 秋月 夏荷 冬雪 红枫 绿茶 金鱼 银杏 玉兰 海棠
灯塔 风车 木船 草原 星空 彩虹 朝霞 晚霞 山谷 湖水 沙滩 麦田 稻穗 棉花 葡萄 石榴
核桃 蜜桃 柠檬 香蕉 苹果 樱桃 西瓜 南瓜 黄瓜 萝卜 白菜 蘑菇 花生 芝麻 燕子 喜鹊
白鹤 孔雀 熊猫 骏马 山羊 小鹿 蝴蝶 蜻蜓 月亮 太阳 雨伞 书包 钢琴 笛子 风筝 灯笼
""".split()  # noqa: SIM905 - easier to read


class DoorCode(msgspec.Struct, frozen=True):
    """A decoded code, genuine only if it has an owner (`find_owner`)."""

    visit: UUID
    step: int
    mac: bytes


def time_step(ms: int) -> int:
    """The time step of a moment."""
    return ms // STEP


def open_times(visit: LoadedVisit) -> tuple[int, int]:
    """From when to when (ms UTC) the code is shown: around the window; without one until twelve hours after the first
    record, and at most for thirty days."""
    window = current_appointment(visit, visit.now, 0).window
    if window is not None:
        return to_ms(window.start) - OPENS_BEFORE_MS, to_ms(window.end) + CLOSES_AFTER_MS
    start = visit.row.created_at
    first = next((row.received_at for row in visit.batch_rows if row.kind == "record"), None)
    end = start + MAX_OPEN_MS
    return start - OPENS_BEFORE_MS, end if first is None else min(end, first + CLOSES_AFTER_MS)


def phone_key(key: bytes, visit_id: UUID, login: str) -> bytes:
    """The key with which a technician's phone makes the codes of a visit: 32 bytes."""
    return hmac.digest(key, b"\0".join((b"phone", visit_id.bytes, login.encode())), "sha256")


def write(phone_key: bytes, visit_id: UUID, step: int) -> str:
    """The code of a time step: 48 letters and digits, Base32 of the visit (16 bytes), the step (4) and the first 10
    bytes of HMAC-SHA256 over both."""
    content = visit_id.bytes + step.to_bytes(4, "big")
    return b32encode(content + _code_mac(phone_key, content)).decode().lower()


def read(text: str) -> DoorCode | None:
    """The decoded code; None if the text is no code."""
    if len(text) != 48 or not text.isascii() or not text.isalnum():
        return None
    try:
        raw = b32decode(text.upper())
    except ValueError:
        return None
    return DoorCode(UUID(bytes=raw[:16]), int.from_bytes(raw[16:20], "big"), raw[20:])


def find_owner(key: bytes, code: DoorCode, logins: tuple[str, ...]) -> str | None:
    """Which of the logins this code belongs to; None if it is not genuine."""
    content = code.visit.bytes + code.step.to_bytes(4, "big")
    for login in logins:
        if hmac.compare_digest(_code_mac(phone_key(key, code.visit, login), content), code.mac):
            return login
    return None


def is_current(code: DoorCode, now: int) -> bool:
    """Whether the code is of the current, previous or next time step."""
    return abs(time_step(now) - code.step) <= 1


def form_token(key: bytes, code: DoorCode, now: int) -> str:
    """A token for the form, which proves that the page was opened while the code was current."""
    return f"{now}.{_mac(key, 'ticket', code.visit, code.mac.hex(), now).hex()}"


def is_valid_form_token(key: bytes, code: DoorCode, text: str, now: int) -> bool:
    """Whether a form token was issued for this code within `FORM_LIFETIME_MS`. The clock of the server that issued it
    may be slightly ahead."""
    moment, _, mac = text.partition(".")
    if not (moment.isascii() and moment.isdigit()) or len(moment) > 15 or not mac.isascii():
        return False
    at = int(moment)
    expected = _mac(key, "ticket", code.visit, code.mac.hex(), at).hex()
    return hmac.compare_digest(expected, mac) and abs(now - at) <= FORM_LIFETIME_MS


def verification_words(key: bytes, visit_id: UUID) -> str:
    """Two words, never the same twice, that both the notice and the door page show: by them the customer recognises a
    genuine page."""
    mac = _mac(key, "word", visit_id, "", 0)
    first, second = mac[0] % 64, mac[1] % 64
    if second == first:  # the other words stay what they were when the message was sent
        second = (first + 1 + mac[2] % 63) % 64
    return f"{_WORDS[first]} {_WORDS[second]}"


def _code_mac(phone_key: bytes, content: bytes) -> bytes:
    return hmac.digest(phone_key, content, "sha256")[:10]


def _mac(key: bytes, use: str, visit_id: UUID, name: str, number: int) -> bytes:
    return hmac.digest(key, b"\0".join((use.encode(), visit_id.bytes, name.encode(), b"%d" % number)), "sha256")[:10]
