"""Codes, accounts, logins."""

import asyncio
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from gateway.accounts import schemas as shapes
from gateway.errors.openapi import JSON_BODY, SIGNED, problems
from gateway.http.authentication import Public, Reader, Writer, forget_token, keep_token
from gateway.http.body import JsonRoute
from gateway.http.times import epoch_s
from gateway.selfies.status import read_status
from protos.auth.v1 import auth_pb2 as pb
from protos.selfie.v1 import selfie_pb2

ROLES = {pb.ROLE_GUEST: "guest", pb.ROLE_ORGANISER: "organiser"}

router = APIRouter(prefix="/api", tags=["accounts"], route_class=JsonRoute)


@router.post("/check-event-code", response_model_exclude_none=True, responses=problems(*JSON_BODY))
async def check_event_code(form: shapes.EventCode, backend: Public) -> shapes.CodeCheck:
    """Whether a code opens an event now."""
    answer = await backend.auth.CheckEventCode(pb.CheckEventCodeRequest(event_code=form.event_code))
    return shapes.CodeCheck(valid=answer.valid, event_name=answer.event_name or None)


@router.post("/check-user-availability", responses=problems("invalid_event_code", *JSON_BODY))
async def check_user_availability(form: shapes.AvailabilityQuestion, backend: Public) -> shapes.Availability:
    """Whether a user name and an e-mail address are taken."""
    question = pb.CheckUserAvailabilityRequest(**form.model_dump())
    answer = await backend.auth.CheckUserAvailability(question)
    return shapes.Availability(username_taken=answer.username_taken, email_taken=answer.email_taken)


@router.post("/register-with-event-code", status_code=201, responses=problems(*JSON_BODY))
async def register(form: shapes.Registration, backend: Public, request: Request, response: Response) -> shapes.Login:
    """Make an account, join the event of the code, and log in. All faults of the form come in one answer."""
    attempt = pb.RegisterRequest(request_id=str(uuid4()), event_code=form.event_code, **form.user_data.model_dump())
    return _log_in(request, response, await backend.auth.Register(attempt))


@router.post("/login", responses=problems("invalid_credentials", *JSON_BODY))
async def login(form: shapes.Credentials, backend: Public, request: Request, response: Response) -> shapes.Login:
    """Trade a password for tokens; also sets the cookie for pictures and server-sent events."""
    return _log_in(request, response, await backend.auth.Login(pb.LoginRequest(**form.model_dump())))


@router.post("/refresh", responses=problems("invalid_refresh_token", *JSON_BODY))
async def refresh(form: shapes.RefreshToken, backend: Public, request: Request, response: Response) -> shapes.TokenPair:
    """Trade a refresh token for a new pair; also renews the cookie."""
    answer = await backend.auth.RefreshToken(pb.RefreshTokenRequest(refresh_token=form.refresh_token))
    keep_token(request, response, answer.tokens.access_token, answer.tokens.expires_in.seconds)
    return shapes.TokenPair(**_pair(answer.tokens))


@router.post("/logout", status_code=204, responses=problems(*JSON_BODY))
async def logout(form: shapes.RefreshToken, backend: Public, request: Request, response: Response) -> None:
    """End the session of a refresh token and clear the cookie."""
    await backend.auth.Logout(pb.LogoutRequest(refresh_token=form.refresh_token))
    forget_token(request, response)


@router.post(
    "/join-event", responses=problems("invalid_event_code", "event_closed", "user_not_found", *SIGNED, *JSON_BODY)
)
async def join_event(form: shapes.EventCode, backend: Writer) -> shapes.JoinedEvent:
    """Become a guest of one more event; an active selfie is matched there too."""
    answer = await backend.auth.JoinEvent(pb.JoinEventRequest(event_code=form.event_code))
    return shapes.JoinedEvent(event_id=answer.event_id, event_name=answer.event_name)


@router.get("/me", response_model_exclude_none=True, responses=problems("user_not_found", *SIGNED))
async def get_me(backend: Reader) -> shapes.Me:
    """The caller's account, events and selfie."""
    user, state = await asyncio.gather(
        backend.auth.GetUser(pb.GetUserRequest()),
        backend.selfie.GetRematchState(selfie_pb2.GetRematchStateRequest()),
    )
    return shapes.Me(
        user_id=user.user_id,
        username=user.username,
        email=user.email,
        organiser=user.organiser,
        events=[_membership(membership) for membership in user.memberships],
        selfie=read_status(state),
    )


@router.delete("/me", status_code=204, responses=problems(*SIGNED))
async def delete_me(backend: Writer, request: Request, response: Response) -> None:
    """Erase everything of the caller."""
    await backend.auth.DeleteUser(pb.DeleteUserRequest())
    forget_token(request, response)


def _log_in(request: Request, response: Response, answer: Any) -> shapes.Login:
    keep_token(request, response, answer.tokens.access_token, answer.tokens.expires_in.seconds)
    return shapes.Login(user_id=answer.user_id, event_id=answer.event_id or None, **_pair(answer.tokens))


def _pair(tokens: pb.TokenPair) -> dict[str, Any]:
    return {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "expires_in": tokens.expires_in.seconds,
    }


def _membership(membership: pb.Membership) -> shapes.Membership:
    return shapes.Membership(
        event_id=membership.event_id,
        name=membership.event_name,
        role=ROLES.get(membership.role, "guest"),
        closed=membership.closed,
        joined_at=epoch_s(membership, "join_time") or 0,
    )
