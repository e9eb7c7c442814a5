"""Neither a photo that an organiser supplies for a search nor its encoding is stored or logged."""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import grpc
import pytest
from sqlalchemy import text

from kit.db.notices import Notices
from kit.faces.validation import Examination
from kit.rpc.identity import Signer
from kit.telemetry import logs
from matcher_service.domain import Recorded
from matcher_service.store.acts import note_act
from matcher_service.store.hints import HINTS_CHANNEL
from protos.matcher.v1 import matcher_pb2 as pb
from tests.matcher.calls import Service
from tests.matcher.person_script import DEADLY, examine_script, picture, rejected
from tests.matcher.removals import STRANGER, Asked

PHOTO = picture(STRANGER.place)
IMAGES = (PHOTO, rejected("several_faces"), rejected(DEADLY.decode()), b"no picture at all")
TABLES = """
SELECT table_name FROM information_schema.tables WHERE table_schema = 'matcher' AND table_type = 'BASE TABLE'
"""

MakeAsked = Callable[..., Asked]
Search = Callable[[Asked], None]


@pytest.fixture
def search(serve: Callable[..., grpc.Channel], signer: Callable[[str], Signer]) -> Search:
    """Sends each image over gRPC."""

    def send(asked: Asked) -> None:
        world = asked.world
        service = Service(world, serve(*world.registrations(Notices("", HINTS_CHANNEL), signer("matcher"))), signer)
        for image in IMAGES:
            with suppress(grpc.RpcError):
                request = pb.SearchFacesRequest(event_id=str(asked.event), image=image)
                service.matcher.SearchFaces(request, metadata=service.by(world.organiser), timeout=10)

    return send


def read_all(asked: Asked) -> dict[str, str]:
    """The rows of each table but the audit log, and the bytes of each file."""
    with asked.world.db.begin() as connection:
        tables = [str(name) for name in connection.execute(text(TABLES)).scalars()]
        rows = {
            table: str(sorted(connection.execute(text(f"SELECT t::text FROM matcher.{table} t")).scalars()))
            for table in tables
            if table != "acts"
        }
    files = {str(path): path.read_bytes().hex() for path in asked.world.folder.rglob("*") if path.is_file()}
    return rows | files


def read_acts(asked: Asked) -> str:
    with asked.world.db.begin() as connection:
        return str(list(connection.execute(text("SELECT t::text FROM matcher.acts t")).scalars()))


def find_traces(asked: Asked, search: Search, capsys: pytest.CaptureFixture[str]) -> set[str]:
    """Where the photo or its encoding is found after the search."""
    examination = examine_script(PHOTO)
    assert examination is not None
    assert examination.encoding is not None
    before = read_all(asked)
    logs.configure("matcher", "DEBUG", json=True)
    capsys.readouterr()
    search(asked)
    logged = "".join(capsys.readouterr())
    assert "SearchFaces" in logged
    after = read_all(asked)
    where = {name if name in before else "a new file" for name in after if before.get(name) != after[name]}
    secrets = {form for value in (PHOTO, examination.encoding) for form in (value.hex(), repr(value)[2:-1])}
    places = {"acts": read_acts(asked), "logs": logged}
    return where | {place for place, content in places.items() if any(secret in content for secret in secrets)}


def test_the_photo_and_its_encoding_leave_no_trace(
    asked: Asked, search: Search, capsys: pytest.CaptureFixture[str]
) -> None:
    assert find_traces(asked, search, capsys) == set()
    assert asked.acts() == [("face_searched_by_photo", "done", None)]


def test_control_a_photo_that_is_kept_or_logged_is_found(
    make_asked: MakeAsked, search: Search, capsys: pytest.CaptureFixture[str]
) -> None:
    def keep(image: bytes) -> Examination | None:
        examination = examine_script(image)
        if examination and examination.encoding:
            world = asked.world
            world.blobs.put(world.blobs.new_key(), image)
            logs.get_logger().info("A search.", encoding=examination.encoding.hex())
            note(asked.event, examination.encoding.hex())
        return examination

    def note(event: UUID, result: str) -> None:
        with asked.world.db.begin() as connection:
            note_act(connection, Recorded.FACE_SEARCHED, event, result=result)
            connection.execute(text("UPDATE matcher.people SET revision = revision + 1"))

    asked = make_asked(examine=keep)
    assert find_traces(asked, search, capsys) == {"a new file", "logs", "acts", "people"}
