"""The browser that shows a customer's page, recognised by its cookie, and the address it comes from."""

import msgspec

from service import fingerprints
from service.web.request import AnyRequest
from service.web.request_info import client_ip

from .middleware import browser_cookie, session_cookie


class Browser(msgspec.Struct, frozen=True):
    """The origin of a request for a customer's page. `staff`: a person of the utility is signed in there."""

    address: str = "unknown"
    agent: str = ""
    cookie: str = ""
    staff: bool = False
    at: int = 0  # when (ms UTC)

    @property
    def address_hash(self) -> bytes:
        """The fingerprint of its address today, which is all that is stored."""
        return fingerprints.of_address(self.address, self.at)

    @property
    def places(self) -> tuple[bytes, ...]:
        """That, and those of yesterday and tomorrow: what it is compared with may be of either."""
        return (self.address_hash, *fingerprints.of_address_nearby(self.address, self.at))

    @property
    def id(self) -> bytes:
        """What a one-time code is bound to: this browser, or without cookies its address and user agent.

        So the verification is not shared with others on the same network, survives a change of networks, and a stranger
        with the link uses up their own codes and attempts, never the customer's.
        """
        if self.cookie:
            return fingerprints.of_cookie(self.cookie)
        return fingerprints.of_browser(self.address, self.agent, self.at)


def browser_of(request: AnyRequest) -> Browser:
    """The browser of a request. Its user agent is recorded so that devices can be distinguished later."""
    agent = "".join(c for c in request.headers.get("user-agent", "")[:200] if c.isprintable())
    return Browser(
        client_ip(request.scope),
        agent,
        browser_cookie(request.scope),
        session_cookie(request.scope) is not None,
        request.app.state["ctx"].clock(),
    )
