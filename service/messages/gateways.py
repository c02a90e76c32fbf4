"""Gateways for messages: an HTTP gateway for SMS and WeCom, SMTP, and a file for demonstrations.

Each one awaits on the event loop, so a stop cancels it at once. Any exception is a failed attempt, which is repeated;
`PermanentFailure` is final. Error texts name only the kind of failure: a server's answer may quote the message.
"""

import asyncio
import ssl
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiosmtplib
import msgspec

from service.context import Gateway, OutgoingMessage
from service.durable_files import append_durably, run_in_disk_thread
from service.web.outgoing import RequestFailed, send_request

TIMEOUT_SECONDS = 15.0  # for a request; for mail for each step: to connect, to write, to read
PERMANENT_STATUSES = frozenset({400, 404, 410, 413, 422})


class PermanentFailure(Exception):
    """The gateway will never accept this message."""


class TemporaryFailure(Exception):
    """The attempt failed; the text is safe to show."""


def http(address: str, token: str) -> Gateway:
    """POST {id, channel, to, text, about, template, variables} as JSON, with the token as bearer. Any 2xx status
    accepts the message."""
    common = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})

    async def send(message: OutgoingMessage) -> str:
        names = ("id", "channel", "to", "text", "about", "template", "variables")
        body = msgspec.json.encode({name: getattr(message, name) for name in names})
        headers = {**common, "Idempotency-Key": message.id}
        try:
            answer = await send_request(
                "POST", address, seconds=TIMEOUT_SECONDS, limit=None, headers=headers, content=body
            )
        except RequestFailed as failure:
            raise TemporaryFailure(str(failure)) from None
        status = answer.status
        if status in PERMANENT_STATUSES:
            raise PermanentFailure(f"HTTP {status}")
        if not 200 <= status < 300:
            raise TemporaryFailure(f"HTTP {status}")
        return f"HTTP {status}"

    return send


def smtp(address: str, sender: str) -> Gateway:
    """`smtps://user:password@host:port`, `smtp+starttls://…`, or `smtp://…`, which encrypts if the server offers it.

    With the first two, TemporaryFailure where a server encrypts nothing.
    """
    parts = urlsplit(address)
    tls, start_tls = parts.scheme == "smtps", True if parts.scheme == "smtp+starttls" else None
    certificates = ssl.create_default_context()

    async def send(message: OutgoingMessage) -> str:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, message.to, message.subject
        mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
        mail["Date"] = message.at
        mail.set_content(message.text)
        server = aiosmtplib.SMTP(
            hostname=parts.hostname,
            port=parts.port or (465 if tls else 587 if start_tls else 25),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password or "") if parts.username else None,
            use_tls=tls,
            start_tls=start_tls if not tls else False,
            tls_context=certificates,
            timeout=TIMEOUT_SECONDS,
        )
        try:
            async with server:
                try:
                    await server.send_message(mail)
                except asyncio.CancelledError:
                    server.close()  # otherwise leaving the block waits for the answer to QUIT
                    raise
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [recipient.code for recipient in error.recipients]
            failure = PermanentFailure if all(code >= 500 for code in codes) else TemporaryFailure
            raise failure(f"SMTP {codes[0]}") from None
        except aiosmtplib.SMTPResponseException as error:
            raise TemporaryFailure(f"SMTP {error.code}") from None
        return "SMTP 250"

    return send


def file(path: Path) -> Gateway:
    """One line of JSON per message, flushed to disk: for demonstrations without a gateway."""

    async def send(message: OutgoingMessage) -> str:
        await run_in_disk_thread(append_durably, path, msgspec.json.encode(message) + b"\n")
        return path.name

    return send


def build_gateways(folder: Path, sms_url: str, sms_token: str, smtp_address: str, smtp_from: str) -> dict[str, Gateway]:
    """The gateway of each channel; a channel without one writes to the file `outbox.jsonl`."""
    to_file = file(folder / "outbox.jsonl")
    texting = http(sms_url, sms_token) if sms_url else to_file
    mailing = smtp(smtp_address, smtp_from) if smtp_address else to_file
    return {"sms": texting, "wecom": texting, "email": mailing, "file": to_file}
