"""Ranges of archives: an interrupted download resumes, and never with the bytes of another archive."""

import random
from collections.abc import Callable

import httpx2
import pytest

from tests.gateway.test_archive import PATH, PICTURES, answer_all, match, unpack
from tests.gateway.test_event_archive import EVENT_PATH, answer_event, photo
from tests.gateway.test_pictures import send
from tests.gateway.world import SIGNED, World, problem

Answer = Callable[..., None]


def answer_my(world: World, *photo_ids: str, version: str = "v1") -> None:
    answer_all(world, *(match(photo_id, original_version=version) for photo_id in photo_ids or PICTURES))


def answer_organised(world: World, *photo_ids: str, version: str = "v1") -> None:
    answer_event(world, *(photo(photo_id, original_version=version) for photo_id in photo_ids or PICTURES))


KINDS = pytest.mark.parametrize(
    ("path", "answer"), [(PATH, answer_my), (EVENT_PATH, answer_organised)], ids=["my photos", "event"]
)


def get(world: World, path: str, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return world.client.get(path, headers={**SIGNED, **named})


def count_read_bytes(world: World) -> int:
    return sum(call.request.length for call in world.services.calls if call.method == "GetPhoto")


@KINDS
def test_ranges_between_any_cuts_add_up_to_the_archive(world: World, path: str, answer: Answer) -> None:
    answer(world)
    whole = get(world, path)
    assert whole.headers["accept-ranges"] == "bytes"
    assert unpack(whole)
    size, tag = len(whole.content), whole.headers["etag"]
    assert tag.startswith('"')
    cuts = sorted(random.Random(7).sample(range(1, size), 8))
    pieces = []
    for start, end in zip([0, *cuts], [*cuts, size], strict=True):
        part = get(world, path, range=f"bytes={start}-{end - 1}", if_range=tag)
        assert part.status_code == 206
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
        assert (part.headers["etag"], int(part.headers["content-length"])) == (tag, end - start)
        pieces.append(part.content)
    assert b"".join(pieces) == whole.content
    assert get(world, path, range="bytes=-100").content == whole.content[-100:]
    assert get(world, path, range=f"bytes={size // 2}-").content == whole.content[size // 2 :]


@KINDS
@pytest.mark.parametrize("header", [f"bytes={10**10}-", "bytes=-0"])
def test_a_range_beyond_the_end_is_rejected_with_the_size(world: World, path: str, answer: Answer, header: str) -> None:
    answer(world)
    size = world.client.head(path, headers=SIGNED).headers["content-length"]
    refused = get(world, path, range=header)
    assert problem(refused) == (416, "range_not_satisfiable")
    assert refused.headers["content-range"] == f"bytes */{size}"


@KINDS
@pytest.mark.parametrize("header", ["bytes=0-1,5-6", "bytes=5-2", "lines=1-2", "nonsense"])
def test_anything_but_a_single_range_returns_the_whole_archive(
    world: World, path: str, answer: Answer, header: str
) -> None:
    answer(world)
    whole = get(world, path, range=header)
    assert (whole.status_code, "content-range" in whole.headers) == (200, False)
    assert unpack(whole)


@KINDS
def test_head_returns_the_tag_and_ignores_ranges(world: World, path: str, answer: Answer) -> None:
    answer(world)
    head = world.client.head(path, headers={**SIGNED, "range": "bytes=0-5"})
    whole = get(world, path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "accept-ranges", "content-length", "content-disposition", "content-type"):
        assert head.headers[name] == whole.headers[name]


@KINDS
@pytest.mark.parametrize("change", ["a photo more", "a photo less", "another version", "another order"])
def test_after_a_change_the_download_restarts(world: World, path: str, answer: Answer, change: str) -> None:
    answer(world, "photo-1", "photo-2")
    before = get(world, path)
    match change:
        case "a photo more":
            answer(world, "photo-1", "photo-2", "photo-3")
        case "a photo less":
            answer(world, "photo-1")
        case "another order":
            answer(world, "photo-2", "photo-1")
        case "another version":
            answer(world, "photo-1", "photo-2", version="v2")
            world.answer(GetPhoto=lambda request: send(PICTURES[request.photo_id], version="v2")(request))
    after = get(world, path, range="bytes=100-", if_range=before.headers["etag"])
    assert after.status_code == 200, "the rest of another archive is not sent"
    assert after.headers["etag"] != before.headers["etag"]
    assert unpack(after)
    unchanged = get(world, path, range="bytes=100-", if_range=after.headers["etag"])
    assert (unchanged.status_code, unchanged.content) == (206, after.content[100:]), "control"


@KINDS
def test_a_range_reads_only_its_own_photos(world: World, path: str, answer: Answer) -> None:
    answer(world)
    whole = get(world, path)
    world.services.calls.clear()
    rest = get(world, path, range="bytes=3000000-")
    assert rest.content == whole.content[3_000_000:]
    assert count_read_bytes(world) <= len(rest.content)
