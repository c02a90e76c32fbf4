"""The request class of the service: its body is the exact bytes, within limits."""

from typing import Annotated, Any

from litestar import Request
from litestar.params import HeaderParameter
from litestar.types import Empty

from service.errors import MalformedJson

from . import body

AnyRequest = Request[Any, Any, Any]
IfNoneMatch = Annotated[
    str | None, HeaderParameter(name="If-None-Match", required=False, description="The ETag of the copy you have.")
]


class BoundedRequest(Request[Any, Any, Any]):
    """A request whose body is limited to the handler's `request_max_body_size`, and decompressed.

    Handlers that need no token (`exclude_from_auth`) accept no compressed body.
    """

    async def body(self) -> bytes:
        """The bytes before Content-Encoding. WrongMediaType unless it is JSON, BodyTooLarge, or MalformedJson when
        it is empty although the handler needs `data`."""
        if self._body is Empty:
            handler = self.route_handler
            limit: int = self.app.state["max_body"]
            public = handler.opt.get("exclude_from_auth", False)
            limit = min(handler.resolve_request_max_body_size() or limit, limit)
            self._body = await body.read_json_body(self.scope, self.receive, limit, packed=not public)
            if not self._body and "data" in handler.parsed_fn_signature.parameters:
                raise MalformedJson("the body is empty")  # Litestar would call the handler without `data`
        return self._body
