"""Objects that nobody can remove before their time (S3 Object Lock, mode COMPLIANCE).

Signed here (AWS Signature Version 4), because the library that keeps photos cannot ask for a lock. The account's keys
come from the usual AWS variables.
"""

import hmac
import os
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import md5, sha256
from urllib.parse import quote, urlsplit

from service.web.outgoing import Answer, send_request

from .targets import BucketTarget

TIMEOUT_SECONDS = 15.0
MAX_OBJECT = 65536  # bytes; a checkpoint with the signatures of witnesses has less


class PushFailed(Exception):
    """A checkpoint did not arrive; the text is safe to log."""


async def put_locked(target: BucketTarget, name: str, body: bytes, now: datetime) -> bytes | None:
    """Store an object under its lock. One that is there already stays, and is returned: the caller compares.

    PushFailed unless the store accepts object and lock, or shows the one that it has; RequestFailed.
    """
    path = quote(f"/{target.bucket}/{target.prefix}/{name}".replace("//", "/"))
    until = (now + timedelta(days=target.days)).astimezone(UTC)
    headers = {
        "content-type": "text/plain; charset=utf-8",
        "if-none-match": "*",
        "content-md5": b64encode(md5(body, usedforsecurity=False).digest()).decode(),  # S3 demands it with a lock
        "x-amz-object-lock-mode": "COMPLIANCE",
        "x-amz-object-lock-retain-until-date": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    stored = await _send(target, "PUT", path, headers, body, now)
    if stored.status in (200, 201):
        return None
    if stored.status != 412:
        raise PushFailed(f"HTTP {stored.status}")
    found = await _send(target, "GET", path, {}, b"", now)
    if found.status != 200:
        raise PushFailed(f"an object of this name is there, and reading it fails: HTTP {found.status}")
    return found.body


async def _send(
    target: BucketTarget, method: str, path: str, headers: dict[str, str], body: bytes, now: datetime
) -> Answer:
    return await send_request(
        method,
        target.endpoint + path,
        seconds=TIMEOUT_SECONDS,
        limit=MAX_OBJECT if method == "GET" else None,
        headers=_signed(target, method, path, headers, body, now.astimezone(UTC)),
        content=body or None,
    )


def _signed(
    target: BucketTarget, method: str, path: str, headers: dict[str, str], body: bytes, now: datetime
) -> dict[str, str]:
    """The headers with a signature over all of them."""
    key, secret = (os.environ.get(f"AWS_{name}", "") for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"))
    if not key or not secret:
        raise PushFailed("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
    digest, time, day = sha256(body).hexdigest(), now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    headers = headers | {"host": urlsplit(target.endpoint).netloc, "x-amz-content-sha256": digest, "x-amz-date": time}
    if token := os.environ.get("AWS_SESSION_TOKEN", ""):
        headers["x-amz-security-token"] = token
    names = ";".join(sorted(headers))
    canonical = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = f"{method}\n{path}\n\n{canonical}\n{names}\n{digest}"
    scope = f"{day}/{target.region}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    signing = f"AWS4{secret}".encode()
    for part in (day, target.region, "s3", "aws4_request"):
        signing = hmac.digest(signing, part.encode(), "sha256")
    signature = hmac.digest(signing, text.encode(), "sha256").hex()
    credential = f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return headers | {"authorization": credential}
