"""How many connections may be open, in all and from one address, and their timeouts.

One timer a second checks all connections, so that a request needs no timer of its own.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Protocol

import msgspec

from service.errors import Problem, ServiceUnavailable, TooManyRequests
from service.measurements import CONNECTIONS
from service.web import access_log

MAX_CLOSING = 64  # rejected connections that may still be reading why
SEARCH_SECONDS = 0.25  # between two searches for connections to evict


class TimedConnection(Protocol):
    """What the gate needs from a connection."""

    loop: asyncio.AbstractEventLoop
    client: tuple[str, int] | None
    group: str
    in_request: bool
    last_received: float

    def is_evictable(self, now: float) -> bool:
        """Whether we are waiting for the client, and have been for a moment."""
        ...

    def evict(self) -> None:
        """Close, to make room for others."""
        ...

    def check_timeouts(self, now: float) -> None:
        """Called once a second: close if the client takes too long."""
        ...


class ConnectionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How many connections may be open, in all and from one address (0: no limit), and for how many seconds idle."""

    connections: int = 1000
    of_one_address: int = 100
    idle_seconds: int = 75
    proxies: Sequence[str] = ()


class ConnectionGate:
    """Counts a server's connections and checks their timeouts.

    Behind a proxy every connection is the proxy's, so the named proxies are not counted by address. If none is named,
    this machine may be one.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self.idle_seconds = limits.idle_seconds
        self._max, self._max_of_group = limits.connections, limits.of_one_address
        self._proxies = [ip_network(proxy) for proxy in limits.proxies]
        self._open: dict[TimedConnection, None] = {}
        self._closing: dict[TimedConnection, None] = {}
        self._by_group: Counter[str] = Counter()
        self._evictable: deque[TimedConnection] = deque()
        self._searched_at = 0.0
        self._closed: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None
        CONNECTIONS.set_function(lambda: len(self._open))

    def enter(self, connection: TimedConnection) -> Problem | None:
        """Admit a new connection; the problem if there is no room for it."""
        if self._timer is None:
            self._timer = connection.loop.call_later(1.0, self._tick, connection.loop)
        connection.group = group = self._group(connection.client[0] if connection.client else "")
        if group and self._max_of_group and self._by_group[group] >= self._max_of_group:
            return TooManyRequests("too many connections from this address", retry_after=5)
        if self._max and len(self._open) >= self._max and not self._evict_one(connection.loop.time()):
            return ServiceUnavailable("too many connections")
        self._open[connection] = None
        if group:
            self._by_group[group] += 1
        return None

    def reject(self, connection: TimedConnection, reason: str) -> None:
        """Stop counting a connection that is being closed by us, and log the reason."""
        self._closed[reason] += 1
        self.remove(connection)
        self._closing[connection] = None

    @property
    def is_overwhelmed(self) -> bool:
        """Whether too many rejected connections are still open to send more of them a reason."""
        return len(self._closing) > MAX_CLOSING

    def remove(self, connection: TimedConnection) -> None:
        """Forget a connection."""
        self._closing.pop(connection, None)
        if connection in self._open:
            del self._open[connection]
            if connection.group:
                self._by_group[connection.group] -= 1
                if not self._by_group[connection.group]:
                    del self._by_group[connection.group]

    def _group(self, address: str) -> str:
        try:
            ip = ip_address(address)
        except ValueError:  # no address: a socket of this machine
            return ""
        if isinstance(ip, IPv6Address):
            ip = ip.ipv4_mapped or ip
        if any(ip in proxy for proxy in self._proxies) or (not self._proxies and ip.is_loopback):
            return ""
        return str(ip_network((ip, 64), strict=False) if isinstance(ip, IPv6Address) else ip)

    def _evict_one(self, now: float) -> bool:
        """Close a connection that waits for its client: first those without a request, then the longest silent."""
        if not self._evictable and now - self._searched_at >= SEARCH_SECONDS:
            self._searched_at = now
            found = [connection for connection in self._open if connection.is_evictable(now)]
            found.sort(key=lambda connection: (connection.in_request, connection.last_received))
            self._evictable.extend(found)
        while self._evictable:
            connection = self._evictable.popleft()
            if connection in self._open and connection.is_evictable(now):
                connection.evict()
                return True
        return False

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for connection in (*self._open, *self._closing):
            connection.check_timeouts(now)
        if self._closed:
            access_log.get_logger().warning("connections ended", **dict(self._closed))
            self._closed.clear()
        self._timer = loop.call_later(1.0, self._tick, loop) if self._open or self._closing else None
