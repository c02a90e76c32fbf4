"""uvicorn's HTTP/1.1 with limits on what one connection may cost.

uvicorn has none: endless headers, requests whose responses nobody reads, and bodies that never arrive would hold memory
or a connection for as long as the client likes. How many connections may be open is decided in `gate`.
"""

import asyncio
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from service.errors import HeadersTooLarge, InvalidHeader, Problem, TooManyRequests, TooSlow
from service.gate import ConnectionGate, ConnectionLimits
from service.web.problems import problem_response

MAX_HEAD_BYTES = 32 * 1024  # request line and headers
HEAD_CHUNK, BODY_CHUNK = 2048, 32 * 1024  # bytes parsed at a time: the parser cannot be stopped within them
MAX_PIPELINED = 128  # requests that wait on one connection; a chunk holds more only if they are hardly requests
# bytes of a body that are not content (sizes of chunks, trailers): so many, and so many for each byte of content
FRAMING_BYTES, FRAMING_PER_BYTE = 64 * 1024, 8
HEAD_SECONDS = 10.0
BODY_SILENCE_SECONDS, BODY_SECONDS, MIN_BODY_RATE = 30.0, 30.0, 1024  # without a byte; in all, plus bytes / rate
RESPONSE_SILENCE_SECONDS = 60.0  # in which nothing of a response is read
# for the rest of a body that has been answered already, which is read and forgotten: plus bytes / rate; so many bytes
REST_SECONDS, MIN_REST_RATE, MAX_REST_BYTES = 10.0, 16 * 1024, 16 * 2**20
CLOSING_SECONDS = 2.0  # for the client to read the reason
ACTIVE_SECONDS = 2.0  # a client that sent something within them keeps its connection when room is needed


class _Flow(FlowControl):
    """Resumes reading only while responses are read and no other request is waiting."""

    has_pipelined = False

    def resume_reading(self) -> None:
        if not self.has_pipelined and not self.write_paused:
            super().resume_reading()


class _ResponseTransport:
    """Where one response is written. Closed while the rest of its request is on the way, the client would find its
    connection reset, and a proxy would say 502 instead of what we wrote (RFC 9112, 9.6)."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self.write = connection.transport.write
        self.is_closing = connection.transport.is_closing

    def close(self) -> None:
        """Close, after the rest of the request."""
        self._connection.close_after_request()


class Connection(HttpToolsProtocol):
    """One connection."""

    cycle: RequestResponseCycle | None  # type: ignore[assignment]

    def __init__(self, gate: ConnectionGate, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._gate = gate
        self.group = ""  # the address or network that it counts for
        self.in_request = False  # a request has begun and has not fully arrived
        self.last_received = 0.0
        self._in_head = False
        self._head = self._body = self._framing = 0  # bytes of the current request
        self._begun_at = 0.0  # when its first byte arrived, or when its head was complete
        self._answered_at, self._rest = 0.0, 0  # when its response was sent, if before the end of the body; bytes since
        self._unparsed = b""
        self._unread, self._unread_since = 0, 0.0  # bytes of responses that the client does not read
        self._is_closing, self._close_by = False, 0.0  # nothing more is read

    # From the transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = self._flow = _Flow(transport)
        self.last_received = self.loop.time()
        problem = self._gate.enter(self)
        if problem is not None:
            self._end(problem)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gate.remove(self)
        self._unparsed = b""
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self.last_received = self.loop.time()
        if self._answered_at:
            self._rest += len(data)
            if self._rest > MAX_REST_BYTES:
                self._end(TooSlow())
        if self._is_closing:
            return
        self._unset_keepalive_if_required()
        if self._unparsed or self.pipeline:
            self._unparsed += data
        else:
            self._feed(data)

    def pause_writing(self) -> None:
        """A client that does not read its responses is not read either."""
        super().pause_writing()
        self.flow.pause_reading()

    def resume_writing(self) -> None:
        self._unread_since = 0.0
        super().resume_writing()
        self.flow.resume_reading()

    def _feed(self, data: bytes) -> None:
        size, start = len(data), 0
        if size <= HEAD_CHUNK:
            self._parse(data)
            return
        view = memoryview(data)
        while start < size:
            if self.pipeline:
                self._unparsed = data[start:]
                return
            end = start + (BODY_CHUNK if self.in_request and not self._in_head else HEAD_CHUNK)
            self._parse(view[start:end])
            if self._is_closing or self.transport.is_closing():
                return
            start = end

    def _parse(self, data: bytes | memoryview) -> None:
        if self._in_head:
            self._head += len(data)
        elif self.in_request:
            self._framing += len(data)  # `on_body` subtracts what is content
        parser: Any = self.parser
        while data:
            try:
                parser.feed_data(data)
                break
            except httptools.HttpParserUpgrade as upgrade:  # we support none: it is a request like any other
                data = data[upgrade.args[0] :]
            except httptools.HttpParserError:
                self._end(InvalidHeader("this is not HTTP/1.1"))
                return
        if self._in_head and self._head > MAX_HEAD_BYTES:
            self._end(HeadersTooLarge(f"at most {MAX_HEAD_BYTES} bytes"))
        elif self._framing > FRAMING_BYTES + FRAMING_PER_BYTE * self._body:
            self._end(HeadersTooLarge("too much beside the content of the body"))

    # From the parser

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.in_request = self._in_head = True
        self._head = self._body = self._framing = 0
        self._begun_at = self.last_received

    def on_headers_complete(self) -> None:
        if self._is_closing:
            return
        if len(self.pipeline) >= MAX_PIPELINED:
            self._end(TooManyRequests("read the answers first"))
            return
        parser: Any = self.parser
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (hosts == 0 and parser.get_http_version() == "1.1"):  # proxies may take another than we do
            self._end(InvalidHeader("send one Host (RFC 9112, 3.2)"))
            return
        super().on_headers_complete()
        if self.cycle is not None:
            self.cycle.transport = _ResponseTransport(self)  # type: ignore[assignment]
        self._in_head = False
        self._begun_at = self.last_received
        self.headers = []  # trailers after the body must not be added: the request is being handled
        self._flow.has_pipelined = bool(self.pipeline)

    def on_body(self, body: bytes) -> None:
        if not self._is_closing:
            self._body += len(body)
            self._framing -= len(body)
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._is_closing:
            self.in_request, self._answered_at, self._rest = False, 0.0, 0
            super().on_message_complete()

    # From the response

    def close_after_request(self) -> None:
        """Close once the current request has all come or its time is over, if it was answered before that."""
        now = self.loop.time()
        if self._is_closing:
            self._close_by = now + CLOSING_SECONDS
        elif self.in_request and not self.pipeline:
            self._is_closing, self._unparsed, self._answered_at = True, b"", now
        else:
            self.transport.close()
            return
        self.transport.write_eof()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_closing:
            self._unset_keepalive_if_required()
        if self._is_closing or self.transport.is_closing():
            return
        if self.in_request and not self.pipeline:
            self._answered_at = self.loop.time()
        self._flow.has_pipelined = bool(self.pipeline)
        if self._unparsed and not self.pipeline:
            data, self._unparsed = self._unparsed, b""
            self._unset_keepalive_if_required()
            self._feed(data)
        self.flow.resume_reading()

    # From the gate

    def is_evictable(self, now: float) -> bool:
        if self._answered_at and not self.transport.is_closing():
            return True
        if self._is_closing or self.transport.is_closing() or now - self.last_received < ACTIVE_SECONDS:
            return False
        return not self.flow.read_paused if self.in_request else self._is_idle()

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def evict(self) -> None:
        if self.in_request:
            self._end(TooSlow("others need the connection"))
        else:
            self._gate.reject(self, "idle")
            self.transport.close()

    def check_timeouts(self, now: float) -> None:
        if self._answered_at:
            if self.transport.get_write_buffer_size():
                self._check_response(now)
            elif now - self._answered_at > REST_SECONDS + self._rest / MIN_REST_RATE:
                self._end(TooSlow())
        elif self._is_closing:
            if now > self._close_by:
                self.transport.abort()
        elif self.flow.write_paused or self.transport.is_closing():
            self._check_response(now)
        elif self.in_request:
            if self._is_late(now):
                self._end(TooSlow())
        elif now - self.last_received > self._gate.idle_seconds + 1 and self._is_idle():
            self.transport.close()  # no request yet, or only empty lines; uvicorn closes other idle connections

    def _is_late(self, now: float) -> bool:
        if self._in_head:
            return now - self._begun_at > HEAD_SECONDS
        if self.flow.read_paused:  # the client waits for us
            self._begun_at += 1.0
            self.last_received = now
            return False
        return (
            now - self.last_received > BODY_SILENCE_SECONDS
            or now - self._begun_at > BODY_SECONDS + self._body / MIN_BODY_RATE
        )

    def _check_response(self, now: float) -> None:
        unread = self.transport.get_write_buffer_size()
        if unread != self._unread or not self._unread_since:
            self._unread, self._unread_since = unread, now
        elif now - self._unread_since > RESPONSE_SILENCE_SECONDS:
            self._gate.reject(self, "answer-not-read")
            self.transport.abort()

    # Closing

    def _end(self, problem: Problem) -> None:
        """Read nothing more, and send the problem if the current request is the next to be answered."""
        if self._answered_at:  # a second answer would be taken for that of the next request
            self._gate.reject(self, problem.code)
            self.transport.abort()
            return
        if self._is_closing:
            return
        now = self.loop.time()
        self._gate.reject(self, problem.code)
        self._is_closing, self._unparsed = True, b""
        self._unset_keepalive_if_required()
        running = None if self._is_idle() else self.cycle
        if self._gate.is_overwhelmed:
            self.transport.abort()
        elif self.cycle and (self.pipeline or (running and (self._in_head or not self.in_request))):
            self.cycle.keep_alive = False  # earlier requests are answered; the last response closes the connection
            self._close_by = now + RESPONSE_SILENCE_SECONDS
        elif self.flow.write_paused or (running and running.response_started):
            self.transport.abort()
        else:
            if running:
                running.disconnected = True
                running.message_event.set()
            self._close_by = now + CLOSING_SECONDS
            self.transport.write(self._response(problem))
            self.transport.write_eof()  # closing now, with unread input, would discard the response
            self._flow.has_pipelined = False
            self.flow.resume_reading()

    def _response(self, problem: Problem) -> bytes:
        scope: Any = {"headers": self.scope["headers"] if self.in_request else [], "path": ""}
        response = problem_response(problem, scope)
        lines = [STATUS_LINE[response.status_code]]
        for name, value in (*self.server_state.default_headers, *response.encoded_headers, (b"connection", b"close")):
            lines += [name, b": ", value, b"\r\n"]
        return b"".join([*lines, b"\r\n", response.body])


def protocol(limits: ConnectionLimits) -> type[Connection]:
    """The protocol class for one server."""
    gate = ConnectionGate(limits)

    class GatedConnection(Connection):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(gate, *args, **kwargs)

    return GatedConnection
