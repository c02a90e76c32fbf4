"""The first page: what this is, and whether it works."""

from litestar import get
from litestar.response.base import ASGIResponse

from service.accounts.caller import Context
from service.accounts.middleware import authenticate_session
from service.accounts.public_pages import PageController
from service.errors import DeviceRevoked, NotAuthenticated, ServiceUnavailable
from service.web.request import AnyRequest
from service.web.templates import redirect, render

from . import health


class FirstPageController(PageController):
    """The first page."""

    include_in_schema = False

    @get("/openapi.json")
    async def find_document(self) -> ASGIResponse:
        """Where programs often look for the document of the API."""
        return redirect("/docs/openapi.json")

    @get("/")
    async def show_first_page(self, request: AnyRequest, context: Context) -> ASGIResponse:
        """Where to sign in; people who are signed in go on to the desk."""
        try:
            await authenticate_session(request.scope, context)
        except (NotAuthenticated, DeviceRevoked):
            pass
        else:
            return redirect("/desk")
        try:
            await health.check_storage(context)
        except ServiceUnavailable:
            healthy = False
        else:
            healthy = True
        view = {"company": context.company.company, "hotline": context.company.hotline, "healthy": healthy}
        return render(request.scope, "health/first_page.html", view, 200 if healthy else 503)


ROUTES = (FirstPageController,)
