"""E-mail about a guest's first photos, sign-in links, and unsubscribing."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from gateway.accounts import schemas as shapes
from gateway.errors.openapi import JSON_BODY, SIGNED, problems
from gateway.http.authentication import Public, Signed
from gateway.http.body import JsonRoute
from gateway.http.rates import by_address, rates_of
from protos.auth.v1 import auth_pb2 as pb

router = APIRouter(prefix="/api", tags=["accounts"], route_class=JsonRoute)


@router.put(
    "/me/notices", status_code=204, responses=problems("event_not_found", "mail_not_offered", *SIGNED, *JSON_BODY)
)
async def set_notice(form: shapes.Notice, backend: Signed) -> None:
    """Set or replace an e-mail address for an event: it receives one e-mail when there are photos of the caller."""
    notice = pb.SetNoticeRequest(event_id=str(form.event_id), email=form.email, language=form.language)
    await backend.auth.SetNotice(notice)


@router.delete("/me/notices", status_code=204, responses=problems("invalid_form", *SIGNED))
async def delete_notice(event_id: Annotated[UUID, Query()], backend: Signed) -> None:
    """Delete the e-mail address set for an event."""
    await backend.auth.DeleteNotice(pb.DeleteNoticeRequest(event_id=str(event_id)))


@router.post(
    "/sign-in-links",
    dependencies=[by_address("links")],
    status_code=202,
    response_class=Response,
    responses=problems("mail_not_offered", *JSON_BODY),
)
async def send_sign_in_link(form: shapes.LinkRequest, backend: Public, request: Request) -> Response:
    """Send a sign-in link, valid once within an hour, to an address. The response does not reveal whether an account
    has it."""
    await rates_of(request).hit("addresses", form.email.strip().casefold())
    await backend.auth.SendSignInLink(pb.SendSignInLinkRequest(**form.model_dump()))
    return Response(status_code=202)


@router.post("/unsubscribe/{token}", status_code=204, responses=problems("invalid_form"))
async def unsubscribe(token: Annotated[str, Path(max_length=256)], backend: Public) -> None:
    """Unsubscribe from e-mail about the event of an e-mail. The body, which mail programs send (RFC 8058), is
    ignored."""
    await backend.auth.Unsubscribe(pb.UnsubscribeRequest(token=token))
