"""Who looks at a customer's page: a browser that is known again by its cookie, and the address it comes from."""

import msgspec

from service.web.request import AnyRequest
from service.web.request_info import client_ip

from .authentication import address_hash
from .middleware import browser_cookie, session_cookie


class Browser(msgspec.Struct, frozen=True):
    """Where a request by link comes from. `staff`: somebody of the utility is signed in there."""

    address: str = "unknown"
    agent: str = ""
    cookie: str = ""
    staff: bool = False

    @property
    def address_hash(self) -> bytes:
        """What is kept of its address."""
        return address_hash(self.address)

    @property
    def id(self) -> bytes:
        """What a code is bound to: this browser; of one that keeps no cookies, its address and what it says it is.

        So nobody beside him on the same network has what he opened, nor loses he it when his phone changes networks;
        and who has only the link spends his own codes and tries, never those of the customer.
        """
        return address_hash(f"browser {self.cookie}") if self.cookie else address_hash(f"{self.address} {self.agent}")


def browser_of(request: AnyRequest) -> Browser:
    """Where a request comes from; what the browser says of itself is for whoever has to tell devices apart later."""
    agent = "".join(c for c in request.headers.get("user-agent", "")[:200] if c.isprintable())
    return Browser(
        client_ip(request.scope), agent, browser_cookie(request.scope), session_cookie(request.scope) is not None
    )
