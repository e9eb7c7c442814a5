"""Uploads through the whole system: completely received files are kept, whatever happens to the rest."""

import io
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from deploy.local.system import LocalSystem
from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json, Organiser, Person, until

FORM = "multipart/form-data; boundary=b"


def listed(organiser: Organiser, event: Json) -> dict[str, Json]:
    """The photos of an event by file name."""
    page = organiser.get(f"/api/events/{event['id']}/photos", limit=200)
    return {photo["filename"]: photo for photo in page["photos"]}


def upload(organiser: Organiser, event: Json, *files: tuple[str, bytes]) -> list[Json]:
    path = f"/api/events/{event['id']}/photos"
    photos: list[Json] = organiser.expect(202, "POST", path, files=[("files", file) for file in files])["photos"]
    return photos


def test_each_file_of_a_mixed_upload_has_its_own_result(organiser: Organiser, sample: SampleEvent) -> None:
    event = organiser.event("Mixed")
    first, second = sample.photos[:2]
    large = first.jpeg + bytes(100_000_001 - len(first.jpeg))
    photos = upload(
        organiser,
        event,
        ("1.jpg", first.jpeg),
        ("film.mp4", b"\0\0\0\x18ftypisom" + bytes(1000)),
        ("a.gif", b"GIF89a" + bytes(100)),
        ("empty.jpg", b""),
        ("large.jpg", large),
        ("2.jpg", second.jpeg),
        ("again.jpg", first.jpeg),
    )
    reasons = [(photo["filename"], photo.get("reason"), photo.get("existing")) for photo in photos]
    assert reasons == [
        ("1.jpg", None, False),
        ("film.mp4", "unsupported_type", None),
        ("a.gif", "unsupported_type", None),
        ("empty.jpg", "empty_image", None),
        ("large.jpg", "too_large", None),
        ("2.jpg", None, False),
        ("again.jpg", None, True),
    ]
    assert photos[6]["id"] == photos[0]["id"]
    assert photos[4]["message"] == "The file is larger than 100 MB."
    assert set(listed(organiser, event)) == {"1.jpg", "2.jpg"}


def test_a_photo_of_the_maximum_size_is_accepted(organiser: Organiser, sample: SampleEvent) -> None:
    event = organiser.event("Large")
    jpeg = sample.photos[0].jpeg
    [photo] = upload(organiser, event, ("large.jpg", jpeg + bytes(100_000_000 - len(jpeg))))
    assert photo["status"] == "pending"
    assert listed(organiser, event)["large.jpg"]["size_bytes"] == 100_000_000


@contextmanager
def body(system: LocalSystem, person: Person, path: str, length: int) -> Iterator[socket.socket]:
    """Opens a connection and begins a request of `length` bytes."""
    address = urlsplit(system.base_url)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {person.auth.token}\r\n"
        f"Content-Type: {FORM}\r\nContent-Length: {length}\r\n\r\n"
    )
    with socket.create_connection((str(address.hostname), address.port or 80), timeout=60) as connection:
        connection.sendall(head.encode())
        yield connection


def part(field: str, name: str, data: bytes) -> bytes:
    disposition = f'--b\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
    return disposition.encode() + data + b"\r\n"


def test_files_received_before_a_disconnect_are_kept(
    system: LocalSystem, organiser: Organiser, sample: SampleEvent
) -> None:
    event = organiser.event("Lift")
    parts = [part("files", f"{number}.jpg", photo.jpeg) for number, photo in enumerate(sample.photos[:4])]
    with body(system, organiser, f"/api/events/{event['id']}/photos", 50_000_000) as connection:
        connection.sendall(b"".join(parts[:3]) + parts[3][: len(parts[3]) // 2])
        until(lambda: len(listed(organiser, event)), lambda count: count >= 2)
    until(lambda: set(listed(organiser, event)), lambda names: names == {"0.jpg", "1.jpg", "2.jpg"})


def test_a_selfie_upload_may_pause_longer_than_one_without_a_token(
    system: LocalSystem,
    join: Callable[[Json], Person],
    gallery: tuple[Json, dict[str, SamplePhoto]],
    sample: SampleEvent,
) -> None:
    guest = join(gallery[0])
    sent = part("file", "selfie.jpg", sample.selfies["Ada"]) + b"--b--\r\n"
    with body(system, guest, "/api/upload-selfie", len(sent)) as connection:
        connection.sendall(sent[:1000])
        connection.settimeout(11)  # a body without a token is abandoned after 9 seconds
        try:
            assert connection.recv(1000) is None
        except TimeoutError:
            connection.settimeout(60)
        connection.sendall(sent[1000:])
        assert connection.recv(65536).startswith(b"HTTP/1.1 202")
    assert guest.settled()["status"] == "done"


def test_a_failed_photo_can_be_retried(organiser: Organiser, sample: SampleEvent) -> None:
    event = organiser.event("Again")
    broken = b"\xff\xd8\xff\xe0" + io.BytesIO(sample.photos[0].jpeg[:2000]).getvalue()[::-1]
    [first] = upload(organiser, event, ("broken.jpg", broken))
    until(lambda: listed(organiser, event)["broken.jpg"]["status"], lambda status: status == "failed")
    [again] = upload(organiser, event, ("broken.jpg", broken))
    assert (again["id"], again["status"], again["existing"]) == (first["id"], "pending", True)
    until(lambda: listed(organiser, event)["broken.jpg"]["status"], lambda status: status == "failed")
