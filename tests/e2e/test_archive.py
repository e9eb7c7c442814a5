"""All photos of a guest in one file."""

import io
import zipfile
from collections.abc import Callable

from deploy.sample import SampleEvent, SamplePhoto
from tests.e2e.party import Json, Organiser, Person, showing


def test_a_guest_saves_all_of_their_photos_of_an_event(
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
