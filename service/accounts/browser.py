"""Who looks at a customer's page: a browser that is known again by its cookie, and the address it comes from."""

import msgspec

from service.web.endpoint import AnyRequest
from service.web.request_info import address_of

from .authentication import place
from .middleware import seat_of, session_of


class Browser(msgspec.Struct, frozen=True):
    """Where a request by link comes from. `staff`: somebody of the utility is signed in there."""

    address: str = "unknown"
    agent: str = ""
    cookie: str = ""
    staff: bool = False

    @property
    def place(self) -> bytes:
        """What is kept of its address."""
        return place(self.address)

    @property
    def seat(self) -> bytes:
        """What a code is bound to: this browser; of one that keeps no cookies, its address and what it says it is.

        So nobody beside him on the same network has what he opened, nor loses he it when his phone changes networks;
        and who has only the link spends his own codes and tries, never those of the customer.
        """
        return place(f"browser {self.cookie}") if self.cookie else place(f"{self.address} {self.agent}")


def browser_of(request: AnyRequest) -> Browser:
    """Where a request comes from; what the browser says of itself is for whoever has to tell devices apart later."""
    agent = "".join(c for c in request.headers.get("user-agent", "")[:200] if c.isprintable())
    return Browser(address_of(request.scope), agent, seat_of(request.scope), session_of(request.scope) is not None)
