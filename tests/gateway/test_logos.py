"""The logo of an event over REST: uploading, caching, and its use in lists and on posters."""

import io
from uuid import UUID

import httpx2
import pytest
from PIL import Image

from gateway.events.logos import MAX_LOGO_BYTES
from kit.errors import Fault
from matcher_service.domain import (
    EmptyImage,
    LogoNotFound,
    LogoTooLarge,
    LogoUnsupported,
    OrganiserOnly,
    UnreadableLogo,
)
from protos.auth.v1 import auth_pb2
from protos.matcher.v1 import matcher_pb2
from protos.matcher.v1 import photo_pb2 as pb
from tests.gateway.world import SIGNED, World, problem

EVENT = str(UUID(int=10))
PATH = f"/api/events/{EVENT}/logo"
URL = f"{PATH}?v=v1"
LOGO = pb.Logo(version="v1", width=480, height=90)


def put(world: World, data: bytes) -> httpx2.Response:
    return world.client.put(PATH, content=data, headers={**SIGNED, "content-type": "image/png"})


def test_setting_a_logo_returns_its_url_and_size(world: World) -> None:
    world.answer(SetLogo=pb.SetLogoResponse(logo=LOGO))
    answer = put(world, b"png")
    assert (answer.status_code, answer.json()) == (200, {"url": URL, "width": 480, "height": 90})
    assert world.services.sent("SetLogo") == pb.SetLogoRequest(event_id=EVENT, image=b"png")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (EmptyImage(), (422, "empty_image")),
        (LogoTooLarge(), (413, "too_large")),
        (LogoUnsupported(), (415, "unsupported_type")),
        (UnreadableLogo(), (422, "unreadable_logo")),
        (OrganiserOnly(), (403, "organiser_only")),
    ],
)
def test_faults_of_the_service_are_passed_on(world: World, fault: Fault, expected: tuple[int, str]) -> None:
    world.answer(SetLogo=fault)
    assert problem(put(world, b"png")) == expected


def test_a_too_large_logo_is_rejected_without_calling_the_service(world: World) -> None:
    assert problem(put(world, bytes(MAX_LOGO_BYTES + 1))) == (413, "too_large")
    assert not world.services.calls
    assert problem(world.client.put(PATH, content=b"png")) == (401, "invalid_token")


def test_only_the_url_of_the_current_version_is_immutable(world: World) -> None:
    world.answer(GetLogo=pb.GetLogoResponse(logo=LOGO, image=b"png"))
    shown = world.client.get(URL, headers=SIGNED)
    assert (shown.content, shown.headers["content-type"]) == (b"png", "image/png")
    assert shown.headers["cache-control"] == "private, max-age=86400, immutable"
    assert "cookie" not in shown.headers.get("vary", "").lower()
    for address in (PATH, f"{PATH}?v=v0"):
        other = world.client.get(address, headers=SIGNED)
        assert other.headers["cache-control"] == "private, max-age=600"
        assert "Authorization" in other.headers["vary"]
    known = world.client.get(URL, headers={**SIGNED, "if-none-match": shown.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    head = world.client.head(URL, headers=SIGNED)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "3")


def test_a_missing_logo_is_not_found_but_can_be_deleted(world: World) -> None:
    world.answer(GetLogo=LogoNotFound())
    assert problem(world.client.get(PATH, headers=SIGNED)) == (404, "logo_not_found")
    assert world.client.delete(PATH, headers=SIGNED).status_code == 204
    assert world.services.sent("DeleteLogo").event_id == EVENT


def test_photo_lists_and_events_have_the_logo_url(world: World) -> None:
    world.answer(
        ListMatches=matcher_pb2.ListMatchesResponse(logo_version="v1"),
        GetEvent=auth_pb2.GetEventResponse(event=auth_pb2.Event(event_id=EVENT)),
        GetIndexState=pb.GetIndexStateResponse(states=[pb.IndexState(event_id=EVENT, logo_version="v1")]),
    )
    assert world.client.get("/api/my-photos", params={"event_id": EVENT}, headers=SIGNED).json()["logo_url"] == URL
    assert world.client.get(f"/api/events/{EVENT}", headers=SIGNED).json()["logo_url"] == URL
    world.answer(ListMatches=matcher_pb2.ListMatchesResponse())
    assert world.client.get("/api/my-photos", headers=SIGNED).json()["logo_url"] is None


def test_the_poster_shows_the_logo_if_there_is_one(world: World) -> None:
    out = io.BytesIO()
    Image.new("RGB", (480, 90), "teal").save(out, "PNG")
    world.answer(GetEvent=auth_pb2.GetEventResponse(event=auth_pb2.Event(name="Party", event_code="7K3F-9QXA")))
    posters = []
    for answer in (pb.GetLogoResponse(logo=LOGO, image=out.getvalue()), LogoNotFound()):
        world.answer(GetLogo=answer)
        files = [f"{PATH[:-4]}poster.{kind}" for kind in ("svg", "pdf")]
        posters.append([world.client.get(file, headers=SIGNED).content for file in files])
    assert [(b"data:image/png" in svg, b"/Subtype /Image" in pdf) for svg, pdf in posters] == [
        (True, True),
        (False, False),
    ]
