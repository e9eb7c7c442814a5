"""The data export of an account: people, selfies and their files, and no number computed from a face."""

from uuid import UUID, uuid4

import grpc
import pytest

from protos.selfie.v1 import selfie_pb2 as pb
from tests.harness.calls import raises_fault
from tests.selfie.people import ME, MIA, send
from tests.selfie.world import World, face, image_of, invalid


def list_records(world: World, user: UUID) -> pb.ListRecordsResponse:
    answer: pb.ListRecordsResponse = world.stub.ListRecords(pb.ListRecordsRequest(), metadata=world.as_user(user))
    return answer


def get(world: World, user: UUID, person: str, selfie: str) -> pb.GetSelfieResponse:
    request = pb.GetSelfieRequest(person_id=person, selfie_id=selfie)
    answer: pb.GetSelfieResponse = world.stub.GetSelfie(request, metadata=world.as_user(user))
    return answer


def test_people_are_listed_with_all_their_selfies(world: World, guest: UUID) -> None:
    mia = world.add_person(guest, "Mia", consent="2026-11")
    send(world, guest, ME)
    send(world, guest, MIA, mia)
    world.upload(guest, "blurred")
    world.validate(invalid("blurred"))
    me, her = list_records(world, guest).people
    assert [(person.person_id, person.name, person.consent_version) for person in (me, her)] == [
        (str(guest), "", ""),
        (mia, "Mia", "2026-11"),
    ]
    assert [(selfie.state, selfie.reject_reason) for selfie in me.selfies] == [
        (pb.SELFIE_STATE_ACTIVE, pb.REJECT_REASON_UNSPECIFIED),
        (pb.SELFIE_STATE_REJECTED, pb.REJECT_REASON_BLURRED),
    ]
    assert [selfie.image_bytes for selfie in me.selfies] == [len(image_of(f" {ME!r}")), 0]
    assert all(selfie.HasField("create_time") for selfie in me.selfies)


def test_each_stored_file_is_returned_by_its_id_and_no_other(world: World, guest: UUID) -> None:
    mia = world.add_person(guest)
    send(world, guest, ME)
    send(world, guest, MIA, mia)
    me, her = list_records(world, guest).people
    assert get(world, guest, mia, her.selfies[0].selfie_id).image == image_of(f"{mia} {MIA!r}")
    for user, person, selfie in (
        (guest, "", her.selfies[0].selfie_id),  # of another person
        (world.guest(), "", me.selfies[0].selfie_id),  # of another account
        (guest, "", str(uuid4())),
    ):
        with raises_fault(grpc.StatusCode.NOT_FOUND, "NO_ACTIVE_SELFIE"):
            get(world, user, person, selfie)
    world.delete(guest)
    with raises_fault(grpc.StatusCode.NOT_FOUND, "NO_ACTIVE_SELFIE"):
        get(world, guest, "", me.selfies[0].selfie_id)


def test_the_answer_contains_nothing_computed_from_a_face(world: World, guest: UUID) -> None:
    send(world, guest, ME)
    assert face(1, 1) not in list_records(world, guest).SerializeToString()
    names = {field.name for message in (pb.PersonRecord, pb.SelfieRecord) for field in message.DESCRIPTOR.fields}
    assert not any(word in name for name in names for word in ("encoding", "distance", "sha256", "key"))


def test_an_account_not_in_the_feed_yet_has_no_records(world: World) -> None:
    assert not list_records(world, uuid4()).people


@pytest.mark.parametrize("is_deleted", [False, True], ids=["control: kept", "deleted"])
def test_a_deleted_person_is_not_listed(world: World, guest: UUID, is_deleted: bool) -> None:
    mia = world.add_person(guest)
    if is_deleted:
        world.delete_person(guest, mia)
    assert (mia in {person.person_id for person in list_records(world, guest).people}) is not is_deleted
