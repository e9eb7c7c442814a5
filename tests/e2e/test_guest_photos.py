"""Photos added by guests, across all services: from the event's setting to the erasure of the guest."""

from collections.abc import Callable
from typing import Any

from deploy.sample.event import SampleEvent, SamplePhoto
from tests.e2e.party import Json, Organiser, Person, until

Join = Callable[[Json], Person]


def add(guest: Person, event: Json, photo: SamplePhoto) -> Json:
    files = [("files", (photo.name, photo.jpeg, "image/jpeg"))]
    (added,) = guest.expect(202, "POST", f"/api/events/{event['id']}/photos", files=files)["photos"]
    return dict(added)


def uploads(guest: Person, event: Json) -> dict[str, str]:
    photos = guest.get("/api/my-uploads", event_id=event["id"])["photos"]
    return {photo["id"]: photo["visibility"] for photo in photos}


def test_a_guests_photo_is_approved_and_found_and_deleted_with_its_guest(
    organiser: Organiser, join: Join, sample: SampleEvent, one_of: Any
) -> None:
    event = organiser.event("Guests add", guest_photos="moderated")
    guest, other = join(event), join(event)
    other.selfie_and_wait(sample.selfies["Ben"])
    (membership,) = guest.get("/api/me")["events"]
    assert membership["guest_photos"] == "moderated"
    theirs, hers = one_of("Ben"), one_of("Ada")
    photo = add(guest, event, theirs)["id"]
    assert add(guest, event, theirs) == {"id": photo, "filename": theirs.name, "status": "pending", "existing": True}
    organiser.indexed(event)
    assert (uploads(guest, event), other.photos()) == ({photo: "unapproved"}, set())
    for variant in ("thumb", "medium", "preview", "original"):
        assert guest.http.get(f"/api/photos/{photo}/{variant}").status_code == 200
        other.expect(404, "GET", f"/api/photos/{photo}/{variant}")
    other.expect(404, "DELETE", f"/api/photos/{photo}")

    # Bytes uploaded by another member are reported as known, without details.
    organiser.add_photos(event, [hers])
    known = {"filename": hers.name, "status": "pending", "existing": True}
    assert (add(guest, event, hers), uploads(guest, event)) == (known, {photo: "unapproved"})
    assert add(other, event, theirs) == {"filename": theirs.name, "status": "pending", "existing": True}

    path = f"/api/events/{event['id']}/photos"
    (waiting,) = organiser.get(path, visibility="unapproved")["photos"]
    assert (waiting["id"], waiting["uploader_id"], waiting["from_guest"]) == (photo, guest.id, True)
    organiser.expect(204, "POST", f"{path}/visibility", json={"photo_ids": [photo], "visibility": "matched"})
    assert (other.photos(), uploads(guest, event)) == ({photo}, {photo: "matched"})

    guest.expect(204, "DELETE", "/api/me")
    until(other.photos, lambda photos: photos == set())
    until(lambda: organiser.get(path, from_guests=True)["total"], lambda total: total == 0)
    assert organiser.get(path)["total"] == 1


def test_guests_cannot_add_photos_unless_the_event_allows_it(organiser: Organiser, join: Join, one_of: Any) -> None:
    event = organiser.event("No")
    guest, path = join(event), f"/api/events/{event['id']}"
    photo = one_of("Ada")
    files = [("files", (photo.name, photo.jpeg, "image/jpeg"))]
    assert guest.expect(403, "POST", f"{path}/photos", files=files)["reason"] == "organiser_only"
    assert guest.expect(403, "POST", f"{path}/photos/known", json={"sha256": []})["reason"] == "organiser_only"
    organiser.expect(200, "PATCH", path, json={"guest_photos": "open"})
    added = add(guest, event, photo)["id"]
    guest.expect(204, "DELETE", f"/api/photos/{added}")
    assert uploads(guest, event) == {}
    organiser.expect(200, "PATCH", path, json={"closed": True})
    # matcher_service applies the change a moment later.
    refusal = until(lambda: guest.http.post(f"{path}/photos", files=files), lambda answer: answer.status_code != 202)
    assert (refusal.status_code, refusal.json()["reason"]) == (409, "event_closed")
