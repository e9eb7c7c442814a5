"""Invitations to events, and the first organiser."""

from uuid import UUID, uuid4

import segno
from fastapi import APIRouter, Request, Response

from gateway.accounts.memberships import ROLES
from gateway.accounts.routes import log_in
from gateway.accounts.schemas import Login
from gateway.errors.openapi import JSON_BODY, SIGNED, problems
from gateway.http.authentication import Public, Signed
from gateway.http.body import JsonRoute
from gateway.http.devices import describe_device
from gateway.http.rates import address_of, by_address, rates_of
from gateway.http.site import public_origin
from gateway.http.times import epoch_s
from gateway.invitations import schemas as shapes
from protos.auth.v1 import auth_pb2 as pb

ORGANISED = ("invalid_argument", "organiser_only", "event_not_found", *SIGNED)

router = APIRouter(prefix="/api", tags=["events"], route_class=JsonRoute)


@router.post(
    "/events/{event_id}/invitations",
    status_code=201,
    responses=problems("too_many_invitations", *ORGANISED, *JSON_BODY),
)
async def create_invitation(
    event_id: UUID, form: shapes.NewInvitation, backend: Signed, request: Request
) -> shapes.CreatedInvitation:
    """Create a link, also as a QR code, that gives one account a role in the event; valid once within 7 days."""
    answer = await backend.auth.CreateInvitation(
        pb.CreateInvitationRequest(event_id=str(event_id), role=f"ROLE_{form.role.upper()}")
    )
    path = f"{request.scope.get('root_path', '')}/organiser/invitation#{answer.token}"
    code = segno.make_qr(f"{public_origin(request)}{path}")
    shown = _invitation(answer.invitation).model_dump()
    return shapes.CreatedInvitation(**shown, token=answer.token, path=path, qr_svg=code.svg_data_uri(border=2))


@router.get("/events/{event_id}/invitations", responses=problems(*ORGANISED))
async def list_invitations(event_id: UUID, backend: Signed) -> shapes.Invitations:
    """The invitations of an event that can still be accepted."""
    answer = await backend.auth.ListInvitations(pb.ListInvitationsRequest(event_id=str(event_id)))
    return shapes.Invitations(invitations=[_invitation(invitation) for invitation in answer.invitations])


@router.delete("/events/{event_id}/invitations/{invitation_id}", status_code=204, responses=problems(*ORGANISED))
async def revoke_invitation(event_id: UUID, invitation_id: UUID, backend: Signed) -> None:
    """Withdraw an invitation; members who accepted it stay."""
    await backend.auth.RevokeInvitation(
        pb.RevokeInvitationRequest(event_id=str(event_id), invitation_id=str(invitation_id))
    )


@router.post(
    "/invitations/look",
    dependencies=[by_address("logins")],
    responses=problems("invalid_invitation", *JSON_BODY),
)
async def look_up_invitation(form: shapes.InvitationToken, backend: Public) -> shapes.ShownInvitation:
    """What an invitation is for. Does not use it up."""
    answer = await backend.auth.LookUpInvitation(pb.LookUpInvitationRequest(token=form.token))
    return shapes.ShownInvitation(
        event_id=answer.event_id,
        event_name=answer.event_name,
        role=ROLES.get(answer.role, "guest"),
        created_by=answer.created_by,
        expires_at=epoch_s(answer, "expire_time") or 0,
    )


@router.post(
    "/invitations/accept",
    dependencies=[by_address("logins")],
    responses=problems(
        "invalid_invitation", "user_not_found", "credentials_required", "removed_from_event", *SIGNED, *JSON_BODY
    ),
)
async def accept_invitation(form: shapes.InvitationToken, backend: Signed) -> shapes.AcceptedInvitation:
    """Accept the role of an invitation, which uses it up. A caller with a higher role keeps it, and the invitation
    stays valid."""
    answer = await backend.auth.AcceptInvitation(pb.AcceptInvitationRequest(token=form.token))
    return shapes.AcceptedInvitation(
        event_id=answer.event_id, event_name=answer.event_name, role=ROLES.get(answer.role, "guest")
    )


@router.post(
    "/invitations/register",
    dependencies=[by_address("logins"), by_address("registrations")],
    status_code=201,
    responses=problems("invalid_invitation", "invalid_credentials", *JSON_BODY),
)
async def register_invited(form: shapes.InvitedUser, backend: Public, request: Request, response: Response) -> Login:
    """Create an account, accept an invitation for it, and sign in."""
    attempt = pb.RegisterInvitedRequest(
        request_id=str(uuid4()), token=form.token, device=describe_device(request), **form.user_data.model_dump()
    )
    answer = await backend.auth.RegisterInvited(attempt)
    return log_in(request, response, answer, answer.event_id)


@router.post(
    "/first-organiser",
    dependencies=[by_address("logins")],
    status_code=201,
    responses=problems("organiser_exists", "invalid_setup_code", *JSON_BODY),
)
async def create_first_organiser(
    form: shapes.FirstOrganiser, backend: Public, request: Request, response: Response
) -> Login:
    """Create the first account that may create events, and sign in; requires the code that auth_service logs at its
    start."""
    await rates_of(request).hit("passwords", address_of(request), "first-organiser")
    attempt = pb.CreateFirstOrganiserRequest(
        code=form.code, device=describe_device(request), **form.user_data.model_dump()
    )
    return log_in(request, response, await backend.auth.CreateFirstOrganiser(attempt))


def _invitation(invitation: pb.Invitation) -> shapes.Invitation:
    return shapes.Invitation(
        id=invitation.invitation_id,
        role=ROLES.get(invitation.role, "guest"),
        created_by=invitation.created_by,
        created_at=epoch_s(invitation, "create_time") or 0,
        expires_at=epoch_s(invitation, "expire_time") or 0,
    )
