"""gRPC servicer of AuthService: accounts and their sessions."""

from google.protobuf.duration_pb2 import Duration

from auth_service.domain import GivenConsent
from auth_service.messages import show_login, show_session, show_tokens, show_user
from auth_service.service import Auth
from kit.rpc.identity import PUBLIC, USER, callable_by, current_caller
from kit.rpc.ids import parse_id, parse_optional_id
from protos.auth.v1 import auth_pb2 as pb
from protos.auth.v1 import auth_pb2_grpc


class AccountServicer(auth_pb2_grpc.AuthServiceServicer):
    """Converts requests and responses only; rules and errors are those of the service layer."""

    def __init__(self, auth: Auth) -> None:
        self._auth = auth

    @callable_by(PUBLIC)
    def CheckUserAvailability(self, request, context):
        username_taken, email_taken = self._auth.accounts.check_user_availability(
            request.username, request.email, request.event_code
        )
        return pb.CheckUserAvailabilityResponse(username_taken=username_taken, email_taken=email_taken)

    @callable_by(PUBLIC)
    def Register(self, request, context):
        login = self._auth.accounts.register(
            parse_optional_id(request.request_id),
            request.username,
            request.email,
            request.password,
            request.event_code,
            request.phone_mark,
            request.device,
        )
        return pb.RegisterResponse(**show_login(login), waiting=login.waiting)

    @callable_by(PUBLIC)
    def CreateGuest(self, request, context):
        login, event = self._auth.accounts.create_guest(
            parse_optional_id(request.request_id),
            request.event_code,
            request.display_name,
            GivenConsent(request.consent_version, request.consent_language),
            searched=not request.without_search,
            phone_mark=request.phone_mark,
            device=request.device,
        )
        return pb.CreateGuestResponse(**show_login(login), event_name=event.name, waiting=login.waiting)

    @callable_by(USER)
    def SetCredentials(self, request, context):
        self._auth.accounts.set_credentials(current_caller().user_id, request.username, request.email, request.password)
        return pb.SetCredentialsResponse()

    @callable_by(USER)
    def GetUser(self, request, context):
        return show_user(*self._auth.accounts.get_user(current_caller().user_id))

    @callable_by(USER)
    def DeleteUser(self, request, context):
        self._auth.accounts.delete_user(current_caller().user_id)
        return pb.DeleteUserResponse()

    @callable_by(USER)
    def ChangePassword(self, request, context):
        caller = current_caller()
        self._auth.credentials.change_password(
            caller.user_id, caller.session_id, request.old_password, request.new_password
        )
        return pb.ChangePasswordResponse()

    @callable_by(USER)
    def ChangeEmail(self, request, context):
        is_unconfirmed = self._auth.credentials.change_email(
            current_caller().user_id, request.password, request.email, request.language
        )
        return pb.ChangeEmailResponse(unconfirmed=is_unconfirmed)

    @callable_by(PUBLIC)
    def ConfirmEmail(self, request, context):
        self._auth.credentials.confirm_email(request.token)
        return pb.ConfirmEmailResponse()

    @callable_by(PUBLIC)
    def SendPasswordReset(self, request, context):
        self._auth.credentials.send_reset(request.email, request.language)
        return pb.SendPasswordResetResponse()

    @callable_by(PUBLIC)
    def ResetPassword(self, request, context):
        username = self._auth.credentials.reset_password(request.token, request.password)
        return pb.ResetPasswordResponse(username=username)

    @callable_by(USER)
    def CreateSignInLink(self, request, context):
        is_for_guest = request.event_id or request.user_id
        guest = (parse_id(request.event_id), parse_id(request.user_id)) if is_for_guest else None
        token, ttl_s = self._auth.sessions.create_link(current_caller().user_id, guest)
        return pb.CreateSignInLinkResponse(token=token, expires_in=Duration(seconds=ttl_s))

    @callable_by(PUBLIC)
    def SignIn(self, request, context):
        login = self._auth.sessions.sign_in(request.token, request.device)
        return pb.SignInResponse(**show_login(login))

    @callable_by(PUBLIC)
    def Login(self, request, context):
        login = self._auth.sessions.login(request.username, request.password, request.device)
        return pb.LoginResponse(**show_login(login))

    @callable_by(PUBLIC)
    def RefreshToken(self, request, context):
        return pb.RefreshTokenResponse(tokens=show_tokens(self._auth.sessions.refresh(request.refresh_token)))

    @callable_by(PUBLIC)
    def Logout(self, request, context):
        self._auth.sessions.logout(request.refresh_token)
        return pb.LogoutResponse()

    @callable_by(USER)
    def ListSessions(self, request, context):
        caller = current_caller()
        sessions = self._auth.sessions.list_sessions(caller.user_id)
        return pb.ListSessionsResponse(sessions=[show_session(session, caller.session_id) for session in sessions])

    @callable_by(USER)
    def EndSession(self, request, context):
        caller, session_id = current_caller(), parse_id(request.session_id)
        self._auth.sessions.end_session(caller.user_id, session_id)
        return pb.EndSessionResponse(current=session_id == caller.session_id)

    @callable_by(USER)
    def EndOtherSessions(self, request, context):
        caller = current_caller()
        self._auth.sessions.end_other_sessions(caller.user_id, caller.session_id)
        return pb.EndOtherSessionsResponse()
