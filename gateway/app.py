"""The application: routes, errors, and the channels that live as long as it does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import grpc
from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from gateway.accounts import consents, credentials, export, mail, sessions
from gateway.accounts import routes as accounts
from gateway.backends.channels import Addresses, Backends
from gateway.errors.from_grpc import answer_rpc_error
from gateway.errors.openapi import describe
from gateway.errors.problem import answer_invalid, answer_problem
from gateway.events import anomalies, audit, logos
from gateway.events import routes as events
from gateway.http.admission import Admission
from gateway.http.limiters import Limiters
from gateway.http.limits import SEARCH_MEMORY_BYTES, SELFIE_MEMORY_BYTES, Limits
from gateway.http.methods import Methods
from gateway.http.middleware import RequestMiddleware
from gateway.http.queries import reject_unknown_parameters
from gateway.http.rates import RateLimiters
from gateway.http.site import DIRECT, Site, accept_proxies, allow_origins
from gateway.http.spool import SpoolMemory, StrictSpoolMemory
from gateway.invitations import routes as invitations
from gateway.invitations.setup import FirstOrganiserCheck
from gateway.operators import routes as operators
from gateway.pages import WEB, Pages, answer_errors, create_router
from gateway.photos import archive, cameras, curation, faces, pictures, removals
from gateway.photos import routes as photos
from gateway.photos.archive_entries import KnownChecksums
from gateway.posters import routes as posters
from gateway.selfies import people
from gateway.selfies import routes as selfies
from gateway.updates import routes as updates
from gateway.updates.feed import Feed, stop
from gateway.updates.hub import Hub
from gateway.updates.live import Live
from gateway.updates.schemas import Update
from gateway.updates.state import EventState
from kit.rpc.identity import Signer, Verifier
from kit.settings import TlsSettings

DESCRIPTION = """Guests of an event take one selfie and get every photo they are in.

Every error is `application/problem+json` (RFC 9457); its `reason` is stable. Every answer has an `x-request-id`.
"""

TAGS: list[dict[str, Any]] = [
    {"name": "accounts", "description": "Event codes, accounts, sign-ins."},
    {"name": "selfies", "description": "A guest's selfie, and the progress of its comparison with the photos."},
    {"name": "photos", "description": "The photos that a guest is in, the photos of an event, and their pictures."},
    {"name": "updates", "description": "Changes while a page is open."},
    {"name": "events", "description": "Events and their guests, for organisers."},
    {"name": "operators", "description": "Health and readiness."},
]

ROUTERS = [
    module.router
    for module in (
        accounts,
        consents,
        export,
        sessions,
        credentials,
        selfies,
        people,
        photos,
        curation,
        cameras,
        faces,
        removals,
        pictures,
        archive,
        updates,
        events,
        anomalies,
        audit,
        logos,
        posters,
        mail,
        operators,
        invitations,
    )
]


def create_app(
    addresses: Addresses,
    tls: TlsSettings,
    limits: Limits,
    verifier: Verifier,
    site: Site = DIRECT,
    signer: Signer | None = None,
    sends_mail: bool = False,
    shows_docs: bool = True,
) -> FastAPI:
    """Creates the application. Without a `signer`, whose key the services trust as the gateway's, there are no live
    updates. `sends_mail`: pages offer e-mail. `shows_docs`: /docs and /openapi.json are served."""
    limiters = Limiters(limits.bounds)
    hub = Hub(limits, verifier.ended) if signer else None

    app = FastAPI(
        title="Minois",
        version="1",
        description=DESCRIPTION,
        lifespan=_lifespan(addresses, tls, limits, site, limiters, hub, signer),
        openapi_url="/openapi.json" if shows_docs else None,
        docs_url=None,  # we serve our own page, without files of a CDN
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        servers=[{"url": site.root_path or "/"}],
        root_path_in_servers=False,
        openapi_tags=TAGS,
    )
    _keep_state(app, limits, site, limiters, hub, sends_mail)
    _add_routes(app, shows_docs)
    app.add_middleware(Methods)
    app.add_middleware(Admission, limiters=limiters, limits=limits, verifier=verifier)
    allow_origins(app, site)
    app.add_middleware(RequestMiddleware, hsts_days=site.hsts_days)
    accept_proxies(app, site)
    app.openapi = lambda: describe(app, Update, EventState)  # type: ignore[method-assign]
    return app


def _add_routes(app: FastAPI, shows_docs: bool) -> None:
    """The REST API, the pages, and the handlers of errors."""
    for router in ROUTERS:
        app.include_router(router, dependencies=[Depends(reject_unknown_parameters)])
    pages = Pages(WEB)
    app.include_router(create_router(pages, shows_docs))
    app.add_exception_handler(HTTPException, answer_errors(pages, answer_problem))
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(grpc.aio.AioRpcError, answer_rpc_error)


def _keep_state(
    app: FastAPI, limits: Limits, site: Site, limiters: Limiters, hub: Hub | None, sends_mail: bool
) -> None:
    """Fills `app.state`, which requests read as `request.app.state`."""
    app.state.limits = limits
    app.state.site = site
    app.state.limiters = limiters
    app.state.hub = hub
    app.state.live = None
    app.state.sends_mail = sends_mail
    app.state.checksums = KnownChecksums()
    app.state.selfie_memory = SpoolMemory(SELFIE_MEMORY_BYTES)
    app.state.search_memory = StrictSpoolMemory(SEARCH_MEMORY_BYTES)
    app.state.rates = RateLimiters(limits.rates, limits.rate_limit_url)
    app.state.first_organiser = FirstOrganiserCheck()


def _lifespan(
    addresses: Addresses,
    tls: TlsSettings,
    limits: Limits,
    site: Site,
    limiters: Limiters,
    hub: Hub | None,
    signer: Signer | None,
) -> Callable[[FastAPI], AbstractAsyncContextManager[dict[str, Any]]]:
    """The lifespan of the application: opens the channels to the services, and runs the feed of changes."""

    @asynccontextmanager
    async def open_backends(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        app.state.backends = Backends.open(addresses, tls, limits)
        tasks = []
        if hub and signer:
            app.state.live = Live(app.state.backends, signer, hub)
            feed = Feed(app.state.backends, signer, hub, app.state.live)
            tasks = [asyncio.create_task(feed.run()), asyncio.create_task(hub.keep_alive())]
        # The state that the protocol class receives.
        yield {
            "limits": limits,
            "limiters": limiters,
            "sheds_early": not site.cors_origins,
            "end_streams": hub.end_all if hub else lambda: None,
        }
        await stop(*tasks)
        await app.state.backends.close()
        await app.state.rates.close()

    return open_backends
