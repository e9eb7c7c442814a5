"""Passwords and e-mail addresses: changed by their owner, or by a link."""

from typing import Any

from fastapi import APIRouter, Request, Response

from gateway.accounts import schemas as shapes
from gateway.errors.openapi import JSON_BODY, SIGNED, problems
from gateway.http.authentication import Public, Signed
from gateway.http.body import JsonRoute
from gateway.http.rates import address_of, by_address, rates_of
from protos.auth.v1 import auth_pb2 as pb

OWNED = problems("invalid_credentials", "user_not_found", "credentials_required", *SIGNED, *JSON_BODY)

router = APIRouter(prefix="/api", tags=["accounts"], route_class=JsonRoute)


@router.post("/me/password", status_code=204, responses=OWNED)
async def change_password(form: shapes.PasswordChange, backend: Signed, request: Request) -> None:
    """Replace the password, given the old one; all other sessions end."""
    await _count_password(request)
    await backend.auth.ChangePassword(pb.ChangePasswordRequest(**form.model_dump()))


@router.post("/me/email", responses=OWNED)
async def change_email(form: shapes.EmailChange, backend: Signed, request: Request) -> shapes.ChangedEmail:
    """Replace the e-mail address, given the password. If this server sends e-mail, the change takes effect with a link
    sent to the new address, and the response does not reveal whether another account has it."""
    await _count_password(request)
    answer = await backend.auth.ChangeEmail(pb.ChangeEmailRequest(**form.model_dump()))
    return shapes.ChangedEmail(unconfirmed=answer.unconfirmed)


@router.post(
    "/confirm-email",
    dependencies=[by_address("logins")],
    status_code=204,
    responses=problems("invalid_sign_in_link", *JSON_BODY),
)
async def confirm_email(form: shapes.SignIn, backend: Public) -> None:
    """Confirm a new address by the token of a link. Only this request uses the link up, so previews are harmless."""
    await backend.auth.ConfirmEmail(pb.ConfirmEmailRequest(token=form.token))


@router.post(
    "/password-resets",
    dependencies=[by_address("links")],
    status_code=202,
    response_class=Response,
    responses=problems("mail_not_offered", *JSON_BODY),
)
async def send_password_reset(form: shapes.ResetRequest, backend: Public, request: Request) -> Response:
    """Send a password reset link to an address. The response does not reveal whether an account has it."""
    await rates_of(request).hit("addresses", form.email.strip().casefold())
    await backend.auth.SendPasswordReset(pb.SendPasswordResetRequest(**form.model_dump()))
    return Response(status_code=202)


@router.post(
    "/reset-password", dependencies=[by_address("logins")], responses=problems("invalid_sign_in_link", *JSON_BODY)
)
async def reset_password(form: shapes.NewPassword, backend: Public) -> shapes.PasswordOwner:
    """Set a new password by the token of a reset link, which ends all sessions of the account. Only this request uses
    the link up."""
    answer = await backend.auth.ResetPassword(pb.ResetPasswordRequest(**form.model_dump()))
    return shapes.PasswordOwner(username=answer.username)


async def _count_password(request: Request) -> None:
    """Counts a password attempt like a sign-in."""
    caller: Any = request.scope["caller"]
    await rates_of(request).hit("passwords", address_of(request), str(caller.user_id))
