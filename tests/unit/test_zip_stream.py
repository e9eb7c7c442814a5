"""Archives that are written as a stream: what other programs read of them, and their length."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest

from gateway.photos import zip_stream
from gateway.photos.zip_stream import StoredFile, measure_archive, write_archive

NOON = datetime(2026, 6, 20, 12, 30, 14, tzinfo=UTC)


def make_files(*sizes: int, name: str = "Party-{:04}.jpg") -> list[StoredFile]:
    return [StoredFile(name.format(number), size, NOON) for number, size in enumerate(sizes, 1)]


def content(place: int, size_bytes: int) -> bytes:
    return bytes([place % 256]) * size_bytes


def write(files: Sequence[StoredFile], piece: int = 700) -> bytes:
    async def read(place: int) -> AsyncIterator[bytes]:
        data = content(place, files[place].size_bytes)
        for start in range(0, len(data), piece):
            yield data[start : start + piece]

    async def collect() -> bytes:
        return b"".join([part async for part in write_archive(files, read)])

    return asyncio.run(collect())


@pytest.mark.parametrize(
    "files",
    [
        make_files(1000, 0, 3),
        make_files(*[5] * 300),
        make_files(10, name="Fête-{:04}.jpg"),
        make_files(10, name="夏祭り-{:04}.jpg"),
    ],
)
def test_an_archive_is_as_long_as_was_said_and_others_read_it(files: list[StoredFile]) -> None:
    archive = write(files)
    assert len(archive) == measure_archive(files)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == [file.name for file in files]
        for place, info in enumerate(opened.infolist()):
            assert (info.compress_type, info.date_time) == (zipfile.ZIP_STORED, (2026, 6, 20, 12, 30, 14))
            assert info.external_attr >> 16 == 0o644
            assert opened.read(info) == content(place, files[place].size_bytes)


@pytest.mark.parametrize("sizes", [[700] * 3, [2000, 10, 1500], [10] * 90, [0] * 20, [970, 10], [940] * 2])
@pytest.mark.parametrize(("most_bytes", "most_files"), [(1000, 1000), (1 << 31, 8), (2500, 50)])
def test_large_archives_have_the_records_of_zip64(
    monkeypatch: pytest.MonkeyPatch, sizes: list[int], most_bytes: int, most_files: int
) -> None:
    """With limits of a few bytes instead of 2 GiB and 65 535 files."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", most_bytes)
    monkeypatch.setattr(zip_stream, "ZIP64_LIMIT", most_bytes)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", most_files)
    monkeypatch.setattr(zip_stream, "MAX_FILES", most_files)
    files = make_files(*sizes)
    archive = write(files)
    assert len(archive) == measure_archive(files)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        assert [info.file_size for info in opened.infolist()] == sizes


def test_the_limits_are_those_of_the_library() -> None:
    assert (zip_stream.ZIP64_LIMIT, zip_stream.MAX_FILES) == (zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT)


@pytest.mark.parametrize(("year", "shown"), [(1970, 1980), (1980, 1980), (2107, 2107), (9999, 2107)])
def test_a_time_that_zip_does_not_know_is_moved_to_the_nearest_year(year: int, shown: int) -> None:
    assert StoredFile("a", 0, NOON.replace(year=year)).to_info().date_time[:2] == (shown, 6)
