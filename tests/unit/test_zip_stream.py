"""Streamed ZIP archives: readable by other programs, of predictable length, and resumable at any byte."""

import asyncio
import io
import random
import shutil
import subprocess
import zipfile
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.photos import zip_records
from gateway.photos.zip_records import MAX_16, MAX_32, StoredFile, central_header, end_records
from gateway.photos.zip_stream import Checksums, ZipStream

NOON = datetime(2026, 6, 20, 12, 30, 14, tzinfo=UTC)
GB = 1 << 30


def make_files(*sizes: int, name: str = "Party-{:04}.jpg") -> list[StoredFile]:
    return [StoredFile(name.format(number), size, NOON) for number, size in enumerate(sizes, 1)]


def content(place: int, size_bytes: int) -> bytes:
    return random.Random(place).randbytes(size_bytes)


class Reader:
    """Reads files and records which bytes were read."""

    def __init__(self, files: Sequence[StoredFile], chunk_bytes: int = 700) -> None:
        self._files = files
        self._chunk_bytes = chunk_bytes
        self.read_bytes = 0

    async def __call__(self, place: int, start: int, end: int) -> AsyncGenerator[bytes]:
        data = content(place, self._files[place].size_bytes)
        for at in range(start, end, self._chunk_bytes):
            chunk = data[at : min(at + self._chunk_bytes, end)]
            self.read_bytes += len(chunk)
            yield chunk


def write(
    files: Sequence[StoredFile],
    start: int = 0,
    end: int | None = None,
    checksums: Checksums | None = None,
    reader: Reader | None = None,
) -> bytes:
    archive = ZipStream(files)
    known = {} if checksums is None else checksums

    async def collect() -> bytes:
        pieces = archive.write(reader or Reader(files), known, start, archive.size_bytes if end is None else end)
        return b"".join([piece async for piece in pieces])

    return asyncio.run(collect())


KINDS = [
    make_files(1000, 0, 3),
    make_files(*[5] * 300),
    make_files(10, name="Fête-{:04}.jpg"),
    make_files(10, name="夏祭り-{:04}.jpg"),
    make_files(70_000, 1, 200_000),
]


@pytest.mark.parametrize("files", KINDS)
def test_an_archive_has_the_predicted_length_and_other_programs_read_it(files: list[StoredFile]) -> None:
    archive = write(files)
    assert len(archive) == ZipStream(files).size_bytes
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == [file.name for file in files]
        for place, info in enumerate(opened.infolist()):
            assert (info.compress_type, info.date_time) == (zipfile.ZIP_STORED, (2026, 6, 20, 12, 30, 14))
            assert info.external_attr >> 16 == 0o644
            assert opened.read(info) == content(place, files[place].size_bytes)


@pytest.mark.skipif(not shutil.which("unzip"), reason="there is no unzip")
@pytest.mark.parametrize("files", KINDS)
def test_unzip_reports_no_error(files: list[StoredFile], tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(write(files))
    done = subprocess.run(["unzip", "-t", tmp_path / "a.zip"], capture_output=True, text=True, check=False)
    assert (done.returncode, "No errors detected" in done.stdout) == (0, True), done.stdout


@pytest.mark.parametrize("files", KINDS)
def test_any_byte_ranges_concatenate_to_the_archive(files: list[StoredFile]) -> None:
    whole = write(files)
    for seed in range(4):
        cuts = sorted(random.Random(seed).randint(0, len(whole)) for _ in range(6))
        bounds = list(zip([0, *cuts], [*cuts, len(whole)], strict=True))
        assert b"".join(write(files, *bound) for bound in bounds) == whole, "each piece by a process of its own"
        known: Checksums = {}
        assert b"".join(write(files, *bound, checksums=known) for bound in bounds) == whole
        assert len(known) == len(files)


def test_every_single_byte_equals_that_of_the_archive() -> None:
    files = make_files(3, 0, 5)
    whole = write(files)
    assert b"".join(write(files, at, at + 1) for at in range(len(whole))) == whole
    assert write(files, len(whole)) == write(files, 7, 7) == b""


def test_skipped_files_with_a_known_checksum_are_not_read() -> None:
    """Files with an unknown checksum are read at the end, for the directory; without the directory they never are."""
    files = make_files(*[10_000] * 10)
    known: Checksums = {}
    whole = write(files, checksums=known)
    half = 55_000  # in the sixth file
    for checksums, most_bytes in ((known, 50_000), ({}, 100_000)):
        reader = Reader(files)
        assert write(files, half, checksums=checksums, reader=reader) == whole[half:]
        assert most_bytes - 10_000 < reader.read_bytes <= most_bytes
    reader = Reader(files)
    assert write(files, 20_500, 25_000, reader=reader) == whole[20_500:25_000]
    assert reader.read_bytes == 4_500
    reader = Reader(files)
    assert write(files, len(whole) - 22, reader=reader) == whole[-22:]
    assert reader.read_bytes == 0


@pytest.mark.parametrize("sizes", [[700] * 3, [2000, 10, 1500], [10] * 90, [0] * 20, [970, 10], [940] * 2])
@pytest.mark.parametrize(("most_bytes", "most_files"), [(1000, 1000), (1 << 31, 8), (2500, 50)])
def test_large_archives_have_zip64_records(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sizes: list[int], most_bytes: int, most_files: int
) -> None:
    """With limits of a few bytes instead of 4 GiB and 65,535 files."""
    monkeypatch.setattr(zip_records, "MAX_32", most_bytes)
    monkeypatch.setattr(zip_records, "MAX_16", most_files)
    files = make_files(*sizes)
    archive = write(files)
    assert len(archive) == ZipStream(files).size_bytes
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        assert [info.file_size for info in opened.infolist()] == sizes
    cut = len(archive) // 2
    assert write(files, 0, cut) + write(files, cut) == archive


def test_other_programs_read_an_archive_of_more_than_65535_files() -> None:
    files = [StoredFile(f"{number}", 0, NOON) for number in range(MAX_16 + 2)]
    with zipfile.ZipFile(io.BytesIO(write(files))) as opened:
        assert len(opened.namelist()) == MAX_16 + 2
    assert b"PK\6\6" not in write(files[: MAX_16 - 1])[-100:], "control: no ZIP64 where it is not needed"


@pytest.mark.parametrize("size_bytes", [MAX_32 - 1, MAX_32, MAX_32 + 1, 5 * GB])
def test_other_programs_read_a_directory_beyond_4_gib(size_bytes: int) -> None:
    """A sparse hole of the size of the files precedes the directory."""
    files = make_files(size_bytes, 3 * GB, 7)
    archive, checksums = ZipStream(files), {0: 1, 1: 2, 2: 3}
    offsets = [archive._entries[place] for place in range(3)]

    class Holed(io.RawIOBase):
        """A file of which only the end exists."""

        def __init__(self, end: bytes) -> None:
            self._end, self._at = end, 0

        def seekable(self) -> bool:
            return True

        def seek(self, offset: int, whence: int = 0) -> int:
            self._at = offset + {0: 0, 1: self._at, 2: archive.size_bytes}[whence]
            return self._at

        def tell(self) -> int:
            return self._at

        def read(self, size: int = -1) -> bytes:
            begin = self._at - (archive.size_bytes - len(self._end))
            assert begin >= 0
            found = self._end[begin : begin + size if size >= 0 else None]
            self._at += len(found)
            return found

    directory_at = archive._headers[0]
    end = write(files, directory_at, checksums=checksums)
    with zipfile.ZipFile(Holed(end)) as opened:  # type: ignore[arg-type]
        infos = opened.infolist()
    assert [info.file_size for info in infos] == [info.compress_size for info in infos] == [size_bytes, 3 * GB, 7]
    assert [info.header_offset for info in infos] == offsets
    assert [info.CRC for info in infos] == [1, 2, 3]
    large = size_bytes >= MAX_32
    assert offsets[1] == 30 + 14 + 20 * large + size_bytes + (24 if large else 16)
    assert archive.size_bytes == directory_at + len(end)


def test_zip64_is_used_only_where_it_is_needed() -> None:
    """Old programs do not support it."""
    (small,) = make_files(10)
    assert len(central_header(small, MAX_32 - 1, 0)) == 46 + 14
    assert len(central_header(small, MAX_32, 0)) == 46 + 14 + 12
    assert len(end_records(MAX_16 - 1, 100, MAX_32 - 1)) == 22
    assert len(end_records(MAX_16, 100, 0)) == len(end_records(1, 100, MAX_32)) == 56 + 20 + 22


@pytest.mark.parametrize(("year", "shown"), [(1970, 1980), (1980, 1980), (2107, 2107), (9999, 2107)])
def test_a_time_outside_the_zip_range_is_moved_to_the_nearest_year(year: int, shown: int) -> None:
    archive = write([StoredFile("a", 0, NOON.replace(year=year))])
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.infolist()[0].date_time[:2] == (shown, 6)
