"""Structured logs: one line per request, with a request id and without personal data.

The line has the route's template (`/v1/visits/{visit_id}`), never path, query or body, and the code of a problem.
"""

from __future__ import annotations

import logging
import re
import sys
from datetime import UTC, datetime
from secrets import token_hex
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import msgspec
import structlog

from service import measurements

if TYPE_CHECKING:  # so that commands that serve nothing do not load Litestar
    from collections.abc import Awaitable

    from litestar.types import ASGIApp, Message, Receive, Scope, Send
    from structlog.typing import EventDict, WrappedLogger

_TOKEN = re.compile(rb"[A-Za-z0-9_-]{8,64}")
_encode = msgspec.json.Encoder().encode


def configure_logging(form: str, level: str, stream: BinaryIO | None = None) -> None:
    """Log to standard error (or `stream`), as `json` or for a `human`, from `level` up.

    One processor does everything: the usual chain of five costs twice as much, on every request.
    """
    structlog.configure(
        processors=[_as_json if form == "json" else _for_human],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.BytesLoggerFactory(file=stream or sys.stderr.buffer),
        cache_logger_on_first_use=False,
    )
    logging.root.handlers = [_StdlibHandler()]
    logging.root.setLevel(max(logging.WARNING, getattr(logging, level.upper())))
    logging.getLogger("doorstep").setLevel(getattr(logging, level.upper()))  # our own below `web`, not only warnings


def get_logger() -> structlog.typing.FilteringBoundLogger:
    """The logger. Bound now; otherwise it would look up the configuration on every line."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger("doorstep").bind()
    return bound


class _StdlibHandler(logging.Handler):
    """Passes on what libraries log, without tracebacks: they can hold personal data."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log it as our own."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        more = {"error": kind} if kind else {}
        get_logger().log(record.levelno, record.getMessage().partition("\n")[0], by=record.name, **more)


def _as_json(_: WrappedLogger, level: str, event: EventDict) -> bytes:
    return _encode({"at": datetime.now(UTC), "level": level, **event})


def _for_human(_: WrappedLogger, level: str, event: EventDict) -> bytes:
    text = event.pop("event", "")
    rest = " ".join(f"{name}={_format_value(value)}" for name, value in event.items())
    return f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S%z} {level:7} {text} {rest}".encode(
        "utf-8", "backslashreplace"
    )


def _format_value(value: Any) -> str:
    return " < ".join(map(str, reversed(cast("list[object]", value)))) if isinstance(value, list) else str(value)


def request_id_of(scope: Scope) -> str:
    """The client's X-Request-Id if it is a short plain token, else a new id; the same throughout the request."""
    known = scope["state"].get("request_id")
    if known:
        return str(known)
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _TOKEN.fullmatch(value):
            return value.decode("ascii")
    return token_hex(8)


def access_log_middleware(app: ASGIApp) -> ASGIApp:
    """Logs and measures each request, and adds X-Request-Id to each response."""
    log = get_logger()

    async def with_log(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        begun, status = perf_counter_ns(), 0
        state = scope.setdefault("state", {})
        state["request_id"] = request_id = request_id_of(scope)
        header = (b"x-request-id", request_id.encode("ascii"))

        def send_with_id(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = (*message["headers"], header)
            return send(message)

        try:
            await app(scope, receive, send_with_id)
        finally:
            route = scope.get("path_template", "(none)")
            tell = log.debug if status < 400 and route.startswith("/health") else log.info
            took = perf_counter_ns() - begun
            measurements.count_request(scope["method"], route, status, took / 1e9)
            ms = took // 10_000 / 100
            line: dict[str, object] = {"method": scope["method"], "route": route, "status": status, "ms": ms}
            if "problem" in state:
                line["problem"] = state["problem"]
            tell("request", request=request_id, **line)

    return with_log
