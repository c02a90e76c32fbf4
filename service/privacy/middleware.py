"""Writes the looks at visits that a request has noted, before its response begins (`visits/looks`)."""

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from service.context import AppContext
from service.visits import looks


def looks_middleware(app: ASGIApp, ctx: AppContext) -> ASGIApp:
    """An application that does so."""

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_noted(message: Message) -> None:
            if ctx.noted_looks and message["type"] == "http.response.start":
                await looks.write_noted(ctx)
            await send(message)

        await app(scope, receive, send_noted)

    return noting
