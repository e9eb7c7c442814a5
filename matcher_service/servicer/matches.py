"""MatcherService on the wire: proto <-> domain."""

import numpy as np

from kit.db.notices import Notices
from kit.db.pages import parse_page
from kit.errors import InvalidArgument
from kit.rpc.identity import USER, callable_by, current_caller, service
from kit.rpc.ids import parse_id, parse_optional_id
from kit.rpc.timestamps import to_timestamp
from matcher_service.anomalies import Anomalies
from matcher_service.audience import Audience
from matcher_service.domain import ENCODING_SIZE, MAX_USERS, Hint, Listing, Match, Rematch, Snapshot
from matcher_service.logos import Logos
from matcher_service.photo_faces import PhotoFaces
from matcher_service.removals import Removals
from matcher_service.service import Matches
from matcher_service.servicer.faces import parse_chosen, show_faces, show_searched, show_similar
from matcher_service.servicer.shared import name_versions, parse_order
from matcher_service.store.hints import parse_hint
from protos.matcher.v1 import matcher_pb2 as pb
from protos.matcher.v1 import matcher_pb2_grpc

EVENT_KEY = "x-event-id"
MAX_COUNTED = 500


class MatcherServicer(matcher_pb2_grpc.MatcherServiceServicer):
    """Translates only: decides nothing and catches no faults."""

    def __init__(
        self,
        matches: Matches,
        audience: Audience,
        hints: Notices,
        anomalies: Anomalies,
        logos: Logos,
        faces: PhotoFaces,
        removals: Removals,
    ) -> None:
        self._removals = removals
        self._faces = faces
        self._anomalies = anomalies
        self._logos = logos
        self._matches = matches
        self._audience = audience
        self._hints = hints

    @callable_by(service("selfie"), long=True)
    def Rematch(self, request_iterator, context):
        event_id = dict(context.invocation_metadata()).get(EVENT_KEY, "")
        for request in request_iterator:
            for snapshot in self._matches.rematch(_rematch(request, event_id)):
                yield _snapshot(snapshot)

    @callable_by(USER)
    def ListMatches(self, request, context):
        caller, event_id = current_caller().user_id, parse_optional_id(request.event_id)
        listing = Listing(parse_order(request.order), request.ascending)
        person_id = parse_optional_id(request.person_id)
        whose = caller if person_id in (None, caller) else f"{caller} for {person_id}"
        page = parse_page(listing.name(f"matches of {whose} in {event_id}"), request.page_size, request.page_token)
        matches, total = self._matches.list_matches(caller, event_id, page, listing, person_id)
        shown, token = page.cut(matches, listing.key)
        logo_version = self._logos.find_version(event_id) if event_id else ""
        return pb.ListMatchesResponse(
            matches=[_match(match) for match in shown],
            next_page_token=token,
            total_count=total,
            logo_version=logo_version,
        )

    @callable_by(USER)
    def RefuseMatch(self, request, context):
        person_id = parse_optional_id(request.person_id)
        self._matches.refuse_match(current_caller().user_id, parse_id(request.photo_id), person_id)
        return pb.RefuseMatchResponse()

    @callable_by(USER)
    def RestoreMatch(self, request, context):
        person_id = parse_optional_id(request.person_id)
        self._matches.restore_match(current_caller().user_id, parse_id(request.photo_id), person_id)
        return pb.RestoreMatchResponse()

    @callable_by(USER)
    def AskToHide(self, request, context):
        self._audience.ask_to_hide(current_caller().user_id, parse_id(request.photo_id))
        return pb.AskToHideResponse()

    @callable_by(USER)
    def UndoAskToHide(self, request, context):
        self._audience.undo_ask_to_hide(current_caller().user_id, parse_id(request.photo_id))
        return pb.UndoAskToHideResponse()

    @callable_by(service("gateway"), service("auth"), long=True, watches=True)
    def WatchMatches(self, request, context):
        with self._hints.subscribe() as subscription:
            if context.add_callback(subscription.close):
                yield pb.WatchMatchesResponse()
                yield from map(_hint, map(parse_hint, subscription))

    @callable_by(USER)
    def CountMatches(self, request, context):
        if len(request.user_ids) > MAX_USERS:
            raise InvalidArgument
        event_id, users = parse_id(request.event_id), [parse_id(user_id) for user_id in request.user_ids]
        counts = self._matches.count_matches(current_caller().user_id, event_id, users)
        return pb.CountMatchesResponse(
            counts=[pb.MatchCount(user_id=str(user_id), photo_count=count) for user_id, count in counts.items()]
        )

    @callable_by(USER)
    def ListSharedFaces(self, request, context):
        caller, event_id = current_caller().user_id, parse_id(request.event_id)
        faces = self._anomalies.list_shared_faces(caller, event_id)
        two_faces = self._anomalies.list_two_faces(caller, event_id)
        return pb.ListSharedFacesResponse(
            faces=[pb.SharedFace(user_ids=map(str, accounts)) for accounts in faces],
            two_faces=[pb.TwoFaces(user_id=str(user_id), photo_count=count) for user_id, count in two_faces],
        )

    @callable_by(USER)
    def ListFaces(self, request, context):
        photo_id, person_id = parse_id(request.photo_id), parse_optional_id(request.person_id)
        return show_faces(*self._faces.list_faces(current_caller().user_id, photo_id, person_id))

    @callable_by(USER)
    def GetFaceCrop(self, request, context):
        photo_id = parse_id(request.photo_id)
        image = self._faces.cut_face(current_caller().user_id, photo_id, request.number)
        return pb.GetFaceCropResponse(image=image)

    @callable_by(USER)
    def FindSimilarFaces(self, request, context):
        photo_id = parse_id(request.photo_id)
        return show_similar(*self._removals.find_similar(current_caller().user_id, photo_id, request.number))

    @callable_by(USER)
    def SearchFaces(self, request, context):
        event_id = parse_id(request.event_id)
        return show_searched(*self._removals.search(current_caller().user_id, event_id, request.image))

    @callable_by(USER)
    def RemoveFaces(self, request, context):
        event_id, (chosen, removal) = parse_id(request.event_id), parse_chosen(request)
        count = self._removals.remove(current_caller().user_id, event_id, chosen, removal)
        return pb.RemoveFacesResponse(removed_count=count)

    @callable_by(service("auth"))
    def CountMatchesForNotices(self, request, context):
        if len(request.user_ids) > MAX_COUNTED:
            raise InvalidArgument
        users = [parse_id(user_id) for user_id in request.user_ids]
        counts = self._matches.count_for_notices(parse_id(request.event_id), users)
        count = pb.CountMatchesForNoticesResponse.Count
        return pb.CountMatchesForNoticesResponse(
            counts=[count(user_id=str(user_id), photo_count=photos) for user_id, photos in counts.of_each.items()],
            everyone_count=counts.for_everyone,
            total_count=counts.total,
            released=counts.released,
        )


def _rematch(request: pb.RematchRequest, event_id: str) -> Rematch:
    encoding = np.array(request.encoding, dtype="<f4")
    if encoding.size not in (0, ENCODING_SIZE) or not np.isfinite(encoding).all():
        raise InvalidArgument
    if request.event_id != event_id or request.revision < 1:
        raise InvalidArgument
    person_id = parse_id(request.user_id)
    return Rematch(
        request.rematch_id,
        parse_optional_id(request.account_id) or person_id,
        parse_id(request.event_id),
        request.revision,
        encoding.tobytes() if encoding.size else None,
        person_id,
    )


def _snapshot(snapshot: Snapshot) -> pb.RematchResponse:
    return pb.RematchResponse(
        rematch_id=snapshot.rematch_id,
        state=f"REMATCH_STATE_{snapshot.state.name}",
        compared_count=snapshot.compared,
        total_count=snapshot.total,
        matched_count=snapshot.matched,
        reason=snapshot.reason,
    )


def _hint(hint: Hint) -> pb.WatchMatchesResponse:
    return pb.WatchMatchesResponse(
        event_id=str(hint.event_id),
        user_ids=[str(user_id) for user_id in hint.user_ids],
        event_deleted=hint.event_deleted,
    )


def _match(match: Match) -> pb.Match:
    return pb.Match(
        photo_id=str(match.photo_id),
        event_id=str(match.event_id),
        width=match.width,
        height=match.height,
        take_time=to_timestamp(match.taken_at),
        take_offset_min=match.taken_offset_min,
        create_time=to_timestamp(match.created_at),
        original_bytes=match.original_bytes,
        event_name=match.event_name,
        number=match.number,
        only_for_everyone=match.only_for_everyone,
        colour=match.colour,
        download=f"MATCH_DOWNLOAD_{match.download.name}",
        **name_versions(match.versions),
    )
