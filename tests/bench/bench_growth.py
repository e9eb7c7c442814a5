"""How the cost of user actions grows with the size of an event: the exponent over successive doublings.

0: it does not depend on the size; 1: twice the size takes twice the time.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import Engine, text

from auth_service.store import EventStore
from auth_service.store import MemberStore as AccountMembers
from kit.db.pages import Page
from matcher_service.domain import NEWEST_FIRST, IndexedPhoto, NewFace, Rematch, Variant
from matcher_service.faces import SeenFace
from matcher_service.index import Index
from matcher_service.matching import find_people
from matcher_service.rules import Limits
from matcher_service.service import Matches, Members, TwoFaces
from matcher_service.store import FaceStore, JobStore, MatchStore, MemberStore, PeopleStore, PhotoStore, RefusalStore
from tests.bench.database import BenchDatabase, add_event, add_guests, make_encodings

FACES = (15_000, 30_000, 60_000, 120_000)
GUESTS = (375, 750, 1_500, 3_000)
ROUNDS = 15
TOLERANCE = 0.55
LEASE_S = 60.0
FIRST_PAGE = Page("", 50, None)


def run(database: BenchDatabase) -> dict[str, dict[str, Any]]:
    """For each action: the sizes, the milliseconds for each size, and the exponent."""
    return {
        **_grow(FACES, "faces", lambda size: _measure_event(database, size)),
        **_grow(GUESTS, "guests", lambda size: _measure_guests(database, size)),
    }


def _grow(sizes: tuple[int, ...], unit: str, measure: Callable[[int], dict[str, float]]) -> dict[str, dict[str, Any]]:
    by_size = [measure(size) for size in sizes]
    return {
        name: {
            unit: list(sizes),
            "ms": [round(times[name], 2) for times in by_size],
            "exponent": round(exponent(sizes, [times[name] for times in by_size]), 2),
        }
        for name in by_size[0]
    }


def exponent(sizes: tuple[int, ...], times: list[float]) -> float:
    """The slope of the line through the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def _measure_event(database: BenchDatabase, size: int) -> dict[str, float]:
    """Costs by number of faces; a guest is in a hundredth of them."""
    engine, encodings = database.engine, make_encodings(size)
    event_id = add_event(engine, encodings)
    [guest] = add_guests(engine, event_id, encodings[:1])
    database.settle()
    store, faces, members = MatchStore(engine), FaceStore(engine), MemberStore(engine)
    index = Index(faces.find_version, faces.count, faces.read_page, memory_mb=512)
    who, two_faces = Members(members, lambda: None), TwoFaces(PeopleStore(engine), 2)
    matches = Matches(store, RefusalStore(engine), index, who, Limits(tolerance=TOLERANCE), two_faces)
    revisions = iter(range(2, 1000))

    def rematch() -> None:
        selfie = encodings[0].tobytes()
        *_, last = matches.rematch(Rematch("bench", guest, event_id, next(revisions), selfie))
        assert last.matched > size / 200

    rematch_ms = _median_ms(rematch)
    database.settle()
    return {
        "rematch": rematch_ms,
        "my_photos": _median_ms(lambda: store.list_matches(guest, event_id, FIRST_PAGE, NEWEST_FIRST)),
        "my_photos_of_all_events": _median_ms(lambda: store.list_matches(guest, None, FIRST_PAGE, NEWEST_FIRST)),
        "event_counts": _median_ms(lambda: PhotoStore(engine).count([event_id])),
    }


def _measure_guests(database: BenchDatabase, size: int) -> dict[str, float]:
    engine, encodings = database.engine, make_encodings(size, seed=2)
    event_id = add_event(engine, encodings[:5])
    add_guests(engine, event_id, encodings)
    organised = _add_members(engine, size)
    database.settle()
    jobs, events, members = JobStore(engine), EventStore(engine), AccountMembers(engine)
    faces = (NewFace(0, 0, 80, 80, encodings[1].tobytes(), 80, 100.0, 120.0, 0.0),) * 5

    def publish() -> float:
        _add_photo(engine, event_id)
        job = jobs.claim(LEASE_S)
        assert job is not None
        photo = IndexedPhoto(1200, 800, None, dict.fromkeys(Variant, str(job.photo_id)), 1, faces)
        looked_at = [SeenFace(face.encoding) for face in faces]
        started = time.perf_counter()
        assert jobs.publish(job, photo, lambda people, *_: find_people(people, looked_at, TOLERANCE))
        return (time.perf_counter() - started) * 1000

    return {
        "publish": statistics.median([publish() for _ in range(ROUNDS + 1)][1:]),
        "guest_list": _median_ms(lambda: members.list_guests(organised, FIRST_PAGE)),
        "event": _median_ms(lambda: events.find_event(organised)),
    }


def _add_photo(engine: Engine, event_id: UUID) -> None:
    query = text(
        "WITH photo AS (INSERT INTO matcher.photos (event_id, id, number, sha256, filename, size_bytes, state,"
        " content_type, upload_key) VALUES (:event, :photo, 0, decode(md5(:key), 'hex'), 'x.jpg', 1, 'pending',"
        " 'image/jpeg', :key) RETURNING id, event_id) INSERT INTO matcher.photo_events SELECT id, event_id FROM photo"
    )
    photo_id = uuid4()
    with engine.begin() as connection:
        connection.execute(query, {"event": event_id, "photo": photo_id, "key": str(photo_id)})


def _add_members(engine: Engine, count: int) -> UUID:
    """An event of auth_service with guests."""
    event_id = uuid4()
    with engine.begin() as connection:
        for statement in (
            "INSERT INTO auth.events (id, name, code, member_count) VALUES (:event, 'Bench', :code, :count)",
            "WITH people AS (INSERT INTO auth.users (id, username, username_key, email, email_key, password_hash)"
            " SELECT gen_random_uuid(), name, name, name, name, '' FROM (SELECT :code || n AS name"
            " FROM generate_series(1, :count) AS n) AS names RETURNING id)"
            " INSERT INTO auth.memberships (event_id, user_id, role) SELECT :event, id, 'guest' FROM people",
        ):
            connection.execute(text(statement), {"event": event_id, "code": str(event_id), "count": count})
    return event_id


def _median_ms(call: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times[1:])
