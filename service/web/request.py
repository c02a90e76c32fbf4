"""The request class of the service: its body is the exact bytes, within bounds."""

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
    """A request whose body is read within the handler's `request_max_body_size`, and unpacked if a person sent it.

    Where no token is asked for (`exclude_from_auth`) nothing is unpacked.
    """

    async def body(self) -> bytes:
        """The bytes before Content-Encoding. WrongMediaType for anything but JSON, BodyTooLarge, and
        MalformedJson for nothing where a body is needed."""
        if self._body is Empty:
            handler = self.route_handler
            limit: int = self.app.state["max_body"]
            public = handler.opt.get("exclude_from_auth", False)
            limit = min(handler.resolve_request_max_body_size() or limit, limit)
            self._body = await body.read_json_body(self.scope, self.receive, limit, packed=not public)
            if not self._body and "data" in handler.parsed_fn_signature.parameters:
                raise MalformedJson("the body is empty")  # Litestar would call the handler without `data`
        return self._body
