"""Ways out for messages: an HTTP gateway for SMS and WeCom, SMTP, and a file for demonstration.

Each blocks and runs in a thread. What it raises is a failed attempt, which is tried again; `Refused` is final.
Errors are told by kind only: what a server answers may repeat the message.
"""

import os
import smtplib
import ssl
from email.message import EmailMessage
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from service.context import Gateway, OutgoingMessage

TIMEOUT_SECONDS = 15.0
PERMANENT_STATUSES = frozenset({400, 404, 410, 413, 422})  # asking again changes nothing


class PermanentFailure(Exception):
    """The other side will never take this message."""


class TemporaryFailure(Exception):
    """It did not work this time; the text is fit to be shown."""


def http(address: str, token: str) -> Gateway:
    """POST {id, channel, to, text} as JSON, with the token as bearer. 2xx: taken."""
    parts = urlsplit(address)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def send(letter: OutgoingMessage) -> str:
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        headers = {"Content-Type": "application/json", "Idempotency-Key": letter.id}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        body = msgspec.json.encode({n: getattr(letter, n) for n in ("id", "channel", "to", "text")})
        try:
            connection.request("POST", path, body, headers)
            status = connection.getresponse().status
        finally:
            connection.close()
        if status in PERMANENT_STATUSES:
            raise PermanentFailure(f"HTTP {status}")
        if not 200 <= status < 300:
            raise TemporaryFailure(f"HTTP {status}")
        return f"HTTP {status}"

    return send


def smtp(address: str, sender: str) -> Gateway:
    """`smtp://user:password@host:port` (STARTTLS where the server has it) or `smtps://…`."""
    parts = urlsplit(address)
    host, tls = parts.hostname or "", parts.scheme == "smtps"

    def send(letter: OutgoingMessage) -> str:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, letter.to, letter.subject
        mail["Message-ID"] = f"<{letter.id}@{sender.rpartition('@')[2]}>"
        mail["Date"] = letter.at
        mail.set_content(letter.text)
        context = ssl.create_default_context()
        try:
            if tls:
                server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_SECONDS, context=context)
            else:
                server = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT_SECONDS)
            with server:
                if not tls and server.has_extn("starttls"):
                    server.starttls(context=context)
                if parts.username:
                    server.login(unquote(parts.username), unquote(parts.password or ""))
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise (PermanentFailure if all(code >= 500 for code in codes) else TemporaryFailure)(
                f"SMTP {codes[0]}"
            ) from None
        except smtplib.SMTPResponseException as error:
            raise TemporaryFailure(f"SMTP {error.smtp_code}") from None
        return "SMTP 250"

    return send


def file(path: Path) -> Gateway:
    """A line of JSON for each message, flushed to disk: a demonstration without a gateway."""

    def send(letter: OutgoingMessage) -> str:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, msgspec.json.encode(letter) + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
        return path.name

    return send


def build_gateways(folder: Path, sms_url: str, sms_token: str, smtp_address: str, smtp_from: str) -> dict[str, Gateway]:
    """The way out of each channel; what is not set up goes into the file `outbox.jsonl`."""
    written = file(folder / "outbox.jsonl")
    texted = http(sms_url, sms_token) if sms_url else written
    mailed = smtp(smtp_address, smtp_from) if smtp_address else written
    return {"sms": texted, "wecom": texted, "email": mailed, "file": written}
