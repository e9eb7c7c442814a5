"""The streams of pages: changes for a guest, and the state of an event for its organisers."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from gateway.errors.openapi import SIGNED, TEXT, problems
from gateway.errors.problem import Problem
from gateway.http.authentication import Signed, authentication_required, find_token
from gateway.updates.hub import Hub
from gateway.updates.live import Live
from gateway.updates.page import Stream

HEADERS = {"Cache-Control": "private, no-store", "X-Accel-Buffering": "no"}
DESCRIPTION = """\
Server-sent events for a page that stays open: `selfie` (read `/api/rematch-status` again), `photos` (read `/api/my-
photos` of `event_id` again), `events` (read `/api/session` again: the user was admitted or is no longer a member, or
the event was closed, opened or changed), `reload` (read everything again). If `within_s` is given, the page first waits
a random time up to it. Every event has an `id`; a page that reconnects with it as `Last-Event-ID` receives the events
that it has missed. The first event is `hello`; data read after it is not older than the stream. The stream ends with
the access token: refresh it and reconnect. `data` is an Update."""

LIVE = """\
Server-sent events for a page that shows an event to an organiser, a couple or a photographer: `state` immediately and
after every change, at most once a second, with the counts of `/api/events/{event_id}` for the caller. Each one is
complete, so a page that reconnects has missed nothing. The stream ends with the access token, and when the caller may
no longer see the event. `data` is an EventState."""
ORGANISED = ("invalid_argument", "organiser_only", "event_not_found", *SIGNED)

router = APIRouter(prefix="/api", tags=["updates"])

LastEventId = Annotated[str, Header(description="`id` of the last event received; an EventSource sends it by itself")]


class UpdateStream(StreamingResponse):
    """Streams until the page disconnects, its token expires or the process stops."""

    def __init__(self, page: Stream, close: Callable[[], None], lasts_s: float) -> None:
        super().__init__(page.events(), media_type="text/event-stream", headers=HEADERS)
        self._page = page
        self._close = close
        self._lasts_s = lasts_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        expiry = asyncio.get_running_loop().call_later(self._lasts_s, self._page.end)
        try:
            await super().__call__(scope, receive, send)
        finally:
            expiry.cancel()
            self._close()


@router.get(
    "/updates",
    description=DESCRIPTION,
    response_class=StreamingResponse,
    responses={
        200: {"description": "Each event's `data` is an Update.", "content": {"text/event-stream": TEXT}},
        **problems(*SIGNED),
    },
)
async def follow_updates(request: Request, _: Signed, last_event_id: LastEventId = "") -> Response:
    caller = request.scope["caller"]
    if caller is None:
        raise authentication_required()
    hub: Hub | None = request.app.state.hub
    if hub is None:
        raise Problem(503, "service_unavailable", "Live updates are switched off.")
    page = hub.open(caller, last_event_id)
    return UpdateStream(page, partial(hub.close, page), max(0.0, caller.expires_at - time.time()))


@router.get(
    "/events/{event_id}/updates",
    description=LIVE,
    response_class=StreamingResponse,
    responses={
        200: {"description": "Each event's `data` is an EventState.", "content": {"text/event-stream": TEXT}},
        **problems(*ORGANISED),
    },
)
async def follow_event(event_id: UUID, request: Request, _: Signed) -> Response:
    caller = request.scope["caller"]
    if caller is None:
        raise authentication_required()
    live: Live | None = request.app.state.live
    if live is None:
        raise Problem(503, "service_unavailable", "Live updates are switched off.")
    page = await live.open(event_id, caller, find_token(request.scope, request.headers))
    return UpdateStream(page, partial(live.close, event_id, page), max(0.0, caller.expires_at - time.time()))
