"""Where checkpoints are sent (`DOORSTEP_CHECKPOINTS`), by the form of the address."""

from urllib.parse import parse_qsl, urlsplit

import msgspec

from service.audit_log.notes import COSIGNATURE, InvalidNote, VerifierKey, parse_verifier_key
from service.text import mail_address

DEFAULT_DAYS = 1826  # five years, for which the law has signatures kept
_FORMS = "mailto:ADDRESS, s3://BUCKET/PREFIX?endpoint=URL&region=NAME&days=NUMBER, https://WITNESS#VERIFIER-KEY"


class MailTarget(msgspec.Struct, frozen=True):
    """An address that gets the last checkpoint once a day."""

    address: str

    @property
    def label(self) -> str:
        """What logs and monitors call it."""
        return "mail"


class BucketTarget(msgspec.Struct, frozen=True):
    """A bucket with object lock: each checkpoint is an object that nobody can remove for so many days."""

    bucket: str
    prefix: str
    endpoint: str
    region: str
    days: int

    @property
    def label(self) -> str:
        """What logs and monitors call it."""
        return f"s3://{self.bucket}"


class WitnessTarget(msgspec.Struct, frozen=True):
    """A witness (C2SP `tlog-witness`), which checks that the log only grows, and signs that it does."""

    url: str
    key: VerifierKey

    @property
    def label(self) -> str:
        """What logs and monitors call it."""
        return self.key.name


Target = MailTarget | BucketTarget | WitnessTarget


def parse_target(text: str) -> Target:
    """A target by its address. ValueError, with what is wrong."""
    parts = urlsplit(text)
    if parts.scheme == "mailto":
        if not parts.path or mail_address(parts.path) != parts.path:
            raise ValueError(f"{text} 不是邮箱地址 / has no mail address")
        return MailTarget(parts.path)
    if parts.scheme == "s3" and parts.hostname:
        return _bucket(text)
    if parts.scheme in ("http", "https") and parts.hostname:
        return _witness(text)
    raise ValueError(f"{text} 应为以下之一 / must be one of {_FORMS}")


def _bucket(text: str) -> BucketTarget:
    parts = urlsplit(text)
    options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    region, days = options.pop("region", "us-east-1"), options.pop("days", str(DEFAULT_DAYS))
    endpoint = options.pop("endpoint", f"https://s3.{region}.amazonaws.com").rstrip("/")
    if options or parts.fragment or not days.isascii() or not days.isdigit() or int(days) < 1:
        raise ValueError(
            f"{text} 只能有 endpoint、region 和 days（对象锁的天数） / may have endpoint, region and days, the days of "
            "its object lock"
        )
    if urlsplit(endpoint).scheme not in ("http", "https"):
        raise ValueError(f"{text}: endpoint 应以 http:// 或 https:// 开头 / must begin with http:// or https://")
    return BucketTarget(parts.netloc, parts.path.strip("/"), endpoint, region, int(days))


def _witness(text: str) -> WitnessTarget:
    url, _, fragment = text.partition("#")
    try:
        key = parse_verifier_key(fragment)
    except InvalidNote as error:
        raise ValueError(
            f"{text}: # 后面是见证人的验证密钥 / after the # comes the verifier key of the witness ({error})"
        ) from None
    if key.algorithm != COSIGNATURE:
        raise ValueError(f"{text}: 不是见证人的密钥 / the key is not that of a witness (type 04, Ed25519 cosignatures)")
    return WitnessTarget(url.rstrip("/"), key)
