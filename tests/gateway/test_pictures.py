"""Pictures over HTTP: HEAD, ranges, ETags, file names."""

import os
from typing import Any

import pytest

from matcher_service.domain import PhotoNotFound
from protos.matcher.v1 import photo_pb2 as pb
from protos.selfie.v1 import selfie_pb2
from tests.gateway.world import SIGNED, World, problem

PHOTO = "3f2b8c1e-0000-4000-8000-00000000000b"
NAMES = ["thumb", "medium", "preview", "original"]
DATA = bytes(range(100))
LARGE = os.urandom(3_000_000)
TAG = f'"{PHOTO}-original-v1"'


def send(data: bytes, version: str = "v1", chunk: int = 200_000, **header: Any) -> Any:
    """A response of GetPhoto that applies ranges as the service does."""

    def answer(request: pb.GetPhotoRequest) -> list[pb.GetPhotoResponse]:
        offset = max(0, len(data) + request.offset) if request.offset < 0 else min(request.offset, len(data))
        part = data[offset:][: request.length or None]
        head = pb.PhotoHeader(
            content_type="image/jpeg", size_bytes=len(part), picture_bytes=len(data), offset=offset, version=version,
            **header,
        )  # fmt: skip
        chunks = [part[start : start + chunk] for start in range(0, len(part), chunk)]
        return [pb.GetPhotoResponse(header=head), *(pb.GetPhotoResponse(chunk=piece) for piece in chunks)]

    return answer


def get(world: World, name: str = "original", **headers: str) -> Any:
    return world.client.get(
        f"/api/photos/{PHOTO}/{name}",
        headers={**SIGNED, **{key.replace("_", "-"): value for key, value in headers.items()}},
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("data", [DATA, LARGE], ids=["small", "large"])
def test_head_returns_the_headers_of_get_without_reading_the_picture(world: World, name: str, data: bytes) -> None:
    world.answer(GetPhoto=send(data))
    whole = get(world, name)
    world.services.calls.clear()
    head = world.client.head(f"/api/photos/{PHOTO}/{name}", headers={**SIGNED, "range": "bytes=0-1"})
    assert (head.status_code, head.content) == (200, b"")
    asked = world.services.sent("GetPhoto")
    assert asked.offset > len(data)
    for header in ("content-length", "content-type", "etag", "content-disposition", "accept-ranges", "cache-control"):
        assert head.headers[header] == whole.headers[header]
    assert head.headers["content-length"] == str(len(data))


PARTS = {
    "bytes=0-": (0, 100),
    "bytes=10-19": (10, 20),
    "bytes=10-10": (10, 11),
    "bytes=90-200": (90, 100),
    "bytes=-5": (95, 100),
    "bytes=-500": (0, 100),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("asked", PARTS)
def test_a_single_range_returns_a_part(world: World, name: str, asked: str) -> None:
    world.answer(GetPhoto=send(DATA))
    start, end = PARTS[asked]
    answer = get(world, name, range=asked)
    assert (answer.status_code, answer.content) == (206, DATA[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/100"
    assert answer.headers["content-length"] == str(end - start)


def test_only_the_requested_part_of_a_large_picture_is_fetched(world: World) -> None:
    world.answer(GetPhoto=send(LARGE))
    answer = get(world, range="bytes=1000000-1000099")
    assert (answer.status_code, answer.content) == (206, LARGE[1_000_000:1_000_100])
    sent = world.services.sent("GetPhoto")
    assert (sent.offset, sent.length) == (1_000_000, 100)
    assert get(world, range="bytes=100-").content == LARGE[100:]


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_beyond_the_end_is_not_satisfiable(world: World, asked: str) -> None:
    world.answer(GetPhoto=send(DATA))
    answer = get(world, range=asked)
    assert problem(answer) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == "bytes */100"


@pytest.mark.parametrize("asked", ["bytes=" + "0-," * 1000 + "0-", "bytes=0-1,5-6", "bytes=9-1", "x", "bytes=-"])
def test_anything_but_a_single_range_returns_the_whole_picture_in_one_call(world: World, asked: str) -> None:
    world.answer(GetPhoto=send(DATA))
    answer = get(world, range=asked)
    assert (answer.status_code, answer.content) == (200, DATA)
    assert len(world.services.calls) == 1


def test_a_range_of_another_version_returns_the_whole_picture(world: World) -> None:
    world.answer(GetPhoto=send(DATA))
    assert get(world, range="bytes=1-", if_range=TAG).status_code == 206
    for other in (f'"{PHOTO}-original-v0"', f"W/{TAG}", "Wed, 21 Oct 2026 07:28:00 GMT"):
        answer = get(world, range="bytes=1-", if_range=other)
        assert (answer.status_code, answer.content) == (200, DATA)


def test_each_version_has_its_own_etag(world: World) -> None:
    world.answer(GetPhoto=send(DATA))
    tag = get(world).headers["etag"]
    assert tag == TAG
    assert get(world, if_none_match=tag, range="bytes=1-2").status_code == 304
    world.answer(GetPhoto=send(DATA, version="v2"))
    assert get(world, if_none_match=tag).status_code == 200


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_url_with_the_current_version_is_immutable(world: World, name: str, method: str) -> None:
    world.answer(GetPhoto=send(DATA))
    path = f"/api/photos/{PHOTO}/{name}"
    kept = world.client.request(method, f"{path}?v=v1&download=1", headers=SIGNED)
    again = world.client.request(method, f"{path}?v=v1", headers={**SIGNED, "if-none-match": kept.headers["etag"]})
    assert (kept.status_code, again.status_code) == (200, 304)
    for answer in (kept, again):
        assert answer.headers["cache-control"] == "private, max-age=86400, immutable"
        assert "vary" not in answer.headers


@pytest.mark.parametrize(("version", "query"), [("v1", ""), ("v1", "?v=v0"), ("v1", "?v="), ("", "?v="), ("", "?v=v1")])
def test_any_other_url_returns_the_picture_with_a_short_max_age(world: World, version: str, query: str) -> None:
    world.answer(GetPhoto=send(DATA, version=version))
    answer = world.client.get(f"/api/photos/{PHOTO}/thumb{query}", headers=SIGNED)
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["cache-control"] == "private, max-age=600"
    assert answer.headers["vary"] == "Authorization, Cookie"


def test_an_error_of_a_versioned_url_is_not_cached(world: World) -> None:
    world.answer(GetPhoto=PhotoNotFound())
    answer = world.client.get(f"/api/photos/{PHOTO}/thumb?v=v1", headers=SIGNED)
    assert problem(answer) == (404, "photo_not_found")
    assert answer.headers["cache-control"] == "no-store"


def test_a_service_without_ranges_returns_the_whole_picture(world: World) -> None:
    header = pb.PhotoHeader(content_type="image/jpeg", size_bytes=100)
    world.answer(GetPhoto=[pb.GetPhotoResponse(header=header), pb.GetPhotoResponse(chunk=DATA)])
    answer = get(world, range="bytes=1-2")
    assert (answer.status_code, answer.content) == (200, DATA)
    head = world.client.head(f"/api/photos/{PHOTO}/original", headers=SIGNED)
    assert head.headers["content-length"] == "100"


DISPOSITIONS = {
    "Summer party": 'filename="Summer-party-0012.jpg"',
    "夏祭り": "filename=\"photo-0012.jpg\"; filename*=UTF-8''%E5%A4%8F%E7%A5%AD%E3%82%8A-0012.jpg",
    'a"\r\nSet-Cookie: x=1\u202e': 'filename="a-Set-Cookie-x-1-0012.jpg"',
}


@pytest.mark.parametrize("event_name", DISPOSITIONS)
@pytest.mark.parametrize("name", NAMES)
def test_a_picture_has_a_readable_file_name(world: World, name: str, event_name: str) -> None:
    world.answer(GetPhoto=send(DATA, event_name=event_name, number=12))
    shown = get(world, name)
    assert shown.headers["content-disposition"] == f"inline; {DISPOSITIONS[event_name]}"
    assert "set-cookie" not in shown.headers
    saved = world.client.get(f"/api/photos/{PHOTO}/{name}?download=1", headers=SIGNED)
    assert saved.headers["content-disposition"] == f"attachment; {DISPOSITIONS[event_name]}"
    plain = world.client.get(f"/api/photos/{PHOTO}/{name}?download=0", headers=SIGNED)
    assert plain.headers["content-disposition"].startswith("inline;")


def test_the_download_parameter_only_changes_the_disposition(world: World) -> None:
    world.answer(GetPhoto=send(DATA))
    path = f"/api/photos/{PHOTO}/original"
    assert problem(world.client.get(f"{path}?download=maybe", headers=SIGNED)) == (400, "invalid_argument")
    assert problem(world.client.get(f"{path}?size=9", headers=SIGNED)) == (400, "unknown_parameter")
    assert world.client.get(f"{path}?download=1", headers=SIGNED).content == DATA


def test_the_own_selfie_supports_ranges(world: World) -> None:
    world.answer(GetSelfie=selfie_pb2.GetSelfieResponse(image=DATA, content_type="image/png"))
    whole = world.client.get("/api/my-selfie", headers=SIGNED)
    assert (whole.status_code, whole.content, whole.headers["accept-ranges"]) == (200, DATA, "bytes")
    tag = whole.headers["etag"]
    for headers, expected in (
        ({"range": "bytes=10-19"}, (206, DATA[10:20])),
        ({"range": "bytes=10-19", "if-range": tag}, (206, DATA[10:20])),
        ({"range": "bytes=10-19", "if-range": '"x"'}, (200, DATA)),
        ({"range": "bytes=" + "0-," * 1000 + "0-"}, (200, DATA)),
    ):
        answer = world.client.get("/api/my-selfie", headers={**SIGNED, **headers})
        assert (answer.status_code, answer.content) == expected
        assert answer.headers["cache-control"] == "private, no-store"
    assert problem(world.client.get("/api/my-selfie", headers={**SIGNED, "range": "bytes=100-"}))[0] == 416
    head = world.client.head("/api/my-selfie", headers={**SIGNED, "range": "bytes=0-1"})
    assert (head.status_code, head.headers["content-length"]) == (200, "100")
