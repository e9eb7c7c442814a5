"""gRPC servicer of AuthService: events, their members, the change feed, and e-mail."""

from google.protobuf.duration_pb2 import Duration

from auth_service.domain import GivenConsent
from auth_service.mails import Notice
from auth_service.messages import (
    member_key,
    show_accepted,
    show_change,
    show_consent,
    show_ended,
    show_event,
    show_guest,
    show_invitation,
    show_invited,
    show_login,
    show_removed,
    show_shared_phone,
    show_tokens,
)
from auth_service.requests import parse_event_edit, parse_new_event, parse_role
from auth_service.servicer.accounts import AccountServicer
from kit.audit.pages import parse_act_page, show_act
from kit.db.pages import parse_page
from kit.rpc import deadlines
from kit.rpc.identity import PUBLIC, USER, callable_by, current_caller, service
from kit.rpc.ids import parse_id, parse_optional_id
from protos.auth.v1 import auth_pb2 as pb

FOLLOWERS = (service("selfie"), service("matcher"), service("gateway"))
DEFAULT_SIZE = 500  # of pages that services read
MAX_SIZE = 1000
MAX_WAIT_S = 20


class AuthServicer(AccountServicer):
    """All rpcs, including those of AccountServicer. Converts requests and responses only."""

    @callable_by(PUBLIC)
    def CheckEventCode(self, request, context):
        event = self._auth.events.check_event_code(request.event_code)
        if event is None or event.ended:
            return pb.CheckEventCodeResponse(closed=event is not None)
        return pb.CheckEventCodeResponse(valid=True, event_name=event.name)

    @callable_by(*FOLLOWERS, long=True)
    def ListEndedSessions(self, request, context):
        ended, place = self._auth.endings.list_after(request.after, _wait_s(request.wait))
        return pb.ListEndedSessionsResponse(sessions=[show_ended(one) for one in ended], place=place)

    @callable_by(USER)
    def JoinEvent(self, request, context):
        event, waiting = self._auth.members.join_event(
            current_caller().user_id,
            request.event_code,
            not request.without_search,
            GivenConsent(request.consent_version, request.consent_language),
            request.phone_mark,
        )
        return pb.JoinEventResponse(event_id=str(event.id), event_name=event.name, waiting=waiting)

    @callable_by(USER)
    def RecordConsent(self, request, context):
        event_id = parse_id(request.event_id)
        consent = GivenConsent(request.consent_version, request.consent_language)
        self._auth.members.record_consent(current_caller().user_id, event_id, consent)
        return pb.RecordConsentResponse()

    @callable_by(USER)
    def WithdrawConsent(self, request, context):
        self._auth.members.withdraw_consent(current_caller().user_id)
        return pb.WithdrawConsentResponse()

    @callable_by(USER)
    def ListConsents(self, request, context):
        consents = self._auth.members.list_consents(current_caller().user_id)
        return pb.ListConsentsResponse(consents=map(show_consent, consents))

    @callable_by(USER)
    def LeaveEvent(self, request, context):
        caller = current_caller().user_id
        guest = parse_optional_id(request.user_id) or caller
        is_signed_out = self._auth.members.leave_event(caller, parse_id(request.event_id), guest)
        return pb.LeaveEventResponse(signed_out=is_signed_out)

    @callable_by(USER)
    def AdmitGuest(self, request, context):
        event_id, guest = parse_id(request.event_id), parse_id(request.user_id)
        self._auth.members.admit_guest(current_caller().user_id, event_id, guest)
        return pb.AdmitGuestResponse()

    @callable_by(USER)
    def SetRole(self, request, context):
        event_id, member = parse_id(request.event_id), parse_id(request.user_id)
        self._auth.members.set_role(current_caller().user_id, event_id, member, parse_role(request.role))
        return pb.SetRoleResponse()

    @callable_by(USER)
    def ListRemoved(self, request, context):
        event_id = parse_id(request.event_id)
        page = parse_page(f"removed from {event_id}", request.page_size, request.page_token)
        found = self._auth.members.list_removed(current_caller().user_id, event_id, page)
        shown, token = page.cut(found, lambda guest: (guest.removed_at.isoformat(), str(guest.user_id)))
        return pb.ListRemovedResponse(guests=[show_removed(guest) for guest in shown], next_page_token=token)

    @callable_by(USER)
    def CreateEvent(self, request, context):
        event = self._auth.events.create_event(
            parse_optional_id(request.request_id), current_caller().user_id, parse_new_event(request)
        )
        return pb.CreateEventResponse(event=show_event(event))

    @callable_by(USER)
    def GetEvent(self, request, context):
        event = self._auth.events.get_event(current_caller().user_id, parse_id(request.event_id))
        return pb.GetEventResponse(event=show_event(event))

    @callable_by(USER)
    def ListEvents(self, request, context):
        caller = current_caller().user_id
        page = parse_page(f"events of {caller}", request.page_size, request.page_token)
        shown, token = page.cut(
            self._auth.events.list_events(caller, page), lambda event: (event.created_at.isoformat(), str(event.id))
        )
        return pb.ListEventsResponse(events=[show_event(event) for event in shown], next_page_token=token)

    @callable_by(USER)
    def UpdateEvent(self, request, context):
        event = self._auth.events.update_event(
            current_caller().user_id, parse_id(request.event_id), parse_event_edit(request)
        )
        return pb.UpdateEventResponse(event=show_event(event))

    @callable_by(USER)
    def DeleteEvent(self, request, context):
        self._auth.events.delete_event(current_caller().user_id, parse_id(request.event_id))
        return pb.DeleteEventResponse()

    @callable_by(USER)
    def ListGuests(self, request, context):
        event_id = parse_id(request.event_id)
        page = parse_page(f"guests of {event_id}", request.page_size, request.page_token)
        shown, token = page.cut(
            self._auth.members.list_guests(current_caller().user_id, event_id, page),
            member_key,
        )
        return pb.ListGuestsResponse(guests=[show_guest(guest) for guest in shown], next_page_token=token)

    @callable_by(USER)
    def ListActs(self, request, context):
        page = parse_act_page(request)
        acts = self._auth.acts.list_acts(current_caller().user_id, parse_id(request.event_id), page)
        return pb.ListActsResponse(acts=[pb.Act(**show_act(act)) for act in acts])

    @callable_by(USER)
    def ListSharedPhones(self, request, context):
        phones = self._auth.anomalies.list_shared_phones(current_caller().user_id, parse_id(request.event_id))
        return pb.ListSharedPhonesResponse(phones=[show_shared_phone(guests) for guests in phones])

    @callable_by(service("gateway"))
    def ListMemberIds(self, request, context):
        event_id = parse_id(request.event_id)
        page = parse_page(f"members of {event_id}", request.page_size or DEFAULT_SIZE, request.page_token, MAX_SIZE)
        shown, token = page.cut(self._auth.members.list_members(event_id, page), member_key)
        return pb.ListMemberIdsResponse(user_ids=[str(guest.user_id) for guest in shown], next_page_token=token)

    @callable_by(*FOLLOWERS, long=True)
    def ListChanges(self, request, context):
        if request.newest:
            return pb.ListChangesResponse(changes=[show_change(change) for change in self._auth.changes.list_newest()])
        limit = parse_page("changes", request.page_size or DEFAULT_SIZE, "", MAX_SIZE).size
        reader = current_caller().kind.removeprefix("service:")
        changes = self._auth.changes.list_changes(request.after, limit, _wait_s(request.wait), reader)
        return pb.ListChangesResponse(changes=[show_change(change) for change in changes])

    @callable_by(USER)
    def CreateInvitation(self, request, context):
        event_id, role = parse_id(request.event_id), parse_role(request.role)
        invitation, token = self._auth.invitations.create(current_caller().user_id, event_id, role)
        return pb.CreateInvitationResponse(invitation=show_invitation(invitation), token=token)

    @callable_by(USER)
    def ListInvitations(self, request, context):
        invitations = self._auth.invitations.list_open(current_caller().user_id, parse_id(request.event_id))
        return pb.ListInvitationsResponse(invitations=[show_invitation(invitation) for invitation in invitations])

    @callable_by(USER)
    def RevokeInvitation(self, request, context):
        event_id, invitation_id = parse_id(request.event_id), parse_id(request.invitation_id)
        self._auth.invitations.revoke(current_caller().user_id, event_id, invitation_id)
        return pb.RevokeInvitationResponse()

    @callable_by(PUBLIC)
    def LookUpInvitation(self, request, context):
        return show_invited(self._auth.invitations.look_up(request.token))

    @callable_by(USER)
    def AcceptInvitation(self, request, context):
        return show_accepted(self._auth.invitations.accept(current_caller().user_id, request.token))

    @callable_by(PUBLIC)
    def RegisterInvited(self, request, context):
        login = self._auth.invitations.register(
            parse_optional_id(request.request_id),
            request.token,
            request.username,
            request.email,
            request.password,
            request.device,
        )
        return pb.RegisterInvitedResponse(**show_login(login))

    @callable_by(PUBLIC)
    def CheckFirstOrganiser(self, request, context):
        return pb.CheckFirstOrganiserResponse(possible=self._auth.setup.is_possible())

    @callable_by(PUBLIC)
    def CreateFirstOrganiser(self, request, context):
        login = self._auth.setup.create_organiser(
            request.code, request.username, request.email, request.password, request.device
        )
        return pb.CreateFirstOrganiserResponse(user_id=str(login.user_id), tokens=show_tokens(login.tokens))

    @callable_by(USER)
    def SetNotice(self, request, context):
        caller, event_id = current_caller().user_id, parse_id(request.event_id)
        self._auth.notices.set(Notice(event_id, caller, request.email.strip(), request.language))
        return pb.SetNoticeResponse()

    @callable_by(USER)
    def DeleteNotice(self, request, context):
        self._auth.notices.delete(parse_id(request.event_id), current_caller().user_id)
        return pb.DeleteNoticeResponse()

    @callable_by(PUBLIC)
    def SendSignInLink(self, request, context):
        self._auth.notices.send_link(request.email, request.event_code, request.language)
        return pb.SendSignInLinkResponse()

    @callable_by(PUBLIC)
    def Unsubscribe(self, request, context):
        self._auth.notices.unsubscribe(request.token)
        return pb.UnsubscribeResponse()


def _wait_s(wait: Duration) -> float:
    """Returns the duration of a long poll, limited by MAX_WAIT_S and the call's deadline."""
    return deadlines.remaining_s(min(wait.seconds + wait.nanos / 1e9, MAX_WAIT_S))
