"""Ways out for messages: an HTTP gateway for SMS and WeCom, SMTP, and a file for demonstration.

Each is awaited on the event loop, so that a stop ends it at once. What it raises is a failed attempt, which is tried
again; `PermanentFailure` is final. Errors are named by kind only: what a server answers may repeat the message.
"""

import asyncio
import ssl
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiosmtplib
import httpx
import msgspec

from service.context import Gateway, OutgoingMessage
from service.durable_files import append_durably, run_in_disk_thread

TIMEOUT_SECONDS = 15.0  # for each step: to connect, to write, to read
PERMANENT_STATUSES = frozenset({400, 404, 410, 413, 422})  # asking again changes nothing


class PermanentFailure(Exception):
    """The other side will never take this message."""


class TemporaryFailure(Exception):
    """It did not work this time; the text is fit to be shown."""


def http(address: str, token: str) -> Gateway:
    """POST {id, channel, to, text} as JSON, with the token as bearer. 2xx: taken."""
    certificates = ssl.create_default_context()  # those of the system; httpx would bring its own
    always = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})

    async def send(letter: OutgoingMessage) -> str:
        body = msgspec.json.encode({n: getattr(letter, n) for n in ("id", "channel", "to", "text")})
        headers = {**always, "Idempotency-Key": letter.id}
        async with (
            httpx.AsyncClient(timeout=TIMEOUT_SECONDS, verify=certificates, trust_env=False) as client,
            client.stream("POST", address, content=body, headers=headers) as response,
        ):
            status = response.status_code  # whatever else it answers is not read
        if status in PERMANENT_STATUSES:
            raise PermanentFailure(f"HTTP {status}")
        if not 200 <= status < 300:
            raise TemporaryFailure(f"HTTP {status}")
        return f"HTTP {status}"

    return send


def smtp(address: str, sender: str) -> Gateway:
    """`smtp://user:password@host:port` (STARTTLS where the server has it) or `smtps://…`."""
    parts = urlsplit(address)
    tls = parts.scheme == "smtps"
    certificates = ssl.create_default_context()

    async def send(letter: OutgoingMessage) -> str:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, letter.to, letter.subject
        mail["Message-ID"] = f"<{letter.id}@{sender.rpartition('@')[2]}>"
        mail["Date"] = letter.at
        mail.set_content(letter.text)
        server = aiosmtplib.SMTP(
            hostname=parts.hostname,
            port=parts.port or (465 if tls else 25),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password or "") if parts.username else None,
            use_tls=tls,
            tls_context=certificates,
            timeout=TIMEOUT_SECONDS,
        )
        try:
            async with server:
                try:
                    await server.send_message(mail)
                except asyncio.CancelledError:
                    server.close()  # or leaving would wait for the answer to QUIT
                    raise
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [one.code for one in error.recipients]
            raise (PermanentFailure if all(code >= 500 for code in codes) else TemporaryFailure)(
                f"SMTP {codes[0]}"
            ) from None
        except aiosmtplib.SMTPResponseException as error:
            raise TemporaryFailure(f"SMTP {error.code}") from None
        return "SMTP 250"

    return send


def file(path: Path) -> Gateway:
    """A line of JSON for each message, flushed to disk: a demonstration without a gateway."""

    async def send(letter: OutgoingMessage) -> str:
        await run_in_disk_thread(append_durably, path, msgspec.json.encode(letter) + b"\n")
        return path.name

    return send


def build_gateways(folder: Path, sms_url: str, sms_token: str, smtp_address: str, smtp_from: str) -> dict[str, Gateway]:
    """The way out of each channel; what is not set up goes into the file `outbox.jsonl`."""
    written = file(folder / "outbox.jsonl")
    texted = http(sms_url, sms_token) if sms_url else written
    mailed = smtp(smtp_address, smtp_from) if smtp_address else written
    return {"sms": texted, "wecom": texted, "email": mailed, "file": written}
