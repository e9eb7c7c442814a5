"""Pictures from the file store: whole, as byte ranges, and assembled from ranges of the upload and new bytes."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from kit.faces.images.taken import Taken
from kit.storage.blobs import BlobNotFound, Blobs
from matcher_service.domain import ChangeKind
from matcher_service.pictures import WHOLE, Source, Window, from_json, open_picture, to_json
from matcher_service.store.versions import make_version
from protos.matcher.v1 import photo_pb2 as pb
from tests.matcher.calls import Service, request
from tests.matcher.scripted_photos import read_script

UPLOAD = os.urandom(2_000_000)
PARTS = (b"start", (10, 1_500_000), b"", b"middle", (1_600_000, 2_000_000), b"end")
# Each change points to files or ranges that exist.
CHANGES = {
    pb.VARIANT_THUMB: ["thumb_key = preview_key"],
    pb.VARIANT_MEDIUM: ["medium_key = NULL", "medium_key = thumb_key"],
    pb.VARIANT_PREVIEW: ["preview_key = thumb_key"],
    pb.VARIANT_ORIGINAL: [
        "original_key = thumb_key",
        "original_key = NULL, original_parts = '[[0, 3]]'",
        "original_parts = '[[0, 4]]'",
    ],
}
PICTURE = b"start" + UPLOAD[10:1_500_000] + b"middle" + UPLOAD[1_600_000:] + b"end"


class CountingBlobs(Blobs):
    """Counts the bytes that are read."""

    read_bytes = 0

    def open_range(self, key: str, offset: int, length: int) -> Any:
        for chunk in super().open_range(key, offset, length):
            self.read_bytes += len(chunk)
            yield chunk


@pytest.fixture
def blobs(tmp_path: Path) -> CountingBlobs:
    return CountingBlobs(tmp_path.as_uri(), "photos")


WINDOWS = [
    WHOLE,
    Window(0, 5),
    Window(3, 4),
    Window(5),
    Window(1_489_990, 20),
    Window(1_489_994, 7),
    Window(-3),
    Window(-400_010, 12),
    Window(-9_999_999),
    Window(len(PICTURE) - 1, 9),
    Window(len(PICTURE)),
    Window(1 << 60),
]


def expected(data: bytes, window: Window) -> bytes:
    return data[window.offset :][: window.length or None]


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("parts", [PARTS, ()], ids=["parts", "file"])
def test_any_byte_range_of_a_picture_equals_that_part_of_the_whole(
    blobs: CountingBlobs, window: Window, parts: tuple[Any, ...]
) -> None:
    key = blobs.new_key()
    blobs.put(key, UPLOAD if parts else PICTURE)
    opened = open_picture(blobs, Source(key, from_json(to_json(parts))), window)
    chunks = list(opened.chunks)
    assert b"".join(chunks) == expected(PICTURE, window)
    assert (opened.size_bytes, opened.end - opened.start) == (len(PICTURE), sum(map(len, chunks)))
    assert all(len(chunk) <= 256 * 1024 for chunk in chunks)
    if window != WHOLE:
        assert blobs.read_bytes <= len(expected(PICTURE, window))


def test_a_missing_or_truncated_upload_is_not_found_before_any_byte_is_sent(blobs: CountingBlobs) -> None:
    key = blobs.new_key()
    for window in (WHOLE, Window(0, 5)):
        with pytest.raises(BlobNotFound):
            open_picture(blobs, Source(key, PARTS), window)
    blobs.put(key, UPLOAD[:-1])
    with pytest.raises(BlobNotFound):
        open_picture(blobs, Source(key, PARTS))


def test_a_version_depends_on_the_bytes_and_does_not_reveal_the_key() -> None:
    versions = [make_version(key, digest) for key in ("photos/aa/b", "photos/aa/c") for digest in (None, "1", "2")]
    assert len(set(versions)) == 6
    assert not any("photos" in version for version in versions)
    assert make_version(None, None) == ""
    assert from_json(to_json(PARTS)) == PARTS


@pytest.mark.parametrize("variant", CHANGES)
def test_lists_state_the_version_of_the_picture_that_is_sent(service: Service, variant: int) -> None:
    world = service.world
    event = world.event()
    guest = world.join(event)
    photo = world.add(event, 1)
    service.rematch(event, request(event, guest, 1, 1))
    field = f"{pb.Variant.Name(variant).removeprefix('VARIANT_').lower()}_version"

    def versions() -> set[str]:
        """The versions in the guest's list, in the organiser's list and of the picture itself."""
        listed = pb.ListPhotosRequest(event_id=str(event))
        wanted = pb.GetPhotoRequest(photo_id=str(photo), variant=variant)  # type: ignore[arg-type]
        by = service.by(world.organiser)
        return {
            getattr(service.list_matches(guest).matches[0], field),
            getattr(service.photos.ListPhotos(listed, metadata=by).photos[0], field),
            next(iter(service.photos.GetPhoto(wanted, metadata=by))).header.version,
        }

    (latest,) = versions()
    seen = {"", latest}
    for change in CHANGES[variant]:  # type: ignore[index]
        with world.db.begin() as connection:
            connection.execute(text(f"UPDATE matcher.photos SET {change}"))
        (latest,) = versions()
        assert latest not in seen, change
        seen.add(latest)


@pytest.mark.parametrize("parts", [((0, 4), b"clean", (4, 9)), ()], ids=["from the upload", "a file of its own"])
def test_a_guests_list_states_the_size_and_name_of_each_original(service: Service, parts: Any) -> None:
    world = service.world
    event = world.event()
    world.change(ChangeKind.EVENT_UPDATED, event_id=event, name="Summer party")
    guest, photo = world.join(event), world.upload(event, [1]).photo_id
    taken = Taken(datetime(2026, 6, 20, 17, tzinfo=UTC), 120)
    world.make_indexer(lambda data: replace(read_script(data), original_parts=parts, taken=taken)).step()
    service.rematch(event, request(event, guest, 1, 1))
    (match,) = service.list_matches(guest).matches
    wanted = pb.GetPhotoRequest(photo_id=str(photo), variant=pb.VARIANT_ORIGINAL)
    header, *chunks = service.photos.GetPhoto(wanted, metadata=service.by(guest))
    assert match.original_bytes == header.header.picture_bytes == sum(len(part.chunk) for part in chunks)
    assert (match.event_name, match.number) == (header.header.event_name, header.header.number) == ("Summer party", 1)
    assert (match.take_time.seconds, match.take_offset_min) == (1_781_974_800, 120)
    assert match.HasField("create_time")
    listed = pb.ListPhotosRequest(event_id=str(event))
    (shown,) = service.photos.ListPhotos(listed, metadata=service.by(world.organiser)).photos
    for name in ("original_bytes", "original_version", "take_time", "take_offset_min"):
        assert getattr(shown, name) == getattr(match, name)


def test_a_photo_that_has_not_been_read_has_no_versions(service: Service) -> None:
    event = service.world.event()
    service.world.upload(event, [1])
    listed = pb.ListPhotosRequest(event_id=str(event))
    (photo,) = service.photos.ListPhotos(listed, metadata=service.by(service.world.organiser)).photos
    assert {getattr(photo, name) for name in photo.DESCRIPTOR.fields_by_name if name.endswith("_version")} == {""}


def test_a_byte_range_of_a_picture_is_sent(service: Service) -> None:
    world = service.world
    photo = world.add(world.event(), 1)

    def get(**window: int) -> tuple[pb.PhotoHeader, bytes]:
        call = service.photos.GetPhoto(
            pb.GetPhotoRequest(photo_id=str(photo), variant=pb.VARIANT_ORIGINAL, **window),
            metadata=service.by(world.organiser),
        )
        header, *parts = list(call)
        return header.header, b"".join(part.chunk for part in parts)

    header, whole = get()
    assert (header.size_bytes, header.picture_bytes, header.offset) == (len(whole), len(whole), 0)
    for window in ({"offset": 2, "length": 3}, {"offset": -4}, {"offset": 3}, {"offset": 1 << 60}):
        part_header, part = get(**window)
        assert part == whole[window["offset"] :][: window.get("length") or None]
        assert (part_header.size_bytes, part_header.picture_bytes) == (len(part), len(whole))
        assert part_header.version == header.version
