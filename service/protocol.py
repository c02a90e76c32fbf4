"""What one connection may cost: uvicorn's HTTP/1.1 with limits.

uvicorn has none: a head without end, requests whose answers nobody reads, and bodies that never come cost memory or a
connection for as long as the other side likes. How many there may be, and when each is looked at, is in `gate`.
"""

import asyncio
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from service.errors import HeadersTooLarge, InvalidHeader, Problem, TooManyRequests, TooSlow
from service.gate import ConnectionGate, ConnectionLimits
from service.web.problems import problem_response

HEAD_BYTES = 32 * 1024  # request line and headers
HEAD_PART, BODY_PART = 2048, 32 * 1024  # bytes parsed in one go: within them it cannot be stopped
QUEUED = 128  # requests that wait on one connection; more fit into one part only if they are hardly requests
FRAMING = 64 * 1024  # bytes of a body that are not content (sizes of chunks, trailers), beside FRAMES for each that is
FRAMES = 8
HEAD_SECONDS = 10.0
BODY_SILENCE, BODY_SECONDS, BODY_RATE = 30.0, 30.0, 1024  # seconds without a byte; and at least so many bytes a second
ANSWER_SILENCE = 60.0  # seconds in which nothing of an answer is fetched
REST_SECONDS = 10.0  # for the rest of a body that was answered already
IDLE_SECONDS = 75  # longer than the proxies' 60, so that it is the proxy that ends a connection
FAREWELL_SECONDS = 2.0  # to read why
STEADY_SECONDS = 2.0  # who sent something within them keeps the connection when room is needed


class _Flow(FlowControl):
    """Reads on only while answers are read and no further request waits already."""

    held = False

    def resume_reading(self) -> None:
        if not self.held and not self.write_paused:
            super().resume_reading()


class Connection(HttpToolsProtocol):
    """One connection."""

    def __init__(self, gate: ConnectionGate, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._gate = gate
        self.group = ""  # the address or network it counts for
        self.within = False  # a request has begun and has not all come
        self.heard = 0.0  # when the last bytes came
        self._in_head = False
        self._head = self._body = self._framing = 0  # bytes of the request that is coming
        self._begun = 0.0  # when its first byte came, or its head was complete
        self._answered = 0.0  # when the answer went out, if that was before the end of the body
        self._rest = b""  # came, and is not parsed yet
        self._unread, self._unread_since = 0, 0.0  # bytes of answers that nobody fetches
        self._refused, self._until = False, 0.0  # nothing is read any more, and when it ends at the latest

    # From the transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self.flow = self._flow = _Flow(transport)
        self.heard = self.loop.time()
        problem = self._gate.enter(self)
        if problem is not None:
            self._end(problem)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._gate.left(self)
        self._rest = b""
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self.heard = self.loop.time()
        if self._refused:
            return
        self._unset_keepalive_if_required()
        if self._rest or self.pipeline:
            self._rest += data
        else:
            self._feed(data)

    def pause_writing(self) -> None:
        """See asyncio.Protocol. Who does not read answers is not read either."""
        super().pause_writing()
        self.flow.pause_reading()

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        self._unread_since = 0.0
        super().resume_writing()
        self.flow.resume_reading()

    def _feed(self, data: bytes) -> None:
        size, start = len(data), 0
        if size <= HEAD_PART:
            self._parse(data)
            return
        view = memoryview(data)
        while start < size:
            if self.pipeline:
                self._rest = data[start:]
                return
            end = start + (BODY_PART if self.within and not self._in_head else HEAD_PART)
            self._parse(view[start:end])
            if self._refused or self.transport.is_closing():
                return
            start = end

    def _parse(self, data: bytes | memoryview) -> None:
        if self._in_head:
            self._head += len(data)
        elif self.within:
            self._framing += len(data)  # what of it is content, `on_body` takes off again
        parser: Any = self.parser
        while data:
            try:
                parser.feed_data(data)
                break
            except httptools.HttpParserUpgrade as asked:  # to nothing that we know: it is a request like any other
                data = data[asked.args[0] :]
            except httptools.HttpParserError:
                self._end(InvalidHeader("this is not HTTP/1.1"))
                return
        if self._in_head and self._head > HEAD_BYTES:
            self._end(HeadersTooLarge(f"at most {HEAD_BYTES} bytes"))
        elif self._framing > FRAMING + FRAMES * self._body:
            self._end(HeadersTooLarge("too much beside the content of the body"))

    # From the parser

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self.within = self._in_head = True
        self._head = self._body = self._framing = 0
        self._begun, self._answered = self.heard, 0.0

    def on_headers_complete(self) -> None:
        """The request can begin."""
        if self._refused:
            return
        if len(self.pipeline) >= QUEUED:
            self._end(TooManyRequests("read the answers first"))
            return
        super().on_headers_complete()
        self._in_head = False
        self._begun = self.heard
        self.headers = []  # what comes after the body (trailers) is none of them: the request is on its way
        self._flow.held = bool(self.pipeline)

    def on_body(self, body: bytes) -> None:
        """Some of the body."""
        if not self._refused:
            self._body += len(body)
            self._framing -= len(body)
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The end of a request."""
        if not self._refused:
            self.within = False
            super().on_message_complete()

    # From the answer

    def on_response_complete(self) -> None:
        """The answer went out: the next request's turn."""
        super().on_response_complete()
        if self._refused or self.transport.is_closing():
            return
        if self.within and not self.pipeline:
            self._answered = self.loop.time()
        self._flow.held = bool(self.pipeline)
        if self._rest and not self.pipeline:
            rest, self._rest = self._rest, b""
            self._unset_keepalive_if_required()
            self._feed(rest)
        self.flow.resume_reading()

    # From the gate

    def lets_wait(self, now: float) -> bool:
        """Whether it is the other side's turn, and has been for a moment."""
        if self._refused or self.transport.is_closing() or now - self.heard < STEADY_SECONDS:
            return False
        if self.within:
            return not self.flow.read_paused
        return self.cycle is None or self.cycle.response_complete

    def make_room(self) -> None:
        """Others need the connection more."""
        if self.within:
            self._end(TooSlow("others need the connection"))
        else:
            self._gate.leave(self, "idle")
            self.transport.close()

    def look(self, now: float) -> None:
        """Once a second: whether the other side takes too long."""
        if self._refused:
            if now > self._until:
                self.transport.abort()
        elif self.flow.write_paused or self.transport.is_closing():
            self._look_at_answer(now)
        elif self.within:
            if self._is_late(now):
                self._end(TooSlow())
        elif now - self.heard > IDLE_SECONDS + 1 and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()  # no request yet, or nothing but empty lines; uvicorn looks after the others

    def _is_late(self, now: float) -> bool:
        if self._in_head:
            return now - self._begun > HEAD_SECONDS
        if self._answered:
            return now - self._answered > REST_SECONDS
        if self.flow.read_paused:  # it is we who let the other side wait
            self._begun += 1.0
            self.heard = now
            return False
        return now - self.heard > BODY_SILENCE or now - self._begun > BODY_SECONDS + self._body / BODY_RATE

    def _look_at_answer(self, now: float) -> None:
        left = self.transport.get_write_buffer_size()
        if left != self._unread or not self._unread_since:
            self._unread, self._unread_since = left, now
        elif now - self._unread_since > ANSWER_SILENCE:
            self._gate.leave(self, "answer-not-read")
            self.transport.abort()

    # The end

    def _end(self, problem: Problem) -> None:
        """Read nothing any more, and say why where it is that request's turn to be answered."""
        if self._refused:
            return
        now = self.loop.time()
        self._gate.leave(self, problem.code)
        self._refused, self._rest = True, b""
        self._unset_keepalive_if_required()
        cycle: RequestResponseCycle | None = self.cycle
        running = cycle is not None and not cycle.response_complete
        if self._gate.hurried:
            self.transport.abort()
        elif self.pipeline or (running and (self._in_head or not self.within)):
            cycle.keep_alive = False  # the requests before it are answered; the connection ends with the last answer
            self._until = now + ANSWER_SILENCE
        elif self.flow.write_paused or (running and cycle.response_started):
            self.transport.abort()
        else:
            if running:
                cycle.disconnected = True
                cycle.message_event.set()
            self._until = now + FAREWELL_SECONDS
            self.transport.write(self._words(problem))
            self.transport.write_eof()  # who closes at once takes the words back where something was not read
            self._flow.held = False
            self.flow.resume_reading()

    def _words(self, problem: Problem) -> bytes:
        scope: Any = {"headers": self.scope["headers"] if self.within else [], "path": ""}
        answer = problem_response(problem, scope)
        lines = [STATUS_LINE[answer.status_code]]
        for name, value in (*self.server_state.default_headers, *answer.encoded_headers, (b"connection", b"close")):
            lines += [name, b": ", value, b"\r\n"]
        return b"".join([*lines, b"\r\n", answer.body])


def protocol(limits: ConnectionLimits) -> type[Connection]:
    """The protocol for one server."""
    gate = ConnectionGate(limits)

    class Guarded(Connection):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(gate, *args, **kwargs)

    return Guarded
