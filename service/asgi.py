"""The service for any ASGI server: `uvicorn --no-access-log service.asgi:app`, with settings from the environment.

The server then has to limit connections and slow clients. Its access log must be off, because paths contain secrets.
"""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from litestar import Litestar

from service.app import create_app
from service.background import run_background_work
from service.config.loading import load_settings
from service.lifecycle import build_context, freeze_gc
from service.preflight import examine
from service.private_files import create_privately
from service.web.access_log import configure_logging

create_privately()
_settings = load_settings(os.environ)
configure_logging(_settings.log, _settings.log_level)
_ctx = build_context(_settings)


@asynccontextmanager
async def _lifespan(_: Litestar) -> AsyncGenerator[None]:
    async with run_background_work(_ctx):
        await examine.warn(_settings, _ctx)
        freeze_gc()
        yield


app = create_app(_ctx, _settings.max_body, lifespan=(_lifespan,))
