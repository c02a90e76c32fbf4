"""The browser that shows a customer's page, recognised by its cookie, and the address it comes from."""

import msgspec

from service.web.request import AnyRequest
from service.web.request_info import client_ip

from .authentication import address_hash
from .middleware import browser_cookie, session_cookie


class Browser(msgspec.Struct, frozen=True):
    """The origin of a request for a customer's page. `staff`: a person of the utility is signed in there."""

    address: str = "unknown"
    agent: str = ""
    cookie: str = ""
    staff: bool = False

    @property
    def address_hash(self) -> bytes:
        """The digest of its address, which is all that is stored."""
        return address_hash(self.address)

    @property
    def id(self) -> bytes:
        """What a one-time code is bound to: this browser, or without cookies its address and user agent.

        So the verification is not shared with others on the same network, survives a change of networks, and a stranger
        with the link uses up their own codes and attempts, never the customer's.
        """
        return address_hash(f"browser {self.cookie}") if self.cookie else address_hash(f"{self.address} {self.agent}")


def browser_of(request: AnyRequest) -> Browser:
    """The browser of a request. Its user agent is recorded so that devices can be distinguished later."""
    agent = "".join(c for c in request.headers.get("user-agent", "")[:200] if c.isprintable())
    return Browser(
        client_ip(request.scope), agent, browser_cookie(request.scope), session_cookie(request.scope) is not None
    )
