"""The check: whether files and rows are consistent, and repairs of what can be recreated."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from uuid import UUID

from kit.storage.blobs import BlobNotFound, Blobs
from kit.storage.sweeper import ORPHAN_AGE
from matcher_service.domain import PhotoState
from matcher_service.findings import PICTURE_PROBLEMS, UPLOAD_PROBLEMS, Finding, PhotoFiles, Problem, UploadFile
from matcher_service.store.integrity import WALKS, IntegrityStore
from matcher_service.store.logos import LogoStore

PAGE = 500
JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"

Faults = list[tuple[Problem, str]]


class Integrity:
    """Checks a running system: rows that change during the check are checked again and are not findings."""

    def __init__(self, store: IntegrityStore, logos: LogoStore, blobs: Blobs, repair: bool) -> None:
        self._store = store
        self._logos = logos
        self._blobs = blobs
        self._repair = repair
        self.seen: Counter[str] = Counter()

    def check(self) -> Iterator[Finding]:
        """Yields each finding, after repairing it if that is requested and safe."""
        yield from self._check_photos()
        yield from self._check_logos()
        yield from self._check_blobs()
        for table in WALKS:
            yield from self._check_rows(table)

    def _check_photos(self) -> Iterator[Finding]:
        after = (UUID(int=0), UUID(int=0))
        while photos := self._store.list_photos(after, PAGE):
            for photo in photos:
                self.seen["photo"] += 1
                yield from self._check_photo(photo)
            after = (photos[-1].event_id, photos[-1].id)

    def _check_photo(self, photo: PhotoFiles) -> Iterator[Finding]:
        faults = self._find_faults(photo)
        while faults and (now := self._store.find_photo(photo.event_id, photo.id)) != photo:
            if now is None:
                return
            photo, faults = now, self._find_faults(now)
        cures = self._repair_photo(photo, {problem for problem, _ in faults}) if self._repair else {}
        for problem, key in faults:
            subject = f"photo {photo.id}, file {key}" if key else f"photo {photo.id}"
            yield Finding(problem, subject, cures.get(problem, ""))

    def _find_faults(self, photo: PhotoFiles) -> Faults:
        """The problems of the photo's files and row, each with its file."""
        faults: Faults = [(problem, "") for problem in photo.problems]
        if photo.has_upload and (fault := self._look_at_upload(photo.upload)):
            faults.append((fault, photo.upload.key))
        if photo.new_version and (fault := self._look_at_upload(photo.new_version)):
            is_missing = fault is Problem.UPLOAD_MISSING
            problem = Problem.NEW_VERSION_MISSING if is_missing else Problem.NEW_VERSION_DAMAGED
            faults.append((problem, photo.new_version.key))
        if photo.state is PhotoState.INDEXED:
            if photo.original_end > photo.upload.size_bytes:
                faults.append((Problem.PICTURE_DAMAGED, photo.upload.key))
            for key in photo.picture_keys:
                if fault := self._look_at_picture(key):
                    faults.append((fault, key or ""))
        return faults

    def _look_at_upload(self, upload: UploadFile) -> Problem | None:
        try:
            size_bytes, chunks = self._blobs.open(upload.key)
            if size_bytes != upload.size_bytes:
                return Problem.UPLOAD_DAMAGED
            digest = hashlib.sha256()
            for chunk in chunks:
                digest.update(chunk)
        except BlobNotFound:
            return Problem.UPLOAD_MISSING
        return None if digest.digest() == upload.sha256 else Problem.UPLOAD_DAMAGED

    def _look_at_picture(self, key: str | None) -> Problem | None:
        """Checks the first and last bytes only: decoding is reserved for the engine's process, and files of this
        service are never truncated."""
        if key is None:
            return Problem.KEY_MISSING
        try:
            start, end = self._blobs.read_ends(key, len(JPEG_START))
        except BlobNotFound:
            return Problem.PICTURE_MISSING
        return None if (start, end) == (JPEG_START, JPEG_END) else Problem.PICTURE_DAMAGED

    def _repair_photo(self, photo: PhotoFiles, problems: set[Problem]) -> dict[Problem, str]:
        """The repairs, by problem."""
        cures: dict[Problem, str] = {}
        if Problem.NEW_VERSION_MISSING in problems and self._store.fail_lost_version(photo):
            cures[Problem.NEW_VERSION_MISSING] = "failed now, as file_missing"
        if photo.state is PhotoState.INDEXED:
            is_lost = problems & UPLOAD_PROBLEMS
            if problems & PICTURE_PROBLEMS and not is_lost and self._store.read_again(photo):
                cures |= dict.fromkeys(PICTURE_PROBLEMS, "pending again, to be re-read")
        else:
            if Problem.UNREAD_WITH_FACES in problems and self._store.forget_faces(photo):
                cures[Problem.UNREAD_WITH_FACES] = "faces and matches deleted"
            is_lost_waiting = photo.state is PhotoState.PENDING and Problem.UPLOAD_MISSING in problems
            if is_lost_waiting and self._store.fail_lost(photo):
                cures[Problem.UPLOAD_MISSING] = "failed now, as file_missing"
        return cures

    def _check_logos(self) -> Iterator[Finding]:
        after = UUID(int=0)
        while logos := self._logos.list_files(after, PAGE):
            for event_id, key in logos:
                self.seen["logo"] += 1
                # A logo that was replaced during the check is no finding.
                if not self._is_there(key) and self._logos.has_file(event_id, key):
                    cure = "forgotten" if self._repair and self._logos.forget_file(event_id, key) else ""
                    yield Finding(Problem.LOGO_MISSING, f"event {event_id}, file {key}", cure)
            after = logos[-1][0]

    def _check_blobs(self) -> Iterator[Finding]:
        oldest = datetime.now(UTC) - ORPHAN_AGE
        listed = self._blobs.list()
        while page := dict(islice(listed, PAGE)):
            self.seen["file"] += len(page)
            for key in sorted(self._store.find_strays(list(page))):
                if self._is_there(key):
                    yield self._settle_orphan(key, is_old=page[key] < oldest)

    def _is_there(self, key: str) -> bool:
        """A completed deletion is no longer queued, so the file may have been deleted since it was listed."""
        try:
            self._blobs.read_ends(key, 0)
        except BlobNotFound:
            return False
        return True

    def _settle_orphan(self, key: str, is_old: bool) -> Finding:
        if not is_old:
            return Finding(Problem.YOUNG_ORPHAN, f"file {key}")
        if self._repair:
            self._blobs.delete(key)
        return Finding(Problem.ORPHAN, f"file {key}", "deleted" if self._repair else "")

    def _check_rows(self, table: str) -> Iterator[Finding]:
        after: tuple[UUID | int, ...] | None = None
        while True:
            page = self._store.read_rows(table, after, PAGE)
            self.seen[table] += page.count
            for problem, ids in page.faulty:
                named = ", ".join(f"{name.removesuffix('_id')} {value}" for name, value in ids.items())
                cure = self._repair_row(problem, ids) if self._repair else ""
                yield Finding(problem, f"{table} of {named}", cure)
            if page.last is None:
                return
            after = page.last

    def _repair_row(self, problem: Problem, ids: dict[str, UUID | int]) -> str:
        values = {name: value for name, value in ids.items() if isinstance(value, UUID)}
        if problem is Problem.COUNTS_WRONG:
            return "counted again" if self._store.count_again(**values) else ""
        if problem is Problem.MATCH_OF_STRANGER:
            return "deleted" if self._store.delete_strange_match(**values) else ""
        if problem is Problem.MATCH_SHOWN_WRONG:
            is_shown = self._store.show_match_again(values["event_id"], values["photo_id"])
            return "corrected" if is_shown else ""
        return ""
