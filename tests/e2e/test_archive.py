"""Downloads of many photos as one archive."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace

from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json, Organiser, Person, showing


def test_a_guest_downloads_all_their_photos_of_an_event(
    organiser: Organiser, sample: SampleEvent, join: Callable[[Json], Person], one_of: Callable[..., SamplePhoto]
) -> None:
    event, other = organiser.event("Sömmer party"), organiser.event("Another")
    photos = organiser.add_photos(event, [one_of("Ada"), one_of("Ada", skip=1), one_of("Ben")])
    organiser.add_photos(other, [one_of("Ada")])
    guest, path = join(event), f"/api/my-photos.zip?event_id={event['id']}"
    assert guest.expect(404, "GET", path)["reason"] == "photo_not_found"
    guest.expect(200, "POST", "/api/join-event", json={"event_code": other["event_code"]})
    guest.selfie_and_wait(sample.selfies["Ada"])
    page = guest.get("/api/my-photos", event_id=event["id"], limit=1)
    assert page["total"] == len(showing(photos, "Ada"))
    originals = {}
    for photo_id in showing(photos, "Ada"):
        answer = guest.http.get(f"/api/photos/{photo_id}/original?download=1")
        name = answer.headers["content-disposition"].partition('filename="')[2].partition('"')[0]
        originals[name.replace("Sommer", "Sömmer")] = answer.content
    answer = guest.http.get(path)
    assert (answer.status_code, int(answer.headers["content-length"])) == (200, len(answer.content))
    assert guest.http.head(path).headers["content-length"] == answer.headers["content-length"]
    assert 'filename="Sommer-party.zip"' in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == originals
        assert {info.filename: info.file_size for info in archive.infolist()} == {
            name: len(data) for name, data in originals.items()
        }


def test_an_organiser_downloads_the_whole_event_and_resumes_after_a_disconnect(
    organiser: Organiser, sample: SampleEvent, one_of: Callable[..., SamplePhoto]
) -> None:
    event = organiser.event("Sömmer party")
    for who, name in (("Ada", "IMG_1.jpg"), ("Ben", "img_1.JPG")):
        organiser.add_photos(event, [replace(one_of(who), name=name)])
    broken = SamplePhoto("broken.jpg", b"\xff\xd8\xff\xe0", frozenset(), 0)
    organiser.add_photos(event, [broken])
    path = f"/api/events/{event['id']}/photos.zip"
    whole = organiser.http.get(path)
    head = organiser.http.head(path)
    assert (whole.status_code, int(head.headers["content-length"])) == (200, len(whole.content))
    with zipfile.ZipFile(io.BytesIO(whole.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["IMG_1.jpg", "img_1 (2).JPG", "missing.txt"]
        assert b"broken.jpg: could not be read" in archive.read("missing.txt")
        assert [archive.getinfo(name).file_size > 1000 for name in archive.namelist()] == [True, True, False]
    tag, half = whole.headers["etag"], len(whole.content) // 2
    rest = organiser.http.get(path, headers={"range": f"bytes={half}-", "if-range": tag})
    assert (rest.status_code, whole.content[:half] + rest.content) == (206, whole.content)
    organiser.add_photos(event, [one_of("Cleo")])
    again = organiser.http.get(path, headers={"range": f"bytes={half}-", "if-range": tag})
    assert again.status_code == 200
    assert again.headers["etag"] != tag
