"""The page that Prometheus reads."""

from litestar import Controller, get
from litestar.response.base import ASGIResponse

from service.accounts.caller import Context
from service.web.request import AnyRequest

from . import metrics


class MetricsController(Controller):
    """For Prometheus."""

    include_in_schema = False  # its form is Prometheus's
    opt = {"exclude_from_auth": True, "any_query": True}  # noqa: RUF012 - as Litestar declares it

    @get("/metrics")
    async def show_metrics(self, request: AnyRequest, context: Context) -> ASGIResponse:
        """The counters of this process, and what waits. Each process has its own: scrape them all."""
        metrics.require_scraper(context, request.headers.get("authorization", ""))
        body, media_type = await metrics.exposition_of(context, request.headers.get("accept", ""))
        return ASGIResponse(body=body, headers={"content-type": media_type})


ROUTES = (MetricsController,)
