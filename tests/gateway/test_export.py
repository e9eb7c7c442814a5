"""The export of all data about the caller as one archive."""

import io
import json
import zipfile
from typing import Any

import grpc
import httpx2
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from kit.errors import InvalidToken
from matcher_service.domain import EventNotFound
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import matcher_pb2, photo_pb2
from protos.selfie.v1 import selfie_pb2
from selfie_service.domain import SelfieNotFound
from tests.gateway.world import SIGNED, World, problem

PATH = "/api/me/export"
ME, MIA, EVENT = "me-1", "mia-1", "event-1"
FIRST = Timestamp(seconds=1_781_900_000)
JPEG, PNG = b"\xff\xd8\xff" + bytes(700_000), b"\x89PNG" + bytes(20)
FILES = {"selfie-1": (JPEG, "image/jpeg"), "selfie-2": (PNG, "image/png")}


def record(selfie_id: str, **fields: Any) -> selfie_pb2.SelfieRecord:
    image, content_type = FILES[selfie_id]
    values = {
        "selfie_id": selfie_id,
        "state": selfie_pb2.SELFIE_STATE_ACTIVE,
        "create_time": FIRST,
        "content_type": content_type,
        "image_bytes": len(image),
    }
    return selfie_pb2.SelfieRecord(**{**values, **fields})


def list_matches(request: matcher_pb2.ListMatchesRequest) -> matcher_pb2.ListMatchesResponse:
    """Returns two pages for the caller and one for Mia."""
    photos = {ME: ["photo-1", "photo-2"], MIA: ["photo-1"]}[request.person_id]
    page = photos[1:] if request.page_token else photos[:1]
    return matcher_pb2.ListMatchesResponse(
        matches=[
            *(matcher_pb2.Match(photo_id=photo, event_id=EVENT, create_time=FIRST, take_time=FIRST) for photo in page),
            matcher_pb2.Match(photo_id="view", event_id=EVENT, create_time=FIRST, only_for_everyone=True),
        ],
        next_page_token="more" if len(photos) > 1 and not request.page_token else "",
    )


def get_selfie(request: selfie_pb2.GetSelfieRequest) -> selfie_pb2.GetSelfieResponse:
    return selfie_pb2.GetSelfieResponse(image=FILES[request.selfie_id][0])


def answer_all(world: World, **others: Any) -> None:
    memberships = [auth_pb2.Membership(event_id=EVENT, event_name="Fête", role="ROLE_GUEST", join_time=FIRST)]
    people = [
        selfie_pb2.PersonRecord(person_id=ME, create_time=FIRST, selfies=[record("selfie-1")]),
        selfie_pb2.PersonRecord(person_id=MIA, name="Mia", consent_version="1", selfies=[record("selfie-2")]),
    ]
    answers: dict[str, Any] = {
        "GetUser": auth_pb2.GetUserResponse(
            user_id=ME, display_name="Gina", create_time=FIRST, memberships=memberships
        ),
        "ListConsents": auth_pb2.ListConsentsResponse(
            consents=[auth_pb2.Consent(event_id=EVENT, version="2026-11", language="fr", give_time=FIRST)]
        ),
        "ListRecords": selfie_pb2.ListRecordsResponse(people=people),
        "ListMatches": list_matches,
        "ListUploads": photo_pb2.ListUploadsResponse(
            photos=[photo_pb2.Photo(photo_id="mine", event_id=EVENT, filename="a.jpg", create_time=FIRST)]
        ),
        "GetSelfie": get_selfie,
    }
    world.answer(**{**answers, **others})


def unpack(answer: httpx2.Response) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    return {name: json.loads(data) if name.endswith(".json") else data for name, data in files.items()}


def test_the_export_contains_all_stored_data(world: World) -> None:
    answer_all(world)
    answer = world.client.get(PATH, headers=SIGNED)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.zip"'
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["content-length"]) == len(answer.content)
    files = unpack(answer)
    assert (files["selfies/selfie-1.jpg"], files["selfies/selfie-2.png"]) == (JPEG, PNG)
    assert (files["account.json"]["display_name"], files["account.json"]["memberships"][0]["event_name"]) == (
        "Gina",
        "Fête",
    )
    assert files["consents.json"] == [
        {
            "event_id": EVENT,
            "version": "2026-11",
            "language": "fr",
            "given_at": "2026-06-19T20:13:20+00:00",
            "withdrawn_at": None,
        }
    ]
    assert [person["name"] for person in files["people.json"]] == ["", "Mia"]
    assert files["people.json"][1]["selfies"][0]["file"] == "selfies/selfie-2.png"
    shown = [(photo["person_id"], photo["photo_id"]) for photo in files["photos.json"]["of_me"]]
    assert shown == [(ME, "photo-1"), (ME, "photo-2"), (MIA, "photo-1")], "all pages, without photos only for everyone"
    assert [photo["file_name"] for photo in files["photos.json"]["added_by_me"]] == ["a.jpg"]
    assert {photo["taken_at"] for photo in files["photos.json"]["of_me"]} == {"2026-06-19T20:13:20+00:00"}


def test_the_export_contains_no_encodings_hashes_or_secrets(world: World) -> None:
    answer_all(world)
    files = unpack(world.client.get(PATH, headers=SIGNED))
    written = json.dumps({name: file for name, file in files.items() if name.endswith(".json")})
    for word in ("encoding", "distance", "sha256", "hash", "token", "password", "event_code", "key"):
        assert word not in written


def test_head_returns_the_size_without_reading_selfies(world: World) -> None:
    answer_all(world)
    head = world.client.head(PATH, headers=SIGNED)
    assert "GetSelfie" not in [call.method for call in world.services.calls]
    whole = world.client.get(PATH, headers=SIGNED)
    assert head.headers["content-length"] == whole.headers["content-length"]
    assert "accept-ranges" not in whole.headers


def test_the_export_needs_a_session(world: World) -> None:
    answer_all(world, GetUser=InvalidToken())
    assert problem(world.client.get(PATH)) == (401, "invalid_token")
    assert world.services.calls == []
    assert problem(world.client.get(PATH, headers=SIGNED)) == (401, "invalid_token")


def test_a_selfie_without_a_file_is_listed_without_one(world: World) -> None:
    gone = record("selfie-1", image_bytes=0, state=selfie_pb2.SELFIE_STATE_REJECTED)
    people = selfie_pb2.ListRecordsResponse(people=[selfie_pb2.PersonRecord(person_id=ME, selfies=[gone])])
    answer_all(world, ListRecords=people)
    files = unpack(world.client.get(PATH, headers=SIGNED))
    assert not any(name.startswith("selfies/") for name in files)
    assert files["people.json"][0]["selfies"][0]["file"] is None


def test_a_waiting_guest_can_export_their_data(world: World) -> None:
    answer_all(world, ListUploads=EventNotFound())
    assert unpack(world.client.get(PATH, headers=SIGNED))["photos.json"]["added_by_me"] == []


GONE = [SelfieNotFound(), selfie_pb2.GetSelfieResponse(image=b"other")]


@pytest.mark.parametrize("answer", GONE, ids=["deleted", "another"])
def test_a_selfie_deleted_before_the_export_starts_returns_a_problem(world: World, answer: Any) -> None:
    answer_all(world, GetSelfie=answer)
    assert problem(world.client.get(PATH, headers=SIGNED)) == (503, "service_unavailable")


@pytest.mark.parametrize("answer", GONE, ids=["deleted", "another"])
def test_an_export_that_fails_midway_breaks_the_connection(world: World, answer: Any) -> None:
    answer_all(world, GetSelfie=lambda request: get_selfie(request) if request.selfie_id == "selfie-1" else answer)
    with pytest.raises(httpx2.RemoteProtocolError):
        world.client.get(PATH, headers=SIGNED)


def test_an_unavailable_service_returns_a_problem(world: World) -> None:
    answer_all(world, ListRecords=grpc.StatusCode.UNAVAILABLE)
    assert problem(world.client.get(PATH, headers=SIGNED)) == (503, "service_unavailable")
