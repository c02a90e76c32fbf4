"""Builds the HTTP application from the routes of all features."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from litestar import Litestar
from litestar.types import ASGIApp

from service.accounts import brand, me_routes, session_routes, token_routes
from service.accounts.caller import DEPENDENCIES, Authentication
from service.accounts.desk_problems import EXCEPTION_HANDLERS
from service.agenda import routes as agenda_routes
from service.checklists import pages as checklists_pages
from service.checklists import routes as checklists_routes
from service.confirmation import routes as confirmation_routes
from service.context import AppContext
from service.devices import routes as devices_routes
from service.dispatch import change_routes, departure_routes, import_pages, import_routes, notice_pages, plan_pages
from service.dispatch import pages as dispatch_pages
from service.dispatch import routes as dispatch_routes
from service.duties import pages as duties_pages
from service.duties import routes as duties_routes
from service.evidence import phone_export_pages, tus_routes
from service.evidence import routes as evidence_routes
from service.health import pages as health_pages
from service.health import routes as health_routes
from service.identity_check import routes as identity_check_routes
from service.messages import report_routes
from service.messages import routes as messages_routes
from service.monitoring import routes as monitoring_routes
from service.phone import pages as phone_pages
from service.privacy import customer_pages
from service.privacy import pages as privacy_pages
from service.privacy import routes as privacy_routes
from service.privacy.middleware import looks_middleware
from service.records import quarantine_pages, quarantine_routes
from service.records import routes as records_routes
from service.reviews import pages as visit_pages
from service.reviews import queue_page
from service.reviews import routes as reviews_routes
from service.staff import (
    account_pages,
    event_pages,
    event_routes,
    external_pages,
    invitation_pages,
    passkey_pages,
    people_pages,
    sign_in_pages,
)
from service.staff import routes as staff_routes
from service.transparency import routes as transparency_routes
from service.web import language_routes, static_files
from service.web.access_log import access_log_middleware
from service.web.api_document import BytesSchemas, ProblemSchemas, StructSchemas, openapi_config
from service.web.compression import response_middleware
from service.web.cors import cors_middleware
from service.web.methods import methods_middleware
from service.web.paths import plain_paths_middleware
from service.web.query import check_query
from service.web.request import BoundedRequest
from service.webhooks import pages as webhooks_pages
from service.webhooks import routes as webhooks_routes

ROUTES = (
    *health_routes.ROUTES,
    *health_pages.ROUTES,
    *monitoring_routes.ROUTES,
    *me_routes.ROUTES,
    *session_routes.ROUTES,
    *token_routes.ROUTES,
    *staff_routes.ROUTES,
    *event_routes.ROUTES,
    *devices_routes.ROUTES,
    *checklists_routes.ROUTES,
    *checklists_pages.ROUTES,
    *dispatch_routes.ROUTES,
    *dispatch_pages.ROUTES,
    *plan_pages.ROUTES,
    *change_routes.ROUTES,
    *departure_routes.ROUTES,
    *agenda_routes.ROUTES,
    *import_routes.ROUTES,
    *import_pages.ROUTES,
    *notice_pages.ROUTES,
    *messages_routes.ROUTES,
    *report_routes.ROUTES,
    *confirmation_routes.ROUTES,
    *identity_check_routes.ROUTES,
    *transparency_routes.ROUTES,
    *records_routes.ROUTES,
    *evidence_routes.ROUTES,
    *tus_routes.ROUTES,
    *phone_export_pages.ROUTES,
    *quarantine_routes.ROUTES,
    *quarantine_pages.ROUTES,
    *reviews_routes.ROUTES,
    *queue_page.ROUTES,
    *visit_pages.ROUTES,
    *duties_routes.ROUTES,
    *duties_pages.ROUTES,
    *privacy_routes.ROUTES,
    *privacy_pages.ROUTES,
    *customer_pages.ROUTES,
    *invitation_pages.ROUTES,
    *sign_in_pages.ROUTES,
    *account_pages.ROUTES,
    *passkey_pages.ROUTES,
    *external_pages.ROUTES,
    *people_pages.ROUTES,
    *webhooks_routes.ROUTES,
    *webhooks_pages.ROUTES,
    *event_pages.ROUTES,
    *phone_pages.ROUTES,
    *language_routes.ROUTES,
    *brand.ROUTES,
    *static_files.ROUTES,
)
Lifespan = Sequence[Callable[[Litestar], AbstractAsyncContextManager[None]]]


def create_app(ctx: AppContext, max_body: int, lifespan: Lifespan = ()) -> ASGIApp:
    """The service as an ASGI application. The caller opens its context (`run_background_work`), if need be in
    `lifespan`."""
    https = ctx.company.url.startswith("https://")
    app = looks_middleware(litestar(ctx, max_body, lifespan), ctx)
    app = methods_middleware(response_middleware(app, https=https))
    app = cors_middleware(plain_paths_middleware(app, ctx.company.company), ctx.company.origins)
    return access_log_middleware(app)


def litestar(ctx: AppContext | None = None, max_body: int = 0, lifespan: Lifespan = ()) -> Litestar:
    """The Litestar application with all routes."""
    app = Litestar(
        ROUTES,
        before_request=check_query,
        dependencies=DEPENDENCIES,
        lifespan=lifespan,
        exception_handlers=EXCEPTION_HANDLERS,
        logging_config=None,  # see `web/access_log.py`
        middleware=[Authentication],
        openapi_config=openapi_config(),
        plugins=[BytesSchemas(), ProblemSchemas(), StructSchemas()],
        request_class=BoundedRequest,
        request_max_body_size=None,  # `BoundedRequest` limits bodies
    )
    app.state.update({"ctx": ctx, "max_body": max_body})
    return app
