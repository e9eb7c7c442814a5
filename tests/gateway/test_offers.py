"""What events offer their guests over REST: the release, the credit, downloads and the retention."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from matcher_service.domain import DownloadNotOffered
from protos.auth.v1 import auth_pb2 as pb
from protos.matcher.v1 import matcher_pb2, photo_pb2
from tests.gateway.world import SIGNED, World, problem, running_world

EVENT, PHOTO = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"
ZIP = f"/api/my-photos.zip?event_id={EVENT}"
VERSIONS: Any = {f"{name}_version": f"{name}-1" for name in ("thumb", "medium", "preview", "original")}
OFFER: Any = {
    "held": True,
    "release_time": Timestamp(seconds=7),
    "credit": pb.Credit(name="Pia Photo", url="https://pia.example"),
    "download": pb.DOWNLOAD_SIZE_PREVIEW,
    "retention": pb.Retention(
        keep_days=30, hidden=True, hide_time=Timestamp(seconds=8), delete_time=Timestamp(seconds=9)
    ),
}
SHOWN = {
    "release": "held",
    "releases_at": 7,
    "credit": {"name": "Pia Photo", "url": "https://pia.example"},
    "download": "preview",
    "keep_days": 30,
    "hidden": True,
    "hides_at": 8,
    "deletes_at": 9,
}


@pytest.fixture
def world() -> Iterator[World]:
    with running_world() as world:
        yield world


def test_organisers_and_guests_see_the_offer(world: World) -> None:
    world.answer(
        GetEvent=pb.GetEventResponse(event=pb.Event(event_id=EVENT, **OFFER)),
        GetUser=pb.GetUserResponse(memberships=[pb.Membership(event_id=EVENT, role=pb.ROLE_GUEST, **OFFER)]),
    )
    event = world.client.get(f"/api/events/{EVENT}", headers=SIGNED).json()
    (membership,) = world.client.get("/api/me", headers=SIGNED).json()["events"]
    for shown in (event, membership):
        assert {name: shown[name] for name in SHOWN} == SHOWN


def test_an_event_is_created_with_its_offer(world: World) -> None:
    form = {
        "name": "Wedding",
        "release": "held",
        "releases_at": 7,
        "credit": {"name": "Pia Photo", "url": "https://pia.example"},
        "download": "none",
        "keep_days": 30,
    }
    assert world.client.post("/api/events", json=form, headers=SIGNED).status_code == 201
    sent = world.services.sent("CreateEvent")
    assert (sent.held, sent.release_time.seconds, sent.keep_days) == (True, 7, 30)
    assert (sent.credit, sent.download) == (OFFER["credit"], pb.DOWNLOAD_SIZE_NONE)


NOTHING = {"held": False, "release_time": False, "clear_release_time": False, "credit": False, "keep_days": False}
EDITS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"name": "Wedding"}, {}),
    ({"release": "held"}, {"held": True}),
    ({"release": "live"}, {"held": True}),
    ({"releases_at": 7}, {"release_time": True}),
    ({"releases_at": None}, {"clear_release_time": True}),
    ({"credit": None}, {"credit": True}),
    ({"credit": {"name": "Pia"}}, {"credit": True}),
    ({"keep_days": None}, {"keep_days": True}),
    ({"keep_days": 30}, {"keep_days": True}),
]


@pytest.mark.parametrize(("form", "expected"), EDITS, ids=lambda value: str(value))
def test_an_edit_sends_only_the_given_fields(world: World, form: dict[str, Any], expected: dict[str, Any]) -> None:
    assert world.client.patch(f"/api/events/{EVENT}", json=form, headers=SIGNED).status_code == 200
    sent = world.services.sent("UpdateEvent")
    fields = {name: sent.HasField(name) for name in NOTHING if name != "clear_release_time"}
    assert {**fields, "clear_release_time": sent.clear_release_time} == {**NOTHING, **expected}
    assert sent.held.value == (form.get("release") == "held")
    assert sent.keep_days.value == (form.get("keep_days") or 0)
    assert sent.download == pb.DOWNLOAD_SIZE_UNSPECIFIED


@pytest.mark.parametrize("form", [{"download": "huge"}, {"release": "soon"}, {"keep_days": 0}, {"keep_days": 3651}])
def test_unknown_and_out_of_range_values_are_rejected(world: World, form: dict[str, Any]) -> None:
    answer = world.client.patch(f"/api/events/{EVENT}", json=form, headers=SIGNED)
    assert problem(answer) == (422, "invalid_form")
    assert not world.services.calls


def offer(world: World, size: str) -> None:
    """Scripts a guest with one photo that can be downloaded in this size."""
    match = matcher_pb2.Match(
        photo_id=PHOTO,
        event_id=EVENT,
        event_name="Wedding",
        number=1,
        original_bytes=8,
        download=f"MATCH_DOWNLOAD_{size}",
        **VERSIONS,
    )

    def send(request: photo_pb2.GetPhotoRequest) -> Any:
        if request.variant == photo_pb2.VARIANT_ORIGINAL and size != "ORIGINAL":
            return DownloadNotOffered()
        name = photo_pb2.Variant.Name(request.variant).removeprefix("VARIANT_").lower().encode()
        picture = name[request.offset :][: request.length or None] if request.offset <= len(name) else b""
        header = photo_pb2.PhotoHeader(
            content_type="image/jpeg",
            size_bytes=len(picture),
            picture_bytes=len(name),
            version=f"{name.decode()}-1",
            download=f"DOWNLOAD_SIZE_{size}",
        )
        return [photo_pb2.GetPhotoResponse(header=header), photo_pb2.GetPhotoResponse(chunk=picture)]

    world.answer(ListMatches=matcher_pb2.ListMatchesResponse(matches=[match]), GetPhoto=send)


@pytest.mark.parametrize("size", ["ORIGINAL", "PREVIEW", "NONE"])
def test_lists_pictures_and_archives_follow_the_download_size(world: World, size: str) -> None:
    offer(world, size)
    (photo,) = world.client.get("/api/my-photos", headers=SIGNED).json()["photos"]
    original, preview = (f"/api/photos/{PHOTO}/{name}?v={name}-1" for name in ("original", "preview"))
    assert photo["original_url"] == (original if size == "ORIGINAL" else None)
    assert photo["download_url"] == {"ORIGINAL": original, "PREVIEW": preview, "NONE": None}[size]
    assert world.client.get(preview, headers=SIGNED).content == b"preview"
    refused = {"ORIGINAL": (), "PREVIEW": (original,), "NONE": (original, f"{preview}&download=1", ZIP)}[size]
    for url in (original, f"{preview}&download=1", ZIP):
        answer = world.client.get(url, headers=SIGNED)
        if url in refused:
            assert problem(answer) == (403, "download_not_offered")
        else:
            assert answer.status_code == 200
    if size != "NONE":
        with ZipFile(BytesIO(world.client.get(ZIP, headers=SIGNED).content)) as archive:
            assert archive.namelist() == ["Wedding-0001.jpg"]
            assert archive.read("Wedding-0001.jpg") == size.lower().encode()


@pytest.mark.parametrize(
    ("form", "expected"),
    [({}, (False, False)), ({"expires_at": None, "keep_days": None}, (True, True)), ({"keep_days": 5}, (False, False))],
    ids=["missing", "null", "chosen"],
)
def test_only_an_explicit_null_keeps_a_new_event_forever(
    world: World, form: dict[str, Any], expected: tuple[bool, bool]
) -> None:
    world.answer(CreateEvent=pb.CreateEventResponse(event=pb.Event(event_id=EVENT)))
    assert world.client.post("/api/events", json={"name": "Party", **form}, headers=SIGNED).status_code == 201
    sent = world.services.sent("CreateEvent")
    assert (sent.without_end, sent.is_kept) == expected
