"""The systems that get events, from the settings: addresses come from there alone, so that nobody who is signed
in can make the server call an address of their choice."""

import binascii
from base64 import b64decode
from collections.abc import Sequence
from urllib.parse import urlsplit

from service.config.described import PREFIX
from service.config.errors import SettingsError
from service.context import Receiver

_BEGINNING = "whsec_"
SECRET_BYTES = range(24, 65)
"""As Standard Webhooks has it."""


def read_receivers(addresses: Sequence[str], secrets: Sequence[str]) -> tuple[Receiver, ...]:
    """The receivers of `DOORSTEP_WEBHOOKS` and `DOORSTEP_WEBHOOK_SECRETS`. SettingsError."""
    keys: dict[str, list[bytes]] = {}
    for one in secrets:
        name, _, secret = one.partition("=")
        keys.setdefault(name.strip(), []).append(_read_secret(name.strip(), secret.strip()))
    receivers: list[Receiver] = []
    for one in addresses:
        name, _, url = (part.strip() for part in one.partition("="))
        parts = urlsplit(url)
        if not name or not name.isidentifier() or parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(
                f"{PREFIX}WEBHOOKS: {name or one} 应为 名称=地址 / must be a name, = and an address: gis=https://gis.example/in"
            )
        if name in [other.name for other in receivers]:
            raise SettingsError(f"{PREFIX}WEBHOOKS: {name} 写了两次 / is there twice")
        if name not in keys:
            raise SettingsError(
                f"{PREFIX}WEBHOOK_SECRETS: 缺少 {name}={_BEGINNING}…（Base64 的 24 到 64 个随机字节） / it needs "
                f"{name}={_BEGINNING}…, with 24 to 64 random bytes in Base64"
            )
        receivers.append(Receiver(name, url, tuple(keys.pop(name))))
    for name in keys:
        raise SettingsError(f"{PREFIX}WEBHOOK_SECRETS: {PREFIX}WEBHOOKS 里没有 {name} / has no receiver {name}")
    return tuple(receivers)


def _read_secret(name: str, text: str) -> bytes:
    try:
        secret = b64decode(text.removeprefix(_BEGINNING), validate=True)
    except binascii.Error:
        secret = b""
    if not text.startswith(_BEGINNING) or len(secret) not in SECRET_BYTES:
        raise SettingsError(
            f"{PREFIX}WEBHOOK_SECRETS: {name} 的密钥应为 {_BEGINNING} 加 Base64 的 24 到 64 个随机字节 / the secret of "
            f"{name} must be {_BEGINNING} and 24 to 64 random bytes in Base64"
        )
    return secret
