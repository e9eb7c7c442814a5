"""gRPC servicer of SelfieService: converts requests and responses."""

from typing import Any
from uuid import UUID

from kit.audit.pages import parse_act_page, show_act
from kit.db.notices import Notices
from kit.errors import InvalidArgument
from kit.rpc.identity import USER, callable_by, current_caller, service
from kit.rpc.ids import parse_id, parse_optional_id
from kit.rpc.timestamps import to_timestamp
from protos.selfie.v1 import selfie_pb2 as pb
from protos.selfie.v1 import selfie_pb2_grpc
from selfie_service.domain import MAX_USERS, EventRematch, RejectReason, RematchState, SelfieState
from selfie_service.domain.people import Person
from selfie_service.domain.records import PersonRecord, SelfieRecord
from selfie_service.guests import GuestSelfies
from selfie_service.people import People
from selfie_service.records import Records
from selfie_service.service import Selfies

SELFIE_STATES = {state: f"SELFIE_STATE_{state.name}" for state in SelfieState}
REJECT_REASONS: dict[RejectReason | None, str] = {
    None: "REJECT_REASON_UNSPECIFIED",
    **{reason: f"REJECT_REASON_{reason.name}" for reason in RejectReason},
}
REMATCH_STATES = {
    RematchState.IDLE: pb.REMATCH_STATE_UNSPECIFIED,
    RematchState.RUNNING: pb.REMATCH_STATE_RUNNING,
    RematchState.DONE: pb.REMATCH_STATE_DONE,
    RematchState.FAILED: pb.REMATCH_STATE_FAILED,
}


class SelfieServicer(selfie_pb2_grpc.SelfieServiceServicer):
    """Converts requests and responses only; rules and errors are those of the use cases."""

    def __init__(
        self, selfies: Selfies, people: People, guests: GuestSelfies, records: Records, hints: Notices
    ) -> None:
        self._selfies = selfies
        self._people = people
        self._guests = guests
        self._records = records
        self._hints = hints

    @callable_by(USER)
    def UploadSelfie(self, request, context):
        caller = current_caller().user_id
        idempotency_key = parse_optional_id(request.request_id)
        selfie_id = self._selfies.upload(caller, idempotency_key, request.image, request.is_addition, _person(request))
        return pb.UploadSelfieResponse(selfie_id=str(selfie_id))

    @callable_by(USER)
    def GetSelfie(self, request, context):
        selfie_id = parse_optional_id(request.selfie_id)
        selfie, image = self._selfies.get_selfie(current_caller().user_id, _person(request), selfie_id)
        return pb.GetSelfieResponse(
            selfie_id=str(selfie.id),
            state=SELFIE_STATES[selfie.state],
            image=image,
            content_type=selfie.content_type,
        )

    @callable_by(USER)
    def ListRecords(self, request, context):
        records = self._records.list_records(current_caller().user_id)
        return pb.ListRecordsResponse(people=map(_person_record, records))

    @callable_by(USER)
    def DeleteSelfie(self, request, context):
        self._selfies.delete_selfie(current_caller().user_id, _person(request))
        return pb.DeleteSelfieResponse()

    @callable_by(USER)
    def GetRematchState(self, request, context):
        progress = self._selfies.get_progress(current_caller().user_id, _person(request))
        selfie = progress.selfie
        return pb.GetRematchStateResponse(
            selfie_id=str(selfie.id) if selfie else "",
            selfie_state=SELFIE_STATES[selfie.state] if selfie else pb.SELFIE_STATE_UNSPECIFIED,
            reject_reason=REJECT_REASONS[selfie.reason if selfie else None],
            start_time=to_timestamp(progress.started_at),
            finish_time=to_timestamp(progress.finished_at),
            events=[_event_rematch(event) for event in progress.events],
            active_count=progress.active_count,
        )

    @callable_by(USER)
    def StartRematch(self, request, context):
        self._selfies.start_rematch(current_caller().user_id, _person(request))
        return pb.StartRematchResponse()

    @callable_by(USER)
    def ListPeople(self, request, context):
        people, free_count = self._people.list_people(current_caller().user_id)
        return pb.ListPeopleResponse(people=map(_wire_person, people), free_count=free_count)

    @callable_by(USER)
    def CreatePerson(self, request, context):
        caller, idempotency_key = current_caller().user_id, parse_optional_id(request.request_id)
        person = self._people.add_person(caller, idempotency_key, request.name, request.consent_version)
        return pb.CreatePersonResponse(person=_wire_person(person))

    @callable_by(USER)
    def RenamePerson(self, request, context):
        self._people.rename_person(current_caller().user_id, parse_id(request.person_id), request.name)
        return pb.RenamePersonResponse()

    @callable_by(USER)
    def DeletePerson(self, request, context):
        self._people.delete_person(current_caller().user_id, parse_id(request.person_id))
        return pb.DeletePersonResponse()

    @callable_by(service("gateway"), long=True, watches=True)
    def WatchSelfies(self, request, context):
        with self._hints.subscribe() as subscription:
            if context.add_callback(subscription.close):
                yield pb.WatchSelfiesResponse()
                for user_id in subscription:
                    yield pb.WatchSelfiesResponse(user_ids=[user_id])

    @callable_by(USER)
    def ListSelfieActs(self, request, context):
        page = parse_act_page(request)
        acts = self._guests.list_acts(current_caller().user_id, parse_id(request.event_id), page)
        return pb.ListSelfieActsResponse(acts=[pb.SelfieAct(**show_act(act)) for act in acts])

    @callable_by(USER)
    def ListSelfieStates(self, request, context):
        if len(request.user_ids) > MAX_USERS:
            raise InvalidArgument
        event_id, users = parse_id(request.event_id), [parse_id(user_id) for user_id in request.user_ids]
        selfies = self._guests.list_selfies(current_caller().user_id, event_id, users)
        return pb.ListSelfieStatesResponse(
            selfies=[
                pb.SelfieOfUser(user_id=str(user_id), selfie=f"GUEST_SELFIE_{selfie.name}")
                for user_id, selfie in selfies.items()
            ]
        )


def _person(request: Any) -> UUID | None:
    return parse_optional_id(request.person_id)


def _person_record(person: PersonRecord) -> pb.PersonRecord:
    return pb.PersonRecord(
        person_id=str(person.id),
        name=person.name,
        consent_version=person.consent_version,
        create_time=to_timestamp(person.created_at),
        selfies=map(_selfie_record, person.selfies),
    )


def _selfie_record(selfie: SelfieRecord) -> pb.SelfieRecord:
    return pb.SelfieRecord(
        selfie_id=str(selfie.id),
        state=SELFIE_STATES[selfie.state],
        reject_reason=REJECT_REASONS[selfie.reason],
        create_time=to_timestamp(selfie.created_at),
        decide_time=to_timestamp(selfie.decided_at),
        content_type=selfie.content_type,
        image_bytes=selfie.image_bytes,
    )


def _wire_person(person: Person) -> pb.Person:
    return pb.Person(
        person_id=str(person.id),
        name=person.name,
        selfie=f"GUEST_SELFIE_{person.selfie.name}",
        active_count=person.active_count,
    )


def _event_rematch(event: EventRematch) -> pb.EventRematch:
    return pb.EventRematch(
        event_id=str(event.event_id),
        state=REMATCH_STATES[event.state],
        matched_count=event.counts.matched,
        compared_count=event.counts.compared,
        total_count=event.counts.total,
    )
