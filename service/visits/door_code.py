"""The code on the technician's phone that changes every 30 seconds, and the word that the customer knows.

Nothing of it is stored: a code is the visit, the time step and a MAC over both and who shows it.
"""

import hmac
from base64 import b32decode, b32encode
from uuid import UUID

import msgspec

STEP = 30_000  # ms
FORM_LIFETIME_MS = 15 * 60_000  # ms to read the page and to press the button
_WORDS = """
青山 白云 松树 竹林 清泉 石桥 春风 秋月 夏荷 冬雪 红枫 绿茶 金鱼 银杏 玉兰 海棠
灯塔 风车 木船 草原 星空 彩虹 朝霞 晚霞 山谷 湖水 沙滩 麦田 稻穗 棉花 葡萄 石榴
核桃 蜜桃 柠檬 香蕉 苹果 樱桃 西瓜 南瓜 黄瓜 萝卜 白菜 蘑菇 花生 芝麻 燕子 喜鹊
白鹤 孔雀 熊猫 骏马 山羊 小鹿 蝴蝶 蜻蜓 月亮 太阳 雨伞 书包 钢琴 笛子 风筝 灯笼
""".split()  # noqa: SIM905 - words read best as words


class DoorCode(msgspec.Struct, frozen=True):
    """A code, taken apart. Whether it is genuine, `shows` says."""

    visit: UUID
    step: int
    mac: bytes


def time_step(ms: int) -> int:
    """The time step of a moment."""
    return ms // STEP


def write(key: bytes, visit_id: UUID, login: str, step: int) -> str:
    """The code of a moment: 48 letters and digits."""
    return (
        b32encode(visit_id.bytes + step.to_bytes(4, "big") + _mac(key, "code", visit_id, login, step)).decode().lower()
    )


def read(text: str) -> DoorCode | None:
    """A code taken apart; None when it is none."""
    if len(text) != 48 or not text.isascii() or not text.isalnum():
        return None
    try:
        raw = b32decode(text.upper())
    except ValueError:
        return None
    return DoorCode(UUID(bytes=raw[:16]), int.from_bytes(raw[16:20], "big"), raw[20:])


def find_owner(key: bytes, code: DoorCode, logins: tuple[str, ...]) -> str | None:
    """Which of the logins shows this code; None: none of them, it is not genuine."""
    for login in logins:
        if hmac.compare_digest(_mac(key, "code", code.visit, login, code.step), code.mac):
            return login
    return None


def is_current(code: DoorCode, now: int) -> bool:
    """Whether the code is that of now, or one step beside it."""
    return abs(time_step(now) - code.step) <= 1


def form_token(key: bytes, code: DoorCode, now: int) -> str:
    """Proof that the page was opened while the code was fresh; it goes into the form."""
    return f"{now}.{_mac(key, 'ticket', code.visit, code.mac.hex(), now).hex()}"


def is_valid_form_token(key: bytes, code: DoorCode, text: str, now: int) -> bool:
    """Whether a ticket is ours, for this code, and not older than a customer needs to read. Another server may have
    given it, whose clock is a little ahead."""
    moment, _, mac = text.partition(".")
    if not (moment.isascii() and moment.isdigit()) or len(moment) > 15 or not mac.isascii():
        return False
    at = int(moment)
    made = _mac(key, "ticket", code.visit, code.mac.hex(), at).hex()
    return hmac.compare_digest(made, mac) and abs(now - at) <= FORM_LIFETIME_MS


def verification_words(key: bytes, visit_id: UUID) -> str:
    """The two words that notice and doorstep page both show: who sees them equal knows that the page is ours."""
    mac = _mac(key, "word", visit_id, "", 0)
    return f"{_WORDS[mac[0] % 64]} {_WORDS[mac[1] % 64]}"


def _mac(key: bytes, use: str, visit_id: UUID, name: str, number: int) -> bytes:
    return hmac.digest(key, b"\0".join((use.encode(), visit_id.bytes, name.encode(), b"%d" % number)), "sha256")[:10]
