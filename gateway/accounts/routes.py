"""Codes, accounts, sign-ins."""

import asyncio
from typing import Annotated, Any
from uuid import UUID, uuid4

import grpc
import segno
from fastapi import APIRouter, Header, Request, Response

from gateway.accounts import schemas as shapes
from gateway.accounts.memberships import describe_membership
from gateway.backends.channels import Backends
from gateway.errors.from_grpc import to_problem
from gateway.errors.openapi import JSON_BODY, SIGNED, problems
from gateway.http.authentication import Public, Signed, enter, find_token
from gateway.http.body import JsonRoute
from gateway.http.cookies import REFRESH, forget_session, is_renewable, keep_session, read_cookie
from gateway.http.devices import describe_device
from gateway.http.limits import MAX_PHOTOS
from gateway.http.phones import forget_phone, mark_phone
from gateway.http.rates import address_of, by_address, rates_of
from gateway.http.site import public_origin
from gateway.selfies.status import read_status
from protos.auth.v1 import auth_pb2 as pb
from protos.selfie.v1 import selfie_pb2

SIGNED_OUT = (401, 404)

# A UUID, since anyone who knows it can sign in with it for a while.
GuestKey = Annotated[UUID | None, Header(description="a random UUID; the same one: the same guest, for ten minutes")]

router = APIRouter(prefix="/api", tags=["accounts"], route_class=JsonRoute)


@router.post(
    "/check-event-code",
    dependencies=[by_address("codes")],
    response_model_exclude_none=True,
    responses=problems(*JSON_BODY),
)
async def check_event_code(form: shapes.EventCode, backend: Public) -> shapes.CodeCheck:
    """Check whether a code currently opens an event."""
    answer = await backend.auth.CheckEventCode(pb.CheckEventCodeRequest(event_code=form.event_code))
    return shapes.CodeCheck(valid=answer.valid, event_name=answer.event_name or None, closed=answer.closed or None)


@router.post(
    "/check-user-availability",
    dependencies=[by_address("availability")],
    responses=problems("invalid_event_code", *JSON_BODY),
)
async def check_user_availability(form: shapes.AvailabilityQuestion, backend: Public) -> shapes.Availability:
    """Check whether a user name is in use, and whether a member of the event has an e-mail address."""
    question = pb.CheckUserAvailabilityRequest(**form.model_dump())
    answer = await backend.auth.CheckUserAvailability(question)
    return shapes.Availability(username_taken=answer.username_taken, email_taken=answer.email_taken)


@router.post(
    "/register-with-event-code",
    dependencies=[by_address("registrations")],
    status_code=201,
    responses=problems("removed_from_event", *JSON_BODY),
)
async def register(form: shapes.Registration, backend: Public, request: Request, response: Response) -> shapes.Login:
    """Create an account, join the event of the code, and sign in. All faults of the form are reported together, except
    that an e-mail address is in use, which is reported only if nothing else is wrong."""
    attempt = pb.RegisterRequest(
        request_id=str(uuid4()),
        event_code=form.event_code,
        phone_mark=mark_phone(request, response),
        device=describe_device(request),
        **form.user_data.model_dump(),
    )
    answer = await backend.auth.Register(attempt)
    return log_in(request, response, answer, answer.event_id)


@router.post(
    "/guest-sessions",
    dependencies=[by_address("guests")],
    status_code=201,
    responses=problems(
        "invalid_event_code",
        "event_closed",
        "removed_from_event",
        "invalid_argument",
        "idempotency_key_reused",
        *JSON_BODY,
    ),
)
async def create_guest(
    form: shapes.NewGuest, backend: Public, request: Request, response: Response, idempotency_key: GuestKey = None
) -> shapes.GuestSession:
    """Become a guest of an event without user name, e-mail address or password; cookies keep the guest signed in."""
    if mark := mark_phone(request, response):
        await rates_of(request).hit("phones", mark)
    answer = await backend.auth.CreateGuest(
        pb.CreateGuestRequest(
            request_id=str(idempotency_key or uuid4()),
            without_search=not form.search,
            phone_mark=mark,
            device=describe_device(request),
            **form.model_dump(exclude={"search"}),
        )
    )
    keep_session(request, response, answer.tokens)
    return shapes.GuestSession(
        user_id=answer.user_id,
        event_id=answer.event_id,
        event_name=answer.event_name,
        waiting=answer.waiting,
        **_pair(answer.tokens),
    )


@router.get("/session")
async def get_session(request: Request) -> shapes.Session:
    """The signed-in account, and the capabilities of this server. Also available without a session."""
    limits = request.app.state.limits
    server = shapes.Offer(
        max_selfie_bytes=limits.max_selfie_bytes,
        max_photo_bytes=limits.max_photo_bytes,
        photos_per_request=MAX_PHOTOS,
        mail=request.app.state.sends_mail,
    )
    token = find_token(request.scope, request.headers)
    try:
        me = await _read_me(enter(request, token)) if token else None
    except grpc.aio.AioRpcError as error:
        if to_problem(error).status_code not in SIGNED_OUT:
            raise
        me = None
    is_first = me is None and await request.app.state.first_organiser.is_possible(enter(request, ""))
    return shapes.Session(me=me, renewable=is_renewable(request), server=server, first_organiser=is_first)


@router.post("/login", dependencies=[by_address("logins")], responses=problems("invalid_credentials", *JSON_BODY))
async def login(form: shapes.Credentials, backend: Public, request: Request, response: Response) -> shapes.Login:
    """Exchange a password for tokens; also sets the cookies of a page."""
    await rates_of(request).hit("passwords", address_of(request), form.username.casefold())
    answer = await backend.auth.Login(pb.LoginRequest(device=describe_device(request), **form.model_dump()))
    return log_in(request, response, answer, answer.event_id)


@router.post("/refresh", responses=problems("invalid_refresh_token", "session_expired", *JSON_BODY))
async def refresh(
    backend: Public, request: Request, response: Response, form: shapes.RefreshToken | None = None
) -> shapes.TokenPair:
    """Exchange a refresh token for a new pair, and renew the cookies. Without a body, the page's cookie is used."""
    answer = await backend.auth.RefreshToken(pb.RefreshTokenRequest(refresh_token=_refresh_token(request, form)))
    keep_session(request, response, answer.tokens)
    return shapes.TokenPair(**_pair(answer.tokens))


@router.delete("/refresh", status_code=204, responses=problems())
async def sign_out(backend: Public, request: Request, response: Response) -> None:
    """End the session of a page's own cookie, and clear both cookies."""
    if token := read_cookie(request.scope, request.headers, REFRESH):
        await backend.auth.Logout(pb.LogoutRequest(refresh_token=token))
    forget_session(request, response)


@router.post("/logout", status_code=204, responses=problems(*JSON_BODY))
async def logout(form: shapes.RefreshToken, backend: Public, request: Request, response: Response) -> None:
    """End the session of a refresh token and clear the cookie."""
    await backend.auth.Logout(pb.LogoutRequest(refresh_token=form.refresh_token))
    forget_session(request, response)


@router.post(
    "/join-event",
    dependencies=[by_address("codes")],
    responses=problems(
        "invalid_event_code", "event_closed", "user_not_found", "removed_from_event", *SIGNED, *JSON_BODY
    ),
)
async def join_event(form: shapes.Joining, backend: Signed, request: Request, response: Response) -> shapes.JoinedEvent:
    """Become a guest of another event; unless they disable `search`, an active selfie is matched there, too, as soon as
    the guest is admitted."""
    answer = await backend.auth.JoinEvent(
        pb.JoinEventRequest(
            event_code=form.event_code,
            consent_version=form.consent_version,
            consent_language=form.consent_language,
            without_search=not form.search,
            phone_mark=mark_phone(request, response),
        )
    )
    return shapes.JoinedEvent(event_id=answer.event_id, event_name=answer.event_name, waiting=answer.waiting)


@router.get("/me", response_model_exclude_none=True, responses=problems("user_not_found", *SIGNED))
async def get_me(backend: Signed) -> shapes.Me:
    """The caller's account, events and selfie."""
    return await _read_me(backend)


@router.post("/me/sign-in-links", status_code=201, responses=problems("user_not_found", *SIGNED))
async def create_sign_in_link(backend: Signed, request: Request) -> shapes.SignInLink:
    """Create a link, also as a QR code, that signs in another device of the caller."""
    answer = await backend.auth.CreateSignInLink(pb.CreateSignInLinkRequest())
    return show_link(request, answer)


@router.post("/sign-in", dependencies=[by_address("logins")], responses=problems("invalid_sign_in_link", *JSON_BODY))
async def sign_in(form: shapes.SignIn, backend: Public, request: Request, response: Response) -> shapes.Login:
    """Exchange the token of a link for tokens. Only this request uses the link up, so previews are harmless."""
    answer = await backend.auth.SignIn(pb.SignInRequest(token=form.token, device=describe_device(request)))
    return log_in(request, response, answer, answer.event_id)


def show_link(request: Request, answer: pb.CreateSignInLinkResponse) -> shapes.SignInLink:
    path = f"{request.scope.get('root_path', '')}/sign-in#{answer.token}"
    code = segno.make_qr(f"{public_origin(request)}{path}")
    return shapes.SignInLink(
        token=answer.token, path=path, qr_svg=code.svg_data_uri(border=2), expires_in=answer.expires_in.seconds
    )


@router.post(
    "/me/credentials", status_code=204, responses=problems("credentials_set", "user_not_found", *SIGNED, *JSON_BODY)
)
async def set_credentials(form: shapes.UserData, backend: Signed) -> None:
    """Give a guest's account a user name, an e-mail address and a password."""
    await backend.auth.SetCredentials(pb.SetCredentialsRequest(**form.model_dump()))


async def _read_me(backend: Backends) -> shapes.Me:
    user, state = await asyncio.gather(
        backend.auth.GetUser(pb.GetUserRequest()),
        backend.selfie.GetRematchState(selfie_pb2.GetRematchStateRequest()),
    )
    return shapes.Me(
        user_id=user.user_id,
        username=user.username,
        email=user.email,
        display_name=user.display_name,
        organiser=user.organiser,
        events=[describe_membership(membership) for membership in user.memberships],
        selfie=read_status(state),
    )


@router.delete("/me", status_code=204, responses=problems(*SIGNED))
async def delete_me(backend: Signed, request: Request, response: Response) -> None:
    """Erase all data of the caller."""
    await backend.auth.DeleteUser(pb.DeleteUserRequest())
    forget_session(request, response)
    forget_phone(request, response)


def _refresh_token(request: Request, form: shapes.RefreshToken | None) -> str:
    return form.refresh_token if form else read_cookie(request.scope, request.headers, REFRESH)


def log_in(request: Request, response: Response, answer: Any, event_id: str = "") -> shapes.Login:
    """`event_id`: the event joined last; empty: none."""
    keep_session(request, response, answer.tokens)
    return shapes.Login(user_id=answer.user_id, event_id=event_id or None, **_pair(answer.tokens))


def _pair(tokens: pb.TokenPair) -> dict[str, Any]:
    return {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "expires_in": tokens.expires_in.seconds,
    }
