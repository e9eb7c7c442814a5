"""No new face is searched for in a closed event, over REST."""

from collections.abc import Callable

from deploy.sample.event import SampleEvent
from tests.e2e.party import Json, Organiser, Person, showing, until


def test_joining_an_open_event_searches_for_no_new_face_in_a_closed_one(
    organiser: Organiser, sample: SampleEvent, join: Callable[[Json], Person]
) -> None:
    closed, opened = organiser.event("Closed"), organiser.event("Open")
    photos = organiser.add_photos(closed, sample.photos)
    guest = join(closed)
    first, second = sorted(sample.selfies)[:2]
    assert guest.selfie_and_wait(sample.selfies[first])["matched"] == len(showing(photos, first))
    assert guest.photos() == showing(photos, first)
    organiser.expect(200, "PATCH", f"/api/events/{closed['id']}", json={"closed": True})

    def upload_again() -> Json:
        """Uploads the same selfie until it is accepted: selfie_service applies the closing with a delay."""
        answer: Json = guest.http.post("/api/upload-selfie", files={"file": ("a.jpg", sample.selfies[first])}).json()
        return answer

    assert until(upload_again, lambda answer: "reason" in answer)["reason"] == "event_closed"
    guest.settled()
    guest.expect(200, "POST", "/api/join-event", json={"event_code": opened["event_code"]})
    guest.expect(204, "DELETE", "/api/my-selfie")
    assert until(guest.photos, lambda found: not found) == set()
    status = guest.selfie_and_wait(sample.selfies[second])
    assert (status["status"], status["matched"]) == ("done", 0)
    assert status["finished_at"] >= status["started_at"]
    guest.expect(202, "POST", "/api/rematch")
    assert guest.settled()["status"] == "done"
    assert guest.photos() == set()
    organiser.expect(200, "PATCH", f"/api/events/{closed['id']}", json={"closed": False})
    newer = showing(photos, second)
    assert until(guest.photos, lambda found: found == newer) == newer
    organiser.expect(200, "PATCH", f"/api/events/{closed['id']}", json={"closed": True})
    guest.expect(204, "DELETE", "/api/my-selfie")
    assert until(guest.photos, lambda found: not found) == set()
