"""How many connections there may be, in all and of one address, and the second in which each of them is looked at.

Time is looked at for all connections together, so that a request costs no timer of its own.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Protocol

import msgspec

from service.errors import Problem, ServiceUnavailable, TooManyRequests
from service.web import access_log

MAX_CLOSING = 64  # connections that are being told at once why they are ended
SEARCH_SECONDS = 0.25  # between two searches for room


class TimedConnection(Protocol):
    """What a gate has to know of a connection."""

    loop: asyncio.AbstractEventLoop
    client: tuple[str, int] | None
    group: str
    within: bool
    heard: float

    def lets_wait(self, now: float) -> bool:
        """Whether it is the other side's turn, and has been for a moment."""
        ...

    def make_room(self) -> None:
        """End: others need the connection more."""
        ...

    def look(self, now: float) -> None:
        """Once a second: end if the other side takes too long."""
        ...


class ConnectionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How many connections there may be, in all and of one address (0: as many as there are)."""

    connections: int = 1000
    of_one_address: int = 100
    proxies: Sequence[str] = ()


class ConnectionGate:
    """What the connections of a server share: how many there are, and the second in which all are looked at.

    Behind a proxy every connection is the proxy's, so those named are not counted by address. Where none is named, what
    comes from this machine may be one.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self._most, self._of_one = limits.connections, limits.of_one_address
        self._proxies = [ip_network(one) for one in limits.proxies]
        self._inside: dict[TimedConnection, None] = {}
        self._leaving: dict[TimedConnection, None] = {}
        self._of: Counter[str] = Counter()
        self._room: deque[TimedConnection] = deque()
        self._searched = 0.0
        self._turned_away: Counter[str] = Counter()
        self._next: asyncio.TimerHandle | None = None

    def enter(self, one: TimedConnection) -> Problem | None:
        """A new connection; the problem if there is no room for it."""
        if self._next is None:
            self._next = one.loop.call_later(1.0, self._look, one.loop)
        one.group = group = self._group(one.client[0] if one.client else "")
        if group and self._of_one and self._of[group] >= self._of_one:
            return TooManyRequests("too many connections from this address", retry_after=5)
        if self._most and len(self._inside) >= self._most and not self._make_room(one.loop.time()):
            return ServiceUnavailable("too many connections")
        self._inside[one] = None
        if group:
            self._of[group] += 1
        return None

    def leave(self, one: TimedConnection, why: str) -> None:
        """A connection is told why it is ended; it counts no more."""
        self._turned_away[why] += 1
        self.left(one)
        self._leaving[one] = None

    @property
    def hurried(self) -> bool:
        """Whether so many are being told that nobody can be any more."""
        return len(self._leaving) > MAX_CLOSING

    def left(self, one: TimedConnection) -> None:
        """A connection is gone."""
        self._leaving.pop(one, None)
        if one in self._inside:
            del self._inside[one]
            if one.group:
                self._of[one.group] -= 1
                if not self._of[one.group]:
                    del self._of[one.group]

    def _group(self, address: str) -> str:
        try:
            found = ip_address(address)
        except ValueError:  # no address: a socket of this machine
            return ""
        if isinstance(found, IPv6Address):
            found = found.ipv4_mapped or found
        if any(found in proxy for proxy in self._proxies) or (not self._proxies and found.is_loopback):
            return ""
        return str(ip_network((found, 64), strict=False) if isinstance(found, IPv6Address) else found)

    def _make_room(self, now: float) -> bool:
        """End one that lets us wait: first those without a request, then the most silent."""
        if not self._room and now - self._searched >= SEARCH_SECONDS:
            self._searched = now
            waiting = [one for one in self._inside if one.lets_wait(now)]
            waiting.sort(key=lambda one: (one.within, one.heard))
            self._room.extend(waiting)
        while self._room:
            one = self._room.popleft()
            if one in self._inside and one.lets_wait(now):
                one.make_room()
                return True
        return False

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for one in (*self._inside, *self._leaving):
            one.look(now)
        if self._turned_away:
            access_log.get_logger().warning("connections ended", **dict(self._turned_away))
            self._turned_away.clear()
        again = self._inside or self._leaving
        self._next = loop.call_later(1.0, self._look, loop) if again else None
